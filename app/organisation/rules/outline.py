"""Showing the tree of a day, and what a unit was from one day to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.kernel.ids import PersonId, UnitId
from app.organisation.rules.units import PolicyOwner, UnitKind, UnitTree, UnitView


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineLine:
    """A unit with what stands below it. `people` is None where people are not counted.

    Attributes:
        units: how many units stand below.
        people: who holds a post in it or below, each person once.
    """

    unit: UnitView
    units: int
    people: int | None
    below: tuple["OutlineLine", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerGroup:
    """All units that one policy binds, as trees."""

    owner: PolicyOwner
    lines: tuple[OutlineLine, ...]
    units: int
    people: int | None


Staff = Mapping[UnitId, frozenset[PersonId]]


def outline(tree: UnitTree, *, staff: Staff | None) -> tuple[OwnerGroup, ...]:
    """Arrange the units of a day by whose policy binds them; each unit stands in exactly one group.

    A unit that another policy binds than the one above it begins a tree of its own in its group.
    """
    below: dict[UnitId, list[OutlineLine]] = {}
    tops: dict[PolicyOwner, list[OutlineLine]] = {}
    working: dict[UnitId | PolicyOwner, set[PersonId]] = {}
    for unit in reversed(tree.units):
        people = working.setdefault(unit.id, set())
        people.update((staff or {}).get(unit.id, ()))
        lines = tuple(reversed(below.get(unit.id, [])))
        line = OutlineLine(
            unit=unit,
            units=sum(1 + one.units for one in lines),
            people=None if staff is None else len(people),
            below=lines,
        )
        above = tree.by_id.get(unit.parent_id) if unit.parent_id else None
        if above is not None and above.policy_owner is unit.policy_owner:
            below.setdefault(above.id, []).append(line)
            working.setdefault(above.id, set()).update(people)
        else:
            tops.setdefault(unit.policy_owner, []).append(line)
            working.setdefault(unit.policy_owner, set()).update(people)
    return tuple(
        OwnerGroup(
            owner=owner,
            lines=tuple(reversed(tops[owner])),
            units=sum(1 + line.units for line in tops[owner]),
            people=None if staff is None else len(working[owner]),
        )
        for owner in PolicyOwner
        if owner in tops
    )


class Standing(StrEnum):
    """Whether something is there on a day."""

    IN_FORCE = "in-force"
    TO_COME = "to-come"
    ENDED = "ended"


def standing_on(day: date, *, valid_from: date, valid_to: date | None) -> Standing:
    """Return how a validity stands to a day."""
    if day < valid_from:
        return Standing.TO_COME
    return Standing.IN_FORCE if valid_to is None or day < valid_to else Standing.ENDED


class UnitAspect(StrEnum):
    """What of a unit can be another from one day to the next."""

    NAME = "name"
    KANA = "kana"
    KIND = "kind"
    POLICY_OWNER = "policy-owner"
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVersionView:
    """A unit as it is for a time, `[valid_from, valid_to)`."""

    unit_id: UnitId
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_id: UnitId | None
    valid_from: date
    valid_to: date | None

    @property
    def last_day(self) -> date | None:
        """Return the last day on which it holds; None while it has no end."""
        return self.valid_to - timedelta(days=1) if self.valid_to else None

    def standing(self, day: date) -> Standing:
        """Return how it stands to a day."""
        return standing_on(day, valid_from=self.valid_from, valid_to=self.valid_to)

    def differs_in(self, before: "UnitVersionView") -> tuple[UnitAspect, ...]:
        """Return what is another than in the version before; its place among its siblings is no change."""
        pairs = {
            UnitAspect.NAME: self.name == before.name,
            UnitAspect.KANA: self.kana == before.kana,
            UnitAspect.KIND: self.kind is before.kind,
            UnitAspect.POLICY_OWNER: self.policy_owner is before.policy_owner,
            UnitAspect.PARENT: self.parent_id == before.parent_id,
        }
        return tuple(aspect for aspect, same in pairs.items() if not same)


def version_to_show(versions: Sequence[UnitVersionView], *, day: date) -> UnitVersionView | None:
    """Return what a unit is shown as on a day: what it was then, or what it was last, or what it begins as.

    Args:
        versions: of one unit, oldest first.
        day: the day.
    """
    begun = [version for version in versions if version.valid_from <= day]
    return begun[-1] if begun else next(iter(versions), None)
