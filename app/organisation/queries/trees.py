"""Reading the organisation of a day."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from threading import Lock
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    Subquery,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from app.db.session import READS_ONE_MOMENT
from app.kernel.ids import UnitId
from app.organisation.models import (
    Installation,
    Unit,
    UnitFunctionAssignment,
    UnitHeir,
    UnitVersion,
)
from app.organisation.rules import (
    PolicyOwner,
    UnitFunction,
    UnitKind,
    UnitTree,
    UnitView,
)


def installation(session: Session) -> Installation | None:
    """Return what this database is; None before `flask setup` or the demonstration."""
    return session.get(Installation, 1)


OnDay = date | BindParameter[date]
"""A day, or the place of one in a statement that is built once and serves every request."""
THE_DAY: Final = bindparam("day", type_=Date())


def valid_on(
    day: OnDay, start: InstrumentedAttribute[Any], end: InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    """Return the condition that a half-open validity covers a day."""
    return and_(start <= day, or_(end.is_(None), end > day))


_HEIR: Final = "→"
"""In place of the kind of a unit: the row says who answers for an ended one."""
_HEIRS: Final = UnitHeir.__table__.c
_LIVING: Final = (
    select(
        Unit.code,
        UnitVersion.unit_id,
        UnitVersion.name,
        UnitVersion.kana,
        UnitVersion.kind,
        UnitVersion.policy_owner,
        UnitVersion.parent_id,
        UnitVersion.sort_order,
    )
    .join_from(Unit.__table__, UnitVersion.__table__, UnitVersion.unit_id == Unit.id)
    .where(valid_on(THE_DAY, UnitVersion.valid_from, UnitVersion.valid_to))
)
_ENDED: Final = select(
    literal(""),
    _HEIRS.origin_id,
    literal(""),
    literal(""),
    literal(_HEIR),
    literal(""),
    _HEIRS.heir_id,
    literal(0),
).where(valid_on(THE_DAY, UnitHeir.valid_from, UnitHeir.valid_to))
_ROWS: Final = union_all(_LIVING, _ENDED).subquery()
_TREE: Final = select(*(type_coerce(column, NullType()).label(column.name) for column in _ROWS.c)).order_by(
    _ROWS.c.code, _ROWS.c.unit_id
)
"""The units of a day and who answers for those that ended, as the driver gives them: they are compared before anything is made of them."""


def _holds(day: OnDay) -> ColumnElement[UUID]:
    """Return the unit that holds a function on a day: it goes over with the unit to which it was given."""
    heir = (
        select(_HEIRS.heir_id)
        .where(
            _HEIRS.origin_id == UnitFunctionAssignment.unit_id,
            valid_on(day, UnitHeir.valid_from, UnitHeir.valid_to),
        )
        .scalar_subquery()
    )
    return func.coalesce(heir, UnitFunctionAssignment.unit_id, type_=Uuid())


_FUNCTIONS: Final = select(UnitFunctionAssignment.function, _holds(THE_DAY).label("unit_id")).where(
    valid_on(THE_DAY, UnitFunctionAssignment.valid_from, UnitFunctionAssignment.valid_to)
)


def tree_on(session: Session, *, day: date) -> UnitTree:
    """Return all units of a day. A reading session sees one moment, so it reads the tree of a day once."""
    if not session.info.get(READS_ONE_MOMENT):
        return _load_tree(session, day=day)
    key = ("tree", day)
    if key not in session.info:
        session.info[key] = _load_tree(session, day=day)
    return cast("UnitTree", session.info[key])


class _Shelf:
    """The last trees that were built. The stored rows are read each time; a tree is built anew only when they are others."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._trees: OrderedDict[date, tuple[Sequence[Row[*tuple[Any, ...]]], UnitTree]] = OrderedDict()

    def tree(self, rows: Sequence[Row[*tuple[Any, ...]]], *, day: date) -> UnitTree:
        """Return the tree of the rows of a day."""
        with self._lock:
            kept = self._trees.get(day)
        if kept is not None and kept[0] == rows:
            return kept[1]
        living = (_unit_of(row) for row in rows if row.kind != _HEIR)
        heirs = {
            UnitId(_uuid(row.unit_id)): UnitId(_uuid(row.parent_id)) for row in rows if row.kind == _HEIR
        }
        tree = UnitTree.of(living, day=day, heirs=heirs)
        with self._lock:
            self._trees[day] = (rows, tree)
            self._trees.move_to_end(day)
            while len(self._trees) > self._size:
                self._trees.popitem(last=False)
        return tree


_SHELF: Final = _Shelf(size=16)


def _load_tree(session: Session, *, day: date) -> UnitTree:
    return _SHELF.tree(session.connection().execute(_TREE, {"day": day}).all(), day=day)


def _unit_of(row: Row[*tuple[Any, ...]]) -> UnitView:
    return UnitView(
        id=UnitId(_uuid(row.unit_id)),
        code=row.code,
        name=row.name,
        kana=row.kana,
        kind=UnitKind(row.kind),
        policy_owner=PolicyOwner(row.policy_owner),
        parent_id=UnitId(_uuid(row.parent_id)) if row.parent_id else None,
        sort_order=row.sort_order,
    )


def _uuid(stored: object) -> UUID:
    """Return an id as PostgreSQL's driver gives it, or as SQLite keeps it."""
    return stored if isinstance(stored, UUID) else UUID(str(stored))


def units_with(session: Session, *, function: UnitFunction, day: date) -> frozenset[UnitId]:
    """Return the units that hold a function on a day."""
    return functions_of_units(session, day=day)[function]


def functions_of_units(session: Session, *, day: date) -> dict[UnitFunction, frozenset[UnitId]]:
    """Return who holds each unit function on a day, in one query."""
    held: dict[UnitFunction, set[UnitId]] = {function: set() for function in UnitFunction}
    rows = session.execute(_FUNCTIONS, {"day": day})
    for function, unit_id in rows:
        held[UnitFunction(function)].add(UnitId(unit_id))
    return {function: frozenset(units) for function, units in held.items()}


def units_on(day: OnDay) -> Subquery:
    """Return the units of a day as a selectable for joins from above: `unit_id`, `code`, `name`."""
    return (
        select(UnitVersion.unit_id, Unit.code, UnitVersion.name)
        .join(Unit, Unit.id == UnitVersion.unit_id)
        .where(valid_on(day, UnitVersion.valid_from, UnitVersion.valid_to))
        .subquery("units_on")
    )


def unit_functions_on(day: OnDay) -> Subquery:
    """Return the functions that units hold on a day as a selectable: `unit_id`, `function`."""
    return (
        select(_holds(day).label("unit_id"), UnitFunctionAssignment.function)
        .where(valid_on(day, UnitFunctionAssignment.valid_from, UnitFunctionAssignment.valid_to))
        .subquery("unit_functions_on")
    )
