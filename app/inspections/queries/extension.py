"""More time for one sheet: its page with every request, and the list of all requests for those who decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.calendar.queries import city_calendar
from app.calendar.rules import CityCalendar
from app.inspections.models import Campaign, Extension, Inspection, ItemReturn, Revision
from app.inspections.queries.campaigns.summaries import STANDING_LABELS, standing
from app.inspections.queries.holding import HOLDER, holder
from app.inspections.queries.places import department_of
from app.inspections.queries.review import name_of
from app.inspections.queries.score import unit_name_of
from app.inspections.queries.sheet import Sheet, find_sheet
from app.inspections.rules import CampaignDates, State
from app.inspections.rules.extension import (
    CORRECTING,
    ExtensionOutcome,
    extension_waits,
    first_day,
)
from app.inspections.texts import sheet_name
from app.kernel.ids import InspectionId, PersonId, UnitId
from app.organisation.queries import tree_on, units_with
from app.organisation.rules import UnitFunction, UnitTree
from app.people.queries import people_by_id
from app.people.rules import PersonView

PAGE_SIZE: Final = 50
_USUAL: Final = 5
"""Business days that a form suggests."""
_DECIDING: Final = frozenset({Function.REVIEWER, Function.MANAGER, Function.CHIEF})

Names = Mapping[PersonId, PersonView]


def extension_subject(session: Session, *, unit_id: UnitId, today: date) -> Subject:
    """Return what the permissions to ask and to decide look at."""
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=today)
    return Subject(unit_id=unit_id, belongs_to_lead=unit_id in lead)


def present_due(session: Session, *, sheet: Sheet) -> date:
    """Return the date that more time would move: the earliest of the returned items, otherwise the answer's."""
    if sheet.state not in CORRECTING:
        return sheet.dates.answer_due
    returned = session.scalar(
        select(func.min(ItemReturn.due_on)).where(
            ItemReturn.revision_id == sheet.revision_id, ItemReturn.round == sheet.return_round
        )
    )
    return returned or sheet.dates.review_due


def waiting_request(session: Session, *, sheet: Sheet) -> Extension | None:
    """Return the request on which nobody has decided yet; there is one at most."""
    return session.scalars(
        select(Extension).where(Extension.revision_id == sheet.revision_id, Extension.decided_at.is_(None))
    ).one_or_none()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionLine:
    """One request and what became of it. `closed` says why the city does not work on the wished day."""

    number: int
    person: str
    at: datetime
    reason: str
    due_before: date
    wished: date
    closed: str | None
    outcome: ExtensionOutcome | None
    granted: date | None
    decision_reason: str
    decided_by: str
    decided_at: datetime | None

    @property
    def days(self) -> int:
        """Return how many days more were asked for."""
        return (self.wished - self.due_before).days


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionPage:
    """More time for one sheet.

    Attributes:
        due: the date that more time would move; `first` and `last` are the days to which it can be moved.
        waits: why the sheet gets no more time now.
        suggested: a business day that the form starts with.
        after: the dates of the sheet if the waiting request is granted as it stands.
    """

    sheet: Sheet
    unit_name: str
    due: date
    first: date
    last: date
    suggested: date
    waits: str | None
    request: ExtensionLine | None
    ended: tuple[ExtensionLine, ...]
    after: CampaignDates | None
    may_ask: bool
    may_decide: bool
    asked_it: bool

    @property
    def correcting(self) -> bool:
        """Whether returned items are what is due."""
        return self.sheet.state in CORRECTING


def extension_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, today: date
) -> ExtensionPage:
    """Return the page of a sheet's time, for every reader of the sheet.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    subject = extension_subject(session, unit_id=sheet.unit_id, today=today)
    due, last = present_due(session, sheet=sheet), sheet.campaign.dates.review_due
    rows = session.scalars(
        select(Extension)
        .join(Revision, Revision.id == Extension.revision_id)
        .where(Revision.inspection_id == sheet.id)
        .order_by(Revision.number, Extension.sequence)
    ).all()
    calendar, names = city_calendar(session), _names(session, rows)
    first = first_day(due=due, today=today)
    waiting = next((row for row in rows if row.decided_at is None), None)
    return ExtensionPage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        due=due,
        first=first,
        last=last,
        suggested=min(calendar.add_business_days(max(due, today), _USUAL), last),
        waits=extension_waits(sheet.state, due=due, limit=last, today=today),
        request=_line(waiting, names=names, calendar=calendar) if waiting else None,
        ended=tuple(_line(row, names=names, calendar=calendar) for row in rows if row.decided_at is not None),
        after=sheet.campaign.dates.extended(waiting.wished_until) if waiting else None,
        may_ask=may(Permission.UNIT_EXTENSION_REQUEST, actor=actor, subject=subject),
        may_decide=may(Permission.UNIT_EXTENSION_DECIDE, actor=actor, subject=subject),
        asked_it=waiting is not None and waiting.requested_by == actor.person_id,
    )


def _names(session: Session, rows: Sequence[Extension]) -> Names:
    people = {PersonId(one) for row in rows for one in (row.requested_by, row.decided_by) if one is not None}
    return people_by_id(session, person_ids=people)


def _line(row: Extension, *, names: Names, calendar: CityCalendar) -> ExtensionLine:
    return ExtensionLine(
        number=row.sequence,
        person=name_of(names, PersonId(row.requested_by)),
        at=row.requested_at,
        reason=row.reason,
        due_before=row.due_before,
        wished=row.wished_until,
        closed=calendar.reason_closed(row.wished_until),
        outcome=ExtensionOutcome(row.outcome) if row.outcome else None,
        granted=row.granted_until,
        decision_reason=row.decision_reason,
        decided_by=name_of(names, PersonId(row.decided_by)) if row.decided_by else "",
        decided_at=row.decided_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionEntry:
    """One request in the list of all. `may_decide`: it waits, and the reader decides on it."""

    inspection_id: InspectionId
    unit_name: str
    department: str
    campaign_title: str
    standing: str
    label: str
    line: ExtensionLine
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionList:
    """All requests that wait, the oldest on top, and one page of the `total` decided ones, the newest on top."""

    entries: tuple[ExtensionEntry, ...]
    waiting: int
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def extension_list(session: Session, *, actor: Actor, number: int, today: date) -> ExtensionList:
    """Return a page of the requests of all units, in a number of statements that does not grow with them.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    counts = session.execute(
        select(func.count(), func.count(Extension.decided_at)).select_from(Extension)
    ).one()
    waiting, decided = counts[0] - counts[1], counts[1]
    number = min(max(1, number), max(1, -(-decided // PAGE_SIZE)))
    rows = [
        *session.execute(_ENTRIES.where(Extension.decided_at.is_(None)), {"day": today}),
        *session.execute(
            _ENTRIES.where(Extension.decided_at.is_not(None))
            .limit(PAGE_SIZE)
            .offset((number - 1) * PAGE_SIZE),
            {"day": today},
        ),
    ]
    build = _Entries(
        actor=actor,
        tree=tree_on(session, day=today),
        lead=units_with(session, function=UnitFunction.LEAD_DIVISION, day=today),
        names=_names(session, [row.Extension for row in rows]),
        calendar=city_calendar(session),
    )
    return ExtensionList(
        entries=tuple(build.entry(row) for row in rows),
        waiting=waiting,
        total=decided,
        number=number,
    )


_ENTRIES: Final = (
    select(
        Extension,
        Revision.state,
        Revision.answered,
        Inspection.id.label("inspection_id"),
        HOLDER.label("unit_id"),
        Inspection.system_name,
        Campaign.title,
    )
    .join(Revision, Revision.id == Extension.revision_id)
    .join(Inspection, Inspection.id == Revision.inspection_id)
    .join(Campaign, Campaign.id == Inspection.campaign_id)
    .order_by(
        Extension.decided_at.desc(),
        Extension.requested_at,
        Extension.revision_id,
        Extension.sequence,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    """Builds entries from what was read once for all of them."""

    actor: Actor
    tree: UnitTree
    lead: frozenset[UnitId]
    names: Names
    calendar: CityCalendar

    def entry(self, row: Row[*tuple[Any, ...]]) -> ExtensionEntry:
        request, unit_id = row.Extension, UnitId(row.unit_id)
        unit = self.tree.by_id.get(unit_id)
        where = standing(State(row.state), answered=row.answered)
        return ExtensionEntry(
            inspection_id=InspectionId(row.inspection_id),
            unit_name=sheet_name(unit.name if unit else "（廃止された所属）", system_name=row.system_name),
            department=department_of(self.tree, unit_id)[1] if unit else "",
            campaign_title=row.title,
            standing=where,
            label=STANDING_LABELS[where],
            line=_line(request, names=self.names, calendar=self.calendar),
            may_decide=request.decided_at is None
            and request.requested_by != self.actor.person_id
            and may(
                Permission.UNIT_EXTENSION_DECIDE,
                actor=self.actor,
                subject=Subject(unit_id=unit_id, belongs_to_lead=unit_id in self.lead),
            ),
        )


def extensions_to_decide(session: Session, *, actor: Actor, today: date) -> int:
    """Return how many requests wait for this person's decision, by the permission table itself."""
    if not actor.functions & _DECIDING:
        return 0
    rows = session.execute(
        select(holder(day=today).label("holder_id"), func.count())
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(Extension, Extension.revision_id == Revision.id)
        .where(Extension.decided_at.is_(None), Extension.requested_by != actor.person_id)
        .group_by("holder_id")
    ).all()
    if not rows:
        return 0
    lead = units_with(session, function=UnitFunction.LEAD_DIVISION, day=today)
    return sum(
        count
        for unit_id, count in rows
        if may(
            Permission.UNIT_EXTENSION_DECIDE,
            actor=actor,
            subject=Subject(unit_id=UnitId(unit_id), belongs_to_lead=unit_id in lead),
        )
    )
