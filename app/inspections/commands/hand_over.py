"""From the clerk to the head and back: hand over, withdraw, approve, return."""

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.commands.review_flags import screen
from app.inspections.commands.steps import (
    LONGEST_REASON,
    Loaded,
    allowed_step,
    load,
    require_version,
    self_score_values,
    take_step,
)
from app.inspections.models import Approval
from app.inspections.rules import Action, ApprovalKind, Capacity, State
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import InspectionId
from app.kernel.text import clean, text_problems


def hand_over(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> None:
    """Hand a complete sheet, or the corrections after a return, to the head."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.SUBMIT, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    take_step(
        session,
        loaded=loaded,
        step=step,
        actor=actor,
        now=now,
        facts={"content": loaded.content.digest},
        values=self_score_values(loaded),
    )


def withdraw(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Take a sheet back (引戻し) while the head has not acted."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.WITHDRAW, actor=actor, now=now)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now)


def return_to_clerk(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    seen_version: int,
    now: datetime,
) -> None:
    """Give a sheet back to the clerk, with the reason."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.RETURN_TO_CLERK, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, reason=reason)


def approve(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    seen_digest: str,
    comment: str,
    now: datetime,
) -> None:
    """Approve exactly the content that was shown, and pass it on to the lead division.

    Raises:
        StaleVersion: the content is not what the head saw.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.APPROVE, actor=actor, now=now)
    if loaded.content.digest != seen_digest:
        sentence = (
            "画面を開いたあとに回答が変わりました。開き直して、いまの内容を確かめてから承認してください。"
        )
        raise StaleVersion(sentence)
    words = clean(comment)
    if problems := text_problems(words, field="comment", label="所属長の意見", longest=LONGEST_REASON):
        raise InvalidInput(problems)
    capacity = capacity_of(actor, loaded=loaded)
    _write_approval(session, loaded=loaded, actor=actor, capacity=capacity, comment=words, now=now)
    take_step(
        session,
        loaded=loaded,
        step=step,
        actor=actor,
        now=now,
        facts={"content": seen_digest, "capacity": capacity.value},
        values=self_score_values(loaded),
    )
    screen(session, loaded=loaded, now=now)


def capacity_of(actor: Actor, *, loaded: Loaded) -> Capacity:
    """Return in which capacity somebody approves: as head, else as deputy, else from above."""
    if loaded.sheet.unit_id in actor.head_of:
        return Capacity.HEAD
    return Capacity.DEPUTY if loaded.sheet.unit_id in actor.deputy_of else Capacity.NEXT_HIGHER


def _write_approval(
    session: Session, *, loaded: Loaded, actor: Actor, capacity: Capacity, comment: str, now: datetime
) -> None:
    sequence = session.scalar(
        select(func.coalesce(func.max(Approval.sequence), 0)).where(
            Approval.revision_id == loaded.sheet.revision_id
        )
    )
    kind = ApprovalKind.WHOLE if loaded.sheet.state is State.AWAITING_HEAD else ApprovalKind.CHANGES
    session.execute(
        insert(Approval).values(
            revision_id=loaded.sheet.revision_id,
            sequence=(sequence or 0) + 1,
            kind=kind.value,
            capacity=capacity.value,
            content_digest=loaded.content.digest,
            comment=comment,
            approved_by=actor.person_id,
            approved_at=now,
        )
    )
