"""The end of a sheet: sign-off seals it; a silent department is closed; two persons reopen."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import FromClause, Table, func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.rules import Score, score
from app.inspections.commands.campaign import reopen_for_sheet
from app.inspections.commands.steps import (
    Loaded,
    allowed_step,
    checked_reason,
    journal_subject,
    load,
    require_version,
    reviewed_score_values,
    self_score_values,
    take_step,
)
from app.inspections.models import (
    Answer,
    AnswerHistory,
    Approval,
    ItemReturn,
    ProfileFlag,
    ProfileHistory,
    Reopening,
    Revision,
    SealedRevision,
    SheetStepRow,
)
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import Action, Origin, ReopeningOutcome, SheetStep, State
from app.journal.commands import record, seal
from app.kernel.digest import canonical, digest_text, new_salt, salted_digest
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, ItemId, RevisionId, new_id
from app.organisation.queries import tree_on

SEALED_FORMAT = 2
"""Of the sealed JSON. 1 had neither steps nor the confirmations of the profile, and kept answers of items that did not apply."""


def sign_off(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> RevisionId:
    """Sign off and seal: the content, the scores with every line, the approvals and the journal's seal become one digest.

    The caller has proved again who is acting (re-authentication); returns the sealed revision.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.SIGN_OFF, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    content = sealed_content(session, loaded=loaded, actor=actor, action=Action.SIGN_OFF, now=now)
    values = {**self_score_values(loaded), **reviewed_score_values(loaded)}
    facts = {"sealed": digest_text(content)}
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, facts=facts, values=values)
    return _keep(session, loaded=loaded, content=content, actor=actor, now=now)


def close_unsubmitted(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    now: datetime,
    seen_version: int | None = None,
) -> None:
    """End the sheet of a department that never handed it in, after the grace date: sealed, counted, never "signed off".

    `seen_version` is the sheet's version on the screen; without a screen (None) the sheet is taken as it is.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.CLOSE_UNSUBMITTED, actor=actor, now=now)
    _require_seen(loaded, seen_version=seen_version)
    _end(
        session,
        loaded=loaded,
        step=step,
        actor=actor,
        now=now,
        reason=reason,
        values=self_score_values(loaded),
    )


def exclude(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    now: datetime,
    seen_version: int | None = None,
) -> None:
    """Withdraw a unit from a running campaign, with the reason; what it answered is sealed as it stands.

    `seen_version` is the sheet's version on the screen; without a screen (None) the sheet is taken as it is.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.EXCLUDE, actor=actor, now=now)
    _require_seen(loaded, seen_version=seen_version)
    _end(session, loaded=loaded, step=step, actor=actor, now=now, reason=reason, values={})


def _end(
    session: Session,
    *,
    loaded: Loaded,
    step: SheetStep,
    actor: Actor,
    now: datetime,
    reason: str,
    values: dict[str, Any],
) -> None:
    """End a sheet without a sign-off, with the reason."""
    words = checked_reason(reason)
    content = sealed_content(session, loaded=loaded, actor=actor, action=step.action, now=now, reason=words)
    facts = {"sealed": digest_text(content)}
    take_step(
        session, loaded=loaded, step=step, actor=actor, now=now, reason=words, facts=facts, values=values
    )
    _keep(session, loaded=loaded, content=content, actor=actor, now=now)


def _require_seen(loaded: Loaded, *, seen_version: int | None) -> None:
    """Refuse to end a sheet that moved on while somebody wrote down why it should end."""
    if seen_version is not None:
        require_version(loaded.sheet, seen_version=seen_version)


def _keep(session: Session, *, loaded: Loaded, content: str, actor: Actor, now: datetime) -> RevisionId:
    """Seal the journal with the last step in it, and keep the sealed content with the number of that seal."""
    made = seal(session, reason="sheet-sealed", now=now)
    session.execute(
        insert(SealedRevision).values(
            revision_id=loaded.sheet.revision_id,
            content=content,
            digest=digest_text(content),
            sealed_by=actor.person_id,
            sealed_at=now,
            journal_seal=made.sequence,
        )
    )
    return loaded.sheet.revision_id


def sealed_content(
    session: Session, *, loaded: Loaded, actor: Actor, action: Action, now: datetime, reason: str = ""
) -> str:
    """Return the canonical JSON of a revision as it ends."""
    ended = {"action": action.value, "by": str(actor.person_id), "at": now.isoformat(), "reason": reason}
    return canonical({**sealed_value(session, loaded=loaded), "ended": ended})


def sealed_value(session: Session, *, loaded: Loaded) -> dict[str, Any]:
    """Return the whole revision as a value for canonical JSON: ids, words, who and when, and every line of both scores.

    Only items that apply have a part in it: what was answered before the profile left an item out says nothing of the unit.
    """
    sheet, content = loaded.sheet, loaded.content
    keys = {item.id: item.key for item in sheet.edition.items.values()}
    return {
        "format": SEALED_FORMAT,
        "inspection": str(sheet.id),
        "revision": sheet.number,
        "campaign": _campaign(sheet),
        "unit": _unit(session, sheet=sheet),
        "edition": {"code": sheet.edition.code, "label": sheet.edition.label, "digest": sheet.edition.digest},
        "method": sheet.edition.scoring.name,
        "profile": _profile(session, loaded=loaded),
        "content_digest": content.digest,
        "answers": _answers(session, loaded=loaded, keys=keys),
        "reviews": _reviews(loaded, keys=keys),
        "returns": _returns(session, loaded=loaded, keys=keys),
        "approvals": _approvals(session, loaded=loaded),
        "steps": _steps(session, loaded=loaded),
        "self_score": _score(
            score(content.items, answers=content.self_levels(), edition=sheet.edition), keys=keys
        ),
        "reviewed_score": _score(
            score(content.items, answers=content.reviewed_levels(), edition=sheet.edition), keys=keys
        ),
    }


def _campaign(sheet: Sheet) -> dict[str, Any]:
    campaign, dates = sheet.campaign, sheet.campaign.dates
    return {
        "id": str(campaign.id),
        "title": campaign.title,
        "kind": campaign.kind.value,
        "fiscal_year": campaign.fiscal_year.year,
        "dates": {
            "base_date": dates.base_date.isoformat(),
            "answer_from": dates.answer_from.isoformat(),
            "answer_due": dates.answer_due.isoformat(),
            "approval_due": dates.approval_due.isoformat(),
            "review_due": dates.review_due.isoformat(),
            "grace_until": dates.grace_until.isoformat(),
        },
    }


def _unit(session: Session, *, sheet: Sheet) -> dict[str, Any]:
    """Return the unit with its names on the base date."""
    path = tree_on(session, day=sheet.campaign.dates.base_date).path(sheet.unit_id)
    return {"id": str(sheet.unit_id), "path": [unit.name for unit in path]}


def _profile(session: Session, *, loaded: Loaded) -> dict[str, Any]:
    """Return the profile with every confirmation of it: it decides which items apply."""
    rows = session.scalars(
        select(ProfileHistory)
        .where(ProfileHistory.revision_id == loaded.sheet.revision_id)
        .order_by(ProfileHistory.version)
    )
    return {
        "flags": dict(sorted(loaded.content.profile.flags.items())),
        "confirmed": [
            [row.version, row.origin, row.flags, str(row.confirmed_by), row.confirmed_at.isoformat()]
            for row in rows
        ],
    }


def _answers(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(Answer).where(Answer.revision_id == loaded.sheet.revision_id))
    lines = (
        [
            keys[ItemId(row.item_id)],
            row.level,
            row.comment,
            row.version,
            str(row.answered_by),
            row.answered_at.isoformat(),
        ]
        for row in rows
        if row.item_id in loaded.content.applicable_ids
    )
    return sorted(lines, key=lambda line: str(line[0]))


def _reviews(loaded: Loaded, *, keys: dict[ItemId, str]) -> list[list[Any]]:
    lines = (
        [
            keys[item_id],
            review.judgement.value,
            review.reviewed_level,
            review.remark,
            review.version,
            review.answer_version,
            str(review.reviewed_by),
            review.reviewed_at.isoformat(),
        ]
        for item_id, review in loaded.content.reviews.items()
        if item_id in loaded.content.applicable_ids
    )
    return sorted(lines, key=lambda line: str(line[0]))


def _returns(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(ItemReturn).where(ItemReturn.revision_id == loaded.sheet.revision_id))
    lines = (
        [
            keys[ItemId(row.item_id)],
            row.round,
            row.remark,
            row.due_on.isoformat(),
            row.answer_version,
            str(row.returned_by),
            row.returned_at.isoformat(),
            row.reply,
            str(row.replied_by) if row.replied_by else None,
            row.replied_at.isoformat() if row.replied_at else None,
        ]
        for row in rows
    )
    return sorted(lines, key=lambda line: (line[1], str(line[0])))


def _steps(session: Session, *, loaded: Loaded) -> list[list[Any]]:
    """Return every step before the last one, which the seal itself names."""
    rows = session.scalars(
        select(SheetStepRow)
        .where(SheetStepRow.revision_id == loaded.sheet.revision_id)
        .order_by(SheetStepRow.sequence)
    )
    return [
        [
            row.sequence,
            row.action,
            row.source,
            row.target,
            row.reason,
            str(row.done_by),
            row.done_at.isoformat(),
        ]
        for row in rows
    ]


def _approvals(session: Session, *, loaded: Loaded) -> list[list[Any]]:
    rows = session.scalars(
        select(Approval).where(Approval.revision_id == loaded.sheet.revision_id).order_by(Approval.sequence)
    )
    return [
        [
            row.sequence,
            row.kind,
            row.capacity,
            row.content_digest,
            row.comment,
            str(row.approved_by),
            row.approved_at.isoformat(),
        ]
        for row in rows
    ]


def _score(outcome: Score, *, keys: dict[ItemId, str]) -> dict[str, Any]:
    return {
        "earned": outcome.earned,
        "possible": outcome.possible,
        "grade": outcome.grade,
        "lines": [
            [keys[line.item_id], line.level, line.kind.value, line.points, line.full, line.weight]
            for line in outcome.lines
        ],
    }


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
    _copy_history(session, source=sheet.revision_id, target=made)
    _copy_profile_history(session, source=sheet.revision_id, target=made)
    return made


def _copy(session: Session, table: FromClause, *, source: RevisionId, target: RevisionId) -> None:
    rows = session.execute(select(table).where(table.c.revision_id == source)).mappings().all()
    if rows:
        session.execute(insert(cast("Table", table)), [{**row, "revision_id": target} for row in rows])


def _copy_history(session: Session, *, source: RevisionId, target: RevisionId) -> None:
    """Carry the last history row of each answer over, so that versions go on and nothing stands without its origin."""
    history = AnswerHistory.__table__
    rows = session.execute(
        select(history)
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
        session.execute(insert(AnswerHistory), copies)


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
