"""The review queue: what lies with the lead division, from the summary of each revision, never added up.

What waits for a judgement stands in one of three lanes, by its gravest flag.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.access.scope import Scope
from app.inspections.models import Campaign, Inspection, ItemReturn, ReviewScreening, Revision
from app.inspections.queries.holding import HOLDER, holder
from app.inspections.queries.review_claims import Claim, claims_of
from app.inspections.queries.review_flags import FlagCount, flag_counts
from app.inspections.rules import CampaignState, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.texts import sheet_name
from app.kernel.clock import business_date
from app.kernel.ids import CampaignId, InspectionId, RevisionId, UnitId
from app.organisation.queries import tree_on, units_with
from app.organisation.rules import UnitFunction, UnitTree

PAGE_SIZE: Final = 50
QUEUED: Final = (
    State.SUBMITTED,
    State.UNDER_REVIEW,
    State.RETURNED,
    State.AWAITING_REAPPROVAL,
    State.REVIEWED,
)
"""The states in which a sheet stands in the queue, in the order of the tabs."""
TO_JUDGE: Final = (State.SUBMITTED, State.UNDER_REVIEW)


class Way(StrEnum):
    """Where a line of the queue leads the reader."""

    REVIEW = "review"
    SIGN_OFF = "sign_off"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One sheet in the queue.

    Attributes:
        due: the date that the sheet runs against now: of its open returns, else of the review.
        share: the department's own share of the points; None where there is none.
        points_changed: percentage points against the sealed sheet of the year before; None without one.
        own: whether the reader works in that unit, and so never judges it.
        substitute: whether it is the lead division's own sheet, reviewed by another unit (代替審査).
        lane: where it waits for a judgement; None where it does not wait for one.
        flags: how often each rule flagged something; flagged counts the items with any; screened says whether any rules looked at it.
        claim: who has it in hand.
    """

    id: InspectionId
    unit_id: UnitId
    unit_name: str
    department: str
    campaign_title: str
    state: State
    state_since: datetime
    due: date
    overdue: bool
    share: Fraction | None
    grade: str | None
    points_changed: int | None
    applicable: int
    decided: int
    own: bool
    substitute: bool
    way: Way
    lane: Lane | None
    flags: tuple[FlagCount, ...]
    flagged: int
    screened: bool
    claim: Claim | None

    def held_by_another(self, actor: Actor) -> bool:
        """Whether somebody else has it in hand."""
        return self.claim is not None and not self.claim.is_of(actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearLane:
    """The lane 問題なし of one campaign."""

    campaign_id: CampaignId
    campaign_title: str
    sheets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQueue:
    """A page of the queue. `counts` and `lanes` are of all pages; `state` or `lane` is the tab that is open.

    `clear` counts the sheets of each campaign in the lane 問題なし.
    """

    lines: tuple[QueueLine, ...]
    counts: Mapping[State, int]
    lanes: Mapping[Lane, int]
    clear: tuple[ClearLane, ...]
    state: State | None
    lane: Lane | None
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def everything(self) -> int:
        """Count the sheets of all tabs."""
        return sum(self.counts.values())

    @property
    def to_judge(self) -> int:
        """Count the sheets that can be judged now."""
        return sum(self.counts[state] for state in TO_JUDGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What every line is seen against."""

    actor: Actor
    own: frozenset[UnitId]
    tree: UnitTree
    lead: frozenset[UnitId]
    today: date
    flags: Mapping[RevisionId, tuple[FlagCount, ...]]
    claims: Mapping[RevisionId, Claim]


def queue_scope(actor: Actor) -> Scope:
    """Return the sheets that somebody sees in the queue.

    Whoever follows the city's progress sees all of it; a substitute reviewer only the sheets that are judged
    in place of the lead division.

    Raises:
        NotAllowed: the actor is neither.
    """
    if may(Permission.CITY_PROGRESS_READ, actor=actor):
        return Scope.city()
    if not actor.substitutes_for:
        require(Permission.CITY_PROGRESS_READ, actor=actor)
    return Scope.units(actor.substitutes_for)


def review_queue(
    session: Session,
    *,
    actor: Actor,
    state: State | None,
    number: int,
    now: datetime,
    lane: Lane | None = None,
    campaign_id: CampaignId | None = None,
) -> ReviewQueue:
    """Return a page of the queue, the gravest lane first, then the oldest due, then whoever waits longest: seven statements.

    All its figures are of one campaign where one is given, else of all that are open.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    scope = queue_scope(actor).where(holder(day=business_date(now)))
    if campaign_id is not None:
        scope = and_(scope, Inspection.campaign_id == campaign_id)
    today = business_date(now)
    counts, clear = _counts(session, scope=scope), _lanes(session, scope=scope)
    lanes = {one: sum(found.values()) for one, found in clear.items()}
    wanted = TO_JUDGE if lane is not None else QUEUED if state is None else (state,)
    total = lanes[lane] if lane is not None else sum(counts[one] for one in wanted)
    number = min(max(1, number), max(1, -(-total // PAGE_SIZE)))
    rows = session.execute(
        _rows(scope, states=wanted, lane=lane).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE),
        {"day": today},
    ).all()
    around = _surroundings(session, rows=rows, actor=actor, now=now, tree=tree_on(session, day=today))
    return ReviewQueue(
        lines=tuple(_line(row, around=around) for row in rows),
        counts=counts,
        lanes=lanes,
        clear=tuple(
            ClearLane(campaign_id=campaign_id, campaign_title=title, sheets=sheets)
            for (campaign_id, title), sheets in clear[Lane.CLEAR].items()
        ),
        state=state if lane is None else None,
        lane=lane,
        total=total,
        number=number,
    )


def beside(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    tree: UnitTree,
    now: datetime,
    lane: Lane | None,
) -> tuple[QueueLine, ...]:
    """Return the sheets of a lane (None: of all) that wait for a judgement, for the list beside the one in hand: four statements.

    They are of its own campaign: whoever judges goes on with the same questions.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    today = business_date(now)
    scope = and_(queue_scope(actor).where(holder(day=today)), Inspection.campaign_id == campaign_id)
    rows = session.execute(_rows(scope, states=TO_JUDGE, lane=lane).limit(PAGE_SIZE), {"day": today}).all()
    around = _surroundings(session, rows=rows, actor=actor, now=now, tree=tree)
    return tuple(line for row in rows if (line := _line(row, around=around)).way is Way.REVIEW)


def campaign_lanes(session: Session, *, campaign_id: CampaignId) -> Mapping[Lane, int]:
    """Return how many sheets of one campaign wait for a judgement in each lane: one statement."""
    found = _lanes(session, scope=Inspection.campaign_id == campaign_id)
    return {lane: sum(counts.values()) for lane, counts in found.items()}


def lane_counts(session: Session, *, actor: Actor, campaign_id: CampaignId) -> Mapping[Lane, int]:
    """Return how many sheets of a campaign wait for the actor's judgement in each lane: one statement.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    own = queue_scope(actor).where(holder(day=actor.day))
    found = _lanes(session, scope=and_(own, Inspection.campaign_id == campaign_id))
    return {lane: sum(counts.values()) for lane, counts in found.items()}


_LANE: Final = case(
    (ReviewScreening.rules_version == FLAG_RULES_VERSION, ReviewScreening.lane), else_=Lane.CHECK.value
)
"""The lane of a sheet. One that no rules looked at, or only rules of before, is looked at by a person."""
_GRAVITY: Final = case({lane.value: place for place, lane in enumerate(Lane)}, value=_LANE)


def in_lane(lane: Lane) -> ColumnElement[bool]:
    """Return the condition that a sheet stands in a lane, for statements made by `to_judge`."""
    return _LANE.in_([lane.value])


def to_judge(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a statement over the sheets that wait for a judgement, with their lanes."""
    return _joined(query).where(*_waiting(TO_JUDGE))


def _lanes(session: Session, *, scope: ColumnElement[bool]) -> dict[Lane, dict[tuple[CampaignId, str], int]]:
    rows = session.execute(
        to_judge(select(_LANE.label("lane_code"), Campaign.id, Campaign.title, func.count().label("sheets")))
        .where(scope)
        .group_by("lane_code", Campaign.id, Campaign.title)
        .order_by(Campaign.title, Campaign.id)
    )
    found: dict[Lane, dict[tuple[CampaignId, str], int]] = {lane: {} for lane in Lane}
    for row in rows:
        found[Lane(row.lane_code)][(CampaignId(row.id), row.title)] = row.sheets
    return found


def _counts(session: Session, *, scope: ColumnElement[bool]) -> dict[State, int]:
    rows = session.execute(
        _joined(select(Revision.state, func.count())).where(scope, *_waiting(QUEUED)).group_by(Revision.state)
    )
    found = {State(state): count for state, count in rows}
    return {state: found.get(state, 0) for state in QUEUED}


def _joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(Inspection)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .outerjoin(ReviewScreening, ReviewScreening.revision_id == Revision.id)
    )


def _waiting(states: Iterable[State]) -> tuple[ColumnElement[bool], ...]:
    return (
        Revision.current.is_(True),
        Revision.state.in_([state.value for state in states]),
        Campaign.state == CampaignState.OPEN.value,
    )


def _all_lines() -> Select[*tuple[Any, ...]]:
    before = Revision.__table__.alias("before")
    returned_until = (
        select(func.min(ItemReturn.due_on))
        .where(ItemReturn.revision_id == Revision.id, ItemReturn.round == Revision.return_round)
        .correlate(Revision)
        .scalar_subquery()
    )
    return (
        _joined(
            select(
                Inspection.id,
                HOLDER.label("unit_id"),
                Inspection.system_name,
                Campaign.title,
                Campaign.review_due,
                Revision.id.label("revision_id"),
                *(Revision.__table__.c[name] for name in ("state", "state_since", "applicable", "decided")),
                *(Revision.__table__.c[name] for name in ("self_earned", "self_possible", "self_grade")),
                before.c.self_earned.label("earned_before"),
                before.c.self_possible.label("possible_before"),
                returned_until.label("returned_until"),
                _LANE.label("lane"),
                ReviewScreening.red,
                ReviewScreening.amber,
                (ReviewScreening.rules_version == FLAG_RULES_VERSION).label("screened"),
            )
        )
        .outerjoin(before, before.c.id == Inspection.previous_revision_id)
        .order_by(
            case((Revision.state.in_([state.value for state in TO_JUDGE]), _GRAVITY), else_=len(Lane)),
            Campaign.review_due,
            Revision.state_since,
            Inspection.id,
        )
    )


_LINES: Final = _all_lines()
"""Built once for the process: every page of the queue asks it."""


def _rows(
    scope: ColumnElement[bool], *, states: Iterable[State], lane: Lane | None
) -> Select[*tuple[Any, ...]]:
    return _LINES.where(scope, *_waiting(states), *([in_lane(lane)] if lane else []))


def _surroundings(
    session: Session, *, rows: Sequence[Row[*tuple[Any, ...]]], actor: Actor, now: datetime, tree: UnitTree
) -> _Surroundings:
    today = business_date(now)
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=today)
    ids = [RevisionId(row.revision_id) for row in rows if State(row.state) in TO_JUDGE]
    return _Surroundings(
        actor=actor,
        own=own_units(actor),
        tree=tree,
        lead=lead,
        today=today,
        flags=flag_counts(session, revision_ids=ids),
        claims=claims_of(session, revision_ids=ids, now=now),
    )


def _line(row: Row[*tuple[Any, ...]], *, around: _Surroundings) -> QueueLine:
    unit_id, state = UnitId(row.unit_id), State(row.state)
    path = around.tree.path(unit_id)
    due = row.returned_until if state is State.RETURNED and row.returned_until else row.review_due
    share = share_of(row.self_earned, row.self_possible)
    own = unit_id in around.own
    # What the desk makes of a sheet is not shown to those whom it judges, here as on all other pages.
    hidden = own and state is not State.REVIEWED
    return QueueLine(
        id=InspectionId(row.id),
        unit_id=unit_id,
        unit_name=sheet_name(path[-1].name if path else "（廃止された所属）", system_name=row.system_name),
        department=path[0].name if len(path) > 1 else "",
        campaign_title=row.title,
        state=state,
        state_since=row.state_since,
        due=due,
        overdue=due < around.today,
        share=share,
        grade=row.self_grade,
        points_changed=points_between(share_of(row.earned_before, row.possible_before), share),
        applicable=row.applicable,
        decided=0 if hidden else row.decided,
        own=own,
        substitute=unit_id in around.lead,
        way=_way(around, unit_id=unit_id, state=state),
        lane=Lane(row.lane) if state in TO_JUDGE and not hidden else None,
        flags=() if hidden else around.flags.get(RevisionId(row.revision_id), ()),
        flagged=0 if hidden else (row.red or 0) + (row.amber or 0),
        screened=bool(row.screened),
        claim=around.claims.get(RevisionId(row.revision_id)),
    )


def is_own(actor: Actor, *, unit_id: UnitId) -> bool:
    """Return whether somebody belongs to a unit in any capacity, and so never reviews its sheet."""
    return unit_id in own_units(actor)


def own_units(actor: Actor) -> frozenset[UnitId]:
    """Return the units to which somebody belongs in any capacity."""
    return actor.member_of | actor.head_of | actor.deputy_of | actor.clerk_of


def _way(around: _Surroundings, *, unit_id: UnitId, state: State) -> Way:
    """Return where a line leads. The page that it leads to judges again, with everybody who took part."""
    actor = around.actor
    subject = Subject(unit_id=unit_id, belongs_to_lead=unit_id in around.lead)
    if state is State.REVIEWED and may(Permission.UNIT_INSPECTION_SIGN_OFF, actor=actor, subject=subject):
        return Way.SIGN_OFF
    return Way.REVIEW if may(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=subject) else Way.READ


def share_of(earned: int | None, possible: int | None) -> Fraction | None:
    """Return earned of possible points, or None where there is nothing to divide by."""
    return Fraction(earned, possible) if earned is not None and possible else None


def points_between(before: Fraction | None, now: Fraction | None) -> int | None:
    """Return the change in whole percentage points, halves rounded up; None where one is missing."""
    if before is None or now is None:
        return None
    return ((now - before) * 100 + Fraction(1, 2)).__floor__()
