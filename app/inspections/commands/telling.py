"""Telling people of a step, in the transaction of the step itself."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.policy import Subject
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import SheetStep
from app.inspections.rules.audiences import TOLD, Audience, StepNotice
from app.kernel.clock import business_date
from app.kernel.ids import PersonId, UnitId
from app.notices.commands import notify
from app.notices.rules import NoticeDraft
from app.people.queries import clerks_on, deputies_on, heads_on


def tell_of_step(
    session: Session,
    *,
    step: SheetStep,
    sheet: Sheet,
    subject: Subject,
    actor: Actor,
    sequence: int,
    due: date | None,
    now: datetime,
) -> None:
    """Tell whom the table of audiences names for a step; whoever took it knows already."""
    told = TOLD.get((step.action, step.target))
    if told is not None:
        tell(
            session,
            told=told,
            sheet=sheet,
            subject=subject,
            actor=actor,
            occasion=f"{sheet.number}/{sequence}",
            due=due,
            now=now,
        )


def tell(
    session: Session,
    *,
    told: tuple[StepNotice, Collection[Audience]],
    sheet: Sheet,
    subject: Subject,
    actor: Actor,
    occasion: str,
    due: date | None,
    now: datetime,
) -> None:
    """Write one notice for each person of the audiences."""
    kind, audiences = told
    people = _people(
        session, audiences=audiences, unit_id=sheet.unit_id, subject=subject, day=business_date(now)
    )
    drafts = [
        NoticeDraft(
            person_id=person_id,
            kind=kind.value,
            subject_id=sheet.id,
            context_id=sheet.campaign.id,
            occasion=occasion,
            due_on=due,
        )
        for person_id in sorted(people - {actor.person_id})
    ]
    notify(session, drafts=drafts, now=now)


def _people(
    session: Session, *, audiences: Collection[Audience], unit_id: UnitId, subject: Subject, day: date
) -> frozenset[PersonId]:
    found = frozenset[PersonId]()
    if Audience.REVIEWERS_OF_IT in audiences:
        found |= subject.reviewed_by
    if set(audiences) <= {Audience.REVIEWERS_OF_IT}:
        return found
    nobody = frozenset[PersonId]()
    heads = heads_on(session, unit_ids=[unit_id], day=day).get(unit_id, nobody)
    if Audience.HEADS in audiences:
        found |= heads
    if Audience.CLERKS in audiences:
        found |= clerks_on(session, unit_ids=[unit_id], day=day).get(unit_id, nobody) or heads
    if Audience.APPROVERS in audiences:
        deputies = deputies_on(session, unit_ids=[unit_id], day=day).get(unit_id, nobody)
        barred = subject.recorded_by | subject.reviewed_by
        found |= (heads | deputies) - barred or subject.next_heads
    return found
