"""Immutable rows, kept by the database itself on both engines.

A guard is declared once, beside nothing else, and turned into triggers for SQLite or PostgreSQL. Triggers are
(re)installed after every migration, because Alembic's batch mode drops them silently, and the application
does not start while one is missing or differs.

SQLite needs more than BEFORE UPDATE and BEFORE DELETE: `INSERT OR REPLACE` and `UPDATE OR REPLACE` remove the
colliding row without firing them, also through a second UNIQUE key and through the hidden `rowid`, which
anybody may write. So inserts and updates that collide with a frozen row on any of these are refused as well.
On PostgreSQL TRUNCATE is refused by a statement trigger; REPLACE does not exist and an upsert fires the
update trigger. The triggers fire always, also in a session that calls itself a replica.

What an owner of the database can still do (dropping a trigger, rewriting a whole chain) is found by the
start-up check and by comparing the journal with an exported seal.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.kernel.errors import Refusal

PREFIX = "guard_"


class GuardMissing(Refusal):
    """A declared guard is not in the database as it should be: nothing is served until it is back."""

    status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Rows of `table` for which `frozen` holds can be neither changed, replaced nor deleted.

    Attributes:
        table: the table's name.
        unique_keys: every unique key of the table, the primary key included; each a tuple of columns.
        frozen: an SQL condition on the stored row, with `{row}` for its name; "1=1" freezes each row from
            its birth.
        growing: columns that may still change in a frozen row (a head that moves forward); empty for most.
        grows: an SQL condition on `{new}` and `{old}` that such a change has to meet.
        insertable: an SQL condition on `{new}` that a new row has to meet, for rows that belong to a frozen
            parent.
        disposable: an SQL condition on `{row}` under which a frozen row may be deleted; see `named_for_disposal`.
        partial_keys: unique keys over some rows only: columns, and the SQL condition on `{row}` of the index.
    """

    table: str
    unique_keys: tuple[tuple[str, ...], ...]
    frozen: str = "1=1"
    growing: tuple[str, ...] = ()
    grows: str = "1=1"
    disposable: str = "1=0"
    insertable: str = "1=1"
    partial_keys: tuple[tuple[tuple[str, ...], str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger as it must stand in the database."""

    name: str
    table: str
    sql: str


def named_for_disposal(kind: str, of: str) -> str:
    """Return the condition that an approved disposal batch, whose approval is in the journal, names a thing."""
    return (
        "EXISTS (SELECT 1 FROM disposal_subject "  # noqa: S608 - our own words
        "JOIN disposal_batch ON disposal_batch.id = disposal_subject.batch_id "
        "JOIN journal_head ON journal_head.subject_id = disposal_batch.journal_id "
        f"WHERE disposal_subject.kind = '{kind}' AND disposal_subject.subject_id = {of} "
        "AND disposal_batch.outcome = 'approved' "
        "AND journal_head.subject_type = 'disposal' AND journal_head.sequence >= 2)"
    )


def may_go(guard: Guard) -> str:
    """Return under which condition a frozen row may be deleted."""
    return guard.disposable.format(row="OLD")


MESSAGE = "immutable row"
ROW_NUMBER = ("rowid",)
"""The key that every table of SQLite has beside its own; -1 in a BEFORE INSERT trigger until it is given."""


def sqlite_triggers(guard: Guard) -> Iterator[Trigger]:
    """Yield the SQLite triggers of a guard."""
    abort = f"SELECT RAISE(ABORT, '{MESSAGE}: {guard.table}')"
    old_frozen = guard.frozen.format(row="OLD")
    new_frozen = guard.frozen.format(row="held")
    may_grow = guard.grows.format(new="NEW", old="OLD")
    allowed = f" AND NOT ({may_grow})" if guard.growing else ""
    yield _sqlite(guard, "delete", "BEFORE DELETE", f"WHEN ({old_frozen}) AND NOT ({may_go(guard)})", abort)
    yield _sqlite(guard, "update", "BEFORE UPDATE", f"WHEN ({old_frozen}){allowed}", abort)
    whole = ((key, "1=1") for key in (*guard.unique_keys, ROW_NUMBER))
    for number, (key, condition) in enumerate((*whole, *guard.partial_keys)):
        same = " AND ".join(f"held.{column} = NEW.{column}" for column in key)
        if condition != "1=1":
            same += f" AND {condition.format(row='held')} AND {condition.format(row='NEW')}"
        held = f"FROM {guard.table} AS held WHERE {same} AND ({new_frozen})"
        collides = f"EXISTS (SELECT 1 {held}"
        yield _sqlite(guard, f"insert_{number}", "BEFORE INSERT", f"WHEN {collides})", abort)
        moved = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in key)
        if condition != "1=1":
            moved += f" OR NOT {condition.format(row='OLD')}"
        yield _sqlite(guard, f"collide_{number}", "BEFORE UPDATE", f"WHEN ({moved}) AND {collides})", abort)
    if guard.insertable != "1=1":
        refused = f"WHEN NOT ({guard.insertable.format(new='NEW')})"
        yield _sqlite(guard, "parent", "BEFORE INSERT", refused, abort)
        yield _sqlite(guard, "parent_update", "BEFORE UPDATE", refused, abort)


def _sqlite(guard: Guard, kind: str, event: str, when: str, body: str) -> Trigger:
    name = f"{PREFIX}{guard.table}_{kind}"
    return Trigger(
        name,
        guard.table,
        f"CREATE TRIGGER {name} {event} ON {guard.table} FOR EACH ROW {when} BEGIN {body}; END",
    )


def postgresql_statements(guard: Guard) -> Iterator[str]:
    """Yield the statements that install a guard on PostgreSQL: one function and two triggers that always fire."""
    name = f"{PREFIX}{guard.table}"
    old_frozen = guard.frozen.format(row="OLD")
    may_grow = guard.grows.format(new="NEW", old="OLD") if guard.growing else "FALSE"
    insertable = guard.insertable.format(new="NEW")
    refuse = f"RAISE EXCEPTION '{MESSAGE}: {guard.table}' USING ERRCODE = 'integrity_constraint_violation';"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN "
        f"IF TG_OP = 'TRUNCATE' THEN {refuse} END IF; "
        f"IF TG_OP = 'DELETE' THEN IF ({old_frozen}) AND NOT ({may_go(guard)}) THEN {refuse} END IF; "
        "RETURN OLD; END IF; "
        f"IF TG_OP = 'UPDATE' THEN IF ({old_frozen}) AND NOT ({may_grow}) THEN {refuse} END IF; END IF; "
        f"IF NOT ({insertable}) THEN {refuse} END IF; "
        f"RETURN NEW; END $guard$"
    )
    call = f"EXECUTE FUNCTION {name}()"
    yield f"CREATE TRIGGER {name}_row BEFORE INSERT OR UPDATE OR DELETE ON {guard.table} FOR EACH ROW {call}"
    yield f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {guard.table} FOR EACH STATEMENT {call}"
    # Whoever may set session_replication_role would otherwise switch them off for a session, without a trace.
    for trigger in (f"{name}_row", f"{name}_truncate"):
        yield f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {trigger}"


def install(connection: Connection, guards: tuple[Guard, ...]) -> None:
    """Remove every guard of ours and install the declared ones, in the transaction of each migration."""
    remove(connection)
    for guard in guards:
        if connection.dialect.name == "sqlite":
            for trigger in sqlite_triggers(guard):
                connection.exec_driver_sql(trigger.sql)
        else:
            for statement in postgresql_statements(guard):
                # The colon-free driver call keeps SQLAlchemy from reading binds into the function's text.
                connection.exec_driver_sql(statement.replace("%", "%%"))


def remove(connection: Connection) -> None:
    """Remove every guard of ours, so that a migration can reshape tables; `install` follows at its end."""
    if connection.dialect.name == "sqlite":
        for name in _sqlite_installed(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        for table, trigger in _postgresql_triggers(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger} ON {table}")


def check(connection: Connection, guards: tuple[Guard, ...]) -> list[str]:
    """Return what is missing or differs, one English line each; nothing when every promise is kept."""
    return (
        _check_sqlite(connection, guards)
        if connection.dialect.name == "sqlite"
        else _check_postgresql(connection, guards)
    )


def _check_sqlite(connection: Connection, guards: tuple[Guard, ...]) -> list[str]:
    installed = _sqlite_installed(connection)
    wanted = {trigger.name: trigger.sql for guard in guards for trigger in sqlite_triggers(guard)}
    missing = [f"trigger {name} is missing" for name in wanted if name not in installed]
    changed = [
        f"trigger {name} differs"
        for name, sql in wanted.items()
        if name in installed and installed[name] != sql
    ]
    return missing + changed


def _sqlite_installed(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    return {str(name): str(sql) for name, sql in rows if str(name).startswith(PREFIX)}


_ROW_EVENTS = 31
"""pg_trigger.tgtype of FOR EACH ROW (1) BEFORE (2) INSERT (4) OR DELETE (8) OR UPDATE (16)."""
_TRUNCATE_EVENT = 34
"""pg_trigger.tgtype of FOR EACH STATEMENT BEFORE (2) TRUNCATE (32)."""


def _check_postgresql(connection: Connection, guards: tuple[Guard, ...]) -> list[str]:
    installed = _postgresql_triggers(connection)
    bodies = _postgresql_bodies(connection)
    problems = []
    for guard in guards:
        name = f"{PREFIX}{guard.table}"
        for trigger, events in ((f"{name}_row", _ROW_EVENTS), (f"{name}_truncate", _TRUNCATE_EVENT)):
            found = installed.get((guard.table, trigger))
            if found is None:
                problems.append(f"trigger {trigger} is missing")
            elif not found.fires:
                problems.append(f"trigger {trigger} does not always fire")
            elif (found.events, found.function) != (events, name):
                problems.append(f"trigger {trigger} differs")
        wanted = next(postgresql_statements(guard)).split("$guard$")[1]
        if bodies.get(name) != hashlib.sha256(wanted.encode()).hexdigest():
            problems.append(f"function {name} differs")
    return problems


@dataclass(frozen=True, slots=True)
class _Installed:
    """A trigger as it stands. `fires` means always. `function` is None when it is not ours or runs only sometimes."""

    fires: bool
    events: int
    function: str | None


def _postgresql_triggers(connection: Connection) -> dict[tuple[str, str], _Installed]:
    # Only 'A' fires whatever session_replication_role says; 'D' (disabled), 'R' (a replica's only) and 'O' (not a
    # replica's) can be passed.
    rows = connection.execute(
        text(
            "SELECT c.relname, t.tgname, t.tgenabled = 'A', t.tgtype, "
            "CASE WHEN t.tgqual IS NULL AND t.tgattr::text = '' AND p.pronamespace = c.relnamespace "
            "THEN p.proname END "
            "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND starts_with(t.tgname, :prefix)"
        ),
        {"prefix": PREFIX},
    ).all()
    return {
        (str(table), str(trigger)): _Installed(fires, events, function)
        for table, trigger, fires, events, function in rows
    }


def _postgresql_bodies(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        text(
            "SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema() AND starts_with(p.proname, :prefix)"
        ),
        {"prefix": PREFIX},
    ).all()
    return {str(name): hashlib.sha256(str(body).encode()).hexdigest() for name, body in rows}
