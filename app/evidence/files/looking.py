"""The one way in: name, size, structure, digest. Slow, so it runs before any transaction."""

import hashlib
from collections.abc import Callable, Mapping
from typing import IO, Final

from app.evidence.files.images import jpeg_problem, png_problem
from app.evidence.files.office import office_problem
from app.evidence.files.pdf import pdf_problem
from app.evidence.files.text import text_problem
from app.evidence.rules import (
    FORMATS,
    LARGEST_FILE,
    OFFICE_KINDS,
    CheckedFile,
    FileKind,
    clean_name,
    kind_of_name,
    size_problem,
    unfit,
)

_CHUNK: Final = 1024 * 1024
_HEAD: Final = 16
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC: Final = (
    (b"%PDF-", "PDF"),
    (b"\xff\xd8\xff", "JPEG画像"),
    (b"\x89PNG\r\n\x1a\n", "PNG画像"),
    (b"PK", "圧縮ファイルかOffice文書"),
    (_OLE, "古い形式のOffice文書"),
    (b"GIF8", "GIF画像"),
    (b"RIFF", "音声か動画か画像"),
    (b"MZ", "実行できるプログラム"),
    (b"\x7fELF", "実行できるプログラム"),
    (b"{\\rtf", "RTF文書"),
)
_FITTING: Final[Mapping[FileKind, str]] = {
    FileKind.PDF: "PDF",
    FileKind.JPEG: "JPEG画像",
    FileKind.PNG: "PNG画像",
    **dict.fromkeys(OFFICE_KINDS, "圧縮ファイルかOffice文書"),
}


def checked_file(stream: IO[bytes], *, name: str) -> CheckedFile:
    """Look at a whole file and return what it is.

    Raises:
        InvalidInput: it is not taken; the sentence names the file and says what to do.
    """
    shown = clean_name(name)
    kind = kind_of_name(shown)
    size, digest = _measured(stream)
    problem = size_problem(size) or _wrong_type(stream, kind=kind) or _STRUCTURE[kind](stream, size)
    if problem is not None:
        raise unfit(shown, problem)
    stream.seek(0)
    return CheckedFile(name=shown, kind=kind, size=size, digest=digest)


def _measured(stream: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256; what lies beyond the limit is not read."""
    sha, size = hashlib.sha256(), 0
    stream.seek(0)
    while size <= LARGEST_FILE and (piece := stream.read(_CHUNK)):
        sha.update(piece)
        size += len(piece)
    return size, sha.hexdigest()


def _wrong_type(stream: IO[bytes], *, kind: FileKind) -> str | None:
    """Return why the first bytes do not agree with the ending."""
    stream.seek(0)
    head = stream.read(_HEAD)
    seen = next((label for magic, label in _MAGIC if head.startswith(magic)), None)
    wanted = _FITTING.get(kind)
    if seen == wanted:
        return None
    if head.startswith(_OLE) and kind in OFFICE_KINDS:
        return "パスワードが掛かっているか、古い形式です。パスワードを外し、xlsx・docx・pptxで保存し直してください。"
    label = FORMATS[kind].label
    return f"拡張子は{label}ですが、中身は{seen or label + 'ではないもの'}です。元のファイルを確かめ、正しい形式で保存し直してください。"


Look = Callable[[IO[bytes], int], str | None]


def _whole(look: Callable[[bytes], str | None]) -> Look:
    def structure(stream: IO[bytes], size: int) -> str | None:
        stream.seek(0)
        return look(stream.read(size))

    return structure


def _office(kind: FileKind) -> Look:
    def structure(stream: IO[bytes], size: int) -> str | None:
        return office_problem(stream, size, kind=kind)

    return structure


_STRUCTURE: Final[Mapping[FileKind, Look]] = {
    FileKind.PDF: pdf_problem,
    FileKind.JPEG: _whole(jpeg_problem),
    FileKind.PNG: _whole(png_problem),
    **{kind: _office(kind) for kind in OFFICE_KINDS},
    FileKind.CSV: _whole(text_problem),
    FileKind.TEXT: _whole(text_problem),
}
