"""The days on which the city works, against the holidays of the law and the almanac."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import YEAR_END, CityCalendar, national_holidays

CITY = CityCalendar({date(2026, 6, 12): "市制記念日", date(2026, 12, 28): "庁舎の点検"})
HOLIDAYS_2026 = {
    date(2026, 1, 1),
    date(2026, 1, 12),
    date(2026, 2, 11),
    date(2026, 2, 23),
    date(2026, 3, 20),
    date(2026, 4, 29),
    date(2026, 5, 3),
    date(2026, 5, 4),
    date(2026, 5, 5),
    date(2026, 5, 6),
    date(2026, 7, 20),
    date(2026, 8, 11),
    date(2026, 9, 21),
    date(2026, 9, 22),
    date(2026, 9, 23),
    date(2026, 10, 12),
    date(2026, 11, 3),
    date(2026, 11, 23),
}
"""As 内閣府 publishes them: with the substitute holiday of 6 May and the citizens' holiday of 22 September."""
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
calendars = st.dictionaries(days, st.just("休み"), max_size=20).map(CityCalendar)


def test_the_national_holidays_of_2026_are_those_of_the_law() -> None:
    assert {day for day, _ in national_holidays(date(2026, 1, 1), date(2026, 12, 31))} == HOLIDAYS_2026


def test_substitute_and_citizens_holidays_of_other_years() -> None:
    assert CITY.reason_closed(date(2019, 4, 30)) == "国民の休日"
    assert CITY.reason_closed(date(2024, 2, 12)) == "建国記念の日 振替休日"
    assert CITY.reason_closed(date(2027, 3, 22)) == "春分の日 振替休日"


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 20), None),
        (date(2026, 11, 21), "土曜日"),
        (date(2026, 11, 22), "日曜日"),
        (date(2026, 11, 23), "勤労感謝の日"),
        (date(2026, 9, 22), "国民の休日"),
        (date(2026, 6, 12), "市制記念日"),
        (date(2026, 12, 29), YEAR_END),
        (date(2027, 1, 1), "元日"),
        (date(2027, 1, 3), YEAR_END),
        (date(2027, 1, 4), None),
    ],
)
def test_a_closed_day_says_why(day: date, reason: str | None) -> None:
    assert CITY.reason_closed(day) == reason
    assert CITY.is_business_day(day) is (reason is None)


def test_the_end_of_the_year_is_leapt_over() -> None:
    assert CITY.add_business_days(date(2026, 12, 25), 1) == date(2027, 1, 4)
    assert CityCalendar().add_business_days(date(2026, 12, 25), 1) == date(2026, 12, 28)
    assert CITY.next_business_day(date(2026, 12, 26)) == date(2027, 1, 4)
    assert CITY.previous_business_day(date(2027, 1, 3)) == date(2026, 12, 25)


def test_counting_from_a_closed_day() -> None:
    saturday = date(2026, 11, 28)
    assert CITY.add_business_days(saturday, 0) == date(2026, 11, 27)
    assert CITY.add_business_days(saturday, 1) == date(2026, 11, 30)
    assert CITY.add_business_days(saturday, -1) == date(2026, 11, 27)
    # 勤労感謝の日 lies between.
    assert CITY.add_business_days(date(2026, 11, 27), -5) == date(2026, 11, 19)


@given(calendar=calendars, day=days)
def test_the_next_business_day_is_the_first_one(calendar: CityCalendar, day: date) -> None:
    found = calendar.next_business_day(day)
    assert calendar.is_business_day(found)
    assert found >= day
    between = (day + timedelta(days=n) for n in range((found - day).days))
    assert not any(calendar.is_business_day(one) for one in between)


@given(calendar=calendars, day=days, count=st.integers(min_value=1, max_value=40))
def test_counting_forward_counts_every_business_day_once(
    calendar: CityCalendar, day: date, count: int
) -> None:
    found = calendar.add_business_days(day, count)
    after = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert sum(calendar.is_business_day(one) for one in after) == count
    assert calendar.is_business_day(found)


@given(calendar=calendars, day=days, count=st.integers(min_value=0, max_value=40))
def test_forward_and_back_is_the_same_business_day(calendar: CityCalendar, day: date, count: int) -> None:
    start = calendar.next_business_day(day)
    assert calendar.add_business_days(calendar.add_business_days(start, count), -count) == start


@given(calendar=calendars, first=days, second=days)
def test_moving_deadlines_keeps_their_order(calendar: CityCalendar, first: date, second: date) -> None:
    earlier, later = sorted((first, second))
    assert calendar.next_business_day(earlier) <= calendar.next_business_day(later)
