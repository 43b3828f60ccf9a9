"""回収状況: where every sheet of a campaign stands, who holds it, and until when."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, Uuid, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.access.scope import Scope
from app.checklists.queries import load_edition
from app.checklists.rules import Edition, percent
from app.inspections.models import Inspection, Revision
from app.inspections.queries.campaigns.summaries import (
    STANDING_LABELS,
    SheetCounts,
    campaign_row,
    return_dues,
    standing,
)
from app.inspections.queries.holding import HOLDER
from app.inspections.queries.places import ENDED_UNIT, Places, places_of
from app.inspections.queries.review_queue import own_units
from app.inspections.queries.sheet import (
    CampaignLine,
    Sheet,
    campaign_line,
    content_of_sheet,
    facts_of,
    find_sheet,
    subject_of,
)
from app.inspections.rules import SEALED, STEPS, Action, CampaignDates, CampaignState, State
from app.inspections.rules.extension import CORRECTING, EXTENDABLE
from app.inspections.rules.progress import ProgressRow, ShownScore, StepMark
from app.inspections.texts import ACTION, sheet_name
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, EditionId, InspectionId, UnitId
from app.kernel.workflow import steps_from
from app.organisation.queries import tree_on, units_with
from app.organisation.rules import UnitFunction, UnitTree
from app.people.queries import InCharge, in_charge_of, people_in_charge

PRINT_SIZE: Final = 200
"""Rows on one page when it is to be printed."""
ENDING: Final = (Action.CLOSE_UNSUBMITTED, Action.EXCLUDE)


_STEP_OF_STATE: Final[Mapping[State, int]] = {
    State.ANSWERING: 0,
    State.RETURNED: 0,
    State.AWAITING_HEAD: 1,
    State.AWAITING_REAPPROVAL: 1,
    State.SUBMITTED: 2,
    State.UNDER_REVIEW: 2,
    State.REVIEWED: 3,
    State.SIGNED_OFF: 4,
}
_STEPS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFilter:
    """Which rows are shown: `standing` is a code of `STANDING_LABELS`, `department` the 部."""

    standing: str | None = None
    department: UnitId | None = None
    overdue_only: bool = False

    def lets_through(self, row: ProgressRow) -> bool:
        """Return whether a row is shown."""
        return (
            self.standing in {None, row.standing}
            and self.department in {None, row.department_id}
            and (row.overdue or not self.overdue_only)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressGroup:
    """Consecutive rows of one 部."""

    name: str
    rows: tuple[ProgressRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPage:
    """The progress of a campaign: totals of all sheets, and the rows that the filter lets through."""

    campaign: CampaignLine
    state: CampaignState
    edition: Edition
    counts: SheetCounts
    overdue: int
    rows: tuple[ProgressRow, ...]
    standings: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    addable: tuple[Choice, ...]
    may_open: bool

    @property
    def ends_some(self) -> bool:
        """Whether the actor may close or exclude any of the rows."""
        return any(row.may_end for row in self.rows)

    def groups(self, rows: Sequence[ProgressRow]) -> tuple[ProgressGroup, ...]:
        """Return rows under the names of their 部."""
        found: list[tuple[UnitId | None, str, list[ProgressRow]]] = []
        for row in rows:
            if not found or found[-1][0] != row.department_id:
                found.append((row.department_id, row.department_name, []))
            found[-1][2].append(row)
        return tuple(ProgressGroup(name=name, rows=tuple(members)) for _, name, members in found)


_INSPECTIONS: Final = Inspection.__table__.c
_REVISIONS: Final = Revision.__table__.c
_SHEETS: Final = (
    select(
        _INSPECTIONS.id,
        HOLDER.label("holder_id"),
        _INSPECTIONS.unit_id,
        _INSPECTIONS.system_name,
        *(_REVISIONS[name] for name in ("state", "state_since", "answered", "applicable", "decided")),
        _REVISIONS.extended_to,
        *(_REVISIONS[name] for name in ("self_earned", "self_possible", "self_grade")),
        *(_REVISIONS[name] for name in ("reviewed_earned", "reviewed_possible", "reviewed_grade")),
    )
    .join_from(Inspection.__table__, Revision.__table__, _REVISIONS.inspection_id == _INSPECTIONS.id)
    .where(_INSPECTIONS.campaign_id == bindparam("campaign"), _REVISIONS.current.is_(True))
)
_IN_CHARGE: Final = in_charge_of(
    select(HOLDER)
    .select_from(Inspection)
    .where(Inspection.campaign_id == bindparam("campaign", type_=Uuid()))
)
"""Built once: building statements cost as much as running them."""


def progress_page(
    session: Session, *, actor: Actor, campaign_id: CampaignId, wanted: ProgressFilter, today: date
) -> ProgressPage:
    """Return the progress of an opened campaign, in six statements for any number of units, seven with returned ones.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    if row.state == CampaignState.DRAFT.value:
        raise NotNow("まだ始めていない点検です。始めると、所属ごとの状況がここに出ます。")
    line, state = campaign_line(row), CampaignState(row.state)
    places = places_of(session, line=line, state=state, today=today)
    rows = _rows(session, actor=actor, line=line, places=places, today=today)
    may_open = may(Permission.CITY_CAMPAIGN_OPEN, actor=actor)
    return ProgressPage(
        campaign=line,
        state=state,
        edition=load_edition(session, edition_id=EditionId(row.edition_id)),
        counts=SheetCounts(by_standing=Counter(entry.standing for entry in rows)),
        overdue=sum(1 for entry in rows if entry.overdue),
        rows=tuple(entry for entry in rows if wanted.lets_through(entry)),
        standings=_standings(rows),
        departments=_departments(rows),
        addable=_addable(places.today, rows) if may_open and state is CampaignState.OPEN else (),
        may_open=may_open,
    )


def _rows(
    session: Session, *, actor: Actor, line: CampaignLine, places: Places, today: date
) -> tuple[ProgressRow, ...]:
    found = session.connection().execute(_SHEETS, {"campaign": line.id, "day": today}).all()
    people = people_in_charge(session, _IN_CHARGE, day=today, campaign=line.id)
    returned = any(State(entry.state) in CORRECTING for entry in found)
    dues = return_dues(session, campaign_ids=[line.id], scope=Scope.city(), today=today) if returned else {}
    endings = _Endings(actor, lead=units_with(session, function=UnitFunction.LEAD_DIVISION, day=today))
    own = own_units(actor)
    rows = (
        _row(
            entry,
            places=places,
            people=people.get(UnitId(entry.holder_id), InCharge()),
            dates=line.dates.extended(entry.extended_to),
            returned_until=dues.get((line.id, InspectionId(entry.id))),
            endings=endings,
            own=own,
            today=today,
        )
        for entry in found
    )
    return tuple(sorted(rows, key=lambda row: (places.place_by_department(row.unit_id), row.unit_name)))


def _row(
    entry: Row[*tuple[Any, ...]],
    *,
    places: Places,
    people: InCharge,
    dates: CampaignDates,
    returned_until: date | None,
    endings: "_Endings",
    own: frozenset[UnitId],
    today: date,
) -> ProgressRow:
    holder_id, state = UnitId(entry.holder_id), State(entry.state)
    unit_id = UnitId(entry.unit_id) if state in SEALED else holder_id
    department_id, department_name = places.department(unit_id)
    where = standing(state, answered=entry.answered)
    due = returned_until or dates.due(state)
    # A judgement in the making is not shown to those whom it judges, here as on the sheet's own pages.
    hidden = holder_id in own and not (state is State.REVIEWED or state in SEALED)
    return ProgressRow(
        inspection_id=InspectionId(entry.id),
        unit_id=unit_id,
        unit_name=sheet_name(
            places.name_followed(UnitId(entry.unit_id), holder_id=holder_id, state=state),
            system_name=entry.system_name,
        ),
        department_id=department_id,
        department_name=department_name,
        state=state,
        standing=where,
        label=STANDING_LABELS[where],
        marks=marks_of(state),
        answered=entry.answered,
        applicable=entry.applicable,
        decided=0 if hidden else entry.decided,
        # What is with the clerk shows no score, also where it came back: it is not the unit's word any more.
        self_score=None
        if state is State.ANSWERING
        else _score(entry.self_earned, entry.self_possible, entry.self_grade),
        reviewed_score=None
        if hidden
        else _score(entry.reviewed_earned, entry.reviewed_possible, entry.reviewed_grade),
        due=due,
        overdue=due is not None and due < today,
        extended=entry.extended_to is not None and state in EXTENDABLE,
        grace_until=dates.grace_until,
        since=entry.state_since,
        heads=people.heads,
        clerks=people.clerks,
        may_end=endings.of(holder_id, state=state),
    )


@cache
def marks_of(state: State) -> tuple[StepMark, ...]:
    """Return the four steps of a sheet in a state; a sheet that ended without submission has none of them."""
    at = _STEP_OF_STATE.get(state)
    if at is None:
        return (StepMark.NEVER,) * _STEPS
    order = [StepMark.DONE] * at + [StepMark.NOW] + [StepMark.LATER] * _STEPS
    return tuple(order[:_STEPS])


def _score(earned: int | None, possible: int | None, grade: str | None) -> ShownScore | None:
    if earned is None or possible is None:
        return None
    return ShownScore(percent=percent(Fraction(earned, possible) if possible else None), grade=grade or "")


class _Endings:
    """Which sheets the actor may end before their time; the steps that do are looked up once for each state."""

    def __init__(self, actor: Actor, *, lead: frozenset[UnitId]) -> None:
        self._actor = actor
        self._lead = lead
        self._permissions: dict[State, frozenset[Permission]] = {}

    def of(self, unit_id: UnitId, *, state: State) -> bool:
        if state not in self._permissions:
            steps = steps_from(STEPS, state=state)
            self._permissions[state] = frozenset(step.permission for step in steps if step.action in ENDING)
        subject = Subject(unit_id=unit_id, belongs_to_lead=unit_id in self._lead)
        return any(may(one, actor=self._actor, subject=subject) for one in self._permissions[state])


def _standings(rows: Iterable[ProgressRow]) -> tuple[Choice, ...]:
    present = {row.standing for row in rows}
    return tuple(
        Choice(value=code, label=label) for code, label in STANDING_LABELS.items() if code in present
    )


def _departments(rows: Iterable[ProgressRow]) -> tuple[Choice, ...]:
    found = {row.department_id: row.department_name for row in rows if row.department_id is not None}
    return tuple(Choice(value=str(unit_id), label=name) for unit_id, name in found.items())


def _addable(tree: UnitTree, rows: Iterable[ProgressRow]) -> tuple[Choice, ...]:
    taken = {row.unit_id for row in rows}
    return tuple(
        Choice(value=str(unit.id), label="　".join(above.name for above in tree.path(unit.id)))
        for unit in tree.units
        if unit.id not in taken
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingWay:
    """One way to end a sheet before its time; `waits` says why it has to wait."""

    action: Action
    label: str
    waits: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingPage:
    """A sheet that somebody thinks of closing or excluding."""

    sheet: Sheet
    unit_name: str
    standing: str
    label: str
    ways: tuple[EndingWay, ...]


def ending_page(session: Session, *, actor: Actor, inspection_id: InspectionId, today: date) -> EndingPage:
    """Return the ways in which the actor may end a sheet before its time.

    Raises:
        NotFound: there is no such sheet, or the actor may not know of it.
        NotAllowed: the actor may end it in no way.
        NotNow: the sheet is sealed, or the one way that the actor has does not start here.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    subject = subject_of(session, sheet=sheet, today=today)
    require(Permission.UNIT_INSPECTION_CLOSE, actor=actor, subject=subject)
    facts = facts_of(sheet, content_of_sheet(session, sheet=sheet), today=today)
    ways = tuple(
        EndingWay(
            action=step.action,
            label=ACTION[step.action],
            waits=next((reason for guard in step.guards if (reason := guard(facts)) is not None), None),
        )
        for step in steps_from(STEPS, state=sheet.state)
        if step.action in ENDING and may(step.permission, actor=actor, subject=subject)
    )
    if not ways:
        raise NotNow("この点検票は、いまの状態では締め切れず、外せません。回収状況を確かめてください。")
    where = standing(sheet.state, answered=sheet.answered)
    return EndingPage(
        sheet=sheet,
        unit_name=sheet_name(_unit_name(session, sheet=sheet, today=today), system_name=sheet.system_name),
        standing=where,
        label=STANDING_LABELS[where],
        ways=ways,
    )


def _unit_name(session: Session, *, sheet: Sheet, today: date) -> str:
    trees = (tree_on(session, day=today), tree_on(session, day=sheet.campaign.dates.base_date))
    return next((tree.by_id[sheet.unit_id].name for tree in trees if sheet.unit_id in tree.by_id), ENDED_UNIT)
