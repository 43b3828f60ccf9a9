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
LARGEST_DIRECTORY: Final = 2 * 1024 * 1024
"""Bytes of the list of members: the library reads all of it before anybody can count."""
LARGEST_LISTS: Final = 16 * 1024 * 1024
"""Unpacked bytes of the list of contents and of all relations together."""
MOST_ELEMENTS: Final = 6_000_000
"""Of all parts together: two million cells of a table."""
DEEPEST_ELEMENT: Final = 5000
"""Elements within elements of one part: the parser remembers every one that is open."""
LONGEST_TAG: Final = 1024 * 1024
"""Bytes of one tag, comment or the like: the parser begins anew at its start with each piece."""
_CHUNK: Final = 256 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_END_RECORD: Final = struct.Struct("<4sHHHHIIH")
_END_SEARCHED: Final = 0xFFFF + _END_RECORD.size
"""A comment of that length may stand behind the record at the end."""
_ZIP64: Final = b"PK\x06\x07"
_DESCRIPTOR: Final = 24
"""Bytes that may follow the data of a member whose sizes were not known when it was begun."""
_STREAMED: Final = 0x08
_ENCRYPTED: Final = 0x01
_PART: Final = re.compile(r"[A-Za-z0-9_\-.~%!$&'()*+,;=:@ \[\]]+(?:/[A-Za-z0-9_\-.~%!$&'()*+,;=:@ \[\]]+)*")
_PROGRAMS: Final = re.compile(
    r"vbaproject|vbadata|activex/|macrosheets?/|dialogsheets/|embeddings/[^/]*\.bin$|\.(exe|dll|com|bat|cmd|ps1|vbs|js|jse|hta|lnk|scr|msi|jar)$",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile(r"embeddings/(?![^/]*\.(?:xlsx|docx|pptx)$)", re.IGNORECASE)
"""What lies among the embedded documents and is none that is looked into: an old one may carry macros."""
_PROGRAM_TYPES: Final = re.compile(
    r"macroenabled|vbaproject|vbadata|macrosheet|activex|oleobject", re.IGNORECASE
)
_REMOTE: Final = re.compile(
    r"/(attachedtemplate|oleobject|frame|subdocument|externaldata|mailmergesource|mailmergeheadersource)$",
    re.IGNORECASE,
)
_PICTURE: Final = re.compile(r"/(image|video|audio|media)$", re.IGNORECASE)
_OTHER_COMPUTER: Final = re.compile(r"(?:file:)?[\\/]{2,}(?![\\/]*[a-z]:)", re.IGNORECASE)
"""Where a program would sign in at another computer of the network to fetch a picture: \\\\host\\share, file://host/share."""
_ACTING: Final = re.compile(r"/(oleobject|control|webextension|webextensiontaskpanes)$", re.IGNORECASE)
_WHOLE_PAGES: Final = re.compile(r"/afchunk$", re.IGNORECASE)
"""A web page or another document that is unpacked into the text when it is opened."""
_LISTED: Final = frozenset({"Override", "Default"})
_RELATION: Final = frozenset({"Relationship"})
_FETCHING: Final = frozenset({"ddeLink"})
"""Elements by which a table starts another program and takes its values."""
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
FOREIGN: Final = "xlsx・docx・pptxではないファイルか、ウェブページが埋め込まれています。取り除くか、PDFで保存し直してから付けてください。"
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
        _look(stream, size, kind=kind, depth=0, budget=_Budget())
    except _Refused as refused:
        return refused.sentence
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, struct.error):
        return BROKEN
    return None


@dataclass(slots=True)
class _Budget:
    """What one file may still unpack to, with all documents inside of it: a hundred small bombs are one."""

    unpacked: int = LARGEST_UNPACKED
    lists: int = LARGEST_LISTS
    elements: int = MOST_ELEMENTS

    def spend(self, members: list[zipfile.ZipInfo]) -> None:
        """Take what the members say of themselves.

        Raises:
            _Refused: more is asked for than there is.
        """
        self.unpacked -= sum(member.file_size for member in members)
        self.lists -= sum(member.file_size for member in members if _is_list(member.filename))
        if self.unpacked < 0 or self.lists < 0:
            raise _Refused(BOMB)


def _is_list(name: str) -> bool:
    return name.lower().endswith(".rels") or name.lower() == "[content_types].xml"


def _look(stream: IO[bytes], size: int, *, kind: FileKind, depth: int, budget: _Budget) -> None:
    _check_end(stream, size)
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        _check_numbers(members)
        budget.spend(members)
        for member in members:
            _check_member(member)
        _check_layout(stream, size, members)
        _check_names(members)
        for member in members:
            _read_through(archive, member, budget=budget)
        _check_types(archive, kind=kind, budget=budget)
        _check_relations(archive, budget=budget)
        _check_embedded(archive, depth=depth, budget=budget)


def _check_end(stream: IO[bytes], size: int) -> None:
    """Refuse what the library would read through before it can be counted, and every other way to end an archive."""
    stream.seek(max(0, size - _END_SEARCHED))
    tail = stream.read(_END_SEARCHED)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise _Refused(BROKEN)
    if len(tail) - at != _END_RECORD.size or tail[max(0, at - 20) : at].startswith(_ZIP64):
        raise _Refused(HIDING)
    if _END_RECORD.unpack(tail[at:])[5] > LARGEST_DIRECTORY:
        raise _Refused(BOMB)


def _check_numbers(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS:
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
        if _FOREIGN.search(name):
            raise _Refused(FOREIGN)


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


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, budget: _Budget) -> None:
    """Read a member to its end: its size and checksum are true, and XML is whole and defines no entity."""
    if member.filename.lower().endswith((".xml", ".rels", ".vml")):
        if member.file_size > LARGEST_XML:
            raise _Refused(BOMB)
        wanted = _FETCHING if "externallinks/" in member.filename.lower() else frozenset()
        if any(True for _ in _elements(archive, member.filename, wanted=wanted, budget=budget)):
            raise _Refused(REMOTE)
        return
    with archive.open(member) as part:
        while part.read(_CHUNK):
            pass


class _Reader:
    """Reads XML piece by piece: nothing of it is kept but the elements that are asked for, and none may fill the memory.

    It stops where a DTD begins, before any entity exists.
    """

    def __init__(self, wanted: frozenset[str], *, budget: _Budget) -> None:
        self.found: list[_Element] = []
        self._wanted, self._budget = wanted, budget
        self._begun = self._ended = self._fed = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._begin_wanted if wanted else self._begin
        self._parser.EndElementHandler = self._end

    def feed(self, piece: bytes) -> None:
        """Read on; nothing is the end.

        Raises:
            _Refused: it is no XML, or more than anybody writes.
        """
        begun = self._begun
        try:
            self._parser.Parse(piece, not piece)
        except expat.ExpatError:
            raise _Refused(BROKEN) from None
        self._fed += len(piece)
        waiting = self._fed - max(0, self._parser.CurrentByteIndex) if piece else 0
        # Looked at once for each piece: there are millions of elements, and a piece opens only so many.
        self._budget.elements -= self._begun - begun
        too_deep = self._begun - self._ended > DEEPEST_ELEMENT
        if waiting > LONGEST_TAG + _CHUNK or too_deep or self._budget.elements < 0:
            raise _Refused(BOMB)

    def _begin(self, *_: object) -> None:
        self._begun += 1

    def _begin_wanted(self, name: str, attributes: dict[str, str]) -> None:
        self._begun += 1
        if (local := name.rpartition(":")[2]) in self._wanted:
            self.found.append(_Element(local, attributes))

    def _end(self, *_: object) -> None:
        self._ended += 1

    def _doctype(self, *_: object) -> None:
        raise _Refused(HIDING)


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    attributes: Mapping[str, str]


def _elements(
    archive: zipfile.ZipFile, name: str, *, wanted: frozenset[str], budget: _Budget
) -> Iterator[_Element]:
    """Read a part to its end, and yield the elements of some names on the way."""
    reader = _Reader(wanted, budget=budget)
    with archive.open(name) as part:
        while piece := part.read(_CHUNK):
            reader.feed(piece)
            yield from reader.found
            reader.found.clear()
    reader.feed(b"")


def _check_types(archive: zipfile.ZipFile, *, kind: FileKind, budget: _Budget) -> None:
    """Compare the list of contents with the kind that the name says."""
    names = {name.lower() for name in archive.namelist()}
    if "[content_types].xml" not in names:
        raise _Refused(OTHER.format(FORMATS[kind].label))
    mains: list[str] = []
    types: set[str] = set()
    for one in _elements(archive, "[Content_Types].xml", wanted=_LISTED, budget=budget):
        content = one.attributes.get("ContentType", "").lower()
        types.add(content)
        if _PROGRAM_TYPES.search(content):
            raise _Refused(MACRO)
        if content == _MAIN[kind]:
            mains.append(one.attributes.get("PartName", "").lstrip("/").lower())
    others = {main for other, main in _MAIN.items() if other is not kind} & types
    if len(mains) != 1 or mains[0] not in names or others or "_rels/.rels" not in names:
        raise _Refused(OTHER.format(FORMATS[kind].label))


def _check_embedded(archive: zipfile.ZipFile, *, depth: int, budget: _Budget) -> None:
    """Look into documents inside of the document, such as the table behind a chart, in the same way."""
    for member in archive.infolist():
        kind = _EMBEDDED.get(member.filename.lower().rpartition(".")[2])
        if kind is None:
            continue
        if depth >= DEEPEST:
            raise _Refused(HIDING)
        if member.file_size > LARGEST_FILE:
            raise _Refused(BOMB)
        _look(BytesIO(archive.read(member)), member.file_size, kind=kind, depth=depth + 1, budget=budget)


def _check_relations(archive: zipfile.ZipFile, *, budget: _Budget) -> None:
    """Refuse what makes a program fetch more than text and pictures from elsewhere when the document is opened."""
    for name in archive.namelist():
        if name.lower().endswith(".rels"):
            for one in _elements(archive, name, wanted=_RELATION, budget=budget):
                _check_relation(one.attributes)


def _check_relation(given: Mapping[str, str]) -> None:
    sort, outside = given.get("Type", ""), given.get("TargetMode", "").lower() == "external"
    fetches = _REMOTE.search(sort) or (
        _PICTURE.search(sort) and _OTHER_COMPUTER.match(given.get("Target", "").strip())
    )
    if outside and fetches:
        raise _Refused(REMOTE)
    if _ACTING.search(sort):
        raise _Refused(MACRO)
    if _WHOLE_PAGES.search(sort):
        raise _Refused(FOREIGN)
