"""A fresh, migrated database with the test city for each test: copied, never truncated (the guards would refuse).

SQLite: a file copied from the worker's template. PostgreSQL (when DATABASE_URL is set): CREATE DATABASE … TEMPLATE.
"""

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from app.db.engine import make_engine
from app.db.migrate import upgrade
from app.db.session import Database
from tests.factories.city import build_city


def on_postgresql() -> bool:
    """Return whether this run is on PostgreSQL."""
    return bool(os.environ.get("DATABASE_URL"))


@contextmanager
def template(folder: Path) -> Iterator[str]:
    """Yield the URL of a template database of this worker: migrated, with the test city."""
    with _postgresql_database(None) if on_postgresql() else _sqlite_file(folder / "template.sqlite3") as url:
        database = Database(make_engine(url))
        upgrade(database)
        with database.transaction() as session:
            build_city(session)
        settle(database)
        database.engine.dispose()
        yield url


@contextmanager
def copy_of(source: str, *, folder: Path) -> Iterator[str]:
    """Yield the URL of a copy of a database; it is gone afterwards."""
    if on_postgresql():
        with _postgresql_database(make_url(source).database) as url:
            yield url
        return
    target = folder / f"{uuid4().hex}.sqlite3"
    shutil.copyfile(make_url(source).database or "", target)
    with _sqlite_file(target) as url:
        yield url


@contextmanager
def empty(folder: Path) -> Iterator[str]:
    """Yield the URL of a database without any table."""
    with (
        _postgresql_database(None)
        if on_postgresql()
        else _sqlite_file(folder / f"{uuid4().hex}.sqlite3") as url
    ):
        yield url


@contextmanager
def _sqlite_file(path: Path) -> Iterator[str]:
    yield f"sqlite:///{path}"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def _postgresql_database(source: str | None) -> Iterator[str]:
    server = make_url(os.environ["DATABASE_URL"])
    name = f"test_{uuid4().hex}"
    _administer(server, f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{source}"' if source else ""))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(server: URL, statement: str) -> None:
    with _administrator(server).connect() as connection:
        connection.execute(text(statement))


@cache
def _administrator(server: URL) -> Engine:
    """Return one engine for the whole worker: two connections for each test took a quarter of a run."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    atexit.register(engine.dispose)
    return engine


def settle(database: Database) -> None:
    """Bring everything into the one file that is copied."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
