"""How failed attempts slow down the next one."""

from datetime import UTC, datetime, timedelta

import pytest

from app.people.rules import (
    BY_ADDRESS,
    BY_DEVICE,
    BY_NAME,
    BY_NAME_AND_ADDRESS,
    QUIET,
    Failures,
    SessionLimits,
    TooManyAttempts,
    session_lives,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LIMITS = SessionLimits(
    idle=timedelta(minutes=30), administrator_idle=timedelta(minutes=10), absolute=timedelta(hours=12)
)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0), (1, 0), (3, 0), (4, 2), (5, 4), (6, 8), (7, 16), (8, 32), (9, 60), (50, 60), (10**6, 60)],
)
def test_the_delay_grows_from_the_fourth_failure_and_ends_at_a_minute(count: int, seconds: int) -> None:
    for patience in (BY_DEVICE, BY_NAME_AND_ADDRESS):
        assert Failures(count=count, last_at=NOW).wait(patience, now=NOW) == timedelta(seconds=seconds)


def test_a_name_alone_waits_shortly_and_late() -> None:
    waits = [Failures(count=count, last_at=NOW).wait(BY_NAME, now=NOW).seconds for count in (20, 21, 23, 24)]
    assert waits == [0, 2, 8, 10]


def test_one_address_waits_much_longer_than_a_name_alone() -> None:
    assert BY_NAME_AND_ADDRESS.longest >= 5 * BY_NAME.longest


def test_an_address_is_given_more_room() -> None:
    assert Failures(count=20, last_at=NOW).wait(BY_ADDRESS, now=NOW) == timedelta(0)
    assert Failures(count=21, last_at=NOW).wait(BY_ADDRESS, now=NOW) == timedelta(seconds=2)
    assert Failures(count=99, last_at=NOW).wait(BY_ADDRESS, now=NOW) == timedelta(seconds=30)


def test_the_wait_runs_out() -> None:
    failures = Failures(count=6, last_at=NOW)
    assert failures.wait(BY_DEVICE, now=NOW + timedelta(seconds=7)) == timedelta(seconds=1)
    assert failures.wait(BY_DEVICE, now=NOW + timedelta(seconds=8)) == timedelta(0)


def test_quiet_time_forgets() -> None:
    failures = Failures(count=50, last_at=NOW)
    assert failures.counted(NOW + QUIET - timedelta(microseconds=1)) == 50
    assert failures.counted(NOW + QUIET) == 0


def test_the_refusal_names_whole_seconds() -> None:
    assert TooManyAttempts(timedelta(milliseconds=1)).seconds == 1
    assert "あと3秒" in TooManyAttempts(timedelta(seconds=2, milliseconds=1)).message


@pytest.mark.parametrize(
    ("age", "rest", "lives"),
    [
        (timedelta(hours=1), timedelta(minutes=29, seconds=59), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=11, minutes=59), timedelta(0), True),
        (timedelta(hours=12), timedelta(0), False),
    ],
)
def test_a_session_rests_and_lasts_within_its_limits(age: timedelta, rest: timedelta, lives: bool) -> None:  # noqa: FBT001
    assert session_lives(created_at=NOW - age, last_seen_at=NOW - rest, now=NOW, limits=LIMITS) is lives
