"""One sheet as rules and pages see it: the obligation, its current revision, its people."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, and_, bindparam, exists, func, literal, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.checklists.queries import load_edition
from app.checklists.rules import Edition, Item
from app.db.base import Base
from app.inspections.models import (
    Answer,
    AnswerEvidence,
    AnswerHistory,
    Approval,
    Campaign,
    Extension,
    Inspection,
    ItemReturn,
    ItemReview,
    ItemReviewHistory,
    ProfileFlag,
    ProfileHistory,
    Reopening,
    Revision,
    SheetStepRow,
)
from app.inspections.queries.evidence_links import Links, links_of, links_of_many
from app.inspections.queries.holding import HOLDER
from app.inspections.rules import (
    DECIDED,
    SEALED,
    Action,
    AnswerFact,
    CampaignDates,
    CampaignKind,
    Completeness,
    Judgement,
    Origin,
    SheetFacts,
    State,
    completeness,
    content_digest,
)
from app.kernel.clock import business_date
from app.kernel.errors import NotFound
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, PersonId, RevisionId, UnitId
from app.organisation.queries import lineage_until, tree_on, units_with
from app.organisation.rules import UnitFunction, UnitTree
from app.people.queries import next_heads, next_signers


class Lock(StrEnum):
    """Whether the revision's row is held until the end of the transaction."""

    NONE = "none"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """What a sheet's pages need of its campaign."""

    id: CampaignId
    title: str
    kind: CampaignKind
    fiscal_year: FiscalYear
    dates: CampaignDates
    notice: str
    taking_over: bool


FIRST_STATES: Final = frozenset({State.ANSWERING, State.AWAITING_HEAD})
"""Where a first revision stands until its head approves it; no step leads back here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An inspection with its current revision, without its answers.

    `unit_id`: the unit that answers for it on the actor's day; `origin_id`: the unit for which it was opened, which documents name.
    `extended_to`: until when its unit was given more time; `asks_for_time`: whether a request for more waits for its decision.
    """

    id: InspectionId
    revision_id: RevisionId
    unit_id: UnitId
    origin_id: UnitId
    system_name: str | None
    campaign: CampaignLine
    edition: Edition
    number: int
    state: State
    state_since: datetime
    version: int
    return_round: int
    applicable: int
    answered: int
    decided: int
    previous_revision_id: RevisionId | None
    extended_to: date | None = None
    asks_for_time: bool = False

    @property
    def dates(self) -> CampaignDates:
        """The dates that count for this sheet: the campaign's, or those of its extension."""
        return self.campaign.dates.extended(self.extended_to)

    @property
    def sealed(self) -> bool:
        """Whether the revision never changes again."""
        return self.state in SEALED

    def locked(self, today: date) -> bool:
        """Return whether the grace date passed while the department was still answering."""
        return self.dates.locked(self.state, since=business_date(self.state_since), today=today)

    @property
    def only_with_department(self) -> bool:
        """Whether nobody beyond a first handing over has acted: there is no approval, judgement or return to look up."""
        return self.number == 1 and self.state in FIRST_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The unit's profile on a sheet: each flag with its value, and which were not yet confirmed."""

    flags: Mapping[str, bool]
    unconfirmed: frozenset[str]


def find_sheet(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    lock: Lock = Lock.NONE,
    number: int | None = None,
) -> Sheet:
    """Return a sheet that the actor may see: its current revision, or the one of a number.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    row = _sheet_row(session, inspection_id=inspection_id, day=actor.day, lock=lock, number=number)
    if row is None and lock is Lock.HELD:
        # PostgreSQL waited for the row of a revision that stopped being the current one: now there is another.
        row = _sheet_row(session, inspection_id=inspection_id, day=actor.day, lock=lock, number=number)
    if row is None:
        raise NotFound
    sheet = _sheet_of(session, row)
    subject = Subject(unit_id=sheet.unit_id)
    if sheet.sealed and not may(Permission.UNIT_INSPECTION_READ, actor=actor, subject=subject):
        subject = replace(subject, inherited_by=_inherited_by(session, sheet=sheet, day=actor.day))
    require(Permission.UNIT_INSPECTION_READ, actor=actor, subject=subject)
    return sheet


def _inherited_by(session: Session, *, sheet: Sheet, day: date) -> frozenset[UnitId]:
    """Return to which units a part of the sheet's unit went since its base date: asked for only where nobody else lets a reader in."""
    lineage = lineage_until(session, day=day)
    return lineage.heirs_since(sheet.origin_id, day=sheet.campaign.dates.base_date)


_INSPECTION: Final = Inspection.__table__.c
_REVISION: Final = Revision.__table__.c
_CAMPAIGN: Final = Campaign.__table__.c
_EXTENSION: Final = Extension.__table__.c
_SHEET: Final = (
    select(
        _INSPECTION.id.label("inspection_id"),
        HOLDER.label("unit_id"),
        _INSPECTION.unit_id.label("origin_id"),
        *(_INSPECTION[name] for name in ("campaign_id", "previous_revision_id")),
        _REVISION.id.label("revision_id"),
        *(_REVISION[name] for name in ("number", "state", "state_since", "version", "return_round")),
        *(_REVISION[name] for name in ("applicable", "answered", "decided", "extended_to")),
        *(_CAMPAIGN[name] for name in ("title", "kind", "fiscal_year", "edition_id", "notice")),
        _CAMPAIGN.taking_over,
        _INSPECTION.system_name,
        *(_CAMPAIGN[name] for name in CampaignDates.__dataclass_fields__),
        exists()
        .where(_EXTENSION.revision_id == _REVISION.id, _EXTENSION.decided_at.is_(None))
        .correlate(Revision.__table__)
        .label("asks_for_time"),
    )
    .join_from(Inspection.__table__, Revision.__table__, _REVISION.inspection_id == _INSPECTION.id)
    .join(Campaign.__table__, _CAMPAIGN.id == _INSPECTION.campaign_id)
)
_ONE: Final = _INSPECTION.id == bindparam("inspection")
_CURRENT: Final = _SHEET.where(_ONE, _REVISION.current.is_(True))
_NUMBERED: Final = _SHEET.where(_ONE, _REVISION.number == bindparam("number"))
_SHEETS: Final = {
    Lock.NONE: (_CURRENT, _NUMBERED),
    Lock.HELD: tuple(query.with_for_update(of=Revision.__table__) for query in (_CURRENT, _NUMBERED)),
}
"""Built once, on the tables themselves: every page and every save of an answer begins here."""


def find_sheets(
    session: Session, *, actor: Actor, inspection_ids: Iterable[InspectionId], lock: Lock = Lock.NONE
) -> Mapping[InspectionId, Sheet]:
    """Return the current revisions of many sheets, as far as the actor may see them, in one statement.

    They are locked in the order of their ids, so that two acts on many sheets never wait for each other crosswise.
    """
    wanted = _SHEET.where(_REVISION.current.is_(True), _INSPECTION.id.in_(list(inspection_ids))).order_by(
        _INSPECTION.id
    )
    if lock is Lock.HELD:
        wanted = wanted.with_for_update(of=Revision.__table__)
    sheets = (
        _sheet_of(session, row) for row in session.connection().execute(wanted, {"day": actor.day}).all()
    )
    return {
        sheet.id: sheet
        for sheet in sheets
        if may(Permission.UNIT_INSPECTION_READ, actor=actor, subject=Subject(unit_id=sheet.unit_id))
    }


def _sheet_row(
    session: Session, *, inspection_id: InspectionId, day: date, lock: Lock, number: int | None
) -> Row[*tuple[Any, ...]] | None:
    current, numbered = _SHEETS[lock]
    if number is None:
        return session.connection().execute(current, {"inspection": inspection_id, "day": day}).one_or_none()
    values = {"inspection": inspection_id, "number": number, "day": day}
    return session.connection().execute(numbered, values).one_or_none()


def _sheet_of(session: Session, row: Row[*tuple[Any, ...]]) -> Sheet:
    return Sheet(
        id=InspectionId(row.inspection_id),
        revision_id=RevisionId(row.revision_id),
        unit_id=UnitId(row.unit_id),
        origin_id=UnitId(row.origin_id),
        system_name=row.system_name,
        campaign=CampaignLine(
            id=CampaignId(row.campaign_id),
            title=row.title,
            kind=CampaignKind(row.kind),
            fiscal_year=FiscalYear(row.fiscal_year),
            dates=campaign_dates(row),
            notice=row.notice,
            taking_over=row.taking_over,
        ),
        edition=load_edition(session, edition_id=EditionId(row.edition_id)),
        number=row.number,
        state=State(row.state),
        state_since=row.state_since,
        version=row.version,
        return_round=row.return_round,
        applicable=row.applicable,
        answered=row.answered,
        decided=row.decided,
        previous_revision_id=RevisionId(row.previous_revision_id) if row.previous_revision_id else None,
        extended_to=row.extended_to,
        asks_for_time=bool(row.asks_for_time),
    )


def campaign_line(campaign: Campaign) -> CampaignLine:
    """Return what pages need of a campaign."""
    return CampaignLine(
        id=CampaignId(campaign.id),
        title=campaign.title,
        kind=CampaignKind(campaign.kind),
        fiscal_year=FiscalYear(campaign.fiscal_year),
        dates=campaign_dates(campaign),
        notice=campaign.notice,
        taking_over=campaign.taking_over,
    )


def campaign_dates(campaign: Campaign | Row[*tuple[Any, ...]]) -> CampaignDates:
    """Return the dates of a campaign."""
    return CampaignDates(
        base_date=campaign.base_date,
        answer_from=campaign.answer_from,
        answer_due=campaign.answer_due,
        approval_due=campaign.approval_due,
        review_due=campaign.review_due,
        grace_until=campaign.grace_until,
    )


def subject_of(session: Session, *, sheet: Sheet, today: date, tree: UnitTree | None = None) -> Subject:
    """Return what the permission table needs to know of a sheet: its unit, and everybody who took part in any revision of it.

    `next_heads` and `next_signers` keep separation of duties from ever being a dead end.
    """
    return subjects_of(session, sheets={sheet.id: sheet.unit_id}, today=today, tree=tree)[sheet.id]


def subjects_of(
    session: Session, *, sheets: Mapping[InspectionId, UnitId], today: date, tree: UnitTree | None = None
) -> Mapping[InspectionId, Subject]:
    """Return `subject_of` of many sheets at once, in a number of statements that does not grow with them."""
    if not sheets:
        return {}
    took_part = took_part_in(session, inspection_ids=sheets)
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=today)
    parts = [(unit_id, took_part.get(inspection_id, NOBODY)) for inspection_id, unit_id in sheets.items()]
    heads = next_heads(
        session,
        sheets=[(unit_id, part.recorded | part.reviewed) for unit_id, part in parts],
        day=today,
        tree=tree or tree_on(session, day=today),
    )
    signers = next_signers(
        session,
        sheets=[(unit_id, part.recorded | part.approved | part.reviewed) for unit_id, part in parts],
        day=today,
    )
    return {
        inspection_id: replace(_subject(unit_id, part=part, lead=lead), next_heads=above, next_signers=higher)
        for inspection_id, (unit_id, part), above, higher in zip(sheets, parts, heads, signers, strict=True)
    }


def reviewing_subjects(
    session: Session, *, sheets: Mapping[InspectionId, UnitId], today: date
) -> Mapping[InspectionId, Subject]:
    """Return what the permissions to read and to review look at, in two statements: in a review nobody stands in for anybody.

    A subject without those who stand in never allows more than the whole one.
    """
    if not sheets:
        return {}
    took_part = took_part_in(session, inspection_ids=sheets)
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=today)
    parts = ((one, unit_id, took_part.get(one, NOBODY)) for one, unit_id in sheets.items())
    return {one: _subject(unit_id, part=part, lead=lead) for one, unit_id, part in parts}


def _subject(unit_id: UnitId, *, part: "TookPart", lead: frozenset[UnitId]) -> Subject:
    return Subject(
        unit_id=unit_id,
        belongs_to_lead=unit_id in lead,
        recorded_by=part.recorded,
        approved_by=part.approved,
        reviewed_by=part.reviewed,
        requested_by=part.requested,
    )


def answering_subject(session: Session, *, sheet: Sheet) -> Subject:
    """Return what the permission to answer looks at; before any review there is nothing to look up."""
    if sheet.number == 1 and sheet.state is State.ANSWERING:
        return Subject(unit_id=sheet.unit_id)
    part = took_part_in(session, inspection_ids=[sheet.id]).get(sheet.id, NOBODY)
    return Subject(unit_id=sheet.unit_id, reviewed_by=part.reviewed)


_REVIEWING: Final = [
    action.value
    for action in (Action.START_REVIEW, Action.RETURN_ITEMS, Action.CANCEL_RETURN, Action.FINISH_REVIEW)
]
"""Who does one of these took part in the review, also without judging an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TookPart:
    """Who recorded, approved, reviewed, or waits for a reopening, over all revisions of a sheet."""

    recorded: frozenset[PersonId] = frozenset()
    approved: frozenset[PersonId] = frozenset()
    reviewed: frozenset[PersonId] = frozenset()
    requested: frozenset[PersonId] = frozenset()


NOBODY: Final = TookPart()
_THE_SHEETS: Final = bindparam("sheets", expanding=True, type_=Uuid())


def _part(
    role: str,
    table: type[Base],
    person: InstrumentedAttribute[UUID],
    origin: InstrumentedAttribute[str] | None = None,
) -> Select[UUID, str, UUID]:
    """Return one part of the statement: what was only carried over or put back is nobody's act."""
    revision_id = table.__table__.c.revision_id
    query = (
        select(Revision.inspection_id, literal(role).label("role"), person)
        .join_from(table, Revision, Revision.id == revision_id)
        .where(Revision.inspection_id.in_(_THE_SHEETS))
    )
    return query if origin is None else query.where(origin == Origin.GIVEN.value)


_TOOK_PART: Final = union(
    _part("recorded", AnswerHistory, AnswerHistory.answered_by, AnswerHistory.origin),
    _part("recorded", AnswerEvidence, AnswerEvidence.done_by, AnswerEvidence.origin),
    _part("recorded", ProfileHistory, ProfileHistory.confirmed_by, ProfileHistory.origin),
    _part("approved", Approval, Approval.approved_by),
    _part("reviewed", ItemReviewHistory, ItemReviewHistory.reviewed_by),
    _part("reviewed", SheetStepRow, SheetStepRow.done_by).where(SheetStepRow.action.in_(_REVIEWING)),
    _part("requested", Reopening, Reopening.requested_by).where(Reopening.decided_at.is_(None)),
)
"""Built once for the process: it has seven parts, each with the ids of all sheets asked for."""


def took_part_in(
    session: Session, *, inspection_ids: Iterable[InspectionId]
) -> Mapping[InspectionId, TookPart]:
    """Return who took part in sheets, in one statement; sheets in which nobody did are left out."""
    rows = session.execute(_TOOK_PART, {"sheets": list(inspection_ids)})
    found: dict[InspectionId, dict[str, set[PersonId]]] = {}
    for inspection_id, role, person_id in rows:
        found.setdefault(InspectionId(inspection_id), {}).setdefault(role, set()).add(PersonId(person_id))
    return {
        inspection_id: TookPart(**{role: frozenset(people) for role, people in parts.items()})
        for inspection_id, parts in found.items()
    }


_FLAG: Final = ProfileFlag.__table__.c
_PROFILE: Final = select(_FLAG.flag, _FLAG.is_on, _FLAG.confirmed_at).where(
    _FLAG.revision_id == bindparam("revision")
)


def profile_of(session: Session, *, revision_id: RevisionId) -> Profile:
    """Return the profile of a revision."""
    return _profile(session.connection().execute(_PROFILE, {"revision": revision_id}).all())


def _profile(rows: Sequence[Row[*tuple[Any, ...]]]) -> Profile:
    return Profile(
        flags={row.flag: row.is_on for row in rows},
        unconfirmed=frozenset(row.flag for row in rows if row.confirmed_at is None),
    )


def profile_version(session: Session, *, revision_id: RevisionId) -> int:
    """Return how often the profile of a revision was confirmed; 0 when never."""
    found = session.scalar(
        select(func.max(ProfileHistory.version)).where(ProfileHistory.revision_id == revision_id)
    )
    return found or 0


def applicable_items(sheet: Sheet, profile: Profile) -> tuple[Item, ...]:
    """Return the items that apply to the unit of a sheet."""
    return sheet.edition.applicable(profile.flags)


_ANSWER: Final = Answer.__table__.c
_ANSWERS: Final = select(
    *(_ANSWER[name] for name in ("item_id", "level", "comment", "version", "answered_by", "answered_at")),
    *(_ANSWER[name] for name in ("action_due", "taken_over")),
).where(_ANSWER.revision_id == bindparam("revision"))
_SOME_ANSWERS: Final = _ANSWERS.where(_ANSWER.item_id.in_(bindparam("items", expanding=True)))


def answers_of(
    session: Session, *, revision_id: RevisionId, items: Collection[ItemId] | None = None
) -> dict[ItemId, AnswerFact]:
    """Return the answers of a revision as rules see them: all of them, or those to some items."""
    statement = _ANSWERS if items is None else _SOME_ANSWERS
    values = {"revision": revision_id} if items is None else {"revision": revision_id, "items": list(items)}
    return _facts(session.connection().execute(statement, values).all())


Saves = Mapping[ItemId, tuple[PersonId, datetime]]
"""Who saved the answers that stand, and when."""


def saves_of(session: Session, *, revision_id: RevisionId, items: Collection[ItemId]) -> Saves:
    """Return who saved the answers to some items, and when."""
    values = {"revision": revision_id, "items": list(items)}
    return _saves(session.connection().execute(_SOME_ANSWERS, values).all())


def _saves(rows: Iterable[Row[*tuple[Any, ...]]]) -> Saves:
    return {ItemId(row.item_id): (PersonId(row.answered_by), row.answered_at) for row in rows}


def _facts(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[ItemId, AnswerFact]:
    return {
        ItemId(row.item_id): AnswerFact(
            level=row.level,
            comment=row.comment,
            version=row.version,
            action_due=row.action_due,
            taken_over=row.taken_over,
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFact:
    """One judgement as rules see it."""

    judgement: Judgement
    reviewed_level: str | None
    remark: str
    return_due: date | None
    answer_version: int
    version: int
    reviewed_by: PersonId
    reviewed_at: datetime


def reviews_of(session: Session, *, revision_id: RevisionId) -> dict[ItemId, ReviewFact]:
    """Return the judgements of a revision."""
    return _review_facts(session.scalars(select(ItemReview).where(ItemReview.revision_id == revision_id)))


def _review_facts(rows: Iterable[ItemReview]) -> dict[ItemId, ReviewFact]:
    return {
        ItemId(row.item_id): ReviewFact(
            judgement=Judgement(row.judgement),
            reviewed_level=row.reviewed_level,
            remark=row.remark,
            return_due=row.return_due,
            answer_version=row.answer_version,
            version=row.version,
            reviewed_by=PersonId(row.reviewed_by),
            reviewed_at=row.reviewed_at,
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFact:
    """One item sent back in one round. `level`, `comment`, `action_due`, `taken_over`: the answer as it was when it was sent back.

    `evidence_changed` says whether other evidence stands beside it since then.
    """

    item_id: ItemId
    round: int
    remark: str
    due_on: date
    answer_version: int
    level: str | None
    comment: str
    action_due: date | None
    taken_over: bool
    returned_by: PersonId
    returned_at: datetime
    reply: str
    replied_at: datetime | None
    evidence_changed: bool = False


def returns_of(session: Session, *, revision_id: RevisionId) -> tuple[ReturnFact, ...]:
    """Return every return of a revision, oldest round first."""
    return _return_facts(session.execute(_RETURNS, {"ids": [revision_id]}))


_RETURNS: Final = (
    select(
        ItemReturn,
        ItemReturn.revision_id.label("revision_id"),
        AnswerHistory.level,
        AnswerHistory.comment,
        AnswerHistory.action_due,
        AnswerHistory.taken_over,
    )
    .join(
        AnswerHistory,
        and_(
            AnswerHistory.revision_id == ItemReturn.revision_id,
            AnswerHistory.item_id == ItemReturn.item_id,
            AnswerHistory.version == ItemReturn.answer_version,
        ),
    )
    .where(ItemReturn.revision_id.in_(bindparam("ids", expanding=True)))
    .order_by(ItemReturn.round)
)


def _return_facts(rows: Iterable[Row[*tuple[Any, ...]]]) -> tuple[ReturnFact, ...]:
    return tuple(
        ReturnFact(
            item_id=ItemId(row.item_id),
            round=row.round,
            remark=row.remark,
            due_on=row.due_on,
            answer_version=row.answer_version,
            level=level,
            comment=comment,
            action_due=action_due,
            taken_over=taken_over,
            returned_by=PersonId(row.returned_by),
            returned_at=row.returned_at,
            reply=row.reply,
            replied_at=row.replied_at,
        )
        for row, _, level, comment, action_due, taken_over in rows
    )


def open_returns(sheet: Sheet, returns: tuple[ReturnFact, ...]) -> dict[ItemId, ReturnFact]:
    """Return the items that the department is correcting now; empty unless the sheet is on that way."""
    if sheet.state not in {State.RETURNED, State.AWAITING_REAPPROVAL}:
        return {}
    return {entry.item_id: entry for entry in returns if entry.round == sheet.return_round}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContent:
    """Everything that guards and scores look at, loaded together."""

    profile: Profile
    items: tuple[Item, ...]
    applicable_ids: frozenset[ItemId]
    answers: Mapping[ItemId, AnswerFact]
    reviews: Mapping[ItemId, ReviewFact]
    returns: tuple[ReturnFact, ...]
    approved_digest: str | None
    saves: Saves
    evidence: Links = field(default_factory=Links)

    @property
    def last_saved(self) -> datetime | None:
        """Return when an answer was saved last."""
        return max((at for _, at in self.saves.values()), default=None)

    def completeness(self, sheet: Sheet) -> Completeness:
        """Count the answers over the items that apply."""
        return completeness(self.items, answers=self.answers, edition=sheet.edition)

    @property
    def digest(self) -> str:
        """Return the digest of what a head approves."""
        replies = sorted(
            (str(entry.item_id), entry.round, entry.reply) for entry in self.returns if entry.reply
        )
        evidence = {
            item_id: [(str(link.piece.id), link.piece.fingerprint) for link in links]
            for item_id, links in self.evidence.standing.items()
        }
        return content_digest(
            self.items,
            answers=self.answers,
            flags=self.profile.flags,
            replies=replies,
            evidence=evidence,
        )

    @property
    def evidence_count(self) -> int:
        """Count the pieces beside items that apply; one that stands beside several counts for each."""
        return sum(len(self.evidence.of(item.id)) for item in self.items)

    @property
    def decided(self) -> int:
        """Count the items that apply and have a decided judgement."""
        return sum(
            1 for item in self.items if (review := self.reviews.get(item.id)) and review.judgement in DECIDED
        )

    def reviewed_levels(self) -> dict[ItemId, str]:
        """Return the level of each item as the review leaves it: the reviewer's own where there is one."""
        own = {
            item_id: review.reviewed_level
            for item_id, review in self.reviews.items()
            if review.reviewed_level is not None
        }
        return {**self.self_levels(), **own}

    def self_levels(self) -> dict[ItemId, str]:
        """Return the level of each item as the department gave it."""
        return {item_id: answer.level for item_id, answer in self.answers.items() if answer.level is not None}


def content_of_sheet(session: Session, *, sheet: Sheet) -> SheetContent:
    """Load answers, evidence, judgements, returns and the last approval of a sheet: three statements before anybody approved it, then six."""
    profile = profile_of(session, revision_id=sheet.revision_id)
    items = applicable_items(sheet, profile)
    rows = session.connection().execute(_ANSWERS, {"revision": sheet.revision_id}).all()
    later = not sheet.only_with_department
    links = links_of(session, revision_id=sheet.revision_id)
    returns = returns_of(session, revision_id=sheet.revision_id) if later else ()
    return SheetContent(
        profile=profile,
        items=items,
        applicable_ids=frozenset(item.id for item in items),
        answers=_facts(rows),
        reviews=reviews_of(session, revision_id=sheet.revision_id) if later else {},
        returns=tuple(_with_evidence(entry, links=links) for entry in returns),
        approved_digest=_approved_digest(session, revision_id=sheet.revision_id) if later else None,
        saves=_saves(rows),
        evidence=links,
    )


def _with_evidence(entry: ReturnFact, *, links: Links) -> ReturnFact:
    return replace(entry, evidence_changed=links.changed_since(entry.returned_at, item_id=entry.item_id))


def contents_of_sheets(session: Session, *, sheets: Iterable[Sheet]) -> Mapping[InspectionId, SheetContent]:
    """Return `content_of_sheet` of many sheets at once, in six statements."""
    by_revision = {sheet.revision_id: sheet for sheet in sheets}
    ids = list(by_revision)
    flags, answers = _rows_by(session, _FLAGS_OF_MANY, ids=ids), _rows_by(session, _ANSWERS_OF_MANY, ids=ids)
    judged = _grouped(
        session.scalars(select(ItemReview).where(ItemReview.revision_id.in_(ids))),
        key=lambda row: RevisionId(row.revision_id),
    )
    returned = _rows_by(session, _RETURNS, ids=ids)
    approved = _rows_by(session, _APPROVED_OF_MANY, ids=ids)
    evidence = links_of_many(session, revision_ids=ids)
    found = {}
    for revision_id, sheet in by_revision.items():
        profile = _profile(flags.get(revision_id, []))
        items = applicable_items(sheet, profile)
        rows, digests = answers.get(revision_id, []), approved.get(revision_id, [])
        links = evidence.get(revision_id, Links())
        found[sheet.id] = SheetContent(
            profile=profile,
            items=items,
            applicable_ids=frozenset(item.id for item in items),
            answers=_facts(rows),
            reviews=_review_facts(judged.get(revision_id, [])),
            returns=tuple(
                _with_evidence(entry, links=links) for entry in _return_facts(returned.get(revision_id, []))
            ),
            evidence=links,
            approved_digest=digests[-1].content_digest if digests else None,
            saves=_saves(rows),
        )
    return found


_FLAGS_OF_MANY: Final = select(_FLAG.revision_id, _FLAG.flag, _FLAG.is_on, _FLAG.confirmed_at).where(
    _FLAG.revision_id.in_(bindparam("ids", expanding=True))
)
_ANSWERS_OF_MANY: Final = select(
    *(_ANSWER[name] for name in ("revision_id", "item_id", "level", "comment", "version")),
    *(_ANSWER[name] for name in ("answered_by", "answered_at", "action_due", "taken_over")),
).where(_ANSWER.revision_id.in_(bindparam("ids", expanding=True)))
_APPROVED_OF_MANY: Final = (
    select(Approval.revision_id, Approval.content_digest)
    .where(Approval.revision_id.in_(bindparam("ids", expanding=True)))
    .order_by(Approval.sequence)
)


def _rows_by(
    session: Session, query: Select[*tuple[Any, ...]], *, ids: list[RevisionId]
) -> dict[RevisionId, list[Any]]:
    return _grouped(session.execute(query, {"ids": ids}), key=lambda row: RevisionId(row.revision_id))


def _grouped(rows: Iterable[Any], *, key: Callable[[Any], RevisionId]) -> dict[RevisionId, list[Any]]:
    found: dict[RevisionId, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _approved_digest(session: Session, *, revision_id: RevisionId) -> str | None:
    return session.scalars(
        select(Approval.content_digest)
        .where(Approval.revision_id == revision_id)
        .order_by(Approval.sequence.desc())
        .limit(1)
    ).one_or_none()


def facts_of(sheet: Sheet, content: SheetContent, *, today: date) -> SheetFacts:
    """Return what the guards of the workflow look at."""
    done = content.completeness(sheet)
    opened = open_returns(sheet, content.returns)
    marked = sum(
        1
        for item in content.items
        if (review := content.reviews.get(item.id)) and is_marked(review, content.returns, item.id)
    )
    return SheetFacts(
        flags_open=len(content.profile.unconfirmed),
        unanswered=done.unanswered,
        comments_missing=done.comments_missing,
        returns_open=sum(
            1 for item_id, entry in opened.items() if not is_answered(entry, content.answers.get(item_id))
        ),
        marked_for_return=marked,
        undecided=len(content.items) - content.decided,
        approved_digest=content.approved_digest,
        content_digest=content.digest,
        after_grace=today > sheet.dates.grace_until,
    )


def is_answered(entry: ReturnFact, answer: AnswerFact | None) -> bool:
    """A returned item is answered by a reply or by another answer than the one that was sent back."""
    return bool(entry.reply) or is_corrected(entry, answer)


def is_corrected(entry: ReturnFact, answer: AnswerFact | None) -> bool:
    """Whether the answer or its evidence differs from what was sent back; changed and changed back is not a correction."""
    if entry.evidence_changed:
        return True
    before = (entry.level, entry.comment, entry.action_due)
    return answer is not None and (answer.level, answer.comment, answer.action_due) != before


def is_marked(review: ReviewFact, returns: tuple[ReturnFact, ...], item_id: ItemId) -> bool:
    """Whether a judgement is a return that was marked and not yet sent, in this round or in any before it."""
    return review.judgement is Judgement.RETURNED and all(
        review.reviewed_at > entry.returned_at for entry in returns if entry.item_id == item_id
    )
