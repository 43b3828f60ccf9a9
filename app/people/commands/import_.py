"""Reading in the list of postings from the personnel office."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType
from app.kernel.digest import digest_of
from app.kernel.ids import PersonId, UnitId, new_id
from app.organisation.commands import INSTALLATION, By, authorised
from app.organisation.queries import unit_ids_by_code
from app.organisation.rules import Outcome
from app.people.models import Person, Posting
from app.people.queries import planned_people
from app.people.rules import PeoplePlan, PersonName, PostingRow, PostingSpan


def person_subject(person_id: PersonId) -> Subject:
    """Return the journal's subject of a person."""
    return Subject(type=SubjectType.PERSON, id=str(person_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    """The ids behind staff numbers and unit codes."""

    people: Mapping[str, PersonId]
    units: Mapping[str, UnitId]


def import_people(session: Session, *, rows: Sequence[PostingRow], by: By, now: datetime) -> PeoplePlan:
    """Read in a list of postings, all of it or nothing.

    Raises:
        InvalidInput: the list does not fit; every problem is named with its row.
        NotAllowed: the actor is no administrator.
    """
    mark = authorised(by)
    plan = planned_people(session, rows=rows)
    people = write_names(session, names=plan.names, mark=mark, now=now)
    units = unit_ids_by_code(session, codes={span.unit_code for span, _ in plan.postings})
    _write_postings(session, plan=plan, ids=_Ids(people=people, units=units), mark=mark, now=now)
    counts = Counter(outcome.value for _, outcome in plan.postings)
    record(
        session,
        subject=INSTALLATION,
        event="people.imported",
        actor=mark,
        now=now,
        facts={**counts, "rows": len(rows)},
    )
    return plan


_NAME_EVENTS: Final = {Outcome.NEW: "person.registered", Outcome.CHANGED: "person.renamed"}
_POST_EVENTS: Final = {
    Outcome.NEW: "posting.begun",
    Outcome.CHANGED: "posting.changed",
    Outcome.ENDED: "posting.ended",
}


def write_names(
    session: Session, *, names: Mapping[str, tuple[PersonName, Outcome]], mark: ActorMark, now: datetime
) -> dict[str, PersonId]:
    """Write new and changed names; return the ids of all. The journal keeps only that a name changed."""
    stored = {
        row.staff_no: row for row in session.scalars(select(Person).where(Person.staff_no.in_(list(names))))
    }
    for staff_no, (name, _) in names.items():
        person = stored.get(staff_no)
        if person is None:
            person = stored[staff_no] = Person(id=new_id(), staff_no=staff_no, created_at=now)
            session.add(person)
        person.name, person.kana = name.name, name.kana
    session.flush()
    ids = {staff_no: PersonId(person.id) for staff_no, person in stored.items()}
    for staff_no, (_, outcome) in names.items():
        if outcome in _NAME_EVENTS:
            subject, event = person_subject(ids[staff_no]), _NAME_EVENTS[outcome]
            record(session, subject=subject, event=event, actor=mark, now=now)
    return ids


def _write_postings(session: Session, *, plan: PeoplePlan, ids: _Ids, mark: ActorMark, now: datetime) -> None:
    changed = [(span, outcome) for span, outcome in plan.postings if outcome in _POST_EVENTS]
    wanted = {ids.people[span.staff_no] for span, _ in changed}
    stored = {
        (row.person_id, row.unit_id, row.valid_from): row
        for row in session.scalars(select(Posting).where(Posting.person_id.in_(wanted)))
    }
    for span, _ in changed:
        key = (ids.people[span.staff_no], ids.units[span.unit_code], span.valid_from)
        posting = stored.get(key)
        if posting is None:
            posting = Posting(person_id=key[0], unit_id=key[1], valid_from=key[2])
            session.add(posting)
        posting.kind, posting.position = span.kind.value, span.position.value
        posting.title, posting.valid_to = span.title, span.valid_to
    session.flush()
    for span, outcome in changed:
        record(
            session,
            subject=person_subject(ids.people[span.staff_no]),
            event=_POST_EVENTS[outcome],
            actor=mark,
            now=now,
            facts=_facts(span, unit_id=ids.units[span.unit_code]),
        )


def _facts(span: PostingSpan, *, unit_id: UnitId) -> dict[str, Any]:
    return {
        "unit": str(unit_id),
        "kind": span.kind.value,
        "position": span.position.value,
        "title": digest_of(span.title),
        "from": span.valid_from.isoformat(),
        "to": _text(span.valid_to),
    }


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
