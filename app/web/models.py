"""The table that makes a form sent twice do its work once."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.types import Instant, hex_digest


class SentForm(Base):
    """A form that was carried out: its key, who sent it where, the digest of its body and the reply. Kept for 30 days."""

    __tablename__ = "sent_form"
    __table_args__ = ({"info": kept(RetentionClass.TECHNICAL)},)

    key_digest: Mapped[str] = mapped_column(hex_digest(), primary_key=True)
    body_digest: Mapped[str] = mapped_column(hex_digest())
    location: Mapped[str] = mapped_column(String(500))
    message: Mapped[str] = mapped_column(String(500))
    sent_at: Mapped[datetime] = mapped_column(Instant, index=True)
