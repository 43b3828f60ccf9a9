"""Rows that are found by a name or its reading: the folded key stands beside them and is written with them.

The key is worked out by the table itself, so that no command can forget it. It has no index: people look for a part of a
name, which no index serves, and a few thousand short rows are read in a moment.
"""

import unicodedata
from typing import Any, Final

from sqlalchemy import Connection, Text, event, false, func, literal, select, update
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Mapper, Session, mapped_column
from sqlalchemy.sql import ColumnElement

from app.db.base import Base
from app.kernel.text import has_control_character, search_key

LONGEST_WORDS: Final = 100


def name_key(name: str, kana: str) -> str:
    """Return the key of a name and its reading. What somebody looks for holds no line end, so it is never found across the two."""
    return f"{search_key(name)}\n{search_key(kana)}"


def _key_of_new_row(context: DefaultExecutionContext) -> str:
    values = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    return name_key(values["name"], values["kana"])


class Searched:
    """A table with `name` and `kana` whose rows are looked for by either."""

    id: Any
    name: Any
    kana: Any
    search_key: Mapped[str] = mapped_column(Text, default=_key_of_new_row)


@event.listens_for(Searched, "before_update", propagate=True)
def _renew_key(_mapper: Mapper[Any], _connection: Connection, row: Searched) -> None:
    row.search_key = name_key(row.name, row.kana)


def sought(words: str) -> str:
    """Return what to look for, folded; empty when nothing can be found by it."""
    return "" if has_control_character(words) else search_key(words[:LONGEST_WORDS])


def found_by(
    words: str, *, key: InstrumentedAttribute[str], code: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """Return the condition that a row is found by words: by a part of its name, its reading or its code."""
    part = sought(words)
    if not part:
        return false()
    number = unicodedata.normalize("NFKC", words[:LONGEST_WORDS]).strip().lower()
    return key.contains(part, autoescape=True) | func.lower(code).contains(number, autoescape=True)


def _searched_tables() -> list[type[Searched]]:
    return [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Searched)]


def stale_keys(session: Session) -> int:
    """Return how many keys are not what the folding of today makes of their name."""
    return sum(len(_stale(session, table)) for table in _searched_tables())


def renew_keys(session: Session) -> int:
    """Write every key anew that the folding of today makes otherwise; return how many there were."""
    renewed = 0
    for table in _searched_tables():
        # Locked: a name that is written at the same time would otherwise get the key of the one before.
        session.execute(select(literal(1)).select_from(table).with_for_update()).all()
        if stale := _stale(session, table):
            session.execute(update(table), stale)
        renewed += len(stale)
    return renewed


def _stale(session: Session, table: type[Searched]) -> list[dict[str, Any]]:
    rows = session.execute(select(table.id, table.name, table.kana, table.search_key))
    keys = [(row.id, row.search_key, name_key(row.name, row.kana)) for row in rows]
    return [{"id": row_id, "search_key": key} for row_id, stored, key in keys if stored != key]
