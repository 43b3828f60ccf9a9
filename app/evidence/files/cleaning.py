"""What is taken out of a file on its way to somebody: where and by whom a picture was taken, who wrote a document.

The stored original stays as it is; only the copy that is handed out is cleaned. In Office documents the properties of the file
go, and what the photographs and the documents inside of it say of themselves; names in comments and tracked changes are part of the
text and stay. A PDF is handed out as it is.
"""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from app.evidence.files.images import PNG_HEAD, NotAPicture, jpeg_parts, png_parts
from app.evidence.rules import KIND_OF_ENDING, OFFICE_KINDS, FileKind

_JFIF: Final = b"JFIF\x00"
_JFIF_FACTS: Final = 12
"""Bytes of its version and density, after which a small picture of the whole may follow."""
_ADOBE: Final = b"Adobe"
_ADOBE_FACTS: Final = 12
_COLOUR_PROFILE: Final = b"ICC_PROFILE\x00"
_EXIF: Final = b"Exif\x00\x00"
_PNG_KEPT: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"),
        *(b"bKGD", b"pHYs", b"sBIT", b"acTL", b"fcTL", b"fdAT"),
    }
)
_UPRIGHT: Final = 1
_TURNED: Final = (0x0112, 3)
"""The tag of the orientation, and that it is a short number."""
_BYTE_ORDERS: Final = {b"II\x2a\x00": "<", b"MM\x00\x2a": ">"}
_PICTURES: Final = ((b"\xff\xd8\xff", FileKind.JPEG), (PNG_HEAD, FileKind.PNG))
_CLEANED_INSIDE: Final = OFFICE_KINDS | {FileKind.JPEG, FileKind.PNG}
_DOCUMENT: Final[Mapping[str, str]] = {
    "docprops/core.xml": (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties '
        'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
    ),
    "docprops/app.xml": (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties '
        'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>'
    ),
    "docprops/custom.xml": (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties '
        'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>'
    ),
}


def without_metadata(data: bytes, *, kind: FileKind) -> bytes:
    """Return a file's bytes as they are handed out."""
    if kind is FileKind.JPEG:
        return _jpeg(data)
    if kind is FileKind.PNG:
        return _png(data)
    return _office(data) if kind in OFFICE_KINDS else data


def _jpeg(data: bytes) -> bytes:
    """Keep what the picture needs, and on which side it stands; the rest of its EXIF goes."""
    parts = tuple(jpeg_parts(data))
    exif = next(
        (part.data[4:] for part in parts if part.name == b"\xe1" and part.data[4:].startswith(_EXIF)), b""
    )
    turned = _orientation(exif.removeprefix(_EXIF))
    kept = [parts[0].data]
    if turned != _UPRIGHT:
        kept.append(_segment(b"\xe1", _EXIF + _only_orientation(turned)))
    kept += [_bare(part.name, part.data) for part in parts[1:]]
    return b"".join(kept)


def _bare(name: bytes, data: bytes) -> bytes:
    """Return of a segment what says how the colours are meant; of comments and other programs' segments nothing."""
    body = data[4:]
    if name == b"\xe0" and body.startswith(_JFIF):
        return _segment(name, body[:_JFIF_FACTS].ljust(_JFIF_FACTS, b"\x00") + b"\x00\x00")
    if name == b"\xee" and body.startswith(_ADOBE):
        return _segment(name, body[:_ADOBE_FACTS].ljust(_ADOBE_FACTS, b"\x00"))
    if name == b"\xe2" and body.startswith(_COLOUR_PROFILE):
        return data
    is_app, is_comment = 0xE0 <= name[0] <= 0xEF, name == b"\xfe"  # noqa: PLR2004 - APP0 to APP15
    return b"" if is_app or is_comment else data


def _segment(name: bytes, body: bytes) -> bytes:
    return b"\xff" + name + struct.pack(">H", len(body) + 2) + body


def _png(data: bytes) -> bytes:
    """Keep what the picture needs, and on which side it stands."""
    parts = tuple(png_parts(data))
    exif = next((part.data[8:-4] for part in parts if part.name == b"eXIf"), b"")
    turned = _orientation(exif)
    kept = [PNG_HEAD]
    for part in parts:
        if part.name in _PNG_KEPT:
            kept.append(part.data)
        if part.name == b"IHDR" and turned != _UPRIGHT:
            kept.append(_chunk(b"eXIf", _only_orientation(turned)))
    return b"".join(kept)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _orientation(exif: bytes) -> int:
    """Return on which side a picture stands by its EXIF, read by its own structure."""
    order = _BYTE_ORDERS.get(exif[:4])
    try:
        if order is None:
            return _UPRIGHT
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        entries = (struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * number) for number in range(count))
        found = next((value for tag, sort, _, value in entries if (tag, sort) == _TURNED), _UPRIGHT)
    except struct.error:
        # EXIF that cannot be read goes with the rest.
        return _UPRIGHT
    return int(found) if found in range(1, 9) else _UPRIGHT


def _only_orientation(turned: int) -> bytes:
    """Return EXIF with nothing but the orientation."""
    entry = struct.pack(">HHIHH", *_TURNED, 1, turned, 0)
    return b"MM\x00\x2a" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def _office(data: bytes) -> bytes:
    made = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as source,
        zipfile.ZipFile(made, "w", compression=zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            if member.is_dir():
                continue
            clean = _DOCUMENT.get(member.filename.lower())
            # A time of its own for nobody: the first that the format knows.
            entry = zipfile.ZipInfo(member.filename, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = member.compress_type
            target.writestr(
                entry, _inside(source.read(member), name=member.filename) if clean is None else clean
            )
    return made.getvalue()


def _inside(data: bytes, *, name: str) -> bytes:
    """Return a photograph or a document inside of a document as it would be handed out by itself."""
    # A picture by its bytes: programs show it whatever its name says.
    kind = next((kind for head, kind in _PICTURES if data.startswith(head)), None)
    kind = kind or KIND_OF_ENDING.get(name.lower().rpartition(".")[2])
    try:
        return without_metadata(data, kind=kind) if kind in _CLEANED_INSIDE else data
    except (NotAPicture, zipfile.BadZipFile):
        return data
