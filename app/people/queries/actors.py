"""The actor: a person with every right of one day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Uuid,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.journal.rules import Via
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId, UnitId
from app.organisation.queries import (
    THE_DAY,
    functions_of_units,
    tree_on,
    valid_on,
)
from app.organisation.rules import UnitFunction
from app.people.models import (
    DutyAssignment,
    Person,
    PersonFunctionAssignment,
    Posting,
)
from app.people.queries.in_force import OF_PERSON, duty_in_force, function_in_force
from app.people.rules import (
    Duty,
    PersonFunction,
    Position,
)


def actor_on(
    session: Session,
    *,
    person_id: PersonId,
    day: date,
    account_id: AccountId | None = None,
    via: Via = Via.WEB,
    operator: str | None = None,
) -> Actor:
    """Return a person with every right of one day (at most four statements).

    A system administrator of that day has no business rights: posts, duties and other functions are left out.

    Raises:
        NotFound: there is no such person.
    """
    person = session.execute(select(Person.staff_no, Person.name).where(Person.id == person_id)).one_or_none()
    if person is None:
        raise NotFound
    roles = _roles_on(session, person_id=person_id, day=day)
    held_by_units = functions_of_units(session, day=day)
    head_of = roles.units(_Source.POSTING, code=Position.HEAD)
    return Actor(
        person_id=person_id,
        account_id=account_id,
        staff_no=person.staff_no,
        name=person.name,
        member_of=roles.units(_Source.POSTING),
        head_of=head_of,
        deputy_of=roles.units(_Source.DUTY, code=Duty.DEPUTY),
        clerk_of=roles.units(_Source.DUTY, code=Duty.CLERK),
        oversees=tree_on(session, day=day).below(head_of) | head_of if head_of else frozenset(),
        substitutes_for=_substituted(roles, held_by_units),
        functions=_functions(roles, held_by_units),
        via=via,
        operator=operator,
    )


def actor_by_staff_no(
    session: Session, *, staff_no: str, day: date, via: Via, operator: str | None = None
) -> Actor:
    """Return the actor of a staff number, as the command line names people.

    Raises:
        NotFound: nobody has that number; the message names it.
    """
    person_id = session.scalar(select(Person.id).where(Person.staff_no == staff_no))
    if person_id is None:
        raise NotFound(f"職員番号{staff_no}の職員は登録されていません。番号を確かめてください。")
    return actor_on(session, person_id=PersonId(person_id), day=day, via=via, operator=operator)


class _Source(StrEnum):
    """The three places from which a right can come."""

    POSTING = "posting"
    DUTY = "duty"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class _Roles:
    """Everything that a person holds on a day: (source, unit, code)."""

    held: frozenset[tuple[str, UnitId | None, str]]

    def units(self, source: _Source, *, code: StrEnum | None = None) -> frozenset[UnitId]:
        """Return the units of one source, or of one code of it."""
        return frozenset(
            unit
            for held_source, unit, held_code in self.held
            if held_source == source and unit is not None and code in {None, held_code}
        )

    def holds(self, function: PersonFunction) -> bool:
        """Return whether the person holds a function by name."""
        return (_Source.FUNCTION.value, None, function.value) in self.held


_PERSON: Final = bindparam("person", type_=Uuid())
_ROLES: Final = union_all(
    select(literal(_Source.POSTING.value), Posting.unit_id, Posting.position).where(
        Posting.person_id == _PERSON, valid_on(THE_DAY, Posting.valid_from, Posting.valid_to)
    ),
    select(literal(_Source.DUTY.value), DutyAssignment.unit_id, DutyAssignment.duty).where(
        DutyAssignment.person_id == _PERSON, duty_in_force(THE_DAY)
    ),
    select(literal(_Source.FUNCTION.value), cast(null(), Uuid()), PersonFunctionAssignment.function).where(
        PersonFunctionAssignment.person_id == _PERSON, function_in_force(THE_DAY)
    ),
)
"""Built once: this statement runs in every request, and building it cost more than running it."""


def _roles_on(session: Session, *, person_id: PersonId, day: date) -> _Roles:
    rows = session.execute(_ROLES, {"person": person_id, "day": day}).all()
    roles = _Roles(frozenset(_role(*row) for row in rows))
    if roles.holds(PersonFunction.ADMINISTRATOR):
        return _Roles(frozenset({(_Source.FUNCTION.value, None, PersonFunction.ADMINISTRATOR.value)}))
    return roles


def _role(source: str, unit_id: UUID | None, code: str) -> tuple[str, UnitId | None, str]:
    return source, None if unit_id is None else UnitId(unit_id), code


def _functions(roles: _Roles, held_by_units: Mapping[UnitFunction, frozenset[UnitId]]) -> frozenset[Function]:
    member_of = roles.units(_Source.POSTING)
    lead = held_by_units[UnitFunction.LEAD_DIVISION]
    named = {function for function, own in OF_PERSON.items() if roles.holds(own)}
    if member_of & lead:
        named.add(Function.REVIEWER)
    if roles.units(_Source.POSTING, code=Position.HEAD) & lead:
        named.add(Function.MANAGER)
    if member_of & held_by_units[UnitFunction.AUDIT]:
        named.add(Function.AUDITOR)
    return frozenset(named)


def _substituted(roles: _Roles, held_by_units: Mapping[UnitFunction, frozenset[UnitId]]) -> frozenset[UnitId]:
    substitutes = roles.units(_Source.POSTING) & held_by_units[UnitFunction.SUBSTITUTE_REVIEW]
    return held_by_units[UnitFunction.LEAD_DIVISION] if substitutes else frozenset()
