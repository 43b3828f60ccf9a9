"""When the regular jobs were last done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.health.models import JobRun
from app.health.rules import Check, Job, good, warning
from app.health.texts import JOB
from app.kernel.fiscal_year import long_instant
from app.reports.queries import count_missing_documents

JOB_AGE: Final = timedelta(hours=26)
"""A scheduler that runs once a night, and two hours for a slow night."""
_REMEDY: Final = (
    "SQLite では flask serve を動かし続けてください。PostgreSQL では flask jobs run を予定（cron など）に入れてください。"
    "動かしていてもこの表示が出るときは、flask jobs run を実行し、表示された理由を確かめてください。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last success of a job; never done is None."""

    job: Job
    label: str
    at: datetime | None
    done: int


def last_runs(session: Session) -> tuple[LastRun, ...]:
    """Return the last success of every job, in the order in which they are done."""
    rows = {row.job: row for row in session.scalars(select(JobRun))}
    return tuple(
        LastRun(
            job=job,
            label=JOB[job],
            at=rows[job.value].succeeded_at if job.value in rows else None,
            done=rows[job.value].done if job.value in rows else 0,
        )
        for job in Job
    )


def jobs_check(session: Session, *, now: datetime) -> Check:
    """Return whether every regular job was done lately."""
    runs = last_runs(session)
    never = [run.label for run in runs if run.at is None]
    if len(never) == len(runs):
        return warning("定期の仕事を、まだ一度も行っていません。", remedy=_REMEDY)
    if never:
        return warning(f"まだ一度も行っていない定期の仕事があります（{'、'.join(never)}）。", remedy=_REMEDY)
    late = [run.label for run in runs if run.at is not None and now - run.at > JOB_AGE]
    if late:
        hours = JOB_AGE // timedelta(hours=1)
        return warning(
            f"{hours}時間以上できていない定期の仕事があります（{'、'.join(late)}）。", remedy=_REMEDY
        )
    oldest = min(run.at for run in runs if run.at is not None)
    return good(f"定期の仕事は、どれも {long_instant(oldest)} かそのあとに済んでいます。")


def documents_check(session: Session) -> Check:
    """Return whether every sealed revision has its document."""
    missing = count_missing_documents(session)
    if missing:
        return warning(
            f"結果の書類をまだ保管していない点検票が {missing} 件あります。",
            remedy="flask jobs run を実行してください。できなかったときは、表示された理由（ディスクの空きなど）を直してください。",
        )
    return good("封印した点検票の書類は、すべて保管してあります。")
