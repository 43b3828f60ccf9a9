"""Preparing an empty installation: the first people, the lead division, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark
from app.kernel.errors import InvalidInput, NotNow
from app.kernel.ids import PersonId
from app.kernel.ports import Ports
from app.organisation.commands import INSTALLATION, assign_unit_function, import_units, register_installation
from app.organisation.rules import (
    InstallationKind,
    PolicyOwner,
    UnitFunction,
    UnitKind,
    UnitRow,
    UnitSpan,
)
from app.people.commands.accounts import create_accounts
from app.people.commands.functions import assign_person_function
from app.people.commands.import_ import PERSON_REGISTERED, import_people, person_subject, write_names
from app.people.models import Person
from app.people.rules import PersonFunction, PersonName, Position, PostingKind, PostingRow, PostingSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPerson:
    """One of the first people, with the hash of the first password."""

    staff_no: str
    name: PersonName
    first_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUnit:
    """The lead division (情報主管課)."""

    code: str
    name: str
    kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPeople:
    """Who has to be there before anybody can begin."""

    administrator: FirstPerson
    manager: FirstPerson
    reviewer: FirstPerson
    chief: FirstPerson

    @property
    def all(self) -> tuple[FirstPerson, ...]:
        """Return them in the order in which they are asked for."""
        return self.administrator, self.manager, self.reviewer, self.chief


def prepare_installation(
    session: Session, *, unit: FirstUnit, people: FirstPeople, valid_from: date, by: ActorMark, now: datetime
) -> None:
    """Create the lead division, its manager and reviewer, 統括 and administrator, with their accounts.

    Raises:
        NotNow: there are people already.
        InvalidInput: one person in two of the places, which would leave a step without anybody to take it.
    """
    if session.scalar(select(func.count()).select_from(Person)):
        raise NotNow("もう職員が登録されています。setup は、空のときに一度だけ使えます。")
    if len({person.staff_no for person in people.all}) < len(people.all):
        raise InvalidInput.of("管理者・課長・審査担当・統括は、四人とも別の職員にしてください。")
    span = UnitSpan(
        code=unit.code,
        name=unit.name,
        kana=unit.kana,
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=None,
        sort_order=0,
        valid_from=valid_from,
        valid_to=None,
    )
    register_installation(session, kind=InstallationKind.CITY, story_start=None, now=now)
    import_units(session, rows=[UnitRow(row=1, span=span)], by=by, ports=Ports(), now=now)
    assign_unit_function(
        session,
        unit_code=unit.code,
        function=UnitFunction.LEAD_DIVISION,
        valid_from=valid_from,
        valid_to=None,
        by=by,
        now=now,
    )
    import_people(
        session,
        rows=[
            _post(1, people.manager, unit=unit, position=Position.HEAD, title="課長", valid_from=valid_from),
            _post(
                2, people.reviewer, unit=unit, position=Position.STAFF, title="主査", valid_from=valid_from
            ),
        ],
        by=by,
        now=now,
    )
    ids = _named(session, people=people, valid_from=valid_from, by=by, now=now)
    hashes = {ids[person.staff_no]: person.first_hash for person in people.all}
    create_accounts(session, hashes=hashes, by=by, now=now)
    record(session, subject=INSTALLATION, event="installation.prepared", actor=by, now=now)


def _post(
    row: int, person: FirstPerson, *, unit: FirstUnit, position: Position, title: str, valid_from: date
) -> PostingRow:
    span = PostingSpan(
        staff_no=person.staff_no,
        unit_code=unit.code,
        title=title,
        position=position,
        kind=PostingKind.MAIN,
        valid_from=valid_from,
        valid_to=None,
    )
    return PostingRow(row=row, name=person.name, span=span)


def _named(
    session: Session, *, people: FirstPeople, valid_from: date, by: ActorMark, now: datetime
) -> Mapping[str, PersonId]:
    functions = (
        (people.administrator, PersonFunction.ADMINISTRATOR),
        (people.chief, PersonFunction.CHIEF),
    )
    registered = write_names(
        session, names={person.staff_no: person.name for person, _ in functions}, now=now
    )
    for person_id in registered.values():
        record(session, subject=person_subject(person_id), event=PERSON_REGISTERED, actor=by, now=now)
    for person, function in functions:
        assign_person_function(
            session,
            staff_no=person.staff_no,
            function=function,
            valid_from=valid_from,
            valid_to=None,
            by=by,
            now=now,
        )
    rows = session.execute(select(Person.staff_no, Person.id))
    return {row.staff_no: PersonId(row.id) for row in rows}
