"""Engines: what is set once for each connection, and why.

SQLite is the embedded default, served by one process with threads. Measured on 2 cores: `synchronous=NORMAL` loses
acknowledged commits in a power cut, `FULL` does not and costs little beside Python's own time.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 10_000
MOST_CONNECTIONS = 130
"""A page reads on one connection and records the read on another, so threads need two each, and there are at most 64 of them."""


def make_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL; another database is refused at start-up."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(url)
    if backend == "postgresql":
        return create_engine(url, pool_size=10, max_overflow=MOST_CONNECTIONS - 10, pool_pre_ping=True)
    message = f"DATABASE_URL names {backend}: only sqlite and postgresql are supported"
    raise ValueError(message)


def _sqlite_engine(url: str) -> Engine:
    # The driver's own transaction handling is switched off: `session.py` begins transactions itself, so that a
    # writer can say BEGIN IMMEDIATE. A connection may move between the threads of the one process.
    # As many prepared statements as the product has are kept for each connection.
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        connect_args={"isolation_level": None, "check_same_thread": False, "cached_statements": 512},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def reading_engine(engine: Engine) -> Engine:
    """Return the engine for reading beside one that writes: on SQLite its connections refuse every write for as long as they live.

    They are connections of their own because setting `query_only` makes SQLite forget the prepared statements of a connection: setting
    and resetting it at each begin cost a fifth of saving an answer.
    """
    if engine.dialect.name != "sqlite":
        return engine
    readers = _sqlite_engine(engine.url.render_as_string(hide_password=False))
    event.listen(readers, "connect", _refuse_writes)
    event.listen(engine, "engine_disposed", lambda _: readers.dispose())
    return readers


def _refuse_writes(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's connection
    del record
    connection.execute("PRAGMA query_only=ON")


def _prepare_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's connection
    del record
    if not isinstance(connection, sqlite3.Connection):
        return
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        # Our own writes then also fire delete triggers when a REPLACE removes a row; strangers are held by guards.
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
