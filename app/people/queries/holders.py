"""Who is what on a day, and who stands in when nobody is free: no step ever ends in nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Select,
    Uuid,
    bindparam,
    literal,
    select,
    union,
)
from sqlalchemy.orm import Session

from app.access.actor import Function
from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import (
    THE_DAY,
    units_on,
    units_with,
)
from app.organisation.rules import UnitFunction, UnitTree
from app.people.models import (
    DutyAssignment,
    Person,
    PersonFunctionAssignment,
    Posting,
)
from app.people.queries.in_force import (
    OF_PERSON,
    duty_in_force,
    function_in_force,
    no_administrator,
    post_held,
)
from app.people.rules import (
    Duty,
    PersonFunction,
    PersonView,
    Position,
)

# Built once: these run for every page of a sheet, and building them cost more than running them.
_THE_UNITS: Final = bindparam("units", expanding=True, type_=Uuid())
_MEMBERS: Final = select(Posting.unit_id, Posting.person_id).where(
    Posting.unit_id.in_(_THE_UNITS),
    post_held(THE_DAY),
    no_administrator(Posting.person_id, day=THE_DAY),
)
_HEADS: Final = _MEMBERS.where(Posting.position == Position.HEAD.value)
_DUTIES: Final = {
    duty: select(DutyAssignment.unit_id, DutyAssignment.person_id).where(
        DutyAssignment.unit_id.in_(_THE_UNITS),
        DutyAssignment.duty == duty.value,
        duty_in_force(THE_DAY),
        no_administrator(DutyAssignment.person_id, day=THE_DAY),
    )
    for duty in Duty
}


@dataclass(frozen=True, slots=True)
class InCharge:
    """The names of the heads and the 点検担当者 of a unit, in the order of their staff numbers; and its own, empty when it is no more."""

    unit_name: str = ""
    heads: tuple[str, ...] = ()
    clerks: tuple[str, ...] = ()


def in_charge_of(
    units: Select[UUID] | Sequence[BindParameter[UUID]],
) -> CompoundSelect[str, UUID, str, str]:
    """Return the statement for `people_in_charge` of some units: to be built once by whoever asks often."""
    heads = (
        select(literal("heads").label("part"), Posting.unit_id, Person.staff_no, Person.name)
        .join(Person, Person.id == Posting.person_id)
        .where(
            Posting.unit_id.in_(units),
            Posting.position == Position.HEAD.value,
            post_held(THE_DAY),
            no_administrator(Posting.person_id, day=THE_DAY),
        )
    )
    clerks = (
        select(literal("clerks").label("part"), DutyAssignment.unit_id, Person.staff_no, Person.name)
        .join(Person, Person.id == DutyAssignment.person_id)
        .where(
            DutyAssignment.unit_id.in_(units),
            DutyAssignment.duty == Duty.CLERK.value,
            duty_in_force(THE_DAY),
            no_administrator(DutyAssignment.person_id, day=THE_DAY),
        )
    )
    those = units_on(THE_DAY)
    names = select(literal("unit").label("part"), those.c.unit_id, those.c.code, those.c.name).where(
        those.c.unit_id.in_(units)
    )
    return union(heads, clerks, names).order_by("staff_no")


def people_in_charge(
    session: Session, statement: CompoundSelect[str, UUID, str, str], *, day: date, **values: UUID
) -> Mapping[UnitId, InCharge]:
    """Return who answers for units on a day, by name, in one statement; units of other days without anybody are absent."""
    found: dict[UnitId, dict[str, list[str]]] = {}
    for part, unit_id, _, name in session.connection().execute(statement, {"day": day, **values}):
        found.setdefault(UnitId(unit_id), {"unit": [], "heads": [], "clerks": []})[part].append(name)
    return {
        unit_id: InCharge(
            unit_name="".join(parts["unit"]), heads=tuple(parts["heads"]), clerks=tuple(parts["clerks"])
        )
        for unit_id, parts in found.items()
    }


def heads_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the heads of units on a day; units without one are absent."""
    return _by_unit(session, _HEADS, unit_ids=unit_ids, day=day)


def members_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return who holds any post in units on a day, heads included; units without anybody are absent."""
    return _by_unit(session, _MEMBERS, unit_ids=unit_ids, day=day)


def deputies_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the 代決者 of units on a day; units without one are absent."""
    return _by_unit(session, _DUTIES[Duty.DEPUTY], unit_ids=unit_ids, day=day)


def clerks_on(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return the 点検担当者 of units on a day; units without one are absent."""
    return _by_unit(session, _DUTIES[Duty.CLERK], unit_ids=unit_ids, day=day)


def _by_unit(
    session: Session, statement: Select[UUID, UUID], *, unit_ids: Iterable[UnitId], day: date
) -> Mapping[UnitId, frozenset[PersonId]]:
    found: dict[UnitId, set[PersonId]] = {}
    for unit_id, person_id in session.execute(statement, {"units": list(unit_ids), "day": day}):
        found.setdefault(UnitId(unit_id), set()).add(PersonId(person_id))
    return {unit_id: frozenset(people) for unit_id, people in found.items()}


def holders_of(session: Session, *, function: Function, day: date) -> frozenset[PersonId]:
    """Return who does something for the whole city on a day, by name or by a post in the unit that does."""
    held: frozenset[PersonId] = frozenset()
    if function in OF_PERSON:
        held |= _named_for(session, function=OF_PERSON[function], day=day)
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
        PersonFunctionAssignment.function == function.value, function_in_force(day)
    )
    named = frozenset(PersonId(row) for row in session.scalars(statement))
    if function is PersonFunction.ADMINISTRATOR or not named:
        return named
    return named - _named_for(session, function=PersonFunction.ADMINISTRATOR, day=day)


def _united(by_unit: Mapping[UnitId, frozenset[PersonId]]) -> frozenset[PersonId]:
    return frozenset().union(*by_unit.values())


def people_by_id(session: Session, *, person_ids: Iterable[PersonId]) -> Mapping[PersonId, PersonView]:
    """Return people for showing their names; unknown ids are absent."""
    wanted = set(person_ids)
    if not wanted:
        return {}
    rows = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana).where(Person.id.in_(wanted))
    )
    return {
        PersonId(row.id): PersonView(id=PersonId(row.id), staff_no=row.staff_no, name=row.name, kana=row.kana)
        for row in rows
    }


def names_of(session: Session, *, person_ids: Iterable[PersonId]) -> Mapping[PersonId, str]:
    """Return how people are called, for rooms below this one; unknown ids are absent."""
    return {one: person.name for one, person in people_by_id(session, person_ids=person_ids).items()}


Barred = Sequence[tuple[UnitId, frozenset[PersonId]]]
"""Sheets by their unit, each with those who took part and are barred from deciding."""


def next_heads(
    session: Session, *, sheets: Barred, day: date, tree: UnitTree
) -> tuple[frozenset[PersonId], ...]:
    """Return for each sheet who approves in place of the unit's own heads and deputies, because all of those are barred.

    Empty when a head or deputy of the unit is free. Otherwise the free heads of the nearest unit above
    that has one; when there is none up to the top, the free holders of 統括. Barred are those who
    recorded or reviewed anything of the sheet.
    """
    paths = {unit_id: _upwards(tree, unit_id) for unit_id, _ in sheets}
    heads = heads_on(session, unit_ids={above for path in paths.values() for above in path}, day=day)
    deputies = deputies_on(session, unit_ids=paths, day=day)
    chiefs = holders_of(session, function=Function.CHIEF, day=day)
    return tuple(
        _stand_ins(paths[unit_id], barred=out, heads=heads, deputies=deputies, chiefs=chiefs)
        for unit_id, out in sheets
    )


def _upwards(tree: UnitTree, unit_id: UnitId) -> list[UnitId]:
    return [unit.id for unit in reversed(tree.path(unit_id))] or [unit_id]


def _stand_ins(
    path: list[UnitId],
    *,
    barred: frozenset[PersonId],
    heads: Mapping[UnitId, frozenset[PersonId]],
    deputies: Mapping[UnitId, frozenset[PersonId]],
    chiefs: frozenset[PersonId],
) -> frozenset[PersonId]:
    own, nobody = path[0], frozenset[PersonId]()
    if (heads.get(own, nobody) | deputies.get(own, nobody)) - barred:
        return nobody
    free = (heads.get(above, nobody) - barred for above in path[1:])
    return next((found for found in free if found), chiefs - barred)


def next_signers(session: Session, *, sheets: Barred, day: date) -> tuple[frozenset[PersonId], ...]:
    """Return for each sheet who signs it off in place of the managers of the lead division.

    Empty when a manager is free: not barred, and without any post or duty in the unit. For the lead
    division's own sheet no manager ever is. Otherwise the free holders of 統括; when there is none, the
    free CIO; nobody of the unit itself. Barred are those who recorded, approved or reviewed anything.
    """
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=day)
    managers = holders_of(session, function=Function.MANAGER, day=day)
    ties = _ties(session, unit_ids={unit_id for unit_id, _ in sheets}, day=day)
    barred = [(unit_id in lead, out | ties[unit_id]) for unit_id, out in sheets]
    nobody = frozenset[PersonId]()
    if all(managers - out and not own for own, out in barred):
        return tuple(nobody for _ in sheets)
    chiefs = holders_of(session, function=Function.CHIEF, day=day)
    cio = holders_of(session, function=Function.CIO, day=day)
    return tuple(nobody if managers - out and not own else (chiefs - out or cio - out) for own, out in barred)


def _ties(session: Session, *, unit_ids: set[UnitId], day: date) -> Mapping[UnitId, frozenset[PersonId]]:
    """Return who has any post or duty in each unit."""
    found = [tie(session, unit_ids=unit_ids, day=day) for tie in (members_on, deputies_on, clerks_on)]
    nobody = frozenset[PersonId]()
    return {unit_id: nobody.union(*(tie.get(unit_id, nobody) for tie in found)) for unit_id in unit_ids}
