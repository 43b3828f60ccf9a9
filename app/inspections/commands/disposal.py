"""Discarding a trial: everything that its people wrote goes, after a second person agreed.

What stays: the campaign's own row with its dates, the batch with its counts, the journal (ids and salted digests only), who read what
(kept for its own time), and mails as rows without words.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from app.access.actor import Actor
from app.disposal import commands as batches
from app.disposal.queries import named_in
from app.disposal.rules import NamedKind
from app.evidence.commands import discard_pieces
from app.inspections import models
from app.inspections.commands.steps import checked_reason
from app.inspections.models import AnswerEvidence, Campaign, Inspection, Question, QuestionMessage, Revision
from app.inspections.rules import CampaignKind, CampaignState
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import CampaignId
from app.kernel.ports import Ports
from app.notices.commands import discard_notices


def prepare_disposal(
    session: Session, *, actor: Actor, campaign_id: CampaignId, reason: str, now: datetime
) -> UUID:
    """Name everything that belongs to a trial, for somebody else to approve.

    Raises:
        NotNow: the campaign is no trial, or has nothing to discard.
    """
    _held_trial(session, campaign_id=campaign_id)
    words = checked_reason(reason)
    named = named_of(session, campaign_id=campaign_id)
    return batches.prepare(session, actor=actor, subject_id=campaign_id, named=named, reason=words, now=now)


def approve_disposal(
    session: Session, *, actor: Actor, campaign_id: CampaignId, ports: Ports, now: datetime
) -> int:
    """Discard a trial; return how many rows went. Files that no row names any more are removed by the regular jobs."""
    _held_trial(session, campaign_id=campaign_id)
    named = named_of(session, campaign_id=campaign_id)
    batch_id = batches.approve(session, actor=actor, subject_id=campaign_id, named=named, now=now)
    counts: dict[str, int] = {}
    for discard in ports.before_disposal:
        counts |= discard(session, batch_id=batch_id)
    counts |= _discard_all(session, batch_id=batch_id)
    batches.note_counts(session, batch_id=batch_id, counts=counts)
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(state=CampaignState.DISPOSED.value, version=Campaign.version + 1)
    )
    total = sum(counts.values())
    record(
        session,
        subject=Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id)),
        event="campaign.disposed",
        actor=actor.mark,
        now=now,
        facts={"batch": str(batch_id), "rows": total},
    )
    return total


def decline_disposal(
    session: Session, *, actor: Actor, campaign_id: CampaignId, reason: str, now: datetime
) -> None:
    """Keep a trial after all, with the reason."""
    _held_trial(session, campaign_id=campaign_id)
    words = checked_reason(reason, label="断る理由", field="decline_reason")
    batches.decline(session, actor=actor, subject_id=campaign_id, reason=words, now=now)


def withdraw_disposal(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> None:
    """Take the own preparation back."""
    _held_trial(session, campaign_id=campaign_id)
    batches.withdraw(session, actor=actor, subject_id=campaign_id, now=now)


def _held_trial(session: Session, *, campaign_id: CampaignId) -> Campaign:
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    ).one_or_none()
    if campaign is None:
        raise NotFound
    if campaign.kind != CampaignKind.TRIAL.value:
        raise NotNow("廃棄できるのは、試行の点検だけです。")
    if campaign.state not in {CampaignState.OPEN.value, CampaignState.CLOSED.value}:
        raise NotNow("廃棄できるのは、始めた試行で、まだ廃棄していないものだけです。")
    return campaign


def named_of(session: Session, *, campaign_id: CampaignId) -> tuple[batches.Named, ...]:
    """Name a campaign, its sheets with all their revisions, and the evidence that nothing else cites."""
    revisions = (
        select(Revision.id)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .where(Inspection.campaign_id == campaign_id)
    )
    elsewhere = aliased(AnswerEvidence)
    evidence = (
        select(AnswerEvidence.evidence_id)
        .where(
            AnswerEvidence.revision_id.in_(revisions),
            ~exists().where(
                elsewhere.evidence_id == AnswerEvidence.evidence_id, elsewhere.revision_id.not_in(revisions)
            ),
        )
        .distinct()
    )
    sheets = select(Inspection.id).where(Inspection.campaign_id == campaign_id)
    found: tuple[tuple[NamedKind, Iterable[UUID]], ...] = (
        (NamedKind.CAMPAIGN, (campaign_id,)),
        (NamedKind.INSPECTION, session.scalars(sheets)),
        (NamedKind.REVISION, session.scalars(revisions)),
        (NamedKind.EVIDENCE, session.scalars(evidence)),
    )
    return tuple((kind, one) for kind, ids in found for one in ids)


_REVISION: Final = NamedKind.REVISION
OF_ANSWERS: Final[Sequence[batches.Record]] = (
    (models.SealedRevision, models.SealedRevision.revision_id, _REVISION),
    (models.Reopening, models.Reopening.revision_id, _REVISION),
    (models.Extension, models.Extension.revision_id, _REVISION),
    (models.ReviewBatchItem, models.ReviewBatchItem.revision_id, _REVISION),
    (models.ReviewBatchSheet, models.ReviewBatchSheet.revision_id, _REVISION),
    (models.ReviewBatch, models.ReviewBatch.campaign_id, NamedKind.CAMPAIGN),
    (models.ReviewSampleSheet, models.ReviewSampleSheet.revision_id, _REVISION),
    (models.ReviewSample, models.ReviewSample.campaign_id, NamedKind.CAMPAIGN),
    (models.ReviewClaim, models.ReviewClaim.revision_id, _REVISION),
    (models.ReviewFlag, models.ReviewFlag.revision_id, _REVISION),
    (models.ReviewScreening, models.ReviewScreening.revision_id, _REVISION),
    (models.ItemReturn, models.ItemReturn.revision_id, _REVISION),
    (models.ItemReviewHistory, models.ItemReviewHistory.revision_id, _REVISION),
    (models.ItemReview, models.ItemReview.revision_id, _REVISION),
    (models.Approval, models.Approval.revision_id, _REVISION),
    (models.SheetStepRow, models.SheetStepRow.revision_id, _REVISION),
    (models.ItemAssignment, models.ItemAssignment.revision_id, _REVISION),
    (models.TakenOver, models.TakenOver.revision_id, _REVISION),
    (models.AnswerEvidence, models.AnswerEvidence.revision_id, _REVISION),
    (models.AnswerHistory, models.AnswerHistory.revision_id, _REVISION),
    (models.Answer, models.Answer.revision_id, _REVISION),
    (models.ProfileHistory, models.ProfileHistory.revision_id, _REVISION),
    (models.ProfileFlag, models.ProfileFlag.revision_id, _REVISION),
    (models.ScoreChangeSummary, models.ScoreChangeSummary.revision_id, _REVISION),
    (models.SectionSummary, models.SectionSummary.revision_id, _REVISION),
)
OF_SHEETS: Final[Sequence[batches.Record]] = (
    (models.Question, models.Question.inspection_id, NamedKind.INSPECTION),
    (models.Revision, models.Revision.id, _REVISION),
    (models.Inspection, models.Inspection.id, NamedKind.INSPECTION),
    (models.CampaignUnit, models.CampaignUnit.campaign_id, NamedKind.CAMPAIGN),
)
"""What goes, and under what it was named: whatever refers to a row stands before it."""


def _discard_all(session: Session, *, batch_id: UUID) -> dict[str, int]:
    """Let the rows go in the one order that no reference forbids: answers cite evidence, a question stands on its sheet."""
    questions = select(Question.id).where(
        Question.inspection_id.in_(named_in(batch_id, NamedKind.INSPECTION))
    )
    messages = QuestionMessage.question_id.in_(questions)
    return {
        **batches.discard_rows(session, batch_id=batch_id, records=OF_ANSWERS),
        **discard_pieces(session, batch_id=batch_id),
        **batches.discard_chosen(session, chosen=[(QuestionMessage, messages)]),
        **batches.discard_rows(session, batch_id=batch_id, records=OF_SHEETS),
        **discard_notices(session, batch_id=batch_id),
    }
