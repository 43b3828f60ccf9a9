"""What batches name, and what became of them."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.disposal.models import DisposalBatch, DisposalCount, DisposalSubject
from app.disposal.rules import NamedKind


def named_in(batch_id: UUID, kind: NamedKind) -> Select[UUID]:
    """Return the ids of one kind that a batch names, as a part of another statement."""
    return select(DisposalSubject.subject_id).where(
        DisposalSubject.batch_id == batch_id, DisposalSubject.kind == kind.value
    )


def batches_of(session: Session, *, subject_id: UUID) -> tuple[DisposalBatch, ...]:
    """Return the batches of a thing, the newest first: at most one of them still waits."""
    return tuple(
        session.scalars(
            select(DisposalBatch)
            .where(DisposalBatch.subject_id == subject_id)
            .order_by(DisposalBatch.prepared_at.desc(), DisposalBatch.id)
        )
    )


def counts_of(session: Session, *, batch_id: UUID) -> dict[str, int]:
    """Return how many rows of each table went with a batch; none before it was approved."""
    rows = session.execute(
        select(DisposalCount.table_name, DisposalCount.deleted).where(DisposalCount.batch_id == batch_id)
    )
    return {row.table_name: row.deleted for row in rows}
