"""The start-up check of the guards: whatever is missing, changed or switched off is named."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db.guards import MESSAGE, Guard, check, install, postgresql_statements, remove, sqlite_triggers
from app.db.registry import GUARDS
from app.db.session import Database
from tests.databases import on_postgresql

only_sqlite = pytest.mark.only_sqlite("triggers as SQLite has them")
only_postgresql = pytest.mark.only_postgresql("triggers as PostgreSQL has them")
GUARD = next(guard for guard in GUARDS if guard.table == "approval")
ROW, TRUNCATE = "guard_approval_row", "guard_approval_truncate"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection of the database's owner; what it does is undone."""
    with database.engine.connect() as found:
        if database.is_sqlite:
            found.exec_driver_sql("BEGIN IMMEDIATE")
        yield found
        found.rollback()


def test_a_migrated_database_keeps_every_promise(connection: Connection) -> None:
    assert check(connection, GUARDS) == []


def names(guard: Guard) -> list[str]:
    if on_postgresql():
        return [f"guard_{guard.table}_row", f"guard_{guard.table}_truncate"]
    return [trigger.name for trigger in sqlite_triggers(guard)]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_each_missing_trigger_is_named(connection: Connection, guard: Guard) -> None:
    for number, name in enumerate(names(guard), start=1):
        connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {guard.table}" if on_postgresql() else ""))
        assert check(connection, GUARDS) == [f"trigger {gone} is missing" for gone in names(guard)[:number]]


@only_sqlite
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_each_changed_trigger_is_named_on_sqlite(connection: Connection, guard: Guard) -> None:
    for trigger in sqlite_triggers(guard):
        connection.exec_driver_sql(f"DROP TRIGGER {trigger.name}")
        connection.exec_driver_sql(re.sub(r" WHEN .* BEGIN ", " WHEN 1=0 BEGIN ", trigger.sql))
        assert check(connection, GUARDS) == [f"trigger {trigger.name} differs"]
        connection.exec_driver_sql(f"DROP TRIGGER {trigger.name}")
        connection.exec_driver_sql(trigger.sql)
    assert check(connection, GUARDS) == []


@only_postgresql
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_each_changed_function_is_named_on_postgresql(connection: Connection, guard: Guard) -> None:
    function = f"guard_{guard.table}"
    body = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    connection.execute(text(f"CREATE OR REPLACE FUNCTION {function}() {body}"))
    assert check(connection, GUARDS) == [f"function {function} differs"]


@only_postgresql
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
@pytest.mark.parametrize("order", ["DISABLE TRIGGER", "ENABLE REPLICA TRIGGER", "ENABLE TRIGGER"])
def test_each_trigger_that_does_not_always_fire_is_named_on_postgresql(
    connection: Connection, guard: Guard, order: str
) -> None:
    for number, name in enumerate(names(guard), start=1):
        connection.execute(text(f"ALTER TABLE {guard.table} {order} {name}"))
        assert check(connection, GUARDS) == [
            f"trigger {off} does not always fire" for off in names(guard)[:number]
        ]


@only_postgresql
def test_a_session_that_calls_itself_a_replica_is_refused_too(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql(
        "INSERT INTO journal_head (subject_type, subject_id, sequence, digest, sealed_sequence) "
        "VALUES ('unit', 'x', 1, 'd', 0)"
    )
    for statement in (
        "UPDATE journal_head SET digest = 'e'",
        "DELETE FROM journal_head",
        "TRUNCATE journal_head",
    ):
        with pytest.raises(DBAPIError, match=f"{MESSAGE}: journal_head"), connection.begin_nested():
            connection.exec_driver_sql(statement)


ALL = "INSERT OR UPDATE OR DELETE"
OURS = "EXECUTE FUNCTION guard_approval()"


@only_postgresql
@pytest.mark.parametrize(
    "instead",
    [
        f"BEFORE INSERT ON approval FOR EACH ROW {OURS}",
        f"AFTER {ALL} ON approval FOR EACH ROW {OURS}",
        f"BEFORE INSERT OR UPDATE OF comment OR DELETE ON approval FOR EACH ROW {OURS}",
        f"BEFORE {ALL} ON approval FOR EACH ROW EXECUTE FUNCTION guard_answer()",
        f"BEFORE UPDATE ON approval FOR EACH ROW WHEN (OLD.sequence > 99) {OURS}",
        f"BEFORE {ALL} ON approval {OURS}",
    ],
)
def test_a_narrower_trigger_of_the_same_name_is_named(connection: Connection, instead: str) -> None:
    connection.execute(text(f"DROP TRIGGER {ROW} ON approval"))
    connection.execute(text(f"CREATE TRIGGER {ROW} {instead}"))
    connection.execute(text(f"ALTER TABLE approval ENABLE ALWAYS TRIGGER {ROW}"))
    assert check(connection, GUARDS) == [f"trigger {ROW} differs"]


@only_postgresql
def test_install_also_heals_a_disabled_trigger(connection: Connection) -> None:
    connection.execute(text(f"ALTER TABLE approval DISABLE TRIGGER {TRUNCATE}"))
    install(connection, GUARDS)
    assert check(connection, GUARDS) == []


def test_removing_and_installing_leaves_the_same_guards(connection: Connection) -> None:
    remove(connection)
    assert len(check(connection, GUARDS)) == sum(len(names(guard)) for guard in GUARDS)
    install(connection, GUARDS)
    assert check(connection, GUARDS) == []


def test_triggers_of_others_are_left_alone(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE elsewhere (id INTEGER)")
    if on_postgresql():
        body = "CREATE FUNCTION stranger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
        connection.execute(text(body))
        connection.execute(
            text(
                "CREATE TRIGGER stranger BEFORE INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION stranger()"
            )
        )
    else:
        connection.exec_driver_sql("CREATE TRIGGER stranger BEFORE INSERT ON elsewhere BEGIN SELECT 1; END")
    remove(connection)
    connection.exec_driver_sql("DROP TRIGGER stranger" + (" ON elsewhere" if on_postgresql() else ""))


def test_a_guard_without_conditions_freezes_from_birth(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE stone (id INTEGER PRIMARY KEY, word VARCHAR(9))")
    stone = (Guard(table="stone", unique_keys=(("id",),)),)
    for statement in (
        postgresql_statements(stone[0]) if on_postgresql() else [t.sql for t in sqlite_triggers(stone[0])]
    ):
        connection.exec_driver_sql(statement.replace("%", "%%"))
    assert check(connection, stone) == []
    connection.exec_driver_sql("INSERT INTO stone VALUES (1, 'a'), (2, 'b')")
    with pytest.raises(DBAPIError, match=f"{MESSAGE}: stone"), connection.begin_nested():
        connection.exec_driver_sql("UPDATE stone SET word = 'c'")
    assert connection.exec_driver_sql("SELECT word FROM stone ORDER BY id").scalars().all() == ["a", "b"]
