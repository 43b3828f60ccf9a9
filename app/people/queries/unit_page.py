"""A unit on a day: what it is and was, where it stands, and who holds which post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import tree_on
from app.organisation.queries.history import UnitRecord, unit_record
from app.organisation.queries.lineage import UnitLineage, lineage_of
from app.organisation.rules import Standing, UnitView
from app.people.models import DutyAssignment, Person, Posting
from app.people.queries.in_force import duty_in_force, no_administrator, post_held
from app.people.rules import Duty, PersonView, Position, PostingKind

MEMBERS_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """Somebody with a post in the unit on the day, and what the head named this person for."""

    person: PersonView
    title: str
    position: Position
    kind: PostingKind
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Who is there on the day. `named` also has who is named from another unit."""

    heads: tuple[PersonView, ...]
    named: Mapping[Duty, tuple[PersonView, ...]]
    members: tuple[MemberLine, ...]
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page of members; there is always one."""
        return max(1, -(-self.total // MEMBERS_AT_ONCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPage:
    """A unit on a day. `staff` is None where nobody is told of: on a day to come, and where the unit is not there."""

    record: UnitRecord
    above: tuple[UnitView, ...]
    below: tuple[UnitView, ...]
    staff: Staffing | None
    lineage: UnitLineage


def unit_page(
    session: Session, *, actor: Actor, unit_id: UnitId, day: date, today: date, number: int
) -> UnitPage:
    """Return a unit as it was on a day, with a page of its people.

    Raises:
        NotFound: there never was such a unit.
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    record = unit_record(session, actor=actor, unit_id=unit_id, day=day, today=today)
    there = record.standing is Standing.IN_FORCE
    tree = tree_on(session, day=day if there else record.tree_day)
    return UnitPage(
        record=record,
        above=tree.path(unit_id)[:-1],
        below=tuple(unit for unit in tree.units if unit.parent_id == unit_id),
        lineage=lineage_of(session, unit_id=unit_id),
        staff=_staff(session, unit_id=unit_id, day=day, today=today, number=number)
        if there and day <= today
        else None,
    )


def _staff(session: Session, *, unit_id: UnitId, day: date, today: date, number: int) -> Staffing:
    named = _named(session, unit_id=unit_id, day=day)
    members = _members(session, unit_id=unit_id, day=day, today=today, named=named)
    page = Staffing(
        heads=tuple(line.person for line in members if line.position is Position.HEAD),
        named=named,
        members=(),
        total=len(members),
        number=1,
    )
    shown = min(max(number, 1), page.last_number)
    return Staffing(
        heads=page.heads,
        named=named,
        members=members[(shown - 1) * MEMBERS_AT_ONCE : shown * MEMBERS_AT_ONCE],
        total=page.total,
        number=shown,
    )


def _named(session: Session, *, unit_id: UnitId, day: date) -> dict[Duty, tuple[PersonView, ...]]:
    rows = session.execute(
        select(DutyAssignment.duty, Person.id, Person.staff_no, Person.name, Person.kana)
        .join(Person, Person.id == DutyAssignment.person_id)
        .where(
            DutyAssignment.unit_id == unit_id,
            duty_in_force(day),
            no_administrator(DutyAssignment.person_id, day=day),
        )
    )
    found: dict[Duty, list[PersonView]] = {duty: [] for duty in Duty}
    for duty, *person in rows:
        found[Duty(duty)].append(_person(person))
    return {duty: tuple(sorted(people, key=_by_name)) for duty, people in found.items()}


def _members(
    session: Session,
    *,
    unit_id: UnitId,
    day: date,
    today: date,
    named: Mapping[Duty, Sequence[PersonView]],
) -> tuple[MemberLine, ...]:
    """Return everybody with a post: heads first, then 本務 before 兼務, by reading."""
    rows = session.execute(
        select(
            Posting.title,
            Posting.position,
            Posting.kind,
            Person.id,
            Person.staff_no,
            Person.name,
            Person.kana,
        )
        .join(Person, Person.id == Posting.person_id)
        .where(Posting.unit_id == unit_id, post_held(day, known=today))
    )
    lines = [
        MemberLine(
            person=_person(person),
            title=title,
            position=Position(position),
            kind=PostingKind(kind),
            duties=tuple(duty for duty in Duty if _person(person) in named[duty]),
        )
        for title, position, kind, *person in rows
    ]
    return tuple(sorted(lines, key=_rank))


def _rank(line: MemberLine) -> tuple[bool, bool, tuple[str, str]]:
    return line.position is not Position.HEAD, line.kind is not PostingKind.MAIN, _by_name(line.person)


def _by_name(person: PersonView) -> tuple[str, str]:
    return person.kana, person.staff_no


def _person(row: Sequence[Any]) -> PersonView:
    person_id, staff_no, name, kana = row
    return PersonView(id=PersonId(person_id), staff_no=staff_no, name=name, kana=kana)
