"""Instants in UTC, business dates in Japan."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.clock import JST, DemonstrationClock, SystemClock, business_date, start_of_day


def test_the_business_date_changes_at_midnight_in_japan() -> None:
    assert business_date(datetime(2026, 11, 19, 14, 59, 59, tzinfo=UTC)) == date(2026, 11, 19)
    assert business_date(datetime(2026, 11, 19, 15, 0, tzinfo=UTC)) == date(2026, 11, 20)


@given(st.dates(min_value=date(1950, 1, 2), max_value=date(2200, 1, 1)))
def test_a_day_begins_with_its_first_instant(day: date) -> None:
    begin = start_of_day(day)
    assert begin.tzinfo is UTC
    assert business_date(begin) == day
    assert business_date(begin - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_the_systems_clock_shows_aware_instants_in_utc() -> None:
    first, second = SystemClock().now(), SystemClock().now()
    assert first.tzinfo is UTC
    assert first <= second


def test_the_demonstrations_clock_runs_from_its_story_at_normal_speed() -> None:
    story = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    real = SystemClock().now() - timedelta(hours=3)
    clock = DemonstrationClock(real_start=real, story_start=story)
    assert timedelta(hours=3) <= clock.now() - story < timedelta(hours=3, minutes=1)


def test_japan_has_no_daylight_saving_time() -> None:
    assert {JST.utcoffset(datetime(2026, month, 1, tzinfo=JST)) for month in range(1, 13)} == {
        timedelta(hours=9)
    }
