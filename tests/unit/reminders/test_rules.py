"""When reminders fire: pure, against the city's calendar."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import CityCalendar
from app.inspections.rules import STEPS, State
from app.inspections.rules.audiences import TOLD, StepNotice
from app.reminders.rules import (
    LATE_LISTS,
    LOCK,
    LOCK_LIST,
    OF_CAMPAIGNS,
    OF_SHEETS,
    ReminderKind,
    Standing,
    coming,
    fired,
    plan_of_sheet,
)
from app.reminders.texts import REMINDER, WORDING

CITY = CityCalendar({date(2026, 11, 30): "市の休み"})
DUE, BEGINS = date(2026, 11, 27), date(2026, 11, 2)
ANSWERING = Standing(state=State.ANSWERING, since=date(2026, 10, 26), begins=BEGINS, due=DUE)


def plan(standing: Standing) -> list[tuple[date, str, int]]:
    return [(one.day, one.rule.kind.value, one.rule.days) for one in plan_of_sheet(standing, calendar=CITY)]


def test_answering_is_reminded_of_by_business_days() -> None:
    assert plan(ANSWERING) == [
        (date(2026, 11, 2), "reminder.begins", 0),
        (date(2026, 11, 19), "reminder.answer-soon", -5),
        (date(2026, 11, 26), "reminder.answer-soon", -1),
        (date(2026, 12, 1), "reminder.answer-late", 1),
        (date(2026, 12, 3), "reminder.answer-escalated", 3),
    ]


def test_who_gets_a_sheet_late_is_not_late_at_once() -> None:
    came_back = Standing(state=State.ANSWERING, since=date(2026, 12, 8), begins=BEGINS, due=DUE)
    assert plan(came_back) == [
        (date(2026, 12, 8), "reminder.begins", 0),
        (date(2026, 12, 9), "reminder.answer-late", 1),
        (date(2026, 12, 11), "reminder.answer-escalated", 3),
    ]


def test_a_campaign_of_two_days_reminds_only_of_what_lies_ahead() -> None:
    short = Standing(
        state=State.ANSWERING, since=date(2026, 11, 24), begins=date(2026, 11, 25), due=date(2026, 11, 26)
    )
    assert [kind for _, kind, days in plan(short) if days < 0] == []


def test_a_due_date_on_a_closed_day_is_reminded_of_on_business_days() -> None:
    sunday = Standing(state=State.AWAITING_HEAD, since=BEGINS, begins=BEGINS, due=date(2026, 11, 29))
    assert [day for day, _, _ in plan(sunday)] == [date(2026, 11, 27), date(2026, 12, 1), date(2026, 12, 3)]


def test_what_was_missed_is_not_made_up_for_one_by_one() -> None:
    found = fired(plan_of_sheet(ANSWERING, calendar=CITY), today=date(2026, 12, 2))
    assert found is not None
    assert (found.rule.kind, found.rule.days) == (ReminderKind.ANSWER_LATE, 1)


def test_before_the_first_and_after_the_last() -> None:
    whole = plan_of_sheet(ANSWERING, calendar=CITY)
    assert fired(whole, today=date(2026, 11, 1)) is None
    assert coming(whole, today=date(2026, 12, 3)) is None


@given(
    state=st.sampled_from(list(State)),
    since=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
    begins=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
    length=st.integers(0, 60),
    day=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
)
def test_reminders_come_on_business_days_once_each_and_in_order(
    state: State, since: date, begins: date, length: int, day: date
) -> None:
    standing = Standing(state=state, since=since, begins=begins, due=begins + timedelta(days=length))
    whole = plan_of_sheet(standing, calendar=CITY)
    assert [one.day for one in whole] == sorted(one.day for one in whole)
    assert all(CITY.is_business_day(one.day) for one in whole)
    assert len({(one.rule.kind, one.occasion) for one in whole}) == len(whole)
    assert all(one.day >= max(since, begins) for one in whole)
    last, following = fired(whole, today=day), coming(whole, today=day)
    assert last is None or last.day <= day
    assert following is None or following.day > day


def test_every_step_that_somebody_waits_for_is_reminded_of() -> None:
    ruled = {state for rule in (*OF_SHEETS, *OF_CAMPAIGNS) for state in rule.states}
    assert {step.source for step in STEPS} <= ruled


def test_every_kind_has_its_words_and_a_page() -> None:
    kinds = {*ReminderKind, *StepNotice}
    assert set(WORDING) == {kind.value for kind in kinds}
    assert set(REMINDER) == set(ReminderKind)
    for wording in WORDING.values():
        merged = {"unit": "総務課", "campaign": "点検", "subject": "s", "campaign_id": "c"}
        assert wording.path.format(**merged).startswith("/")
        assert "{" not in wording.title.format(**merged) + wording.detail.format(**merged)


def test_who_is_told_of_steps_names_steps_of_the_table() -> None:
    assert set(TOLD) <= {(step.action, step.target) for step in STEPS}


def test_no_two_rules_are_the_same_occasion() -> None:
    rules = (*OF_SHEETS, *OF_CAMPAIGNS, *LATE_LISTS)
    assert len({(rule.kind, rule.days, rule.states) for rule in rules}) == len(rules)


def test_the_lock_is_told_to_the_office_and_to_the_manager() -> None:
    assert LOCK.kind is not LOCK_LIST.kind
