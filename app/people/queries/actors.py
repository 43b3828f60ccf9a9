"""The actor: a person with every right of one day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Date,
    Row,
    String,
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
    tree_on,
    unit_functions_on,
    units_on,
)
from app.organisation.rules import UnitFunction
from app.people.models import (
    DutyAssignment,
    Person,
    PersonFunctionAssignment,
    Posting,
)
from app.people.queries.in_force import OF_PERSON, duty_in_force, function_in_force, post_held
from app.people.rules import (
    Duty,
    PersonFunction,
    Position,
    PostingKind,
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
    """Return a person with every right of one day (one statement, two for who heads a unit).

    A system administrator of that day has no business rights: posts, duties and other functions are left out.

    Raises:
        NotFound: there is no such person.
    """
    roles = _roles_on(session, person_id=person_id, day=day)
    return _actor(session, roles, person_id=person_id, account_id=account_id, via=via, operator=operator)


def actor_and_unit(
    session: Session, *, person_id: PersonId, day: date, account_id: AccountId
) -> tuple[Actor, str]:
    """Return a person with every right of one day, and the name of the unit of the 本務, of another post, or nothing.

    Raises:
        NotFound: there is no such person.
    """
    roles = _roles_on(session, person_id=person_id, day=day)
    found = _actor(session, roles, person_id=person_id, account_id=account_id, via=Via.WEB, operator=None)
    return found, roles.unit_name


def _actor(
    session: Session,
    roles: "_Roles",
    *,
    person_id: PersonId,
    account_id: AccountId | None,
    via: Via,
    operator: str | None,
) -> Actor:
    head_of = roles.units(_Source.POSTING, code=Position.HEAD)
    return Actor(
        person_id=person_id,
        account_id=account_id,
        staff_no=roles.staff_no,
        name=roles.name,
        day=roles.day,
        member_of=roles.units(_Source.POSTING),
        head_of=head_of,
        deputy_of=roles.units(_Source.DUTY, code=Duty.DEPUTY),
        clerk_of=roles.units(_Source.DUTY, code=Duty.CLERK),
        oversees=tree_on(session, day=roles.day).below(head_of) | head_of if head_of else frozenset(),
        substitutes_for=_substituted(roles),
        functions=_functions(roles),
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
    """The person, the three places from which a right can come, and the units that hold a function themselves."""

    PERSON = "person"
    POSTING = "posting"
    DUTY = "duty"
    FUNCTION = "function"
    UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roles:
    """Everything that a person holds on a day: (source, unit, code); and which units hold which function then."""

    day: date
    staff_no: str
    name: str
    unit_name: str
    held: frozenset[tuple[str, UnitId | None, str]]
    of_units: Mapping[UnitFunction, frozenset[UnitId]]

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
_UNITS: Final = units_on(THE_DAY)
_HELD_BY_UNITS: Final = unit_functions_on(THE_DAY)
_NOTHING: Final = (cast(null(), String()), cast(null(), String()), cast(null(), Date()))
_NO_UNIT: Final = cast(null(), Uuid())
_ROLES: Final = union_all(
    select(
        literal(_Source.PERSON.value).label("source"),
        _NO_UNIT.label("unit_id"),
        Person.staff_no.label("code"),
        Person.name.label("name"),
        _NOTHING[1].label("kind"),
        _NOTHING[2].label("since"),
    ).where(Person.id == _PERSON),
    select(
        literal(_Source.POSTING.value),
        Posting.unit_id,
        Posting.position,
        # Looked up for each post: joined, SQLite would first write down every unit of the city.
        select(_UNITS.c.name).where(_UNITS.c.unit_id == Posting.unit_id).scalar_subquery(),
        Posting.kind,
        Posting.valid_from,
    ).where(Posting.person_id == _PERSON, post_held(THE_DAY)),
    select(literal(_Source.DUTY.value), DutyAssignment.unit_id, DutyAssignment.duty, *_NOTHING).where(
        DutyAssignment.person_id == _PERSON, duty_in_force(THE_DAY)
    ),
    select(literal(_Source.FUNCTION.value), _NO_UNIT, PersonFunctionAssignment.function, *_NOTHING).where(
        PersonFunctionAssignment.person_id == _PERSON, function_in_force(THE_DAY)
    ),
    select(literal(_Source.UNIT.value), _HELD_BY_UNITS.c.unit_id, _HELD_BY_UNITS.c.function, *_NOTHING),
)
"""Built once, and all in one: this statement runs in every request, and building it cost more than running it."""


def _roles_on(session: Session, *, person_id: PersonId, day: date) -> _Roles:
    rows = session.connection().execute(_ROLES, {"person": person_id, "day": day}).all()
    person = next((row for row in rows if row.source == _Source.PERSON), None)
    if person is None:
        raise NotFound
    return _Roles(
        day=day,
        staff_no=person.code,
        name=person.name,
        unit_name=_unit_name(rows),
        held=_held(rows),
        of_units={
            function: frozenset(
                UnitId(row.unit_id) for row in rows if row.source == _Source.UNIT and row.code == function
            )
            for function in UnitFunction
        },
    )


def _held(rows: Sequence[Row[Any]]) -> frozenset[tuple[str, UnitId | None, str]]:
    own = (_Source.POSTING, _Source.DUTY, _Source.FUNCTION)
    held = frozenset(_role(row.source, row.unit_id, row.code) for row in rows if row.source in own)
    alone = (_Source.FUNCTION.value, None, PersonFunction.ADMINISTRATOR.value)
    return frozenset({alone}) if alone in held else held


def _unit_name(rows: Sequence[Row[Any]]) -> str:
    posts = sorted(
        (row.kind != PostingKind.MAIN, row.since, row.name)
        for row in rows
        if row.source == _Source.POSTING and row.name is not None
    )
    return str(posts[0][2]) if posts else ""


def _role(source: str, unit_id: UUID | None, code: str) -> tuple[str, UnitId | None, str]:
    return source, None if unit_id is None else UnitId(unit_id), code


def _functions(roles: _Roles) -> frozenset[Function]:
    member_of = roles.units(_Source.POSTING)
    lead = roles.of_units[UnitFunction.LEAD_DIVISION]
    named = {function for function, own in OF_PERSON.items() if roles.holds(own)}
    if member_of & lead:
        named.add(Function.REVIEWER)
    if roles.units(_Source.POSTING, code=Position.HEAD) & lead:
        named.add(Function.MANAGER)
    if member_of & roles.of_units[UnitFunction.AUDIT]:
        named.add(Function.AUDITOR)
    return frozenset(named)


def _substituted(roles: _Roles) -> frozenset[UnitId]:
    substitutes = roles.units(_Source.POSTING) & roles.of_units[UnitFunction.SUBSTITUTE_REVIEW]
    return roles.of_units[UnitFunction.LEAD_DIVISION] if substitutes else frozenset()
