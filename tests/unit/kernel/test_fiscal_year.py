"""年度 and 和暦."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.fiscal_year import (
    FiscalYear,
    clock_time,
    days_left,
    era_year,
    long_date,
    long_instant,
    plain_date,
    short_date,
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1873, 1, 1), "明治6年"),
        (date(1912, 7, 29), "明治45年"),
        (date(1912, 7, 30), "大正元年"),
        (date(1912, 12, 31), "大正元年"),
        (date(1913, 1, 1), "大正2年"),
        (date(1926, 12, 24), "大正15年"),
        (date(1926, 12, 25), "昭和元年"),
        (date(1927, 1, 1), "昭和2年"),
        (date(1989, 1, 7), "昭和64年"),
        (date(1989, 1, 8), "平成元年"),
        (date(2019, 4, 30), "平成31年"),
        (date(2019, 5, 1), "令和元年"),
        (date(2019, 12, 31), "令和元年"),
        (date(2020, 1, 1), "令和2年"),
        (date(2026, 11, 20), "令和8年"),
    ],
)
def test_an_era_begins_on_its_first_day(day: date, expected: str) -> None:
    assert era_year(day) == expected


def test_a_day_before_the_gregorian_calendar_in_japan_is_refused() -> None:
    with pytest.raises(ValueError, match="1872-12-31"):
        era_year(date(1872, 12, 31))


@given(st.dates(min_value=date(1873, 1, 1), max_value=date(2100, 12, 30)))
def test_the_next_day_has_the_same_year_the_next_one_or_a_first_one(day: date) -> None:
    today, tomorrow = era_year(day), era_year(day + timedelta(days=1))
    new_year = (day + timedelta(days=1)).month == 1 and (day + timedelta(days=1)).day == 1
    assert (today == tomorrow) != (new_year or (tomorrow.endswith("元年") and today != tomorrow))


def test_dates_are_written_as_documents_and_lists_write_them() -> None:
    day = date(2026, 11, 20)
    assert long_date(day) == "令和8年11月20日(金)"
    assert plain_date(day) == "令和8年11月20日"
    assert short_date(day) == "11月20日(金)"


def test_instants_are_shown_in_japan() -> None:
    instant = datetime(2026, 11, 19, 15, 5, tzinfo=UTC)
    assert clock_time(instant) == "0時05分"
    assert long_instant(instant) == "令和8年11月20日(金) 0時05分"


@pytest.mark.parametrize(
    ("days", "expected"),
    [(3, "あと3日"), (1, "あと1日"), (0, "きょうまで"), (-1, "1日超過"), (-30, "30日超過")],
)
def test_the_time_left_is_said_in_days(days: int, expected: str) -> None:
    today = date(2026, 11, 20)
    assert days_left(due=today + timedelta(days=days), today=today) == expected


@pytest.mark.parametrize(
    ("day", "year", "label"),
    [
        (date(2027, 1, 1), 2026, "令和8年度"),
        (date(2027, 3, 31), 2026, "令和8年度"),
        (date(2027, 4, 1), 2027, "令和9年度"),
        (date(2019, 4, 1), 2019, "令和元年度"),
        (date(2020, 3, 31), 2019, "令和元年度"),
        (date(2019, 3, 31), 2018, "平成30年度"),
        (date(1989, 4, 1), 1989, "平成元年度"),
    ],
)
def test_january_to_march_belong_to_the_fiscal_year_before(day: date, year: int, label: str) -> None:
    found = FiscalYear.containing(day)
    assert (found.year, found.label) == (year, label)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)))
def test_every_day_lies_in_exactly_its_own_fiscal_year(day: date) -> None:
    year = FiscalYear.containing(day)
    assert year.first_day <= day <= year.last_day
    assert day in year
    assert day not in FiscalYear(year.year - 1)
    assert day not in FiscalYear(year.year + 1)


@given(st.integers(min_value=1900, max_value=2200))
def test_fiscal_years_follow_each_other_without_a_gap(year: int) -> None:
    assert FiscalYear(year).last_day + timedelta(days=1) == FiscalYear(year + 1).first_day
    assert FiscalYear(year) < FiscalYear(year + 1)
    assert (FiscalYear(year).last_day - FiscalYear(year).first_day).days in {364, 365}
