"""Acts on many sheets: what may be accepted together, the sample that comes first, what was done and what can be undone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.checklists.queries import load_edition
from app.checklists.rules import percent
from app.inspections.models import (
    Campaign,
    Inspection,
    ItemReview,
    ReviewBatch,
    ReviewBatchItem,
    ReviewBatchSheet,
    ReviewSample,
    ReviewSampleSheet,
    Revision,
)
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.holding import holder
from app.inspections.queries.review_claims import Claim, claims_of
from app.inspections.queries.review_queue import in_lane, queue_scope, share_of, to_judge
from app.inspections.queries.sheet import Lock, reviewing_subjects
from app.inspections.rules import REVIEWABLE, UNDOABLE, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.texts import sheet_name
from app.kernel.clock import business_date
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, PersonId, RevisionId, UnitId
from app.organisation.queries import tree_on
from app.people.queries import people_by_id

UNKNOWN_SHEET = "この点検の点検票ではありません。"
_NOT_NOW = {
    State.REVIEWED: "審査が終わり、確定を待っています。直すときは、先に審査の終了を取り消してください。",
    State.SIGNED_OFF: "もう確定しています。",
}
_ELSEWHERE = "いま審査の段階にありません。所属が扱っています。"


def refusals_of(
    sheets: Iterable[tuple[InspectionId, State, Subject, Claim | None]],
    *,
    actor: Actor,
    states: Collection[State] = REVIEWABLE,
) -> dict[InspectionId, str]:
    """Return why the actor may not act on sheets now, in the words of a single refusal; those that may be acted on are absent.

    `states` are those in which the act is possible: judging, unless it is said otherwise.
    """
    found = (
        (one, _refusal(state, subject, claim, actor=actor, states=states))
        for one, state, subject, claim in sheets
    )
    return {inspection_id: reason for inspection_id, reason in found if reason is not None}


def _refusal(
    state: State, subject: Subject, claim: Claim | None, *, actor: Actor, states: Collection[State]
) -> str | None:
    try:
        require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=subject)
    except NotAllowed as refusal:
        return refusal.message
    except NotFound:
        return UNKNOWN_SHEET
    if state not in states:
        return _NOT_NOW.get(state, _ELSEWHERE)
    return claim.sentence if claim is not None and not claim.is_of(actor) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sheet without flags. `open_items` counts those without a judgement; `refusal` says why it is left out."""

    id: InspectionId
    revision_id: RevisionId
    unit_name: str
    department: str
    share: str
    version: int
    applicable: int
    open_items: int
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The sheets of a campaign without flags: those that the reviewer may accept together, and those left out."""

    allowed: tuple[Candidate, ...]
    refused: tuple[Candidate, ...]


def candidates(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> Candidates:
    """Return the sheets in the lane 問題なし, in a number of statements that does not grow with them.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    today = business_date(now)
    rows = session.execute(
        to_judge(
            select(
                Inspection.id,
                holder(day=today).label("unit_id"),
                Inspection.system_name,
                Revision.id.label("revision_id"),
                *(Revision.__table__.c[name] for name in ("state", "version", "applicable")),
                *(Revision.__table__.c[name] for name in ("self_earned", "self_possible")),
            )
        )
        .where(
            queue_scope(actor).where(holder(day=today)),
            Inspection.campaign_id == campaign_id,
            in_lane(Lane.CLEAR),
        )
        .order_by(Revision.state_since, Inspection.id)
    ).all()
    revision_ids = [RevisionId(row.revision_id) for row in rows]
    judged = _judged(session, revision_ids=revision_ids)
    tree = tree_on(session, day=today)
    subjects = reviewing_subjects(
        session, sheets={InspectionId(row.id): UnitId(row.unit_id) for row in rows}, today=today
    )
    claims = claims_of(session, revision_ids=revision_ids, now=now)
    refused = refusals_of(
        [
            (
                InspectionId(row.id),
                State(row.state),
                subjects[InspectionId(row.id)],
                claims.get(RevisionId(row.revision_id)),
            )
            for row in rows
        ],
        actor=actor,
    )
    found = []
    for row in rows:
        path = tree.path(UnitId(row.unit_id))
        share = share_of(row.self_earned, row.self_possible)
        found.append(
            Candidate(
                id=InspectionId(row.id),
                revision_id=RevisionId(row.revision_id),
                unit_name=sheet_name(
                    path[-1].name if path else "（廃止された所属）", system_name=row.system_name
                ),
                department=path[0].name if len(path) > 1 else "",
                share=percent(share),
                version=row.version,
                applicable=row.applicable,
                open_items=row.applicable - judged.get(RevisionId(row.revision_id), 0),
                refusal=refused.get(InspectionId(row.id)),
            )
        )
    return Candidates(
        allowed=tuple(one for one in found if one.refusal is None and one.open_items > 0),
        refused=tuple(one for one in found if one.refusal is not None),
    )


def _judged(session: Session, *, revision_ids: Iterable[RevisionId]) -> Mapping[RevisionId, int]:
    rows = session.execute(
        select(ItemReview.revision_id, func.count())
        .where(ItemReview.revision_id.in_(list(revision_ids)))
        .group_by(ItemReview.revision_id)
    )
    return {RevisionId(revision_id): count for revision_id, count in rows}


# ------------------------------------------------------------------------------------------- the sample


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """A sample as it is kept: the sheets it was drawn from, the drawn ones, and those of them not yet opened."""

    id: UUID
    campaign_id: CampaignId
    seed: str
    rules_version: int
    drawn_at: datetime
    used: bool
    sheets: frozenset[RevisionId]
    opened: Mapping[RevisionId, datetime | None]

    @property
    def still_to_open(self) -> frozenset[RevisionId]:
        """Return the drawn sheets that were not opened yet."""
        return frozenset(revision_id for revision_id, at in self.opened.items() if at is None)


def find_sample(session: Session, *, actor: Actor, sample_id: UUID, lock: Lock = Lock.NONE) -> SampleRow:
    """Return the reviewer's own sample.

    Raises:
        NotFound: there is none of this reviewer.
    """
    wanted = select(ReviewSample).where(
        ReviewSample.id == sample_id, ReviewSample.reviewer_id == actor.person_id
    )
    row = session.scalars(wanted.with_for_update() if lock is Lock.HELD else wanted).one_or_none()
    if row is None:
        raise NotFound
    return _sample(session, row)


def _sample(session: Session, row: ReviewSample) -> SampleRow:
    sheets = session.scalars(select(ReviewSampleSheet).where(ReviewSampleSheet.sample_id == row.id)).all()
    used = session.scalar(select(func.count()).where(ReviewBatch.sample_id == row.id))
    return SampleRow(
        id=row.id,
        campaign_id=CampaignId(row.campaign_id),
        seed=row.seed,
        rules_version=row.rules_version,
        drawn_at=row.drawn_at,
        used=bool(used),
        sheets=frozenset(RevisionId(one.revision_id) for one in sheets),
        opened={RevisionId(one.revision_id): one.opened_at for one in sheets if one.drawn},
    )


def _current_sample(session: Session, *, actor: Actor, campaign_id: CampaignId) -> SampleRow | None:
    """Return the reviewer's newest sample that was not used yet and was drawn under the rules as they are."""
    row = session.scalars(
        select(ReviewSample)
        .where(
            ReviewSample.reviewer_id == actor.person_id,
            ReviewSample.campaign_id == campaign_id,
            ReviewSample.rules_version == FLAG_RULES_VERSION,
            ReviewSample.id.not_in(select(ReviewBatch.sample_id).where(ReviewBatch.sample_id.is_not(None))),
        )
        .order_by(ReviewSample.drawn_at.desc(), ReviewSample.id)
        .limit(1)
    ).one_or_none()
    return _sample(session, row) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSheet:
    """A drawn sheet; `waiting` says whether it can still be opened here (it may have gone back meanwhile)."""

    id: InspectionId
    unit_name: str
    opened_at: datetime | None
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePage:
    """The lane 問題なし of one campaign on its way to being accepted together."""

    campaign_id: CampaignId
    campaign_title: str
    rules_version: int
    sample: SampleRow | None
    drawn: tuple[DrawnSheet, ...]
    listed: tuple[Candidate, ...]
    added: tuple[Candidate, ...]
    refused: tuple[Candidate, ...]

    @property
    def items(self) -> int:
        """Count the items that would be accepted."""
        return sum(one.open_items for one in self.listed)

    @property
    def to_open(self) -> int:
        """Count the drawn sheets that are still to be opened."""
        return len(self.sample.still_to_open) if self.sample else 0


def lane_page(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> LanePage:
    """Return what would be accepted together, before anybody does it.

    Raises:
        NotAllowed: the actor does not follow the review.
        NotFound: there is no such campaign.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    campaign = campaign_row(session, campaign_id=campaign_id)
    found = candidates(session, actor=actor, campaign_id=campaign_id, now=now)
    sample = _current_sample(session, actor=actor, campaign_id=campaign_id)
    sheets = sample.sheets if sample else frozenset()
    return LanePage(
        campaign_id=campaign_id,
        campaign_title=campaign.title,
        rules_version=FLAG_RULES_VERSION,
        sample=sample,
        drawn=_drawn(session, sample=sample, today=business_date(now)) if sample else (),
        listed=tuple(one for one in found.allowed if sample is None or one.revision_id in sheets),
        added=tuple(one for one in found.allowed if sample is not None and one.revision_id not in sheets),
        refused=found.refused,
    )


def _drawn(session: Session, *, sample: SampleRow, today: date) -> tuple[DrawnSheet, ...]:
    rows = session.execute(
        select(
            Inspection.id,
            holder(day=today).label("unit_id"),
            Inspection.system_name,
            Revision.id.label("revision_id"),
            Revision.state,
        )
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(Revision.id.in_(list(sample.opened)))
        .order_by(Inspection.id)
    ).all()
    tree = tree_on(session, day=today)
    return tuple(
        DrawnSheet(
            id=InspectionId(row.id),
            unit_name=sheet_name(
                unit.name if (unit := tree.by_id.get(UnitId(row.unit_id))) else "（廃止された所属）",
                system_name=row.system_name,
            ),
            opened_at=sample.opened[RevisionId(row.revision_id)],
            waiting=State(row.state) in REVIEWABLE,
        )
        for row in rows
    )


# ------------------------------------------------------------------------------------------- what was done


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """An act on many sheets as it is kept.

    Attributes:
        sheets: every sheet of it; open_sheets: those on which it was not undone.
        items: the judgements of the act by revision: item and version.
    """

    id: UUID
    campaign_id: CampaignId
    item_id: ItemId | None
    reviewer_id: PersonId
    rules_version: int
    judged_at: datetime
    sheets: Mapping[RevisionId, InspectionId]
    open_sheets: Mapping[RevisionId, InspectionId]
    items: Mapping[RevisionId, Mapping[ItemId, int]]


def find_batch(session: Session, *, batch_id: UUID, lock: Lock = Lock.NONE) -> BatchRow:
    """Return an act on many sheets.

    Raises:
        NotFound: there is none.
    """
    wanted = select(ReviewBatch).where(ReviewBatch.id == batch_id)
    row = session.scalars(wanted.with_for_update() if lock is Lock.HELD else wanted).one_or_none()
    if row is None:
        raise NotFound
    sheets = session.execute(
        select(ReviewBatchSheet.revision_id, ReviewBatchSheet.undone_at, Revision.inspection_id)
        .join(Revision, Revision.id == ReviewBatchSheet.revision_id)
        .where(ReviewBatchSheet.batch_id == batch_id)
    ).all()
    items: dict[RevisionId, dict[ItemId, int]] = {}
    for one in session.execute(
        select(ReviewBatchItem.revision_id, ReviewBatchItem.item_id, ReviewBatchItem.version).where(
            ReviewBatchItem.batch_id == batch_id
        )
    ):
        items.setdefault(RevisionId(one.revision_id), {})[ItemId(one.item_id)] = one.version
    return BatchRow(
        id=row.id,
        campaign_id=CampaignId(row.campaign_id),
        item_id=ItemId(row.item_id) if row.item_id else None,
        reviewer_id=PersonId(row.reviewer_id),
        rules_version=row.rules_version,
        judged_at=row.judged_at,
        sheets={RevisionId(one.revision_id): InspectionId(one.inspection_id) for one in sheets},
        open_sheets={
            RevisionId(one.revision_id): InspectionId(one.inspection_id)
            for one in sheets
            if one.undone_at is None
        },
        items=items,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSheetLine:
    """One sheet of an act: what was judged, what of it somebody touched since, and where the sheet stands now."""

    id: InspectionId
    unit_name: str
    state: State
    items: int
    touched: int
    decided: int
    applicable: int
    undone: bool

    @property
    def undoable(self) -> bool:
        """Whether undoing would take anything back here."""
        return not self.undone and self.state in UNDOABLE and self.touched < self.items

    @property
    def complete(self) -> bool:
        """Whether everything is judged, so that the review can end."""
        return not self.undone and self.state is State.UNDER_REVIEW and self.decided == self.applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """An act on many sheets, to be looked at, undone, or brought to its end."""

    id: UUID
    campaign_id: CampaignId
    campaign_title: str
    about: str
    item_code: str | None
    reviewer: str
    judged_at: datetime
    rules_version: int
    lines: tuple[BatchSheetLine, ...]

    @property
    def items(self) -> int:
        """Count the judgements of the act."""
        return sum(line.items for line in self.lines)

    @property
    def undoable(self) -> tuple[BatchSheetLine, ...]:
        """Return the sheets on which the act can be undone."""
        return tuple(line for line in self.lines if line.undoable)

    @property
    def complete(self) -> tuple[BatchSheetLine, ...]:
        """Return the sheets of which the review can end."""
        return tuple(line for line in self.lines if line.complete)


def batch_page(session: Session, *, actor: Actor, batch_id: UUID, today: date) -> BatchPage:
    """Return an act on many sheets, in a number of statements that does not grow with them.

    Raises:
        NotAllowed: the actor does not follow the review.
        NotFound: there is no such act.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    batch = find_batch(session, batch_id=batch_id)
    campaign: Campaign = campaign_row(session, campaign_id=batch.campaign_id)
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    item = edition.items.get(batch.item_id) if batch.item_id else None
    names = people_by_id(session, person_ids=[batch.reviewer_id])
    return BatchPage(
        id=batch.id,
        campaign_id=batch.campaign_id,
        campaign_title=campaign.title,
        about=f"{item.number}　{item.statement}" if item else "印のない所属をまとめて受理",
        item_code=item.key if item else None,
        reviewer=names[batch.reviewer_id].name if batch.reviewer_id in names else "（不明）",
        judged_at=batch.judged_at,
        rules_version=batch.rules_version,
        lines=_lines(session, batch=batch, actor=actor, today=today),
    )


def _lines(session: Session, *, batch: BatchRow, actor: Actor, today: date) -> tuple[BatchSheetLine, ...]:
    scope = queue_scope(actor)
    rows = session.execute(
        select(holder(day=today).label("unit_id"), Inspection.id, Inspection.system_name, Revision)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .where(Revision.id.in_(list(batch.sheets)), scope.where(holder(day=today)))
    ).all()
    standing = _standing(session, revision_ids=list(batch.sheets))
    tree = tree_on(session, day=today)
    lines = []
    for unit_id, inspection_id, system_name, revision in rows:
        own, unit = batch.items.get(RevisionId(revision.id), {}), tree.by_id.get(UnitId(unit_id))
        stands = standing.get(RevisionId(revision.id), {})
        lines.append(
            BatchSheetLine(
                id=InspectionId(inspection_id),
                unit_name=sheet_name(unit.name if unit else "（廃止された所属）", system_name=system_name),
                state=State(revision.state),
                items=len(own),
                touched=sum(1 for item_id, version in own.items() if stands.get(item_id) != version),
                decided=revision.decided,
                applicable=revision.applicable,
                undone=RevisionId(revision.id) not in batch.open_sheets,
            )
        )
    order = {unit.id: place for place, unit in enumerate(tree.units)}
    places = {InspectionId(row.id): order.get(UnitId(row.unit_id), len(order)) for row in rows}
    return tuple(sorted(lines, key=lambda line: (places[line.id], line.unit_name)))


def _standing(
    session: Session, *, revision_ids: list[RevisionId]
) -> Mapping[RevisionId, Mapping[ItemId, int]]:
    """Return the versions of the judgements that stand now."""
    found: dict[RevisionId, dict[ItemId, int]] = {}
    for row in session.execute(
        select(ItemReview.revision_id, ItemReview.item_id, ItemReview.version).where(
            ItemReview.revision_id.in_(revision_ids)
        )
    ):
        found.setdefault(RevisionId(row.revision_id), {})[ItemId(row.item_id)] = row.version
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """An act on many sheets in a list."""

    id: UUID
    about: str
    reviewer: str
    judged_at: datetime
    sheets: int


def recent_batches(session: Session, *, actor: Actor, limit: int = 5) -> tuple[BatchLine, ...]:
    """Return the newest acts on many sheets, so that one that was a mistake is found again: two statements.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    count = (
        select(func.count())
        .where(ReviewBatchSheet.batch_id == ReviewBatch.id)
        .correlate(ReviewBatch)
        .scalar_subquery()
    )
    rows = session.execute(
        select(ReviewBatch, count.label("sheets"))
        .order_by(ReviewBatch.judged_at.desc(), ReviewBatch.id)
        .limit(limit)
    ).all()
    names = people_by_id(session, person_ids=[PersonId(row.ReviewBatch.reviewer_id) for row in rows])
    return tuple(
        BatchLine(
            id=row.ReviewBatch.id,
            about="1項目を横並びで判断" if row.ReviewBatch.item_id else "印のない所属をまとめて受理",
            reviewer=names[PersonId(row.ReviewBatch.reviewer_id)].name,
            judged_at=row.ReviewBatch.judged_at,
            sheets=row.sheets,
        )
        for row in rows
    )
