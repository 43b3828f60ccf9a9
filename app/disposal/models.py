"""Tables of disposal. They outlive what they name: who disposed of how much of what, when, and why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.types import Instant, code
from app.kernel.ids import new_id

PERMANENT = {"info": kept(RetentionClass.PERMANENT)}


class DisposalBatch(Base):
    """Records that go together: prepared by one person, decided by another."""

    __tablename__ = "disposal_batch"
    __table_args__ = (
        CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="decided_together",
        ),
        CheckConstraint(
            "outcome IS NULL OR outcome <> 'approved' OR decided_by <> prepared_by", name="two_persons"
        ),
        Index(
            "ix_disposal_batch_open",
            "subject_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        PERMANENT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # What goes as a whole, a campaign for one; its row may stay.
    subject_id: Mapped[UUID]
    # The chain of the batch in the journal, as the journal writes an id: the guards look it up.
    journal_id: Mapped[str] = mapped_column(String(36), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    decision_reason: Mapped[str] = mapped_column(Text)
    # Opens the digests that the journal keeps of both reasons.
    salt: Mapped[str] = mapped_column(String(32))
    prepared_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(code())
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class DisposalSubject(Base):
    """One thing that a batch names. What it names is gone afterwards, so nothing refers to it."""

    __tablename__ = "disposal_subject"
    __table_args__ = (Index("ix_disposal_subject_named", "subject_id", "kind"), PERMANENT)

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("disposal_batch.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(code(), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)


class DisposalCount(Base):
    """How many rows of one table went."""

    __tablename__ = "disposal_count"
    __table_args__ = (CheckConstraint("deleted >= 1", name="deleted_positive"), PERMANENT)

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("disposal_batch.id"), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(40), primary_key=True)
    deleted: Mapped[int]


_UNDECIDED = "(SELECT outcome FROM disposal_batch WHERE disposal_batch.id = {new}.batch_id) IS NULL"

GUARDS = (
    Guard(
        table="disposal_batch",
        unique_keys=(("id",), ("journal_id",)),
        partial_keys=((("subject_id",), "{row}.outcome IS NULL"),),
        growing=("outcome", "decided_by", "decided_at", "decision_reason"),
        grows=" AND ".join(
            (
                "{old}.outcome IS NULL",
                *(
                    f"{{new}}.{name} IS NOT DISTINCT FROM {{old}}.{name}"
                    for name in (column.name for column in DisposalBatch.__table__.columns)
                    if name not in {"outcome", "decided_by", "decided_at", "decision_reason"}
                ),
            )
        ),
    ),
    Guard(table="disposal_subject", unique_keys=(("batch_id", "kind", "subject_id"),), insertable=_UNDECIDED),
    Guard(table="disposal_count", unique_keys=(("batch_id", "table_name"),)),
)
