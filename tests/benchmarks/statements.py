"""Counting SQL statements of a piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, event

FRAME: Final = ("PRAGMA", "BEGIN", "SET TRANSACTION")
"""What only begins a transaction is not counted."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield a list that fills with the statements sent while the block runs."""
    found: list[str] = []

    def note(*arguments: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        statement = str(arguments[2])
        if not statement.startswith(FRAME):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
