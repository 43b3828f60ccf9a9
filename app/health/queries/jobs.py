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
from app.notices.queries import mail_counts
from app.notices.rules import MailState
from app.reports.queries import count_missing_documents

JOB_AGE: Final = timedelta(hours=26)
"""A scheduler that runs once a night, and two hours for a slow night."""
_REMEDY: Final = (
    "SQLite では flask serve を動かし続けてください。PostgreSQL では flask jobs run を予定（cron など）に入れてください。"
    "動かしていてもこの表示が出るときは、flask jobs run を実行し、表示された理由を確かめてください。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A job: its last success (never done is None), its last run, and its last failure by the number in the log."""

    job: Job
    label: str
    at: datetime | None
    done: int
    ran_at: datetime | None = None
    took: timedelta | None = None
    failed_at: datetime | None = None
    failure_number: str = ""
    failure_name: str = ""

    @property
    def failing(self) -> bool:
        """Whether the last run that ended was a failure."""
        return self.failed_at is not None and (self.at is None or self.at < self.failed_at)

    def late(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return self.at is None or now - self.at > JOB_AGE


def last_runs(session: Session) -> tuple[LastRun, ...]:
    """Return how every job went last, in the order in which they are done."""
    rows = {row.job: row for row in session.scalars(select(JobRun))}
    return tuple(_last_run(job, rows.get(job.value)) for job in Job)


def _last_run(job: Job, row: JobRun | None) -> LastRun:
    if row is None:
        return LastRun(job=job, label=JOB[job], at=None, done=0)
    return LastRun(
        job=job,
        label=JOB[job],
        at=row.succeeded_at,
        done=row.done,
        ran_at=row.ran_at or row.succeeded_at,
        took=None if row.took_ms is None else timedelta(milliseconds=row.took_ms),
        failed_at=row.failed_at,
        failure_number=row.failure_number or "",
        failure_name=row.failure_name or "",
    )


def jobs_check(session: Session, *, now: datetime) -> Check:
    """Return whether every regular job was done lately."""
    runs = last_runs(session)
    never = [run.label for run in runs if run.at is None]
    if len(never) == len(runs):
        return warning("定期の仕事を、まだ一度も行っていません。", remedy=_REMEDY)
    if never:
        return warning(f"まだ一度も行っていない定期の仕事があります（{'、'.join(never)}）。", remedy=_REMEDY)
    late = [run.label for run in runs if run.late(now)]
    if late:
        hours = JOB_AGE // timedelta(hours=1)
        return warning(
            f"{hours}時間以上できていない定期の仕事があります（{'、'.join(late)}）。", remedy=_REMEDY
        )
    failing = [f"{run.label} 番号 {run.failure_number}" for run in runs if run.failing]
    if failing:
        return warning(
            f"最後の回でできなかった定期の仕事があります（{'、'.join(failing)}）。",
            remedy="サーバーの記録で、その番号の行を見てください。原因を直すと、次の回でやり直します。",
        )
    oldest = min(run.at for run in runs if run.at is not None)
    return good(f"定期の仕事は、どれも {long_instant(oldest)} かそのあとに済んでいます。")


def mail_check(session: Session) -> Check | None:
    """Return whether mails wait for somebody's look; None while nobody's mail was ever sent."""
    counts = mail_counts(session)
    stuck = counts[MailState.FAILED] + counts[MailState.UNCERTAIN]
    if stuck:
        return warning(
            f"送れなかったか、送れたか分からないお知らせメールが {stuck} 通あります。",
            remedy="運用の「定期の仕事」の画面で、宛先と理由を確かめてください。",
        )
    return good("お知らせのメールは、滞っていません。") if any(counts.values()) else None


def documents_check(session: Session) -> Check:
    """Return whether every sealed revision has its document."""
    missing = count_missing_documents(session)
    if missing:
        return warning(
            f"結果の書類をまだ保管していない点検票が {missing} 件あります。",
            remedy="flask jobs run を実行してください。できなかったときは、表示された理由（ディスクの空きなど）を直してください。",
        )
    return good("封印した点検票の書類は、すべて保管してあります。")
