"""JPEG and PNG: read by their own structure. No pixel is ever decoded here, so no picture can fill the memory."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

MOST_PIXELS: Final = 50_000_000
"""Of one picture: more than any telephone of today takes."""
PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
BROKEN: Final = "画像として読めません。途中で切れているか、壊れています。もう一度保存してから付けてください。"
HUGE: Final = "縦横の点の数が多すぎます（5,000万画素まで）。小さくしてから付けてください。"
DOUBLE: Final = "画像と圧縮ファイルの両方として読めるため、付けられません。画像として保存し直してください。"
_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length."""
_MARKER: Final = re.compile(rb"\xff+([^\xff])")
"""Fill bytes may stand before a marker."""
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""The next marker that is neither stuffing nor a restart."""
MOST_PARTS: Final = 50_000
"""Segments or chunks of one picture: a camera writes some dozens, a screenshot some thousands."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a picture: the JPEG marker or PNG chunk name, and all its bytes as they stand in the file."""

    name: bytes
    data: bytes


class NotAPicture(ValueError):  # noqa: N818 - an answer, not a fault
    """The structure does not hold."""


# -------------------------------------------------------------------------------------------------- JPEG


def jpeg_parts(data: bytes) -> Iterator[Part]:
    """Yield the segments of a JPEG from its first byte to its end marker; what follows that is not part of it.

    Raises:
        NotAPicture: it ends too early, something else stands where a marker should, or there are too many.
    """
    at = 2
    yield Part(b"\xd8", data[:2])
    for _ in range(MOST_PARTS):
        found = _MARKER.match(data, at)
        if found is None:
            raise NotAPicture
        at, marker = found.start(1) - 1, found[1][0]
        end = at + 2 if marker in _ALONE or marker == _END else _segment_end(data, at)
        if marker == _SCAN:
            end = _scan_end(data, end)
        yield Part(bytes([marker]), data[at:end])
        if marker == _END:
            return
        at = end
    raise NotAPicture


def _segment_end(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise NotAPicture
    (length,) = struct.unpack_from(">H", data, at + 2)
    if length < 2 or at + 2 + length > len(data):  # noqa: PLR2004 - the length counts itself
        raise NotAPicture
    return int(at + 2 + length)


def _scan_end(data: bytes, at: int) -> int:
    """Return where the pixels of a scan end."""
    found = _SCAN_END.search(data, at)
    if found is None:
        raise NotAPicture
    return found.start()


def jpeg_problem(data: bytes) -> str | None:
    """Return why bytes are no JPEG that is taken."""
    try:
        parts = tuple(jpeg_parts(data))
    except NotAPicture:
        return BROKEN
    names = {part.name[0] for part in parts}
    frames = names & {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
    if not frames or _SCAN not in names:
        return BROKEN
    # Without what stands between the segments: the library would walk through it byte by byte.
    return _size_problem(b"".join(part.data for part in parts), kind="JPEG") or _double_problem(data)


# --------------------------------------------------------------------------------------------------- PNG


def png_parts(data: bytes) -> Iterator[Part]:
    """Yield the chunks of a PNG after its signature.

    Raises:
        NotAPicture: a length or checksum is wrong, the end is missing, something follows it, or there are too many.
    """
    at = len(PNG_HEAD)
    for _ in range(MOST_PARTS):
        if at + 12 > len(data):
            raise NotAPicture
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        name = data[at + 4 : at + 8]
        if (
            end > len(data)
            or zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]
        ):
            raise NotAPicture
        yield Part(name, data[at:end])
        if name == b"IEND":
            if end != len(data):
                raise NotAPicture
            return
        at = end
    raise NotAPicture


def png_problem(data: bytes) -> str | None:
    """Return why bytes are no PNG that is taken."""
    try:
        names = [part.name for part in png_parts(data)]
    except NotAPicture:
        return BROKEN
    if names[0] != b"IHDR" or b"IDAT" not in names or names.count(b"IHDR") != 1:
        return BROKEN
    return _size_problem(data, kind="PNG") or _double_problem(data)


# -------------------------------------------------------------------------------------------------- both


def _size_problem(data: bytes, *, kind: str) -> str | None:
    """Read the header only, as exactly the one format."""
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            width, height = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return HUGE
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error):
        return BROKEN
    if width < 1 or height < 1:
        return BROKEN
    return HUGE if width * height > MOST_PIXELS else None


def _double_problem(data: bytes) -> str | None:
    return DOUBLE if zipfile.is_zipfile(BytesIO(data)) else None
