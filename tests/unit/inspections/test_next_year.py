"""Next year's dates and words: a year on, on working days, in the order that they had."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import CityCalendar
from app.inspections.rules import CampaignDates, date_problems
from app.inspections.rules.next_year import AFTER, a_year_later, dates_of, renewed, shifts
from app.inspections.texts import moved
from app.kernel.fiscal_year import FiscalYear

LAST = CampaignDates(
    base_date=date(2026, 10, 1),
    answer_from=date(2026, 11, 2),
    answer_due=date(2026, 11, 27),
    approval_due=date(2026, 12, 4),
    review_due=date(2026, 12, 29),
    grace_until=date(2026, 12, 11),
)


def by_field(dates: CampaignDates, *, calendar: CityCalendar | None = None) -> dict[str, tuple[date, str]]:
    """Return each date of the next year with the reason it moved."""
    return {
        shift.field: (shift.day, moved(shift)) for shift in shifts(dates, calendar=calendar or CityCalendar())
    }


def test_every_date_moves_a_year_on_and_from_a_closed_day_to_the_next_working_day() -> None:
    found = by_field(LAST, calendar=CityCalendar({date(2027, 12, 6): "市制記念日"}))
    assert found["base_date"] == (date(2027, 10, 1), "")
    assert found["answer_from"] == (date(2027, 11, 2), "")
    # A Saturday; a Saturday with the city's own day on the Monday; the days around New Year.
    assert found["answer_due"][0] == date(2027, 11, 29)
    assert found["answer_due"][1] == "1年後の11月27日は閉庁日（土曜日）なので、次の開庁日にしました。"
    assert found["approval_due"][0] == date(2027, 12, 7)
    assert found["review_due"] == (
        date(2028, 1, 4),
        "1年後の12月29日は閉庁日（年末年始の休み）なので、次の開庁日にしました。",
    )


def test_the_base_date_stays_where_it_is_for_nobody_works_on_it() -> None:
    assert by_field(LAST)["base_date"][0] == a_year_later(LAST.base_date)
    sunday = CampaignDates(**{**_asdict(LAST), "base_date": date(2027, 3, 31 - 3)})
    assert by_field(sunday)["base_date"] == (date(2028, 3, 28), "")


def _asdict(dates: CampaignDates) -> dict[str, date]:
    return {field: getattr(dates, field) for field in AFTER}


def test_the_leap_day_becomes_the_28th_and_says_so() -> None:
    leap = CampaignDates(
        base_date=date(2028, 2, 29),
        answer_from=date(2028, 2, 29),
        answer_due=date(2028, 3, 1),
        approval_due=date(2028, 3, 2),
        review_due=date(2028, 3, 6),
        grace_until=date(2028, 3, 3),
    )
    found = by_field(leap)
    assert found["base_date"] == (date(2029, 2, 28), "2月29日のない年なので、28日にしました。")
    assert found["answer_from"] == (date(2029, 2, 28), "2月29日のない年なので、28日にしました。")
    assert found["answer_due"] == (date(2029, 3, 1), "")


def test_dates_that_lay_apart_do_not_fall_on_the_same_day() -> None:
    """Friday and the Saturday after it, a year on: both would stand on the same Monday."""
    close = CampaignDates(
        base_date=date(2026, 10, 1),
        answer_from=date(2026, 11, 2),
        answer_due=date(2026, 11, 27),
        approval_due=date(2026, 11, 28),
        review_due=date(2026, 11, 28),
        grace_until=date(2026, 11, 29),
    )
    found = by_field(close)
    assert found["answer_due"][0] == date(2027, 11, 29)
    assert found["approval_due"] == (
        date(2027, 11, 30),
        "前の期限が後ろへ動いたので、そのあとの開庁日にしました。",
    )
    # It stood on the same day as the approval: it still does.
    assert found["review_due"][0] == date(2027, 11, 30)
    assert found["grace_until"][0] == date(2027, 12, 1)


@given(
    start=st.dates(date(2020, 1, 1), date(2060, 12, 31)),
    gaps=st.lists(st.integers(0, 30), min_size=5, max_size=5),
    closed=st.sets(st.dates(date(2021, 1, 1), date(2062, 12, 31)), max_size=20),
)
def test_any_years_dates_keep_their_order_on_working_days(
    start: date, gaps: list[int], closed: set[date]
) -> None:
    days = [start]
    for gap in gaps[:4]:
        days.append(days[-1] + timedelta(days=gap))
    dates = CampaignDates(
        base_date=days[0],
        answer_from=days[1],
        answer_due=days[2],
        approval_due=days[3],
        review_due=days[4],
        grace_until=days[3] + timedelta(days=gaps[4]),
    )
    calendar = CityCalendar(dict.fromkeys(closed, "市の休み"))
    after = dates_of(shifts(dates, calendar=calendar))
    assert date_problems(after) == []
    for field, follows in AFTER.items():
        if follows is not None:
            assert calendar.is_business_day(getattr(after, field))
            if getattr(dates, field) > getattr(dates, follows) and follows != "base_date":
                assert getattr(after, field) > getattr(after, follows)
    assert all(getattr(after, field) >= a_year_later(getattr(dates, field)) for field in AFTER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("令和8年度 定期自己点検", "令和9年度 定期自己点検"),
        ("令和８年度 定期自己点検", "令和９年度 定期自己点検"),
        ("2026年度（令和8年度）の点検", "2027年度（令和9年度）の点検"),
        ("全庁の点検", "全庁の点検"),
        ("令和18年度に備える点検", "令和18年度に備える点検"),
        ("平成30年度からの点検", "平成30年度からの点検"),
        ("12026年度", "12026年度"),
    ],
)
def test_the_words_that_name_the_year_move_on_and_all_others_stay(before: str, after: str) -> None:
    assert renewed(before, year=FiscalYear(2026), longest=100) == after


def test_the_first_year_of_an_era_and_a_title_without_room() -> None:
    assert renewed("令和元年度 点検", year=FiscalYear(2019), longest=100) == "令和2年度 点検"
    full = "令和9年度" + "点" * 95
    assert renewed(full, year=FiscalYear(2027), longest=100) == full
    assert renewed(full, year=FiscalYear(2027), longest=101).startswith("令和10年度")


def test_every_date_of_a_campaign_is_known_here() -> None:
    assert set(AFTER) == set(CampaignDates.__dataclass_fields__)
    fields = list(AFTER)
    assert all(fields.index(AFTER[field] or field) <= place for place, field in enumerate(fields))
