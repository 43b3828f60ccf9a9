"""Tables of the ledger. Every change is a new version; the one with the system's own number is the present one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.types import Instant, code
from app.kernel.ids import new_id


class InformationSystem(Base):
    """A system that stays itself while its name, owner and network change."""

    __tablename__ = "information_system"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)


class SystemVersion(Base):
    """What the ledger said of a system from one save to the next. Append-only; `salt` opens the digests in the journal."""

    __tablename__ = "system_version"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        Index("ix_system_version_unit", "unit_id"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    system_id: Mapped[UUID] = mapped_column(ForeignKey("information_system.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    kana: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    classification: Mapped[str] = mapped_column(code())
    zone: Mapped[str] = mapped_column(code())
    support_ends_on: Mapped[date | None]
    contractor: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text)
    retired_on: Mapped[date | None]
    salt: Mapped[str] = mapped_column(String(32))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


GUARDS = (Guard(table="system_version", unique_keys=(("system_id", "version"),)),)
