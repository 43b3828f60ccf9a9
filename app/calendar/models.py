"""The table of the days on which the city itself is closed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.types import Instant
from app.kernel.ids import new_id


class ClosingDay(Base):
    """A day on which the city is closed beside weekends, national holidays and the end of the year."""

    __tablename__ = "closing_day"
    __table_args__ = ({"info": kept(RetentionClass.FIVE_YEARS)},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    day: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(60))
    # Opens the digest that the journal keeps of the name.
    salt: Mapped[str] = mapped_column(String(32))
    added_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
