"""The table of the regular jobs. Not in the journal: a round every few minutes would bury what people did."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.types import Instant, code


class JobRun(Base):
    """When a job was last done without a fault, and how many things it did then."""

    __tablename__ = "job_run"
    __table_args__ = ({"info": kept(RetentionClass.TECHNICAL)},)

    job: Mapped[str] = mapped_column(code(), primary_key=True)
    succeeded_at: Mapped[datetime] = mapped_column(Instant)
    done: Mapped[int]
