"""Rows out of a database and into one, as the database itself describes its tables.

Nothing here looks at the models: a database of an older revision can be written and read as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import CHAR, TypeEngine

from app.backup.rules import Kind, Lines, Unusable, line_of
from app.db.types import Instant

BATCH: Final = 1000
REVISION_TABLE: Final = "alembic_version"

# The first that fits: SQLite keeps a UUID as CHAR(32), and nothing else here is CHAR.
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (Uuid, Kind.UUID),
    (CHAR, Kind.UUID),
    (Boolean, Kind.FLAG),
    (DateTime, Kind.INSTANT),
    (Date, Kind.DATE),
    (Integer, Kind.NUMBER),
    (String, Kind.TEXT),
)
_TYPES: Final[dict[Kind, TypeEngine[Any]]] = {
    Kind.UUID: Uuid(),
    Kind.FLAG: Boolean(),
    Kind.INSTANT: Instant(),
    Kind.DATE: Date(),
    Kind.NUMBER: BigInteger(),
    Kind.TEXT: Text(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A table as it stands in a database."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    @property
    def table(self) -> Table:
        """Return the table with types that mean the same on both engines."""
        return Table(self.name, MetaData(), *(Column(name, _TYPES[kind]) for name, kind in self.columns))


def stored_tables(connection: Connection) -> tuple[StoredTable, ...]:
    """Return every table but Alembic's own, by name.

    Raises:
        TypeError: a column is of a type that a backup does not know yet.
    """
    inspector = inspect(connection)
    return tuple(
        StoredTable(
            name=name,
            columns=tuple((column["name"], _kind(column["type"])) for column in inspector.get_columns(name)),
            key=tuple(inspector.get_pk_constraint(name)["constrained_columns"]),
        )
        for name in sorted(inspector.get_table_names())
        if name != REVISION_TABLE
    )


def _kind(found: TypeEngine[Any]) -> Kind:
    for known, kind in _KINDS:
        if isinstance(found, known):
            return kind
    message = f"a backup does not know columns of type {found!r}"
    raise TypeError(message)


def rows_of(connection: Connection, stored: StoredTable) -> Iterator[Sequence[Any]]:
    """Yield all rows in the order of the primary key, the same on both engines, holding few in memory."""
    table = stored.table
    by_code_point = connection.dialect.name == "postgresql"
    order = [
        table.c[name].collate("C") if by_code_point and kind is Kind.TEXT else table.c[name]
        for name in stored.key
        for kind in [dict(stored.columns)[name]]
    ]
    statement = select(table).order_by(*order)
    with connection.execute(statement, execution_options={"yield_per": BATCH}) as result:
        yield from result


def lines_of(connection: Connection, stored: StoredTable) -> Lines:
    """Count and digest the rows of a table as a backup would write them."""
    lines = Lines()
    for row in rows_of(connection, stored):
        lines.add(line_of(row))
    return lines


def fill(connection: Connection, stored: StoredTable, rows: Iterable[Sequence[Any]]) -> None:
    """Replace what is in a table by the given rows; guards have to be away."""
    table = stored.table
    names = [name for name, _ in stored.columns]
    connection.execute(delete(table))
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in batch])


def matching(
    stored: Sequence[StoredTable], *, name: str, columns: tuple[tuple[str, Kind], ...]
) -> StoredTable:
    """Return the stored table with its columns in the order of a backup.

    Raises:
        Unusable: the database has no such table with these columns.
    """
    found = next((one for one in stored if one.name == name), None)
    if found is None or dict(found.columns) != dict(columns):
        raise Unusable(
            f"控えの表 {name} が、この版のシステムの表と合いません。同じ版のシステムで戻してください。"
        )
    return StoredTable(name=name, columns=columns, key=found.key)


# ------------------------------------------------------------------------- what differs between the engines


def drop_foreign_keys(connection: Connection) -> list[str]:
    """Take the foreign keys away and return the statements that put them back.

    PostgreSQL checks each row at once, and some tables refer to each other. SQLite checks at the end anyway.
    """
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(
        text(
            "SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
            "JOIN pg_class c ON c.oid = k.conrelid "
            "WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace"
        )
    ).all()
    quote = connection.dialect.identifier_preparer.quote
    for table, name, _ in found:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
    return [
        f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}"
        for table, name, definition in found
    ]


def restore_foreign_keys(connection: Connection, statements: Iterable[str]) -> None:
    """Put the foreign keys back and check every row against them.

    Raises:
        Unusable: a row refers to something that is not there (SQLite).
        IntegrityError: the same on PostgreSQL.
    """
    for statement in statements:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise Unusable(f"控えの表 {broken[0]} に、つながる先のない行があります。壊れた控えです。")


def advance_sequences(connection: Connection, stored: StoredTable) -> None:
    """Let numbers that PostgreSQL counts itself go on behind the rows that were filled in."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    for column, kind in stored.columns:
        if kind is Kind.NUMBER:
            sequence = connection.scalar(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": quote(stored.name), "column": column},
            )
            if sequence:
                table = stored.table
                connection.execute(
                    text("SELECT setval(CAST(:sequence AS regclass), :next, false)"),
                    {"sequence": sequence, "next": _largest(connection, table.c[column]) + 1},
                )


def _largest(connection: Connection, column: Column[Any]) -> int:
    return connection.scalar(select(column).order_by(column.desc()).limit(1)) or 0
