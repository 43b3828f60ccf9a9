"""What may be evidence: kinds of files, their names, the dates of a piece. Pure.

Basis: ASVS 5.0 V5 (file handling): what is taken is a closed list, the name agrees with the content, the size is bounded before
and after unpacking.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.digest import digest_of
from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import EvidenceId, PersonId, UnitId
from app.kernel.text import BIDI_CONTROLS, clean, text_problems

LARGEST_FILE: Final = 20 * 1024 * 1024
"""Bytes of one file."""
MOST_FILES: Final = 10
"""Files sent at once."""
LONGEST_NAME: Final = 120
LONGEST_NAME_BYTES: Final = 240
"""Of a file name in UTF-8: what every file system takes."""
LONGEST_TITLE: Final = 150
LONGEST_PLACE: Final = 200
LONGEST_NUMBER: Final = 80
EARLIEST: Final = date(1950, 1, 1)
AHEAD: Final = timedelta(days=366)
"""How far in the future the date may lie for which a piece stands: a plan for the coming year is one."""


class Kind(StrEnum):
    """Whether a piece is kept here, or shown where it is."""

    FILE = "file"
    REFERENCE = "reference"


class FileKind(StrEnum):
    """The closed list of what is taken."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    XLSX = "xlsx"
    DOCX = "docx"
    PPTX = "pptx"
    CSV = "csv"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind is named: its file endings (the first one is its own), its media type, and the word for it."""

    endings: tuple[str, ...]
    media_type: str
    label: str


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
FORMATS: Final[Mapping[FileKind, Format]] = {
    FileKind.PDF: Format(("pdf",), "application/pdf", "PDF"),
    FileKind.JPEG: Format(("jpg", "jpeg", "jpe", "jfif"), "image/jpeg", "JPEG画像"),
    FileKind.PNG: Format(("png",), "image/png", "PNG画像"),
    FileKind.XLSX: Format(("xlsx",), f"{_OFFICE}spreadsheetml.sheet", "Excel"),
    FileKind.DOCX: Format(("docx",), f"{_OFFICE}wordprocessingml.document", "Word"),
    FileKind.PPTX: Format(("pptx",), f"{_OFFICE}presentationml.presentation", "PowerPoint"),
    FileKind.CSV: Format(("csv",), "text/csv", "CSV"),
    FileKind.TEXT: Format(("txt", "log"), "text/plain", "テキスト"),
}
KIND_OF_ENDING: Final[Mapping[str, FileKind]] = {
    ending: kind for kind, one in FORMATS.items() for ending in one.endings
}
OFFICE_KINDS: Final = frozenset({FileKind.XLSX, FileKind.DOCX, FileKind.PPTX})
ACCEPT: Final = ",".join(f".{ending}" for one in FORMATS.values() for ending in one.endings)
"""For the file chooser of a browser."""
TAKEN: Final = "PDF、画像（JPEG・PNG）、Excel（xlsx）、Word（docx）、PowerPoint（pptx）、CSV、テキスト"
_HINTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("xlsm", "xltm", "xlsb", "xlam", "docm", "dotm", "pptm", "ppsm", "potm"),
        "マクロを含められる形式のファイルは付けられません。マクロなしの形式（xlsx・docx・pptx）かPDFで保存し直してください。",
    ),
    **dict.fromkeys(
        ("xls", "doc", "ppt", "xlt", "dot", "rtf"),
        "古い形式のファイルは付けられません。xlsx・docx・pptxかPDFで保存し直してください。",
    ),
    **dict.fromkeys(
        ("zip", "lzh", "7z", "rar", "gz", "tar", "cab", "iso", "img", "vhd"),
        "圧縮したファイルは付けられません。中のファイルを取り出して付けてください。",
    ),
    **dict.fromkeys(
        ("heic", "heif", "webp", "gif", "bmp", "tif", "tiff", "avif"),
        "この形式の画像は付けられません。JPEGかPNGに変えて付けてください。",
    ),
    **dict.fromkeys(
        ("htm", "html", "xhtml", "mht", "mhtml", "svg", "svgz", "xml", "xsl"),
        "ウェブページやSVGなどの形式は付けられません。PDFで保存し直してください。",
    ),
}


# ------------------------------------------------------------------------------------------------- names


_SEPARATORS: Final = re.compile(r"[/\\]")
_AWKWARD: Final = re.compile(r'[<>:"|?*\ufffd]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)


def clean_name(raw: str) -> str:
    """Return a file name as it is kept and shown: no folder, nothing invisible, nothing that a file system stumbles over."""
    base = _SEPARATORS.split(raw)[-1]
    seen = "".join(one for one in base if one not in BIDI_CONTROLS and unicodedata.category(one)[0] != "C")
    name = " ".join(_AWKWARD.sub("_", seen).split()).rstrip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    stem = stem.strip(". ")
    if _DEVICE.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return _shortened(stem or "名前なし", ending)


def _shortened(stem: str, ending: str) -> str:
    tail = f".{ending[:10]}" if ending else ""
    stem = stem[: LONGEST_NAME - len(tail)]
    while len(f"{stem}{tail}".encode()) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}{tail}"


def kind_of_name(name: str) -> FileKind:
    """Return the kind that a clean name promises.

    Raises:
        InvalidInput: its ending is none of those that are taken; the sentence says what to do.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = KIND_OF_ENDING.get(ending)
    if kind is None:
        raise unfit(
            name, _HINTS.get(ending, f"この種類のファイルは付けられません。付けられるのは、{TAKEN}です。")
        )
    return kind


def unfit(name: str, sentence: str) -> InvalidInput:
    """Return the refusal of one file, beside the field of files."""
    return InvalidInput.of(f"「{name}」：{sentence}", field="files")


def size_problem(size: int) -> str | None:
    """Return why a file of a size is not taken."""
    if size == 0:
        return "中身が空です。ファイルを開いて確かめてから、もう一度選んでください。"
    if size > LARGEST_FILE:
        return "20MBを超えています。分けるか、画像を小さくしてから付けてください。"
    return None


# ----------------------------------------------------------------------------------------------- a piece


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file that passed every check: its clean name, its kind by structure, its size and the SHA-256 of its bytes."""

    name: str
    kind: FileKind
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What people say of a piece.

    Attributes:
        stands_for: the day whose state it shows; not the day on which it was added.
        expires_on: the last day on which it still holds; None when it does not end.
        document_number: of a reference: how the document is numbered where it is kept.
        place: of a reference: where it is kept.
    """

    title: str
    stands_for: date
    expires_on: date | None = None
    document_number: str = ""
    place: str = ""

    def cleaned(self) -> "Description":
        """Return it as it is kept."""
        return Description(
            title=clean(self.title),
            stands_for=self.stands_for,
            expires_on=self.expires_on,
            document_number=clean(self.document_number),
            place=clean(self.place),
        )


def description_problems(description: Description, *, kind: Kind, today: date) -> list[Problem]:
    """Return what is wrong with a description, each beside its field."""
    return [*_text_problems(description, kind=kind), *_date_problems(description, today=today)]


def _text_problems(description: Description, *, kind: Kind) -> list[Problem]:
    problems = [] if description.title else [Problem(field="title", message="証跡の名前を書いてください。")]
    for field, text, label, longest in (
        ("title", description.title, "証跡の名前", LONGEST_TITLE),
        ("document_number", description.document_number, "文書番号", LONGEST_NUMBER),
        ("place", description.place, "保管場所", LONGEST_PLACE),
    ):
        problems += text_problems(text, field=field, label=label, longest=longest)
    if kind is Kind.REFERENCE and not (description.document_number or description.place):
        message = "文書番号か保管場所の、どちらかを書いてください。"
        problems.append(Problem(field="document_number", message=message))
    return problems


def _date_problems(description: Description, *, today: date) -> list[Problem]:
    problems = []
    if description.stands_for > today + AHEAD:
        message = "いつの状態を示すかは、1年より先の日にはできません。"
        problems.append(Problem(field="stands_for", message=message))
    if description.stands_for < EARLIEST:
        message = "いつの状態を示すかは、1950年以後の日にしてください。"
        problems.append(Problem(field="stands_for", message=message))
    if description.expires_on is not None and description.expires_on < description.stands_for:
        message = "有効期限は、いつの状態を示すかと同じ日か後の日にしてください。"
        problems.append(Problem(field="expires_on", message=message))
    return problems


def title_of_file(name: str) -> str:
    """Return the name that a piece gets from its file while nobody gave it another."""
    return name.rpartition(".")[0][:LONGEST_TITLE] or name[:LONGEST_TITLE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece of evidence as everybody above sees it."""

    id: EvidenceId
    unit_id: UnitId
    kind: Kind
    description: Description
    version: int
    recorded_by: PersonId
    recorded_at: datetime
    withdrawn_at: datetime | None
    file: CheckedFile | None

    @property
    def title(self) -> str:
        """Return its name."""
        return self.description.title

    @property
    def whereabouts(self) -> str:
        """Return what to look for: the file's name, or number and place."""
        if self.file is not None:
            return self.file.name
        return "　".join(part for part in (self.description.document_number, self.description.place) if part)

    @property
    def fingerprint(self) -> str:
        """Return the digest of everything that somebody who approves relies on: words, dates and bytes."""
        said = self.description
        return digest_of(
            [
                self.kind.value,
                said.title,
                said.stands_for.isoformat(),
                said.expires_on.isoformat() if said.expires_on else None,
                said.document_number,
                said.place,
                self.file.digest if self.file else None,
            ]
        )

    def expired(self, today: date) -> bool:
        """Return whether it no longer holds on a day."""
        return self.description.expires_on is not None and self.description.expires_on < today
