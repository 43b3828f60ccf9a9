"""Reading the organisation of a day."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
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
    and_,
    bindparam,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.types import NullType

from app.db.session import READS_ONE_MOMENT
from app.kernel.ids import UnitId
from app.organisation.models import Installation, Unit, UnitFunctionAssignment, UnitVersion
from app.organisation.rules import (
    PolicyOwner,
    UnitFunction,
    UnitKind,
    UnitPlan,
    UnitRow,
    UnitSpan,
    UnitTree,
    UnitView,
    plan_units,
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


_TREE: Final = (
    select(
        *(
            type_coerce(column, NullType()).label(column.name)
            for column in (
                Unit.__table__.c.code,
                *(UnitVersion.__table__.c[name] for name in ("unit_id", "name", "kana", "kind")),
                *(UnitVersion.__table__.c[name] for name in ("policy_owner", "parent_id", "sort_order")),
            )
        )
    )
    .join_from(Unit.__table__, UnitVersion.__table__, UnitVersion.unit_id == Unit.id)
    .where(valid_on(THE_DAY, UnitVersion.valid_from, UnitVersion.valid_to))
    .order_by(Unit.code)
)
"""The units of a day as the driver gives them: they are compared before anything is made of them."""
_FUNCTIONS: Final = select(UnitFunctionAssignment.function, UnitFunctionAssignment.unit_id).where(
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
        tree = UnitTree.of((_unit_of(row) for row in rows), day=day)
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


def unit_ids_by_code(session: Session, *, codes: Iterable[str]) -> dict[str, UnitId]:
    """Return the ids of unit codes; unknown codes are absent."""
    rows = session.execute(select(Unit.code, Unit.id).where(Unit.code.in_(list(codes))))
    return {row.code: UnitId(row.id) for row in rows}


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
        select(UnitFunctionAssignment.unit_id, UnitFunctionAssignment.function)
        .where(valid_on(day, UnitFunctionAssignment.valid_from, UnitFunctionAssignment.valid_to))
        .subquery("unit_functions_on")
    )


def codes_of_units(session: Session) -> dict[UnitId, str]:
    """Return the code of every unit that ever was."""
    return {UnitId(row.id): row.code for row in session.execute(select(Unit.id, Unit.code))}


def unit_histories(session: Session) -> dict[str, tuple[UnitSpan, ...]]:
    """Return every version of every unit by its code, oldest first."""
    parent = aliased(Unit)
    rows = session.execute(
        select(Unit.code, parent.code.label("parent_code"), UnitVersion.__table__)
        .join(UnitVersion, UnitVersion.unit_id == Unit.id)
        .outerjoin(parent, parent.id == UnitVersion.parent_id)
        .order_by(Unit.code, UnitVersion.valid_from)
    )
    found: dict[str, list[UnitSpan]] = {}
    for row in rows:
        span = UnitSpan(
            code=row.code,
            name=row.name,
            kana=row.kana,
            kind=UnitKind(row.kind),
            policy_owner=PolicyOwner(row.policy_owner),
            parent_code=row.parent_code,
            sort_order=row.sort_order,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        found.setdefault(row.code, []).append(span)
    return {code: tuple(spans) for code, spans in found.items()}


def planned_units(session: Session, *, rows: Sequence[UnitRow]) -> UnitPlan:
    """Return what reading in a list of units would do today, without doing it.

    Raises:
        InvalidInput: the list does not fit itself or what is stored; every problem is named.
    """
    return plan_units(unit_histories(session), rows)
