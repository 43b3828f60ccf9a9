"""Reading people: who holds which post, duty and function on a day, and who therefore may act.

Everything here is of one day. Validity is half-open, `[valid_from, valid_to)`, so a right begins with the
first minute of the first day in Japan and ends with the last minute of the last one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, cast, exists, literal, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.access.actor import Actor, Function
from app.journal.rules import Via
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId, UnitId
from app.organisation.queries import functions_of_units, tree_on, units_with, valid_on
from app.organisation.rules import UnitFunction, UnitTree
from app.people.models import DutyAssignment, Person, PersonFunctionAssignment, Posting
from app.people.rules import Duty, PersonFunction, PersonView, Position

_OF_PERSON: Final = {
    Function.CHIEF: PersonFunction.CHIEF,
    Function.CIO: PersonFunction.CIO,
    Function.AUDITOR: PersonFunction.AUDITOR,
    Function.ADMINISTRATOR: PersonFunction.ADMINISTRATOR,
}


# ---------------------------------------------------------------------------------------- the actor


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


def _roles_on(session: Session, *, person_id: PersonId, day: date) -> _Roles:
    postings = select(literal(_Source.POSTING.value), Posting.unit_id, Posting.position).where(
        Posting.person_id == person_id, valid_on(day, Posting.valid_from, Posting.valid_to)
    )
    duties = select(literal(_Source.DUTY.value), DutyAssignment.unit_id, DutyAssignment.duty).where(
        DutyAssignment.person_id == person_id, duty_in_force(day)
    )
    functions = select(
        literal(_Source.FUNCTION.value), cast(null(), Uuid()), PersonFunctionAssignment.function
    ).where(PersonFunctionAssignment.person_id == person_id, _function_in_force(day))
    rows = session.execute(union_all(postings, duties, functions)).all()
    roles = _Roles(frozenset(_role(*row) for row in rows))
    if roles.holds(PersonFunction.ADMINISTRATOR):
        return _Roles(frozenset({(_Source.FUNCTION.value, None, PersonFunction.ADMINISTRATOR.value)}))
    return roles


def _role(source: str, unit_id: UUID | None, code: str) -> tuple[str, UnitId | None, str]:
    return source, None if unit_id is None else UnitId(unit_id), code


def _functions(roles: _Roles, held_by_units: Mapping[UnitFunction, frozenset[UnitId]]) -> frozenset[Function]:
    member_of = roles.units(_Source.POSTING)
    lead = held_by_units[UnitFunction.LEAD_DIVISION]
    named = {function for function, own in _OF_PERSON.items() if roles.holds(own)}
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


# ------------------------------------------------------------------------------------- what is in force


def duty_in_force(day: date) -> ColumnElement[bool]:
    """Return the condition that a duty gives its right on a day.

    A duty given to a member of the unit ends with the post on which it rests: whoever is transferred away
    loses it at once. A duty given to somebody of another unit keeps its dates, as long as that person works
    for the city.
    """
    today, first_day, anywhere = aliased(Posting), aliased(Posting), aliased(Posting)
    member_today = _member(today, valid_on(day, today.valid_from, today.valid_to))
    member_then = _member(
        first_day,
        first_day.valid_from <= DutyAssignment.valid_from,
        or_(first_day.valid_to.is_(None), first_day.valid_to > DutyAssignment.valid_from),
    )
    employed = exists().where(
        anywhere.person_id == DutyAssignment.person_id, valid_on(day, anywhere.valid_from, anywhere.valid_to)
    )
    return and_(
        valid_on(day, DutyAssignment.valid_from, DutyAssignment.valid_to),
        or_(member_today, and_(employed, ~member_then)),
    )


def _member(posting: type[Posting], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        posting.person_id == DutyAssignment.person_id, posting.unit_id == DutyAssignment.unit_id, *conditions
    )


def _function_in_force(day: date) -> ColumnElement[bool]:
    return valid_on(day, PersonFunctionAssignment.valid_from, PersonFunctionAssignment.valid_to)


def _no_administrator(person_id: InstrumentedAttribute[UUID], *, day: date) -> ColumnElement[bool]:
    """Leave out who is a system administrator on the day: counting on them would be a dead end."""
    return ~exists().where(
        PersonFunctionAssignment.person_id == person_id,
        PersonFunctionAssignment.function == PersonFunction.ADMINISTRATOR.value,
        _function_in_force(day),
    )


# -------------------------------------------------------------------------------------- who is what


def heads_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the heads of units on a day; units without one are absent."""
    return _by_unit(
        session,
        select(Posting.unit_id, Posting.person_id).where(
            Posting.unit_id.in_(list(unit_ids)),
            Posting.position == Position.HEAD.value,
            valid_on(day, Posting.valid_from, Posting.valid_to),
            _no_administrator(Posting.person_id, day=day),
        ),
    )


def members_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return who holds any post in units on a day, heads included; units without anybody are absent."""
    return _by_unit(
        session,
        select(Posting.unit_id, Posting.person_id).where(
            Posting.unit_id.in_(list(unit_ids)),
            valid_on(day, Posting.valid_from, Posting.valid_to),
            _no_administrator(Posting.person_id, day=day),
        ),
    )


def deputies_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the 代決者 of units on a day; units without one are absent."""
    return _holding(session, duty=Duty.DEPUTY, unit_ids=unit_ids, day=day)


def clerks_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the 点検担当者 of units on a day; units without one are absent."""
    return _holding(session, duty=Duty.CLERK, unit_ids=unit_ids, day=day)


def _holding(
    session: Session, *, duty: Duty, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    return _by_unit(
        session,
        select(DutyAssignment.unit_id, DutyAssignment.person_id).where(
            DutyAssignment.unit_id.in_(list(unit_ids)),
            DutyAssignment.duty == duty.value,
            duty_in_force(day),
            _no_administrator(DutyAssignment.person_id, day=day),
        ),
    )


def _by_unit(session: Session, statement: Select[UUID, UUID]) -> Mapping[UnitId, frozenset[PersonId]]:
    found: dict[UnitId, set[PersonId]] = {}
    for unit_id, person_id in session.execute(statement):
        found.setdefault(UnitId(unit_id), set()).add(PersonId(person_id))
    return {unit_id: frozenset(people) for unit_id, people in found.items()}


def holders_of(session: Session, *, function: Function, day: date) -> frozenset[PersonId]:
    """Return who does something for the whole city on a day, by name or by a post in the unit that does."""
    held: frozenset[PersonId] = frozenset()
    if function in _OF_PERSON:
        held |= _named_for(session, function=_OF_PERSON[function], day=day)
    if function in {Function.REVIEWER, Function.MANAGER}:
        units = units_with(session, function=UnitFunction.LEAD_DIVISION, day=day)
        posts = heads_on if function is Function.MANAGER else members_on
        held |= _united(posts(session, unit_ids=units, day=day))
    if function is Function.AUDITOR:
        units = units_with(session, function=UnitFunction.AUDIT, day=day)
        held |= _united(members_on(session, unit_ids=units, day=day))
    return held


def _named_for(session: Session, *, function: PersonFunction, day: date) -> frozenset[PersonId]:
    statement = select(PersonFunctionAssignment.person_id).where(
        PersonFunctionAssignment.function == function.value, _function_in_force(day)
    )
    named = frozenset(PersonId(row) for row in session.scalars(statement))
    if function is PersonFunction.ADMINISTRATOR or not named:
        return named
    return named - _named_for(session, function=PersonFunction.ADMINISTRATOR, day=day)


def _united(by_unit: Mapping[UnitId, frozenset[PersonId]]) -> frozenset[PersonId]:
    return frozenset().union(*by_unit.values())


def people_by_id(session: Session, *, person_ids: Iterable[PersonId]) -> Mapping[PersonId, PersonView]:
    """Return people for showing their names; unknown ids are absent."""
    rows = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana).where(Person.id.in_(set(person_ids)))
    )
    return {
        PersonId(row.id): PersonView(id=PersonId(row.id), staff_no=row.staff_no, name=row.name, kana=row.kana)
        for row in rows
    }


# ------------------------------------------------------------------------------- never a dead end


def next_heads(
    session: Session, *, unit_id: UnitId, day: date, barred: frozenset[PersonId], tree: UnitTree
) -> frozenset[PersonId]:
    """Return who approves in place of the unit's own heads and deputies, because all of those are barred.

    Empty when a head or deputy of the unit is free. Otherwise the free heads of the nearest unit above
    that has one; when there is none up to the top, the free holders of 統括. `barred` are those who
    recorded an answer of the sheet.
    """
    path = [unit.id for unit in reversed(tree.path(unit_id))] or [unit_id]
    heads = heads_on(session, unit_ids=path, day=day)
    deputies = deputies_on(session, unit_ids=[unit_id], day=day)
    if (heads.get(unit_id, frozenset()) | deputies.get(unit_id, frozenset())) - barred:
        return frozenset()
    for above in path[1:]:
        if free := heads.get(above, frozenset()) - barred:
            return free
    return holders_of(session, function=Function.CHIEF, day=day) - barred


def next_signers(
    session: Session, *, unit_id: UnitId, day: date, barred: frozenset[PersonId]
) -> frozenset[PersonId]:
    """Return who signs a unit's sheet off in place of the managers of the lead division.

    Empty when a manager is free: not barred, and without any post or duty in the unit. For the lead
    division's own sheet no manager ever is. Otherwise the free holders of 統括; when there is none, the
    free CIO. `barred` are those who recorded, approved or reviewed anything of the sheet.
    """
    if unit_id not in units_with(session, function=UnitFunction.LEAD_DIVISION, day=day):
        managers = holders_of(session, function=Function.MANAGER, day=day) - barred
        if managers - _tied_to(session, unit_id=unit_id, day=day):
            return frozenset()
    chiefs = holders_of(session, function=Function.CHIEF, day=day) - barred
    return chiefs or holders_of(session, function=Function.CIO, day=day) - barred


def _tied_to(session: Session, *, unit_id: UnitId, day: date) -> frozenset[PersonId]:
    ties = (members_on, deputies_on, clerks_on)
    return frozenset().union(
        *(tie(session, unit_ids=[unit_id], day=day).get(unit_id, frozenset()) for tie in ties)
    )
