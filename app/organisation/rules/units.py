"""What a unit is. Validity is half-open: `[valid_from, valid_to)`, an open end is None."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.ids import UnitId

CODE_LENGTH: Final = 20
NAME_LENGTH: Final = 100
KANA_LENGTH: Final = 200
LARGEST_ORDER: Final = 999_999
"""How long codes, names and readings may be, and the largest number by which units are ordered."""


class UnitKind(StrEnum):
    """What sort of office a unit is."""

    BODY = "body"
    DEPARTMENT = "department"
    DIVISION = "division"
    SUBSECTION = "subsection"
    BRANCH = "branch"


class PolicyOwner(StrEnum):
    """Whose security policy binds the unit: each of them decides its own.

    Basis: 地方自治法 第244条の6第1項 (議会及び長その他の執行機関が、それぞれ方針を定める).
    """

    MAYOR = "mayor"
    EDUCATION = "education"
    ASSEMBLY = "assembly"
    UTILITY = "utility"
    HOSPITAL = "hospital"
    FIRE = "fire"


class InstallationKind(StrEnum):
    """Whether a database belongs to a city or to the demonstration. One never becomes the other."""

    CITY = "city"
    DEMO = "demo"


class UnitFunction(StrEnum):
    """Functions that a unit as a whole holds for a time."""

    LEAD_DIVISION = "lead-division"
    SUBSTITUTE_REVIEW = "substitute-review"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """A unit as it was on one day."""

    id: UnitId
    code: str
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_id: UnitId | None
    sort_order: int


@dataclass(frozen=True, slots=True)
class UnitTree:
    """All units of one day, in the order in which lists show them (parents before children)."""

    day: date
    units: tuple[UnitView, ...]
    by_id: Mapping[UnitId, UnitView]
    heirs: Mapping[UnitId, UnitId] = field(default_factory=dict)

    @classmethod
    def of(
        cls, units: Iterable[UnitView], *, day: date, heirs: Mapping[UnitId, UnitId] | None = None
    ) -> "UnitTree":
        """Arrange units as a tree: siblings by their order, then by code. `heirs` says who answers for units that have ended."""
        found = list(units)
        children: dict[UnitId | None, list[UnitView]] = {}
        known = {unit.id for unit in found}
        for unit in sorted(found, key=lambda unit: (unit.sort_order, unit.code)):
            children.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
        ordered: list[UnitView] = []
        stack = list(reversed(children.get(None, [])))
        while stack:
            unit = stack.pop()
            ordered.append(unit)
            stack.extend(reversed(children.get(unit.id, [])))
        by_id = {unit.id: unit for unit in ordered}
        return cls(day, tuple(ordered), by_id, heirs or {})

    def responsible(self, origin: UnitId) -> UnitId:
        """Return the unit that answers on this day for what began in another one.

        A living unit answers for itself. Where an end is on record without a successor, the unit itself is returned: nobody is
        of it, so that what is left goes up to 統括.
        """
        return self.heirs.get(origin, origin)

    def origins(self, unit_ids: Iterable[UnitId]) -> frozenset[UnitId]:
        """Return the units for whose work some units answer on this day: themselves, and those that ended into them."""
        own = frozenset(unit_ids)
        return own | {origin for origin, heir in self.heirs.items() if heir in own}

    def path(self, unit_id: UnitId) -> tuple[UnitView, ...]:
        """Return the unit and everything above it, from the top down."""
        found: dict[UnitId, UnitView] = {}
        current = self.by_id.get(unit_id)
        while current is not None and current.id not in found:
            found[current.id] = current
            current = self.by_id.get(current.parent_id) if current.parent_id else None
        return tuple(reversed(found.values()))

    def depth(self, unit_id: UnitId) -> int:
        """Return how many units stand above."""
        return len(self.path(unit_id)) - 1

    def below(self, unit_ids: Iterable[UnitId]) -> frozenset[UnitId]:
        """Return the units and everything below them."""
        roots, found = frozenset(unit_ids), set[UnitId]()
        for unit in self.units:
            if unit.id in roots or unit.parent_id in found:
                found.add(unit.id)
        return frozenset(found)
