"""Every version of every unit, by code: what lists are laid over."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.kernel.ids import UnitId
from app.kernel.ports import Ports
from app.organisation.models import Unit, UnitVersion
from app.organisation.rules import PolicyOwner, UnitKind, UnitPlan, UnitRow, UnitSpan, plan_units


def unit_ids_by_code(session: Session, *, codes: Iterable[str]) -> dict[str, UnitId]:
    """Return the ids of unit codes; unknown codes are absent."""
    rows = session.execute(select(Unit.code, Unit.id).where(Unit.code.in_(list(codes))))
    return {row.code: UnitId(row.id) for row in rows}


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


def planned_units(session: Session, *, rows: Sequence[UnitRow], ports: Ports) -> UnitPlan:
    """Return what reading in a list of units would do today, without doing it.

    Raises:
        InvalidInput: the list does not fit itself or what is stored; every problem is named.
    """
    return plan_units(unit_histories(session), rows, last_closed=ports.last_closed_on(session))


def last_names(session: Session, *, unit_ids: Iterable[UnitId]) -> dict[UnitId, str]:
    """Return the name that each unit had last; unknown ids are absent, and asking for none asks nothing."""
    wanted = frozenset(unit_ids)
    if not wanted:
        return {}
    rows = session.execute(
        select(UnitVersion.unit_id, UnitVersion.name)
        .where(UnitVersion.unit_id.in_(wanted))
        .order_by(UnitVersion.valid_from)
    )
    return {UnitId(row.unit_id): row.name for row in rows}
