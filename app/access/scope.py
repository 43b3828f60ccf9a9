"""Which units somebody sees: one value for single checks and for lists, held equal by a property test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from app.kernel.ids import UnitId


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole city, or a set of units."""

    whole_city: bool = False
    unit_ids: frozenset[UnitId] = field(default=frozenset())

    @classmethod
    def city(cls) -> "Scope":
        """Every unit."""
        return cls(whole_city=True)

    @classmethod
    def units(cls, unit_ids: Iterable[UnitId]) -> "Scope":
        """Exactly these units."""
        return cls(unit_ids=frozenset(unit_ids))

    def contains(self, unit_id: UnitId) -> bool:
        """Return whether a unit is seen."""
        return self.whole_city or unit_id in self.unit_ids

    def where(self, column: InstrumentedAttribute[Any] | ColumnElement[UUID]) -> ColumnElement[bool]:
        """Return the same as a condition on a unit column."""
        if self.whole_city:
            return true()
        return column.in_(self.unit_ids) if self.unit_ids else false()
