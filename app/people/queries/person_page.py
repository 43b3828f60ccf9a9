"""A person as everybody in the city hall may see: what is held today, and which posts were held before.

A transfer is secret until its day. Nothing that begins after today is read, and no end that lies ahead is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.errors import NotFound
from app.kernel.ids import PersonId, UnitId
from app.organisation.queries.history import Versions, name_on, versions_of
from app.people.models import DutyAssignment, Person, PersonFunctionAssignment, Posting
from app.people.queries.in_force import OF_PERSON, duty_in_force, function_in_force, post_known
from app.people.rules import (
    Duty,
    PersonFunction,
    PersonView,
    Position,
    PostingKind,
    last_day_told,
)

_BY_NAME: Final = {own: function for function, own in OF_PERSON.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLine:
    """A post. `last_day` is told of posts that are over only; the unit is named as it was called then."""

    unit_id: UnitId
    unit_name: str
    title: str
    position: Position
    kind: PostingKind
    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyHeld:
    """What a head named this person for, today."""

    duty: Duty
    unit_id: UnitId
    unit_name: str
    first_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionHeld:
    """What this person does for the whole city, by name, today."""

    function: Function
    first_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """A person: today's posts (本務 first), functions and duties; earlier posts, the latest first."""

    person: PersonView
    posts: tuple[PostLine, ...]
    earlier: tuple[PostLine, ...]
    functions: tuple[FunctionHeld, ...]
    duties: tuple[DutyHeld, ...]


def known_by(day: date) -> ColumnElement[bool]:
    """Return the condition that a person is anybody yet: who will only be appointed is not told of."""
    return or_(
        exists().where(Posting.person_id == Person.id, Posting.valid_from <= day, post_known(day)),
        exists().where(
            PersonFunctionAssignment.person_id == Person.id, PersonFunctionAssignment.valid_from <= day
        ),
    )


def person_page(session: Session, *, actor: Actor, person_id: PersonId, today: date) -> PersonPage:
    """Return what may be told of a person.

    Raises:
        NotFound: there is no such person yet.
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    person = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana).where(
            Person.id == person_id, known_by(today)
        )
    ).one_or_none()
    if person is None:
        raise NotFound
    posts = session.execute(
        select(Posting.__table__).where(
            Posting.person_id == person_id, Posting.valid_from <= today, post_known(today)
        )
    ).all()
    duties = session.execute(
        select(DutyAssignment.duty, DutyAssignment.unit_id, DutyAssignment.valid_from)
        .where(DutyAssignment.person_id == person_id, duty_in_force(today))
        .order_by(DutyAssignment.valid_from, DutyAssignment.duty)
    ).all()
    units = versions_of(session, unit_ids={UnitId(row.unit_id) for row in (*posts, *duties)})
    lines = [_post(row, units=units, today=today) for row in posts]
    return PersonPage(
        person=PersonView(
            id=PersonId(person.id), staff_no=person.staff_no, name=person.name, kana=person.kana
        ),
        posts=tuple(sorted((line for line in lines if line.last_day is None), key=_main_first)),
        earlier=tuple(
            sorted((line for line in lines if line.last_day is not None), key=_latest_first, reverse=True)
        ),
        functions=_functions(session, person_id=person_id, today=today),
        duties=tuple(
            DutyHeld(
                duty=Duty(row.duty),
                unit_id=UnitId(row.unit_id),
                unit_name=name_on(units[UnitId(row.unit_id)], today),
                first_day=row.valid_from,
            )
            for row in duties
        ),
    )


def _post(row: Row[*tuple[Any, ...]], *, units: Mapping[UnitId, Versions], today: date) -> PostLine:
    unit_id, last_day = UnitId(row.unit_id), last_day_told(row.valid_to, today=today)
    return PostLine(
        unit_id=unit_id,
        unit_name=name_on(units[unit_id], last_day or today),
        title=row.title,
        position=Position(row.position),
        kind=PostingKind(row.kind),
        first_day=row.valid_from,
        last_day=last_day,
    )


def _main_first(line: PostLine) -> tuple[bool, date, str]:
    return line.kind is not PostingKind.MAIN, line.first_day, line.unit_name


def _latest_first(line: PostLine) -> tuple[date, date]:
    return line.last_day or date.max, line.first_day


def _functions(session: Session, *, person_id: PersonId, today: date) -> tuple[FunctionHeld, ...]:
    rows = session.execute(
        select(PersonFunctionAssignment.function, PersonFunctionAssignment.valid_from)
        .where(PersonFunctionAssignment.person_id == person_id, function_in_force(today))
        .order_by(PersonFunctionAssignment.valid_from, PersonFunctionAssignment.function)
    )
    return tuple(
        FunctionHeld(function=_BY_NAME[PersonFunction(row.function)], first_day=row.valid_from)
        for row in rows
    )
