"""The lead division's pages: who would be reminded of what and when it was done last, and the log of what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.calendar.queries import city_calendar
from app.calendar.rules import CityCalendar
from app.inspections.queries.campaigns import CampaignOutline, campaign_outline
from app.inspections.queries.in_hand import SheetInHand, named_things, sheets_in_hand
from app.inspections.queries.places import ENDED_UNIT, department_of
from app.inspections.rules import CampaignState
from app.inspections.texts import STATE, sheet_name
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, PersonId, UnitId
from app.notices.queries import PAGE_SIZE, last_sent, sent_about
from app.notices.rules import MailState
from app.organisation.queries import tree_on
from app.people.queries import people_by_id
from app.people.rules import PersonView
from app.reminders.queries.people import NOBODY, People, roll_of
from app.reminders.queries.planning import standing_of
from app.reminders.rules import (
    WITH_DEPARTMENT,
    Audience,
    ReminderKind,
    ReminderRow,
    coming,
    plan_of_sheet,
)
from app.reminders.texts import REMINDER

KINDS = tuple(kind.value for kind in ReminderKind)
URGING = tuple(kind for kind in KINDS if kind != ReminderKind.BEGINS)
"""What counts as a reminder on the list: being told of the beginning is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPage:
    """Every department that still has its sheet, the longest overdue first."""

    campaign: CampaignOutline
    rows: tuple[ReminderRow, ...]
    may_send: bool

    @property
    def late(self) -> tuple[ReminderRow, ...]:
        """Return the rows past their due date."""
        return tuple(row for row in self.rows if row.late)

    def shown(self, *, late: bool) -> tuple[ReminderRow, ...]:
        """Return the rows of a file: all of them, or those past their due date."""
        return self.late if late else self.rows


def holders_audience(sheet: SheetInHand) -> frozenset[Audience]:
    """Return who has a sheet in hand: whoever is reminded by hand."""
    if sheet.state.value.startswith("awaiting"):
        return frozenset({Audience.APPROVERS})
    return frozenset({Audience.CLERKS, Audience.HEADS})


def reminder_page(session: Session, *, actor: Actor, campaign_id: CampaignId, today: date) -> ReminderPage:
    """Return who would be reminded, in a number of statements that does not grow with the departments.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    campaign = campaign_outline(session, campaign_id=campaign_id)
    if campaign.state is CampaignState.DRAFT:
        raise NotNow("まだ始めていない点検です。始めると、催促の画面を使えます。")
    sheets = [
        sheet
        for sheet in sheets_in_hand(session, today=today, campaign_id=campaign_id)
        if sheet.state in WITH_DEPARTMENT
    ]
    roll = roll_of(session, sheets=sheets, today=today)
    reminded = last_sent(session, context_id=campaign_id, kinds=URGING)
    known: set[PersonId] = set()
    for sheet in sheets:
        known |= roll.of_sheet(sheet, audiences=holders_audience(sheet))
        known |= roll.heads.get(sheet.unit_id, NOBODY) | roll.clerks.get(sheet.unit_id, NOBODY)
    build = _Rows(
        calendar=city_calendar(session),
        names=people_by_id(session, person_ids=known),
        reminded=reminded,
        today=today,
    )
    order = {unit.id: place for place, unit in enumerate(roll.tree.units)}
    rows = [
        (-max(0, (today - sheet.due).days), order.get(sheet.unit_id, len(order)), sheet) for sheet in sheets
    ]
    return ReminderPage(
        campaign=campaign,
        rows=tuple(
            build.row(
                sheet,
                unit=_unit_of(roll.tree.by_id, sheet.unit_id),
                department=department_of(roll.tree, sheet.unit_id)[1],
                holders=roll.of_sheet(sheet, audiences=holders_audience(sheet)),
                heads=roll.heads.get(sheet.unit_id, NOBODY),
                clerks=roll.clerks.get(sheet.unit_id, NOBODY),
            )
            for _, _, sheet in sorted(rows, key=lambda row: row[:2])
        ),
        may_send=may(Permission.CITY_REMINDER_SEND, actor=actor),
    )


def _unit_of(units: Mapping[UnitId, object], unit_id: UnitId) -> str:
    found = units.get(unit_id)
    return str(getattr(found, "name", ENDED_UNIT))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Builds rows from what was read once for all of them."""

    calendar: CityCalendar
    names: Mapping[PersonId, PersonView]
    reminded: Mapping[UUID, datetime]
    today: date

    def row(
        self,
        sheet: SheetInHand,
        *,
        unit: str,
        department: str,
        holders: People,
        heads: People,
        clerks: People,
    ) -> ReminderRow:
        locked = sheet.locked(self.today)
        following = None
        if not locked:
            following = coming(plan_of_sheet(standing_of(sheet), calendar=self.calendar), today=self.today)
        begun = sheet.answered > 0 or not sheet.state.value.startswith("answering")
        return ReminderRow(
            inspection_id=sheet.id,
            unit_name=sheet_name(unit, system_name=sheet.system_name),
            department_name=department,
            standing=sheet.state.value if begun else "not_started",
            label=STATE[sheet.state] if begun else "未着手",
            due=sheet.due,
            late_days=max(0, (self.today - sheet.due).days),
            locked=locked,
            holders=self._named(holders),
            heads=self._named(heads),
            clerks=self._named(clerks),
            last_at=self.reminded.get(sheet.id),
            next_on=following.day if following else None,
            next_label=REMINDER[following.rule.kind] if following else "",
        )

    def _named(self, people: People) -> tuple[str, ...]:
        known = sorted((self.names[one] for one in people), key=lambda person: person.staff_no)
        return tuple(person.name for person in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One reminder that was sent to one person."""

    at: datetime
    label: str
    about: str
    person: str
    read_at: datetime | None
    mail: MailState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """A page of what was sent about a campaign, the newest first."""

    campaign: CampaignOutline
    lines: tuple[LogLine, ...]
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def sent_page(
    session: Session, *, actor: Actor, campaign_id: CampaignId, number: int, today: date
) -> LogPage:
    """Return a page of the log of reminders.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    campaign = campaign_outline(session, campaign_id=campaign_id)
    found, total = sent_about(session, context_id=campaign_id, kinds=KINDS, number=number)
    people = people_by_id(session, person_ids={line.person_id for line in found})
    things = named_things(session, ids={line.subject_id for line in found}, today=today)
    units = tree_on(session, day=today).by_id
    return LogPage(
        campaign=campaign,
        lines=tuple(
            LogLine(
                at=line.created_at,
                label=REMINDER[ReminderKind(line.kind)],
                about=_unit_of(units, unit_id) if (unit_id := things[line.subject_id].unit_id) else "全体",
                person=people[line.person_id].name,
                read_at=line.read_at,
                mail=line.mail,
            )
            for line in found
        ),
        total=total,
        number=max(number, 1),
    )
