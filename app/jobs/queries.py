"""The page of the regular jobs: how each went, and the mails that need a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.config import Settings
from app.health.queries import LastRun, last_runs
from app.kernel.errors import NotFound
from app.kernel.ids import PersonId
from app.notices.queries import MailLine, MailQueue, mail_queue
from app.people.queries import people_by_id
from app.people.rules import PersonView


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Every job and the mails that are not simply sent. `every` is None where a scheduler of the machine runs the jobs."""

    runs: tuple[LastRun, ...]
    mails: MailQueue
    people: Mapping[PersonId, PersonView]
    every: timedelta | None
    sends: bool

    def next_run(self, run: LastRun) -> datetime | None:
        """Return about when a job runs next; None where that is not for us to say."""
        return None if self.every is None or run.ran_at is None else run.ran_at + self.every


def job_page(session: Session, *, actor: Actor, settings: Settings) -> JobPage:
    """Return the page, in four statements."""
    mails = mail_queue(session, actor=actor)
    own_timer = settings.jobs_minutes > 0 and settings.database.startswith("sqlite")
    return JobPage(
        runs=last_runs(session),
        mails=mails,
        people=people_by_id(session, person_ids={line.person_id for line in mails.lines}),
        every=timedelta(minutes=settings.jobs_minutes) if own_timer else None,
        sends=bool(settings.smtp_host),
    )


def mail_to_resend(session: Session, *, actor: Actor, digest_id: UUID) -> tuple[MailLine, PersonView]:
    """Return a mail that somebody thinks of sending again, and to whom it goes.

    Raises:
        NotFound: there is none that could be sent again.
    """
    found = next((line for line in mail_queue(session, actor=actor).lines if line.id == digest_id), None)
    if found is None or not found.resendable:
        raise NotFound
    return found, people_by_id(session, person_ids=[found.person_id])[found.person_id]
