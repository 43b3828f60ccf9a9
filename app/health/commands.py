"""Writing down that a regular job was done, or how it failed."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.health.models import JobRun
from app.health.rules import Job

_LONGEST_NAME = 80


def note_job(session: Session, *, job: Job, done: int, now: datetime, took: timedelta = timedelta(0)) -> None:
    """Record that a job was done without a fault. Of two processes that do it at once, the later one stands."""
    values = {"succeeded_at": now, "done": done, "ran_at": now, "took_ms": took // timedelta(milliseconds=1)}
    _write(session, job=job, values=values)


def note_failure(
    session: Session, *, job: Job, number: str, name: str, now: datetime, took: timedelta
) -> None:
    """Record that a job failed: the number under which the log says why, and the name of the class of the fault."""
    values = {
        "failed_at": now,
        "failure_number": number,
        "failure_name": name[:_LONGEST_NAME],
        "ran_at": now,
        "took_ms": took // timedelta(milliseconds=1),
    }
    _write(session, job=job, values=values)


def _write(session: Session, *, job: Job, values: dict[str, Any]) -> None:
    change = update(JobRun).where(JobRun.job == job.value).values(**values)
    if getattr(session.execute(change), "rowcount", 0):
        return
    with suppress(IntegrityError), session.begin_nested():
        session.add(JobRun(**{"job": job.value, "done": 0, **values}))
