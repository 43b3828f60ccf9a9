"""A backup made while people work, proved, and put back elsewhere: the same on SQLite and PostgreSQL."""

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from app.backup.commands import (
    Created,
    JournalFaults,
    Restored,
    create_backup,
    note_backup,
    restore_to_folder,
    restore_to_server,
    verify_backup,
)
from app.backup.commands.tables import lines_of, stored_tables
from app.backup.queries import last_backup, made_here_at
from app.backup.rules import DATABASE_FILE
from app.config import Settings
from app.db.engine import make_engine
from app.db.guards import check
from app.db.registry import GUARDS, METADATA
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.rules import State
from app.journal.commands import record, record_access, seal
from app.journal.queries import lines_of as journal_lines
from app.journal.queries import verify
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.errors import NotNow
from app.people.models import Account, SignInSession
from app.reports.models import KeptDocument
from tests.factories.inspections import Year
from tests.people import AFFAIRS, BRANCH, COUNTER, SATO, STORY, YOSHIDA

MARK = ActorMark(person_id=None, via=Via.CLI, operator="operator")
TOUCHED_BY_RESTORING = {"journal_entry", "journal_head", "sign_in_session"}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder with two kept files."""
    folder = tmp_path / "evidence"
    (folder / "ab").mkdir(parents=True)
    (folder / "ab" / "abc.pdf").write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 40)
    (folder / "empty").write_bytes(b"")
    return folder


def made(database: Database, target: Path, *, evidence: Path) -> Created:
    return create_backup(database, target=target, evidence=evidence, now=STORY)


def put_back(path: Path, folder: Path, *, faults: JournalFaults = JournalFaults.REFUSED) -> Restored:
    return restore_to_folder(path, folder=folder, faults=faults, mark=MARK, now=STORY)


def digests(url_or_database: str | Database) -> dict[str, str]:
    """The digest of every table, as a backup counts it."""
    database = Database(make_engine(url_or_database)) if isinstance(url_or_database, str) else url_or_database
    with database.reading() as session:
        connection = session.connection()
        found = {table.name: lines_of(connection, table).digest for table in stored_tables(connection)}
    if isinstance(url_or_database, str):
        database.engine.dispose()
    return found


def untouched(found: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if name not in TOUCHED_BY_RESTORING}


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = Database(make_engine(f"sqlite:///{folder / DATABASE_FILE}"))
    yield database
    database.engine.dispose()


# ------------------------------------------------------------------------------------------------- a round


def test_every_table_and_every_kept_file_comes_back(year: Year, evidence: Path, tmp_path: Path) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.answer(COUNTER, comment="𠮷田「髙﨑」\n二行目")
    before = digests(year.database)
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    restored = put_back(created.path, tmp_path / "elsewhere")

    assert set(before) == set(METADATA.tables)
    assert untouched(digests(f"sqlite:///{tmp_path / 'elsewhere' / DATABASE_FILE}")) == untouched(before)
    assert digests(year.database) == before
    assert restored.manifest.rows == created.rows > 100
    files = {path.relative_to(evidence): path.read_bytes() for path in evidence.rglob("*") if path.is_file()}
    folder = tmp_path / "elsewhere" / "evidence"
    assert {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    } == files
    assert created.files == len(files) == 2


def test_the_restored_journal_holds_and_its_guards_stand(year: Year, evidence: Path, tmp_path: Path) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    put_back(created.path, tmp_path / "elsewhere")
    with opened(tmp_path / "elsewhere") as copy:
        with copy.reading() as session:
            found = verify(session)
            assert check(session.connection(), GUARDS) == []
        with pytest.raises(DBAPIError, match="immutable row"), copy.transaction() as session:
            session.execute(text("UPDATE sealed_revision SET content = '{}'"))
    assert found.faults == ()
    assert found.seals == 1


def test_the_restored_installation_says_where_it_came_from(
    year: Year, evidence: Path, tmp_path: Path
) -> None:
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    put_back(created.path, tmp_path / "elsewhere")
    with opened(tmp_path / "elsewhere") as copy, copy.reading() as session:
        lines = journal_lines(session, subject=Subject(type=SubjectType.BACKUP, id="backup"))
    assert [line.event for line in lines] == ["backup.restored"]
    assert lines[0].facts["file"] == created.digest == sha256(created.path.read_bytes()).hexdigest()


def test_nobody_is_signed_in_to_a_restored_copy(year: Year, evidence: Path, tmp_path: Path) -> None:
    with year.database.transaction() as session:
        account = session.query(Account).filter_by(person_id=SATO.id).one()
        for number, ended in enumerate((None, None, STORY)):
            session.add(
                SignInSession(
                    token_digest=f"{number}" * 64,
                    account_id=account.id,
                    created_at=STORY,
                    last_seen_at=STORY,
                    proved_at=STORY,
                    user_agent="",
                    ended_at=ended,
                    end_reason="signed-out" if ended else None,
                )
            )
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    assert put_back(created.path, tmp_path / "elsewhere").sessions == 2
    for database, expected in ((year.database, 2), (None, 0)):
        with opened(tmp_path / "elsewhere") as copy, (database or copy).reading() as session:
            assert session.query(SignInSession).filter_by(ended_at=None).count() == expected


def test_a_backup_of_a_restored_copy_holds_the_same(year: Year, evidence: Path, tmp_path: Path) -> None:
    first = made(year.database, tmp_path / "first.tar", evidence=evidence)
    put_back(first.path, tmp_path / "elsewhere")
    with opened(tmp_path / "elsewhere") as copy:
        second = made(copy, tmp_path / "second.tar", evidence=tmp_path / "elsewhere" / "evidence")
    before = verify_backup(first.path, mark=MARK, now=STORY).manifest
    after = verify_backup(second.path, mark=MARK, now=STORY).manifest
    same = {table.name: table.digest for table in after.tables if table.name not in TOUCHED_BY_RESTORING}
    assert same == {
        table.name: table.digest for table in before.tables if table.name not in TOUCHED_BY_RESTORING
    }
    assert after.evidence == before.evidence


@pytest.mark.only_postgresql("between the engines: needs a PostgreSQL server")
def test_postgresql_to_sqlite_and_back_changes_nothing(
    year: Year, evidence: Path, empty_url: str, tmp_path: Path
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with year.database.transaction() as session:
        for _ in range(3):
            subject = Subject(type=SubjectType.UNIT, id="1")
            record_access(session, person_id=str(SATO.id), subject=subject, act="read", now=STORY)
    before = untouched(digests(year.database))
    there = made(year.database, tmp_path / "there.tar", evidence=evidence)
    put_back(there.path, tmp_path / "sqlite")
    with opened(tmp_path / "sqlite") as copy:
        assert untouched(digests(copy)) == before
        back = made(copy, tmp_path / "back.tar", evidence=tmp_path / "sqlite" / "evidence")
    restore_to_server(
        back.path,
        url=empty_url,
        folder=tmp_path / "server",
        faults=JournalFaults.REFUSED,
        mark=MARK,
        now=STORY,
    )
    assert untouched(digests(empty_url)) == before
    assert (tmp_path / "server" / "evidence" / "ab" / "abc.pdf").exists()
    _goes_on_working(empty_url)


def _goes_on_working(url: str) -> None:
    """Counted numbers go on behind the restored ones, foreign keys and guards are there."""
    server = Database(make_engine(url))
    with server.transaction() as session:
        subject = Subject(type=SubjectType.UNIT, id="1")
        record_access(session, person_id=str(SATO.id), subject=subject, act="read", now=STORY)
        assert session.scalar(text("SELECT max(id) FROM access_log")) == 4
    with server.reading() as session:
        assert check(session.connection(), GUARDS) == []
        assert verify(session).faults == ()
    with pytest.raises(DBAPIError, match="fk_posting_unit_id"), server.transaction() as session:
        session.execute(text("UPDATE posting SET unit_id = gen_random_uuid()"))
    server.engine.dispose()


@pytest.mark.only_postgresql("needs a PostgreSQL server")
def test_a_server_that_is_in_use_is_left_alone(
    year: Year, evidence: Path, city_url: str, tmp_path: Path
) -> None:
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    before = digests(year.database)
    with pytest.raises(NotNow):
        restore_to_server(
            created.path,
            url=city_url,
            folder=tmp_path / "server",
            faults=JournalFaults.REFUSED,
            mark=MARK,
            now=STORY,
        )
    assert digests(year.database) == before
    assert not (tmp_path / "server").exists()


# ----------------------------------------------------------------------------------------------- under load


def test_a_backup_under_load_is_one_moment(year: Year, evidence: Path, tmp_path: Path) -> None:
    """Threads write answers and journal entries all the while; each backup holds together in itself."""
    stop = threading.Event()
    counts = {AFFAIRS.code: 0, BRANCH.code: 0}
    threads = [
        threading.Thread(target=_answering, args=(year, code, stop, counts))
        for code in (AFFAIRS.code, BRANCH.code)
    ]
    threads.append(threading.Thread(target=_journalling, args=(year.database, stop)))
    for thread in threads:
        thread.start()
    try:
        backups = [made(year.database, tmp_path / f"{n}.tar", evidence=evidence) for n in range(3)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert min(counts.values()) > 0
    entries = []
    for created in backups:
        found = verify_backup(created.path, mark=MARK, now=STORY)
        assert found.journal.faults == ()
        entries.append(found.journal.entries)
    assert entries == sorted(entries)
    assert entries[0] < entries[-1]
    with year.database.reading() as session:
        assert verify(session).faults == ()


def _answering(year: Year, code: str, stop: threading.Event, counts: dict[str, int]) -> None:
    cast = SATO if code == AFFAIRS.code else YOSHIDA
    actor, item = year.actor(cast), year.item_id("D01")
    while not stop.is_set():
        number = counts[code]
        draft = AnswerDraft(
            item_id=item,
            level="implemented",
            comment=f"{number}回目",
            seen_version=number,
            client_id=f"{code}-{number}",
        )
        with year.database.transaction() as session:
            record_answers(session, actor=actor, inspection_id=year.sheets[code], drafts=[draft], now=STORY)
        counts[code] += 1


def _journalling(database: Database, stop: threading.Event) -> None:
    while not stop.is_set():
        with database.transaction() as session:
            subject = Subject(type=SubjectType.PERSON, id="somebody")
            record(session, subject=subject, event="something.happened", actor=MARK, now=STORY)
            seal(session, reason="test", now=STORY)


# ---------------------------------------------------------------------------------------- what is remembered


def test_the_last_backup_is_known_from_the_journal(year: Year, evidence: Path, tmp_path: Path) -> None:
    with year.database.reading() as session:
        assert last_backup(session) is None
    for number in range(2):
        created = made(year.database, tmp_path / f"{number}.tar", evidence=evidence)
        with year.database.transaction() as session:
            note_backup(session, created=created, mark=MARK, now=STORY + timedelta(days=number))
    with year.database.reading() as session:
        last = last_backup(session)
        assert made_here_at(session, digest=created.digest) == STORY + timedelta(days=1)
        assert made_here_at(session, digest="0" * 64) is None
    assert last is not None
    assert (last.at, last.digest, last.size) == (
        STORY + timedelta(days=1),
        created.digest,
        created.path.stat().st_size,
    )


def test_a_lost_kept_file_does_not_stop_the_backup_and_is_named(
    year: Year, evidence: Path, tmp_path: Path
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    held = sha256((evidence / "ab" / "abc.pdf").read_bytes()).hexdigest()
    year.bring(COUNTER, to=State.SIGNED_OFF)
    with year.database.transaction() as session:
        for number, (place, digest) in enumerate(((AFFAIRS, held), (COUNTER, "f" * 64))):
            session.execute(
                insert(KeptDocument).values(
                    revision_id=year.sheet(place).revision_id,
                    number=f"{number}",
                    file_digest=digest,
                    size=1,
                    made_at=STORY,
                )
            )
    created = made(year.database, tmp_path / "backup.tar", evidence=evidence)
    assert created.missing == ("f" * 64,)
    assert verify_backup(created.path, mark=MARK, now=STORY).manifest.missing == ("f" * 64,)


def test_what_is_not_ours_in_the_evidence_folder_is_left_out_and_named(
    database: Database, evidence: Path, tmp_path: Path
) -> None:
    (evidence / "写し.pdf").write_bytes(b"x")
    (evidence / "link").symlink_to("/etc/hostname")
    created = made(database, tmp_path / "backup.tar", evidence=evidence)
    assert set(created.strangers) == {"写し.pdf", "link"}
    assert created.files == 2


def test_a_city_without_kept_files_can_be_backed_up(database: Database, tmp_path: Path) -> None:
    created = made(database, tmp_path / "backup.tar", evidence=tmp_path / "nowhere")
    assert put_back(created.path, tmp_path / "elsewhere").manifest.evidence == ()


def test_the_same_database_gives_the_same_tables(database: Database, evidence: Path, tmp_path: Path) -> None:
    one = made(database, tmp_path / "one.tar", evidence=evidence)
    two = made(database, tmp_path / "two.tar", evidence=evidence)
    assert one.digest == two.digest


def test_the_embedded_database_has_the_name_that_the_settings_expect(tmp_path: Path) -> None:
    settings = Settings(database_url="", instance_path=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path / DATABASE_FILE}"


# ------------------------------------------------------------------------------------------- files and places


def test_a_backup_is_readable_by_its_owner_only(database: Database, evidence: Path, tmp_path: Path) -> None:
    created = made(database, tmp_path / "backup.tar", evidence=evidence)
    put_back(created.path, tmp_path / "elsewhere")
    assert created.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "elsewhere" / DATABASE_FILE).stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_never_overwritten(database: Database, evidence: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    target.write_bytes(b"precious")
    with pytest.raises(NotNow):
        made(database, target, evidence=evidence)
    assert target.read_bytes() == b"precious"


def test_two_backups_to_one_name_do_not_mix(database: Database, evidence: Path, tmp_path: Path) -> None:
    partial = tmp_path / "backup.tar.partial"
    partial.write_bytes(b"of the other one")
    with pytest.raises(NotNow, match="作りかけ"):
        made(database, tmp_path / "backup.tar", evidence=evidence)
    assert partial.read_bytes() == b"of the other one"


@pytest.mark.parametrize("allowed", [0, 512, 4096, 20_000])
def test_a_full_disk_leaves_no_file(database: Database, evidence: Path, tmp_path: Path, allowed: int) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    # SQLite makes the files beside the database when it is opened first; those are not what is tested here.
    digests(database)
    with _quota(allowed), pytest.raises(OSError, match="File too large"):
        made(database, folder / "backup.tar", evidence=evidence)
    assert list(folder.iterdir()) == []


@contextmanager
def _quota(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: every write beyond fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _occupied(folder: Path) -> None:
    folder.mkdir()
    (folder / "something").write_text("here already")


def _a_file(folder: Path) -> None:
    folder.write_text("here already")


@pytest.mark.parametrize("prepare", [_occupied, _a_file])
def test_nothing_is_restored_over_something(
    database: Database, evidence: Path, tmp_path: Path, prepare: Callable[[Path], None]
) -> None:
    created = made(database, tmp_path / "backup.tar", evidence=evidence)
    folder = tmp_path / "elsewhere"
    prepare(folder)
    with pytest.raises(NotNow):
        put_back(created.path, folder)
    assert not (tmp_path / "elsewhere.partial").exists()


def test_an_empty_folder_may_be_restored_into(database: Database, evidence: Path, tmp_path: Path) -> None:
    created = made(database, tmp_path / "backup.tar", evidence=evidence)
    (tmp_path / "elsewhere").mkdir()
    put_back(created.path, tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / DATABASE_FILE).exists()


def test_an_empty_database_has_nothing_to_back_up(empty_url: str, tmp_path: Path) -> None:
    database = Database(make_engine(empty_url))
    with pytest.raises(NotNow):
        made(database, tmp_path / "backup.tar", evidence=tmp_path)
    database.engine.dispose()
    assert not list(tmp_path.glob("backup.tar*"))
