"""Who followed whom, and who answers for a thing whose unit was split."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel.ids import UnitId
from app.organisation.models import OpenWorkChoice, UnitSuccession
from app.organisation.queries.trees import OnDay
from app.organisation.rules import Lineage, Succession, SuccessionKind, Takeover


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


def origin_of(
    subject_id: InstrumentedAttribute[UUID], unit_id: InstrumentedAttribute[UUID], *, day: OnDay
) -> ColumnElement[UUID]:
    """Return from which unit on the responsibility for a thing is followed: its own, or the one chosen when that was split.

    The successions on the day say who answers for that unit: `UnitTree.responsible`.
    """
    chosen = (
        select(OpenWorkChoice.unit_id)
        .where(OpenWorkChoice.subject_id == subject_id, OpenWorkChoice.in_force_from <= day)
        .order_by(OpenWorkChoice.in_force_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(chosen, unit_id, type_=Uuid())
