"""Transactions at the edge: reading cannot write, writing is whole or nothing, and writers queue fairly."""

import threading
import time
from collections.abc import Callable
from typing import Final

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import session as sessions
from app.db.engine import make_engine, reading_engine
from app.db.session import Database, FairGate, bind, bound, one_moment, reading, transaction
from app.organisation.models import Unit
from tests.databases import on_postgresql
from tests.people import AFFAIRS, STORY

WRITES: Final = (
    "INSERT INTO sign_in_throttle VALUES ('x', 1, '2026-01-01 00:00:00')",
    "UPDATE unit SET code = 'X' WHERE code = '2010'",
    "DELETE FROM unit_function",
    "CREATE TABLE strange (id INTEGER)",
    "DROP TABLE sent_form",
    "ALTER TABLE unit ADD COLUMN strange INTEGER",
    "CREATE INDEX strange ON unit (created_at)",
)
WAIT: Final = 30
"""Seconds after which a thread that waits for another is stuck."""


def units(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Unit)) or 0


# ----------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("statement", WRITES)
def test_reading_refuses_every_write(database: Database, statement: str) -> None:
    refusal = "read-only transaction" if on_postgresql() else "readonly database"
    with database.reading() as session, pytest.raises(DBAPIError, match=refusal):
        session.execute(text(statement))


def test_reading_refuses_what_a_command_flushes(database: Database) -> None:
    with database.reading() as session:
        session.add(Unit(code="X", created_at=STORY))
        with pytest.raises(DBAPIError):
            session.flush()


def test_a_connection_that_was_read_on_can_be_written_on_and_the_other_way_round(city_url: str) -> None:
    database = Database(make_engine(city_url))
    with database.engine.connect():
        pass
    for number in range(3):
        with database.reading() as session:
            before = units(session)
        with database.transaction() as session:
            session.add(Unit(code=f"X{number}", created_at=STORY))
        with database.reading() as session:
            assert units(session) == before + 1
            with pytest.raises(DBAPIError):
                session.execute(text(WRITES[1]))
    # One pooled connection served all of it.
    assert database.engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # a queue pool
    database.engine.dispose()


def test_connections_for_reading_are_kept_apart_and_let_go_with_the_others(city_url: str) -> None:
    """SQLite forgets the prepared statements of a connection whose `query_only` is switched; PostgreSQL needs no second pool."""
    engine = make_engine(city_url)
    readers = reading_engine(engine)
    assert (readers is engine) == on_postgresql()
    for _ in range(2):
        with readers.connect():
            pass
    assert readers.pool.checkedin() == 1  # type: ignore[attr-defined]  # a queue pool
    engine.dispose()
    assert readers.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.reading() as session:
        before = units(session)
        with database.transaction() as writer:
            writer.add(Unit(code="X", created_at=STORY))
        assert units(session) == before
    with database.reading() as session:
        assert units(session) == before + 1


def test_readers_of_one_moment_share_it_and_a_writer_is_not_held_up(database: Database) -> None:
    with one_moment():
        with reading() as session:
            before = units(session)
        with transaction() as writer:
            writer.add(Unit(code="X", created_at=STORY))
        with reading() as session:
            assert units(session) == before
    with reading() as session:
        assert units(session) == before + 1


def test_who_reads_beside_another_reader_of_the_moment_gets_a_session_of_its_own(database: Database) -> None:
    with one_moment(), reading() as outer:
        with reading() as inner:
            assert inner is not outer
            assert units(inner) == units(outer)
        assert units(outer)


def test_a_moment_goes_on_after_a_reading_that_failed(database: Database) -> None:
    with one_moment():
        with pytest.raises(DBAPIError), reading() as session:
            session.execute(text("SELECT nothing FROM nowhere"))
        with reading() as session:
            assert units(session)
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a queue pool


def test_a_reading_that_failed_is_not_read_on_by_the_next(database: Database) -> None:
    """Also when it was not the database that failed: what the session holds then is not known."""
    with one_moment():
        with pytest.raises(RuntimeError, match="in the middle"), reading() as broken:
            raise RuntimeError("in the middle")
        with reading() as fresh:
            assert fresh is not broken
            assert units(fresh)
        with reading() as again:
            assert again is fresh


# ----------------------------------------------------------------------------------------- writing


def test_an_exception_undoes_everything(database: Database) -> None:
    with database.reading() as session:
        before = units(session)
    with pytest.raises(RuntimeError, match="in the middle"):
        _write_and_fail(database)
    with database.reading() as session:
        assert units(session) == before
        assert session.get_one(Unit, AFFAIRS.id).code == AFFAIRS.code


def _write_and_fail(database: Database) -> None:
    with database.transaction() as session:
        session.add(Unit(code="X", created_at=STORY))
        session.flush()
        session.get_one(Unit, AFFAIRS.id).code = "Y"
        session.flush()
        raise RuntimeError("in the middle")


def test_an_error_at_the_last_flush_undoes_everything(database: Database) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.add_all([Unit(code="Y", created_at=STORY), Unit(code="Y", created_at=STORY)])
    with database.reading() as session:
        assert session.scalars(select(Unit.code).where(Unit.code == "Y")).all() == []


def test_whatever_is_not_flushed_is_written_at_the_end(database: Database) -> None:
    with database.transaction() as session:
        session.add(Unit(code="X", created_at=STORY))
    with database.reading() as session:
        assert session.scalars(select(Unit.code).where(Unit.code == "X")).all() == ["X"]


def test_the_functions_of_the_module_use_the_bound_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind(database)
    assert bound() is database
    with transaction() as session:
        session.add(Unit(code="X", created_at=STORY))
    with reading() as session:
        assert session.scalars(select(Unit.code).where(Unit.code == "X")).all() == ["X"]
    monkeypatch.setattr(sessions, "_bound", None)
    with pytest.raises(RuntimeError, match="create_app"):
        bound()


def test_another_database_than_the_two_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        make_engine("mysql://localhost/x")


def test_many_threads_write_without_an_error(database: Database) -> None:
    def add(number: int) -> None:
        for turn in range(5):
            with database.transaction() as session:
                session.add(Unit(code=f"T{number}-{turn}", created_at=STORY))

    with database.reading() as session:
        before = units(session)
    in_threads([lambda number=number: add(number) for number in range(8)])  # type: ignore[misc]
    with database.reading() as session:
        assert units(session) == before + 40


def in_threads(acts: list[Callable[[], None]]) -> None:
    """Run acts side by side; the first exception is raised."""
    faults: list[BaseException] = []

    def guarded(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    if faults:
        raise faults[0]


# -------------------------------------------------------------------------------------- the fair gate


def test_the_gate_is_first_come_first_served() -> None:
    gate, order = FairGate(), list[int]()
    threads = []

    def pass_through(number: int) -> None:
        with gate:
            order.append(number)

    with gate:
        for number in range(12):
            thread = threading.Thread(target=pass_through, args=(number,), daemon=True)
            thread.start()
            threads.append(thread)
            _until(lambda wanted=number + 1: len(gate._waiting) == wanted)  # type: ignore[misc]
        assert order == []
    for thread in threads:
        thread.join(WAIT)
    assert order == list(range(12))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_only_one_is_inside_the_gate() -> None:
    gate, inside, most = FairGate(), 0, 0

    def count() -> None:
        nonlocal inside, most
        for _ in range(50):
            with gate:
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    in_threads([count] * 6)
    assert most == 1


def test_an_exception_leaves_the_gate_open_for_the_next() -> None:
    gate, passed = FairGate(), list[str]()

    def fail() -> None:
        with pytest.raises(ZeroDivisionError), gate:
            assert 1 // 0
        passed.append("failed")

    def succeed() -> None:
        with gate:
            passed.append("passed")

    in_threads([fail, succeed, fail, succeed])
    in_threads([succeed])
    assert sorted(passed) == ["failed", "failed", "passed", "passed", "passed"]


def test_a_writer_that_fails_does_not_hold_up_the_others(database: Database) -> None:
    def fail() -> None:
        with pytest.raises(RuntimeError):
            _write_and_fail(database)

    def succeed() -> None:
        with database.transaction() as session:
            session.execute(text("UPDATE unit SET code = code"))

    in_threads([fail, succeed] * 4)
