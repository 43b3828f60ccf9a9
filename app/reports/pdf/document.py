"""Pages: blocks that know their height, a flow that places them, a writer that draws the pages.

Everything is placed before anything is drawn, so the total number of pages is known on the first page.
Coordinates are points from the lower left corner of an A4 page; a block is drawn downwards from its upper
edge.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.kernel.clock import JST
from app.reports.pdf.charts import RULE, pen
from app.reports.pdf.fonts import WRITING, Weight
from app.reports.pdf.typesetting import QUIET, Align, Colour, Style, Typesetter

MARGIN = 14 * mm
HEADER = 22.0
FOOTER = 27.0
BOTTOM = MARGIN + FOOTER


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper of a document, in points."""

    width: float
    height: float

    @property
    def measure(self) -> float:
        """Width of the area blocks are placed in."""
        return self.width - 2 * MARGIN

    @property
    def top(self) -> float:
        """Upper edge of that area."""
        return self.height - MARGIN - HEADER

    @property
    def room(self) -> float:
        """Height of that area."""
        return self.top - BOTTOM


UPRIGHT = Paper(*A4)
WIDE = Paper(*landscape(A4))
PAGE_WIDTH, PAGE_HEIGHT = A4
WIDTH = UPRIGHT.measure
"""Of the documents on upright paper."""


class Block(Protocol):
    """Something with a height (points) that draws itself below an upper edge."""

    @property
    def height(self) -> float:
        """Height in points."""
        ...

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw with the left edge at x and the upper edge at top."""
        ...


@runtime_checkable
class Divisible(Protocol):
    """A block that can be divided when it is taller than a page."""

    def divide(self, room: float) -> tuple[Block, Block] | None:
        """The part that fits into `room` points and the rest; None where no division helps."""
        ...


Painter = Callable[[Canvas, float, float], None]
"""Draws with the left edge at x and the upper edge at top: (canvas, x, top)."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A block made of a drawing function."""

    height: float
    paint: Painter

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Call the function."""
        self.paint(canvas, x, top)


@dataclass(frozen=True, slots=True)
class Stack:
    """Blocks below one another; divides between them, or inside one when it must."""

    parts: tuple[Block, ...]

    @property
    def height(self) -> float:
        """Sum of the heights."""
        return sum(part.height for part in self.parts)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw one after the other."""
        for part in self.parts:
            part.draw(canvas, x, top)
            top -= part.height

    def divide(self, room: float) -> tuple[Block, Block] | None:
        """As many whole parts as fit and, of the next one, the lines that fit."""
        for at, part in enumerate(self.parts):
            if part.height > room:
                return self._divide_at(at, room)
            room -= part.height
        return None

    def _divide_at(self, at: int, room: float) -> tuple[Block, Block] | None:
        part = self.parts[at]
        halves = part.divide(room) if isinstance(part, Divisible) else None
        if halves is not None:
            return Stack((*self.parts[:at], halves[0])), Stack((halves[1], *self.parts[at + 1 :]))
        return (Stack(self.parts[:at]), Stack(self.parts[at:])) if at else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row: content, width with padding, where the content stands (0 top, 1 bottom)."""

    content: Block
    width: float
    vertical: float = 0.5
    fill: Colour | None = None


PAD_X = 4.0
PAD_Y = 3.5
_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side; a line below and upright lines between them where `line` and `grid` are colours."""

    cells: tuple[Cell, ...]
    least: float = 0.0
    grid: Colour | None = None
    line: Colour | None = RULE
    pad: float = PAD_Y
    height: float = field(init=False)

    def __post_init__(self) -> None:
        tallest = max(cell.content.height for cell in self.cells)
        object.__setattr__(self, "height", max(tallest + 2 * self.pad, self.least))

    def divide(self, room: float) -> tuple[Row, Row] | None:
        """Divide every cell that is too tall; the others stay in the first row."""
        halves = [_divide_cell(cell, room - 2 * self.pad) for cell in self.cells]
        if all(isinstance(rest.content, Stack) and not rest.content.parts for _first, rest in halves):
            return None
        first, rest = (tuple(half[side] for half in halves) for side in (0, 1))
        return replace(self, cells=first, least=0.0), replace(self, cells=rest, least=0.0)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Fills first, then contents, then lines."""
        left = x
        for cell in self.cells:
            self._draw_cell(canvas, cell, left, top)
            left += cell.width
        self._draw_lines(canvas, x, top)

    def _draw_cell(self, canvas: Canvas, cell: Cell, x: float, top: float) -> None:
        if cell.fill is not None:
            with pen(canvas, fill=cell.fill):
                # The uppermost part stays free: it is the lower half of the line of the row above.
                canvas.rect(x, top - self.height, cell.width, self.height - _LINE / 2, stroke=0, fill=1)
        slack = self.height - 2 * self.pad - cell.content.height
        cell.content.draw(canvas, x + PAD_X, top - self.pad - slack * cell.vertical)

    def _draw_lines(self, canvas: Canvas, x: float, top: float) -> None:
        right, bottom = x + sum(cell.width for cell in self.cells), top - self.height
        if self.line is not None:
            with pen(canvas, stroke=self.line, width=_LINE):
                canvas.line(x, bottom, right, bottom)
        if self.grid is not None:
            with pen(canvas, stroke=self.grid, width=_LINE):
                canvas.line(x, bottom, x, top)
                for cell in self.cells:
                    x += cell.width
                    canvas.line(x, bottom, x, top)


def _divide_cell(cell: Cell, room: float) -> tuple[Cell, Cell]:
    content = cell.content
    halves = content.divide(room) if isinstance(content, Divisible) and content.height > room else None
    first, rest = halves or (content, Stack(()))
    return replace(cell, content=first, vertical=0.0), replace(cell, content=rest, vertical=0.0)


@dataclass(frozen=True, slots=True)
class _Placed:
    block: Block
    top: float


@dataclass(frozen=True, slots=True)
class _Bookmark:
    title: str
    level: int
    page: int
    top: float


NOTHING = Stack(())
_LEAST_PART = 120.0  # points; a block taller than a page does not begin in less


@dataclass(slots=True)
class Flow:
    """Places blocks on pages from top to bottom; divides a block only when it is taller than a whole page."""

    pages: list[list[_Placed]] = field(default_factory=lambda: [[]])
    bookmarks: list[_Bookmark] = field(default_factory=list)
    paper: Paper = UPRIGHT
    top: float = field(init=False)

    def __post_init__(self) -> None:
        self.top = self.paper.top

    @property
    def room(self) -> float:
        """Points left on this page."""
        return self.top - BOTTOM

    def new_page(self) -> None:
        """Continue on a fresh page, unless this one is still empty."""
        if self.pages[-1]:
            self.pages.append([])
            self.top = self.paper.top

    def gap(self, height: float) -> None:
        """Leave white space; none at the top of a page."""
        if self.pages[-1]:
            self.top -= height

    def keep(self, height: float) -> None:
        """Begin a page unless this much room is left (a heading with what follows it)."""
        if height > self.room:
            self.new_page()

    def add(self, block: Block) -> None:
        """Place one block."""
        self.rows([block], head=NOTHING, again=NOTHING)

    def rows(self, rows: Iterable[Block], *, head: Block, again: Block) -> None:
        """Place rows below `head`, and below `again` on every further page; neither ever stands alone."""
        heading = head
        for row in rows:
            rest: Block | None = row
            while rest is not None:
                heading = self._begin(rest, heading=heading, again=again)
                self._place(heading)
                rest = self._place_part(rest)
                heading = NOTHING

    def bookmark(self, title: str, *, level: int) -> None:
        """Point an outline entry to here; level 0 is the outermost."""
        self.bookmarks.append(_Bookmark(title, level, len(self.pages) - 1, self.top))

    def _begin(self, row: Block, *, heading: Block, again: Block) -> Block:
        if row.height + heading.height <= self.room:
            return heading
        if row.height + again.height <= self.paper.room or self.room < heading.height + _LEAST_PART:
            self.new_page()
            return heading if heading.height else again
        return heading

    def _place_part(self, row: Block) -> Block | None:
        halves = row.divide(self.room) if row.height > self.room and isinstance(row, Divisible) else None
        if halves is None:
            self._place(row)
            return None
        self._place(halves[0])
        self.top = BOTTOM
        return halves[1]

    def _place(self, block: Block) -> None:
        if block.height:
            self.pages[-1].append(_Placed(block, self.top))
            self.top -= block.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What every page carries around its content; empty texts are left out.

    `stamp` is a word across the page (下書き), `notice` stands in the middle of the header (写し ...).
    """

    classification: str
    notice: str
    first_right: str
    running_right: str
    footer: tuple[str, str]
    stamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Document information of the file."""

    title: str
    author: str
    subject: str
    keywords: str
    creator: str
    made_at: datetime


_SMALL = Style(7.6, 10.0, colour=QUIET)
_SMALL_RIGHT = Style(7.6, 10.0, colour=QUIET, align=Align.RIGHT)
_NOTICE = Style(8.4, 11.0, weight=Weight.BOLD, align=Align.CENTRE)
_PAGE_NUMBER = Style(9.0, 11.0, align=Align.RIGHT)
_STAMP = Style(150.0, 150.0, weight=Weight.BOLD, colour=(0.94, 0.94, 0.94), align=Align.CENTRE)


def write_document(flow: Flow, *, furniture: Furniture, metadata: Metadata, typesetter: Typesetter) -> bytes:
    """Draw the placed pages. Equal pages give equal bytes: the file holds no clock and nothing random."""
    output = io.BytesIO()
    with WRITING:
        canvas = Canvas(
            output,
            pagesize=(flow.paper.width, flow.paper.height),
            pageCompression=1,
            invariant=1,
            # Without a name of ours every page would begin with Helvetica, which is not embedded.
            initialFontName=Weight.REGULAR.value,  # type: ignore[arg-type]  # the stub says float
            lang="ja-JP",
        )
        _describe(canvas, metadata)
        for number, page in enumerate(flow.pages, start=1):
            _draw_page(canvas, flow, page, number, furniture=furniture, typesetter=typesetter)
            canvas.showPage()
        canvas.save()
    return output.getvalue()


def _describe(canvas: Canvas, metadata: Metadata) -> None:
    canvas.setTitle(metadata.title)
    canvas.setAuthor(metadata.author)
    canvas.setSubject(metadata.subject)
    canvas.setKeywords(metadata.keywords)
    canvas.setCreator(metadata.creator)
    canvas.setProducer(metadata.creator)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    canvas.showOutline()
    # The library stamps the clock, or with `invariant` the year 2000; the file says when the sheet was sealed.
    canvas._doc._timeStamp = _Moment.of(metadata.made_at)  # type: ignore[attr-defined]  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class _Moment:
    """An instant as the library writes it into a file: in Japan's time."""

    YMDhms: tuple[int, int, int, int, int, int]
    dhh: int
    dmm: int

    @classmethod
    def of(cls, instant: datetime) -> _Moment:
        """Return an instant in Japan's time."""
        there = instant.astimezone(JST)
        return cls((there.year, there.month, there.day, there.hour, there.minute, there.second), 9, 0)


def _draw_page(
    canvas: Canvas,
    flow: Flow,
    page: list[_Placed],
    number: int,
    *,
    furniture: Furniture,
    typesetter: Typesetter,
) -> None:
    if furniture.stamp:
        _draw_stamp(canvas, furniture.stamp, paper=flow.paper, typesetter=typesetter)
    right = furniture.first_right if number == 1 else furniture.running_right
    _draw_header(canvas, furniture, right, paper=flow.paper, typesetter=typesetter)
    for placed in page:
        placed.block.draw(canvas, MARGIN, placed.top)
    pages = f"{number} / {len(flow.pages)}"
    _draw_footer(canvas, furniture, pages, paper=flow.paper, typesetter=typesetter)
    for at, mark in enumerate(flow.bookmarks):
        if mark.page == number - 1:
            canvas.bookmarkPage(f"b{at}", fit="XYZ", left=0, top=mark.top + 6)
            canvas.addOutlineEntry(mark.title, f"b{at}", level=mark.level)


def _draw_stamp(canvas: Canvas, text: str, *, paper: Paper, typesetter: Typesetter) -> None:
    stamp = typesetter.single(text, style=_STAMP, measure=paper.height)
    canvas.saveState()
    canvas.translate(paper.width / 2, paper.height / 2)
    canvas.rotate(52)
    stamp.draw(canvas, -paper.height / 2, _STAMP.leading / 2)
    canvas.restoreState()


def _draw_header(
    canvas: Canvas, furniture: Furniture, right: str, *, paper: Paper, typesetter: Typesetter
) -> None:
    top, width = paper.height - MARGIN, paper.measure
    label = typesetter.single(furniture.classification, style=_SMALL, measure=width * 0.3)
    if furniture.classification:
        label.draw(canvas, MARGIN + 5, top)
        with pen(canvas, stroke=QUIET, width=0.6):
            canvas.rect(MARGIN, top - 11.0, label.width + 10, 12.0, stroke=1, fill=0)
    notice = typesetter.single(furniture.notice, style=_NOTICE, measure=width * 0.36)
    notice.draw(canvas, MARGIN + width * 0.32, top)
    text = typesetter.single(right, style=_SMALL_RIGHT, measure=width * 0.32)
    text.draw(canvas, MARGIN + width * 0.68, top)


def _draw_footer(
    canvas: Canvas, furniture: Furniture, pages: str, *, paper: Paper, typesetter: Typesetter
) -> None:
    top, width = MARGIN + 21.0, paper.measure
    with pen(canvas, stroke=RULE, width=0.5):
        canvas.line(MARGIN, top + 2.5, MARGIN + width, top + 2.5)
    for line in furniture.footer:
        typesetter.single(line, style=_SMALL, measure=width - 60).draw(canvas, MARGIN, top)
        top -= _SMALL.leading
    typesetter.single(pages, style=_PAGE_NUMBER, measure=56).draw(canvas, MARGIN + width - 56, MARGIN + 21.0)
