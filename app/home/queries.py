"""What the home page shows to whom."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may
from app.home.rules import Task, Waiting, reopening_tasks, tasks
from app.inspections.queries.answering import SheetHead, sheet_head
from app.inspections.queries.campaigns import SheetCounts
from app.inspections.queries.disposal import DisposalAsked, disposals_to_decide
from app.inspections.queries.extension import extensions_to_decide
from app.inspections.queries.lists import (
    SheetLine,
    given_back,
    open_sheets,
    reopenings_to_decide,
    sealed_sheets,
    sheets_to_decide,
)
from app.inspections.queries.questions import questions_to_answer
from app.inspections.queries.sheet import content_of_sheet, find_sheet
from app.inspections.rules import State
from app.kernel.ids import CampaignId, InspectionId, UnitId
from app.people.queries import clerks_on
from app.people.queries.inventory import InventoryWork, inventory_work

TASKS_SHOWN = 12
DONE_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CityView:
    """The running campaigns in numbers: for those who see the whole city. A trial is practice: it is named, and counted nowhere."""

    total: int
    overdue: int
    counts: SheetCounts
    campaigns: tuple[tuple[CampaignId, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWithoutClerk:
    """A unit of one's own that has a sheet and nobody to answer it."""

    id: UnitId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Everything on the home page. `extensions` and `questions` count what waits for the reader's decision or answer; an inventory counts as one thing to do."""

    tasks: tuple[Task, ...]
    more_tasks: int
    disposals: tuple[DisposalAsked, ...]
    extensions: int
    questions: int
    inventories: tuple[InventoryWork, ...]
    without_clerk: tuple[UnitWithoutClerk, ...]
    waiting_elsewhere: tuple[SheetLine, ...]
    done: tuple[SheetLine, ...]
    own: SheetHead | None
    city: CityView | None


def home_page(session: Session, *, actor: Actor, today: date) -> HomePage:
    """Return what somebody has to do now by due date, what goes on elsewhere, and what is done."""
    lines = open_sheets(session, actor=actor, today=today)
    decidable = sheets_to_decide(session, actor=actor, lines=lines, today=today)
    asked = reopenings_to_decide(session, actor=actor, today=today)
    back = given_back(session, lines=[line for line in lines if line.unit_id in actor.clerk_of])
    todo = (
        *tasks((_waiting(line, decidable=decidable, returned=back) for line in lines), actor=actor),
        *reopening_tasks(_waiting(line, decidable=frozenset({line.id})) for line in asked),
    )
    concerned = {task.sheet.id for task in todo}
    own_units = actor.clerk_of | actor.head_of | actor.deputy_of
    return HomePage(
        tasks=todo[:TASKS_SHOWN],
        more_tasks=max(0, len(todo) - TASKS_SHOWN),
        disposals=disposals_to_decide(session, actor=actor),
        extensions=extensions_to_decide(session, actor=actor, today=today),
        questions=questions_to_answer(session, actor=actor),
        inventories=inventory_work(session, actor=actor, today=today),
        without_clerk=_without_clerk(session, actor=actor, lines=lines, today=today),
        waiting_elsewhere=tuple(
            line for line in lines if line.unit_id in own_units and line.id not in concerned
        ),
        done=sealed_sheets(session, actor=actor, today=today, limit=DONE_SHOWN),
        own=_own(session, actor=actor, lines=lines, today=today),
        city=_city(lines) if may(Permission.CITY_PROGRESS_READ, actor=actor) else None,
    )


def _waiting(
    line: SheetLine,
    *,
    decidable: frozenset[InspectionId],
    returned: frozenset[InspectionId] = frozenset(),
) -> Waiting:
    return Waiting(
        id=line.id,
        unit_id=line.unit_id,
        unit_name=line.unit_name,
        campaign=line.campaign_title,
        state=line.state,
        answered=line.answered,
        applicable=line.applicable,
        decided=line.decided,
        due=line.due,
        overdue=line.overdue,
        may_decide=line.id in decidable,
        given_back=line.id in returned,
        opens_on=line.opens_on,
    )


def _without_clerk(
    session: Session, *, actor: Actor, lines: tuple[SheetLine, ...], today: date
) -> tuple[UnitWithoutClerk, ...]:
    led = {
        line.unit_id: line.unit_name
        for line in lines
        if line.unit_id in actor.head_of and line.state is State.ANSWERING
    }
    if not led:
        return ()
    named = clerks_on(session, unit_ids=led, day=today)
    return tuple(
        UnitWithoutClerk(id=unit_id, name=name) for unit_id, name in led.items() if not named.get(unit_id)
    )


def _own(session: Session, *, actor: Actor, lines: tuple[SheetLine, ...], today: date) -> SheetHead | None:
    """Return the one sheet of one's own unit that is nearest to its date: its progress stands at the right."""
    mine = [line for line in lines if line.unit_id in actor.clerk_of | actor.head_of]
    if not mine:
        return None
    nearest = min(mine, key=lambda line: (line.due or date.max, line.unit_name))
    sheet = find_sheet(session, actor=actor, inspection_id=nearest.id)
    return sheet_head(
        session, actor=actor, sheet=sheet, content=content_of_sheet(session, sheet=sheet), today=today
    )


def _city(lines: tuple[SheetLine, ...]) -> CityView:
    counted = [line for line in lines if not line.trial]
    return CityView(
        total=len(counted),
        overdue=sum(1 for line in counted if line.overdue),
        counts=SheetCounts(by_standing=Counter(line.tag for line in counted)),
        campaigns=tuple({line.campaign_id: line.campaign_title for line in lines}.items()),
    )
