"""More time for one sheet: its unit asks with a reason and a day, the lead division grants or declines, the unit may take it back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import REASONS, require
from app.access.policy import Subject as AccessSubject
from app.inspections.commands.steps import checked_reason, journal_subject
from app.inspections.commands.telling import tell
from app.inspections.models import Extension, ItemReturn, Revision
from app.inspections.queries.extension import extension_subject, present_due, waiting_request
from app.inspections.queries.sheet import Lock, Sheet, find_sheet
from app.inspections.rules.audiences import EXTENSION_DECLINED, EXTENSION_GRANTED, EXTENSION_REQUESTED
from app.inspections.rules.extension import (
    CORRECTING,
    ExtensionOutcome,
    day_problem,
    extension_waits,
)
from app.journal.commands import record
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotAllowed, NotNow
from app.kernel.ids import InspectionId


def request_extension(
    session: Session, *, actor: Actor, inspection_id: InspectionId, until: date, reason: str, now: datetime
) -> None:
    """Ask for more time. There is one request at a time; after its decision another may follow.

    Raises:
        NotAllowed: the actor is not of the unit.
        NotNow: the sheet is not with its unit, no day is left before the review is due, or a request waits already.
        InvalidInput: the day or the reason does not do.
    """
    sheet, subject = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_EXTENSION_REQUEST, actor=actor, subject=subject)
    due = _open_to_more_time(session, sheet=sheet, now=now)
    if waiting_request(session, sheet=sheet) is not None:
        raise NotNow("期限の延長は、もう申し出てあります。情報主管課の判断を待つか、取り下げてください。")
    _require_day(until, sheet=sheet, due=due, now=now)
    words, salt = checked_reason(reason), new_salt()
    last = session.scalar(
        select(func.max(Extension.sequence)).where(Extension.revision_id == sheet.revision_id)
    )
    sequence = (last or 0) + 1
    session.execute(
        insert(Extension).values(
            revision_id=sheet.revision_id,
            sequence=sequence,
            due_before=due,
            wished_until=until,
            reason=words,
            salt=salt,
            requested_by=actor.person_id,
            requested_at=now,
            decision_reason="",
        )
    )
    facts = {"until": until.isoformat(), "reason": salted_digest(words, salt=salt)}
    _record(session, sheet=sheet, event="inspection.extension_requested", actor=actor, now=now, facts=facts)
    tell(
        session,
        told=EXTENSION_REQUESTED,
        sheet=sheet,
        subject=subject,
        actor=actor,
        occasion=f"{sheet.number}/{sequence}",
        due=due,
        now=now,
    )


def grant_extension(
    session: Session, *, actor: Actor, inspection_id: InspectionId, until: date, now: datetime
) -> None:
    """Give the sheet more time, as it was asked for or until another day.

    With the answer goes the head's approval, and the day of the lock where it would come before that (`CampaignDates.extended`);
    of returned items those that were due earlier. Everybody else keeps the campaign's dates.

    Raises:
        NotAllowed: the actor does not decide on this unit's time, or asked for it.
        NotNow: nobody asks for more time, or the sheet is no longer with its unit.
        InvalidInput: the day does not do.
    """
    sheet, subject = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_EXTENSION_DECIDE, actor=actor, subject=subject)
    request = _asked(session, sheet=sheet)
    _require_other(request, actor=actor)
    due = _open_to_more_time(session, sheet=sheet, now=now)
    _require_day(until, sheet=sheet, due=due, now=now)
    _end(
        session,
        request=request,
        outcome=ExtensionOutcome.GRANTED,
        actor=actor,
        now=now,
        granted_until=until,
    )
    session.execute(update(Revision).where(Revision.id == sheet.revision_id).values(extended_to=until))
    if sheet.state in CORRECTING:
        session.execute(
            update(ItemReturn)
            .where(
                ItemReturn.revision_id == sheet.revision_id,
                ItemReturn.round == sheet.return_round,
                ItemReturn.due_on < until,
            )
            .values(due_on=until)
        )
    facts = {"until": until.isoformat()}
    _record(session, sheet=sheet, event="inspection.extension_granted", actor=actor, now=now, facts=facts)
    tell(
        session,
        told=EXTENSION_GRANTED,
        sheet=sheet,
        subject=subject,
        actor=actor,
        occasion=f"{sheet.number}/{request.sequence}",
        due=until,
        now=now,
    )


def decline_extension(
    session: Session, *, actor: Actor, inspection_id: InspectionId, reason: str, now: datetime
) -> None:
    """Give no more time, with the reason: the dates stay, and the unit may ask again.

    Raises:
        NotAllowed: the actor does not decide on this unit's time, or asked for it.
        NotNow: nobody asks for more time.
        InvalidInput: the reason is missing or does not do.
    """
    sheet, subject = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_EXTENSION_DECIDE, actor=actor, subject=subject)
    request = _asked(session, sheet=sheet)
    _require_other(request, actor=actor)
    words = checked_reason(reason, label="断る理由", field="decline_reason")
    _end(
        session,
        request=request,
        outcome=ExtensionOutcome.DECLINED,
        actor=actor,
        now=now,
        decision_reason=words,
    )
    facts = {"reason": salted_digest(words, salt=request.salt)}
    _record(session, sheet=sheet, event="inspection.extension_declined", actor=actor, now=now, facts=facts)
    tell(
        session,
        told=EXTENSION_DECLINED,
        sheet=sheet,
        subject=subject,
        actor=actor,
        occasion=f"{sheet.number}/{request.sequence}",
        due=present_due(session, sheet=sheet),
        now=now,
    )


def withdraw_extension(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Take the unit's request back while nobody has decided: any of those who may ask does.

    Raises:
        NotAllowed: the actor is not of the unit.
        NotNow: nobody asks for more time.
    """
    sheet, subject = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_EXTENSION_REQUEST, actor=actor, subject=subject)
    request = _asked(session, sheet=sheet)
    _end(session, request=request, outcome=ExtensionOutcome.WITHDRAWN, actor=actor, now=now)
    _record(session, sheet=sheet, event="inspection.extension_withdrawn", actor=actor, now=now)


def _held(
    session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime
) -> tuple[Sheet, AccessSubject]:
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    return sheet, extension_subject(session, unit_id=sheet.unit_id, today=business_date(now))


def _open_to_more_time(session: Session, *, sheet: Sheet, now: datetime) -> date:
    """Return the present due date of a sheet that can get more time, or refuse."""
    due, limit = present_due(session, sheet=sheet), sheet.campaign.dates.review_due
    waits = extension_waits(sheet.state, due=due, limit=limit, today=business_date(now))
    if waits is not None:
        raise NotNow(waits)
    return due


def _require_day(until: date, *, sheet: Sheet, due: date, now: datetime) -> None:
    limit = sheet.campaign.dates.review_due
    problem = day_problem(until, due=due, limit=limit, today=business_date(now))
    if problem is not None:
        raise InvalidInput.of(problem, field="until")


def _asked(session: Session, *, sheet: Sheet) -> Extension:
    request = waiting_request(session, sheet=sheet)
    if request is None:
        raise NotNow("判断を待つ延長の申し出がありません。もう決まったか、取り下げられました。")
    return request


def _require_other(request: Extension, *, actor: Actor) -> None:
    """Refuse whoever asked, also after a change of office."""
    if request.requested_by == actor.person_id:
        raise NotAllowed(REASONS["did_not_request"])


def _end(
    session: Session,
    *,
    request: Extension,
    outcome: ExtensionOutcome,
    actor: Actor,
    now: datetime,
    granted_until: date | None = None,
    decision_reason: str = "",
) -> None:
    session.execute(
        update(Extension)
        .where(Extension.revision_id == request.revision_id, Extension.sequence == request.sequence)
        .values(
            outcome=outcome.value,
            granted_until=granted_until,
            decision_reason=decision_reason,
            decided_by=actor.person_id,
            decided_at=now,
        )
    )


def _record(
    session: Session,
    *,
    sheet: Sheet,
    event: str,
    actor: Actor,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> None:
    record(
        session,
        subject=journal_subject(sheet.id),
        event=event,
        actor=actor.mark,
        now=now,
        facts={"revision": sheet.number, **(facts or {})},
    )
