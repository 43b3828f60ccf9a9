"""Tables of evidence. The bytes lie outside, under their digest; a row names them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard, named_for_disposal
from app.db.types import Instant, code, hex_digest
from app.kernel.ids import new_id

FIVE_YEARS = {"info": kept(RetentionClass.FIVE_YEARS)}


class Evidence(Base):
    """One piece of evidence of a unit: a file, or where something is to be found. It is withdrawn, never deleted."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("expires_on IS NULL OR expires_on >= stands_for", name="expiry_date"),
        CheckConstraint(
            "(kind = 'reference' AND (document_number <> '' OR place <> '')) "
            "OR (kind = 'file' AND document_number = '' AND place = '')",
            name="kind_words",
        ),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_pair"),
        Index("ix_evidence_unit", "unit_id", "stands_for"),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(code())
    title: Mapped[str] = mapped_column(String(150))
    # What a search compares with; never shown.
    search_key: Mapped[str] = mapped_column(String(1000))
    stands_for: Mapped[date]
    expires_on: Mapped[date | None]
    document_number: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    # Opens the digests that the journal keeps of words and bytes.
    salt: Mapped[str] = mapped_column(String(32))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class EvidenceFile(Base):
    """The file of a piece: its bytes lie under their digest, once for all pieces that have the same."""

    __tablename__ = "evidence_file"
    __table_args__ = (
        CheckConstraint("size >= 1", name="size_positive"),
        Index("ix_evidence_file_digest", "file_digest"),
        FIVE_YEARS,
    )

    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    # By this name of the column a backup knows which kept files belong to it.
    file_digest: Mapped[str] = mapped_column(hex_digest())
    size: Mapped[int]
    file_kind: Mapped[str] = mapped_column(code())
    name: Mapped[str] = mapped_column(String(150))


_WORDS = ("title", "search_key", "stands_for", "expires_on", "document_number", "place", "version")
_WITHDRAWAL = ("withdrawn_by", "withdrawn_at")
_FIXED = tuple(
    column.name for column in Evidence.__table__.columns if column.name not in {*_WORDS, *_WITHDRAWAL}
)
_SEALED = (
    "EXISTS (SELECT 1 FROM answer_evidence JOIN sealed_revision "
    "ON sealed_revision.revision_id = answer_evidence.revision_id WHERE answer_evidence.evidence_id = {old}.id)"
)


def _same(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"{{new}}.{name} IS NOT DISTINCT FROM {{old}}.{name}" for name in columns)


GUARDS = (
    # The words of a piece change until a sealed sheet cites it; then, and once it is withdrawn, they stand.
    Guard(
        table="evidence",
        unique_keys=(("id",),),
        growing=(*_WORDS, *_WITHDRAWAL),
        disposable=named_for_disposal("evidence", "{row}.id"),
        grows=f"{_same(_FIXED)} AND {{old}}.withdrawn_at IS NULL AND (({_same(_WORDS)}) OR NOT {_SEALED})",
    ),
    Guard(
        table="evidence_file",
        unique_keys=(("evidence_id",),),
        disposable=named_for_disposal("evidence", "{row}.evidence_id"),
    ),
)
