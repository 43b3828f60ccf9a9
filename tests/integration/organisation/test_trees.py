"""The tree of a day is kept ready, and is never another one than the stored one."""

from datetime import date
from typing import Final

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db.session import Database
from app.organisation.models import UnitVersion
from app.organisation.queries import tree_on
from tests.people import AFFAIRS, CITIZENS

DAY: Final = date(2026, 11, 20)


def name_of(session: Session) -> str:
    return tree_on(session, day=DAY).by_id[AFFAIRS.id].name


def rename(session: Session, name: str) -> None:
    session.execute(update(UnitVersion).where(UnitVersion.unit_id == AFFAIRS.id).values(name=name))


def test_a_changed_name_is_in_the_next_tree_of_the_same_day(database: Database) -> None:
    with database.reading() as session:
        assert name_of(session) == AFFAIRS.name
    with database.transaction() as session:
        rename(session, "総務人事課")
    with database.reading() as session:
        assert name_of(session) == "総務人事課"


def test_a_changed_parent_is_in_the_next_tree_of_the_same_day(database: Database) -> None:
    with database.reading() as session:
        assert tree_on(session, day=DAY).by_id[AFFAIRS.id].parent_id != CITIZENS.id
    with database.transaction() as session:
        moved = update(UnitVersion).where(UnitVersion.unit_id == AFFAIRS.id).values(parent_id=CITIZENS.id)
        session.execute(moved)
    with database.reading() as session:
        assert [unit.name for unit in tree_on(session, day=DAY).path(AFFAIRS.id)] == [
            CITIZENS.name,
            AFFAIRS.name,
        ]


def test_a_writer_sees_its_own_change_at_once(database: Database) -> None:
    with database.transaction() as session:
        assert name_of(session) == AFFAIRS.name
        rename(session, "総務人事課")
        assert name_of(session) == "総務人事課"


def test_a_change_that_was_undone_leaves_no_trace_in_the_next_tree(database: Database) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        _rename_and_fail(database)
    with database.reading() as session:
        assert name_of(session) == AFFAIRS.name


def _rename_and_fail(database: Database) -> None:
    with database.transaction() as session:
        rename(session, "総務人事課")
        assert name_of(session) == "総務人事課"
        raise RuntimeError("in the middle")


def test_unchanged_rows_give_the_tree_that_was_built_before(database: Database) -> None:
    with database.reading() as session:
        first = tree_on(session, day=DAY)
    with database.reading() as session:
        assert tree_on(session, day=DAY) is first
        assert tree_on(session, day=date(2026, 11, 21)) is not first
