"""Why a score differs from the year before: the part from work and the part from the ruler, adding up exactly.

The ruler of this year is held still to see the work: over the items that count in both years and stay comparable, this year's
weights are applied to last year's answers and to this year's. With

- `before`, `now`: the shares as they were published, each over all items that counted in its year;
- `held`: last year's answers to the common items under last year's weights;
- `moved`: last year's answers to the common items under this year's weights (the counterfactual);
- `done`: this year's answers to the common items under this year's weights,

    now - before = (done - moved) + [(now - done) + (moved - held) + (held - before)]
                      work                           ruler

The three parts of the ruler are what came in (new, applicable again, not comparable), what the weights did, and what went out
(retired, no longer applicable, not comparable). Each is a sum over items: an item that came in counts by how far its answer lies
above or below `done`, one that went out by how far it lay above or below `held`. Where no item is common, everything is ruler. So
the same ruler in both years gives no ruler part, and the same answers under a longer checklist give no work part.

An item, a section, a sheet: each level is explained by its own lines with its own denominator. The city is the mean over the sheets
that have both years, so that units that came or went move neither part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Final

from app.checklists.rules import tenths

NOTHING: Final = Fraction(0)


class Measure(StrEnum):
    """Which of the two scores of a sheet: the department's own, or as the review left it."""

    SELF = "self"
    REVIEWED = "reviewed"


class Counting(StrEnum):
    """Whether a line counts: answered or not, it does; 対象外 and what does not apply to the unit stay out."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    NOT_APPLICABLE = "not_applicable"


class Cause(StrEnum):
    """What of the ruler moved a score."""

    NEW = "new"
    RETIRED = "retired"
    WEIGHT = "weight"
    APPLICABILITY = "applicability"
    WORDING = "wording"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item as it was scored in one year. `points` of `full` points, times `weight`; only counted lines have any."""

    key: str
    section: str
    counting: Counting
    points: int
    full: int
    weight: int

    @property
    def possible(self) -> int:
        """Weighted points that could be had."""
        return self.full * self.weight if self.counting is Counting.COUNTED else 0

    @property
    def ratio(self) -> Fraction:
        """How far the item is met, 0..1."""
        return Fraction(self.points, self.full)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Which items of this year go on from which of the year before.

    Attributes:
        comparable: this year's key to the key whose answer may stand beside it.
        succeeded: this year's key to its ancestors where comparing would mislead.
    """

    comparable: Mapping[str, str]
    succeeded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPart:
    """What one item did to the share: `key` of this year (None where it went out), `was` of the year before (None where it came in)."""

    key: str | None
    was: str | None
    work: Fraction
    ruler: Fraction
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A difference as people read it: every part in whole tenths of a point, and what is read adds up."""

    difference: Fraction
    work: Fraction
    ruler_total: Fraction
    ruler: Mapping[Cause, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """The difference of two shares in its parts. `ruler` has every cause that has a part in it."""

    before: Fraction
    now: Fraction
    work: Fraction
    ruler: Mapping[Cause, Fraction]
    items: tuple[ItemPart, ...] = ()

    @property
    def difference(self) -> Fraction:
        """This year's share less last year's: the sum of both parts."""
        return self.now - self.before

    @property
    def ruler_total(self) -> Fraction:
        """Everything that is not work."""
        return sum(self.ruler.values(), NOTHING)

    @property
    def shown(self) -> ShownChange:
        """What is shown: the difference of the two shown shares, split into both parts, and the ruler's part into its causes."""
        difference = tenths(self.now) - tenths(self.before)
        work, ruler = apportioned([self.work, self.ruler_total], total=difference)
        causes = apportioned(list(self.ruler.values()), total=ruler)
        return ShownChange(
            difference=Fraction(difference, 1000),
            work=Fraction(work, 1000),
            ruler_total=Fraction(ruler, 1000),
            ruler={cause: Fraction(part, 1000) for cause, part in zip(self.ruler, causes, strict=True)},
        )


def apportioned(parts: Sequence[Fraction], *, total: int) -> list[int]:
    """Return each part in whole tenths of a point, so that they add up to `total`: the method of the largest remainder.

    Every part is rounded down; the tenths that are then missing go to the parts that lost most, the earlier one where two lost
    the same. `total` has to lie less than one tenth away from the exact sum, as it does where it is rounded itself, or where it is
    the difference of two rounded shares. Then each part is its exact value rounded down or up, no other: none is moved by a whole
    tenth, none changes its sign, and one that is a whole number of tenths (nothing at all, too) stays as it is.
    """
    exact = [part * 1000 for part in parts]
    made = [part.__floor__() for part in exact]
    missing = total - sum(made)
    for place in sorted(range(len(made)), key=lambda place: made[place] - exact[place])[:missing]:
        made[place] += 1
    return made


def explained(*, before: Iterable[Line], now: Iterable[Line], pairing: Pairing) -> ScoreChange | None:
    """Explain the difference between two years of one scope (a section, a sheet); None where a year has nothing that counts.

    A pair of which only one item is given has moved into the scope or out of it.
    """
    scope = _Scope(
        before={line.key: line for line in before}, now={line.key: line for line in now}, pairing=pairing
    )
    if not scope.possible_before or not scope.possible_now:
        return None
    parts = (*scope.kept(), *scope.came_in(), *scope.went_out())
    return ScoreChange(
        before=scope.share_before,
        now=scope.share_now,
        work=exact_sum(part.work for part in parts),
        ruler=_by_cause(parts),
        items=parts,
    )


def by_section(*, before: Iterable[Line], now: Iterable[Line], pairing: Pairing) -> Mapping[str, ScoreChange]:
    """Explain each section that counted in both years, by its slug."""
    earlier, later = list(before), list(now)
    found = {
        section: explained(
            before=[line for line in earlier if line.section == section],
            now=[line for line in later if line.section == section],
            pairing=pairing,
        )
        for section in dict.fromkeys(line.section for line in later)
    }
    return {section: change for section, change in found.items() if change is not None}


def mean_of(changes: Iterable[ScoreChange]) -> ScoreChange | None:
    """Explain the city: the mean of sheets that have both years; None without any."""
    chosen = list(changes)
    if not chosen:
        return None
    causes = dict.fromkeys(cause for change in chosen for cause in change.ruler)
    return ScoreChange(
        before=exact_sum(change.before for change in chosen) / len(chosen),
        now=exact_sum(change.now for change in chosen) / len(chosen),
        work=exact_sum(change.work for change in chosen) / len(chosen),
        ruler={
            cause: exact_sum(change.ruler.get(cause, NOTHING) for change in chosen) / len(chosen)
            for cause in Cause
            if cause in causes
        },
    )


def exact_sum(values: Iterable[Fraction]) -> Fraction:
    """Add many fractions over one common denominator: a city of them, without a greatest common divisor for each."""
    chosen = list(values)
    common = lcm(*(value.denominator for value in chosen))
    return Fraction(sum(value.numerator * (common // value.denominator) for value in chosen), common)


def _by_cause(parts: Iterable[ItemPart]) -> dict[Cause, Fraction]:
    chosen = [part for part in parts if part.ruler]
    return {
        cause: exact_sum(part.ruler for part in chosen if part.cause is cause)
        for cause in Cause
        if any(part.cause is cause for part in chosen)
    }


class _Scope:
    """The lines of one scope in both years, with the sums that every item is measured against."""

    def __init__(self, *, before: Mapping[str, Line], now: Mapping[str, Line], pairing: Pairing) -> None:
        self._before = before
        self._now = now
        self._pairing = pairing
        self.possible_before = sum(line.possible for line in before.values())
        self.possible_now = sum(line.possible for line in now.values())
        if not self.possible_before or not self.possible_now:
            return
        self.share_before = _share(before.values())
        self.share_now = _share(now.values())
        self._common = self._find_common()
        self._weights_now = sum(line.possible for line, _ in self._common)
        earlier = {was.key: was for _, was in self._common}
        self._weights_before = sum(was.possible for was in earlier.values())
        self._held = _share(earlier.values()) if earlier else self.share_before
        self._done = _share(line for line, _ in self._common) if earlier else self.share_before

    def _find_common(self) -> tuple[tuple[Line, Line], ...]:
        pairs = (
            (self._now[key], self._before[was])
            for key, was in self._pairing.comparable.items()
            if key in self._now and was in self._before
        )
        return tuple((line, was) for line, was in pairs if line.possible and was.possible)

    def kept(self) -> Iterator[ItemPart]:
        """Yield the common items: their work, and what their weight did."""
        heirs: dict[str, int] = {}
        for line, was in self._common:
            heirs[was.key] = heirs.get(was.key, 0) + line.possible
        for line, was in self._common:
            weight = Fraction(line.possible, self._weights_now)
            # The heirs of an item that was split carry its old weight together.
            old = Fraction(was.possible * line.possible, heirs[was.key] * self._weights_before)
            yield ItemPart(
                key=line.key,
                was=was.key,
                work=weight * (line.ratio - was.ratio),
                ruler=(weight - old) * (was.ratio - self._held),
                cause=Cause.WEIGHT,
            )

    def came_in(self) -> Iterator[ItemPart]:
        """Yield what counts this year and had no counted counterpart."""
        common = {line.key for line, _ in self._common}
        for line in self._now.values():
            if line.possible and line.key not in common:
                ruler = Fraction(line.possible, self.possible_now) * (line.ratio - self._done)
                yield ItemPart(
                    key=line.key, was=None, work=NOTHING, ruler=ruler, cause=self._why_in(line.key)
                )

    def went_out(self) -> Iterator[ItemPart]:
        """Yield what counted last year and has no counted counterpart."""
        common = {was.key for _, was in self._common}
        for was in self._before.values():
            if was.possible and was.key not in common:
                ruler = Fraction(was.possible, self.possible_before) * (self._held - was.ratio)
                yield ItemPart(key=None, was=was.key, work=NOTHING, ruler=ruler, cause=self._why_out(was.key))

    def _why_in(self, key: str) -> Cause:
        was = self._pairing.comparable.get(key)
        if was is not None:
            return Cause.APPLICABILITY if was in self._before else Cause.MOVED
        return Cause.WORDING if self._pairing.succeeded.get(key) else Cause.NEW

    def _why_out(self, was: str) -> Cause:
        heirs = [key for key, one in self._pairing.comparable.items() if one == was]
        if heirs:
            return Cause.APPLICABILITY if any(key in self._now for key in heirs) else Cause.MOVED
        succeeded = any(was in ancestors for ancestors in self._pairing.succeeded.values())
        return Cause.WORDING if succeeded else Cause.RETIRED


def _share(lines: Iterable[Line]) -> Fraction:
    chosen = [line for line in lines if line.possible]
    return Fraction(sum(line.points * line.weight for line in chosen), sum(line.possible for line in chosen))
