"""One round of everything that has to be done regularly. Each job stands alone: one that fails does not hold up the others.

A round may run at any time, twice, and in several processes at once: each job does only what is still to be done, and a
job that another process is at is left to that process.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from app.config import Settings
from app.db.session import bound, reading, transaction
from app.evidence.commands.store import named_digests, sweep
from app.health.commands import note_failure, note_job
from app.health.rules import Job
from app.jobs.bundles import make_bundles
from app.jobs.documents import sweep_documents
from app.jobs.mail import send_digests
from app.journal.commands import seal_daily
from app.kernel.ports import Ports
from app.people.commands import forget_old_counts, forget_old_sessions, lapse_recoveries
from app.people.commands.inventory import tend_inventory
from app.reminders.commands import remind_by_rule, tell_of_locks
from app.reports.commands.requests import forget_orphans
from app.web.errors import new_reference
from app.web.forms import forget_sent_forms

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round goes by. `asked_to_stop` is asked between two pieces of work."""

    settings: Settings
    now: datetime
    ports: Ports = field(default_factory=Ports)
    asked_to_stop: Callable[[], bool] = lambda: False


class Ending(StrEnum):
    """How one job of a round ended.

    FAILED: the log says why, under a number. BROKEN_OFF: asked to stop half-way. ELSEWHERE: another process is at it right now.
    """

    DONE = "done"
    FAILED = "failed"
    BROKEN_OFF = "broken-off"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job went: how many things it did, or None when it did not come to its end."""

    job: Job
    done: int | None
    ending: Ending = Ending.DONE


def run_round(about: Round) -> tuple[Outcome, ...]:
    """Run every job once, in the order of the table; stop between two of them when asked to."""
    outcomes = []
    for job, work in _WORK.items():
        if about.asked_to_stop():
            break
        with bound().alone(f"job-{job.value}") as ours:
            outcomes.append(
                _run(job, work=work, about=about)
                if ours
                else Outcome(job=job, done=None, ending=Ending.ELSEWHERE)
            )
    return tuple(outcomes)


def _run(job: Job, *, work: Callable[[Round], int], about: Round) -> Outcome:
    begun = time.monotonic()
    try:
        done = work(about)
        if about.asked_to_stop():
            # Perhaps with work left: the next round does it, and only then it counts as done.
            return Outcome(job=job, done=None, ending=Ending.BROKEN_OFF)
        with transaction() as session:
            note_job(session, job=job, done=done, now=about.now, took=_since(begun))
    except Exception as error:
        number = new_reference()
        log.exception("the job %s failed, number %s", job.value, number)
        _note_failure(job, number=number, name=type(error).__name__, now=about.now, took=_since(begun))
        return Outcome(job=job, done=None, ending=Ending.FAILED)
    return Outcome(job=job, done=done)


def _since(begun: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - begun)


def _note_failure(job: Job, *, number: str, name: str, now: datetime, took: timedelta) -> None:
    try:
        with transaction() as session:
            note_failure(session, job=job, number=number, name=name, now=now, took=took)
    except Exception:
        # The database itself may be what failed: the log has it all the same.
        log.exception("the failure %s could not be noted", number)


def _documents(about: Round) -> int:
    return sweep_documents(settings=about.settings, now=about.now, asked_to_stop=about.asked_to_stop)


def _bundles(about: Round) -> int:
    return make_bundles(settings=about.settings, now=about.now, asked_to_stop=about.asked_to_stop)


def _files(about: Round) -> int:
    """Remove what no row names any more: left by a kill between file and row, or by a disposal."""

    def named() -> set[str]:
        with reading() as session:
            return named_digests(session)

    with reading() as session:
        archives = forget_orphans(session, folder=about.settings.documents_path)
    return archives + sweep(named, folder=about.settings.evidence_path)


def _in_transaction(work: Callable[[Session, datetime], int]) -> Callable[[Round], int]:
    def run(about: Round) -> int:
        with transaction() as session:
            return work(session, about.now)

    return run


def _in_batches(work: Callable[[Session, datetime], int]) -> Callable[[Round], int]:
    """Repeat a bounded removal, each time in a transaction of its own, until nothing is left."""
    once = _in_transaction(work)

    def run(about: Round) -> int:
        done = 0
        while not about.asked_to_stop() and (removed := once(about)):
            done += removed
        return done

    return run


def _mail(about: Round) -> int:
    return send_digests(
        settings=about.settings, ports=about.ports, now=about.now, asked_to_stop=about.asked_to_stop
    )


_WORK: Final[dict[Job, Callable[[Round], int]]] = {
    Job.REMINDERS: _in_transaction(lambda session, now: remind_by_rule(session, now=now)),
    Job.LOCKS: _in_transaction(lambda session, now: tell_of_locks(session, now=now)),
    Job.INVENTORY: _in_transaction(lambda session, now: tend_inventory(session, now=now)),
    Job.MAIL: _mail,
    Job.DOCUMENTS: _documents,
    Job.BUNDLES: _bundles,
    Job.SEAL: _in_transaction(lambda session, now: 1 if seal_daily(session, now=now) else 0),
    Job.FILES: _files,
    Job.SENT_FORMS: _in_batches(lambda session, now: forget_sent_forms(session, at=now)),
    Job.SIGN_IN_COUNTS: _in_batches(lambda session, now: forget_old_counts(session, now=now)),
    Job.SESSIONS: _in_batches(lambda session, now: forget_old_sessions(session, now=now)),
    Job.RECOVERIES: _in_batches(lambda session, now: lapse_recoveries(session, now=now)),
}
