"""Workbooks as LibreOffice Calc reads them: each cell with what it is and what it shows."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

TIME = 300
"""Seconds after which a conversion has failed; it takes a few."""
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST_REPEATED = 1000
_CODE_PAGES = {"utf-8": 76, "cp932": 60}
"""LibreOffice's numbers of encodings."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A cell as LibreOffice took it: the type of its value, whether it is a formula or holds a link, and its text."""

    kind: str
    acts: bool
    text: str


def is_installed() -> bool:
    """Return whether LibreOffice Calc is there."""
    return shutil.which("soffice") is not None


def opened(books: Sequence[Path], *, folder: Path) -> dict[str, dict[str, list[list[Seen]]]]:
    """Open all workbooks in one start of LibreOffice; return the cells by file, sheet, row."""
    _convert(books, folder=folder)
    return {book.stem: dict(_sheets(folder / f"{book.stem}.fods")) for book in books}


def opened_csv(path: Path, *, encoding: str) -> list[list[Seen]]:
    """Open a CSV file as somebody does who leaves all columns to LibreOffice, formulas too; return its rows."""
    # Comma, double quote, the code page, from the first line, columns as they seem, any language, quoted ones too, numbers seen.
    options = f"44,34,{_CODE_PAGES[encoding]},1,,0,false,true,false,false,false,-1,true"
    _convert([path], folder=path.parent, more=[f"--infilter=Text - txt - csv (StarCalc):{options}"])
    [rows] = dict(_sheets(path.with_suffix(".fods"))).values()
    return rows


def _convert(books: Sequence[Path], *, folder: Path, more: Sequence[str] = ()) -> None:
    soffice = shutil.which("soffice")
    assert soffice
    # A profile of its own: neither the settings of whoever runs the tests, nor another one that is open.
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [
        soffice,
        profile,
        "--headless",
        "--norestore",
        *more,
        "--convert-to",
        "fods",
        "--outdir",
        str(folder),
    ]
    done = subprocess.run(  # noqa: S603 - a fixed program
        [*command, *map(str, books)], check=True, capture_output=True, text=True, timeout=TIME
    )
    assert "Error" not in done.stderr, done.stderr


def _sheets(path: Path) -> Iterator[tuple[str, list[list[Seen]]]]:
    for _, element in iterparse(path, events=("end",)):
        if element.tag == f"{_TABLE}table":
            yield (
                element.get(f"{_TABLE}name") or "",
                [_row(row) for row in element.iter(f"{_TABLE}table-row")],
            )
            element.clear()


def _row(row: Element) -> list[Seen]:
    cells: list[Seen] = []
    for cell in row:
        if cell.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        times = int(cell.get(f"{_TABLE}number-columns-repeated") or 1)
        if times < _MOST_REPEATED:
            cells += [_cell(cell)] * times
    return cells


def _cell(cell: Element) -> Seen:
    linked = cell.find(f".//{_TEXT}a") is not None
    return Seen(
        kind=cell.get(f"{_OFFICE}value-type") or "",
        acts=linked or cell.get(f"{_TABLE}formula") is not None,
        text="\n".join(_words(part) for part in cell.findall(f"{_TEXT}p")),
    )


def _words(part: Element) -> str:
    text = part.text or ""
    for child in part:
        if child.tag == f"{_TEXT}s":
            text += " " * int(child.get(f"{_TEXT}c") or 1)
        elif child.tag == f"{_TEXT}tab":
            text += "\t"
        elif child.tag == f"{_TEXT}line-break":
            text += "\n"
        else:
            text += _words(child)
        text += child.tail or ""
    return text
