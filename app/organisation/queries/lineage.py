"""Who followed whom, and who answers for a thing whose unit was split."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel.ids import UnitId
from app.organisation.models import OpenWorkChoice, UnitHeir, UnitSuccession, UnitVersion
from app.organisation.queries.histories import last_names
from app.organisation.queries.trees import OnDay, valid_on
from app.organisation.rules import HeirSpan, Lineage, Succession, SuccessionKind, Takeover, heir_spans

UuidColumn = InstrumentedAttribute[UUID] | ColumnElement[UUID]


def lineage_until(session: Session, *, day: date) -> Lineage:
    """Return every succession up to a day."""
    rows = session.scalars(select(UnitSuccession).where(UnitSuccession.effective_on <= day))
    return Lineage(
        tuple(
            Succession(
                predecessor=UnitId(row.predecessor_id),
                successor=UnitId(row.successor_id) if row.successor_id else None,
                kind=SuccessionKind(row.kind),
                effective_on=row.effective_on,
                takeover=Takeover(row.takeover),
                share=row.share,
                subject=row.subject,
            )
            for row in rows
        )
    )


def responsible_unit(subject_id: UuidColumn, unit_id: UuidColumn, *, day: OnDay) -> ColumnElement[UUID]:
    """Return the unit that answers on a day for a thing that began in a unit, for the columns and conditions of statements from above.

    A choice that was made when its unit was split comes first; from there on the successions are followed. What began in a
    living unit stays with it.
    """
    chosen = (
        select(OpenWorkChoice.unit_id)
        .where(OpenWorkChoice.subject_id == subject_id, OpenWorkChoice.in_force_from <= day)
        .order_by(OpenWorkChoice.in_force_from.desc())
        .limit(1)
        # Two levels down SQLAlchemy would not see by itself that the thing is the outer statement's.
        .correlate_except(OpenWorkChoice)
        .scalar_subquery()
    )
    origin = func.coalesce(chosen, unit_id, type_=Uuid())
    heir = (
        select(UnitHeir.heir_id)
        .where(UnitHeir.origin_id == origin, valid_on(day, UnitHeir.valid_from, UnitHeir.valid_to))
        .correlate_except(UnitHeir)
        .scalar_subquery()
    )
    return func.coalesce(heir, origin, type_=Uuid())


def computed_heirs(session: Session) -> tuple[HeirSpan, ...]:
    """Return who answers for whom on which days, computed from versions and successions."""
    lives: dict[UnitId, list[tuple[date, date | None]]] = {}
    for unit_id, start, end in session.execute(
        select(UnitVersion.unit_id, UnitVersion.valid_from, UnitVersion.valid_to)
    ):
        lives.setdefault(UnitId(unit_id), []).append((start, end))
    return heir_spans(lineage_until(session, day=date.max).successions, lives=lives)


def stored_heirs(session: Session) -> frozenset[HeirSpan]:
    """Return who answers for whom on which days, as it is kept."""
    return frozenset(
        HeirSpan(
            origin=UnitId(row.origin_id),
            heir=UnitId(row.heir_id),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in session.scalars(select(UnitHeir))
    )


def ends_without_succession(session: Session) -> frozenset[UnitId]:
    """Return the units that ended, or will, without a word about who takes what is left."""
    said = {
        (row.predecessor_id, row.effective_on)
        for row in session.execute(
            select(UnitSuccession.predecessor_id, UnitSuccession.effective_on).where(
                UnitSuccession.takeover == Takeover.REST.value
            )
        )
    }
    rows = session.execute(select(UnitVersion.unit_id, UnitVersion.valid_to).order_by(UnitVersion.valid_from))
    last = {row.unit_id: row.valid_to for row in rows}
    return frozenset(
        UnitId(unit_id) for unit_id, end in last.items() if end is not None and (unit_id, end) not in said
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionLine:
    """One succession as the page of a unit shows it: the other unit, by the name that it had on that day."""

    unit_id: UnitId
    unit_name: str
    kind: SuccessionKind
    effective_on: date
    takeover: Takeover
    share: int | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLineage:
    """From whom a unit took over, and who takes over from it, the latest first."""

    predecessors: tuple[SuccessionLine, ...] = ()
    successors: tuple[SuccessionLine, ...] = ()


def lineage_of(session: Session, *, unit_id: UnitId) -> UnitLineage:
    """Return the successions of a unit in both directions, those that are confirmed for later among them: two statements."""
    rows = session.scalars(
        select(UnitSuccession)
        .where(
            or_(UnitSuccession.predecessor_id == unit_id, UnitSuccession.successor_id == unit_id),
            UnitSuccession.successor_id.is_not(None),
        )
        .order_by(UnitSuccession.effective_on.desc(), UnitSuccession.id)
    ).all()
    names = last_names(
        session,
        unit_ids={UnitId(one) for row in rows for one in (row.predecessor_id, row.successor_id) if one},
    )
    came = [
        _line(row, other=UnitId(row.predecessor_id), names=names)
        for row in rows
        if row.successor_id == unit_id
    ]
    went = [
        _line(row, other=UnitId(row.successor_id), names=names)
        for row in rows
        if row.predecessor_id == unit_id and row.successor_id
    ]
    return UnitLineage(predecessors=tuple(came), successors=tuple(went))


def _line(row: UnitSuccession, *, other: UnitId, names: Mapping[UnitId, str]) -> SuccessionLine:
    return SuccessionLine(
        unit_id=other,
        unit_name=names.get(other, ""),
        kind=SuccessionKind(row.kind),
        effective_on=row.effective_on,
        takeover=Takeover(row.takeover),
        share=row.share,
        subject=row.subject,
    )
