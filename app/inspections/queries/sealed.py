"""A sealed revision with everything that a document shows. It never changes, so neither does the document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import (
    AnswerHistory,
    Approval,
    Campaign,
    Inspection,
    ItemReturn,
    Revision,
    SealedRevision,
    SheetStepRow,
)
from app.inspections.queries.previous import PreviousAnswer, previous_answers
from app.inspections.queries.sheet import Sheet, SheetContent, content_of_sheet, find_sheet
from app.inspections.queries.working import time_spent
from app.inspections.rules import Action, Capacity, Origin
from app.journal.queries import seal_digest
from app.kernel.clock import business_date
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, InspectionId, ItemId, PersonId, RevisionId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitView
from app.people.queries import people_by_id
from app.people.queries.titles import titles_on
from app.people.rules import PersonView


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One approval by a head, a deputy or from above."""

    person_id: PersonId
    capacity: Capacity
    at: datetime
    digest: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of the sheet on its way."""

    action: Action
    person_id: PersonId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSheet:
    """A sealed revision: its content, who did what in which post, and its seals. `spent` on the answers, as far as their saves tell."""

    sheet: Sheet
    content: SheetContent
    digest: str
    sealed_by: PersonId
    sealed_at: datetime
    journal_seal: tuple[int, str]
    path: tuple[UnitView, ...]
    approvals: tuple[ApprovalLine, ...]
    steps: tuple[StepLine, ...]
    recorders: Mapping[PersonId, datetime]
    returns: Mapping[ItemId, int]
    previous: Mapping[ItemId, PreviousAnswer]
    people: Mapping[PersonId, PersonView]
    titles: Mapping[PersonId, str]
    spent: timedelta


def sealed_sheet(
    session: Session, *, actor: Actor, inspection_id: InspectionId, number: int | None = None
) -> SealedSheet:
    """Return a sealed revision that the actor may see.

    Raises:
        NotNow: the revision is not sealed yet.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
    row = session.get(SealedRevision, sheet.revision_id)
    if row is None:
        raise NotNow("この点検票は、まだ確定していません。確定すると、結果の書類ができます。")
    content = content_of_sheet(session, sheet=sheet)
    approvals = _approvals(session, revision_id=sheet.revision_id)
    steps = _steps(session, revision_id=sheet.revision_id)
    recorders = _recorders(session, revision_id=sheet.revision_id)
    reviewers = {review.reviewed_by for review in content.reviews.values()}
    sealed_by = PersonId(row.sealed_by)
    ids = {
        sealed_by,
        *recorders,
        *reviewers,
        *(line.person_id for line in approvals),
        *(line.person_id for line in steps),
    }
    day = sheet.campaign.dates.base_date
    return SealedSheet(
        sheet=sheet,
        content=content,
        digest=row.digest,
        sealed_by=sealed_by,
        sealed_at=row.sealed_at,
        journal_seal=(row.journal_seal, seal_digest(session, sequence=row.journal_seal)),
        path=tree_on(session, day=day).path(sheet.origin_id),
        approvals=approvals,
        steps=steps,
        recorders=recorders,
        returns=_returns(session, revision_id=sheet.revision_id),
        previous=previous_answers(session, sheet=sheet),
        people=people_by_id(session, person_ids=ids),
        titles=titles_on(session, person_ids=ids, day=business_date(row.sealed_at)),
        spent=time_spent(session, revision_id=sheet.revision_id),
    )


def _approvals(session: Session, *, revision_id: RevisionId) -> tuple[ApprovalLine, ...]:
    rows = session.scalars(
        select(Approval).where(Approval.revision_id == revision_id).order_by(Approval.sequence)
    )
    return tuple(
        ApprovalLine(
            person_id=PersonId(row.approved_by),
            capacity=Capacity(row.capacity),
            at=row.approved_at,
            digest=row.content_digest,
            comment=row.comment,
        )
        for row in rows
    )


def _steps(session: Session, *, revision_id: RevisionId) -> tuple[StepLine, ...]:
    rows = session.scalars(
        select(SheetStepRow).where(SheetStepRow.revision_id == revision_id).order_by(SheetStepRow.sequence)
    )
    return tuple(
        StepLine(
            action=Action(row.action), person_id=PersonId(row.done_by), at=row.done_at, reason=row.reason
        )
        for row in rows
    )


def _recorders(session: Session, *, revision_id: RevisionId) -> dict[PersonId, datetime]:
    rows = session.execute(
        select(AnswerHistory.answered_by, func.max(AnswerHistory.answered_at))
        .where(AnswerHistory.revision_id == revision_id, AnswerHistory.origin != Origin.RESTORED.value)
        .group_by(AnswerHistory.answered_by)
    )
    return {PersonId(row[0]): row[1] for row in rows}


def _returns(session: Session, *, revision_id: RevisionId) -> dict[ItemId, int]:
    rows = session.execute(
        select(ItemReturn.item_id, func.count())
        .where(ItemReturn.revision_id == revision_id)
        .group_by(ItemReturn.item_id)
    )
    return {ItemId(row[0]): row[1] for row in rows}


def sealed_of_campaign(session: Session, *, campaign_id: CampaignId) -> tuple[tuple[InspectionId, int], ...]:
    """Return the sheets of a campaign whose current revision is sealed, each with its number, in the order of the units."""
    rows = session.execute(
        select(Inspection.id, Inspection.unit_id, Inspection.system_name, Revision.number, Campaign.base_date)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(SealedRevision, SealedRevision.revision_id == Revision.id)
        .where(Inspection.campaign_id == campaign_id, Revision.current.is_(True))
    ).all()
    if not rows:
        return ()
    units = tree_on(session, day=rows[0].base_date).units
    order = {unit.id: place for place, unit in enumerate(units)}
    rows = sorted(
        rows, key=lambda row: (order.get(row.unit_id, len(order)), row.system_name or "", str(row.id))
    )
    return tuple((InspectionId(row.id), row.number) for row in rows)


def sealed_revisions() -> Select[UUID, UUID, int, datetime]:
    """Return every sealed revision as a selectable for joins from above: revision_id, inspection_id, number, sealed_at."""
    return select(
        SealedRevision.revision_id, Revision.inspection_id, Revision.number, SealedRevision.sealed_at
    ).join(Revision, Revision.id == SealedRevision.revision_id)
