"""Opening a sealed sheet again: one asks, another agrees or declines, and a new revision begins."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import FromClause, Table, func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.campaign import reopen_for_sheet
from app.inspections.commands.evidence import carry_evidence
from app.inspections.commands.steps import Loaded, checked_reason, journal_subject, load
from app.inspections.commands.telling import tell
from app.inspections.models import (
    Answer,
    AnswerHistory,
    ItemAssignment,
    ProfileFlag,
    ProfileHistory,
    Reopening,
    Revision,
)
from app.inspections.rules import Origin, ReopeningOutcome, State
from app.inspections.rules.audiences import REOPENED
from app.journal.commands import record
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, RevisionId, new_id


def request_reopening(
    session: Session, *, actor: Actor, inspection_id: InspectionId, reason: str, now: datetime
) -> None:
    """Ask to open a sealed sheet again; somebody else decides. An excluded unit comes back the same way."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_REQUEST, actor=actor, subject=loaded.subject)
    _require_sealed(loaded)
    if _waiting(session, loaded=loaded) is not None:
        raise NotNow("この点検票の再開は、もう申し出があります。")
    words, salt = checked_reason(reason), new_salt()
    last = session.scalar(
        select(func.max(Reopening.sequence)).where(Reopening.revision_id == loaded.sheet.revision_id)
    )
    session.execute(
        insert(Reopening).values(
            revision_id=loaded.sheet.revision_id,
            sequence=(last or 0) + 1,
            reason=words,
            salt=salt,
            requested_by=actor.person_id,
            requested_at=now,
            decision_reason="",
        )
    )
    _record(
        session,
        loaded=loaded,
        event="inspection.reopening_requested",
        actor=actor,
        now=now,
        facts={"reason": salted_digest(words, salt=salt)},
    )


def confirm_reopening(
    session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime
) -> RevisionId:
    """Agree to reopen: a new revision starts with the answers of the sealed one, which stays as it is.

    A campaign that had ended runs again, so that the sheet's people are told.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_CONFIRM, actor=actor, subject=loaded.subject)
    _decide(session, loaded=loaded, outcome=ReopeningOutcome.GRANTED, actor=actor, now=now, reason="")
    reopen_for_sheet(
        session, actor=actor, campaign_id=loaded.sheet.campaign.id, inspection_id=inspection_id, now=now
    )
    made = _next_revision(session, loaded=loaded, now=now)
    facts = {"revision": loaded.sheet.number + 1}
    _record(session, loaded=loaded, event="inspection.reopened", actor=actor, now=now, facts=facts)
    tell(
        session,
        told=REOPENED,
        sheet=loaded.sheet,
        subject=loaded.subject,
        actor=actor,
        occasion=f"{loaded.sheet.number + 1}",
        due=None,
        now=now,
    )
    return made


def decline_reopening(
    session: Session, *, actor: Actor, inspection_id: InspectionId, reason: str, now: datetime
) -> None:
    """Refuse a request to reopen, with the reason: the sheet stays sealed, and may be asked for again."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_CONFIRM, actor=actor, subject=loaded.subject)
    words = checked_reason(reason, label="断る理由", field="decline_reason")
    salt = _decide(
        session, loaded=loaded, outcome=ReopeningOutcome.DECLINED, actor=actor, now=now, reason=words
    )
    facts = {"reason": salted_digest(words, salt=salt)}
    _record(session, loaded=loaded, event="inspection.reopening_declined", actor=actor, now=now, facts=facts)


def withdraw_reopening(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Take the own request to reopen back while nobody has decided."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_REQUEST, actor=actor, subject=loaded.subject)
    if actor.person_id not in loaded.subject.requested_by:
        raise NotNow("取り下げられるのは、自分が出した申し出で、まだ決まっていないものだけです。")
    _decide(session, loaded=loaded, outcome=ReopeningOutcome.WITHDRAWN, actor=actor, now=now, reason="")
    _record(session, loaded=loaded, event="inspection.reopening_withdrawn", actor=actor, now=now)


def _decide(
    session: Session,
    *,
    loaded: Loaded,
    outcome: ReopeningOutcome,
    actor: Actor,
    now: datetime,
    reason: str,
) -> str:
    """End the waiting request; return the salt that its digests are made with."""
    _require_sealed(loaded)
    request = _waiting(session, loaded=loaded)
    if request is None:
        raise NotNow("再開の申し出がありません。先に、ほかの担当者が理由を書いて申し出てください。")
    salt = request.salt or new_salt()
    session.execute(
        update(Reopening)
        .where(Reopening.revision_id == loaded.sheet.revision_id, Reopening.sequence == request.sequence)
        .values(
            outcome=outcome.value,
            decision_reason=reason,
            salt=salt,
            decided_by=actor.person_id,
            decided_at=now,
        )
    )
    return salt


def _waiting(session: Session, *, loaded: Loaded) -> Reopening | None:
    return session.scalars(
        select(Reopening).where(
            Reopening.revision_id == loaded.sheet.revision_id, Reopening.decided_at.is_(None)
        )
    ).one_or_none()


def _record(
    session: Session,
    *,
    loaded: Loaded,
    event: str,
    actor: Actor,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> None:
    record(
        session,
        subject=journal_subject(loaded.sheet.id),
        event=event,
        actor=actor.mark,
        now=now,
        facts={"revision": loaded.sheet.number, **(facts or {})},
    )


def _require_sealed(loaded: Loaded) -> None:
    if not loaded.sheet.sealed:
        raise NotNow("再開できるのは、確定したか、未提出で締め切ったか、対象から外した点検票だけです。")


def _next_revision(session: Session, *, loaded: Loaded, now: datetime) -> RevisionId:
    sheet, made = loaded.sheet, RevisionId(new_id())
    session.execute(update(Revision).where(Revision.id == sheet.revision_id).values(current=False))
    done = loaded.content.completeness(sheet)
    session.execute(
        insert(Revision).values(
            id=made,
            inspection_id=sheet.id,
            number=sheet.number + 1,
            current=True,
            state=State.ANSWERING.value,
            state_since=now,
            version=1,
            return_round=0,
            applicable=done.applicable,
            answered=done.answered,
            decided=0,
        )
    )
    _copy(session, ProfileFlag.__table__, source=sheet.revision_id, target=made)
    _copy(session, Answer.__table__, source=sheet.revision_id, target=made)
    _copy(session, ItemAssignment.__table__, source=sheet.revision_id, target=made)
    _copy_history(session, source=sheet.revision_id, target=made)
    _copy_profile_history(session, source=sheet.revision_id, target=made)
    carry_evidence(session, links=loaded.content.evidence, target=made)
    return made


def _copy(session: Session, table: FromClause, *, source: RevisionId, target: RevisionId) -> None:
    rows = session.execute(select(table).where(table.c.revision_id == source)).mappings().all()
    if rows:
        session.execute(insert(cast("Table", table)), [{**row, "revision_id": target} for row in rows])


def _copy_history(session: Session, *, source: RevisionId, target: RevisionId) -> None:
    """Carry the last history row of each answer over, so that versions go on and nothing stands without its origin."""
    history = AnswerHistory.__table__
    # Whose answer it is stands in the answer: the last row may be that of somebody who put an older answer back.
    columns = [column for column in history.c if column.name not in {"answered_by", "answered_at"}]
    rows = session.execute(
        select(*columns, Answer.answered_by, Answer.answered_at)
        .select_from(history)
        .join(Answer, (Answer.revision_id == history.c.revision_id) & (Answer.item_id == history.c.item_id))
        .where(history.c.revision_id == source, history.c.version == Answer.version)
    ).mappings()
    # Under a name of its own: what a page or a cancelled return writes later must not meet it.
    carried = {
        "revision_id": target,
        "reply": None,
        "origin": Origin.CARRIED.value,
        "client_id": "carried over",
    }
    copies = [{**row, **carried} for row in rows]
    if copies:
        # Into the table itself: the mapper would begin a new statement wherever another date is empty.
        session.execute(insert(cast("Table", history)), copies)


def _copy_profile_history(session: Session, *, source: RevisionId, target: RevisionId) -> None:
    """Carry the last confirmation of the profile over, for the same reason."""
    history = ProfileHistory.__table__
    row = (
        session.execute(
            select(history).where(history.c.revision_id == source).order_by(history.c.version.desc()).limit(1)
        )
        .mappings()
        .one_or_none()
    )
    if row is not None:
        copy = {**row, "revision_id": target, "origin": Origin.CARRIED.value}
        session.execute(insert(ProfileHistory), [copy])
