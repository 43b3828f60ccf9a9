"""The page on which a trial is discarded: what would go, who decides, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.disposal.queries import Batch, batches_of, batches_to_decide, counts_of
from app.disposal.rules import DisposalOutcome
from app.inspections.models import Answer, AnswerEvidence, Campaign, Inspection, ItemReview, Revision
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.rules import CampaignKind, CampaignState
from app.kernel.errors import NotFound
from app.kernel.ids import CampaignId, PersonId
from app.people.queries import people_by_id


class DisposalStep(StrEnum):
    """What the person who looks can do."""

    PREPARE = "prepare"
    DECIDE = "decide"
    TAKE_BACK = "take_back"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One disposal as it was prepared and decided."""

    id: UUID
    prepared_by: str
    prepared_at: datetime
    reason: str
    outcome: DisposalOutcome | None
    decided_by: str
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisposalPage:
    """A trial and its disposal.

    Attributes:
        going: how much would go, in the words of the office; empty once it went.
        gone: how much went, by table.
        waiting: the batch that waits for a decision.
        ended: earlier ones, the newest first.
    """

    campaign_id: CampaignId
    title: str
    state: CampaignState
    going: Mapping[str, int]
    gone: Mapping[str, int]
    waiting: BatchLine | None
    ended: tuple[BatchLine, ...]
    step: DisposalStep | None


def disposal_page(session: Session, *, actor: Actor, campaign_id: CampaignId) -> DisposalPage:
    """Return the page about the disposal of a trial.

    Raises:
        NotFound: there is no such campaign, or it is none that is disposed of.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    campaign = campaign_row(session, campaign_id=campaign_id)
    if campaign.kind != CampaignKind.TRIAL.value or campaign.state == CampaignState.DRAFT.value:
        raise NotFound
    batches = batches_of(session, subject_id=campaign_id)
    lines = _lines(session, batches)
    waiting = next((line for line in lines if line.outcome is None), None)
    approved = next((line for line in lines if line.outcome is DisposalOutcome.APPROVED), None)
    return DisposalPage(
        campaign_id=campaign_id,
        title=campaign.title,
        state=CampaignState(campaign.state),
        going={} if approved else _going(session, campaign_id=campaign_id),
        gone=counts_of(session, batch_id=approved.id) if approved else {},
        waiting=waiting,
        ended=tuple(line for line in lines if line.outcome is not None),
        step=None if approved else _step(batches, actor=actor),
    )


def _lines(session: Session, batches: tuple[Batch, ...]) -> tuple[BatchLine, ...]:
    ids = {one for batch in batches for one in (batch.prepared_by, batch.decided_by) if one}
    names = people_by_id(session, person_ids=ids)

    def name(person_id: PersonId | None) -> str:
        found = names.get(person_id) if person_id else None
        return found.name if found else ""

    return tuple(
        BatchLine(
            id=batch.id,
            prepared_by=name(batch.prepared_by),
            prepared_at=batch.prepared_at,
            reason=batch.reason,
            outcome=batch.outcome,
            decided_by=name(batch.decided_by),
            decided_at=batch.decided_at,
            decision_reason=batch.decision_reason,
        )
        for batch in batches
    )


_OF_SHEETS: Final = {
    "answers": Answer.revision_id,
    "judgements": ItemReview.revision_id,
    "evidence": AnswerEvidence.revision_id,
}


def _going(session: Session, *, campaign_id: CampaignId) -> dict[str, int]:
    """Count what people see of a trial; a fixed number of statements."""
    revisions = (
        select(Revision.id)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .where(Inspection.campaign_id == campaign_id)
    )
    counts = {
        name: session.scalar(select(func.count(column)).where(column.in_(revisions)))
        for name, column in _OF_SHEETS.items()
    }
    sheets = session.scalar(select(func.count(Inspection.id)).where(Inspection.campaign_id == campaign_id))
    return {"sheets": sheets or 0, **{name: count or 0 for name, count in counts.items()}}


def _step(batches: tuple[Batch, ...], *, actor: Actor) -> DisposalStep | None:
    waiting = next((batch for batch in batches if batch.outcome is None), None)
    if waiting is None:
        return DisposalStep.PREPARE if may(Permission.CITY_DISPOSAL_PREPARE, actor=actor) else None
    asked = Subject(requested_by=frozenset({waiting.prepared_by}))
    if may(Permission.CITY_DISPOSAL_APPROVE, actor=actor, subject=asked):
        return DisposalStep.DECIDE
    return DisposalStep.TAKE_BACK if waiting.prepared_by == actor.person_id else DisposalStep.WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class DisposalAsked:
    """A trial whose disposal waits for somebody's decision."""

    campaign_id: CampaignId
    title: str
    prepared_at: datetime


def disposals_to_decide(session: Session, *, actor: Actor) -> tuple[DisposalAsked, ...]:
    """Return the trials whose disposal this person may decide, the oldest first; nothing is asked for others."""
    if not may(Permission.CITY_DISPOSAL_APPROVE, actor=actor):
        return ()
    batches = batches_to_decide(session, person_id=actor.person_id)
    if not batches:
        return ()
    rows = session.execute(
        select(Campaign.id, Campaign.title).where(Campaign.id.in_([batch.subject_id for batch in batches]))
    )
    titles = {row.id: row.title for row in rows}
    return tuple(
        DisposalAsked(
            campaign_id=CampaignId(batch.subject_id),
            title=titles[batch.subject_id],
            prepared_at=batch.prepared_at,
        )
        for batch in batches
        if batch.subject_id in titles
    )
