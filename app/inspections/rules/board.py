"""What the board says of figures: the tone of a cell, who needs support, who improved, which units resemble one another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Final

from app.checklists.rules import ScoringMethod
from app.kernel.ids import InspectionId

TONES: Final = (90, 80, 70, 60)
"""Lowest whole percentages of the tones 0 to 3; below the last one is tone 4, which also carries a mark."""
WORST: Final = len(TONES)
DROP: Final = -5
"""A change by this many points or more asks for support, whatever the score is."""
SUPPORTED: Final = 8
IMPROVED: Final = 6
ENOUGH_FOR_AVERAGE: Final = 5
"""Fewer sheets than this, and an average would tell a unit about its neighbour."""
ENOUGH_ALIKE: Final = 3


class Order(StrEnum):
    """How the rows of the board are ordered."""

    WEAK = "weak"
    UNITS = "units"
    DROPPED = "dropped"


class Need(StrEnum):
    """Why a unit needs support."""

    MANDATORY = "mandatory"
    SECTION = "section"
    DROPPED = "dropped"
    BELOW_TARGET = "below_target"


def whole_percent(earned: int, possible: int) -> int:
    """Return a share in whole percent, the rest cut off: what is written and the tone of the cell never disagree."""
    return 100 * earned // possible


def tone_of(percent: int) -> int:
    """Return the tone of a cell: 0 is the lightest, `WORST` the darkest."""
    return _TONES[percent]


_TONES: Final = tuple(
    next((tone for tone, least in enumerate(TONES) if percent >= least), WORST) for percent in range(101)
)


def target_of(method: ScoringMethod) -> Fraction:
    """Return what an edition aims for: the lowest share that earns its best grade."""
    return Fraction(method.bands[0].at_least, 100)


def needs(
    *,
    share: Fraction,
    target: Fraction,
    points_changed: int | None,
    mandatory_missed: int,
    weak_sections: int,
) -> tuple[Need, ...]:
    """Return why a unit needs support; nothing where it reached the target, misses nothing mandatory and did not fall."""
    found = (
        (Need.MANDATORY, mandatory_missed > 0),
        (Need.SECTION, weak_sections > 0),
        (Need.DROPPED, points_changed is not None and points_changed <= DROP),
        (Need.BELOW_TARGET, share < target),
    )
    return tuple(need for need, there in found if there)


@dataclass(slots=True)
class Mean:
    """An exact mean of shares, added up by their denominators: a city has few different ones."""

    count: int
    by_possible: dict[int, int]

    @classmethod
    def empty(cls) -> "Mean":
        """Return the mean of nothing yet."""
        return cls(0, {})

    def add(self, earned: int, possible: int, *, count: int = 1) -> None:
        """Add a share, or the sum of several with the same denominator."""
        if possible:
            self.count += count
            self.by_possible[possible] = self.by_possible.get(possible, 0) + earned

    @property
    def value(self) -> Fraction | None:
        """Return the mean, or None of nothing."""
        if not self.count:
            return None
        parts = (Fraction(earned, possible) for possible, earned in self.by_possible.items())
        return sum(parts, Fraction(0)) / self.count


def median_of(shares: Iterable[Fraction]) -> Fraction | None:
    """Return the middle of shares, or None of nothing."""
    chosen = list(shares)
    return median(chosen) if chosen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What units are compared by: their kind, their 部, and the flags of their profile that are on."""

    kind: str
    department: str
    flags: frozenset[str]


def alike(own: Likeness, *, others: Mapping[InspectionId, Likeness]) -> Sequence[InspectionId]:
    """Return the sheets of units that resemble one: of the same kind with the same profile; where these are few, also those of the same 部."""
    kind = {key: one for key, one in others.items() if one.kind == own.kind}
    profile = [key for key, one in kind.items() if one.flags == own.flags]
    if len(profile) >= ENOUGH_ALIKE:
        return profile
    return [key for key, one in kind.items() if one.flags == own.flags or one.department == own.department]
