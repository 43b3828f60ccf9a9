"""Jobs that must not run twice at once, how failures are kept, and the page that shows both."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.config import Settings
from app.db.engine import make_engine
from app.db.session import Database
from app.health.queries import checks, last_runs
from app.health.rules import Job
from app.inspections.rules import State
from app.jobs import round as rounds
from app.jobs.round import Ending, Round, run_round
from tests.factories.inspections import running_year
from tests.people import AFFAIRS, ITO, KIMURA, NAKAMURA, SATO, STORY
from tests.sign_in import signed_in
from tests.statements import statements

HOLDER = """
import sys
from app.db.engine import make_engine
from app.db.session import Database
with Database(make_engine(sys.argv[1])).alone("job-mail") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[3]


def endings(settings: Settings) -> dict[Job, Ending]:
    return {one.job: one.ending for one in run_round(Round(settings=settings, now=STORY))}


def test_a_job_that_another_process_is_at_is_left_to_it(
    database: Database, city_url: str, settings: Settings
) -> None:
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", HOLDER, city_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        found = endings(settings)
        assert found.pop(Job.MAIL) is Ending.ELSEWHERE
        assert set(found.values()) == {Ending.DONE}
        # However a process ends, what it held is free again.
        other.kill()
        other.wait()
    for _ in range(50):
        if endings(settings)[Job.MAIL] is Ending.DONE:
            break
        threading.Event().wait(0.1)
    assert endings(settings)[Job.MAIL] is Ending.DONE


def test_two_threads_are_never_at_the_same_work(database: Database) -> None:
    with database.alone("a") as first, database.alone("a") as second, database.alone("b") as other:
        assert (first, second, other) == (True, False, True)
    with database.alone("a") as again:
        assert again


def test_two_databases_do_not_wait_for_each_other(database: Database, empty_url: str) -> None:
    elsewhere = Database(make_engine(empty_url))
    with database.alone("a"), elsewhere.alone("a") as free:
        assert free
    elsewhere.engine.dispose()


def test_the_command_says_that_another_is_at_it(app: Flask, database: Database) -> None:
    with database.alone("job-reminders"):
        result = app.test_cli_runner().invoke(args=["jobs", "run"])
    assert result.exit_code == 0
    assert "― 期限のお知らせ：ほかの処理が、いま行っています。" in result.output


def broken(about: Round) -> int:
    raise ValueError("佐藤さんの言葉")


def test_a_failure_is_kept_by_number_and_the_page_and_doctor_show_it(
    app: Flask,
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    endings(settings)
    monkeypatch.setitem(rounds._WORK, Job.SEAL, broken)
    later = STORY + timedelta(minutes=10)
    run_round(Round(settings=settings, now=later))
    with database.reading() as session:
        run = next(run for run in last_runs(session) if run.job is Job.SEAL)
    assert (run.at, run.failed_at, run.failure_name, run.failing) == (STORY, later, "ValueError", True)
    assert run.failure_number in caplog.text
    page = signed_in(app, NAKAMURA).get("/jobs").text
    assert run.failure_number in page
    assert "できませんでした" in page
    assert "佐藤さんの言葉" not in page
    sentences = [check.sentence for check in checks(database, settings=settings, now=later)]
    assert any(run.failure_number in one for one in sentences)
    monkeypatch.undo()
    run_round(Round(settings=settings, now=later + timedelta(minutes=10)))
    with database.reading() as session:
        healed = next(run for run in last_runs(session) if run.job is Job.SEAL)
    assert not healed.failing
    assert healed.failure_number == run.failure_number


def test_a_job_that_never_worked_has_a_row_too(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rounds._WORK, Job.LOCKS, broken)
    assert endings(settings)[Job.LOCKS] is Ending.FAILED
    with database.reading() as session:
        run = next(run for run in last_runs(session) if run.job is Job.LOCKS)
    assert run.at is None
    assert run.failing


def test_a_job_that_is_late_is_said(database: Database, settings: Settings) -> None:
    endings(settings)
    late = STORY + timedelta(hours=27)
    assert any(
        "26時間以上できていない定期の仕事があります（期限のお知らせ" in check.sentence
        for check in checks(database, settings=settings, now=late)
    )


def test_only_the_administrator_sees_the_page(app: Flask) -> None:
    for cast, status in ((NAKAMURA, 200), (KIMURA, 403), (ITO, 403), (SATO, 403)):
        client = signed_in(app, cast)
        client.get("/jobs")
        with statements() as sent:
            assert client.get("/jobs").status_code == status
        assert len(sent) <= 9
    assert signed_in(app, NAKAMURA).get(f"/jobs/mails/{SATO.id}/resend").status_code == 404


def test_a_round_reminds_without_anybody_asking(database: Database, settings: Settings) -> None:
    year = running_year(database)
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    outcomes = {one.job: one.done for one in run_round(Round(settings=settings, now=STORY))}
    assert (outcomes[Job.REMINDERS] or 0) > 0
    again = {one.job: one.done for one in run_round(Round(settings=settings, now=STORY))}
    assert again[Job.REMINDERS] == 0
