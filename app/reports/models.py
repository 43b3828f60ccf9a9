"""The table of kept documents. A document of a sealed revision is made once; a reprint serves those bytes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard, named_for_disposal
from app.db.types import Instant, code, hex_digest
from app.kernel.ids import new_id


class KeptDocument(Base):
    """The PDF of one sealed revision: its number, and where its bytes lie by their digest."""

    __tablename__ = "kept_document"
    __table_args__ = ({"info": kept(RetentionClass.FIVE_YEARS)},)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("sealed_revision.revision_id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    file_digest: Mapped[str] = mapped_column(hex_digest())
    size: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Instant)


class DocumentRequest(Base):
    """A request for the documents of all sealed sheets of a campaign, made into one archive by the regular jobs.

    The archive lies under the id of its request. `archive_digest` is no kept file's: whatever it holds can be made again.
    """

    __tablename__ = "document_request"
    __table_args__ = (
        CheckConstraint("(made_at IS NULL) = (archive_digest IS NULL)", name="made_archive"),
        CheckConstraint("(made_at IS NOT NULL) = (state IN ('made', 'removed'))", name="made_state"),
        CheckConstraint("failures >= 0", name="failures_counted"),
        Index("ix_document_request_campaign", "campaign_id"),
        Index(
            "ix_document_request_waiting",
            "campaign_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        {"info": kept(RetentionClass.FIVE_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    kind: Mapped[str] = mapped_column(code())
    state: Mapped[str] = mapped_column(code())
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    # When a round began it; none while nobody is at it.
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int]
    documents: Mapped[int]
    archive_digest: Mapped[str | None] = mapped_column(hex_digest())
    size: Mapped[int]
    made_at: Mapped[datetime | None] = mapped_column(Instant)


GUARDS = (
    Guard(
        table="kept_document",
        unique_keys=(("revision_id",), ("number",)),
        disposable=named_for_disposal("revision", "{row}.revision_id"),
    ),
)
