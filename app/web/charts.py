"""Geometry of the charts that pages draw as inline SVG: points and places only, no colours, no markup, no style.

Each chart stands beside a table with its numbers; the words are the page's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi, sin
from typing import Final

RADIUS: Final = 96
CENTRE: Final = (190, 142)
RADAR_SIZE: Final = (380, 284)
RINGS: Final = (Fraction(2, 5), Fraction(3, 5), Fraction(4, 5), Fraction(1))
"""Where the rings of a radar lie: 40, 60, 80 and 100 percent."""
_LABEL: Final = 1.14
_CLEAR: Final = 10
"""How much further above the top and below the foot a label of two lines stands, clear of the drawing."""
_SIDE: Final = 0.12
"""How far from the vertical a label has to stand to be written from one side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of a radar: its name, and the figure that is written beside it. `low`: below the target."""

    label: str
    figure: str
    low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a radar, drawn by its `kind`: now, last or target. A missing value leaves its corner out."""

    kind: str
    values: Sequence[Fraction | None]


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the drawing."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisLabel:
    """A label at the end of an axis; `anchor` as SVG has it."""

    axis: Axis
    at: Point
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One series as it is drawn."""

    kind: str
    points: str
    dots: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """A radar, ready to be drawn."""

    width: int
    height: int
    centre: Point
    rings: tuple[str, ...]
    spokes: tuple[Point, ...]
    labels: tuple[AxisLabel, ...]
    shapes: tuple[Shape, ...]


def radar(axes: Sequence[Axis], *, series: Sequence[Series]) -> Radar:
    """Return a radar with its axes clockwise from the top; shares lie between the centre (0) and the outer ring (1)."""
    ends = [_at(number, of=len(axes), share=1.0) for number in range(len(axes))]
    return Radar(
        width=RADAR_SIZE[0],
        height=RADAR_SIZE[1],
        centre=Point(*CENTRE),
        rings=tuple(
            _joined([_at(number, of=len(axes), share=float(ring)) for number in range(len(axes))])
            for ring in RINGS
        ),
        spokes=tuple(ends),
        labels=tuple(_label(axis, number=number, of=len(axes)) for number, axis in enumerate(axes)),
        shapes=tuple(_shape(one) for one in series),
    )


def _at(number: int, *, of: int, share: float) -> Point:
    angle = 2 * pi * number / of
    return Point(
        round(CENTRE[0] + RADIUS * share * sin(angle), 1), round(CENTRE[1] - RADIUS * share * cos(angle), 1)
    )


def _label(axis: Axis, *, number: int, of: int) -> AxisLabel:
    angle = 2 * pi * number / of
    anchor = "middle" if abs(sin(angle)) < _SIDE else ("start" if sin(angle) > 0 else "end")
    end = _at(number, of=of, share=_LABEL)
    return AxisLabel(axis=axis, at=Point(end.x, round(end.y - 4 - _CLEAR * cos(angle), 1)), anchor=anchor)


def _shape(series: Series) -> Shape:
    dots = tuple(
        _at(number, of=len(series.values), share=float(value))
        for number, value in enumerate(series.values)
        if value is not None
    )
    return Shape(kind=series.kind, points=_joined(dots), dots=dots)


def _joined(points: Sequence[Point]) -> str:
    return " ".join(f"{point.x},{point.y}" for point in points)
