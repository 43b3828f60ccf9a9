"""The table of the regular jobs. Not in the journal: a round every few minutes would bury what people did."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.types import Instant, code


class JobRun(Base):
    """When a job was last done without a fault and how many things it did then, when it ran last, and how it failed last.

    A failure is kept as a number that stands in the log as well, and the name of its class; never what it said.
    """

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("(failed_at IS NULL) = (failure_number IS NULL)", name="failure"),
        {"info": kept(RetentionClass.TECHNICAL)},
    )

    job: Mapped[str] = mapped_column(code(), primary_key=True)
    succeeded_at: Mapped[datetime | None] = mapped_column(Instant)
    done: Mapped[int]
    ran_at: Mapped[datetime | None] = mapped_column(Instant)
    took_ms: Mapped[int | None]
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
    failure_number: Mapped[str | None] = mapped_column(String(20))
    failure_name: Mapped[str | None] = mapped_column(String(80))
