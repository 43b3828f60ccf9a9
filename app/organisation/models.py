"""Tables of the organisation."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.search import Searched
from app.db.types import Instant, code, hex_digest
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


class UnitSuccession(Base):
    """One unit follows another from a day on (承継). Of a unit that ends exactly one takes the rest."""

    __tablename__ = "unit_succession"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id", "effective_on"),
        CheckConstraint("successor_id IS NULL OR successor_id <> predecessor_id", name="another_unit"),
        CheckConstraint("successor_id IS NOT NULL OR kind = 'abolished'", name="recorded_end"),
        CheckConstraint("share IS NULL OR share BETWEEN 1 AND 100", name="share_range"),
        Index(
            "ix_unit_succession_rest",
            "predecessor_id",
            "effective_on",
            unique=True,
            sqlite_where=text("takeover = 'rest'"),
            postgresql_where=text("takeover = 'rest'"),
        ),
        Index("ix_unit_succession_successor", "successor_id"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(code())
    takeover: Mapped[str] = mapped_column(code())
    share: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(200))
    effective_on: Mapped[date]
    # None where a list with end dates recorded the end.
    reorganisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("reorganisation.id"))


class UnitHeir(Base):
    """Which living unit answers for what an ended one left, from one day to another: the successions followed to their end.

    It can be made again from versions and successions at any time; `flask doctor` compares.
    """

    __tablename__ = "unit_heir"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("heir_id <> origin_id", name="another_unit"),
        Index("ix_unit_heir_heir", "heir_id"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    origin_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    heir_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))


class Reorganisation(Base):
    """A new tree from a day on, prepared by one person and confirmed by another.

    `tree` holds the rows as they were read, canonical JSON; `plan_digest` what they do to the organisation as it was then, so that nobody confirms something
    else than was seen; `act` the histories that it touched, before and after, so that its page says what it did and it can be undone until its day.
    """

    __tablename__ = "reorganisation"
    __table_args__ = (
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL) AND (confirmed_at IS NULL) = (act IS NULL)",
            name="confirmed_together",
        ),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> prepared_by", name="two_persons"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_together"),
        CheckConstraint("state <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_state"),
        CheckConstraint("(state IN ('undone', 'discarded')) = (ended_at IS NOT NULL)", name="ended_state"),
        CheckConstraint("version >= 1", name="version_positive"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(100))
    effective_on: Mapped[date]
    state: Mapped[str] = mapped_column(code())
    version: Mapped[int]
    tree: Mapped[str] = mapped_column(Text)
    plan_digest: Mapped[str] = mapped_column(hex_digest())
    act: Mapped[str | None] = mapped_column(Text)
    # The file that was read; none where the tree was edited on the page since.
    file_digest: Mapped[str | None] = mapped_column(hex_digest())
    prepared_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ReorganisationEditor(Base):
    """Who had a hand in the new tree: none of them confirms it."""

    __tablename__ = "reorganisation_editor"
    __table_args__ = ({"info": kept(RetentionClass.PERMANENT)},)

    reorganisation_id: Mapped[UUID] = mapped_column(ForeignKey("reorganisation.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


class OpenWorkChoice(Base):
    """To whom one open thing of a unit that is split goes. In force once its reorganisation is confirmed, from its day on."""

    __tablename__ = "open_work_choice"
    __table_args__ = (
        CheckConstraint("(in_force_from IS NULL) = (unit_id IS NULL)", name="in_force_pair"),
        Index("ix_open_work_choice_subject", "subject_id", "in_force_from"),
        {"info": kept(RetentionClass.PERMANENT)},
    )

    reorganisation_id: Mapped[UUID] = mapped_column(ForeignKey("reorganisation.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(code(), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(20))
    # Written when the reorganisation is confirmed; taken back when it is undone.
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    in_force_from: Mapped[date | None]
    chosen_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime] = mapped_column(Instant)


def _same_but(table: type[Base], *names: str) -> str:
    """Return the condition that a change leaves every other column as it was."""
    others = (column.name for column in table.__table__.columns if column.name not in names)
    return " AND ".join(f"{{new}}.{name} IS NOT DISTINCT FROM {{old}}.{name}" for name in others)


_ENDING = ("state", "version", "ended_by", "ended_at")
GUARDS = (
    Guard(
        table="reorganisation",
        unique_keys=(("id",),),
        frozen="{row}.state <> 'prepared'",
        growing=_ENDING,
        grows=f"{{old}}.state = 'confirmed' AND {{new}}.state = 'undone' AND {_same_but(Reorganisation, *_ENDING)}",
    ),
)
"""What was confirmed stays as it was seen; it can only be undone."""
