"""The manager's page: both scores, what the review changed, and who did what; and the page of a reopening."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.inspections.models import AnswerHistory, Approval, ItemReviewHistory, Reopening, SealedRevision
from app.inspections.queries.review import Offer, approvals_of, name_of, offers
from app.inspections.queries.score import Judgements, ScoreTable, score_table, unit_name_of
from app.inspections.queries.sheet import (
    Sheet,
    content_of_sheet,
    facts_of,
    find_sheet,
    subject_of,
)
from app.inspections.rules import Action, ApprovalKind, Capacity, Origin, ReopeningOutcome, State
from app.kernel.errors import NotAllowed, NotNow
from app.kernel.ids import InspectionId, PersonId, RevisionId
from app.people.queries import people_by_id
from app.people.rules import PersonView


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Somebody's part in a sheet: how many answers or judgements, and when the last of them."""

    person: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One approval with the digest of what was approved."""

    kind: ApprovalKind
    capacity: Capacity
    person: str
    at: datetime
    digest: str
    comment: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffPage:
    """Everything that a manager looks at before signing off.

    Attributes:
        recorded, approvals, reviewed: who took part; whoever signs off is none of them.
        digest: of the content as it is now; what is sealed is exactly what a head approved.
    """

    sheet: Sheet
    unit_name: str
    table: ScoreTable
    judged: int
    returned: int
    recorded: tuple[Part, ...]
    approvals: tuple[ApprovalLine, ...]
    reviewed: tuple[Part, ...]
    digest: str
    offers: Mapping[Action, Offer]

    @property
    def waits(self) -> tuple[str, ...]:
        """Return what the sign-off still waits for, in sentences."""
        offer = self.offers.get(Action.SIGN_OFF)
        return offer.waits if offer else ()

    @property
    def same_as_approved(self) -> bool:
        """Whether the last approval is of exactly this content."""
        return bool(self.approvals) and self.approvals[-1].digest == self.digest


def sign_off_page(session: Session, *, actor: Actor, inspection_id: InspectionId, today: date) -> SignOffPage:
    """Return the page on which a sheet is signed off.

    Raises:
        NotFound: there is no such sheet for the actor.
        NotAllowed: the actor may see the sheet and not sign it off; the message says why.
        NotNow: the review has not ended, or the sheet is already sealed.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    subject = subject_of(session, sheet=sheet, today=today)
    require(Permission.UNIT_INSPECTION_SIGN_OFF, actor=actor, subject=subject)
    if sheet.state is not State.REVIEWED:
        raise NotNow("この点検票は、確定を待つ状態ではありません。審査の途中か、もう確定しています。")
    content = content_of_sheet(session, sheet=sheet)
    recorded = _recorded(session, revision_id=sheet.revision_id)
    reviewed = _reviewed(session, revision_id=sheet.revision_id)
    approvals = approvals_of(session, revision_id=sheet.revision_id)
    names = people_by_id(
        session, person_ids={*recorded, *reviewed, *(PersonId(row.approved_by) for row in approvals)}
    )
    return SignOffPage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        table=score_table(sheet, content, judgements=Judgements.SHOWN),
        judged=content.decided,
        returned=len({entry.item_id for entry in content.returns}),
        recorded=_parts(recorded, names=names),
        approvals=tuple(_approval(row, names=names, digest=content.digest) for row in approvals),
        reviewed=_parts(reviewed, names=names),
        digest=content.digest,
        offers=offers(sheet, facts_of(sheet, content, today=today), actor=actor, subject=subject),
    )


Counted = dict[PersonId, tuple[int, datetime]]


def _recorded(session: Session, *, revision_id: RevisionId) -> Counted:
    """Return who recorded answers; rows carried over by a reopening name who recorded them before."""
    rows = session.execute(
        select(AnswerHistory.answered_by, func.count(), func.max(AnswerHistory.answered_at))
        .where(AnswerHistory.revision_id == revision_id, AnswerHistory.origin != Origin.RESTORED.value)
        .group_by(AnswerHistory.answered_by)
    )
    return {PersonId(person): (count, last) for person, count, last in rows}


def _reviewed(session: Session, *, revision_id: RevisionId) -> Counted:
    rows = session.execute(
        select(ItemReviewHistory.reviewed_by, func.count(), func.max(ItemReviewHistory.reviewed_at))
        .where(ItemReviewHistory.revision_id == revision_id)
        .group_by(ItemReviewHistory.reviewed_by)
    )
    return {PersonId(person): (count, last) for person, count, last in rows}


def _parts(counted: Counted, *, names: Mapping[PersonId, PersonView]) -> tuple[Part, ...]:
    """Return the parts, whoever did most first."""
    ordered = sorted(counted.items(), key=lambda entry: (-entry[1][0], name_of(names, entry[0])))
    return tuple(
        Part(person=name_of(names, person), count=count, last_at=last) for person, (count, last) in ordered
    )


def _approval(row: Approval, *, names: Mapping[PersonId, PersonView], digest: str) -> ApprovalLine:
    return ApprovalLine(
        kind=ApprovalKind(row.kind),
        capacity=Capacity(row.capacity),
        person=name_of(names, PersonId(row.approved_by)),
        at=row.approved_at,
        digest=row.content_digest,
        comment=row.comment,
        current=row.content_digest == digest,
    )


class ReopeningStep(StrEnum):
    """What somebody can do on the page of a reopening."""

    REQUEST = "request"
    CONFIRM = "confirm"
    TAKE_BACK = "take_back"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningRequest:
    """Who asked to open a sealed sheet again, and why; who declined it or took it back, and why."""

    person: str
    reason: str
    at: datetime
    outcome: ReopeningOutcome | None
    decided_by: str
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningPage:
    """Opening a sealed sheet again: one asks, another agrees or declines. `ended` are the requests that led to nothing."""

    sheet: Sheet
    unit_name: str
    sealed_at: datetime
    sealed_by: str
    digest: str
    request: ReopeningRequest | None
    ended: tuple[ReopeningRequest, ...]
    step: ReopeningStep


def reopening_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, today: date
) -> ReopeningPage:
    """Return the page on which a sealed sheet is opened again.

    Raises:
        NotFound: there is no such sheet for the actor.
        NotAllowed: the actor may see the sheet, and neither ask nor agree.
        NotNow: the sheet is not sealed.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    subject = subject_of(session, sheet=sheet, today=today)
    asks = may(Permission.UNIT_INSPECTION_REOPEN_REQUEST, actor=actor, subject=subject)
    agrees = may(Permission.UNIT_INSPECTION_REOPEN_CONFIRM, actor=actor, subject=subject)
    if not (asks or agrees):
        sentence = "点検票を再開できるのは、情報主管課と統括です。必要なときは情報主管課に相談してください。"
        raise NotAllowed(sentence)
    if not sheet.sealed:
        raise NotNow("再開できるのは、確定したか、未提出で締め切ったか、対象から外した点検票だけです。")
    sealed = session.scalars(
        select(SealedRevision).where(SealedRevision.revision_id == sheet.revision_id)
    ).one()
    rows = session.scalars(
        select(Reopening).where(Reopening.revision_id == sheet.revision_id).order_by(Reopening.sequence)
    ).all()
    people = {PersonId(one) for row in rows for one in (row.requested_by, row.decided_by) if one is not None}
    names = people_by_id(session, person_ids=people | {PersonId(sealed.sealed_by)})
    waiting = next((row for row in rows if row.decided_at is None), None)
    return ReopeningPage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        sealed_at=sealed.sealed_at,
        sealed_by=name_of(names, PersonId(sealed.sealed_by)),
        digest=sealed.digest,
        request=_request(waiting, names=names) if waiting else None,
        ended=tuple(_request(row, names=names) for row in rows if row.decided_at is not None),
        step=_step(waiting, asks=asks, agrees=agrees, own=actor.person_id in subject.requested_by),
    )


def _request(row: Reopening, *, names: Mapping[PersonId, PersonView]) -> ReopeningRequest:
    return ReopeningRequest(
        person=name_of(names, PersonId(row.requested_by)),
        reason=row.reason,
        at=row.requested_at,
        outcome=ReopeningOutcome(row.outcome) if row.outcome else None,
        decided_by=name_of(names, PersonId(row.decided_by)) if row.decided_by else "",
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def _step(waiting: Reopening | None, *, asks: bool, agrees: bool, own: bool) -> ReopeningStep:
    if waiting is None:
        return ReopeningStep.REQUEST if asks else ReopeningStep.WAIT
    if own and asks:
        return ReopeningStep.TAKE_BACK
    return ReopeningStep.CONFIRM if agrees else ReopeningStep.WAIT
