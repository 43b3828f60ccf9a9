"""Reading the city's calendar."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.calendar.models import ClosingDay
from app.calendar.rules import WEEKDAY_NAMES, CityCalendar, national_holidays
from app.db.session import READS_ONE_MOMENT
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import PersonId
from app.people.queries import people_by_id

_CLOSING: Final = select(ClosingDay.day, ClosingDay.name)
_KEPT: Final = "city calendar"


def city_calendar(session: Session) -> CityCalendar:
    """Return the calendar of the city, in one statement. A reading session sees one moment, so it reads it once."""
    kept = session.info.get(_KEPT)
    if isinstance(kept, CityCalendar):
        return kept
    found = CityCalendar({row.day: row.name for row in session.execute(_CLOSING)})
    if session.info.get(READS_ONE_MOMENT):
        session.info[_KEPT] = found
    return found


class DaysOfTheCity:
    """Tells the rooms below on which days the city works."""

    def is_business_day(self, session: Session, *, day: date) -> bool:
        """Return whether the city works on a day."""
        return city_calendar(session).is_business_day(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """One closed day of a fiscal year: a national holiday, or one of the city's own, which has an id and can be taken out."""

    day: date
    name: str
    id: UUID | None = None
    added_by: str = ""
    added_at: datetime | None = None
    weekend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """The closed days of one fiscal year, national and own, by date."""

    year: FiscalYear
    lines: tuple[ClosedLine, ...]

    @property
    def own(self) -> tuple[ClosedLine, ...]:
        """Return the city's own days."""
        return tuple(line for line in self.lines if line.id is not None)


def calendar_page(session: Session, *, actor: Actor, year: FiscalYear) -> CalendarPage:
    """Return the closed days of a fiscal year, in two statements.

    Raises:
        NotAllowed: the actor does not keep the calendar.
    """
    require(Permission.CITY_CALENDAR_MANAGE, actor=actor)
    rows = session.scalars(
        select(ClosingDay).where(ClosingDay.day.between(year.first_day, year.last_day))
    ).all()
    people = people_by_id(session, person_ids=[PersonId(row.added_by) for row in rows])
    own = [
        ClosedLine(
            day=row.day,
            name=row.name,
            id=row.id,
            added_by=people[PersonId(row.added_by)].name,
            added_at=row.added_at,
            weekend=WEEKDAY_NAMES.get(row.day.weekday(), ""),
        )
        for row in rows
    ]
    national = [
        ClosedLine(day=day, name=name, weekend=WEEKDAY_NAMES.get(day.weekday(), ""))
        for day, name in national_holidays(year.first_day, year.last_day)
    ]
    return CalendarPage(year=year, lines=tuple(sorted([*own, *national], key=lambda line: line.day)))


def closing_days(session: Session) -> tuple[tuple[date, str], ...]:
    """Return the city's own closed days by date, for the command line."""
    rows = session.execute(_CLOSING.order_by(ClosingDay.day))
    return tuple((row.day, row.name) for row in rows)
