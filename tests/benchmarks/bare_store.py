"""The least that saving an answer can be: one indexed read and one committed write through the driver."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import psycopg
from sqlalchemy.engine import make_url

ROWS: Final = 8640
"""As many answers as a year has: 120 sheets of 72 items."""
_CREATE: Final = (
    "CREATE TABLE bare_answer (id INTEGER PRIMARY KEY, level TEXT, comment TEXT, version INTEGER)"
)
COMMENT: Final = "控えの日付を確かめ、所属長に伝えた。"


class BareStore(Protocol):
    """A table of answers without anything around it; safe to use from several threads."""

    def save(self, number: int) -> int:
        """Read an answer by its key and write its next version; return that. It is on the disk then."""

    def close(self) -> None:
        """Close every connection."""


class SqliteStore:
    """Write-ahead log, `synchronous=FULL`, one connection for each thread; writers wait for each other in this process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []

    def fill(self) -> None:
        """Make the table."""
        connection = self._connection()
        connection.execute(_CREATE)
        connection.execute("BEGIN")
        rows = ((number, "partial", COMMENT, 1) for number in range(ROWS))
        connection.executemany("INSERT INTO bare_answer VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    def save(self, number: int) -> int:
        """Read one answer and write its next version."""
        connection, key = self._connection(), number % ROWS
        with self._gate:
            connection.execute("BEGIN IMMEDIATE")
            [version] = connection.execute("SELECT version FROM bare_answer WHERE id = ?", (key,)).fetchone()
            statement = "UPDATE bare_answer SET level = ?, comment = ?, version = ? WHERE id = ?"
            connection.execute(statement, ("implemented", COMMENT, version + 1, key))
            connection.execute("COMMIT")
        return int(version) + 1

    def close(self) -> None:
        """Close every connection."""
        for connection in self._opened:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._own, "connection"):
            made = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=FULL")
            self._own.connection = made
            self._opened.append(made)
        found: sqlite3.Connection = self._own.connection
        return found


class PostgresqlStore:
    """One connection for each thread, the server's own `synchronous_commit`."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._own = threading.local()
        self._opened: list[psycopg.Connection[tuple[int, ...]]] = []

    def fill(self) -> None:
        """Make the table."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bare_answer")
            cursor.execute(_CREATE)
            with cursor.copy("COPY bare_answer FROM STDIN") as copy:
                for number in range(ROWS):
                    copy.write_row((number, "partial", COMMENT, 1))
        del self._own.connection

    def save(self, number: int) -> int:
        """Read one answer under lock and write its next version."""
        connection, key = self._connection(), number % ROWS
        row = connection.execute(
            "SELECT version FROM bare_answer WHERE id = %s FOR UPDATE", (key,)
        ).fetchone()
        version = row[0] if row else 0
        statement = "UPDATE bare_answer SET level = %s, comment = %s, version = %s WHERE id = %s"
        connection.execute(statement, ("implemented", COMMENT, version + 1, key))
        connection.commit()
        return version + 1

    def close(self) -> None:
        """Close every connection."""
        for connection in self._opened:
            connection.close()

    def _connection(self) -> psycopg.Connection[tuple[int, ...]]:
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg.connect(self._url)
            self._opened.append(self._own.connection)
        found: psycopg.Connection[tuple[int, ...]] = self._own.connection
        return found


def store_at(url: str) -> SqliteStore | PostgresqlStore:
    """Return the store in a database."""
    found = make_url(url)
    if found.get_backend_name() == "sqlite":
        return SqliteStore(found.database or "")
    return PostgresqlStore(url)


@contextmanager
def filled_store(url: str) -> Iterator[SqliteStore | PostgresqlStore]:
    """Yield a store with a year of answers."""
    store = store_at(url)
    try:
        store.fill()
        yield store
    finally:
        store.close()
