"""Reading in the list of postings from the personnel office."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import digest_of
from app.kernel.ids import PersonId, UnitId, new_id
from app.organisation.commands import INSTALLATION, By, authorised
from app.organisation.queries import unit_ids_by_code
from app.organisation.rules import Outcome
from app.people.models import Person, Posting
from app.people.queries import planned_people
from app.people.queries.in_force import post_known
from app.people.rules import PeoplePlan, PersonName, PostingRow, PostingSpan

PERSON_REGISTERED: Final = "person.registered"


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
    plan = planned_people(session, rows=rows, today=business_date(now))
    people = write_names(session, names={number: name for number, (name, _) in plan.names.items()}, now=now)
    units = unit_ids_by_code(session, codes={span.unit_code for span, _ in plan.postings})
    ids = _Ids(people=people, units=units)
    mailed = _write_addresses(
        session, addresses={people[entry.span.staff_no]: entry.mail for entry in rows if entry.mail}
    )
    changed = [(span, outcome) for span, outcome in plan.postings if outcome is not Outcome.UNCHANGED]
    _write_postings(session, spans=[span for span, _ in changed], ids=ids, now=now)
    _journal_people(session, plan=plan, changed=changed, mailed=mailed, ids=ids, mark=mark, now=now)
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


def write_names(session: Session, *, names: Mapping[str, PersonName], now: datetime) -> dict[str, PersonId]:
    """Write new and changed names by staff number; return the ids of all."""
    stored = {
        row.staff_no: row for row in session.scalars(select(Person).where(Person.staff_no.in_(list(names))))
    }
    for staff_no, name in names.items():
        person = stored.get(staff_no)
        if person is None:
            person = stored[staff_no] = Person(id=new_id(), staff_no=staff_no, created_at=now)
            session.add(person)
        person.name, person.kana = name.name, name.kana
    session.flush()
    return {staff_no: PersonId(person.id) for staff_no, person in stored.items()}


def _write_addresses(session: Session, *, addresses: Mapping[PersonId, str]) -> frozenset[PersonId]:
    """Write the addresses of a list of staff; return whose is another one now. An empty cell changes nothing."""
    rows = session.execute(select(Person.id, Person.mail_address).where(Person.id.in_(list(addresses))))
    changed = {
        PersonId(row.id): addresses[PersonId(row.id)]
        for row in rows
        if row.mail_address != addresses[PersonId(row.id)]
    }
    if changed:
        session.execute(
            update(Person), [{"id": one, "mail_address": address} for one, address in changed.items()]
        )
    return frozenset(changed)


def _write_postings(session: Session, *, spans: Sequence[PostingSpan], ids: _Ids, now: datetime) -> None:
    """Write what is known from today on; what was known before stays as it was, superseded today."""
    today = business_date(now)
    wanted = {ids.people[span.staff_no] for span in spans}
    stored = {
        (row.person_id, row.unit_id, row.valid_from): row
        for row in session.scalars(select(Posting).where(Posting.person_id.in_(wanted), post_known(today)))
    }
    for span in spans:
        key = (ids.people[span.staff_no], ids.units[span.unit_code], span.valid_from)
        posting = stored.get(key)
        if posting is not None and posting.known_from < today:
            posting.superseded_on, posting = today, None
        if posting is None:
            posting = Posting(person_id=key[0], unit_id=key[1], valid_from=key[2], known_from=today)
            session.add(posting)
        posting.kind, posting.position = span.kind.value, span.position.value
        posting.title, posting.valid_to, posting.recorded_at = span.title, span.valid_to, now
    session.flush()


def _journal_people(
    session: Session,
    *,
    plan: PeoplePlan,
    changed: Sequence[tuple[PostingSpan, Outcome]],
    mailed: Collection[PersonId],
    ids: _Ids,
    mark: ActorMark,
    now: datetime,
) -> None:
    """Record one entry for each person whom the list touches; of a name only that it changed."""
    posts: dict[str, list[dict[str, Any]]] = {}
    for span, outcome in changed:
        facts = _facts(span, outcome=outcome, unit_id=ids.units[span.unit_code])
        posts.setdefault(span.staff_no, []).append(facts)
    for staff_no, (_, outcome) in plan.names.items():
        person_id = ids.people[staff_no]
        if outcome is not Outcome.UNCHANGED or staff_no in posts or person_id in mailed:
            # An address is no fact for the journal: it stands in it only that it changed.
            mail = {"mail": Outcome.CHANGED.value} if person_id in mailed else {}
            record(
                session,
                subject=person_subject(person_id),
                event=PERSON_REGISTERED if outcome is Outcome.NEW else "person.changed",
                actor=mark,
                now=now,
                facts={"name": outcome.value, "posts": posts.get(staff_no, []), **mail},
            )


def _facts(span: PostingSpan, *, outcome: Outcome, unit_id: UnitId) -> dict[str, Any]:
    return {
        "outcome": outcome.value,
        "unit": str(unit_id),
        "kind": span.kind.value,
        "position": span.position.value,
        "title": digest_of(span.title),
        "from": span.valid_from.isoformat(),
        "to": span.valid_to.isoformat() if span.valid_to else None,
    }
