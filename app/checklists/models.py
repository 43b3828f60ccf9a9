"""Tables of checklists. The content of an edition is its canonical JSON; items have rows of their own for answers to point to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.types import Instant, code, hex_digest
from app.kernel.ids import new_id


class Checklist(Base):
    """A kind of checklist (所属, 個人, システム) that lives through its editions."""

    __tablename__ = "checklist"
    __table_args__ = ({"info": kept(RetentionClass.PERMANENT)},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(code(), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ChecklistEdition(Base):
    """One edition. `content` is canonical JSON, `digest` its SHA-256; both are sealed when it is published."""

    __tablename__ = "checklist_edition"
    __table_args__ = (
        UniqueConstraint("checklist_id", "label"),
        CheckConstraint("(published_at IS NULL) = (published_by IS NULL)", name="published_pair"),
        CheckConstraint("(published_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_pair"),
        CheckConstraint("(published_at IS NULL) = (state = 'draft')", name="published_state"),
        CheckConstraint("published_by IS NULL OR published_by <> confirmed_by", name="two_persons"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    checklist_id: Mapped[UUID] = mapped_column(ForeignKey("checklist.id"))
    label: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(code())
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(hex_digest())
    imported_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(Text)


class ChecklistItem(Base):
    """One item of one edition: the row that answers point to. Its words stand in the edition's content."""

    __tablename__ = "checklist_item"
    __table_args__ = (
        UniqueConstraint("edition_id", "item_key"),
        UniqueConstraint("edition_id", "position"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_edition.id"))
    item_key: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]


_PUBLISHED = (
    "(SELECT state FROM checklist_edition WHERE checklist_edition.id = {row}.edition_id) = 'published'"
)

GUARDS = (
    Guard(
        table="checklist_edition",
        unique_keys=(("id",), ("checklist_id", "label")),
        frozen="{row}.state = 'published'",
    ),
    Guard(
        table="checklist_item",
        unique_keys=(("id",), ("edition_id", "item_key"), ("edition_id", "position")),
        frozen=_PUBLISHED,
        insertable=f"NOT ({_PUBLISHED.replace('{row}', '{new}')})",
    ),
)
