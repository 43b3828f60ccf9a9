"""flask doctor: a good installation is all ○; each thing that can be wrong is said with what to do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.backup.commands import create_backup, note_backup
from app.cli.doctor import doctor
from app.config import Settings
from app.db.engine import make_engine
from app.db.guards import install, remove
from app.db.registry import GUARDS
from app.db.session import Database, bound
from app.health.queries import checks, machine
from app.health.rules import Check, Depth, Job, Mark
from app.health.texts import JOB
from app.inspections.rules import State
from app.jobs import documents
from app.jobs.round import Round, run_round
from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.organisation.models import UnitHeir
from app.reports.pdf import fonts
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import AFFAIRS, COUNTER, NAKAMURA, STORY
from tests.sign_in import signed_in

MARK = ActorMark(person_id=None, via=Via.CLI, operator="operator")


def examined(
    database: Database, settings: Settings, *, now: datetime = STORY, depth: Depth = Depth.QUICK
) -> dict[str, Mark]:
    """Sentence and mark of every check."""
    return {check.sentence: check.mark for check in checks(database, settings=settings, now=now, depth=depth)}


def mark_of(found: dict[str, Mark], words: str) -> Mark:
    (mark,) = [mark for sentence, mark in found.items() if words in sentence]
    return mark


def backed_up(database: Database, folder: Path, *, at: datetime = STORY) -> None:
    created = create_backup(database, target=folder / "doctor.tar", evidence=folder / "none", now=at)
    with database.transaction() as session:
        note_backup(session, created=created, mark=MARK, now=at)


# What the throw-away server of the tests is, and what a small test machine may be.
NOT_OURS = ("停電", "ディスク")


def test_a_good_installation_is_good(year: Year, settings: Settings, tmp_path: Path) -> None:
    backed_up(year.database, tmp_path)
    run_round(Round(settings=settings, now=STORY))
    for depth in Depth:
        found = examined(year.database, settings, depth=depth)
        assert [
            s for s, mark in found.items() if mark is not Mark.GOOD and not any(w in s for w in NOT_OURS)
        ] == []
        assert mark_of(found, "確定していない点検票は 4 件") is Mark.GOOD
    assert mark_of(found, "件すべてつながっています") is Mark.GOOD


def test_the_command_prints_marks_and_ends_with_one_when_something_is_bad(
    app: Flask, clock: StandingClock
) -> None:
    del clock
    with bound().migrating() as connection:
        remove(connection)
    found = app.test_cli_runner().invoke(doctor, ["--full"])
    assert found.exit_code == 1
    assert "× 書き換えを防ぐ仕組みが" in found.stdout
    assert "   → flask journal verify" in found.stdout
    assert "○ 文書に使う書体がそろっています。" in found.stdout


@pytest.mark.only_sqlite("the throw-away server does without durability on purpose")
def test_the_command_ends_with_zero_when_nothing_is_bad(app: Flask) -> None:
    found = app.test_cli_runner().invoke(doctor)
    assert found.exit_code == 0, found.stdout
    assert "△ バックアップを、まだ一度も取っていません。" in found.stdout


def test_a_backup_grows_old_after_a_day_and_a_bit(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    backed_up(database, tmp_path)
    young = examined(database, settings, now=STORY + timedelta(hours=26))
    assert mark_of(young, "最後のバックアップは") is Mark.GOOD
    old = examined(database, settings, now=STORY + timedelta(hours=26, seconds=1))
    assert mark_of(old, "最後のバックアップから 26 時間") is Mark.WARNING


def test_names_that_would_not_be_found_are_warned_of(database: Database, settings: Settings) -> None:
    assert mark_of(examined(database, settings), "名前のどの書き方でも探せます") is Mark.GOOD
    with database.transaction() as session:
        session.execute(text("UPDATE person SET search_key = 'x' WHERE staff_no = '1001'"))
    assert mark_of(examined(database, settings), "探すための鍵が 1 件古く") is Mark.WARNING


def test_an_heir_that_the_history_does_not_know_is_found(database: Database, settings: Settings) -> None:
    assert mark_of(examined(database, settings), "組織の履歴のとおりです") is Mark.GOOD
    with database.transaction() as session:
        session.add(UnitHeir(origin_id=AFFAIRS.id, heir_id=COUNTER.id, valid_from=STORY.date()))
    assert mark_of(examined(database, settings), "組織の履歴と違っています") is Mark.BAD


def test_jobs_that_were_never_done_or_not_lately_are_warned_of(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mark_of(examined(database, settings), "定期の仕事を、まだ一度も行っていません") is Mark.WARNING
    run_round(Round(settings=settings, now=STORY))
    day = timedelta(hours=26)
    assert mark_of(examined(database, settings, now=STORY + day), "定期の仕事は、どれも") is Mark.GOOD
    late = examined(database, settings, now=STORY + day + timedelta(seconds=1))
    assert mark_of(late, "26時間以上できていない定期の仕事があります（期限のお知らせ、") is Mark.WARNING
    # A job that fails is not noted as done, and so grows late by itself; the others go on.
    settings.evidence_path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(documents, "missing_documents", _fails)
    run_round(Round(settings=settings, now=STORY + 2 * day))
    found = examined(database, settings, now=STORY + 2 * day)
    assert mark_of(found, "できていない定期の仕事があります（結果の書類の保管）") is Mark.WARNING


def _fails(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


def test_a_sealed_sheet_without_its_document_is_warned_of(year: Year, settings: Settings) -> None:
    assert mark_of(examined(year.database, settings), "書類は、すべて保管してあります") is Mark.GOOD
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    waiting = examined(year.database, settings, now=year.now)
    assert mark_of(waiting, "まだ保管していない点検票が 1 件") is Mark.WARNING
    run_round(Round(settings=settings, now=year.now))
    done = examined(year.database, settings, now=year.now)
    assert mark_of(done, "書類は、すべて保管してあります") is Mark.GOOD


def test_the_administrators_page_shows_when_each_job_was_done(app: Flask, settings: Settings) -> None:
    page = signed_in(app, NAKAMURA).get("/installation").text
    assert page.count("まだ一度も行っていません</span>") == len(Job)
    run_round(Round(settings=settings, now=STORY))
    page = signed_in(app, NAKAMURA).get("/installation").text
    for label in JOB.values():
        assert label in page
    assert "まだ一度も行っていません</span>" not in page
    assert page.count("令和8年11月20日(金) 9時00分") >= len(Job)


def test_a_clock_before_the_last_act_is_bad(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        subject = Subject(type=SubjectType.UNIT, id="1")
        record(session, subject=subject, event="thing.made", actor=MARK, now=STORY)
    assert mark_of(examined(database, settings, now=STORY), "時計は") is Mark.GOOD
    early = examined(database, settings, now=STORY - timedelta(minutes=1))
    assert mark_of(early, "より前を指しています") is Mark.BAD


@pytest.mark.parametrize("year", [1970, 2025, 2100])
def test_a_clock_that_was_never_set_is_bad(database: Database, settings: Settings, year: int) -> None:
    found = examined(database, settings, now=datetime(year, 6, 1, tzinfo=UTC))
    assert mark_of(found, "を指しています。") is Mark.BAD


def test_a_journal_with_a_cut_tail_is_bad_at_first_sight(year: Year, settings: Settings) -> None:
    with year.database.migrating() as connection:
        remove(connection)
        connection.execute(
            text(
                "DELETE FROM journal_entry WHERE subject_type = 'campaign' AND sequence = "
                "(SELECT max(sequence) FROM journal_entry WHERE subject_type = 'campaign')"
            )
        )
        install(connection, GUARDS)
    found = examined(year.database, settings)
    assert mark_of(found, "操作ログに食い違いが 1 件") is Mark.BAD


def test_an_entry_altered_further_back_is_bad_when_all_is_read(year: Year, settings: Settings) -> None:
    with year.database.migrating() as connection:
        remove(connection)
        connection.execute(
            text("UPDATE journal_entry SET payload = '{}' WHERE subject_type = 'campaign' AND sequence = 1")
        )
        install(connection, GUARDS)
    assert mark_of(examined(year.database, settings), "操作ログの末尾は") is Mark.GOOD
    full = examined(year.database, settings, depth=Depth.FULL)
    assert mark_of(full, "操作ログに食い違いが") is Mark.BAD


def test_an_old_form_is_bad_and_the_contents_are_left_for_later(
    database: Database, settings: Settings
) -> None:
    with database.migrating() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    found = examined(database, settings)
    assert mark_of(found, "いま 0000") is Mark.BAD
    assert mark_of(found, "まだ調べていません") is Mark.WARNING


def test_an_empty_database_is_bad(empty_url: str, settings: Settings) -> None:
    database = Database(make_engine(empty_url))
    found = examined(database, settings)
    database.engine.dispose()
    assert [sentence for sentence, mark in found.items() if mark is Mark.BAD and "停電" not in sentence]


def test_a_database_that_is_away_is_bad(settings: Settings, tmp_path: Path) -> None:
    for url in ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", f"sqlite:///{tmp_path}/no/such.sqlite3"):
        database = Database(make_engine(url))
        found = examined(database, settings)
        database.engine.dispose()
        assert [s for s, mark in found.items() if mark is Mark.BAD]


def test_an_unprepared_installation_is_bad(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        session.execute(text("DELETE FROM installation"))
    assert mark_of(examined(database, settings), "まだ使い始める準備") is Mark.BAD


def test_a_city_does_not_run_as_a_demonstration(database: Database, settings: Settings) -> None:
    demo = settings.model_copy(update={"demo": True})
    assert mark_of(examined(database, demo), "本番のデータベースは、デモとして") is Mark.BAD


@pytest.mark.only_sqlite("pragmas are SQLite's")
def test_a_weaker_pragma_is_bad(database: Database, settings: Settings) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
    assert mark_of(examined(database, settings), "synchronous=1") is Mark.BAD


@pytest.mark.only_postgresql("needs a PostgreSQL server")
def test_a_server_without_durability_is_bad(database: Database, settings: Settings) -> None:
    assert mark_of(examined(database, settings), "fsync=off") is Mark.BAD


# ---------------------------------------------------------------------------------------------- the machine


def of_machine(settings: Settings, words: str) -> Check:
    (check,) = [check for check in machine.checks(settings) if words in check.sentence]
    return check


def test_a_short_secret_is_bad(settings: Settings) -> None:
    short = settings.model_copy(update={"secret_key": "short"})
    assert of_machine(short, "署名の鍵").mark is Mark.BAD


def test_a_secret_that_others_can_read_is_bad(settings: Settings) -> None:
    own = settings.model_copy(update={"secret_key": ""})
    assert of_machine(own, "署名の鍵").mark is Mark.GOOD
    (settings.instance_path / "secret-key").chmod(0o644)
    assert of_machine(own, "署名の鍵").mark is Mark.BAD


def test_a_database_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "database"
    file.write_bytes(b"")
    file.chmod(0o644)
    assert machine.privacy(file).mark is Mark.GOOD
    tmp_path.chmod(0o755)
    assert machine.privacy(file).mark is Mark.WARNING
    file.chmod(0o640)
    assert machine.privacy(file).mark is Mark.GOOD


def test_an_open_door_without_encryption_is_bad(settings: Settings) -> None:
    assert of_machine(settings, "このコンピュータだけ").mark is Mark.GOOD
    reachable = settings.model_copy(update={"host": "0.0.0.0"})  # noqa: S104 - the case to be warned of
    assert of_machine(reachable, "暗号化なし").mark is Mark.BAD
    encrypted = reachable.model_copy(update={"https": True})
    assert of_machine(encrypted, "HTTPS").mark is Mark.GOOD


def test_a_folder_that_cannot_be_written_is_bad(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"instance_path": Path("/proc/1")})
    (check,) = [check for check in machine.checks(settings) if "書き込めます" in check.sentence]
    assert check.mark is Mark.GOOD
    found = of_machine(nowhere.model_copy(update={"secret_key": "x" * 40}), "書き込めません")
    assert found.mark is Mark.BAD


@pytest.mark.parametrize(
    ("limit", "value"), [("LOW_SPACE", 1 << 60), ("LOW_SHARE", 101)], ids=["below a size", "below a share"]
)
def test_a_full_disk_is_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(machine, limit, value)
    assert of_machine(settings, "ディスクの空き").mark is Mark.WARNING


def test_missing_fonts_are_bad(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "font_book", _no_fonts)
    assert of_machine(settings, "書体").mark is Mark.BAD


def _no_fonts() -> None:
    raise FileNotFoundError
