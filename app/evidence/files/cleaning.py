"""What is taken out of a file on its way to somebody: where and by whom a picture was taken, who wrote a document.

The stored original stays as it is; only the copy that is handed out is cleaned. In Office documents the properties of the file
go; names in comments and tracked changes are part of the text and stay. A PDF is handed out as it is.
"""

import struct
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image

from app.evidence.files.images import PNG_HEAD, jpeg_parts, png_parts
from app.evidence.rules import OFFICE_KINDS, FileKind

_JPEG_KEPT_APPS: Final = frozenset({b"\xe0", b"\xee"})
"""JFIF and Adobe: how the colours are meant. Every other application segment and every comment goes."""
_COLOUR_PROFILE: Final = b"ICC_PROFILE\x00"
_PNG_KEPT: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"),
        *(b"bKGD", b"pHYs", b"sBIT", b"acTL", b"fcTL", b"fdAT"),
    }
)
_UPRIGHT: Final = 1
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
        return PNG_HEAD + b"".join(part.data for part in png_parts(data) if part.name in _PNG_KEPT)
    return _office(data) if kind in OFFICE_KINDS else data


def _jpeg(data: bytes) -> bytes:
    """Keep what the picture needs, and on which side it stands; the rest of its EXIF goes."""
    turned = _orientation(data)
    kept = []
    for part in jpeg_parts(data):
        is_app, is_comment = 0xE0 <= part.name[0] <= 0xEF, part.name == b"\xfe"  # noqa: PLR2004 - APP0 to APP15
        profile = part.name == b"\xe2" and part.data[4:].startswith(_COLOUR_PROFILE)
        if not is_comment and (not is_app or profile or part.name in _JPEG_KEPT_APPS):
            kept.append(part.data)
        if part.name == b"\xd8" and turned != _UPRIGHT:
            kept.append(_orientation_segment(turned))
    return b"".join(kept)


def _orientation(data: bytes) -> int:
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            found = image.getexif().get(ExifTags.Base.Orientation, _UPRIGHT)
    except (OSError, ValueError, SyntaxError, TypeError, struct.error):
        # EXIF that cannot be read goes with the rest.
        return _UPRIGHT
    return found if isinstance(found, int) and found in range(1, 9) else _UPRIGHT


def _orientation_segment(turned: int) -> bytes:
    """Return an APP1 segment with nothing but the orientation."""
    entry = struct.pack(">HHIHH", ExifTags.Base.Orientation, 3, 1, turned, 0)
    body = b"Exif\x00\x00" + b"MM\x00\x2a" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


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
            target.writestr(entry, source.read(member) if clean is None else clean)
    return made.getvalue()
