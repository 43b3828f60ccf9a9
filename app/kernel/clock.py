"""Time as an argument: a clock is made once at the edge, everything below receives `now` or `today`.

Instants are aware datetimes in UTC. Business dates (deadlines, validity, 年度) are dates in Japan.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

JST = timezone(timedelta(hours=9), "JST")
"""Japan has no daylight saving time, so a fixed offset is exact."""


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class DemonstrationClock:
    """A clock that began at `story_start` when the machine's clock showed `real_start`, and runs at normal speed."""

    real_start: datetime
    story_start: datetime

    def now(self) -> datetime:
        """Return the present instant of the demonstration in UTC."""
        return self.story_start + (datetime.now(UTC) - self.real_start)


def business_date(instant: datetime) -> date:
    """Return the calendar date in Japan of an aware instant."""
    return instant.astimezone(JST).date()


def start_of_day(day: date) -> datetime:
    """Return the first instant of a day in Japan, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=JST).astimezone(UTC)
