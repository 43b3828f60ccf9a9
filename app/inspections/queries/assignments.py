"""Who looks after which items of a sheet, and who may be given some."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import ItemAssignment
from app.inspections.queries.answering import SheetHead, sheet_head
from app.inspections.queries.sheet import Sheet, content_of_sheet, find_sheet
from app.inspections.rules import ANSWERABLE
from app.kernel.ids import InspectionId, ItemId, PersonId
from app.people.queries import clerks_on, heads_on, people_by_id
from app.people.rules import PersonView


def assignable(session: Session, *, sheet: Sheet, today: date) -> Mapping[PersonId, PersonView]:
    """Return the clerks and heads of the unit today, by their reading."""
    clerks = clerks_on(session, unit_ids=[sheet.unit_id], day=today).get(sheet.unit_id, frozenset())
    heads = heads_on(session, unit_ids=[sheet.unit_id], day=today).get(sheet.unit_id, frozenset())
    people = people_by_id(session, person_ids=clerks | heads)
    return dict(sorted(people.items(), key=lambda pair: (pair[1].kana, str(pair[0]))))


def assignments_of(session: Session, *, sheet: Sheet) -> Mapping[ItemId, PersonId]:
    """Return who looks after which item."""
    rows = session.execute(
        select(ItemAssignment.item_id, ItemAssignment.person_id).where(
            ItemAssignment.revision_id == sheet.revision_id
        )
    )
    return {ItemId(row.item_id): PersonId(row.person_id) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One person's part of a sheet: how many items, and how many of them are still open."""

    person: PersonView
    items: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPage:
    """The sheet's items with those who look after them."""

    head: SheetHead
    people: Mapping[PersonId, PersonView]
    assigned: Mapping[ItemId, PersonView]
    answered: frozenset[ItemId]
    applicable: frozenset[ItemId]
    shares: tuple[Share, ...]
    unassigned: int
    editable: bool


def assignment_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, today: date
) -> AssignmentPage:
    """Return who looks after what on a sheet.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    content = content_of_sheet(session, sheet=sheet)
    head = sheet_head(session, actor=actor, sheet=sheet, content=content, today=today)
    given = assignments_of(session, sheet=sheet)
    people = assignable(session, sheet=sheet, today=today)
    # Who was given items and has left since stays named until somebody else takes them.
    everybody = {**people_by_id(session, person_ids=set(given.values()) - set(people)), **people}
    answered = frozenset(item_id for item_id, answer in content.answers.items() if answer.level)
    mine = {item_id: person for item_id, person in given.items() if item_id in content.applicable_ids}
    shares = tuple(
        Share(
            person=person,
            items=sum(1 for owner in mine.values() if owner == person_id),
            left=sum(1 for item_id, owner in mine.items() if owner == person_id and item_id not in answered),
        )
        for person_id, person in everybody.items()
        if person_id in mine.values()
    )
    return AssignmentPage(
        head=head,
        people=people,
        assigned={item_id: everybody[person_id] for item_id, person_id in given.items()},
        answered=answered,
        applicable=frozenset(content.applicable_ids),
        shares=shares,
        unassigned=len(content.items) - len(mine),
        editable=head.may_answer and sheet.state in ANSWERABLE,
    )
