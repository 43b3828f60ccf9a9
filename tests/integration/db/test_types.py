"""Instants: aware on the way in, UTC on the way out, the same on both engines."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from app.db.session import Database
from app.kernel.clock import JST
from app.organisation.models import Unit

INSTANT = datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=JST)


@pytest.mark.parametrize(
    "instant",
    [
        INSTANT,
        INSTANT.astimezone(UTC),
        INSTANT.astimezone(timezone(timedelta(hours=-9, minutes=-30))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ],
    ids=str,
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(database: Database, instant: datetime) -> None:
    with database.transaction() as session:
        session.add(Unit(code="X", created_at=instant))
    with database.reading() as session:
        found = session.scalars(select(Unit.created_at).where(Unit.code == "X")).one()
        again = session.scalars(select(Unit.code).where(Unit.created_at == instant)).one()
    assert (found, found.tzinfo, again) == (instant, UTC, "X")


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), database.transaction() as session:
        session.add(Unit(code="X", created_at=INSTANT.replace(tzinfo=None)))


def test_a_naive_instant_is_refused_in_a_condition_too(database: Database) -> None:
    with database.reading() as session, pytest.raises(StatementError, match="time zone"):
        session.scalars(select(Unit).where(Unit.created_at < INSTANT.replace(tzinfo=None))).all()


def test_instants_are_stored_in_utc(database: Database) -> None:
    with database.transaction() as session:
        session.add(Unit(code="X", created_at=INSTANT))
    with database.reading() as session:
        session.execute(text("SET LOCAL TIME ZONE 'UTC'")) if not database.is_sqlite else None
        found = session.scalar(text("SELECT CAST(created_at AS VARCHAR(26)) FROM unit WHERE code = 'X'"))
    assert found == "2026-11-20 14:59:59.999999"


def test_an_empty_instant_stays_empty(database: Database) -> None:
    with database.reading() as session:
        assert session.execute(text("SELECT story_start FROM installation")).scalar_one() is None


def test_instants_are_ordered_as_they_happened(database: Database) -> None:
    instants = [INSTANT + timedelta(microseconds=number, hours=number % 3 - 1) for number in range(6)]
    with database.transaction() as session:
        session.add_all(
            Unit(code=f"X{number}", created_at=instant) for number, instant in enumerate(instants)
        )
    with database.reading() as session:
        query = select(Unit.created_at).where(Unit.code.startswith("X")).order_by(Unit.created_at)
        assert list(session.scalars(query)) == sorted(instants)
