"""What batches name, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.disposal.models import DisposalBatch, DisposalCount, DisposalSubject
from app.disposal.rules import DisposalOutcome, NamedKind
from app.kernel.ids import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A disposal as it was prepared and decided; `outcome` is None while it waits."""

    id: UUID
    subject_id: UUID
    prepared_by: PersonId
    prepared_at: datetime
    reason: str
    outcome: DisposalOutcome | None
    decided_by: PersonId | None
    decided_at: datetime | None
    decision_reason: str


def named_in(batch_id: UUID, kind: NamedKind) -> Select[UUID]:
    """Return the ids of one kind that a batch names, as a part of another statement."""
    return select(DisposalSubject.subject_id).where(
        DisposalSubject.batch_id == batch_id, DisposalSubject.kind == kind.value
    )


def batches_of(session: Session, *, subject_id: UUID) -> tuple[Batch, ...]:
    """Return the batches of a thing, the newest first: at most one of them still waits."""
    found = session.scalars(
        select(DisposalBatch)
        .where(DisposalBatch.subject_id == subject_id)
        .order_by(DisposalBatch.prepared_at.desc(), DisposalBatch.id)
    )
    return tuple(_as_batch(row) for row in found)


def batches_to_decide(session: Session, *, person_id: PersonId) -> tuple[Batch, ...]:
    """Return the batches that wait for somebody else than the one who prepared them, the oldest first."""
    found = session.scalars(
        select(DisposalBatch)
        .where(DisposalBatch.outcome.is_(None), DisposalBatch.prepared_by != person_id)
        .order_by(DisposalBatch.prepared_at, DisposalBatch.id)
    )
    return tuple(_as_batch(row) for row in found)


def _as_batch(row: DisposalBatch) -> Batch:
    return Batch(
        id=row.id,
        subject_id=row.subject_id,
        prepared_by=PersonId(row.prepared_by),
        prepared_at=row.prepared_at,
        reason=row.reason,
        outcome=DisposalOutcome(row.outcome) if row.outcome else None,
        decided_by=PersonId(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def counts_of(session: Session, *, batch_id: UUID) -> dict[str, int]:
    """Return how many rows of each table went with a batch; none before it was approved."""
    rows = session.execute(
        select(DisposalCount.table_name, DisposalCount.deleted).where(DisposalCount.batch_id == batch_id)
    )
    return {row.table_name: row.deleted for row in rows}
