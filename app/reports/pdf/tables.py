"""Recurring pieces of a document: type sizes, headings, table heads, marks with labels, notes of an item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.charts import RULE, TINT, draw_judgement, draw_level, pen
from app.reports.pdf.document import PAD_X, WIDTH, Cell, Drawing, Painter, Row, Stack
from app.reports.pdf.fonts import Weight
from app.reports.pdf.typesetting import INK, QUIET, Align, Colour, Paragraph, Style, Typesetter
from app.reports.rules import Judgement, ReportLevel

BODY = Style(9.0, 13.0)
BODY_BOLD = Style(9.0, 13.0, weight=Weight.BOLD)
SMALL = Style(8.2, 12.0)
SMALL_BOLD = Style(8.2, 12.0, weight=Weight.BOLD)
SMALL_RIGHT = Style(8.2, 12.0, align=Align.RIGHT)
FINE = Style(7.0, 10.0)
LABEL = Style(7.4, 10.0, colour=QUIET)
HEADING = Style(12.0, 16.0, weight=Weight.BOLD)
_HEAD_CELL = Style(7.6, 10.0, weight=Weight.BOLD)
_MARK_LABEL = Style(6.7, 8.4, align=Align.CENTRE)
_TAG = Style(6.6, 8.0, weight=Weight.BOLD)

MARK_SIZE = 9.5


def centred(style: Style) -> Style:
    """The same style in the middle of its measure."""
    return replace(style, align=Align.CENTRE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading with a strong rule below, and quiet text at the right end."""

    text: Paragraph
    aside: Paragraph
    width: float = WIDTH
    height: float = 22.0

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw below `top`."""
        self.text.draw(canvas, x, top)
        self.aside.draw(canvas, x, top - 5.0)
        with pen(canvas, stroke=INK, width=1.0):
            canvas.line(x, top - 18.5, x + self.width, top - 18.5)


@dataclass(frozen=True, slots=True)
class Marked:
    """A shape above its word, centred in a cell."""

    shape: Drawing
    label: Paragraph

    @property
    def height(self) -> float:
        """Height of shape and word in points."""
        return self.shape.height + self.label.height

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw below `top`."""
        self.shape.draw(canvas, x, top)
        self.label.draw(canvas, x, top - self.shape.height)


@dataclass(frozen=True, slots=True)
class Note:
    """A labelled text below an item; only its text is divided, and the rest says that it continues."""

    label: Paragraph
    continued: Paragraph
    text: Paragraph
    indent: float
    above: float = 1.0
    below: float = 3.0

    @property
    def height(self) -> float:
        """Height in points with the space around it."""
        return self.above + self.text.height + self.below

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw label and text on one baseline."""
        drop = (self.text.style.leading - self.label.style.leading) / 2
        self.label.draw(canvas, x + self.indent, top - self.above - drop)
        self.text.draw(canvas, x + self.indent + self.label.measure, top - self.above)

    def divide(self, room: float) -> tuple[Note, Note] | None:
        """Divide between lines."""
        halves = self.text.divide(room - self.above - self.below)
        if halves is None:
            return None
        return replace(self, text=halves[0]), replace(self, text=halves[1], label=self.continued, above=4.0)


@dataclass(frozen=True, slots=True)
class TableMaker:
    """Builds cells and rows from texts. Widths are outer widths of cells, padding included; `width` is that of the page."""

    typesetter: Typesetter
    width: float = WIDTH

    def text(self, text: str, *, width: float, style: Style = SMALL) -> Paragraph:
        """A paragraph for a cell of this width."""
        return self.typesetter.paragraph(text, style=style, measure=width - 2 * PAD_X)

    def cell(self, text: str, *, width: float, style: Style = SMALL, fill: Colour | None = None) -> Cell:
        """A cell with text."""
        return Cell(self.text(text, width=width, style=style), width, fill=fill)

    def heading(self, text: str, *, aside: str = "") -> Heading:
        """A heading over the whole width."""
        right = replace(LABEL, align=Align.RIGHT)
        return Heading(
            self.typesetter.single(text, style=HEADING, measure=self.width * 0.7),
            self.typesetter.single(aside, style=right, measure=self.width),
            self.width,
        )

    def head(self, names: Sequence[tuple[str, float, Align]], *, size: float = _HEAD_CELL.size) -> Row:
        """A tinted row of column names: (name, width, alignment); `size` of the letters where columns are narrow."""
        cells = [
            self.cell(name, width=width, style=replace(_HEAD_CELL, size=size, align=align), fill=TINT)
            for name, width, align in names
        ]
        return Row(tuple(cells), line=INK)

    def facts(
        self, pairs: Iterable[tuple[str, str]], *, columns: int = 1, label_width: float = 62.0
    ) -> Stack:
        """A grid of labelled facts, `columns` pairs to a row; an odd end is filled up."""
        facts = list(pairs)
        facts += [("", "")] * (-len(facts) % columns)
        rows = [self._fact_row(facts[at : at + columns], label_width) for at in range(0, len(facts), columns)]
        return Stack((top_rule(RULE, width=self.width), *rows))

    def _fact_row(self, facts: Sequence[tuple[str, str]], label_width: float) -> Row:
        width = self.width / len(facts) - label_width
        cells: list[Cell] = []
        for label, value in facts:
            cells.append(self.cell(label, width=label_width, style=LABEL, fill=TINT))
            cells.append(self.cell(value, width=width))
        return Row(tuple(cells), grid=RULE)

    def level(self, level: ReportLevel | None, *, width: float, fill: Colour | None = None) -> Cell:
        """A cell with the shape and the word of a level, or ― where there is none."""
        if level is None:
            return self.cell("―", width=width, style=centred(SMALL))
        middle = (width - 2 * PAD_X) / 2

        def paint(canvas: Canvas, x: float, top: float) -> None:
            draw_level(canvas, level.mark, x=x + middle, y=top - MARK_SIZE / 2, size=MARK_SIZE)

        return Cell(self._marked(paint_shape=paint, label=level.label, width=width), width, fill=fill)

    def level_in_line(self, level: ReportLevel, *, width: float) -> Cell:
        """A cell with a small shape before the word."""
        word = self.text(level.label, width=width - 12.0)

        def paint(canvas: Canvas, x: float, top: float) -> None:
            draw_level(canvas, level.mark, x=x + 4.0, y=top - SMALL.leading / 2 - 0.2, size=7.4)
            word.draw(canvas, x + 12.0, top)

        return Cell(Drawing(word.height, paint), width)

    def judgement(self, judgement: Judgement | None, *, returned: int, width: float) -> Cell:
        """A cell with the reviewer's judgement and how often the item was sent back."""
        if judgement is None:
            return self.cell("―", width=width, style=centred(SMALL))
        middle = (width - 2 * PAD_X) / 2

        def paint(canvas: Canvas, x: float, top: float) -> None:
            draw_judgement(canvas, judgement.mark, x=x + middle, y=top - MARK_SIZE / 2, size=MARK_SIZE)

        label = judgement.label + (f"\n差戻し {returned}回" if returned else "")
        return Cell(self._marked(paint_shape=paint, label=label, width=width), width)

    def note(self, label: str, text: str, *, number: str, indent: float) -> Note:
        """A labelled text below an item; `number` names the item on the pages where the text continues."""
        label_width = 50.0
        measure = self.width - indent - label_width - PAD_X
        return Note(
            self.typesetter.single(label, style=LABEL, measure=label_width),
            self.typesetter.single(f"{number} つづき", style=LABEL, measure=label_width),
            self.typesetter.paragraph(text.strip("\n"), style=SMALL, measure=measure),
            indent,
        )

    def tag(self, text: str) -> Drawing:
        """A small word in a frame (重要)."""
        word = self.typesetter.single(text, style=_TAG, measure=60.0)

        def paint(canvas: Canvas, x: float, top: float) -> None:
            with pen(canvas, stroke=INK, width=0.6):
                canvas.roundRect(x, top - 11.0, word.width + 6.0, 9.6, 1.6, stroke=1, fill=0)
            word.draw(canvas, x + 3.0, top - 2.2)

        return Drawing(12.0, paint)

    def _marked(self, *, paint_shape: Painter, label: str, width: float) -> Marked:
        word = self.text(label, width=width + 4.0, style=_MARK_LABEL)
        return Marked(Drawing(MARK_SIZE + 2.0, paint_shape), replace(word, measure=width - 2 * PAD_X))


def top_rule(colour: Colour, *, width: float = WIDTH) -> Drawing:
    """The upper edge of a grid of rows over the whole width."""

    def paint(canvas: Canvas, x: float, top: float) -> None:
        with pen(canvas, stroke=colour, width=0.5):
            canvas.line(x, top, x + width, top)

    return Drawing(_HAIR, paint)


def _draw_closing_rule(canvas: Canvas, x: float, top: float) -> None:
    with pen(canvas, stroke=RULE, width=0.5):
        canvas.line(x, top - 1.5, x + WIDTH, top - 1.5)


_HAIR = 0.01  # points; a line takes no room, but a block without height is not drawn

CLOSING_RULE = Drawing(1.5, _draw_closing_rule)
"""Closes an item of several parts."""
