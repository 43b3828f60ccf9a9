"""Files as people send them, good and hostile, made in code."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from PIL import Image, PngImagePlugin

CANARY: Final = "Canary-撮影者-秘密の場所"
PLAIN_CANARY: Final = "Canary-secret-place"

TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}
OFFICE: Final = "application/vnd.openxmlformats-officedocument."
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf(body: bytes = b"") -> bytes:
    """A PDF of one empty page."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    data = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + body
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(data)
    data += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def jpeg(*, size: tuple[int, int] = (32, 24), exif: bool = False, progressive: bool = False) -> bytes:
    """A photograph; with `exif` it says who took it and where, and that it has to be turned."""
    made = BytesIO()
    image = Image.new("RGB", size, "steelblue")
    if not exif:
        image.save(made, "JPEG", progressive=progressive)
        return made.getvalue()
    said = Image.Exif()
    said[0x013B] = PLAIN_CANARY  # Artist
    said[0x0112] = 6  # turned by 90 degrees
    said.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 22.0), 3: "E", 4: (139.0, 41.0, 30.0)})
    xmp = b"<x:xmpmeta>" + CANARY.encode() + b"</x:xmpmeta>"
    image.save(made, "JPEG", exif=said, comment=PLAIN_CANARY, xmp=xmp)
    return made.getvalue()


def png(*, size: tuple[int, int] = (32, 24), words: bool = False) -> bytes:
    """A screenshot; with `words` it carries text about its author."""
    made = BytesIO()
    said = PngImagePlugin.PngInfo()
    if words:
        said.add_text("Author", PLAIN_CANARY)
        said.add_itxt("Comment", CANARY, zip=True)
        said.add_text("Software", PLAIN_CANARY, zip=True)
    image = Image.new("RGB", size, "white")
    exif = Image.Exif()
    exif[0x013B] = PLAIN_CANARY
    image.save(made, "PNG", pnginfo=said, exif=exif if words else None)
    return made.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds hardly anything."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A small JPEG whose frame claims another size."""
    data = bytearray(jpeg())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def types_part(kind: str, *, main: str = "", more: str = "") -> str:
    """The list of contents of an Office document."""
    part, name = TYPES[kind]
    content = main or f"{OFFICE}{name}.main+xml"
    return (
        f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/{part}" ContentType="{content}"/>'
        f"{more}</Types>"
    )


def relations_part(kind: str) -> str:
    """The first relations of an Office document."""
    return (
        f'{XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="{TYPES[kind][0]}"/></Relationships>'
    )


def parts(kind: str, **more: str | bytes) -> dict[str, str | bytes]:
    """The parts of a small Office document."""
    return {
        "[Content_Types].xml": types_part(kind),
        "_rels/.rels": relations_part(kind),
        TYPES[kind][0]: f"{XML}<root>点検</root>",
        "docProps/core.xml": f"{XML}<core><creator>{CANARY}</creator></core>",
        **more,
    }


def zipped(members: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of members in their order."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", compression=method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return made.getvalue()


def office(kind: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A small Office document, with further parts."""
    return zipped({**parts(kind), **(more or {})})
