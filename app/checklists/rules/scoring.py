"""Scoring: the method is data of the edition.

The arithmetic is exact (`Fraction`); rounding happens only where a figure is shown. Every line that was added is
returned, so that any number can be opened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from app.checklists.rules.edition import Edition, Item, Level, ScoringMethod
from app.kernel.ids import ItemId


class LineKind(StrEnum):
    """Why a line of a score counts as it does."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One item's part in a score: `points` of `full` points, times `weight`."""

    item_id: ItemId
    level: str | None
    kind: LineKind
    points: int
    full: int
    weight: int
    mandatory_missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The outcome of scoring. `earned` and `possible` are weighted points; `share` is None for a denominator of 0 (「―」)."""

    earned: int
    possible: int
    share: Fraction | None
    grade: str | None
    capped: bool
    mandatory_missed: tuple[ItemId, ...]
    unanswered: int
    unknown: int
    excluded: int
    lines: tuple[ScoreLine, ...]


UNKNOWN: Final = "unknown"
"""The code of わからない: scored as 0 and always counted apart."""


def score(items: Iterable[Item], *, answers: Mapping[ItemId, str], edition: Edition) -> Score:
    """Score the items that apply: sum of points x weight over sum of full points x weight.

    未回答 = わからない = 未実施 = 0 < 一部実施 < 実施. 対象外 leaves numerator and denominator. Items that do not apply to the unit must not be
    given. Bands and cap come from the edition; a mandatory item below full points caps the grade.
    """
    lines = tuple(
        _line(item, level=edition.level(answers.get(item.id)), method=edition.scoring) for item in items
    )
    earned = sum(line.points * line.weight for line in lines)
    possible = sum(line.full * line.weight for line in lines)
    share = Fraction(earned, possible) if possible else None
    missed = tuple(line.item_id for line in lines if line.mandatory_missed)
    raw = grade_of(share, method=edition.scoring)
    grade = capped_grade(raw, method=edition.scoring) if missed else raw
    return Score(
        earned=earned,
        possible=possible,
        share=share,
        grade=grade,
        capped=grade != raw,
        mandatory_missed=missed,
        unanswered=sum(1 for line in lines if line.kind is LineKind.UNANSWERED),
        unknown=sum(1 for line in lines if line.level == UNKNOWN),
        excluded=sum(1 for line in lines if line.kind is LineKind.EXCLUDED),
        lines=lines,
    )


def _line(item: Item, *, level: Level | None, method: ScoringMethod) -> ScoreLine:
    if level is not None and level.points is None:
        return ScoreLine(
            item_id=item.id,
            level=level.code,
            kind=LineKind.EXCLUDED,
            points=0,
            full=0,
            weight=item.weight,
            mandatory_missed=False,
        )
    points = level.points if level is not None and level.points is not None else 0
    return ScoreLine(
        item_id=item.id,
        level=level.code if level else None,
        kind=LineKind.COUNTED if level else LineKind.UNANSWERED,
        points=points,
        full=method.full_points,
        weight=item.weight,
        mandatory_missed=item.mandatory and points < method.full_points,
    )


def grade_of(share: Fraction | None, *, method: ScoringMethod) -> str | None:
    """Return the grade of a share (0..1) by the bands, before any cap."""
    if share is None:
        return None
    return next((band.grade for band in method.bands if share * 100 >= band.at_least), method.bands[-1].grade)


def capped_grade(grade: str | None, *, method: ScoringMethod) -> str | None:
    """Return the grade after the cap for a missed mandatory item: never better than the cap, never worse than it was."""
    if grade is None:
        return None
    order = [band.grade for band in method.bands]
    return order[max(order.index(grade), order.index(method.mandatory_cap))]


def percent(share: Fraction | None) -> str:
    """Show a share as a percentage with one decimal, halves rounded up; 「―」 where there is nothing to divide by."""
    if share is None:
        return "―"
    whole = tenths(share)
    return f"{whole // 10}.{whole % 10}"


def tenths(share: Fraction) -> int:
    """Return a share in tenths of a point as it is shown anywhere, halves rounded up."""
    return (share * 1000 + Fraction(1, 2)).__floor__()
