"""Tables of the journal. Rows hold ids and salted digests, never free text or names."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.types import Instant, code, hex_digest


class JournalEntry(Base):
    """One thing that happened to one subject. `sequence` has no gaps within a subject."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        {"info": kept(RetentionClass.TEN_YEARS)},
    )

    subject_type: Mapped[str] = mapped_column(code(), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    recorded_at: Mapped[datetime] = mapped_column(Instant, index=True)
    payload: Mapped[str] = mapped_column(Text)
    previous_digest: Mapped[str] = mapped_column(hex_digest())
    digest: Mapped[str] = mapped_column(hex_digest(), unique=True)


class JournalHead(Base):
    """The end of each chain, moved in the same transaction: a tail that was cut off shows."""

    __tablename__ = "journal_head"
    __table_args__ = ({"info": kept(RetentionClass.TEN_YEARS)},)

    subject_type: Mapped[str] = mapped_column(code(), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int]
    digest: Mapped[str] = mapped_column(hex_digest())
    sealed_sequence: Mapped[int] = mapped_column(default=0)


class JournalSeal(Base):
    """One link of the chain of seals: it binds every head that moved since the seal before, and the counts."""

    __tablename__ = "journal_seal"
    __table_args__ = ({"info": kept(RetentionClass.TEN_YEARS)},)

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(code())
    subjects: Mapped[int]
    entries: Mapped[int]
    lines_digest: Mapped[str] = mapped_column(hex_digest())
    previous_digest: Mapped[str] = mapped_column(hex_digest())
    digest: Mapped[str] = mapped_column(hex_digest(), unique=True)


class JournalSealLine(Base):
    """The head of one subject as a seal saw it."""

    __tablename__ = "journal_seal_line"
    __table_args__ = ({"info": kept(RetentionClass.TEN_YEARS)},)

    seal_sequence: Mapped[int] = mapped_column(ForeignKey("journal_seal.sequence"), primary_key=True)
    subject_type: Mapped[str] = mapped_column(code(), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int]
    digest: Mapped[str] = mapped_column(hex_digest())


class AccessLogEntry(Base):
    """Who looked at something sensitive, and when: written before the page is sent."""

    __tablename__ = "access_log"
    __table_args__ = ({"info": kept(RetentionClass.THREE_YEARS)},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant, index=True)
    person_id: Mapped[str] = mapped_column(String(36), index=True)
    subject_type: Mapped[str] = mapped_column(code())
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    act: Mapped[str] = mapped_column(code())


GUARDS = (
    Guard(
        table="journal_entry",
        unique_keys=(("subject_type", "subject_id", "sequence"), ("digest",)),
    ),
    Guard(
        table="journal_head",
        unique_keys=(("subject_type", "subject_id"),),
        growing=("sequence", "digest", "sealed_sequence"),
        # Forward by exactly one entry, or only the mark of the last seal moves.
        grows=(
            "{new}.subject_type = {old}.subject_type AND {new}.subject_id = {old}.subject_id AND ("
            "({new}.sequence = {old}.sequence + 1 AND {new}.sealed_sequence = {old}.sealed_sequence) OR "
            "({new}.sequence = {old}.sequence AND {new}.digest = {old}.digest AND {new}.sealed_sequence >= {old}.sealed_sequence))"
        ),
    ),
    Guard(table="journal_seal", unique_keys=(("sequence",), ("digest",))),
    Guard(table="journal_seal_line", unique_keys=(("seal_sequence", "subject_type", "subject_id"),)),
    Guard(table="access_log", unique_keys=(("id",),)),
)
