"""One round of the regular jobs: what is old goes, what is in use stays, the journal is sealed once a day."""

import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select

from app.config import Settings
from app.db.session import Database
from app.evidence.commands.store import path_of
from app.health.commands import note_job
from app.health.models import JobRun
from app.health.queries import last_runs
from app.health.rules import Job
from app.inspections.rules import State
from app.jobs.round import Round, run_round
from app.jobs.timer import Timer
from app.journal.commands import record, seal, seal_daily
from app.journal.models import JournalSeal
from app.journal.queries import verify
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.ids import new_id
from app.people.commands import attempts, sessions
from app.people.models import Account, SignInSession, SignInThrottle
from app.people.rules import forgotten_before
from app.reports.models import KeptDocument
from app.web import forms
from app.web.models import SentForm
from tests.factories.inspections import running_year
from tests.integration.cli.served import environment, free_port, serving
from tests.people import AFFAIRS, STORY

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def ran(settings: Settings, *, now: datetime) -> dict[Job, int | None]:
    return {outcome.job: outcome.done for outcome in run_round(Round(settings=settings, now=now))}


def happen(database: Database, *, now: datetime) -> None:
    with database.transaction() as session:
        record(
            session,
            subject=Subject(type=SubjectType.UNIT, id="x"),
            event="test.happened",
            actor=ActorMark(person_id=None, via=Via.JOB),
            now=now,
        )


def test_forms_sent_more_than_thirty_days_ago_are_forgotten(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        session.execute(
            insert(SentForm),
            [
                {
                    "key_digest": key,
                    "body_digest": "b",
                    "location": "/",
                    "message": "",
                    "sent_at": STORY - age,
                }
                for key, age in (("old", 30 * DAY), ("young", 30 * DAY - SECOND))
            ],
        )
    assert ran(settings, now=STORY)[Job.SENT_FORMS] == 1
    with database.reading() as session:
        assert session.scalars(select(SentForm.key_digest)).all() == ["young"]


def test_what_is_more_than_one_batch_is_forgotten_in_one_round(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (forms, attempts, sessions):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    long_ago, names = STORY - timedelta(days=9 * 366), [f"old {number}" for number in range(5)]
    sent = {"body_digest": "b", "location": "/", "message": "", "sent_at": long_ago}
    counted = {"failures": 9, "last_failure_at": long_ago}
    with database.transaction() as session:
        account = session.scalars(select(Account.id).limit(1)).one()
        seen = {"created_at": long_ago, "last_seen_at": long_ago, "proved_at": long_ago}
        signed_in = {"account_id": account, "user_agent": "", **seen}
        session.execute(insert(SentForm), [{"key_digest": name, **sent} for name in names])
        session.execute(insert(SignInThrottle), [{"key_digest": name, **counted} for name in names])
        session.execute(insert(SignInSession), [{"token_digest": name, **signed_in} for name in names])
    done = ran(settings, now=STORY)
    assert [done[job] for job in (Job.SENT_FORMS, Job.SIGN_IN_COUNTS, Job.SESSIONS)] == [5, 5, 5]


def test_counts_that_slow_nobody_down_are_forgotten(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        session.add(SignInThrottle(key_digest="old", failures=9, last_failure_at=STORY - 9 * DAY))
        session.add(SignInThrottle(key_digest="new", failures=9, last_failure_at=STORY))
    assert ran(settings, now=STORY)[Job.SIGN_IN_COUNTS] == 1
    with database.reading() as session:
        assert session.scalars(select(SignInThrottle.key_digest)).all() == ["new"]


@pytest.mark.parametrize(
    ("today", "before"),
    [
        (date(2030, 3, 31), datetime(2026, 3, 31, 15, tzinfo=UTC)),
        (date(2030, 4, 1), datetime(2027, 3, 31, 15, tzinfo=UTC)),
    ],
)
def test_years_on_record_count_from_the_fiscal_year_after(today: date, before: datetime) -> None:
    assert forgotten_before(today) == before


def test_sessions_are_forgotten_after_their_years_on_record(database: Database, settings: Settings) -> None:
    limit = forgotten_before(STORY.date())
    ends: dict[str, tuple[datetime, datetime | None]] = {
        "ended long ago": (limit - DAY, limit - SECOND),
        "never ended, not seen for years": (limit - SECOND, None),
        "ended in time": (limit - DAY, limit),
        "in use": (STORY, None),
    }
    with database.transaction() as session:
        account = session.scalars(select(Account.id).limit(1)).one()
        for name, (seen, ended) in ends.items():
            session.add(
                SignInSession(
                    token_digest=name,
                    account_id=account,
                    created_at=seen,
                    last_seen_at=seen,
                    proved_at=seen,
                    user_agent="",
                    ended_at=ended,
                    end_reason="expired" if ended else None,
                )
            )
    assert ran(settings, now=STORY)[Job.SESSIONS] == 2
    with database.reading() as session:
        assert set(session.scalars(select(SignInSession.token_digest))) == {"ended in time", "in use"}


def test_the_journal_is_sealed_once_a_day_and_only_when_something_happened(
    database: Database, settings: Settings
) -> None:
    assert ran(settings, now=STORY)[Job.SEAL] == 0
    happen(database, now=STORY)
    assert ran(settings, now=STORY)[Job.SEAL] == 1
    happen(database, now=STORY + SECOND)
    # 9:00 in Japan: the business day has another fifteen hours.
    assert ran(settings, now=STORY + timedelta(hours=15) - SECOND)[Job.SEAL] == 0
    assert ran(settings, now=STORY + timedelta(hours=15))[Job.SEAL] == 1
    assert ran(settings, now=STORY + 5 * DAY)[Job.SEAL] == 0
    with database.reading() as session:
        found = verify(session)
        assert set(session.scalars(select(JournalSeal.reason))) == {"daily"}
    assert (found.seals, found.faults) == (2, ())


def test_a_seal_of_the_same_day_is_enough(database: Database, settings: Settings) -> None:
    happen(database, now=STORY)
    with database.transaction() as session:
        seal(session, reason="test", now=STORY)
    happen(database, now=STORY + SECOND)
    assert ran(settings, now=STORY + SECOND)[Job.SEAL] == 0


def test_many_who_seal_at_once_make_one_seal(database: Database) -> None:
    happen(database, now=STORY)
    made: list[bool] = []

    def one() -> None:
        with database.transaction() as session:
            made.append(seal_daily(session, now=STORY) is not None)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 5 + [True]


def test_a_job_that_fails_is_told_apart_and_holds_up_no_other(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    year = running_year(database)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    happen(database, now=year.now)
    # A file where the folder should be: nothing can be kept.
    settings.evidence_path.parent.mkdir(parents=True)
    settings.evidence_path.touch()
    outcomes = ran(settings, now=year.now + DAY)
    assert outcomes[Job.DOCUMENTS] is None
    assert outcomes[Job.SEAL] == 1
    assert "documents" in caplog.text


def test_the_last_success_of_each_job_is_noted_over_the_one_before(
    database: Database, settings: Settings
) -> None:
    ran(settings, now=STORY)
    happen(database, now=STORY)
    ran(settings, now=STORY + DAY)
    with database.reading() as session:
        runs = {run.job: run for run in last_runs(session)}
    assert {run.at for run in runs.values()} == {STORY + DAY}
    assert runs[Job.SEAL].done == 1


def test_two_processes_note_a_job_at_once(database: Database) -> None:
    def one() -> None:
        with database.transaction() as session:
            note_job(session, job=Job.SEAL, done=0, now=STORY)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert [run.at for run in last_runs(session) if run.at] == [STORY]


def test_a_round_ends_when_asked_and_what_was_broken_off_counts_as_not_done(
    database: Database, settings: Settings
) -> None:
    broken_off = 0
    for patience in range(12):
        asked = count()
        about = Round(settings=settings, now=STORY, asked_to_stop=lambda: next(asked) >= patience)  # noqa: B023
        with database.transaction() as session:
            session.execute(delete(JobRun))
        outcomes = run_round(about)
        with database.reading() as session:
            noted = set(session.scalars(select(JobRun.job)))
        assert noted == {outcome.job.value for outcome in outcomes if outcome.done is not None}
        broken_off += sum(1 for outcome in outcomes if outcome.done is None)
    assert broken_off > 0


# ---------------------------------------------------------------------------------------------- the timer


def test_the_timer_works_at_once_and_again_and_survives_what_is_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = threading.Semaphore(0)

    def work(asked_to_stop: object) -> None:
        done.release()
        raise RuntimeError("broken")

    timer = Timer(work, every=timedelta(milliseconds=5))
    timer.start()
    assert all(done.acquire(timeout=5) for _ in range(3))
    assert timer.stop(within=timedelta(seconds=5))
    assert "a round of the regular jobs failed" in caplog.text


def test_the_timer_asks_its_work_to_end_and_does_not_wait_for_ever() -> None:
    asked, stay = threading.Event(), threading.Event()

    def stubborn(asked_to_stop: object) -> None:
        asked.set()
        stay.wait(10)

    timer = Timer(stubborn, every=timedelta(hours=1))
    timer.start()
    assert asked.wait(5)
    assert not timer.stop(within=timedelta(milliseconds=10))
    stay.set()
    assert timer.stop(within=timedelta(seconds=5))


def test_somebody_who_waits_makes_the_timer_begin_its_next_round_at_once() -> None:
    done = threading.Semaphore(0)
    timer = Timer(lambda _: done.release(), every=timedelta(hours=1))
    timer.start()
    assert done.acquire(timeout=5)
    timer.hurry()
    assert done.acquire(timeout=5)
    assert not done.acquire(timeout=0.1)
    assert timer.stop(within=timedelta(seconds=5))


# ----------------------------------------------------------------------------- the command and the server


def test_the_command_says_what_it_did_and_ends_with_one_when_something_failed(
    app: Flask, settings: Settings, database: Database
) -> None:
    year = running_year(database)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    settings.evidence_path.parent.mkdir(parents=True, exist_ok=True)
    settings.evidence_path.touch()
    failed = app.test_cli_runner().invoke(args=["jobs", "run"])
    assert failed.exit_code == 1
    assert "× 結果の書類の保管" in failed.output
    settings.evidence_path.unlink()
    again = app.test_cli_runner().invoke(args=["jobs", "run"])
    assert again.exit_code == 0
    assert "○ 結果の書類の保管：1 件" in again.output


@pytest.fixture
def installation(city_url: str, database: Database, tmp_path: Path) -> dict[str, str]:
    """The environment of a city in which a signed-off sheet waits for its document."""
    running_year(database).bring(AFFAIRS, to=State.SIGNED_OFF)
    database.engine.dispose()
    return environment(city_url, instance=tmp_path / "instance", port=free_port())


def documents(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(KeptDocument)) or 0


@pytest.mark.only_sqlite("with PostgreSQL a scheduler of the machine runs the jobs")
def test_the_embedded_server_does_the_regular_jobs_by_itself(
    installation: dict[str, str], database: Database, tmp_path: Path
) -> None:
    ticks = threading.Event()
    with serving(installation, log=tmp_path / "log") as served:
        for _ in range(200):
            if documents(database):
                break
            ticks.wait(0.1)
        assert documents(database) == 1
        assert served.stop() < 5
    assert served.process.returncode == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.only_sqlite("with PostgreSQL a scheduler of the machine runs the jobs")
def test_zero_minutes_leave_the_regular_jobs_to_the_scheduler(
    installation: dict[str, str], database: Database, tmp_path: Path
) -> None:
    alone = {**installation, "SELF_INSPECTION_JOBS_MINUTES": "0"}
    with serving(alone, log=tmp_path / "log") as served:
        served.stop()
    assert documents(database) == 0


def test_files_that_no_row_names_go_after_a_day(database: Database, settings: Settings) -> None:
    """What a kill or a disposal left behind; what a row names, and what is young, stays."""
    year = running_year(database)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    ran(settings, now=year.now)
    with database.reading() as session:
        kept = path_of(session.scalars(select(KeptDocument.file_digest)).one(), folder=settings.evidence_path)
    stray, young = (path_of(digit * 64, folder=settings.evidence_path) for digit in "ab")
    archive = settings.documents_path / f"{new_id()}.zip"
    for path in (stray, young, archive):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    long_ago = time.time() - 2 * DAY.total_seconds()
    for path in (stray, kept):
        os.utime(path, (long_ago, long_ago))
    assert ran(settings, now=year.now)[Job.FILES] == 2
    assert [path.exists() for path in (kept, young, stray, archive)] == [True, True, False, False]
    assert ran(settings, now=year.now)[Job.FILES] == 0
