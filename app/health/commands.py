"""Writing down that a regular job was done."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.health.models import JobRun
from app.health.rules import Job


def note_job(session: Session, *, job: Job, done: int, now: datetime) -> None:
    """Record that a job was done without a fault. Of two processes that do it at once, the later one stands."""
    values = {"succeeded_at": now, "done": done}
    change = update(JobRun).where(JobRun.job == job.value).values(**values)
    if getattr(session.execute(change), "rowcount", 0):
        return
    with suppress(IntegrityError), session.begin_nested():
        session.add(JobRun(job=job.value, **values))
