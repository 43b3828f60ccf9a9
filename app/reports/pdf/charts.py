"""Shapes and charts drawn straight onto the page: answer marks, radar, bars of the sections.

Every meaning has its own shape, line style or hatching, and every drawn value is written as a number beside
it, so that a black-and-white print loses nothing. Coordinates are points; percent runs from 0 to 100.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from app.reports.pdf.fonts import Weight
from app.reports.pdf.typesetting import BLACK, INK, QUIET, WHITE, Align, Colour, Style, Typesetter
from app.reports.rules import JudgementMark, LevelMark, ScoreFigure, SectionLine

ALERT: Colour = (0.66, 0.0, 0.0)
ACCENT: Colour = (0.0, 0.07, 0.42)
RULE: Colour = (0.72, 0.72, 0.72)
FAINT: Colour = (0.85, 0.85, 0.85)
TINT: Colour = (0.945, 0.945, 0.945)


@contextmanager
def pen(
    canvas: Canvas, *, stroke: Colour = INK, fill: Colour = WHITE, width: float = 0.8
) -> Iterator[Canvas]:
    """Draw with these colours and this line width (points), then give the canvas back as it was."""
    canvas.saveState()
    canvas.setStrokeColorRGB(*stroke)
    canvas.setFillColorRGB(*fill)
    canvas.setLineWidth(width)
    yield canvas
    canvas.restoreState()


Point = tuple[float, float]


def polygon(canvas: Canvas, points: Sequence[Point]) -> None:
    """Draw the outline of a closed polygon."""
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.close()
    canvas.drawPath(path, stroke=1, fill=0)


# --- marks of answers and judgements -------------------------------------------------------------


def draw_level(canvas: Canvas, mark: LevelMark, *, x: float, y: float, size: float) -> None:
    """Draw the shape of an answer centred at (x, y) in a square of `size` points."""
    stroke = ALERT if mark is LevelMark.NOT_DONE else INK
    with pen(canvas, stroke=stroke, fill=stroke, width=size * 0.13):
        _round_ends(canvas)
        _LEVELS[mark](canvas, x, y, size / 2)


def _round_ends(canvas: Canvas) -> None:
    canvas.setLineJoin(1)
    canvas.setLineCap(1)


def _ring(canvas: Canvas, x: float, y: float, r: float) -> None:
    canvas.circle(x, y, r * 0.82, stroke=1, fill=0)


def _triangle(canvas: Canvas, x: float, y: float, r: float) -> None:
    polygon(canvas, [(x, y + r * 0.82), (x + r * 0.88, y - r * 0.7), (x - r * 0.88, y - r * 0.7)])


def _cross(canvas: Canvas, x: float, y: float, r: float) -> None:
    d = r * 0.7
    canvas.line(x - d, y - d, x + d, y + d)
    canvas.line(x - d, y + d, x + d, y - d)


def _dash(canvas: Canvas, x: float, y: float, r: float) -> None:
    canvas.line(x - r * 0.75, y, x + r * 0.75, y)


def _diamond(canvas: Canvas, x: float, y: float, r: float) -> None:
    polygon(canvas, [(x, y + r * 0.95), (x + r * 0.95, y), (x, y - r * 0.95), (x - r * 0.95, y)])


def _question(canvas: Canvas, x: float, y: float, r: float) -> None:
    path = canvas.beginPath()
    path.moveTo(x - r * 0.5, y + r * 0.42)
    path.curveTo(x - r * 0.5, y + r * 1.1, x + r * 0.55, y + r * 1.1, x + r * 0.55, y + r * 0.42)
    path.curveTo(x + r * 0.55, y + r * 0.02, x, y + r * 0.08, x, y - r * 0.32)
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.circle(x, y - r * 0.8, r * 0.16, stroke=0, fill=1)


def _empty_box(canvas: Canvas, x: float, y: float, r: float) -> None:
    canvas.setDash([r * 0.3, r * 0.36])
    canvas.setLineWidth(r * 0.18)
    canvas.rect(x - r * 0.75, y - r * 0.75, r * 1.5, r * 1.5, stroke=1, fill=0)


_LEVELS: dict[LevelMark, Callable[[Canvas, float, float, float], None]] = {
    LevelMark.DONE: _ring,
    LevelMark.PARTLY: _triangle,
    LevelMark.NOT_DONE: _cross,
    LevelMark.NOT_APPLICABLE: _dash,
    LevelMark.EXCEPTION: _diamond,
    LevelMark.UNKNOWN: _question,
    LevelMark.UNANSWERED: _empty_box,
}


def draw_judgement(canvas: Canvas, mark: JudgementMark, *, x: float, y: float, size: float) -> None:
    """Draw the shape of a reviewer's judgement centred at (x, y) in a square of `size` points."""
    stroke = ALERT if mark is JudgementMark.RETURNED else INK
    with pen(canvas, stroke=stroke, fill=stroke, width=size * 0.13):
        _round_ends(canvas)
        _JUDGEMENTS[mark](canvas, x, y, size / 2)


def _check(canvas: Canvas, x: float, y: float, r: float) -> None:
    path = canvas.beginPath()
    path.moveTo(x - r * 0.8, y)
    path.lineTo(x - r * 0.25, y - r * 0.6)
    path.lineTo(x + r * 0.85, y + r * 0.65)
    canvas.drawPath(path, stroke=1, fill=0)


def _check_with_line(canvas: Canvas, x: float, y: float, r: float) -> None:
    _check(canvas, x, y + r * 0.25, r * 0.9)
    canvas.line(x - r * 0.8, y - r * 0.85, x + r * 0.8, y - r * 0.85)


def _arrow(canvas: Canvas, x: float, y: float, r: float, *, direction: float) -> None:
    tip = x + r * 0.85 * direction
    canvas.line(x - r * 0.85 * direction, y, tip, y)
    canvas.line(tip, y, tip - r * 0.55 * direction, y + r * 0.5)
    canvas.line(tip, y, tip - r * 0.55 * direction, y - r * 0.5)


def _arrow_on(canvas: Canvas, x: float, y: float, r: float) -> None:
    _arrow(canvas, x, y, r, direction=1.0)


def _arrow_back(canvas: Canvas, x: float, y: float, r: float) -> None:
    _arrow(canvas, x, y, r, direction=-1.0)


_JUDGEMENTS: dict[JudgementMark, Callable[[Canvas, float, float, float], None]] = {
    JudgementMark.ACCEPTED: _check,
    JudgementMark.ACCEPTED_WITH_REMARK: _check_with_line,
    JudgementMark.CHANGED: _arrow_on,
    JudgementMark.RETURNED: _arrow_back,
    JudgementMark.PENDING: _empty_box,
}


# --- series: the same three in every chart -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """One series of the charts: its name, and one figure (or None) for each section."""

    name: str
    figures: tuple[ScoreFigure | None, ...]

    @property
    def exists(self) -> bool:
        """Whether there is anything to draw."""
        return any(figure is not None and figure.percent is not None for figure in self.figures)


def percent_of(figure: ScoreFigure | None) -> float | None:
    """The drawable percent of a figure, kept within 0 to 100."""
    if figure is None or figure.percent is None:
        return None
    return min(max(figure.percent, 0.0), 100.0)


def text_of(figure: ScoreFigure | None) -> str:
    """The text of a figure, ― where there is none."""
    return "―" if figure is None else figure.text


def _hatch(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    canvas.saveState()
    frame = canvas.beginPath()
    frame.rect(x, y, width, height)
    canvas.clipPath(frame, stroke=0, fill=0)
    slants = canvas.beginPath()
    for step in range(math.ceil((width + height) / _HATCH_STEP)):
        left = x - height + step * _HATCH_STEP
        slants.moveTo(left, y)
        slants.lineTo(left + height, y + height)
    canvas.drawPath(slants, stroke=1, fill=0)
    canvas.restoreState()


_HATCH_STEP = 2.4


# --- radar ---------------------------------------------------------------------------------------

_AXIS = Style(8.0, 9.4, weight=Weight.BOLD, align=Align.CENTRE)
_AXIS_VALUE = Style(7.2, 8.8, align=Align.CENTRE)
_CAPTION = Style(6.6, 9.0, colour=QUIET, align=Align.CENTRE)
_LEGEND = Style(7.2, 9.5)
_LABEL_WIDTH = 40.0
_LABEL_GAP = 4.0
_RINGS = (0.25, 0.5, 0.75)
_MAX_VALUES = 12  # more labels of two lines would touch; the bars beside show every value anyway
MIN_AXES = 3
"""A radar of fewer sections has no area."""


@dataclass(frozen=True, slots=True)
class _Trace:
    """How one series looks: line dash, width, colour, and the shape of its points."""

    dash: tuple[float, ...]
    width: float
    colour: Colour
    point: Callable[[Canvas, float, float], None]


def _solid_dot(canvas: Canvas, x: float, y: float) -> None:
    canvas.circle(x, y, 2.0, stroke=0, fill=1)


def _open_dot(canvas: Canvas, x: float, y: float) -> None:
    canvas.setFillColorRGB(*WHITE)
    canvas.circle(x, y, 2.0, stroke=1, fill=1)


def _open_square(canvas: Canvas, x: float, y: float) -> None:
    canvas.setFillColorRGB(*WHITE)
    canvas.rect(x - 1.7, y - 1.7, 3.4, 3.4, stroke=1, fill=1)


_REVIEWED = _Trace((), 1.6, ACCENT, _solid_dot)
_SELF = _Trace((3.6, 1.8), 0.9, INK, _open_dot)
_LAST_YEAR = _Trace((0.7, 1.7), 0.9, QUIET, _open_square)


@dataclass(frozen=True, slots=True)
class ScoreSeries:
    """The up to three series shown together: self, reviewed, last year."""

    own: Series
    reviewed: Series
    last_year: Series

    def traces(self) -> list[tuple[Series, _Trace]]:
        """Series that exist, the most important one last, so that it is drawn on top."""
        ordered = [(self.last_year, _LAST_YEAR), (self.own, _SELF), (self.reviewed, _REVIEWED)]
        return [(series, trace) for series, trace in ordered if series.exists]

    def holding(self, at: int) -> ScoreFigure | None:
        """The figure that holds for a section: reviewed, else self."""
        return self.reviewed.figures[at] or self.own.figures[at]


def series_of(sections: Sequence[SectionLine], *, last_fiscal_year: str) -> ScoreSeries:
    """The three series of a report's sections."""
    return ScoreSeries(
        own=Series("自己点検", tuple(line.self_score for line in sections)),
        reviewed=Series("審査", tuple(line.reviewed_score for line in sections)),
        last_year=Series(f"前回（{last_fiscal_year}）", tuple(line.last_year_score for line in sections)),
    )


@dataclass(frozen=True, slots=True)
class Radar:
    """Radar of at least `MIN_AXES` sections: each axis shows its number and the score that holds."""

    sections: tuple[SectionLine, ...]
    series: ScoreSeries
    typesetter: Typesetter
    width: float
    height: float

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw below `top`: rings and axes, then the series, then the labels."""
        centre = (x + self.width / 2, top - (self.height - _CAPTION.leading) / 2)
        radius = min(self.width / 2 - 31.0, self.height / 2 - 28.0)
        self._draw_grid(canvas, centre, radius)
        for series, trace in self.series.traces():
            self._draw_series(canvas, series, trace, centre, radius)
        for at in range(len(self.sections)):
            self._draw_label(canvas, at, centre, radius)
        caption = self.typesetter.single(
            "外周は100点、内側の線は25点ごと", style=_CAPTION, measure=self.width
        )
        caption.draw(canvas, x, top - self.height + _CAPTION.leading)

    def _angle(self, at: int) -> float:
        return math.pi / 2 - 2 * math.pi * at / len(self.sections)

    def _point(self, at: int, distance: float, centre: Point) -> Point:
        angle = self._angle(at)
        return centre[0] + distance * math.cos(angle), centre[1] + distance * math.sin(angle)

    def _draw_grid(self, canvas: Canvas, centre: Point, radius: float) -> None:
        axes = range(len(self.sections))
        with pen(canvas, stroke=FAINT, width=0.5):
            for at in axes:
                canvas.line(*centre, *self._point(at, radius, centre))
            for share in _RINGS:
                polygon(canvas, [self._point(at, radius * share, centre) for at in axes])
            canvas.setStrokeColorRGB(*RULE)
            polygon(canvas, [self._point(at, radius, centre) for at in axes])

    def _draw_series(
        self, canvas: Canvas, series: Series, trace: _Trace, centre: Point, radius: float
    ) -> None:
        shares = map(percent_of, series.figures)
        points = [
            None if share is None else self._point(at, radius * share / 100, centre)
            for at, share in enumerate(shares)
        ]
        with pen(canvas, stroke=trace.colour, fill=trace.colour, width=trace.width):
            _round_ends(canvas)
            canvas.setDash(list(trace.dash))
            canvas.drawPath(_ring_path(canvas, points), stroke=1, fill=0)
            canvas.setDash([])
            canvas.setLineWidth(0.9)
            for point in filter(None, points):
                trace.point(canvas, *point)

    def _draw_label(self, canvas: Canvas, at: int, centre: Point, radius: float) -> None:
        line, angle = self.sections[at], self._angle(at)
        number = self.typesetter.single(line.number, style=_AXIS, measure=_LABEL_WIDTH)
        text = text_of(self.series.holding(at)) if len(self.sections) <= _MAX_VALUES else ""
        value = self.typesetter.single(text, style=_AXIS_VALUE, measure=_LABEL_WIDTH)
        width, height = max(number.width, value.width), number.height + value.height
        # As far out as the box is deep in this direction: its nearest corner then stays clear of the ring and of every point.
        away = radius + _LABEL_GAP + abs(math.cos(angle)) * width / 2 + abs(math.sin(angle)) * height / 2
        middle, level = self._point(at, away, centre)
        top = level + height / 2
        number.draw(canvas, middle - _LABEL_WIDTH / 2, top)
        value.draw(canvas, middle - _LABEL_WIDTH / 2, top - number.height)


def _ring_path(canvas: Canvas, points: Sequence[Point | None]) -> PDFPathObject:
    """A closed ring through the points; where one is missing, its two neighbours are not joined."""
    path = canvas.beginPath()
    for before, after in zip(points, [*points[1:], points[0]], strict=True):
        if before and after:
            path.moveTo(*before)
            path.lineTo(*after)
    return path


# --- bars ----------------------------------------------------------------------------------------

_TITLE = Style(8.0, 9.6)
_TITLE_NUMBER = Style(8.0, 9.6, weight=Weight.BOLD)
_COLUMN = Style(6.8, 8.5, colour=QUIET)
_FIGURE = Style(7.6, 9.6, align=Align.RIGHT)
_FIGURE_BOLD = Style(7.8, 9.6, weight=Weight.BOLD, align=Align.RIGHT)
_BAR = 5.6
_NUMBERS = 42.0
_HEAD = 11.0
_INDENT = 15.0


@dataclass(frozen=True, slots=True)
class SectionBars:
    """A row a section: self hatched over reviewed solid, last year an upright mark, all three as numbers."""

    sections: tuple[SectionLine, ...]
    series: ScoreSeries
    typesetter: Typesetter
    width: float
    row_height: float = 23.0

    @property
    def height(self) -> float:
        """Height in points, with the line of column names."""
        return _HEAD + self.row_height * len(self.sections)

    @property
    def _title_width(self) -> float:
        return self.width * 0.31

    @property
    def _bar_width(self) -> float:
        return self.width - self._title_width - 3 * _NUMBERS - 8

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw below `top`."""
        self._draw_names(canvas, x, top)
        for at in range(len(self.sections)):
            self._draw_row(canvas, at, x, top - _HEAD - at * self.row_height)

    def _columns(self, x: float) -> list[float]:
        first = x + self._title_width + self._bar_width + 8
        return [first + _NUMBERS * step for step in range(3)]

    def _draw_names(self, canvas: Canvas, x: float, top: float) -> None:
        for left, name in zip(self._columns(x), ("自己点検", "審査", "前回"), strict=True):
            style = replace(_COLUMN, align=Align.RIGHT)
            self.typesetter.single(name, style=style, measure=_NUMBERS).draw(canvas, left, top)
        left = x + self._title_width + 4
        for share, align in ((0, Align.LEFT), (50, Align.CENTRE), (100, Align.RIGHT)):
            style = replace(_COLUMN, align=align)
            self.typesetter.single(str(share), style=style, measure=self._bar_width).draw(canvas, left, top)

    def _draw_row(self, canvas: Canvas, at: int, x: float, top: float) -> None:
        line = self.sections[at]
        self._draw_title(canvas, line, x, top)
        left = x + self._title_width + 4
        self._draw_bars(canvas, line, left, top)
        figures = (line.self_score, line.reviewed_score, line.last_year_score)
        text_top = top - (self.row_height - _FIGURE.leading) / 2
        for column, figure, style in zip(
            self._columns(x), figures, (_FIGURE, _FIGURE_BOLD, _FIGURE), strict=True
        ):
            self.typesetter.single(text_of(figure), style=style, measure=_NUMBERS).draw(
                canvas, column, text_top
            )
        with pen(canvas, stroke=FAINT, width=0.4):
            canvas.line(x, top - self.row_height, x + self.width, top - self.row_height)

    def _draw_title(self, canvas: Canvas, line: SectionLine, x: float, top: float) -> None:
        number = self.typesetter.single(line.number, style=_TITLE_NUMBER, measure=_INDENT)
        title = self.typesetter.label(line.title, style=_TITLE, measure=self._title_width - _INDENT)
        top -= (self.row_height - title.height) / 2
        number.draw(canvas, x, top)
        title.draw(canvas, x + _INDENT, top)

    def _draw_bars(self, canvas: Canvas, line: SectionLine, x: float, top: float) -> None:
        middle = top - self.row_height / 2
        own, reviewed, last = map(percent_of, (line.self_score, line.reviewed_score, line.last_year_score))
        with pen(canvas, stroke=RULE, fill=WHITE, width=0.4):
            canvas.rect(x, middle - _BAR, self._bar_width, 2 * _BAR, stroke=1, fill=1)
        if own is not None:
            with pen(canvas, stroke=QUIET, width=0.5):
                _hatch(canvas, x, middle, self._bar_width * own / 100, _BAR)
                canvas.rect(x, middle, self._bar_width * own / 100, _BAR, stroke=1, fill=0)
        if reviewed is not None:
            with pen(canvas, fill=ACCENT):
                canvas.rect(x, middle - _BAR, self._bar_width * reviewed / 100, _BAR, stroke=0, fill=1)
        if last is not None:
            _draw_year_mark(canvas, x + self._bar_width * last / 100, middle, half=_BAR + 2.4)


def _draw_year_mark(canvas: Canvas, x: float, y: float, *, half: float) -> None:
    with pen(canvas, stroke=WHITE, width=3.0):
        canvas.line(x, y - half + 0.6, x, y + half - 0.6)
    with pen(canvas, stroke=BLACK, width=1.3):
        canvas.line(x, y - half, x, y + half)


# --- legend --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeriesLegend:
    """One line that names the three series with both of their signs: line of the radar, fill of the bars."""

    series: ScoreSeries
    typesetter: Typesetter
    width: float
    height: float = 13.0

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw below `top`, from the right edge leftwards."""
        right, y = x + self.width, top - self.height / 2
        for series, trace in self.series.traces():
            label = self.typesetter.single(series.name, style=_LEGEND, measure=160)
            label.draw(canvas, right - label.width, y + _LEGEND.leading / 2)
            left = right - label.width - _SAMPLES - 5
            self._draw_line(canvas, trace, left, y)
            self._draw_fill(canvas, trace, left + _SAMPLES / 2 + 3, y)
            right = left - 14

    def _draw_line(self, canvas: Canvas, trace: _Trace, x: float, y: float) -> None:
        with pen(canvas, stroke=trace.colour, fill=trace.colour, width=trace.width):
            canvas.setDash(list(trace.dash))
            canvas.line(x, y, x + _SAMPLES / 2 - 2, y)
            canvas.setDash([])
            canvas.setLineWidth(0.9)
            trace.point(canvas, x + _SAMPLES / 4 - 1, y)

    def _draw_fill(self, canvas: Canvas, trace: _Trace, x: float, y: float) -> None:
        width = _SAMPLES / 2 - 4
        if trace is _LAST_YEAR:
            _draw_year_mark(canvas, x + width * 0.7, y, half=5.0)
            return
        with pen(canvas, stroke=QUIET, fill=ACCENT, width=0.5):
            if trace is _SELF:
                _hatch(canvas, x, y - _BAR / 2, width, _BAR)
            canvas.rect(x, y - _BAR / 2, width, _BAR, stroke=1, fill=int(trace is _REVIEWED))


_SAMPLES = 44.0
