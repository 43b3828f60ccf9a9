"""A file that comes after the day of the transfers in it: it holds from the day it came, and takes nothing away from before."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.db.session import Database
from app.journal.rules import ActorMark, Via
from app.kernel.ids import UnitId
from app.organisation.rules import Outcome
from app.people.commands import import_people
from app.people.files import posting_rows
from app.people.models import Posting
from app.people.queries import actor_on, heads_on, members_on
from app.people.queries.second_factor import main_unit
from app.people.queries.titles import titles_on
from app.people.rules import PeoplePlan
from tests.people import AFFAIRS, COUNTER, SATO, SUZUKI

OPERATOR: Final = ActorMark(person_id=None, via=Via.CLI, operator="root")
HEADER: Final = "職員番号,氏名,かな,所属コード,職名,区分,発令,開始日,終了日"
MOVED: Final = date(2026, 10, 1)
CAME: Final = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
"""Noon in Japan, four days after the transfer."""
ROWS: Final = (
    "1001,佐藤 花子,さとう はなこ,2010,主任,職員,本務,2026-04-01,2026-09-30",
    "1001,佐藤 花子,さとう はなこ,3010,主査,職員,本務,2026-10-01,",
)


def load(database: Database, *rows: str, now: datetime) -> PeoplePlan:
    data = "\r\n".join([HEADER, *rows, ""]).encode()
    with database.transaction() as session:
        return import_people(session, rows=posting_rows(data), by=OPERATOR, now=now)


def units(database: Database, day: date) -> frozenset[UnitId]:
    with database.reading() as session:
        return actor_on(session, person_id=SATO.id, day=day).member_of


def test_it_holds_from_the_day_it_came_and_not_before(database: Database) -> None:
    load(database, *ROWS, now=CAME)
    came = CAME.date()
    for day in (MOVED, came - timedelta(days=1)):
        # Whatever she did then, she did in the capacity that she held then.
        assert units(database, day) == {AFFAIRS.id}
    for day in (came, came + timedelta(days=200)):
        assert units(database, day) == {COUNTER.id}
    with database.reading() as session:
        assert SATO.id in members_on(session, unit_ids=[AFFAIRS.id], day=MOVED)[AFFAIRS.id]
        assert SATO.id not in members_on(session, unit_ids=[AFFAIRS.id], day=came)[AFFAIRS.id]
        assert titles_on(session, person_ids=[SATO.id], day=MOVED) == {SATO.id: "総務課 主任"}
        assert titles_on(session, person_ids=[SATO.id], day=came) == {SATO.id: "市民課 主査"}


def test_every_row_keeps_when_it_was_recorded(database: Database) -> None:
    load(database, *ROWS, now=CAME)
    with database.reading() as session:
        rows = session.scalars(
            select(Posting)
            .where(Posting.person_id == SATO.id)
            .order_by(Posting.known_from, Posting.valid_from)
        ).all()
        found = [(row.unit_id, row.valid_to, row.known_from, row.superseded_on) for row in rows]
        recorded = {row.recorded_at for row in rows if row.known_from == CAME.date()}
    assert found == [
        (AFFAIRS.id, None, date(2026, 4, 1), CAME.date()),
        (AFFAIRS.id, MOVED, CAME.date(), None),
        (COUNTER.id, None, CAME.date(), None),
    ]
    assert recorded == {CAME}


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    load(database, *ROWS, now=CAME)
    again = load(database, *ROWS, now=CAME + timedelta(days=3))
    assert {outcome for _, outcome in again.postings} == {Outcome.UNCHANGED}
    with database.reading() as session:
        assert len(session.scalars(select(Posting).where(Posting.person_id == SATO.id)).all()) == 3


def test_a_file_that_is_mended_on_the_same_day_leaves_one_row(database: Database) -> None:
    load(database, *ROWS, now=CAME)
    load(database, ROWS[0], ROWS[1].replace("主査", "係長"), now=CAME + timedelta(hours=1))
    with database.reading() as session:
        titles = session.scalars(
            select(Posting.title).where(Posting.unit_id == COUNTER.id, Posting.person_id == SATO.id)
        )
        assert titles.all() == ["係長"]


def test_a_head_of_then_stays_the_head_of_then(database: Database) -> None:
    load(database, "1002,鈴木 一郎,すずき いちろう,2010,課長,所属長,本務,2026-04-01,2026-09-30", now=CAME)
    with database.reading() as session:
        assert heads_on(session, unit_ids=[AFFAIRS.id], day=MOVED) == {AFFAIRS.id: frozenset({SUZUKI.id})}
        assert heads_on(session, unit_ids=[AFFAIRS.id], day=CAME.date()) == {}


def _superseded_on_its_first_day(database: Database) -> None:
    with database.transaction() as session:
        row = session.scalars(select(Posting).where(Posting.person_id == SATO.id)).one()
        row.superseded_on = row.known_from


def test_what_is_known_never_ends_before_it_began(database: Database) -> None:
    with pytest.raises(IntegrityError):
        _superseded_on_its_first_day(database)


def test_a_removal_of_a_second_factor_is_confirmed_by_the_head_of_now(database: Database) -> None:
    load(database, *ROWS, now=CAME)
    with database.reading() as session:
        assert main_unit(session, person_id=SATO.id, day=CAME.date()) == COUNTER.id
