"""Tables of the organisation."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.search import Searched
from app.db.types import Instant, code
from app.kernel.ids import new_id


class Installation(Base):
    """What this database is: a city's own, or the demonstration with its story clock. Exactly one row."""

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("(kind = 'demo') = (story_start IS NOT NULL)", name="story"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    kind: Mapped[str] = mapped_column(code())
    created_at: Mapped[datetime] = mapped_column(Instant)
    story_start: Mapped[datetime | None] = mapped_column(Instant)


class Unit(Base):
    """A unit that stays itself while its name and place change."""

    __tablename__ = "unit"
    __table_args__ = ({"info": kept(RetentionClass.PERMANENT)},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class UnitVersion(Searched, Base):
    """Name, place and kind of a unit for a time. Versions of one unit never overlap."""

    __tablename__ = "unit_version"
    __table_args__ = (
        UniqueConstraint("unit_id", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("parent_id IS NULL OR parent_id <> unit_id", name="not_own_parent"),
        Index("ix_unit_version_days", "valid_from", "valid_to"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(100))
    kana: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(code())
    policy_owner: Mapped[str] = mapped_column(code())
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    sort_order: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class UnitFunctionAssignment(Base):
    """A function that a unit as a whole holds for a time (情報主管課, 代替審査, 監査)."""

    __tablename__ = "unit_function"
    __table_args__ = (
        UniqueConstraint("unit_id", "function", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    function: Mapped[str] = mapped_column(code())
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
