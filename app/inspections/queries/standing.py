"""Where a sheet stands now and what moved it last: for whoever comes with a page that has become old."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import SheetStepRow
from app.inspections.queries.sheet import Sheet, find_sheet
from app.inspections.rules import STEPS, Action, State
from app.inspections.texts import EVENT
from app.kernel.ids import InspectionId, PersonId
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LastStep:
    """What was done last to a sheet as a whole."""

    what: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A sheet as it is now; `last` is None while nobody has moved it."""

    sheet: Sheet
    last: LastStep | None


def standing_of(session: Session, *, actor: Actor, inspection_id: InspectionId) -> Standing:
    """Return where a sheet stands, in three statements at most.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    row = session.scalars(
        select(SheetStepRow)
        .where(SheetStepRow.revision_id == sheet.revision_id)
        .order_by(SheetStepRow.sequence.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Standing(sheet=sheet, last=None)
    person_id = PersonId(row.done_by)
    person = people_by_id(session, person_ids=[person_id])[person_id]
    what = _event(Action(row.action), source=State(row.source))
    return Standing(sheet=sheet, last=LastStep(what=what, person=person.name, at=row.done_at))


def _event(action: Action, *, source: State) -> str:
    return next(
        EVENT[step.journal_event] for step in STEPS if step.action is action and step.source is source
    )
