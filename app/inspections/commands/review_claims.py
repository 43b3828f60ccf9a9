"""Two reviewers never collide: a sheet is taken by opening it, and judged only by whoever has it in hand.

A claim is no part of the review: who only opened a sheet judged nothing of it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.review_flags import screen_if_outdated
from app.inspections.commands.steps import Loaded, checked_reason, journal_subject, load
from app.inspections.models import ReviewClaim, ReviewSample, ReviewSampleSheet
from app.inspections.queries.review_claims import Claim, claims_of
from app.inspections.rules import REVIEWABLE
from app.journal.commands import record
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, RevisionId

_OPENED: Final = "inspection.review_opened"


def require_unclaimed(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> None:
    """Refuse while somebody else has the sheet in hand.

    Raises:
        NotNow: who, and until when.
    """
    claim = _claim(session, loaded=loaded, now=now)
    if claim is not None and not claim.is_of(actor):
        raise NotNow(claim.sentence)


def open_for_review(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Take a sheet in hand, or keep it there; a drawn sample that it belongs to counts as opened.

    Raises:
        NotNow: somebody else has it in hand, or there is nothing to judge.
    """
    loaded = _reviewable(session, actor=actor, inspection_id=inspection_id, now=now)
    _hold(session, loaded=loaded, actor=actor, now=now)
    _mark_samples(session, revision_id=loaded.sheet.revision_id, actor=actor, now=now)
    screen_if_outdated(session, loaded=loaded, now=now)


def hold(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Keep a sheet in hand while judging it, or take it where nobody has it; sheets that are not to be judged are left alone.

    Raises:
        NotNow: somebody else has it in hand.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=loaded.subject)
    if loaded.sheet.state in REVIEWABLE:
        _hold(session, loaded=loaded, actor=actor, now=now)


def _hold(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> None:
    claim = _claim(session, loaded=loaded, now=now)
    if claim is None:
        _take(session, loaded=loaded, actor=actor, reason="", now=now)
        return
    if not claim.is_of(actor):
        raise NotNow(claim.sentence)
    session.execute(
        update(ReviewClaim)
        .where(ReviewClaim.revision_id == loaded.sheet.revision_id, ReviewClaim.sequence == claim.sequence)
        .values(active_at=now)
    )


def take_over(
    session: Session, *, actor: Actor, inspection_id: InspectionId, reason: str, now: datetime
) -> None:
    """Take a sheet that somebody else still has in hand, with the reason.

    Raises:
        InvalidInput: there is no reason.
    """
    loaded = _reviewable(session, actor=actor, inspection_id=inspection_id, now=now)
    claim = _claim(session, loaded=loaded, now=now)
    words = "" if claim is None or claim.is_of(actor) else checked_reason(reason)
    _take(session, loaded=loaded, actor=actor, reason=words, now=now)
    _mark_samples(session, revision_id=loaded.sheet.revision_id, actor=actor, now=now)
    screen_if_outdated(session, loaded=loaded, now=now)


def release(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
    """Let a sheet go (手放す); nothing happens where it is not in the own hand."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=loaded.subject)
    claim = _claim(session, loaded=loaded, now=now)
    if claim is not None and claim.is_of(actor):
        end_claim(session, loaded=loaded, actor=actor, now=now)
        _journal(session, loaded=loaded, event="inspection.review_released", actor=actor, now=now, facts={})


def end_claim(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> None:
    """End whatever claim there is: the sheet leaves the reviewer's hand."""
    session.execute(
        update(ReviewClaim)
        .where(ReviewClaim.revision_id == loaded.sheet.revision_id, ReviewClaim.ended_at.is_(None))
        .values(ended_by=actor.person_id, ended_at=now)
    )


def _reviewable(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> Loaded:
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=loaded.subject)
    if loaded.sheet.state not in REVIEWABLE:
        raise NotNow("この点検票は、いま審査できません。所属か、確定する人が扱っています。")
    return loaded


def _claim(session: Session, *, loaded: Loaded, now: datetime) -> Claim | None:
    found = claims_of(session, revision_ids=[loaded.sheet.revision_id], now=now)
    return found.get(loaded.sheet.revision_id)


def _take(session: Session, *, loaded: Loaded, actor: Actor, reason: str, now: datetime) -> None:
    """Begin a claim in the place of whatever claim there was."""
    end_claim(session, loaded=loaded, actor=actor, now=now)
    last = session.scalar(
        select(func.coalesce(func.max(ReviewClaim.sequence), 0)).where(
            ReviewClaim.revision_id == loaded.sheet.revision_id
        )
    )
    salt = new_salt()
    session.execute(
        insert(ReviewClaim).values(
            revision_id=loaded.sheet.revision_id,
            sequence=(last or 0) + 1,
            reviewer_id=actor.person_id,
            taken_at=now,
            active_at=now,
            reason=reason,
            salt=salt,
        )
    )
    event = "inspection.review_taken_over" if reason else _OPENED
    facts = {"reason": salted_digest(reason, salt=salt)} if reason else {}
    _journal(session, loaded=loaded, event=event, actor=actor, now=now, facts=facts)


def _journal(
    session: Session, *, loaded: Loaded, event: str, actor: Actor, now: datetime, facts: dict[str, str]
) -> None:
    record(
        session,
        subject=journal_subject(loaded.sheet.id),
        event=event,
        actor=actor.mark,
        now=now,
        facts={"revision": loaded.sheet.number, **facts},
    )


def _mark_samples(session: Session, *, revision_id: RevisionId, actor: Actor, now: datetime) -> None:
    own = select(ReviewSample.id).where(ReviewSample.reviewer_id == actor.person_id)
    session.execute(
        update(ReviewSampleSheet)
        .where(
            ReviewSampleSheet.revision_id == revision_id,
            ReviewSampleSheet.drawn.is_(True),
            ReviewSampleSheet.opened_at.is_(None),
            ReviewSampleSheet.sample_id.in_(own),
        )
        .values(opened_at=now)
    )
