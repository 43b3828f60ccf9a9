"""Keeping the days on which the city itself is closed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.calendar.models import ClosingDay
from app.calendar.rules import CityCalendar
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, Problem
from app.kernel.fiscal_year import long_date
from app.kernel.ids import new_id
from app.kernel.text import clean, text_problems

LONGEST_NAME = 60
_SUBJECT = Subject(type=SubjectType.INSTALLATION, id="calendar")


def add_closing_day(session: Session, *, actor: Actor, day: date, name: str, now: datetime) -> UUID:
    """Close the city on a day.

    Raises:
        InvalidInput: no name, or the city is closed on that day anyway.
    """
    require(Permission.CITY_CALENDAR_MANAGE, actor=actor)
    words = clean(name)
    problems = text_problems(words, field="name", label="名称", longest=LONGEST_NAME)
    if not words:
        problems.append(Problem(field="name", message="名称を書いてください（例：市制記念日）。"))
    stored = session.scalar(select(ClosingDay.name).where(ClosingDay.day == day))
    known = stored or CityCalendar().reason_closed(day)
    if known is not None:
        sentence = f"{long_date(day)}は、もう閉庁日です（{known}）。別の日を選んでください。"
        problems.append(Problem(field="day", message=sentence))
    if problems:
        raise InvalidInput(problems)
    made, salt = new_id(), new_salt()
    session.add(ClosingDay(id=made, day=day, name=words, salt=salt, added_by=actor.person_id, added_at=now))
    session.flush()
    facts = {"day": day.isoformat(), "name": salted_digest(words, salt=salt)}
    record(session, subject=_SUBJECT, event="calendar.day_closed", actor=actor.mark, now=now, facts=facts)
    return made


def remove_closing_day(session: Session, *, actor: Actor, closing_id: UUID, now: datetime) -> date:
    """Open the city again on a day that was closed by hand; return the day.

    Raises:
        NotFound: it is no closed day (any more).
    """
    require(Permission.CITY_CALENDAR_MANAGE, actor=actor)
    day = session.scalar(select(ClosingDay.day).where(ClosingDay.id == closing_id).with_for_update())
    if day is None:
        raise NotFound
    session.execute(delete(ClosingDay).where(ClosingDay.id == closing_id))
    record(
        session,
        subject=_SUBJECT,
        event="calendar.day_opened",
        actor=actor.mark,
        now=now,
        facts={"day": day.isoformat()},
    )
    return day


def remove_day(session: Session, *, actor: Actor, day: date, now: datetime) -> None:
    """Open the city again on a day, named by its date.

    Raises:
        NotFound: the message names the day.
    """
    require(Permission.CITY_CALENDAR_MANAGE, actor=actor)
    found = session.scalar(select(ClosingDay.id).where(ClosingDay.day == day))
    if found is None:
        raise NotFound(f"{long_date(day)}は、市が決めた閉庁日にありません。日付を確かめてください。")
    remove_closing_day(session, actor=actor, closing_id=found, now=now)
