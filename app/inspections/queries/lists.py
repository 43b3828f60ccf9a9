"""Lists of sheets: one's own, and the counts in the header. Read from the summary of each revision, never added up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import may, scope_of
from app.inspections.models import Campaign, Inspection, ItemReturn, Reopening, Revision, SheetStepRow
from app.inspections.queries.holding import HOLDER, holder
from app.inspections.queries.sheet import campaign_dates, subjects_of
from app.inspections.rules import ANSWERABLE, SEALED, Action, CampaignKind, CampaignState, State
from app.inspections.texts import kept_name, sheet_name, taken_over_name
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, InspectionId, RevisionId, UnitId
from app.organisation.queries import last_names, tree_on

PAGE_SIZE = 50
_AWAITING: Final = frozenset({State.AWAITING_HEAD, State.AWAITING_REAPPROVAL})
_CORRECTING: Final = frozenset({State.RETURNED, State.AWAITING_REAPPROVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One sheet in a list. `opens_on` is the day from which it can be answered, while that day is still to come; `trial`: it is practice."""

    id: InspectionId
    revision_id: RevisionId
    unit_id: UnitId
    unit_name: str
    campaign_id: CampaignId
    campaign_title: str
    trial: bool
    fiscal_year: FiscalYear
    state: State
    applicable: int
    answered: int
    decided: int
    self_share: Fraction | None
    self_grade: str | None
    reviewed_share: Fraction | None
    reviewed_grade: str | None
    due: date | None
    overdue: bool
    opens_on: date | None

    @property
    def not_started(self) -> bool:
        """Whether nothing was answered yet (未着手)."""
        return self.state is State.ANSWERING and self.answered == 0

    @property
    def tag(self) -> str:
        """Return the code of the state as tags show it."""
        return "not_started" if self.not_started else self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetList:
    """A page of sheets."""

    lines: tuple[SheetLine, ...]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def _lines_query(*, today: date) -> Select[Inspection, Revision, Campaign, UUID]:
    return (
        select(Inspection, Revision, Campaign, holder(day=today).label("unit_id"))
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(Revision.current.is_(True), Campaign.state != CampaignState.DRAFT.value)
    )


def sheets_of(session: Session, *, actor: Actor, today: date, page: int) -> SheetList:
    """Return the sheets in one's scope, the newest campaign first, units in the order of their names' tree."""
    scope = scope_of(actor).where(holder(day=today))
    total = session.scalar(
        select(func.count())
        .select_from(Inspection)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(scope, Campaign.state != CampaignState.DRAFT.value)
    )
    number = min(max(1, page), max(1, -(-(total or 0) // PAGE_SIZE)))
    rows = session.execute(
        _lines_query(today=today)
        .where(scope)
        .order_by(Campaign.base_date.desc(), Campaign.id, Inspection.unit_id)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    return SheetList(lines=_named(session, rows=rows, today=today), total=total or 0, number=number)


def open_sheets(session: Session, *, actor: Actor, today: date) -> tuple[SheetLine, ...]:
    """Return the unsealed sheets of running campaigns in one's scope."""
    rows = session.execute(
        _lines_query(today=today).where(
            scope_of(actor).where(holder(day=today)),
            Campaign.state == CampaignState.OPEN.value,
            Revision.state.not_in([state.value for state in SEALED]),
        )
    ).all()
    return _named(session, rows=rows, today=today)


def sealed_sheets(session: Session, *, actor: Actor, today: date, limit: int) -> tuple[SheetLine, ...]:
    """Return the sheets of one's scope that were sealed last."""
    rows = session.execute(
        _lines_query(today=today)
        .where(
            scope_of(actor).where(holder(day=today)),
            Revision.state.in_([State.SIGNED_OFF.value, State.CLOSED_UNSUBMITTED.value]),
        )
        .order_by(Revision.state_since.desc())
        .limit(limit)
    ).all()
    return _named(session, rows=rows, today=today)


def _named(
    session: Session, *, rows: Sequence[Row[Inspection, Revision, Campaign, UUID]], today: date
) -> tuple[SheetLine, ...]:
    if not rows:
        return ()
    names = {unit.id: unit.name for unit in tree_on(session, day=today).units}
    names |= last_names(session, unit_ids={UnitId(row[0].unit_id) for row in rows} - names.keys())
    returned = _return_dues(session, rows=rows)
    return tuple(
        _line(
            inspection,
            revision,
            campaign,
            holder_id=UnitId(unit_id),
            names=names,
            returned=returned,
            today=today,
        )
        for inspection, revision, campaign, unit_id in rows
    )


def _return_dues(
    session: Session, *, rows: Sequence[Row[Inspection, Revision, Campaign, UUID]]
) -> Mapping[UUID, date]:
    """Return the date by which each returned sheet is to come back: the earliest of its open round, as on its own pages."""
    ids = [revision.id for _, revision, _, _ in rows if State(revision.state) in _CORRECTING]
    if not ids:
        return {}
    found = session.execute(
        select(ItemReturn.revision_id, func.min(ItemReturn.due_on))
        .join(
            Revision,
            and_(Revision.id == ItemReturn.revision_id, Revision.return_round == ItemReturn.round),
        )
        .where(Revision.id.in_(ids))
        .group_by(ItemReturn.revision_id)
    )
    return {row[0]: row[1] for row in found}


def _line(
    inspection: Inspection,
    revision: Revision,
    campaign: Campaign,
    *,
    holder_id: UnitId,
    names: Mapping[UnitId, str],
    returned: Mapping[UUID, date],
    today: date,
) -> SheetLine:
    state = State(revision.state)
    due = returned.get(revision.id) or campaign_dates(campaign).extended(revision.extended_to).due(state)
    return SheetLine(
        id=InspectionId(inspection.id),
        revision_id=RevisionId(revision.id),
        unit_id=holder_id,
        unit_name=sheet_name(
            _unit_name(UnitId(inspection.unit_id), holder_id=holder_id, state=state, names=names),
            system_name=inspection.system_name,
        ),
        campaign_id=CampaignId(campaign.id),
        campaign_title=campaign.title,
        trial=campaign.kind == CampaignKind.TRIAL.value,
        fiscal_year=FiscalYear(campaign.fiscal_year),
        state=state,
        applicable=revision.applicable,
        answered=revision.answered,
        decided=revision.decided,
        self_share=share(revision.self_earned, revision.self_possible),
        self_grade=revision.self_grade,
        reviewed_share=share(revision.reviewed_earned, revision.reviewed_possible),
        reviewed_grade=revision.reviewed_grade,
        due=due,
        overdue=due is not None and today > due,
        opens_on=campaign_dates(campaign).opens_after(today) if state is State.ANSWERING else None,
    )


def given_back(session: Session, *, lines: Iterable[SheetLine]) -> frozenset[InspectionId]:
    """Return those sheets that the head gave back to the clerk and that are with the clerk since: their last step says so."""
    sheets = {line.revision_id: line.id for line in lines if line.state in ANSWERABLE}
    if not sheets:
        return frozenset()
    last = (
        select(SheetStepRow.revision_id, func.max(SheetStepRow.sequence).label("sequence"))
        .where(SheetStepRow.revision_id.in_(list(sheets)))
        .group_by(SheetStepRow.revision_id)
        .subquery()
    )
    found = session.scalars(
        select(SheetStepRow.revision_id)
        .join(
            last,
            and_(SheetStepRow.revision_id == last.c.revision_id, SheetStepRow.sequence == last.c.sequence),
        )
        .where(SheetStepRow.action == Action.RETURN_TO_CLERK.value)
    )
    return frozenset(sheets[RevisionId(revision_id)] for revision_id in found)


def share(earned: int | None, possible: int | None) -> Fraction | None:
    """Return a stored score as a share; None where there is none or nothing to divide by."""
    return Fraction(earned, possible) if earned is not None and possible else None


NEXT_STEP: Final = {
    State.AWAITING_HEAD: Permission.UNIT_INSPECTION_APPROVE,
    State.AWAITING_REAPPROVAL: Permission.UNIT_INSPECTION_APPROVE,
    State.SUBMITTED: Permission.UNIT_INSPECTION_REVIEW,
    State.UNDER_REVIEW: Permission.UNIT_INSPECTION_REVIEW,
    State.REVIEWED: Permission.UNIT_INSPECTION_SIGN_OFF,
}
"""What a sheet waits for beyond its clerk: whoever holds this takes the next step."""
_DECIDING: Final = frozenset({Function.REVIEWER, Function.MANAGER, Function.CHIEF, Function.CIO})


def sheets_to_decide(
    session: Session, *, actor: Actor, lines: Iterable[SheetLine], today: date
) -> frozenset[InspectionId]:
    """Return the sheets whose next step this person may take, by the permission table itself: who stands in is told as well."""
    leads = actor.head_of or actor.deputy_of or actor.substitutes_for
    if not leads and not actor.functions & _DECIDING:
        return frozenset()
    waiting = {line.id: line for line in lines if line.state in NEXT_STEP}
    subjects = subjects_of(session, sheets={line.id: line.unit_id for line in waiting.values()}, today=today)
    return frozenset(
        line.id
        for line in waiting.values()
        if may(NEXT_STEP[line.state], actor=actor, subject=subjects[line.id])
    )


def _unit_name(origin_id: UnitId, *, holder_id: UnitId, state: State, names: Mapping[UnitId, str]) -> str:
    """Return the name of today; where another unit has followed, what is sealed keeps the name of then and says who it is now."""
    then, now = (names.get(unit_id, "（廃止された所属）") for unit_id in (origin_id, holder_id))
    if origin_id == holder_id:
        return now
    return kept_name(then, now=now) if state in SEALED else taken_over_name(now, then=then)


def sheets_to_approve(session: Session, *, actor: Actor, today: date) -> tuple[SheetLine, ...]:
    """Return the sheets that wait for this person's approval, the earliest due first: a head's queue."""
    lines = open_sheets(session, actor=actor, today=today)
    waiting = tuple(line for line in lines if line.state in _AWAITING)
    mine = sheets_to_decide(session, actor=actor, lines=waiting, today=today)
    return tuple(
        sorted(
            (line for line in waiting if line.id in mine),
            key=lambda line: (line.due or date.max, line.unit_name, str(line.id)),
        )
    )


def reopenings_to_decide(session: Session, *, actor: Actor, today: date) -> tuple[SheetLine, ...]:
    """Return the sealed sheets of which somebody asked to open them again, and which this person may open."""
    if not actor.functions & {Function.MANAGER, Function.CHIEF}:
        return ()
    rows = session.execute(
        _lines_query(today=today)
        .join(Reopening, Reopening.revision_id == Revision.id)
        .where(scope_of(actor).where(holder(day=today)), Reopening.decided_at.is_(None))
    ).all()
    lines = _named(session, rows=rows, today=today)
    subjects = subjects_of(session, sheets={line.id: line.unit_id for line in lines}, today=today)
    wanted = Permission.UNIT_INSPECTION_REOPEN_CONFIRM
    return tuple(line for line in lines if may(wanted, actor=actor, subject=subjects[line.id]))


_INSPECTIONS: Final = Inspection.__table__.c
_REVISIONS: Final = Revision.__table__.c
_CAMPAIGNS: Final = Campaign.__table__.c
_WAITING: Final = (
    select(_REVISIONS.state, HOLDER.label("holder_id"), func.count())
    .join_from(Inspection.__table__, Revision.__table__, _REVISIONS.inspection_id == _INSPECTIONS.id)
    .join(Campaign.__table__, _CAMPAIGNS.id == _INSPECTIONS.campaign_id)
    .where(
        _REVISIONS.current.is_(True),
        _CAMPAIGNS.state == CampaignState.OPEN.value,
        or_(
            and_(
                HOLDER.in_(bindparam("own", expanding=True, type_=Uuid())),
                _REVISIONS.state.in_([state.value for state in ANSWERABLE | _AWAITING]),
            ),
            _REVISIONS.state.in_(bindparam("to_review", expanding=True)),
        ),
    )
    .group_by(_REVISIONS.state, "holder_id")
)
"""Built once: it runs with every page."""


class HeaderCounter:
    """The figures in the header: what waits for this person, by one grouped query."""

    def waiting(self, session: Session, *, actor: Actor, today: date) -> Mapping[str, int]:
        """Return the counts of the menu entries `inspections` and `review`."""
        leads = actor.head_of | actor.deputy_of
        to_review = _to_review(actor)
        counts = self._by_state(session, day=today, own=actor.clerk_of | leads, to_review=to_review)
        own = sum(
            count
            for (state, unit_id), count in counts.items()
            if (unit_id in actor.clerk_of and state in ANSWERABLE)
            or (unit_id in leads and state in _AWAITING)
        )
        review = sum(
            count
            for (state, unit_id), count in counts.items()
            if state in to_review and unit_id not in actor.member_of
        )
        return {"inspections": own, "review": review}

    def _by_state(
        self, session: Session, *, day: date, own: frozenset[UnitId], to_review: frozenset[State]
    ) -> dict[tuple[State, UnitId], int]:
        if not own and not to_review:
            return {}
        values = {"day": day, "own": list(own), "to_review": [state.value for state in to_review]}
        rows = session.connection().execute(_WAITING, values).all()
        return {(State(state), UnitId(unit_id)): count for state, unit_id, count in rows}


def _to_review(actor: Actor) -> frozenset[State]:
    """Return the states in which a sheet waits for what the actor does for the whole city."""
    if Function.MANAGER in actor.functions:
        return frozenset({State.REVIEWED})
    if Function.REVIEWER in actor.functions:
        return frozenset({State.SUBMITTED, State.UNDER_REVIEW})
    return frozenset()
