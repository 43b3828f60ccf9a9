"""The table of kept documents. A document of a sealed revision is made once; a reprint serves those bytes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.types import Instant, hex_digest


class KeptDocument(Base):
    """The PDF of one sealed revision: its number, and where its bytes lie by their digest."""

    __tablename__ = "kept_document"
    __table_args__ = ({"info": kept(RetentionClass.FIVE_YEARS)},)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("sealed_revision.revision_id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    file_digest: Mapped[str] = mapped_column(hex_digest())
    size: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Instant)


GUARDS = (Guard(table="kept_document", unique_keys=(("revision_id",), ("number",))),)
