"""A workbook under construction: tables with a real header row, and pages of facts, each ready to print.

A text is always written as a text, whatever it begins with; there are no formulas, links or macros. The same content gives the
same bytes: the file holds no clock.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from math import ceil
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.kernel.clock import JST
from app.reports.excel.words import cell_text

Value = str | int | float | date | datetime | None
"""What a cell can hold. None is an empty cell."""
FONT: Final = "BIZ UDPゴシック"
GRID: Final = "#A6A6A6"
TINT: Final = "#E7E6E6"
LINE: Final = 14.0
"""Points of one line."""
TALLEST: Final = 409.0
"""Points of the highest row that a sheet can have."""
LONGEST_MARGIN_TEXT: Final = 70
"""Characters of a text in the margin: a header and a footer hold 255 with their codes."""


class Look(Enum):
    """How the cells of a column look."""

    TEXT = "text"
    CENTRE = "centre"
    NUMBER = "number"
    SCORE = "score"
    DAY = "day"
    MOMENT = "moment"


class Paper(Enum):
    """The paper that a sheet is printed on: number in the format, landscape or not."""

    A4 = (9, "portrait")
    A4_WIDE = (9, "landscape")
    A3_WIDE = (8, "landscape")


class Size(Enum):
    """Whether a workbook is built in memory, or row by row because it may have very many of them."""

    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `width` in characters of half width."""

    title: str
    width: float
    look: Look = Look.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the file says of itself, and what every printed page carries in its margins."""

    title: str
    subject: str
    author: str
    keywords: str
    made_at: datetime
    classification: str
    header: str
    footer: str


_BODY: Final = {"font_name": FONT, "font_size": 10, "valign": "top"}
_CELL: Final = {**_BODY, "border": 1, "border_color": GRID}
_LOOKS: Final[dict[Look, dict[str, Any]]] = {
    Look.TEXT: {**_CELL, "text_wrap": True, "num_format": "@"},
    Look.CENTRE: {**_CELL, "text_wrap": True, "num_format": "@", "align": "center"},
    Look.NUMBER: {**_CELL, "num_format": "0"},
    Look.SCORE: {**_CELL, "num_format": "0.0", "align": "right"},
    Look.DAY: {**_CELL, "num_format": "yyyy-mm-dd", "align": "center"},
    Look.MOMENT: {**_CELL, "num_format": "yyyy-mm-dd hh:mm", "align": "center"},
}
_WRAPPED: Final = frozenset({Look.TEXT, Look.CENTRE})
"""Whose texts go on in a further line where the column is too narrow."""
_HEAD: Final = {
    **_CELL,
    "bold": True,
    "bg_color": TINT,
    "text_wrap": True,
    "valign": "vcenter",
    "align": "center",
}
_TITLE: Final = {**_BODY, "bold": True, "font_size": 16}
_UNDER_TITLE: Final = {**_BODY, "font_size": 11}
_HEADING: Final = {**_BODY, "bold": True, "font_size": 11, "bottom": 2}
_LABEL: Final = {**_CELL, "bg_color": TINT, "text_wrap": True}


@dataclass(frozen=True, slots=True)
class _Formats:
    """The formats of one workbook."""

    looks: dict[Look, Format]
    head: Format
    label: Format
    title: Format
    under_title: Format
    heading: Format

    @classmethod
    def of(cls, book: Workbook) -> "_Formats":
        return cls(
            {look: book.add_format(properties) for look, properties in _LOOKS.items()},
            *(book.add_format(one) for one in (_HEAD, _LABEL, _TITLE, _UNDER_TITLE, _HEADING)),
        )


class Book:
    """Collects sheets and gives the finished file."""

    def __init__(self, about: About, *, size: Size = Size.SMALL) -> None:
        self._about = about
        self._stream = io.BytesIO()
        self._book = Workbook(self._stream, {_OPTION[size]: True})
        # Without personal names: the author is the city.
        self._book.set_properties(
            {
                "title": cell_text(about.title),
                "subject": cell_text(about.subject),
                "author": cell_text(about.author),
                "company": cell_text(about.author),
                "keywords": cell_text(about.keywords),
                "created": about.made_at.astimezone(UTC),
            }
        )
        self._formats = _Formats.of(self._book)

    def table(
        self,
        name: str,
        *,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Value]],
        frozen: int = 1,
        paper: Paper = Paper.A4_WIDE,
    ) -> None:
        """Add a sheet with one table: its header row and its first `frozen` columns stay in sight, the header on every page."""
        sheet = self._sheet(name, paper=paper)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            _put(sheet, 0, place, column.title, self._formats.head)
        widths = [column.width for column in columns]
        # Bold, and narrower by the arrow of the filter.
        _heighten(sheet, 0, [column.title for column in columns], widths=[0.7 * width for width in widths])
        looks = [self._formats.looks[column.look] for column in columns]
        places = [at for at, column in enumerate(columns) if column.look in _WRAPPED]
        narrow = [widths[at] for at in places]
        last = 0
        for last, row in enumerate(rows, start=1):
            _heighten(sheet, last, [row[at] for at in places], widths=narrow)
            for place, (value, look) in enumerate(zip(row, looks, strict=True)):
                _put(sheet, last, place, value, look)
        sheet.freeze_panes(1, frozen)
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.repeat_rows(0)

    def facts(self, name: str, *, title: str, under_title: str, widths: Sequence[float]) -> "Facts":
        """Add a sheet of labelled facts, to be filled from the top."""
        sheet = self._sheet(name, paper=Paper.A4)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        _put(sheet, 0, 0, title, self._formats.title)
        _put(sheet, 1, 0, under_title, self._formats.under_title)
        sheet.set_row(0, 2 * LINE)
        return Facts(sheet, self._formats, widths=widths)

    def finished(self) -> bytes:
        """Return the file."""
        self._book.close()
        return self._stream.getvalue()

    def _sheet(self, name: str, *, paper: Paper) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        number, turned = paper.value
        sheet.set_paper(number)
        if turned == "landscape":
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.7)
        about = self._about
        sheet.set_header(f"&L{_margin(about.classification)}&R{_margin(about.header)}")
        sheet.set_footer(f"&L{_margin(about.footer)}&R&P / &N")
        return sheet


class Facts:
    """A sheet of labelled facts: a label, and beside it what holds, in as many columns as the sheet has."""

    def __init__(self, sheet: Worksheet, formats: _Formats, *, widths: Sequence[float]) -> None:
        self._sheet, self._formats, self._widths = sheet, formats, widths
        self._row = 2

    def heading(self, *texts: str) -> None:
        """Begin a part, with the names of its columns."""
        self._row += 1
        cells = (*texts, *[""] * (len(self._widths) - len(texts)))
        self._line(cells, [self._formats.heading] * len(cells))

    def fact(self, label: str, *values: tuple[Value, Look]) -> None:
        """Add one fact."""
        looks = [self._formats.looks[look] for _, look in values]
        self._line((label, *(value for value, _ in values)), [self._formats.label, *looks])

    def _line(self, values: Sequence[Value], formats: Sequence[Format]) -> None:
        _heighten(self._sheet, self._row, values, widths=self._widths)
        for place, (value, look) in enumerate(zip(values, formats, strict=True)):
            _put(self._sheet, self._row, place, value, look)
        self._row += 1


def _heighten(sheet: Worksheet, row: int, values: Sequence[Value], *, widths: Sequence[float]) -> None:
    """Make a row as high as its longest text needs: not every program does so by itself."""
    lines = 1
    for value, width in zip(values, widths, strict=False):
        if isinstance(value, str) and (2 * len(value) > width or "\n" in value):
            lines = max(lines, _lines(value, width=width))
    if lines > 1:
        sheet.set_row(row, min(lines * LINE + 2, TALLEST))


def _lines(text: str, *, width: float) -> int:
    """Estimate the lines of a text: a character of three bytes in UTF-8 is as wide as two of one byte."""
    return sum(
        max(1, ceil((len(part) + len(part.encode("utf-8", errors="replace"))) / 2 / width))
        for part in text.split("\n")
    )


def _put(sheet: Worksheet, row: int, column: int, value: Value, look: Format) -> None:
    """Write a cell by the type of its value and by nothing else."""
    if isinstance(value, str) and value:
        text = cell_text(value)
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes such a text for markup of its own; in parts it is a text again.
            sheet.write_rich_string(row, column, text[:1], text[1:2], text[2:], look)
        else:
            sheet.write_string(row, column, text, look)
    elif value is None or value == "":
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(JST).replace(tzinfo=None), look)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, look)
    else:
        sheet.write_number(row, column, value, look)


_OPTION: Final = {Size.SMALL: "in_memory", Size.LARGE: "constant_memory"}


def _margin(text: str) -> str:
    """Return a text for header or footer: one line, and its & is an &."""
    line = " ".join(cell_text(text).split())
    short = line if len(line) <= LONGEST_MARGIN_TEXT else f"{line[: LONGEST_MARGIN_TEXT - 1]}…"
    return short.replace("&", "&&")
