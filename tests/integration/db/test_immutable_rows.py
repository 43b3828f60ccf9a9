"""Raw SQL against what is sealed: no statement that this file can think of changes a frozen row.

The statements are made from the guards and from the tables themselves, so a new column, key or guarded
table is attacked as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, Connection, Engine, Table, UniqueConstraint, Uuid, inspect, text
from sqlalchemy.exc import DBAPIError

from app.db.guards import MESSAGE, Guard
from app.db.registry import GUARDS, METADATA
from app.db.session import Database
from app.db.types import Instant
from tests.databases import on_postgresql
from tests.integration.db.conftest import outsider

Row = Mapping[str, Any]
Frozen = Mapping[str, list[tuple[Any, ...]]]
BY_TABLE: Final = {guard.table: guard for guard in GUARDS}
PROMISED: Final = {
    "access_log",
    "answer",
    "answer_evidence",
    "answer_history",
    "approval",
    "checklist_edition",
    "checklist_item",
    "disposal_batch",
    "disposal_count",
    "disposal_subject",
    "evidence",
    "evidence_file",
    "extension",
    "item_assignment",
    "item_return",
    "item_review",
    "item_review_history",
    "journal_entry",
    "journal_head",
    "journal_seal",
    "journal_seal_line",
    "kept_document",
    "profile_flag",
    "profile_history",
    "question_message",
    "reopening",
    "reorganisation",
    "review_batch",
    "review_batch_item",
    "review_sample",
    "revision",
    "score_change_summary",
    "sealed_revision",
    "second_factor_recovery",
    "section_summary",
    "sheet_step",
    "system_version",
    "taken_over",
}
SQLITE_CLAUSES: Final = ("", "OR ABORT", "OR FAIL", "OR IGNORE", "OR REPLACE", "OR ROLLBACK")
CLAUSES: Final = ("",) if on_postgresql() else SQLITE_CLAUSES
CHILDREN: Final = sorted(
    guard.table
    for guard in GUARDS
    if "revision_id" in METADATA.tables[guard.table].c and guard.insertable != "1=1"
)


@dataclass(frozen=True, slots=True)
class Attack:
    """One statement that must change no frozen row.

    Where `others_may_speak`, a constraint may refuse it before the guard does.
    """

    sql: str
    values: Row
    others_may_speak: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attack: the database's answer, and the frozen rows afterwards."""

    refusal: str
    after: Frozen


# ------------------------------------------------------------------------------------------- the rows


def frozen_rows(connection: Connection) -> Frozen:
    """Every frozen row of every guarded table, with SQLite's own row number where there is one."""
    hidden = "r.rowid, " if connection.dialect.name == "sqlite" else ""
    found = {}
    for guard in GUARDS:
        sql = f"SELECT {hidden}r.* FROM {guard.table} AS r WHERE {guard.frozen.format(row='r')}"  # noqa: S608 - our own names
        found[guard.table] = sorted((tuple(row) for row in connection.execute(text(sql))), key=repr)
    return found


def rows_of(connection: Connection, guard: Guard, *, condition: str) -> list[Row]:
    hidden = "r.rowid AS rowid, " if connection.dialect.name == "sqlite" else ""
    sql = f"SELECT {hidden}r.* FROM {guard.table} AS r WHERE {condition}"  # noqa: S608 - our own names
    return sorted((dict(row) for row in connection.execute(text(sql)).mappings()), key=repr)


def frozen_row(connection: Connection, guard: Guard) -> Row:
    return rows_of(connection, guard, condition=guard.frozen.format(row="r"))[0]


def open_row(connection: Connection, guard: Guard) -> Row | None:
    return next(iter(rows_of(connection, guard, condition=f"NOT ({guard.frozen.format(row='r')})")), None)


def another(column: Column[Any], value: object) -> object:
    """A different value of the column's type, as the driver of the run takes it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, datetime | date):
        return value + timedelta(days=1)
    if isinstance(value, str):
        return _another_text(column, value)
    return _for_empty(column)


def _another_text(column: Column[Any], value: str) -> str:
    if isinstance(column.type, Uuid):
        return uuid4().hex
    length = getattr(column.type, "length", None)
    return value[:-1] + ("0" if value[-1] != "0" else "1") if length and len(value) >= length else value + "x"


def _for_empty(column: Column[Any]) -> object:
    if isinstance(column.type, Instant):
        return datetime(2030, 1, 1, tzinfo=UTC) if on_postgresql() else "2030-01-01 00:00:00.000000"
    if isinstance(column.type, Uuid):
        return uuid4() if on_postgresql() else uuid4().hex
    made: dict[type, object] = {int: 7, str: "x", date: date(2030, 1, 1) if on_postgresql() else "2030-01-01"}
    return made[column.type.python_type]


# ---------------------------------------------------------------------------------------- the attacks


def _where(names: Sequence[str], prefix: str = "key_") -> str:
    return " AND ".join(f'"{name}" = :{prefix}{name}' for name in names)


def _key(row: Row, names: Sequence[str], prefix: str = "key_") -> Row:
    return {f"{prefix}{name}": row[name] for name in names}


def updates(guard: Guard, table: Table, row: Row) -> Iterator[Attack]:
    """Each column that may not grow, set to another value, under every conflict clause."""
    primary = [column.name for column in table.primary_key]
    for column in table.columns:
        if column.name in guard.growing:
            continue
        sql = f'{guard.table} SET "{column.name}" = :new WHERE {_where(primary)}'
        for clause, new in product(CLAUSES, (another(column, row[column.name]), None)):
            if new != row[column.name]:
                values = {"new": new, **_key(row, primary)}
                yield Attack(f"UPDATE {clause} {sql}", values, others_may_speak=new is None)


def deletes(guard: Guard, table: Table, row: Row) -> Iterator[Attack]:
    primary = [column.name for column in table.primary_key]
    yield Attack(f"DELETE FROM {guard.table} WHERE {_where(primary)}", _key(row, primary))  # noqa: S608 - our own names
    yield Attack(f"DELETE FROM {guard.table}", {})  # noqa: S608 - our own names


def all_keys(guard: Guard, table: Table) -> Iterator[tuple[str, ...]]:
    """Every way in which two rows of the table can collide: SQLite's hidden row number is one."""
    yield from guard.unique_keys
    primary = list(table.primary_key)
    is_row_number = len(primary) == 1 and primary[0].type.python_type is int
    if not on_postgresql() and not is_row_number:
        yield ("rowid",)


def stranger(guard: Guard, table: Table, *, like: Row, key: tuple[str, ...], target: Row) -> Row:
    """A row like an open one, that collides with the frozen `target` through `key` and through no other."""
    row = {name: value for name, value in like.items() if name in table.c or name in key}
    for other in guard.unique_keys:
        free = [name for name in other if name not in key]
        for name in sorted(free, key=lambda name: name.endswith("_id"))[:1]:
            row[name] = another(table.c[name], like[name])
    return {**row, **{name: target[name] for name in key}}


def insert_sql(guard: Guard, row: Row, *, clause: str = "", tail: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in row)
    binds = ", ".join(f":{name}" for name in row)
    return f"INSERT {clause} INTO {guard.table} ({names}) VALUES ({binds}) {tail}"  # noqa: S608 - our own names


def inserts(guard: Guard, table: Table, row: Row, like: Row) -> Iterator[Attack]:
    """A row that would take the place of a frozen one, through each key and with each conflict clause."""
    for key in all_keys(guard, table):
        made = stranger(guard, table, like=like, key=key, target=row)
        for clause in CLAUSES:
            yield Attack(insert_sql(guard, made, clause=clause), made, others_may_speak=on_postgresql())
        if key == ("rowid",):
            continue
        first = next((c.name for c in table.columns if c.name not in key), table.columns[0].name)
        tail = f'ON CONFLICT ({", ".join(key)}) DO UPDATE SET "{first}" = excluded."{first}"'
        yield Attack(insert_sql(guard, made, tail=tail), made, others_may_speak=on_postgresql())
        yield Attack(
            insert_sql(guard, made, tail="ON CONFLICT DO NOTHING"), made, others_may_speak=on_postgresql()
        )


def moves(guard: Guard, table: Table, row: Row, opened: Row) -> Iterator[Attack]:
    """An open row that is moved onto a frozen one, through each key."""
    primary = [column.name for column in table.primary_key]
    for key in all_keys(guard, table):
        sets = ", ".join(f'"{name}" = :new_{name}' for name in key)
        for clause in CLAUSES:
            yield Attack(
                f"UPDATE {clause} {guard.table} SET {sets} WHERE {_where(primary)}",  # noqa: S608 - our own names
                {**_key(row, key, "new_"), **_key(opened, primary)},
                others_may_speak=on_postgresql(),
            )


def attacks_on(connection: Connection, guard: Guard) -> Iterator[Attack]:
    table = METADATA.tables[guard.table]
    row, opened = frozen_row(connection, guard), open_row(connection, guard)
    yield from updates(guard, table, row)
    yield from deletes(guard, table, row)
    yield from inserts(guard, table, row, opened or row)
    if opened is not None:
        yield from moves(guard, table, row, opened)
    if connection.dialect.name == "postgresql":
        yield from merges(guard, table, row)


def merges(guard: Guard, table: Table, row: Row) -> Iterator[Attack]:
    primary = [column.name for column in table.primary_key]
    column = next(column for column in reversed(table.columns.values()) if column.name not in guard.growing)
    using = f"MERGE INTO {guard.table} AS t USING (SELECT 1) AS s ON {_where(primary)}"
    yield Attack(f"{using} WHEN MATCHED THEN DELETE", _key(row, primary))
    yield Attack(
        f'{using} WHEN MATCHED THEN UPDATE SET "{column.name}" = :new',
        {"new": another(column, row[column.name]), **_key(row, primary)},
    )


def attempt(engine: Engine, attack: Attack, *, before: Frozen) -> Outcome:
    """Carry out an attack, look at the rows in the same transaction, and undo it."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        refusal = ""
        try:
            connection.execute(text(attack.sql), attack.values)
        except DBAPIError as error:
            refusal = str(error.orig)
        # PostgreSQL refuses to go on in a transaction with an error: nothing of it can remain.
        undone = refusal and engine.dialect.name == "postgresql"
        after = before if undone else frozen_rows(connection)
        connection.rollback()
    return Outcome(refusal, after)


# ------------------------------------------------------------------------------------------- the tests


def test_every_promised_table_is_guarded_once() -> None:
    assert sorted(guard.table for guard in GUARDS) == sorted(PROMISED)


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_no_statement_changes_a_frozen_row(door: Engine, table: str) -> None:
    guard = BY_TABLE[table]
    with door.connect() as connection:
        before = frozen_rows(connection)
        attacks = list(attacks_on(connection, guard))
    assert before[table]
    outcomes = [(attack, attempt(door, attack, before=before)) for attack in attacks]
    assert [attack.sql for attack, outcome in outcomes if outcome.after != before] == []
    # A refusal names the table, so that whoever reads the log knows at once what was tried. PostgreSQL has
    # no REPLACE: there the key itself speaks to a row that collides, or ON CONFLICT DO NOTHING is silent.
    spoken = [(a.sql, outcome.refusal) for a, outcome in outcomes if not a.others_may_speak]
    assert [(sql, refusal) for sql, refusal in spoken if f"{MESSAGE}: {table}" not in refusal] == []
    with door.connect() as connection:
        assert frozen_rows(connection) == before


def refused(door: Engine, attack: Attack) -> None:
    """Hold that a guard refuses a statement and that nothing changed."""
    with door.connect() as connection:
        before = frozen_rows(connection)
    outcome = attempt(door, attack, before=before)
    assert (outcome.after, MESSAGE in outcome.refusal) == (before, True)


@pytest.mark.parametrize("table", CHILDREN)
def test_a_sealed_revision_takes_no_new_rows(door: Engine, table: str) -> None:
    guard, columns = BY_TABLE[table], METADATA.tables[table].c
    with door.connect() as connection:
        row = row_of_sealed(connection, guard)
    made = {name: value for name, value in row.items() if name in columns}
    for column in METADATA.tables[table].primary_key:
        if column.name != "revision_id":
            made[column.name] = another(column, row[column.name])
    if "client_id" in made:
        made["client_id"] = "stranger"
    refused(door, Attack(insert_sql(guard, made), made))


@pytest.mark.parametrize("table", CHILDREN)
def test_an_open_row_cannot_be_moved_into_a_sealed_revision(door: Engine, table: str) -> None:
    guard = BY_TABLE[table]
    with door.connect() as connection:
        sealed = row_of_sealed(connection, guard)
        opened = rows_of(connection, guard, condition=_state_of_parent("NOT IN"))[0]
    primary = [column.name for column in METADATA.tables[table].primary_key]
    sql = f"UPDATE {table} SET revision_id = :sealed WHERE {_where(primary)}"  # noqa: S608 - our own names
    refused(door, Attack(sql, {"sealed": sealed["revision_id"], **_key(opened, primary)}))


def row_of_sealed(connection: Connection, guard: Guard) -> Row:
    return rows_of(connection, guard, condition=_state_of_parent("IN"))[0]


def _state_of_parent(operator: str) -> str:
    states = "('signed_off', 'closed_unsubmitted', 'excluded')"
    return f"r.revision_id IN (SELECT id FROM revision WHERE state {operator} {states})"  # noqa: S608 - our own


def test_a_published_edition_takes_no_new_items(door: Engine) -> None:
    guard, columns = BY_TABLE["checklist_item"], METADATA.tables["checklist_item"].c
    with door.connect() as connection:
        row = frozen_row(connection, guard)
    made = {c.name: row[c.name] if c.name == "edition_id" else another(c, row[c.name]) for c in columns}
    refused(door, Attack(insert_sql(guard, made), made))


def test_an_item_of_a_draft_cannot_be_moved_into_a_published_edition(door: Engine) -> None:
    sql = (
        "UPDATE checklist_item SET position = 99, item_key = 'X', edition_id = "
        "(SELECT id FROM checklist_edition WHERE state = 'published') WHERE edition_id = "
        "(SELECT id FROM checklist_edition WHERE state = 'draft')"
    )
    refused(door, Attack(sql, {}))


only_postgresql = pytest.mark.only_postgresql("TRUNCATE is a statement of PostgreSQL")


@only_postgresql
@pytest.mark.parametrize("table", sorted(PROMISED))
def test_truncate_is_refused(door: Engine, table: str) -> None:
    with door.connect() as connection:
        before = frozen_rows(connection)
    outcome = attempt(door, Attack(f"TRUNCATE {table}", {}), before=before)
    # A foreign key may speak first.
    assert outcome.refusal
    with door.connect() as connection:
        assert frozen_rows(connection) == before


@only_postgresql
@pytest.mark.parametrize(
    "table", [*sorted(PROMISED), "person", "unit", "campaign", "inspection", "checklist"]
)
def test_truncate_cascade_is_refused_on_a_table_and_on_those_above_it(door: Engine, table: str) -> None:
    refused(door, Attack(f"TRUNCATE {table} CASCADE", {}))


# --------------------------------------------------------------------------- what a frozen row may still do


@pytest.mark.parametrize(
    "change",
    [
        "sequence = sequence + 2",
        "sequence = sequence - 1",
        "sealed_sequence = sealed_sequence - 1",
        "digest = 'x'",
        "sequence = sequence + 1, sealed_sequence = sealed_sequence + 1",
        "subject_id = 'x', sequence = sequence + 1",
    ],
)
def test_a_head_of_the_journal_only_moves_forward(door: Engine, change: str) -> None:
    refused(door, Attack(f"UPDATE journal_head SET {change}", {}))  # noqa: S608 - our own names


@pytest.mark.parametrize(
    "change",
    [
        # Nobody makes an old revision the current one again, …
        '"current" = NOT "current" WHERE number = 1 AND state = \'signed_off\'',
        # … nor hides a sealed one whose reopening was not agreed to by a second person.
        '"current" = NOT "current" WHERE state = \'closed_unsubmitted\'',
    ],
)
def test_a_sealed_revision_leaves_its_place_only_for_an_agreed_reopening(door: Engine, change: str) -> None:
    refused(door, Attack(f"UPDATE revision SET {change}", {}))  # noqa: S608 - our own names


@pytest.mark.parametrize("clause", CLAUSES)
def test_no_new_revision_takes_the_place_of_a_sealed_one(door: Engine, clause: str) -> None:
    """The index of the current revision is a way to replace a row as well: of one sheet there is one."""
    with door.connect() as connection:
        sealed = rows_of(connection, BY_TABLE["revision"], condition="r.state = 'closed_unsubmitted'")[0]
    assert sealed["current"]
    row = {name: value for name, value in sealed.items() if name != "rowid"}
    made = {
        **row,
        "id": another(METADATA.tables["revision"].c.id, row["id"]),
        "number": 9,
        "state": "answering",
    }
    stays(door, Attack(insert_sql(BY_TABLE["revision"], made, clause=clause), made))


@pytest.mark.parametrize("clause", CLAUSES)
def test_no_other_revision_moves_into_the_place_of_a_sealed_one(door: Engine, clause: str) -> None:
    with door.connect() as connection:
        sealed = rows_of(connection, BY_TABLE["revision"], condition="r.state = 'closed_unsubmitted'")[0]
        free = rows_of(connection, BY_TABLE["revision"], condition="r.state = 'returned'")[0]
    sql = f"UPDATE {clause} revision SET inspection_id = :taken, number = 9 WHERE id = :id"  # noqa: S608 - our own names
    stays(door, Attack(sql, {"taken": sealed["inspection_id"], "id": free["id"]}))


def stays(door: Engine, attack: Attack) -> None:
    """Hold that a statement is refused, by the guard or (on PostgreSQL) by the index, and that nothing changed."""
    with door.connect() as connection:
        before = frozen_rows(connection)
    outcome = attempt(door, attack, before=before)
    assert outcome.after == before
    assert on_postgresql() or MESSAGE in outcome.refusal
    assert outcome.refusal


@pytest.mark.parametrize("clause", CLAUSES)
def test_no_other_revision_of_a_sheet_becomes_the_current_one_in_place_of_a_sealed_one(
    own_settled: Database, clause: str
) -> None:
    """The row stays on its sheet and only begins to count for the index: through another program's door as well."""
    guard = BY_TABLE["revision"]
    with own_settled.engine.begin() as connection:
        sealed = rows_of(connection, guard, condition="r.state = 'closed_unsubmitted'")[0]
        other = {
            **{name: value for name, value in sealed.items() if name != "rowid"},
            "id": another(METADATA.tables["revision"].c.id, sealed["id"]),
            "number": 9,
            "current": False,
            "state": "answering",
        }
        connection.execute(text(insert_sql(guard, other)), other)
    door = outsider(own_settled.engine.url.render_as_string(hide_password=False))
    sql = f'UPDATE {clause} revision SET "current" = :yes WHERE id = :id'  # noqa: S608 - our own names
    stays(door, Attack(sql, {"yes": True, "id": other["id"]}))
    door.dispose()


# ----------------------------------------------------------------------------- the guards know every key


def every_key(guard: Guard) -> set[tuple[str, ...]]:
    return {*guard.unique_keys, *(columns for columns, _ in guard.partial_keys)}


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_a_guard_lists_every_unique_key_of_its_table(table: str) -> None:
    declared = METADATA.tables[table]
    keys = {tuple(column.name for column in declared.primary_key)}
    unique = [constraint for constraint in declared.constraints if isinstance(constraint, UniqueConstraint)]
    keys |= {tuple(column.name for column in constraint.columns) for constraint in unique}
    keys |= {tuple(column.name for column in index.columns) for index in declared.indexes if index.unique}
    assert every_key(BY_TABLE[table]) == keys


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_a_guard_lists_every_unique_key_of_the_database(door: Engine, table: str) -> None:
    found = inspect(door)
    keys = {tuple(found.get_pk_constraint(table)["constrained_columns"])}
    keys |= {tuple(unique["column_names"]) for unique in found.get_unique_constraints(table)}
    indexes = [index for index in found.get_indexes(table) if index["unique"]]
    keys |= {tuple(name for name in index["column_names"] if name) for index in indexes}
    assert every_key(BY_TABLE[table]) == keys
