"""What is in force on a day: the conditions that every question about people shares."""

from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    or_,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.access.actor import Function
from app.organisation.queries import (
    OnDay,
    valid_on,
)
from app.people.models import (
    DutyAssignment,
    PersonFunctionAssignment,
    Posting,
)
from app.people.rules import (
    PersonFunction,
)

OF_PERSON: Final = {
    Function.CHIEF: PersonFunction.CHIEF,
    Function.CIO: PersonFunction.CIO,
    Function.AUDITOR: PersonFunction.AUDITOR,
    Function.ADMINISTRATOR: PersonFunction.ADMINISTRATOR,
}


def post_held(
    day: OnDay, posting: type[Posting] = Posting, *, known: OnDay | None = None
) -> ColumnElement[bool]:
    """Return the condition that a post is held on a day, as it is known on that day or on another.

    What is known only from a later day on (a transfer before its 内示) is not there yet; what another row says by then is not there any more.
    """
    then = day if known is None else known
    return and_(valid_on(day, posting.valid_from, posting.valid_to), post_known(then, posting))


def post_known(day: OnDay, posting: type[Posting] = Posting) -> ColumnElement[bool]:
    """Return the condition that a post, of whatever time, is what is known on a day."""
    return valid_on(day, posting.known_from, posting.superseded_on)


def duty_in_force(day: OnDay) -> ColumnElement[bool]:
    """Return the condition that a duty gives its right on a day.

    A duty given to a member of the unit ends with the post on which it rests: whoever is transferred away
    loses it at once. A duty given to somebody of another unit keeps its dates, as long as that person works
    for the city.
    """
    today, first_day, anywhere = aliased(Posting), aliased(Posting), aliased(Posting)
    member_today = _member(today, post_held(day, today))
    member_then = _member(
        first_day,
        post_known(day, first_day),
        first_day.valid_from <= DutyAssignment.valid_from,
        or_(first_day.valid_to.is_(None), first_day.valid_to > DutyAssignment.valid_from),
    )
    employed = exists().where(anywhere.person_id == DutyAssignment.person_id, post_held(day, anywhere))
    return and_(
        valid_on(day, DutyAssignment.valid_from, DutyAssignment.valid_to),
        or_(member_today, and_(employed, ~member_then)),
    )


def _member(posting: type[Posting], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        posting.person_id == DutyAssignment.person_id, posting.unit_id == DutyAssignment.unit_id, *conditions
    )


def function_in_force(day: OnDay) -> ColumnElement[bool]:
    """Return the condition that a function held by name gives its right on a day."""
    return valid_on(day, PersonFunctionAssignment.valid_from, PersonFunctionAssignment.valid_to)


def no_administrator(person_id: InstrumentedAttribute[UUID], *, day: OnDay) -> ColumnElement[bool]:
    """Leave out who is a system administrator on the day: counting on them would be a dead end."""
    return ~exists().where(
        PersonFunctionAssignment.person_id == person_id,
        PersonFunctionAssignment.function == PersonFunction.ADMINISTRATOR.value,
        function_in_force(day),
    )
