"""Who takes over from a unit that is split, merged, renamed under a new code, or abolished.

Nothing is moved on the day: what a unit left open stays with it by its origin, and the successions say who answers for it then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.kernel.ids import UnitId


class SuccessionKind(StrEnum):
    """How one unit follows another."""

    RENAMED = "renamed"
    MERGED = "merged"
    SPLIT = "split"
    TRANSFERRED = "transferred"
    ABOLISHED = "abolished"


class Takeover(StrEnum):
    """Whether a successor answers for everything that nobody is named for, or only for what is named."""

    REST = "rest"
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """One unit follows another from a day on.

    Attributes:
        successor: none for a recorded end after which nobody takes over.
        takeover: exactly one successor of a unit that ends takes over the rest.
        share: how much of the work goes there, in percent, where the city says so.
        subject: what goes there, in words; empty for all of it.
    """

    predecessor: UnitId
    successor: UnitId | None
    kind: SuccessionKind
    effective_on: date
    takeover: Takeover
    share: int | None = None
    subject: str = ""


def heirs_on(
    successions: Iterable[Succession], *, living: Collection[UnitId], day: date
) -> Mapping[UnitId, UnitId]:
    """Return who answers on a day for what each ended unit left: one living unit for each, never two.

    The chain of those who took over the rest is followed from succession to succession, forward in time only. Units whose chain
    ends without a successor are absent: their end is on record, and there is nothing to take over.
    """
    following: dict[UnitId, list[Succession]] = {}
    for one in successions:
        if one.takeover is Takeover.REST and one.effective_on <= day:
            following.setdefault(one.predecessor, []).append(one)
    found = {}
    for origin in following:
        heir = _heir(origin, following=following, living=living)
        if heir is not None and origin not in living:
            found[origin] = heir
    return found


def _heir(
    origin: UnitId, *, following: Mapping[UnitId, list[Succession]], living: Collection[UnitId]
) -> UnitId | None:
    current, since, seen = origin, date.min, set[UnitId]()
    while current not in living:
        later = [one for one in following.get(current, ()) if one.effective_on >= since]
        if not later or current in seen:
            return None
        seen.add(current)
        taken = min(later, key=lambda one: one.effective_on)
        if taken.successor is None:
            return None
        current, since = taken.successor, taken.effective_on
    return current


@dataclass(frozen=True, slots=True, kw_only=True)
class HeirSpan:
    """Who answers for what an ended unit left, from one day to another."""

    origin: UnitId
    heir: UnitId
    valid_from: date
    valid_to: date | None


Life = Sequence[tuple[date, date | None]]
"""When a unit existed: half-open spans in their order."""


def heir_spans(successions: Sequence[Succession], *, lives: Mapping[UnitId, Life]) -> tuple[HeirSpan, ...]:
    """Return `heirs_on` for every day at once, as spans: what is kept as data, so that a statement can ask for a day."""
    days = {one.effective_on for one in successions}
    days |= {day for life in lives.values() for span in life for day in span if day is not None}
    open_spans: dict[UnitId, HeirSpan] = {}
    done: list[HeirSpan] = []
    for day in sorted(days):
        heirs = heirs_on(successions, living=_living(lives, day=day), day=day)
        over = [one for one, span in open_spans.items() if heirs.get(one) != span.heir]
        done += [replace(open_spans.pop(origin), valid_to=day) for origin in over]
        for origin in heirs.keys() - open_spans.keys():
            open_spans[origin] = HeirSpan(origin=origin, heir=heirs[origin], valid_from=day, valid_to=None)
    return (*done, *open_spans.values())


def _living(lives: Mapping[UnitId, Life], *, day: date) -> frozenset[UnitId]:
    return frozenset(
        unit_id
        for unit_id, life in lives.items()
        if any(start <= day and (end is None or end > day) for start, end in life)
    )


@dataclass(frozen=True, slots=True)
class Lineage:
    """The successions of a city, to be read in both directions."""

    successions: tuple[Succession, ...]

    def predecessors(self, unit_id: UnitId) -> tuple[Succession, ...]:
        """Return the successions by which a unit took over, the latest first."""
        return self._in_order(one for one in self.successions if one.successor == unit_id)

    def successors(self, unit_id: UnitId) -> tuple[Succession, ...]:
        """Return the successions by which a unit handed over, the latest first."""
        return self._in_order(one for one in self.successions if one.predecessor == unit_id)

    def heirs_since(self, unit_id: UnitId, *, day: date) -> frozenset[UnitId]:
        """Return to which units a part of a unit's work of a day went, forward in time only; itself is not among them.

        A task that a unit handed over while it went on takes none of its records along.
        """
        found: dict[UnitId, date] = {}
        queue = [(unit_id, day)]
        while queue:
            origin, since = queue.pop()
            for one in self.successors(origin):
                went = one.kind is not SuccessionKind.TRANSFERRED or one.takeover is Takeover.REST
                if not went or one.successor is None or one.effective_on <= since:
                    continue
                if one.successor not in found or one.effective_on < found[one.successor]:
                    found[one.successor] = one.effective_on
                    queue.append((one.successor, one.effective_on))
        return frozenset(found.keys() - {unit_id})

    @staticmethod
    def _in_order(found: Iterable[Succession]) -> tuple[Succession, ...]:
        return tuple(sorted(found, key=lambda one: (-one.effective_on.toordinal(), str(one.predecessor))))
