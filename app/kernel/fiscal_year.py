"""年度 and 和暦: the two calendars of a Japanese city.

A fiscal year (年度) runs from 1 April to 31 March and is named after the year in which it begins.
Eras follow the modern statutes; the first year of an era is written 元年.
"""

from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.clock import JST

ERAS: tuple[tuple[date, str, str], ...] = (
    (date(2019, 5, 1), "令和", "R"),
    (date(1989, 1, 8), "平成", "H"),
    (date(1926, 12, 25), "昭和", "S"),
    (date(1912, 7, 30), "大正", "T"),
    (date(1873, 1, 1), "明治", "M"),
)
WEEKDAYS = "月火水木金土日"
EARLIEST_DAY = date(1900, 1, 1)
LATEST_DAY = date(2199, 12, 31)
"""The days that somebody may type, in a form, a file or at the terminal: what lies beyond is a slip."""


def is_reckoned(day: date) -> bool:
    """Return whether a day is one that somebody may type."""
    return EARLIEST_DAY <= day <= LATEST_DAY


def era_year(day: date) -> str:
    """Return the era and year of a date: 令和元年, 令和8年. Refuses dates before the Gregorian calendar in Japan (1873)."""
    for start, name, _ in ERAS:
        if day >= start:
            number = day.year - start.year + 1 if name != "明治" else day.year - 1867
            return f"{name}{'元' if number == 1 else number}年"
    message = f"{day} lies before 1873-01-01"
    raise ValueError(message)


def long_date(day: date) -> str:
    """令和8年11月20日(金)."""
    return f"{era_year(day)}{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def plain_date(day: date) -> str:
    """令和8年11月20日, as documents write it."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def short_date(day: date) -> str:
    """11月20日(金), for lists within the year."""
    return f"{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def clock_time(instant: datetime) -> str:
    """14時32分, in Japan."""
    local = instant.astimezone(JST)
    return f"{local.hour}時{local.minute:02d}分"


def long_instant(instant: datetime) -> str:
    """令和8年11月20日(金) 14時32分, in Japan."""
    return f"{long_date(instant.astimezone(JST).date())} {clock_time(instant)}"


def days_left(*, due: date, today: date) -> str:
    """あと3日, きょうまで or 3日超過."""
    days = (due - today).days
    if days == 0:
        return "きょうまで"
    return f"あと{days}日" if days > 0 else f"{-days}日超過"


@dataclass(frozen=True, slots=True, order=True)
class FiscalYear:
    """A fiscal year, by the calendar year in which it begins."""

    year: int

    @classmethod
    def containing(cls, day: date) -> "FiscalYear":
        """Return the fiscal year of a date: January to March belong to the year before."""
        return cls(day.year if day.month >= 4 else day.year - 1)  # noqa: PLR2004 - April

    @property
    def first_day(self) -> date:
        """1 April."""
        return date(self.year, 4, 1)

    @property
    def last_day(self) -> date:
        """31 March of the next calendar year."""
        return date(self.year + 1, 3, 31)

    @property
    def label(self) -> str:
        """令和8年度; 令和元年度 for 2019, whose first day still lay in 平成."""
        return f"{era_year(date(self.year, 12, 31))}度"

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day
