"""Word, Excel and PowerPoint files: a ZIP in which nothing hides, of the one kind that its name says, without programs."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Final
from xml.parsers import expat

from app.evidence.rules import FORMATS, LARGEST_FILE, OFFICE_KINDS, FileKind

MOST_MEMBERS: Final = 3000
LARGEST_UNPACKED: Final = 150 * 1024 * 1024
LARGEST_XML: Final = 80 * 1024 * 1024
HIGHEST_RATIO: Final = 200
ALWAYS_FINE: Final = 5 * 1024 * 1024
"""Unpacked bytes below which the ratio does not matter: short files of zeros are no bomb."""
DEEPEST: Final = 2
"""Documents inside of documents that are looked into; deeper ones are refused."""
_CHUNK: Final = 256 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_END_RECORD: Final = struct.Struct("<4sHHHHIIH")
_DESCRIPTOR: Final = 24
"""Bytes that may follow the data of a member whose sizes were not known when it was begun."""
_STREAMED: Final = 0x08
_ENCRYPTED: Final = 0x01
_PART: Final = re.compile(r"[A-Za-z0-9_\-.~%!$&'()*+,;=:@ \[\]]+(?:/[A-Za-z0-9_\-.~%!$&'()*+,;=:@ \[\]]+)*")
_PROGRAMS: Final = re.compile(
    r"vbaproject|vbadata|activex/|macrosheets?/|dialogsheets/|embeddings/[^/]*\.bin$|\.(exe|dll|com|bat|cmd|ps1|vbs|js|jse|hta|lnk|scr|msi|jar)$",
    re.IGNORECASE,
)
_PROGRAM_TYPES: Final = re.compile(
    r"macroenabled|vbaproject|vbadata|macrosheet|activex|oleobject", re.IGNORECASE
)
_REMOTE: Final = re.compile(r"/(attachedtemplate|oleobject|frame|subdocument|externaldata)$", re.IGNORECASE)
_EMBEDDED: Final = {kind.value: kind for kind in OFFICE_KINDS}
_MAIN: Final[Mapping[FileKind, str]] = {
    FileKind.XLSX: f"{FORMATS[FileKind.XLSX].media_type}.main+xml",
    FileKind.DOCX: f"{FORMATS[FileKind.DOCX].media_type}.main+xml",
    FileKind.PPTX: f"{FORMATS[FileKind.PPTX].media_type}.main+xml",
}

BROKEN: Final = (
    "Office文書として読めません。壊れているか、途中で切れています。開いて保存し直してから付けてください。"
)
HIDING: Final = "Office文書の中に、ふつうの保存ではできない部分があります。開いて別の名前で保存し直してから付けてください。"
BOMB: Final = "広げると大きくなりすぎる（150MBを超える）ため、付けられません。必要なところだけをPDFにして付けてください。"
LOCKED: Final = "パスワードが掛かっています。外して保存し直してから付けてください。"
MACRO: Final = "マクロか埋め込みのプログラムが入っています。取り除くか、PDFで保存し直してから付けてください。"
REMOTE: Final = (
    "開くとほかの場所からプログラムやひな形を読み込む設定があります。PDFで保存し直してから付けてください。"
)
OTHER: Final = "中身が、拡張子のとおりの文書ではありません。{}で開いて保存し直してから付けてください。"


class _Refused(Exception):  # noqa: N818 - it carries a sentence, not a fault
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def office_problem(stream: IO[bytes], size: int, *, kind: FileKind) -> str | None:
    """Return why a file is no Office document of a kind that is taken."""
    try:
        _look(stream, size, kind=kind, depth=0)
    except _Refused as refused:
        return refused.sentence
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, struct.error):
        return BROKEN
    return None


def _look(stream: IO[bytes], size: int, *, kind: FileKind, depth: int) -> None:
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        _check_numbers(members)
        for member in members:
            _check_member(member)
        _check_layout(stream, size, members)
        _check_names(members)
        for member in members:
            _read_through(archive, member)
        _check_types(archive, kind=kind)
        _check_relations(archive)
        _check_embedded(archive, depth=depth)


def _check_numbers(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED:
        raise _Refused(BOMB)
    if unpacked > ALWAYS_FINE and unpacked > HIGHEST_RATIO * max(1, packed):
        raise _Refused(BOMB)


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise _Refused(LOCKED)
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _Refused(HIDING)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _Refused(HIDING)


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        # As it stands in the file: the library has already cut a NUL and turned backslashes around.
        name = member.orig_filename.rstrip("/")
        steps = name.split("/")
        if (
            not _PART.fullmatch(name)
            or any(step.strip(". ") == "" for step in steps)
            or re.match(r"[A-Za-z]:", name)
        ):
            raise _Refused(HIDING)
        if name.lower() in seen:
            raise _Refused(HIDING)
        seen.add(name.lower())
        if _PROGRAMS.search(name):
            raise _Refused(MACRO)


def _check_layout(stream: IO[bytes], size: int, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what stands before, between, behind or over the members: another file could live there."""
    end_at = size - _END_RECORD.size
    stream.seek(max(0, end_at))
    record = stream.read(_END_RECORD.size)
    if len(record) != _END_RECORD.size:
        raise _Refused(BROKEN)
    magic, _, _, _, count, directory_size, directory_at, comment = _END_RECORD.unpack(record)
    if magic != b"PK\x05\x06" or comment or count != len(members) or directory_at + directory_size != end_at:
        raise _Refused(HIDING)
    place = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        gap = member.header_offset - place
        if gap:
            raise _Refused(HIDING)
        place = _end_of_member(stream, member)
        if member.flag_bits & _STREAMED:
            place += _descriptor_size(stream, place)
    if place != directory_at:
        raise _Refused(HIDING)


def _end_of_member(stream: IO[bytes], member: zipfile.ZipInfo) -> int:
    stream.seek(member.header_offset)
    header = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
    name_length, extra_length = header[9], header[10]
    name = stream.read(name_length)
    said = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437", "replace")
    if header[0] != b"PK\x03\x04" or name != said:
        raise _Refused(HIDING)
    return int(member.header_offset + _LOCAL_HEADER.size + name_length + extra_length + member.compress_size)


def _descriptor_size(stream: IO[bytes], at: int) -> int:
    """Return how long the sizes behind a streamed member are: with or without a mark, short or long."""
    stream.seek(at)
    behind = stream.read(_DESCRIPTOR + 4)
    for length in (16, 12, 24, 20):
        if behind[length : length + 4] in {b"PK\x03\x04", b"PK\x01\x02"}:
            return length
    raise _Refused(HIDING)


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member to its end: its size and checksum are true, and XML is whole and defines no entity."""
    is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    if is_xml and member.file_size > LARGEST_XML:
        raise _Refused(BOMB)
    parser = _parser() if is_xml else None
    try:
        with archive.open(member) as part:
            while piece := part.read(_CHUNK):
                if parser is not None:
                    parser.Parse(piece, False)  # noqa: FBT003 - expat's own signature
        if parser is not None:
            parser.Parse(b"", True)  # noqa: FBT003 - the end
    except expat.ExpatError:
        raise _Refused(BROKEN) from None


def _parser() -> expat.XMLParserType:
    # Stops where a DTD begins, before any entity exists.
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise _Refused(HIDING)


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    attributes: Mapping[str, str]


def _elements(archive: zipfile.ZipFile, name: str) -> Iterator[_Element]:
    found: list[_Element] = []
    parser = _parser()
    parser.StartElementHandler = lambda tag, given: found.append(_Element(tag.rpartition(":")[2], given))
    parser.Parse(archive.read(name), True)  # noqa: FBT003 - expat's own signature
    yield from found


def _check_types(archive: zipfile.ZipFile, *, kind: FileKind) -> None:
    """Compare the list of contents with the kind that the name says."""
    names = {name.lower() for name in archive.namelist()}
    if "[content_types].xml" not in names:
        raise _Refused(OTHER.format(FORMATS[kind].label))
    listed = [one for one in _elements(archive, "[Content_Types].xml") if one.name in {"Override", "Default"}]
    types = [one.attributes.get("ContentType", "") for one in listed]
    if any(_PROGRAM_TYPES.search(one) for one in types):
        raise _Refused(MACRO)
    mains = [
        one.attributes.get("PartName", "").lstrip("/").lower()
        for one in listed
        if one.attributes.get("ContentType", "").lower() == _MAIN[kind]
    ]
    others = {main for other, main in _MAIN.items() if other is not kind} & {one.lower() for one in types}
    if len(mains) != 1 or mains[0] not in names or others or "_rels/.rels" not in names:
        raise _Refused(OTHER.format(FORMATS[kind].label))


def _check_embedded(archive: zipfile.ZipFile, *, depth: int) -> None:
    """Look into documents inside of the document, such as the table behind a chart, in the same way."""
    for member in archive.infolist():
        kind = _EMBEDDED.get(member.filename.lower().rpartition(".")[2])
        if kind is None:
            continue
        if depth >= DEEPEST:
            raise _Refused(HIDING)
        if member.file_size > LARGEST_FILE:
            raise _Refused(BOMB)
        _look(BytesIO(archive.read(member)), member.file_size, kind=kind, depth=depth + 1)


def _check_relations(archive: zipfile.ZipFile) -> None:
    """Refuse what makes a program fetch more than text and pictures from elsewhere when the document is opened."""
    for name in archive.namelist():
        if name.lower().endswith(".rels"):
            for one in _elements(archive, name):
                outside = one.attributes.get("TargetMode", "").lower() == "external"
                if outside and _REMOTE.search(one.attributes.get("Type", "")):
                    raise _Refused(REMOTE)
