"""Tables of notices and of the mails that carried them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.types import Instant, code
from app.kernel.ids import new_id

THREE_YEARS = {"info": kept(RetentionClass.THREE_YEARS)}


class MailDigest(Base):
    """The one mail of a person and day: claimed before it is handed over, settled afterwards. Its notices name it."""

    __tablename__ = "mail_digest"
    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        CheckConstraint("tries >= 1", name="tries_positive"),
        CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="next_try"),
        Index("ix_mail_digest_state", "state", "claimed_at"),
        THREE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(code())
    cause: Mapped[str | None] = mapped_column(code())
    tries: Mapped[int]
    claimed_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)


class Notice(Base):
    """Something that a person has to know. Written once for each occasion; the words are made when it is shown."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "subject_id", "occasion"),
        Index("ix_notice_own", "person_id", "created_at"),
        Index(
            "ix_notice_unread",
            "person_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notice_context", "context_id", "created_at"),
        Index("ix_notice_digest", "digest_id"),
        THREE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(code())
    subject_id: Mapped[UUID]
    context_id: Mapped[UUID]
    occasion: Mapped[str] = mapped_column(String(80))
    due_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("mail_digest.id"))
