"""Telling people of a step, in the transaction of the step itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.policy import Subject
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import SheetStep
from app.inspections.rules.audiences import TOLD, Audience, StepNotice
from app.kernel.clock import business_date
from app.kernel.ids import PersonId, UnitId
from app.notices.commands import notify
from app.notices.rules import NoticeDraft
from app.organisation.queries import units_with
from app.organisation.rules import UnitFunction
from app.people.queries import clerks_on, deputies_on, heads_on, holders_of, members_on


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


def tell_clerks(
    session: Session,
    *,
    kind: StepNotice,
    sheets: Sequence[tuple[Sheet, str]],
    actor: Actor,
    now: datetime,
) -> None:
    """Write one notice for each clerk (where a unit has none, its head) of many sheets, each with its occasion."""
    day = business_date(now)
    units = {sheet.unit_id for sheet, _ in sheets}
    clerks = clerks_on(session, unit_ids=units, day=day)
    alone = [unit_id for unit_id in units if not clerks.get(unit_id)]
    heads = heads_on(session, unit_ids=alone, day=day) if alone else {}
    nobody = frozenset[PersonId]()
    drafts = [
        NoticeDraft(
            person_id=person_id,
            kind=kind.value,
            subject_id=sheet.id,
            context_id=sheet.campaign.id,
            occasion=occasion,
            due_on=None,
        )
        for sheet, occasion in sheets
        for person_id in sorted(
            (clerks.get(sheet.unit_id) or heads.get(sheet.unit_id, nobody)) - {actor.person_id}
        )
    ]
    notify(session, drafts=drafts, now=now)


def _people(
    session: Session, *, audiences: Collection[Audience], unit_id: UnitId, subject: Subject, day: date
) -> frozenset[PersonId]:
    found = frozenset[PersonId]()
    if Audience.REVIEWERS_OF_IT in audiences:
        found |= subject.reviewed_by
    if Audience.DECIDERS in audiences:
        found |= _deciders(session, unit_id=unit_id, subject=subject, day=day)
    if set(audiences) <= {Audience.REVIEWERS_OF_IT, Audience.DECIDERS}:
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


def _deciders(session: Session, *, unit_id: UnitId, subject: Subject, day: date) -> frozenset[PersonId]:
    """Return who decides on more time for a unit, as the permission table has it."""
    if subject.belongs_to_lead:
        return holders_of(session, function=Function.CHIEF, day=day)
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=day)
    desk = [members_on(session, unit_ids=lead, day=day)]
    own = [found(session, unit_ids=[unit_id], day=day) for found in (members_on, deputies_on, clerks_on)]
    return _everybody(desk) - _everybody(own)


def _everybody(found: Iterable[Mapping[UnitId, frozenset[PersonId]]]) -> frozenset[PersonId]:
    return frozenset[PersonId]().union(*(people for by_unit in found for people in by_unit.values()))
