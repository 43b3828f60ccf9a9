"""Who else is at work in a section: colleagues see each other before they meet in a conflict."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.rules import Section
from app.inspections.queries.sheet import Saves, answering_subject, find_sheet, saves_of
from app.kernel.errors import NotFound
from app.kernel.ids import InspectionId, PersonId
from app.people.queries import people_by_id

AT_WORK: Final = timedelta(minutes=5)
"""Every answer is saved as it is given: whoever saved nothing for so long is doing something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Somebody else who answers in the same section: the number of the item saved last, and when."""

    name: str
    number: str
    at: datetime


def editors_at(
    session: Session, *, actor: Actor, inspection_id: InspectionId, slug: str, now: datetime
) -> tuple[Editor, ...]:
    """Return who else saved an answer of a section within the last five minutes, the latest first, for whoever may answer the sheet.

    Raises:
        NotFound: there is no such sheet or section for the actor.
        NotAllowed: the actor is neither clerk nor head of the unit.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    section = sheet.edition.section(slug)
    if section is None:
        raise NotFound
    saves = saves_of(session, revision_id=sheet.revision_id, items=[item.id for item in section.items])
    return editors_of(session, actor=actor, section=section, saves=saves, now=now)


def editors_of(
    session: Session, *, actor: Actor, section: Section, saves: Saves, now: datetime
) -> tuple[Editor, ...]:
    """Return `editors_at` from saves that are known already: one statement for the names, none while nobody else is at work."""
    latest: dict[PersonId, tuple[datetime, str]] = {}
    for item in section.items:
        person, at = saves.get(item.id, (actor.person_id, now))
        if person != actor.person_id and at > now - AT_WORK:
            latest[person] = max(latest.get(person, (at, item.number)), (at, item.number))
    names = people_by_id(session, person_ids=latest) if latest else {}
    return tuple(
        Editor(name=names[person].name, number=number, at=at)
        for person, (at, number) in sorted(latest.items(), key=lambda one: one[1], reverse=True)
    )
