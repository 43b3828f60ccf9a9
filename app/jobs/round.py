"""One round of everything that has to be done regularly. Each job stands alone: one that fails does not hold up the others.

A round may run at any time, twice, and in several processes at once: each job does only what is still to be done.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.config import Settings
from app.db.session import transaction
from app.health.commands import note_job
from app.health.rules import Job
from app.jobs.bundles import make_bundles
from app.jobs.documents import sweep_documents
from app.journal.commands import seal_daily
from app.people.commands import forget_old_counts, forget_old_sessions
from app.web.forms import forget_sent_forms

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round goes by. `asked_to_stop` is asked between two pieces of work."""

    settings: Settings
    now: datetime
    asked_to_stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job went: how many things it did, or None when it failed (the log says why) or was asked to stop half-way."""

    job: Job
    done: int | None


def run_round(about: Round) -> tuple[Outcome, ...]:
    """Run every job once, in the order of the table; stop between two of them when asked to."""
    outcomes = []
    for job, work in _WORK.items():
        if about.asked_to_stop():
            break
        outcomes.append(Outcome(job=job, done=_run(job, work=work, about=about)))
    return tuple(outcomes)


def _run(job: Job, *, work: Callable[[Round], int], about: Round) -> int | None:
    try:
        done = work(about)
        if about.asked_to_stop():
            # Broken off, perhaps with work left: the next round does it, and only then it counts as done.
            return None
        with transaction() as session:
            note_job(session, job=job, done=done, now=about.now)
    except Exception:
        log.exception("the job %s failed", job.value)
        return None
    return done


def _documents(about: Round) -> int:
    return sweep_documents(settings=about.settings, now=about.now, asked_to_stop=about.asked_to_stop)


def _bundles(about: Round) -> int:
    return make_bundles(settings=about.settings, now=about.now, asked_to_stop=about.asked_to_stop)


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


_WORK: Final[dict[Job, Callable[[Round], int]]] = {
    Job.DOCUMENTS: _documents,
    Job.BUNDLES: _bundles,
    Job.SEAL: _in_transaction(lambda session, now: 1 if seal_daily(session, now=now) else 0),
    Job.SENT_FORMS: _in_batches(lambda session, now: forget_sent_forms(session, at=now)),
    Job.SIGN_IN_COUNTS: _in_batches(lambda session, now: forget_old_counts(session, now=now)),
    Job.SESSIONS: _in_batches(lambda session, now: forget_old_sessions(session, now=now)),
}
