"""Rights follow posts, duties and functions by date, from the first minute to the last."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.access.actor import Actor, Function
from app.db.session import Database
from app.journal.rules import Via
from app.kernel.clock import business_date, start_of_day
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId, new_id
from app.organisation.models import UnitFunctionAssignment
from app.people.queries import actor_and_unit, actor_by_staff_no, actor_on
from tests.integration.people.conftest import Office
from tests.people import (
    AFFAIRS,
    AUDIT,
    BRANCH,
    CITIZENS,
    COUNTER,
    FIRST_DAY,
    FUJIMOTO,
    GENERAL,
    HAYASHI,
    HIGASHI,
    ITO,
    KIMURA,
    LEAD,
    MANAGEMENT,
    NAKAMURA,
    OGAWA,
    ONO,
    PLANNING,
    SATO,
    SUZUKI,
    TANAKA,
    WATANABE,
    YAMADA,
    Cast,
)

DAY = date(2026, 11, 20)
ONE = timedelta(days=1)


def rights(actor: Actor) -> tuple[object, ...]:
    return (
        actor.member_of,
        actor.head_of,
        actor.clerk_of,
        actor.deputy_of,
        actor.oversees,
        actor.substitutes_for,
        actor.functions,
    )


NOTHING: tuple[object, ...] = (frozenset(),) * 7


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Collect the SELECT statements."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_a_clerk_has_the_unit_and_the_duty(office: Office) -> None:
    actor = office.actor(SATO, DAY)
    assert actor.member_of == actor.clerk_of == {AFFAIRS.id}
    assert not actor.head_of | actor.deputy_of | actor.oversees
    assert (actor.staff_no, actor.name, actor.via) == ("1001", "佐藤 花子", Via.WEB)


def test_a_head_oversees_everything_below(office: Office) -> None:
    assert office.actor(SUZUKI, DAY).oversees == {AFFAIRS.id}
    assert office.actor(HIGASHI, DAY).oversees == {CITIZENS.id, COUNTER.id, BRANCH.id}
    assert office.actor(OGAWA, DAY).oversees == {PLANNING.id, LEAD.id, MANAGEMENT.id}


def test_functions_follow_the_units_that_hold_them(office: Office) -> None:
    assert office.actor(TANAKA, DAY).functions == {Function.REVIEWER}
    assert office.actor(KIMURA, DAY).functions == {Function.REVIEWER, Function.MANAGER}
    assert office.actor(ITO, DAY).functions == {Function.AUDITOR}
    assert office.actor(OGAWA, DAY).functions == {Function.CHIEF}
    assert office.actor(WATANABE, DAY).functions == {Function.CIO}
    assert office.actor(FUJIMOTO, DAY).substitutes_for == {LEAD.id}
    assert not office.actor(FUJIMOTO, DAY).functions


def test_an_administrator_has_no_business_rights(office: Office) -> None:
    office.post(NAKAMURA, AFFAIRS, since=FIRST_DAY, position="head")
    office.name(NAKAMURA, COUNTER, "deputy")
    office.function(NAKAMURA, "cio")
    actor = office.actor(NAKAMURA, DAY)
    assert actor.functions == {Function.ADMINISTRATOR}
    assert not actor.member_of | actor.head_of | actor.deputy_of | actor.oversees


def test_rights_run_from_the_first_minute_of_the_first_day_to_the_last_of_the_last(office: Office) -> None:
    until = date(2026, 12, 1)
    office.post(SATO, COUNTER, since=DAY, until=until, position="head")
    first_minute = start_of_day(DAY)
    last_minute = start_of_day(until) - timedelta(microseconds=1)
    held = {
        instant: COUNTER.id in office.actor(SATO, business_date(instant)).head_of
        for instant in (
            first_minute - timedelta(microseconds=1),
            first_minute,
            last_minute,
            start_of_day(until),
        )
    }
    assert list(held.values()) == [False, True, True, False]
    assert first_minute == datetime(2026, 11, 19, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(("offset", "held"), [(-1, False), (0, True), (9, True), (10, False)])
def test_duties_and_functions_keep_their_dates(office: Office, *, offset: int, held: bool) -> None:
    until = DAY + 10 * ONE
    office.name(TANAKA, COUNTER, "deputy", since=DAY, until=until)
    office.function(TANAKA, "auditor", since=DAY, until=until)
    actor = office.actor(TANAKA, DAY + offset * ONE)
    assert (COUNTER.id in actor.deputy_of) is held
    assert (Function.AUDITOR in actor.functions) is held


def test_before_the_first_post_and_after_the_last_there_is_nothing(office: Office) -> None:
    assert rights(office.actor(SATO, FIRST_DAY - ONE)) == NOTHING
    office.leave(SATO, AFFAIRS, day=DAY)
    assert rights(office.actor(SATO, DAY - ONE)) != NOTHING
    assert rights(office.actor(SATO, DAY)) == NOTHING


def test_two_posts_give_both_units(office: Office) -> None:
    office.post(SATO, COUNTER, since=DAY)
    office.post(SATO, LEAD, since=DAY)
    actor = office.actor(SATO, DAY)
    assert actor.member_of == {AFFAIRS.id, COUNTER.id, LEAD.id}
    assert actor.functions == {Function.REVIEWER}


def test_a_second_post_as_head_oversees_both(office: Office) -> None:
    office.post(ONO, CITIZENS, since=DAY, position="head", kind="acting")
    assert office.actor(ONO, DAY).oversees == {GENERAL.id, AFFAIRS.id, CITIZENS.id, COUNTER.id, BRANCH.id}


def test_a_clerk_who_is_transferred_loses_the_duty_with_the_post(office: Office) -> None:
    office.leave(SATO, AFFAIRS, day=DAY)
    office.post(SATO, COUNTER, since=DAY, kind="main")
    actor = office.actor(SATO, DAY)
    assert actor.member_of == {COUNTER.id}
    assert not actor.clerk_of
    assert office.actor(SATO, DAY - ONE).clerk_of == {AFFAIRS.id}


def test_a_deputy_of_another_unit_keeps_the_duty_through_a_transfer(office: Office) -> None:
    office.name(YAMADA, AFFAIRS, "deputy")
    office.leave(YAMADA, COUNTER, day=DAY)
    office.post(YAMADA, BRANCH, since=DAY, kind="main")
    assert office.actor(YAMADA, DAY).deputy_of == {AFFAIRS.id}


def test_a_deputy_without_any_post_has_nothing(office: Office) -> None:
    office.name(YAMADA, AFFAIRS, "deputy")
    office.leave(YAMADA, COUNTER, day=DAY)
    assert rights(office.actor(YAMADA, DAY)) == NOTHING


def test_the_lead_division_may_move(office: Office, database: Database) -> None:
    with database.transaction() as session:
        session.query(UnitFunctionAssignment).filter_by(function="lead-division").update({"valid_to": DAY})
        session.add(UnitFunctionAssignment(unit_id=AFFAIRS.id, function="lead-division", valid_from=DAY))
    assert office.actor(KIMURA, DAY - ONE).functions == {Function.REVIEWER, Function.MANAGER}
    assert not office.actor(KIMURA, DAY).functions
    assert office.actor(SUZUKI, DAY).functions == {Function.REVIEWER, Function.MANAGER}
    assert office.actor(FUJIMOTO, DAY).substitutes_for == {AFFAIRS.id}


def unit_name(office: Office, cast: Cast, day: date) -> str:
    with office.database.reading() as session:
        return actor_and_unit(session, person_id=cast.id, day=day, account_id=AccountId(new_id()))[1]


def test_the_unit_of_somebody_is_that_of_the_main_post_else_of_the_oldest(office: Office) -> None:
    office.post(SATO, CITIZENS, since=FIRST_DAY - ONE)
    office.post(SATO, COUNTER, since=FIRST_DAY - ONE - ONE)
    assert unit_name(office, SATO, DAY) == AFFAIRS.name
    office.leave(SATO, AFFAIRS, day=DAY)
    assert unit_name(office, SATO, DAY) == COUNTER.name
    office.leave(SATO, COUNTER, day=DAY)
    office.leave(SATO, CITIZENS, day=DAY)
    assert unit_name(office, SATO, DAY) == ""


def test_an_actor_takes_few_statements(database: Database) -> None:
    for cast, most in ((SATO, 1), (OGAWA, 2), (NAKAMURA, 1)):
        with counted(database) as seen, database.reading() as session:
            actor_on(session, person_id=cast.id, day=DAY)
        assert len(seen) <= most


def test_nobody_is_no_actor(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        actor_on(session, person_id=PersonId(new_id()), day=DAY)
    with database.reading() as session, pytest.raises(NotFound, match="職員番号4242"):
        actor_by_staff_no(session, staff_no="4242", day=DAY, via=Via.CLI)


def test_an_actor_of_the_command_line_carries_the_operator(database: Database) -> None:
    with database.reading() as session:
        actor = actor_by_staff_no(session, staff_no=HAYASHI.staff_no, day=DAY, via=Via.CLI, operator="root")
    assert (actor.person_id, actor.mark.via, actor.mark.operator) == (HAYASHI.id, Via.CLI, "root")
    assert actor.clerk_of == {LEAD.id}
    assert AUDIT.id not in actor.member_of
