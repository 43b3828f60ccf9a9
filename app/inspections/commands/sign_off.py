"""The end of a sheet: sign-off seals it; a silent department is closed; two persons reopen."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import FromClause, Table, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.rules import Score, score
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
    ItemReview,
    ProfileFlag,
    Reopening,
    Revision,
    SealedRevision,
)
from app.inspections.rules import REOPENABLE, Action, State
from app.journal.commands import record, seal
from app.kernel.digest import canonical, digest_text, new_salt, salted_digest
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, ItemId, RevisionId, new_id
from app.organisation.queries import tree_on


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
    words = checked_reason(reason)
    content = sealed_content(session, loaded=loaded, actor=actor, action=Action.CLOSE_UNSUBMITTED, now=now)
    facts, values = {"sealed": digest_text(content)}, self_score_values(loaded)
    take_step(
        session, loaded=loaded, step=step, actor=actor, now=now, reason=words, facts=facts, values=values
    )
    _keep(session, loaded=loaded, content=content, actor=actor, now=now)


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
    words = checked_reason(reason)
    content = sealed_content(session, loaded=loaded, actor=actor, action=Action.EXCLUDE, now=now)
    facts = {"sealed": digest_text(content)}
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, reason=words, facts=facts)
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


def sealed_content(session: Session, *, loaded: Loaded, actor: Actor, action: Action, now: datetime) -> str:
    """Return the canonical JSON of a revision as it ends."""
    return canonical(sealed_value(session, loaded=loaded, actor=actor, action=action, now=now))


def sealed_value(
    session: Session, *, loaded: Loaded, actor: Actor, action: Action, now: datetime
) -> dict[str, Any]:
    """Return the whole revision as a value for canonical JSON: ids, words, who and when, and every line of both scores."""
    sheet, content = loaded.sheet, loaded.content
    path = tree_on(session, day=sheet.campaign.dates.base_date).path(sheet.unit_id)
    keys = {item.id: item.key for item in sheet.edition.items.values()}
    return {
        "inspection": str(sheet.id),
        "revision": sheet.number,
        "campaign": {
            "id": str(sheet.campaign.id),
            "title": sheet.campaign.title,
            "fiscal_year": sheet.campaign.fiscal_year.year,
        },
        "unit": {"id": str(sheet.unit_id), "path": [unit.name for unit in path]},
        "base_date": sheet.campaign.dates.base_date.isoformat(),
        "edition": {"code": sheet.edition.code, "label": sheet.edition.label, "digest": sheet.edition.digest},
        "method": sheet.edition.scoring.name,
        "flags": dict(sorted(content.profile.flags.items())),
        "content_digest": content.digest,
        "answers": _answers(session, loaded=loaded, keys=keys),
        "reviews": _reviews(session, loaded=loaded, keys=keys),
        "returns": [
            [keys[entry.item_id], entry.round, entry.remark, entry.due_on.isoformat(), entry.reply]
            for entry in content.returns
        ],
        "approvals": _approvals(session, loaded=loaded),
        "self_score": _score(
            score(content.items, answers=content.self_levels(), edition=sheet.edition), keys=keys
        ),
        "reviewed_score": _score(
            score(content.items, answers=content.reviewed_levels(), edition=sheet.edition), keys=keys
        ),
        "ended": {"action": action.value, "by": str(actor.person_id), "at": now.isoformat()},
    }


def _answers(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(Answer).where(Answer.revision_id == loaded.sheet.revision_id))
    return sorted(
        [
            keys[ItemId(row.item_id)],
            row.level,
            row.comment,
            row.version,
            str(row.answered_by),
            row.answered_at.isoformat(),
        ]
        for row in rows
    )


def _reviews(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(ItemReview).where(ItemReview.revision_id == loaded.sheet.revision_id))
    lines = (
        [
            keys[ItemId(row.item_id)],
            row.judgement,
            row.reviewed_level,
            row.remark,
            str(row.reviewed_by),
            row.reviewed_at.isoformat(),
        ]
        for row in rows
    )
    return sorted(lines, key=lambda line: str(line[0]))


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
    """Ask to open a sealed sheet again; somebody else decides."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_REQUEST, actor=actor, subject=loaded.subject)
    _require_reopenable(loaded)
    if session.get(Reopening, loaded.sheet.revision_id) is not None:
        raise NotNow("この点検票の再開は、もう申し出があります。")
    words, salt = checked_reason(reason), new_salt()
    session.execute(
        insert(Reopening).values(
            revision_id=loaded.sheet.revision_id, reason=words, requested_by=actor.person_id, requested_at=now
        )
    )
    facts = {"revision": loaded.sheet.number, "reason": salted_digest(words, salt=salt)}
    record(
        session,
        subject=journal_subject(inspection_id),
        event="inspection.reopening_requested",
        actor=actor.mark,
        now=now,
        facts=facts,
    )


def confirm_reopening(
    session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime
) -> RevisionId:
    """Agree to reopen: a new revision starts with the answers of the sealed one, which stays as it is."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REOPEN_CONFIRM, actor=actor, subject=loaded.subject)
    _require_reopenable(loaded)
    request = session.get(Reopening, loaded.sheet.revision_id)
    if request is None:
        raise NotNow("再開の申し出がありません。先に、ほかの担当者が理由を書いて申し出てください。")
    session.execute(
        update(Reopening)
        .where(Reopening.revision_id == loaded.sheet.revision_id)
        .values(decided_by=actor.person_id, decided_at=now)
    )
    made = _next_revision(session, loaded=loaded, now=now)
    facts = {"revision": loaded.sheet.number + 1}
    record(
        session,
        subject=journal_subject(inspection_id),
        event="inspection.reopened",
        actor=actor.mark,
        now=now,
        facts=facts,
    )
    return made


def _require_reopenable(loaded: Loaded) -> None:
    if loaded.sheet.state not in REOPENABLE:
        raise NotNow("再開できるのは、確定したか未提出で締め切った点検票だけです。")


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
    copies = [{**row, "revision_id": target} for row in rows]
    if copies:
        session.execute(insert(AnswerHistory), copies)
