"""A small log of three subjects, and an owner of the database who may do anything to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.db.engine import make_engine
from app.db.guards import remove
from app.db.session import Database
from app.journal.commands import record, seal
from app.journal.queries import Verification, verify
from app.journal.rules import ActorMark, ExportedSeal, Subject, SubjectType, Via
from tests.databases import copy_of
from tests.people import STORY

CLERK: Final = ActorMark(person_id="clerk", via=Via.WEB)
SUBJECTS: Final = tuple(
    Subject(type=kind, id=name)
    for kind, name in (
        (SubjectType.CAMPAIGN, "a"),
        (SubjectType.INSPECTION, "b"),
        (SubjectType.INSPECTION, "c"),
    )
)
LENGTH: Final = 4
"""Entries of each subject. The first seal sees two of each, the second three; one is still without a seal."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who owns the database: no guard and no foreign key stands in the way."""

    connection: Connection

    def run(self, sql: str, **values: object) -> None:
        """Carry out any statement."""
        self.connection.execute(text(sql), values)

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Read anything."""
        return [dict(row) for row in self.connection.execute(text(sql), values).mappings()]

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Undo at the end of the block what was done in it."""
        nested = self.connection.begin_nested()
        try:
            yield
        finally:
            nested.rollback()

    def session(self) -> Session:
        """Read with the commands' own eyes; ends without touching what was done so far."""
        return Session(self.connection, join_transaction_mode="create_savepoint")

    def verified(self, *, exported: Sequence[ExportedSeal] = ()) -> Verification:
        """Verify the log as it now is."""
        with self.session() as session:
            return verify(session, exported=exported)


def write_log(database: Database) -> None:
    """Write twelve entries of three subjects and two seals."""
    now = STORY
    for round_number in range(1, LENGTH + 1):
        for subject in SUBJECTS:
            now += timedelta(minutes=1)
            facts = {"round": round_number}
            with database.transaction() as session:
                record(session, subject=subject, event="test.happened", actor=CLERK, now=now, facts=facts)
        if round_number in {2, 3}:
            with database.transaction() as session:
                seal(session, reason="test", now=now)


@pytest.fixture(scope="session")
def log_url(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a city with the small log and without guards."""
    with copy_of(city_template, folder=tmp_path_factory.mktemp("log")) as url:
        database = Database(make_engine(url))
        write_log(database)
        with database.engine.connect() as connection:
            if database.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            remove(connection)
            connection.commit()
        database.engine.dispose()
        yield url


@pytest.fixture(scope="module")
def log(log_url: str) -> Iterator[Database]:
    """The small log; whoever changes it undoes that."""
    database = Database(make_engine(log_url))
    yield database
    database.engine.dispose()


@contextmanager
def owning(database: Database) -> Iterator[Owner]:
    """Own a database for a while; everything done is undone at the end."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("PRAGMA query_only=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield Owner(connection)
        connection.rollback()


@pytest.fixture
def owner(log: Database) -> Iterator[Owner]:
    """The owner of the small log."""
    with owning(log) as found:
        yield found
