"""Transactions at the edge: `transaction()` writes, `reading()` cannot.

Commands flush and never commit: the route, command line or job that opened the transaction does, at the end of the
`with` block, or nothing at all happened.

On SQLite a writer first passes a fair gate in this process (first come, first served), then says BEGIN IMMEDIATE.
Measured with 8 threads: polling for the file lock gave a p99 of 1.3-3 s with lock errors, the gate 63 ms and none.
On PostgreSQL the rows of the subject are locked by the command, and the gate stays open.
"""

import fcntl
import hashlib
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app.db.engine import reading_engine

READS_ONE_MOMENT: Final = "reads one moment"
"""Mark of a reading session: what it has read once cannot change under it."""


class FairGate:
    """A lock that is handed over in the order of arrival, so that nobody starves while others write."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *exc: object) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class Database:
    """One engine with its two ways in."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._readers = reading_engine(engine)
        self._gate: AbstractContextManager[None] = FairGate() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session whose changes are committed at the end of the block, or all undone by any exception."""
        with self._gate, self.engine.connect() as connection:
            self._begin_writing(connection)
            with Session(connection, expire_on_commit=False, autoflush=False) as session:
                yield session
                session.flush()
                connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one moment of the database and in which the engine itself refuses every write."""
        with self._readers.connect() as connection:
            self._begin_reading(connection)
            with Session(connection, autoflush=False, info={READS_ONE_MOMENT: True}) as session:
                yield session

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Yield whether nobody else does the work of a name right now; as long as the block lasts, nobody else will.

        The lock ends with its process, however that ends. PostgreSQL keeps it in the database (advisory lock), the embedded
        database in a locked file beside it, as it does for the server itself.
        """
        if self.is_sqlite:
            with _file_held(Path(f"{self.engine.url.database}.{name}.lock")) as held:
                yield held
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
            try:
                yield held
            finally:
                if held:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Yield a connection for reshaping tables: foreign keys are checked at the end, not while tables are rebuilt."""
        with self._gate, self.engine.connect() as connection:
            if self.is_sqlite:
                # Outside of a transaction: the pragma is ignored inside one.
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            try:
                self._begin_writing(connection)
                yield connection
                self._check_foreign_keys(connection)
                connection.commit()
            finally:
                connection.rollback()
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def _check_foreign_keys(self, connection: Connection) -> None:
        if self.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            message = f"the migration breaks {len(broken)} foreign keys, the first in table {broken[0][0]}"
            raise RuntimeError(message)

    def _begin_writing(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _begin_reading(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


@contextmanager
def _file_held(path: Path) -> Iterator[bool]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        # The file stays: taking it away could leave two who each hold a file of that name.
        yield True


_bound: Database | None = None


def bind(database: Database) -> None:
    """Make a database the one that `transaction()` and `reading()` of this process use."""
    global _bound  # noqa: PLW0603 - one process serves one database
    _bound = database


def bound() -> Database:
    """Return the database of this process."""
    if _bound is None:
        message = "no database is bound: create_app() does this"
        raise RuntimeError(message)
    return _bound


def transaction() -> AbstractContextManager[Session]:
    """Open a writing transaction on the database of this process."""
    return bound().transaction()


def reading() -> AbstractContextManager[Session]:
    """Open a reading transaction on the database of this process; inside of `one_moment()` the one that is open already."""
    moment = _MOMENT.get()
    return bound().reading() if moment is None else moment.reading()


class _Moment:
    """One reading session for readers who come one after the other. Who reads while another still does gets an own one."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._session: Session | None = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        found, self._session = self._session, None
        session = found or self._stack.enter_context(bound().reading())
        # Not given back after an exception: PostgreSQL answers nothing more in a transaction that failed.
        yield session
        self._session = session


_MOMENT: Final[ContextVar[_Moment | None]] = ContextVar("moment", default=None)


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all that is read in the block see one moment of the database.

    For a page that is only read: who is at the door, the page and its menu agree, and the transaction is begun once. Never around a
    change: what is read after it would be what was before.
    """
    with ExitStack() as stack:
        token = _MOMENT.set(_Moment(stack))
        try:
            yield
        finally:
            _MOMENT.reset(token)
