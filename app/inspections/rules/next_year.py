"""Next year's inspection from last year's: its dates and the words that name the year. Pure.

Basis: 市 情報セキュリティ対策基準 (自己点検): once a fiscal year, at the same time of the year.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.calendar.rules import CityCalendar
from app.inspections.rules import CampaignDates
from app.kernel.fiscal_year import FiscalYear

BASE_DATE: Final = "base_date"
AFTER: Final[Mapping[str, str | None]] = {
    BASE_DATE: None,
    "answer_from": None,
    "answer_due": "answer_from",
    "approval_due": "answer_due",
    "review_due": "approval_due",
    "grace_until": "approval_due",
}
"""Every date of a campaign with the one that it follows."""
_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One date of a campaign and where it stands a year on.

    Attributes:
        before: last year's date.
        plain: the same day of the next year; 28 February for 29 February.
        day: the day it became.
        closed: why the city is closed on the plain day, where it moved because of that.
        pushed: whether it gave way to the date that it follows, which had moved.
    """

    field: str
    before: date
    plain: date
    day: date
    closed: str | None = None
    pushed: bool = False

    @property
    def is_leap(self) -> bool:
        """Whether the next year has no such day."""
        return self.plain.day != self.before.day


def a_year_later(day: date) -> date:
    """Return the same day of the next year; 29 February becomes the 28th."""
    last_of_february = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if last_of_february else day.day)


def shifts(dates: CampaignDates, *, calendar: CityCalendar) -> tuple[Shift, ...]:
    """Move every date a year on, and from a closed day to the next working day; dates that lay apart still do.

    The base date only names the day whose organisation is meant. Nobody has to do anything on it, so it stays where it is.
    """
    found: dict[str, Shift] = {}
    for field, follows in AFTER.items():
        before = getattr(dates, field)
        found[field] = _shift(
            field, before, earlier=found[follows] if follows is not None else None, calendar=calendar
        )
    return tuple(found.values())


def _shift(field: str, before: date, *, earlier: Shift | None, calendar: CityCalendar) -> Shift:
    plain = a_year_later(before)
    if field == BASE_DATE:
        return Shift(field=field, before=before, plain=plain, day=plain)
    day = calendar.next_business_day(plain)
    floor = day
    if earlier is not None:
        floor = earlier.day + timedelta(days=1) if before > earlier.before else earlier.day
    return Shift(
        field=field,
        before=before,
        plain=plain,
        day=calendar.next_business_day(max(day, floor)),
        closed=calendar.reason_closed(plain),
        pushed=day < floor,
    )


def dates_of(moved: tuple[Shift, ...]) -> CampaignDates:
    """Return the dates that shifts lead to."""
    return CampaignDates(**{shift.field: shift.day for shift in moved})


def renewed(text: str, *, year: FiscalYear, longest: int) -> str:
    """Return a text with the fiscal year that it names moved one on; a text that names none, or has no room, stays as it is."""
    after = FiscalYear(year.year + 1)
    names = {year.label: after.label, f"{year.year}年度": f"{after.year}年度"}
    # 元年 has no digit: what it becomes is written as the label writes it.
    names = {old.translate(_WIDE): new.translate(_WIDE) for old, new in names.items()} | names
    pattern = "|".join(rf"(?<![0-9０-９]){re.escape(name)}" for name in names)
    made = re.sub(pattern, lambda found: names[found[0]], text)
    return made if len(made) <= longest else text
