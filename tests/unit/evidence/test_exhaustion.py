"""Files that are small or plain and would fill the memory or keep the machine busy: each is looked at with little of both."""

import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from app.config import ROOT
from tests.factories.files import chunk, jpeg, office, parts, png, types_part, zipped

MEGABYTE: Final = 1024 * 1024
NOISE: Final = os.urandom(700 * 1024)
"""Beside a part that packs well: the whole then stays below the ratio at which a bomb is seen."""
BOMB: Final = "大きくなりすぎる"
BROKEN: Final = "読めません"


def docx(name: str, data: bytes) -> bytes:
    return zipped({**parts("docx"), name: data, "word/media/noise.bmp": NOISE})


def long_directory() -> bytes:
    """A list of members that goes on for megabytes; its record says that there are few."""
    base = zipped(parts("docx"))
    count, size, at = struct.unpack("<HII", base[-12:-2])
    one = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    directory = base[at : at + size] + one * (18 * MEGABYTE // len(one))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    return base[:at] + directory + end


def many_small_bombs() -> bytes:
    """Each document inside is within every bound; together they are not."""
    noise = os.urandom(200 * 1024)
    inner = office("xlsx", {"xl/media/zeros.bmp": b"\0" * (35 * MEGABYTE), "xl/media/noise.bmp": noise})
    return office("docx", {f"word/embeddings/t{number}.xlsx": inner for number in range(20)})


def in_jpeg(more: bytes) -> bytes:
    data = jpeg()
    return data[:2] + more + data[2:]


def in_png(more: bytes) -> bytes:
    data = png()
    return data[:33] + more + data[33:]


def in_scan(more: bytes) -> bytes:
    data = jpeg()
    at = data.rindex(b"\xff\xd9")
    return data[:at] + more + data[at:]


ZEROS: Final = zlib.compress(b"\0" * (150 * MEGABYTE), 9)
CASES: Final[Mapping[str, tuple[str, Callable[[], bytes], str]]] = {
    "elements within elements": ("a.docx", lambda: docx("word/deep.xml", b"<a>" * (26 * MEGABYTE)), BOMB),
    "elements beside elements": (
        "a.docx",
        lambda: docx("word/wide.xml", b"<a>" + b"<a/>" * (19 * MEGABYTE) + b"</a>"),
        BOMB,
    ),
    "relations without end": (
        "a.docx",
        lambda: docx("word/_rels/a.rels", b"<a>" + b"<a/>" * (19 * MEGABYTE) + b"</a>"),
        BOMB,
    ),
    "relations in many parts": (
        "a.docx",
        lambda: zipped(
            {
                **parts("docx"),
                **{f"word/_rels/a{n}.rels": b"<a>" + b"<a/>" * MEGABYTE + b"</a>" for n in range(8)},
                "word/media/noise.bmp": NOISE,
            }
        ),
        BOMB,
    ),
    "a list of contents without end": (
        "a.docx",
        lambda: docx(
            "[Content_Types].xml",
            types_part("docx").replace("</Types>", "<Default/>" * (7 * MEGABYTE) + "</Types>").encode(),
        ),
        BOMB,
    ),
    "contents of ever other kinds": (
        "a.docx",
        lambda: docx(
            "[Content_Types].xml",
            types_part("docx")
            .replace(
                "</Types>", "".join(f'<Default ContentType="{n}"/>' for n in range(2_000_000)) + "</Types>"
            )
            .encode(),
        ),
        BOMB,
    ),
    "an attribute without end": (
        "a.docx",
        lambda: docx("word/long.xml", b"<a b='" + b"x" * (70 * MEGABYTE) + b"'/>"),
        BOMB,
    ),
    "attributes without end": (
        "a.docx",
        lambda: docx("word/many.xml", b"<a " + b"".join(b"a%d='' " % n for n in range(2_000_000)) + b"/>"),
        BOMB,
    ),
    "a comment without end": (
        "a.docx",
        lambda: docx("word/said.xml", b"<a><!--" + b"x" * (70 * MEGABYTE) + b"--></a>"),
        BOMB,
    ),
    "a comment without end before all": (
        "a.docx",
        lambda: docx("word/said.xml", b"<!--" + b"x" * (70 * MEGABYTE) + b"--><a/>"),
        BOMB,
    ),
    "a long list of members": ("a.docx", long_directory, BOMB),
    "many small bombs": ("a.docx", many_small_bombs, BOMB),
    "fill bytes": ("a.jpg", lambda: in_jpeg(b"\xff" * (19 * MEGABYTE)), "taken"),
    "restarts outside of a scan": ("a.jpg", lambda: in_jpeg(b"\xff\xd0" * (9 * MEGABYTE)), BROKEN),
    "empty comments": ("a.jpg", lambda: in_jpeg(b"\xff\xfe\x00\x02" * (4 * MEGABYTE)), BROKEN),
    "stuffing": ("a.jpg", lambda: in_scan(b"\xff\x00" * (9 * MEGABYTE)), "taken"),
    "empty chunks": ("a.png", lambda: in_png(chunk(b"prVt", b"") * (19 * MEGABYTE // 12)), BROKEN),
    "a packed text": ("a.png", lambda: in_png(chunk(b"zTXt", b"a\0\0" + ZEROS)), BROKEN),
    "a packed profile": ("a.png", lambda: in_png(chunk(b"iCCP", b"a\0\0" + ZEROS)), BROKEN),
    "spaces behind a bracket": ("a.txt", lambda: b"<" + b" " * (19 * MEGABYTE), "taken"),
    "long words of a large document": (
        "a.docx",
        lambda: docx("word/comments.xml", b"<a>" + b"words " * (10 * MEGABYTE) + b"</a>"),
        "taken",
    ),
}


@pytest.fixture(scope="module")
def looking() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks at one file after the other."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.unit.evidence.limited"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def unit() -> float:
    """The time that this machine takes for a fixed piece of work: what a file may take is said in it, not in seconds."""
    began = time.process_time()
    sum(range(10**7))
    return time.process_time() - began


@pytest.mark.parametrize("case", CASES)
def test_no_file_fills_the_memory_or_keeps_the_machine_busy(
    looking: subprocess.Popen[bytes], unit: float, case: str
) -> None:
    name, made, said = CASES[case]
    data = made()
    assert looking.stdin is not None
    assert looking.stdout is not None
    looking.stdin.write(f"{name}\n{len(data)}\n".encode() + data)
    looking.stdin.flush()
    seconds, _, reply = looking.stdout.readline().decode().partition(" ")
    assert said in reply, "it took too much memory, or so much time that it was ended"
    # Pictures are never unpacked; in a document, elements may be counted to the bound.
    assert float(seconds) < unit * (60 if name.endswith(".docx") else 20)
