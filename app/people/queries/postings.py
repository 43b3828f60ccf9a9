"""What reading in a list of postings would do, and how many work where."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import (
    select,
)
from sqlalchemy.orm import Session

from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import (
    codes_of_units,
    unit_histories,
)
from app.people.models import (
    Person,
    Posting,
)
from app.people.queries.in_force import post_held, post_known
from app.people.rules import (
    PeoplePlan,
    PersonName,
    Position,
    PostingKind,
    PostingRow,
    PostingSpan,
    plan_people,
)


def planned_people(session: Session, *, rows: Sequence[PostingRow], today: date) -> PeoplePlan:
    """Return what reading in a list of postings would do today, without doing it.

    Raises:
        InvalidInput: the list does not fit itself or what is stored; every problem is named.
    """
    numbers = {entry.span.staff_no for entry in rows}
    people = session.execute(
        select(Person.staff_no, Person.name, Person.kana).where(Person.staff_no.in_(numbers))
    )
    return plan_people(
        names={row.staff_no: PersonName(name=row.name, kana=row.kana) for row in people},
        postings=_stored_postings(session, numbers=numbers, today=today),
        units=unit_histories(session),
        rows=rows,
    )


class StaffOfUnits:
    """Implements `kernel.ports.Staffing`."""

    def staff_by_unit(self, session: Session, *, day: date) -> Mapping[UnitId, frozenset[PersonId]]:
        """Return who holds a post in each unit on a day, administrators too: they are counted, not given work."""
        found: dict[UnitId, set[PersonId]] = {}
        posts = select(Posting.unit_id, Posting.person_id).where(post_held(day))
        for unit_id, person_id in session.execute(posts):
            found.setdefault(UnitId(unit_id), set()).add(PersonId(person_id))
        return {unit_id: frozenset(people) for unit_id, people in found.items()}


def _stored_postings(
    session: Session, *, numbers: Collection[str], today: date
) -> dict[str, list[PostingSpan]]:
    codes = codes_of_units(session)
    rows = session.execute(
        select(Person.staff_no, Posting.__table__)
        .join(Posting, Posting.person_id == Person.id)
        .where(Person.staff_no.in_(numbers), post_known(today))
    )
    found: dict[str, list[PostingSpan]] = {}
    for row in rows:
        span = PostingSpan(
            staff_no=row.staff_no,
            unit_code=codes[UnitId(row.unit_id)],
            title=row.title,
            position=Position(row.position),
            kind=PostingKind(row.kind),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        found.setdefault(row.staff_no, []).append(span)
    return found
