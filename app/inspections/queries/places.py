"""Which names, which 部 and which places units have in the lists of a campaign, on the day that their sheet stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from app.inspections.queries.sheet import CampaignLine
from app.inspections.rules import SEALED, CampaignState, State
from app.inspections.texts import taken_over_name
from app.kernel.ids import UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitKind, UnitTree

NO_DEPARTMENT: Final = "部に属さない所属"
"""The group of units that stand below nothing."""
ENDED_UNIT: Final = "廃止された所属"
"""The name of a unit that exists neither on the base date nor today."""


@dataclass(frozen=True, slots=True)
class Places:
    """Names and places of units: of today for open work, of the base date for what is sealed."""

    today: UnitTree
    base: UnitTree
    order: Mapping[UnitId, int]
    closed: bool

    def name(self, unit_id: UnitId, *, state: State) -> str:
        """Return the name of a unit on the day that its sheet stands for."""
        trees = (self.base, self.today) if state in SEALED else (self.today, self.base)
        return next((tree.by_id[unit_id].name for tree in trees if unit_id in tree.by_id), ENDED_UNIT)

    def name_followed(self, unit_id: UnitId, *, holder_id: UnitId, state: State) -> str:
        """Return the name of a sheet's unit; where another unit answers for open work now, that one's with the former name behind it."""
        if holder_id == unit_id or state in SEALED:
            return self.name(unit_id, state=state)
        then = self.base.by_id.get(unit_id)
        return taken_over_name(self.name(holder_id, state=state), then=then.name if then else ENDED_UNIT)

    def tree(self, unit_id: UnitId) -> UnitTree:
        """Return the tree in which a unit is looked for first."""
        trees = (self.base, self.today) if self.closed else (self.today, self.base)
        return next((tree for tree in trees if unit_id in tree.by_id), trees[0])

    def department(self, unit_id: UnitId) -> tuple[UnitId | None, str]:
        """Return the 部 of a unit."""
        return department_of(self.tree(unit_id), unit_id)

    def place(self, unit_id: UnitId) -> int:
        """Return where a unit stands in lists."""
        return self.order.get(unit_id, len(self.order))

    def place_by_department(self, unit_id: UnitId) -> tuple[bool, int]:
        """Return where a unit stands in lists under the names of the 部: whoever stands below none is one group, at the end."""
        return self.department(unit_id)[0] is None, self.place(unit_id)


def places_of(session: Session, *, line: CampaignLine, state: CampaignState, today: date) -> Places:
    """Return the units of the campaign's two days."""
    now, base = tree_on(session, day=today), tree_on(session, day=line.dates.base_date)
    closed = state is CampaignState.CLOSED
    first, second = (base, now) if closed else (now, base)
    units = [*first.units, *(unit for unit in second.units if unit.id not in first.by_id)]
    return Places(now, base, {unit.id: place for place, unit in enumerate(units)}, closed)


def department_of(tree: UnitTree, unit_id: UnitId) -> tuple[UnitId | None, str]:
    """Return the 部 of a unit with its name: the nearest one, else what stands at the top above it."""
    path = tree.path(unit_id)
    department = next((unit for unit in reversed(path) if unit.kind is UnitKind.DEPARTMENT), None)
    if department is None and len(path) > 1:
        department = path[0]
    return (department.id, department.name) if department else (None, NO_DEPARTMENT)
