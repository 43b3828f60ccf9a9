"""More time for one sheet: the rule to its last branch."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.inspections.rules import SEALED, CampaignDates, State
from app.inspections.rules.extension import (
    CORRECTING,
    EXTENDABLE,
    day_problem,
    extension_waits,
    first_day,
)

DATES = CampaignDates(
    base_date=date(2026, 10, 1),
    answer_from=date(2026, 11, 1),
    answer_due=date(2026, 11, 27),
    approval_due=date(2026, 12, 4),
    review_due=date(2026, 12, 18),
    grace_until=date(2026, 12, 11),
)
DUE, LIMIT, DAY = DATES.answer_due, DATES.review_due, timedelta(days=1)
TODAY = date(2026, 11, 20)


def test_more_time_is_for_sheets_that_their_unit_has_in_hand() -> None:
    beyond = {State.SUBMITTED, State.UNDER_REVIEW, State.REVIEWED}
    assert set(State) - SEALED - beyond == EXTENDABLE
    assert CORRECTING < EXTENDABLE


@pytest.mark.parametrize("state", sorted(State))
def test_other_states_wait_with_a_sentence(state: State) -> None:
    waits = extension_waits(state, due=DUE, limit=LIMIT, today=TODAY)
    assert (waits is None) == (state in EXTENDABLE)
    assert waits is None or waits.startswith("期限の延長を申し出られるのは、所属が")


@pytest.mark.parametrize(
    ("due", "today", "open_"),
    [
        (DUE, TODAY, True),
        (LIMIT - DAY, TODAY, True),
        (LIMIT, TODAY, False),
        (DUE, LIMIT - DAY, True),
        (DUE, LIMIT, False),
    ],
)
def test_there_is_no_more_time_once_the_review_is_due(due: date, today: date, open_: bool) -> None:  # noqa: FBT001 - a case of the table
    waits = extension_waits(State.ANSWERING, due=due, limit=LIMIT, today=today)
    assert (waits is None) == open_
    assert waits is None or "審査の期限の令和8年12月18日" in waits


@pytest.mark.parametrize(
    ("day", "today", "sentence"),
    [
        (DUE, TODAY, "いまの期限の令和8年11月27日"),
        (DUE + DAY, TODAY, None),
        (DUE + DAY, DUE + DAY, "きょうより後の日"),
        (DUE + 2 * DAY, DUE + DAY, None),
        (LIMIT, TODAY, None),
        (LIMIT + DAY, TODAY, "審査の期限より後には延ばせません"),
    ],
)
def test_the_day_lies_after_the_due_date_after_today_and_before_the_review_ends(
    day: date, today: date, sentence: str | None
) -> None:
    problem = day_problem(day, due=DUE, limit=LIMIT, today=today)
    assert problem is None if sentence is None else sentence in (problem or "")


def test_the_first_day_is_the_first_that_does() -> None:
    for today in (TODAY, DUE, DUE + 5 * DAY):
        first = first_day(due=DUE, today=today)
        assert day_problem(first, due=DUE, limit=LIMIT, today=today) is None
        assert day_problem(first - DAY, due=DUE, limit=LIMIT, today=today) is not None


# ------------------------------------------------------------------------------------------ the own dates


@pytest.mark.parametrize("to", [None, DUE, DUE - DAY])
def test_without_a_later_day_the_dates_are_those_of_the_campaign(to: date | None) -> None:
    assert DATES.extended(to) == DATES


@pytest.mark.parametrize(
    ("days", "approval", "grace"),
    [
        # The approval keeps its seven days; the grace date moves only where the approval would pass it.
        (1, date(2026, 12, 5), date(2026, 12, 11)),
        (7, date(2026, 12, 11), date(2026, 12, 11)),
        (8, date(2026, 12, 12), date(2026, 12, 12)),
        # At most until the review is due, which never moves.
        (14, LIMIT, LIMIT),
        (21, LIMIT, LIMIT),
    ],
)
def test_the_approval_keeps_its_distance_and_the_lock_is_never_before_it(
    days: int, approval: date, grace: date
) -> None:
    own = DATES.extended(DUE + days * DAY)
    expected = replace(DATES, answer_due=DUE + days * DAY, approval_due=approval, grace_until=grace)
    assert own == expected


@pytest.mark.parametrize("days", range(22))
def test_extended_dates_stand_in_order_and_none_is_earlier_than_before(days: int) -> None:
    own = DATES.extended(DUE + days * DAY)
    assert own.answer_due <= own.approval_due <= own.review_due
    assert own.approval_due <= own.grace_until
    assert (own.approval_due, own.grace_until) >= (DATES.approval_due, DATES.grace_until)
    assert own.review_due == DATES.review_due


def test_an_extended_sheet_is_locked_after_its_own_grace() -> None:
    own, since = DATES.extended(date(2026, 12, 11)), date(2026, 11, 1)
    assert own.grace_until == LIMIT
    assert DATES.locked(State.ANSWERING, since=since, today=LIMIT)
    assert not own.locked(State.ANSWERING, since=since, today=LIMIT)
    assert own.locked(State.ANSWERING, since=since, today=LIMIT + DAY)
