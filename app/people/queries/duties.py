"""The namings of a unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import (
    select,
)
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.kernel.errors import NotFound
from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import (
    tree_on,
)
from app.organisation.rules import UnitView
from app.people.models import (
    DutyAssignment,
)
from app.people.queries.holders import members_on, people_by_id
from app.people.rules import (
    Duty,
    PersonView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """One naming. `last_day` is the last day on which it holds; None while it has no end."""

    id: UUID
    duty: Duty
    person: PersonView
    first_day: date
    last_day: date | None
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPage:
    """Who is named for what in a unit, and who can be."""

    unit: UnitView
    lines: tuple[DutyLine, ...]
    members: tuple[PersonView, ...]

    @property
    def current(self) -> tuple[DutyLine, ...]:
        """Return what is in force or still to come."""
        return tuple(line for line in self.lines if line.in_force)


def duty_page(session: Session, *, actor: Actor, unit_id: UnitId, day: date) -> DutyPage:
    """Return the namings of a unit, the newest first, and its members.

    Raises:
        NotFound, NotAllowed: no such unit on the day, or the actor leads neither it nor one above it.
    """
    require(Permission.UNIT_DUTY_NAME, actor=actor, subject=Subject(unit_id=unit_id))
    unit = tree_on(session, day=day).by_id.get(unit_id)
    if unit is None:
        raise NotFound
    members = members_on(session, unit_ids=[unit_id], day=day).get(unit_id, frozenset())
    rows = session.scalars(
        select(DutyAssignment)
        .where(DutyAssignment.unit_id == unit_id)
        .order_by(DutyAssignment.valid_from.desc(), DutyAssignment.duty)
    ).all()
    people = people_by_id(session, person_ids=[*members, *(PersonId(row.person_id) for row in rows)])
    return DutyPage(
        unit=unit,
        lines=tuple(_duty_line(row, people=people, day=day) for row in rows),
        members=tuple(sorted((people[one] for one in members), key=lambda person: person.kana)),
    )


def _duty_line(row: DutyAssignment, *, people: Mapping[PersonId, PersonView], day: date) -> DutyLine:
    return DutyLine(
        id=row.id,
        duty=Duty(row.duty),
        person=people[PersonId(row.person_id)],
        first_day=row.valid_from,
        last_day=row.valid_to - timedelta(days=1) if row.valid_to else None,
        in_force=row.valid_to is None or row.valid_to > day,
    )


def unit_of_code(session: Session, *, code: str, day: date) -> UnitView:
    """Return the unit of a code on a day.

    Raises:
        NotFound: there is none; the message names the code.
    """
    found = next((unit for unit in tree_on(session, day=day).units if unit.code == code), None)
    if found is None:
        raise NotFound(
            f"所属コード「{code}」の所属は、{day.isoformat()}にはありません。コードを確かめてください。"
        )
    return found
