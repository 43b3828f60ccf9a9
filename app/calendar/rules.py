"""On which days the city works, and counting by them. Deadlines shown to people still count every day (あと○日).

Basis: 行政機関の休日に関する法律 第1条 (Saturdays, Sundays, national holidays, 29 December to 3 January); the city adds its own days.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import jpholiday

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
YEAR_END: Final = "年末年始の休み"
WEEKDAY_NAMES: Final = {5: "土曜日", 6: "日曜日"}
_YEAR_END_DAYS: Final = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


@dataclass(frozen=True, slots=True)
class CityCalendar:
    """The days on which the city works. `closing` maps its own closed days to their names."""

    closing: dict[date, str] = field(default_factory=dict)

    def reason_closed(self, day: date) -> str | None:
        """Return why the city does not work on a day; None on a business day. The city's own word comes first."""
        own = self.closing.get(day)
        if own is not None:
            return own
        holiday = jpholiday.is_holiday_name(day)
        if holiday:
            return str(holiday)
        if (day.month, day.day) in _YEAR_END_DAYS:
            return YEAR_END
        return WEEKDAY_NAMES.get(day.weekday())

    def is_business_day(self, day: date) -> bool:
        """Return whether the city works on a day."""
        return self.reason_closed(day) is None

    def next_business_day(self, day: date) -> date:
        """Return the day itself when the city works on it, otherwise the first one after it."""
        while not self.is_business_day(day):
            day += _DAY
        return day

    def previous_business_day(self, day: date) -> date:
        """Return the day itself when the city works on it, otherwise the last one before it."""
        while not self.is_business_day(day):
            day -= _DAY
        return day

    def add_business_days(self, day: date, count: int) -> date:
        """Return the business day that lies so many business days after a day, or before it when the count is negative.

        A closed day stands for the end of the business day before it: one day after Saturday is Monday, none after it Friday.
        """
        at = self.previous_business_day(day) if count >= 0 else self.next_business_day(day)
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            at += step
            while not self.is_business_day(at):
                at += step
        return at


def national_holidays(first: date, last: date) -> tuple[tuple[date, str], ...]:
    """Return the national holidays of a span with their names, substitute and citizens' holidays included, both ends too."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple((day, str(name)) for day in days if (name := jpholiday.is_holiday_name(day)))
