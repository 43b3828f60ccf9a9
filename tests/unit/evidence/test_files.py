"""What is taken and what is not: a corpus of good and of hostile files, made in code."""

import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final

import pytest
from openpyxl import Workbook
from PIL import Image, ImageOps

from app.evidence.files import checked_file, without_metadata
from app.evidence.rules import LARGEST_FILE, FileKind, clean_name
from app.kernel.errors import InvalidInput
from tests.factories.files import (
    CANARY,
    OFFICE,
    PLAIN_CANARY,
    RELATIONS,
    XML,
    chunk,
    jpeg,
    jpeg_of_size,
    office,
    parts,
    pdf,
    png,
    png_of_size,
    relations_part,
    types_part,
    zipped,
)

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
DTD: Final = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS: Final = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def workbook() -> bytes:
    """What a real spreadsheet library writes."""
    made = BytesIO()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["文書番号", "日付"])
    book.save(made)
    return made.getvalue()


def streamed() -> bytes:
    """A document written to a pipe: sizes stand behind each member."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    made = Pipe()
    with zipfile.ZipFile(made, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts("docx").items():
            archive.writestr(name, data)
    return made.getvalue()


def pdf_with_script() -> bytes:
    """What a viewer may do with it is not judged; it is handed out so that no browser shows it."""
    script = b"9 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n"
    return pdf(script + b"8 0 obj\n<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream\nendobj\n")


def pictures_of_both_eyes() -> bytes:
    """Two photographs in one file, as some cameras write them."""
    made = BytesIO()
    one, other = Image.new("RGB", (32, 24), "red"), Image.new("RGB", (32, 24), "blue")
    one.save(made, "MPO", save_all=True, append_images=[other])
    return made.getvalue()


def related(kind: str, target: str, *, outside: bool = True) -> tuple[str, bytes]:
    """A document with one relation."""
    mode = ' TargetMode="External"' if outside else ""
    return docx(
        {
            "word/_rels/document.xml.rels": f'<Relationships><Relationship Id="r" Type="{RELATIONS}/{kind}" '
            f'Target="{target}"{mode}/></Relationships>'
        }
    )


def docx(more: Mapping[str, str | bytes]) -> tuple[str, bytes]:
    return "a.docx", office("docx", more)


def docx_with_table() -> tuple[str, bytes]:
    return "a.docx", office("docx", {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": workbook()})


GOOD: Final[Mapping[str, tuple[str, bytes, FileKind]]] = {
    "pdf": ("利用者台帳.pdf", pdf(), FileKind.PDF),
    "pdf with line ends behind": ("a.pdf", pdf() + b"\r\n\r\n", FileKind.PDF),
    "pdf in capitals": ("A.PDF", pdf(), FileKind.PDF),
    "jpeg": ("写真.jpg", jpeg(), FileKind.JPEG),
    "jpeg progressive": ("photo.jpeg", jpeg(progressive=True), FileKind.JPEG),
    "jpeg of a telephone with a film behind": (
        "p.jpg",
        jpeg(exif=True) + b"\0\0\0\x18ftypmp42",
        FileKind.JPEG,
    ),
    "png": ("画面.png", png(words=True), FileKind.PNG),
    "xlsx": ("台帳.xlsx", office("xlsx"), FileKind.XLSX),
    "xlsx of a library": ("台帳.xlsx", workbook(), FileKind.XLSX),
    "docx": ("手順.docx", office("docx"), FileKind.DOCX),
    "docx written to a pipe": ("手順.docx", streamed(), FileKind.DOCX),
    "pptx": ("研修.pptx", office("pptx"), FileKind.PPTX),
    "docx with a link": (
        "a.docx",
        office(
            "docx",
            {
                "word/_rels/document.xml.rels": f'<Relationships><Relationship Id="r" Type="{RELATIONS}/hyperlink" '
                'Target="https://www.city.example.jp/" TargetMode="External"/></Relationships>'
            },
        ),
        FileKind.DOCX,
    ),
    "docx with the table of a chart": (
        *docx_with_table(),
        FileKind.DOCX,
    ),
    "docx with a picture of the own disk": (
        *related("image", "file:///C:/Users/sato/a.png"),
        FileKind.DOCX,
    ),
    "docx with a picture of the web": (*related("image", "https://www.city.example.jp/a.png"), FileKind.DOCX),
    "xlsx that looks into another table": (
        "a.xlsx",
        office(
            "xlsx",
            {
                "xl/externalLinks/externalLink1.xml": f"{XML}<externalLink><externalBook/></externalLink>",
                "xl/externalLinks/_rels/externalLink1.xml.rels": f'<Relationships><Relationship Id="r" '
                f'Type="{RELATIONS}/externalLinkPath" Target="file:///C:/b.xlsx" TargetMode="External"/></Relationships>',
            },
        ),
        FileKind.XLSX,
    ),
    "pdf with a script and a program inside": ("a.pdf", pdf_with_script(), FileKind.PDF),
    "jpeg of two pictures": ("a.jpg", pictures_of_both_eyes(), FileKind.JPEG),
    "csv utf-8": ("一覧.csv", "番号,名前\r\n1,佐藤\r\n".encode(), FileKind.CSV),
    "csv utf-8 with a mark": ("一覧.csv", "番号,名前\n".encode("utf-8-sig"), FileKind.CSV),
    "csv cp932": ("一覧.csv", "番号,髙橋①\r\n".encode("cp932"), FileKind.CSV),
    "log": ("firewall.log", b"2026-11-20 deny 192.0.2.1 < 192.0.2.7\n", FileKind.TEXT),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_a_city_needs_is_taken(case: str) -> None:
    name, data, kind = GOOD[case]
    found = checked_file(BytesIO(data), name=name)
    assert (found.kind, found.size, found.name) == (kind, len(data), name)


# ------------------------------------------------------------------------------------------ the hostile


def _comment(words: bytes) -> bytes:
    return b"\xff\xfe" + struct.pack(">H", len(words) + 2) + words


def symlink() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in parts("docx").items():
            archive.writestr(zipfile.ZipInfo(name), data)
        link = zipfile.ZipInfo("word/media/link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


def twice(name: str) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for part, data in parts("docx").items():
            archive.writestr(zipfile.ZipInfo(part), data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(zipfile.ZipInfo(name), "another")
    return made.getvalue()


def overlapping() -> bytes:
    """Two names in the directory for the bytes of one member."""
    data = bytearray(zipped({**parts("docx"), "word/a.bmp": b"x" * 50, "word/b.bmp": b"x" * 50}))
    first, second = data.rindex(b"PK\x01\x02word/a.bmp"[:4], 0, data.rindex(b"word/a.bmp")), 0
    second = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/b.bmp"))
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def hidden_between(kind: str = "docx") -> bytes:
    """Bytes between two members, with a directory that knows where everything else stands."""
    data, hidden = bytearray(office(kind)), b"MZ hidden"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members, directory_at = archive.infolist(), archive.start_dir
    moved, place = members[1].header_offset, directory_at
    for member in members:
        place = data.index(b"PK\x01\x02", place)
        if member.header_offset >= moved:
            struct.pack_into("<I", data, place + 42, member.header_offset + len(hidden))
        place += 46
    struct.pack_into("<I", data, len(data) - 6, directory_at + len(hidden))
    data[moved:moved] = hidden
    return bytes(data)


def one_over_another() -> bytes:
    """A member that stands within the bytes of another one, each with its true name, size and checksum."""
    name = b"word/b.bmp"
    inner = zipped({name.decode(): b"x" * 50}, method=zipfile.ZIP_STORED)
    place = inner.index(b"PK\x01\x02")
    data = bytearray(zipped({**parts("docx"), "word/a.bmp": inner[:place]}, method=zipfile.ZIP_STORED))
    end = data.rindex(b"PK\x05\x06")
    count, size, directory_at = struct.unpack_from("<HII", data, end + 10)
    entry = bytearray(inner[place : place + 46 + len(name)])
    struct.pack_into("<I", entry, 42, directory_at - place)
    struct.pack_into("<HHII", data, end + 8, count + 1, count + 1, size + len(entry), directory_at)
    data[end:end] = entry
    return bytes(data)


def with_two_ends() -> bytes:
    """A record of large archives, which the library follows, before the usual one, which covers it with its own size."""
    data = office("docx")
    end = data.rindex(b"PK\x05\x06")
    *_, count, size, at, _ = struct.unpack("<4sHHHHIIH", data[end:])
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    covered = size + len(large) + len(locator)
    usual = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, covered, at, 0)
    return data[:end] + large + locator + usual


def lying_size() -> bytes:
    """A member that unpacks to more than the directory says."""
    data = bytearray(zipped({**parts("docx"), "word/a.bmp": b"x" * 5000}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(data)


def other_local_name() -> bytes:
    data = zipped({**parts("docx"), "word/media/a.png": png()})
    return data.replace(b"word/media/a.png", b"word/media/a.exe", 1)


def encrypted_flag() -> bytes:
    data = bytearray(office("docx"))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def many_members() -> bytes:
    return zipped({**parts("docx"), **{f"word/m{number}.txt": b"" for number in range(3100)}})


def bomb(kind: str = "xlsx") -> bytes:
    return zipped({**parts(kind), "xl/media/zeros.bmp": b"\0" * (120 * 1024 * 1024)})


def nested_bomb() -> bytes:
    inner = zipped({"zeros.txt": b"\0" * (60 * 1024 * 1024)})
    return zipped({**parts("docx"), "word/embeddings/inner.docx": inner})


def deep(levels: int) -> bytes:
    data = office("docx")
    for _ in range(levels):
        data = office("docx", {"word/embeddings/inner.docx": data})
    return data


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def rels(kind: str) -> tuple[str, bytes]:
    return docx(
        {
            "word/_rels/settings.xml.rels": f'<Relationships><Relationship Id="r" Type="{RELATIONS}/{kind}" '
            'Target="http://192.0.2.1/t.dotm" TargetMode="External"/></Relationships>'
        }
    )


TYPE: Final = "中身は"
BROKEN: Final = "読めません"
MACRO: Final = "マクロ"
HIDING: Final = "ふつうの保存ではできない部分"
BOMB: Final = "大きくなりすぎる"
DOUBLE: Final = "両方として読める"
UNKNOWN: Final = "この種類のファイルは付けられません"
WEB: Final = "ウェブページ"
XLSM: Final = f"{OFFICE}spreadsheetml.sheet.main+xml".replace(
    f"{OFFICE}spreadsheetml.sheet.main", "application/vnd.ms-excel.sheet.macroEnabled.main"
)

HOSTILE: Final[Mapping[str, tuple[str, bytes, str]]] = {
    # sizes
    "empty pdf": ("a.pdf", b"", "中身が空です"),
    "empty text": ("a.txt", b"", "中身が空です"),
    "21 MB": ("a.txt", b"a" * (21 * 1024 * 1024), "20MBを超えています"),
    "one byte too much": ("a.txt", b"a" * (LARGEST_FILE + 1), "20MBを超えています"),
    # names
    "html": ("a.html", b"<html>", WEB),
    "svg": ("a.svg", b"<svg/>", WEB),
    "exe": ("a.exe", b"MZ", UNKNOWN),
    "double ending": ("台帳.pdf.exe", pdf(), UNKNOWN),
    "no ending": ("README", b"abc", UNKNOWN),
    "only an ending": (".htaccess", b"abc", UNKNOWN),
    "turned direction": ("annual\u202efdp.exe", pdf(), UNKNOWN),
    "NUL hides the ending": ("a.exe\0.pdf.exe", pdf(), UNKNOWN),
    "macro workbook by name": ("a.xlsm", office("xlsx"), MACRO),
    "macro document by name": ("a.docm", office("docx"), MACRO),
    "macro slides by name": ("a.pptm", office("pptx"), MACRO),
    "old document by name": ("a.doc", OLE, "古い形式"),
    "zip by name": ("a.zip", zipped({"a": "b"}), "圧縮したファイル"),
    "heic": ("a.heic", b"\0\0\0\x18ftypheic", "JPEGかPNG"),
    "gif": ("a.gif", b"GIF89a", "JPEGかPNG"),
    "shortcut": ("a.lnk", b"L\0\0\0", UNKNOWN),
    "stream behind a name": ("a.pdf:evil.exe", pdf(), UNKNOWN),
    # a wrong type under a right name
    "program as pdf": ("a.pdf", b"MZ" + b"\0" * 500, TYPE),
    "html as pdf": ("a.pdf", b"<html><script>alert(1)</script>", TYPE),
    "html as png": ("a.png", b"<html><script>alert(1)</script>", TYPE),
    "pdf as png": ("a.png", pdf(), TYPE),
    "png as jpeg": ("a.jpg", png(), TYPE),
    "jpeg as pdf": ("a.pdf", jpeg(), TYPE),
    "zip as pdf": ("a.pdf", zipped({"a": "b"}), TYPE),
    "pdf as text": ("a.txt", pdf(), TYPE),
    "zip as csv": ("a.csv", zipped({"a": "b"}), TYPE),
    "gif and script as jpeg": ("a.jpg", b"GIF89a=1;alert(1);//", TYPE),
    "gif and script as text": ("a.txt", b"GIF89a=1;alert(1);//", TYPE),
    "elf as text": ("a.txt", b"\x7fELF\x02\x01\x01" + b"\0" * 20, TYPE),
    "pdf behind other bytes": ("a.pdf", b"garbage\n" + pdf(), TYPE),
    "rtf as text": ("a.txt", b"{\\rtf1}", TYPE),
    "svg as png": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", TYPE),
    "svg as jpeg": ("a.jpg", b"<?xml version='1.0'?><svg/>", TYPE),
    "html as docx": ("a.docx", b"<html><body>", TYPE),
    "html as jpeg": ("a.jpeg", b"<!doctype html><script>alert(1)</script>", TYPE),
    "gif and zip as jpeg": ("a.jpg", b"GIF89a" + b"\0" * 20 + zipped({"a": "b"}), TYPE),
    "gif and zip by its name": ("a.gif", b"GIF89a" + b"\0" * 20 + zipped({"a": "b"}), "JPEGかPNG"),
    "macro workbook as csv": ("a.csv", office("xlsx", {"xl/vbaProject.bin": b"x"}), TYPE),
    # polyglots
    "zip in the words of a jpeg": (
        "a.jpg",
        jpeg()[:2] + _comment(zipped({"a": "b"})) + jpeg()[2:],
        DOUBLE,
    ),
    "zip in the words of a png": (
        "a.png",
        png()[:33] + chunk(b"tEXt", b"a\0" + zipped({"a": "b"})) + png()[33:],
        DOUBLE,
    ),
    "pdf and zip": ("a.pdf", pdf() + zipped({"a": "b"}), BROKEN),
    "pdf and zip inside of the tail": (
        "a.pdf",
        pdf()[:-30] + zipped({"a": "b"}) + b"\nstartxref\n9\n%%EOF\n",
        DOUBLE,
    ),
    "jpeg and zip": ("a.jpg", jpeg() + zipped({"a": "b"}), DOUBLE),
    "png with html behind": ("a.png", png() + b"<html><script>alert(1)</script>", BROKEN),
    "png and zip": ("a.png", png() + zipped({"a": "b"}), BROKEN),
    "pdf with html behind": ("a.pdf", pdf() + b"<script>alert(1)</script>", BROKEN),
    "document with a file before it": ("a.docx", b"PK\0\0 hidden" + office("docx"), HIDING),
    "document with a file behind it": ("a.docx", office("docx") + b"MZ hidden", HIDING),
    # markup as text
    "markup as text": ("a.txt", b"<html><body>", "ウェブページやプログラム"),
    "script in csv": ("a.csv", b"a,b\n1,<script>alert(1)</script>\n", "ウェブページやプログラム"),
    "svg as text": ("a.txt", b"  \n<svg onload=alert(1)>", "ウェブページやプログラム"),
    "html behind a mark of utf-8": ("a.txt", b"\xef\xbb\xbf<html>", "ウェブページやプログラム"),
    "picture of a web page in csv": (
        "a.csv",
        b"a,b\n1,<img src=x onerror=alert(1)>\n",
        "ウェブページやプログラム",
    ),
    "xml as csv": ("a.csv", b"<?xml version='1.0'?><r/>", "ウェブページやプログラム"),
    "iso-2022-jp as text": ("a.txt", "点検".encode("iso-2022-jp"), "文字として"),
    "NUL in text": ("a.txt", b"abc\0def", "文字として"),
    "bytes as text": ("a.txt", bytes(range(128, 256)), "文字として"),
    "escape sequences in text": ("a.log", b"\x1b]0;title\x07", "文字として"),
    "utf-16 as text": ("a.txt", utf16("点検"), "文字として"),
    # cut short
    "pdf cut": ("a.pdf", truncated(pdf()), BROKEN),
    "jpeg cut": ("a.jpg", truncated(jpeg(size=(300, 300))), BROKEN),
    "jpeg only a head": ("a.jpg", b"\xff\xd8\xff\xd9", BROKEN),
    "png cut": ("a.png", truncated(png()), BROKEN),
    "png of a wrong checksum": ("a.png", png().replace(b"IDAT", b"IDaT"), BROKEN),
    "png without pixels": ("a.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), BROKEN),
    "docx cut": ("a.docx", truncated(office("docx")), BROKEN),
    "docx that is nothing": ("a.docx", b"PK\x03\x04" + b"\0" * 400, BROKEN),
    # pictures that would fill the memory
    "png just above the limit": ("a.png", png_of_size(8000, 7000), "画素"),
    "jpeg just above the limit": ("a.jpg", jpeg_of_size(8000, 7000), "画素"),
    "png of which a library warns": ("a.png", png_of_size(10_000, 10_000), "画素"),
    "png of many pixels": ("a.png", png_of_size(30_000, 30_000), "画素"),
    "png of more than a library bears": ("a.png", png_of_size(2**31 - 1, 2**31 - 1), "画素"),
    "jpeg of many pixels": ("a.jpg", jpeg_of_size(65_000, 65_000), "画素"),
    "png of no pixels": ("a.png", png_of_size(0, 5), BROKEN),
    # documents
    "workbook as document": ("a.docx", office("xlsx"), "拡張子のとおりの文書ではありません"),
    "document as slides": ("a.pptx", office("docx"), "拡張子のとおりの文書ではありません"),
    "any zip as document": ("a.docx", zipped({"a.txt": "b"}), "拡張子のとおりの文書ではありません"),
    "java archive as document": (
        "a.docx",
        zipped({"META-INF/MANIFEST.MF": "x"}),
        "拡張子のとおりの文書ではありません",
    ),
    "no main part": (
        "a.docx",
        zipped({"[Content_Types].xml": types_part("docx"), "_rels/.rels": relations_part("docx")}),
        "拡張子のとおりの文書ではありません",
    ),
    "encrypted document": ("a.docx", OLE, "パスワード"),
    "encrypted members": ("a.docx", encrypted_flag(), "パスワード"),
    "macro in a document": (*docx({"word/vbaProject.bin": b"x"}), MACRO),
    "macro in a workbook under another name": (
        "a.xlsx",
        zipped({**parts("xlsx"), "[Content_Types].xml": types_part("xlsx", main=XLSM)}),
        MACRO,
    ),
    "macro by its type": (
        "a.xlsx",
        zipped(
            {
                **parts("xlsx"),
                "[Content_Types].xml": types_part(
                    "xlsx",
                    more='<Override PartName="/x" ContentType="application/vnd.ms-office.vbaProject"/>',
                ),
            }
        ),
        MACRO,
    ),
    "macro sheet": ("a.xlsx", office("xlsx", {"xl/macrosheets/sheet1.xml": f"{XML}<a/>"}), MACRO),
    "control": (*docx({"word/activeX/activeX1.bin": b"x"}), MACRO),
    "embedded object": (*docx({"word/embeddings/oleObject1.bin": OLE}), MACRO),
    "program inside": (*docx({"word/media/a.exe": b"MZ"}), MACRO),
    "template from elsewhere": (*rels("attachedTemplate"), "ほかの場所から"),
    "object from elsewhere": (*rels("oleObject"), "ほかの場所から"),
    "letters to names from elsewhere": (*rels("mailMergeSource"), "ほかの場所から"),
    "frame from elsewhere": (*rels("frame"), "ほかの場所から"),
    "picture from another computer": (*related("image", "\\\\192.0.2.1\\a\\b.png"), "ほかの場所から"),
    "picture from another computer by its address": (
        *related("image", "file://192.0.2.1/a/b.png"),
        "ほかの場所から",
    ),
    "object inside by its relation": (*related("oleObject", "media/a.dat", outside=False), MACRO),
    "add-in": (*related("webextensiontaskpanes", "webextensions/t.xml", outside=False), MACRO),
    "web page in a document": (
        *related("aFChunk", "afchunk.htm", outside=False),
        "ウェブページが埋め込まれて",
    ),
    "values of another program": (
        "a.xlsx",
        office(
            "xlsx",
            {
                "xl/externalLinks/externalLink1.xml": f'{XML}<externalLink><ddeLink ddeService="cmd" '
                'ddeTopic="/c calc"/></externalLink>'
            },
        ),
        "ほかの場所から",
    ),
    "old workbook in a document": (*docx({"word/embeddings/a.xls": OLE}), "埋め込まれて"),
    "anything in a document": (*docx({"word/embeddings/package.dat": b"MZ"}), "埋め込まれて"),
    "entity in a part": (*docx({"word/comments.xml": f"{XML}{DTD}<r>&x;</r>"}), HIDING),
    "entity in the list": (
        "a.docx",
        zipped(
            {**parts("docx"), "[Content_Types].xml": types_part("docx").replace("<Types", f"{DTD}<Types")}
        ),
        HIDING,
    ),
    "billion laughs": (*docx({"word/comments.xml": f"{XML}{LAUGHS}<r>&b;</r>"}), HIDING),
    "entity in utf-16": (*docx({"word/comments.xml": utf16(f"{DTD}<r>&x;</r>")}), HIDING),
    "broken part": (*docx({"word/comments.xml": "<a><b></a>"}), BROKEN),
    "path upwards": (*docx({"../../evil.xml": "<a/>"}), HIDING),
    "path from the root": (*docx({"/etc/cron.d/evil": "x"}), HIDING),
    "path of windows": (*docx({"..\\..\\evil.png": "x"}), HIDING),
    "drive of windows": (*docx({"C:/evil.png": "x"}), HIDING),
    "japanese name in the old code page": (*docx({"word/\u3042.png": "x"}), HIDING),
    "name with a line end": (*docx({"word/a\n.png": "x"}), HIDING),
    "link inside": ("a.docx", symlink(), HIDING),
    "the same name twice": (*docx({"WORD/document.xml": f"{XML}<a/>"}), HIDING),
    "two members on the same bytes": ("a.docx", overlapping(), HIDING),
    "a file between two members": ("a.docx", hidden_between(), HIDING),
    "a member over another": ("a.docx", one_over_another(), HIDING),
    "a size that lies": ("a.docx", lying_size(), BROKEN),
    "two names for one member": ("a.docx", other_local_name(), HIDING),
    "another way of packing": ("a.docx", zipped(parts("docx"), method=zipfile.ZIP_LZMA), HIDING),
    "many members": ("a.docx", many_members(), BOMB),
    "bomb": ("a.xlsx", bomb(), BOMB),
    "bomb inside of an embedded document": ("a.docx", nested_bomb(), BOMB),
    "macro in an embedded document": (
        *docx({"word/embeddings/a.xlsx": office("xlsx", {"xl/vbaProject.bin": b"x"})}),
        MACRO,
    ),
    "documents in documents in documents": ("a.docx", deep(4), HIDING),
    "two ends": ("a.docx", with_two_ends(), HIDING),
    "comment behind": ("a.docx", office("docx")[:-2] + b"\x05\0hello", HIDING),
}


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_with_its_sentence(case: str) -> None:
    name, data, sentence = HOSTILE[case]
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(InvalidInput, match=sentence) as refused:
        checked_file(BytesIO(data), name=name)
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.problems[0].field == "files"
    assert f"「{clean_name(name)}」" in refused.value.message
    assert spent < 5, "no file costs more than moments"
    assert peak < 100 * 1024 * 1024


def test_the_same_name_twice_byte_for_byte_is_refused() -> None:
    with pytest.raises(InvalidInput, match=HIDING):
        checked_file(BytesIO(twice("word/document.xml")), name="a.docx")


@pytest.mark.parametrize(
    "word",
    [
        *("!doctype", "html", "head", "body", "script", "style", "iframe", "frame", "frameset", "object"),
        *("embed", "applet", "svg", "math", "img", "meta", "base", "link", "form", "?xml"),
    ],
)
def test_markup_is_refused_wherever_it_stands_in_a_text(word: str) -> None:
    with pytest.raises(InvalidInput, match="ウェブページやプログラム"):
        checked_file(BytesIO(f"a\n<{word}>".encode()), name="a.txt")


def test_a_sign_of_less_than_is_no_markup() -> None:
    assert checked_file(BytesIO(b"a\n1 < 2, <name>, <formal>"), name="a.txt").kind is FileKind.TEXT


def test_twenty_megabytes_exactly_are_taken() -> None:
    assert checked_file(BytesIO(b"a" * LARGEST_FILE), name="a.txt").size == LARGEST_FILE


# --------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\佐藤\\台帳.xlsx", "台帳.xlsx"),
        ("annual\u202efdp.txt", "annualfdp.txt"),
        ("a\0b.pdf", "ab.pdf"),
        ("a\r\nContent-Type: text/html.pdf", "html.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("lpt1.xlsx", "_lpt1.xlsx"),
        ("nul.tar.pdf", "_nul.tar.pdf"),
        ("台帳　 .pdf", "台帳.pdf"),
        ("a?b*c.pdf", "a_b_c.pdf"),
        (".pdf", "名前なし.pdf"),
        ("\udc82\udca0.pdf", "名前なし.pdf"),
        ("\ufffd\ufffd.pdf", "__.pdf"),
        ("台帳.pdf. . ", "台帳.pdf"),
        ("葛󠄀城.pdf", "葛󠄀城.pdf"),
    ],
)
def test_a_name_is_cleaned(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


def test_a_long_name_is_cut_before_its_ending() -> None:
    name = clean_name("あ" * 300 + ".pdf")
    assert name.endswith("あ.pdf")
    assert len(name.encode()) <= 240


# ------------------------------------------------------------------------------------------ metadata


def test_a_photograph_is_handed_out_without_its_place_and_maker_but_upright() -> None:
    original = jpeg(exif=True) + b"MOTION" + PLAIN_CANARY.encode()
    assert PLAIN_CANARY.encode() in original
    assert CANARY.encode() in original
    clean = without_metadata(original, kind=FileKind.JPEG)
    assert PLAIN_CANARY.encode() not in clean
    assert CANARY.encode() not in clean
    with Image.open(BytesIO(clean)) as now, Image.open(BytesIO(original)) as before:
        assert dict(now.getexif()) == {0x0112: 6}
        assert now.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_a_screenshot_is_handed_out_without_its_words() -> None:
    original = png(words=True)
    clean = without_metadata(original, kind=FileKind.PNG)
    assert b"tEXt" in original
    for name in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", PLAIN_CANARY.encode()):
        assert name not in clean
    with Image.open(BytesIO(clean)) as now, Image.open(BytesIO(original)) as before:
        assert now.tobytes() == before.tobytes()


@pytest.mark.parametrize("kind", ["xlsx", "docx", "pptx"])
def test_a_document_is_handed_out_without_its_author_and_still_is_one(kind: str) -> None:
    more = {
        "docProps/app.xml": f"{XML}<Properties><Company>{CANARY}</Company></Properties>",
        "docProps/custom.xml": f"{XML}<Properties><p>{CANARY}</p></Properties>",
    }
    original = office(kind, more)
    clean = without_metadata(original, kind=FileKind(kind))
    with zipfile.ZipFile(BytesIO(clean)) as archive:
        assert all(CANARY.encode() not in archive.read(name) for name in archive.namelist())
        assert "点検".encode() in b"".join(archive.read(name) for name in archive.namelist())
    assert checked_file(BytesIO(clean), name=f"a.{kind}").kind == kind


def test_what_has_no_metadata_of_its_own_is_handed_out_as_it_is() -> None:
    assert without_metadata(pdf(), kind=FileKind.PDF) == pdf()
    assert without_metadata(b"a,b", kind=FileKind.CSV) == b"a,b"


def test_a_profile_of_colours_stays() -> None:
    made = BytesIO()
    profile = b"\0\0\0\x80" + zlib.crc32(b"x").to_bytes(4, "big") + b"\0" * 120
    Image.new("RGB", (8, 8)).save(made, "JPEG", icc_profile=profile)
    assert profile in without_metadata(made.getvalue(), kind=FileKind.JPEG)


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("kind", [FileKind.JPEG, FileKind.PNG])
def test_a_picture_stays_as_it_was_held_and_loses_its_place(kind: FileKind, turned: int) -> None:
    said = Image.Exif()
    said[0x0112] = turned
    said[0x010F] = PLAIN_CANARY  # Make
    said.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 22.0), 3: "E", 4: (139.0, 41.0, 30.0)})
    made = BytesIO()
    Image.linear_gradient("L").resize((32, 24)).convert("RGB").save(made, kind.name, exif=said)
    original = made.getvalue()
    assert checked_file(BytesIO(original), name=f"a.{kind}").kind is kind
    clean = without_metadata(original, kind=kind)
    assert PLAIN_CANARY.encode() not in clean
    with Image.open(BytesIO(clean)) as now, Image.open(BytesIO(original)) as before:
        assert before.getexif().get_ifd(0x8825)
        assert dict(now.getexif()) == ({0x0112: turned} if turned != 1 else {})
        assert dict(now.getexif().get_ifd(0x8825)) == {}
        upright, wanted = ImageOps.exif_transpose(now), ImageOps.exif_transpose(before)
        assert upright.tobytes() == wanted.tobytes()
    assert checked_file(BytesIO(clean), name=f"a.{kind}").kind is kind
    assert without_metadata(clean, kind=kind) == clean


def test_exif_of_the_other_byte_order_is_read_too() -> None:
    said = (
        b"Exif\0\0II\x2a\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x0112, 3, 1, 8, 0) + bytes(4)
    )
    data = jpeg()[:2] + b"\xff\xe1" + struct.pack(">H", len(said) + 2) + said + jpeg()[2:]
    with Image.open(BytesIO(without_metadata(data, kind=FileKind.JPEG))) as now:
        assert dict(now.getexif()) == {0x0112: 8}


def test_exif_that_is_broken_goes_and_the_picture_stays() -> None:
    head = b"\xff\xe1" + struct.pack(">H", 20) + b"Exif\0\0MM\0\x2a\xff\xff\xff\xff\0\0\0\0"
    assert without_metadata(jpeg()[:2] + head + jpeg()[2:], kind=FileKind.JPEG) == jpeg()
    broken = png()[:33] + chunk(b"eXIf", b"MM\0\x2a\xff") + png()[33:]
    assert without_metadata(broken, kind=FileKind.PNG) == png()


def test_a_small_picture_of_the_whole_goes() -> None:
    """JFIF may carry the photograph once more, small, as it was before somebody cut it."""
    small = PLAIN_CANARY.encode()
    facts = b"JFIF\0\x01\x02\x01\0\x48\0\x48"
    jfif = b"\xff\xe0" + struct.pack(">H", len(facts) + 4 + len(small)) + facts + b"\x01\x09" + small
    jfxx = b"\xff\xe0" + struct.pack(">H", 8 + len(small)) + b"JFXX\0\x10" + small
    plain = jpeg()
    behind = 4 + struct.unpack(">H", plain[4:6])[0]
    original = plain[:2] + jfif + jfxx + plain[behind:]
    clean = without_metadata(original, kind=FileKind.JPEG)
    assert original.count(small) == 2
    assert small not in clean
    with Image.open(BytesIO(clean)) as now, Image.open(BytesIO(plain)) as before:
        assert (now.info["jfif_version"], now.info["dpi"]) == ((1, 2), (72, 72))
        assert now.tobytes() == before.tobytes()


def test_what_stands_behind_the_facts_of_adobe_goes() -> None:
    """Its segment says in twelve bytes how the colours are meant; nothing has to follow them."""
    canary = PLAIN_CANARY.encode()
    facts = b"Adobe\0\x64" + bytes(4) + b"\x01"
    assert len(facts) == 12

    def with_adobe(body: bytes) -> bytes:
        return jpeg()[:2] + b"\xff\xee" + struct.pack(">H", len(body) + 2) + body + jpeg()[2:]

    original = with_adobe(facts + canary)
    clean = without_metadata(original, kind=FileKind.JPEG)
    assert (canary in original, canary in clean) == (True, False)
    assert clean == with_adobe(facts)
    with Image.open(BytesIO(clean)) as now, Image.open(BytesIO(original)) as before:
        assert now.info["adobe_transform"] == before.info["adobe_transform"] == 1
        assert now.tobytes() == before.tobytes()


def test_a_script_in_a_picture_is_not_handed_out() -> None:
    script = b"<script>alert(1)</script>"
    data = jpeg()[:2] + _comment(script) + jpeg()[2:] + script
    assert checked_file(BytesIO(data), name="a.jpg").kind is FileKind.JPEG
    assert script not in without_metadata(data, kind=FileKind.JPEG)


@pytest.mark.parametrize("name", ["image1.jpeg", "image1.JPG", "image1.tmp"])
def test_a_photograph_in_a_document_loses_its_place_too(name: str) -> None:
    inner = office(
        "xlsx", {"xl/media/image1.png": png(words=True), "docProps/app.xml": f"{XML}<a>{CANARY}</a>"}
    )
    more = {f"word/media/{name}": jpeg(exif=True), "word/embeddings/table.xlsx": inner}
    original = office("docx", more)
    assert checked_file(BytesIO(original), name="a.docx").kind is FileKind.DOCX
    clean = without_metadata(original, kind=FileKind.DOCX)
    assert checked_file(BytesIO(clean), name="a.docx").kind is FileKind.DOCX
    with zipfile.ZipFile(BytesIO(clean)) as archive:
        photo = archive.read(f"word/media/{name}")
        with zipfile.ZipFile(BytesIO(archive.read("word/embeddings/table.xlsx"))) as table:
            inside = b"".join(table.read(one) for one in table.namelist())
    assert PLAIN_CANARY.encode() not in photo + inside
    assert CANARY.encode() not in photo + inside
    with Image.open(BytesIO(photo)) as now:
        assert dict(now.getexif()) == {0x0112: 6}


def test_what_only_says_it_is_a_picture_is_handed_out_as_it_is() -> None:
    original = office(
        "docx", {"word/media/image1.jpeg": b"\xff\xd8\xff broken", "word/media/image2.png": b"x"}
    )
    with zipfile.ZipFile(BytesIO(without_metadata(original, kind=FileKind.DOCX))) as archive:
        assert archive.read("word/media/image1.jpeg") == b"\xff\xd8\xff broken"
        assert archive.read("word/media/image2.png") == b"x"
