"""What is to be written today by the rules, and was not written yet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import product

from sqlalchemy.orm import Session

from app.calendar.queries import city_calendar
from app.calendar.rules import CityCalendar
from app.inspections.queries.in_hand import SheetInHand, sheets_in_hand
from app.kernel.ids import CampaignId, InspectionId, UnitId
from app.notices.queries import occasions_of
from app.notices.rules import NoticeDraft
from app.reminders.queries.people import People, Roll, roll_of
from app.reminders.rules import (
    LATE_LISTS,
    LOCK,
    LOCK_LIST,
    OF_CAMPAIGNS,
    ReminderKind,
    Rule,
    Standing,
    Trigger,
    fired,
    plan_of_sheet,
    triggers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One firing of a rule: about a sheet, or about several sheets of a campaign at once."""

    kind: ReminderKind
    campaign_id: CampaignId
    sheets: tuple[InspectionId, ...]
    subject_id: InspectionId | CampaignId
    occasion: str
    due: date
    people: People

    @property
    def drafts(self) -> Sequence[NoticeDraft]:
        """Return one notice for each person."""
        return [
            NoticeDraft(
                person_id=one,
                kind=self.kind.value,
                subject_id=self.subject_id,
                context_id=self.campaign_id,
                occasion=self.occasion,
                due_on=self.due,
            )
            for one in sorted(self.people)
        ]


def standing_of(sheet: SheetInHand) -> Standing:
    """Return what the rules look at."""
    return Standing(state=sheet.state, since=sheet.since, begins=sheet.dates.answer_from, due=sheet.due)


def due_reminders(session: Session, *, today: date) -> tuple[Reminder, ...]:
    """Return the reminders of due dates that are to be written now; on a day on which the city is closed none."""
    calendar = city_calendar(session)
    if not calendar.is_business_day(today):
        return ()
    return _not_yet(session, today=today, found=partial(_by_rule, calendar=calendar, today=today))


def lock_reminders(session: Session, *, today: date) -> tuple[Reminder, ...]:
    """Return what is to be told of sheets that were locked by the grace date."""
    return _not_yet(session, today=today, found=partial(_of_locks, today=today))


def _not_yet(
    session: Session, *, today: date, found: Callable[[Sequence[SheetInHand], Roll], Iterable[Reminder]]
) -> tuple[Reminder, ...]:
    sheets = sheets_in_hand(session, today=today)
    if not sheets:
        return ()
    roll = roll_of(session, sheets=sheets, today=today)
    written = occasions_of(
        session,
        context_ids={sheet.campaign_id for sheet in sheets},
        kinds=[kind.value for kind in ReminderKind],
    )
    return tuple(
        reminder
        for reminder in found(sheets, roll)
        if reminder.people and (reminder.kind.value, reminder.subject_id, reminder.occasion) not in written
    )


def _by_rule(
    sheets: Sequence[SheetInHand], roll: Roll, *, calendar: CityCalendar, today: date
) -> Iterator[Reminder]:
    for sheet in sheets:
        trigger = fired(plan_of_sheet(standing_of(sheet), calendar=calendar), today=today)
        # A locked department cannot answer any more: the notice of the lock has said so.
        if trigger is not None and not sheet.locked(today):
            yield _of_sheet(sheet, trigger.rule, roll=roll, occasion=f"{sheet.run}/{trigger.occasion}")
    for rules, lead in ((OF_CAMPAIGNS, roll.lead), (LATE_LISTS, frozenset[UnitId]())):
        for group, states in product(
            _groups(sheets, lead=lead), dict.fromkeys(rule.states for rule in rules)
        ):
            line = [rule for rule in rules if rule.states == states]
            yield from _of_group(group, line, roll=roll, calendar=calendar, today=today)


def _of_locks(sheets: Sequence[SheetInHand], roll: Roll, *, today: date) -> Iterator[Reminder]:
    locked = [sheet for sheet in sheets if sheet.locked(today)]
    for sheet in locked:
        occasion = f"{sheet.run}/{sheet.dates.grace_until.isoformat()}"
        yield _of_sheet(sheet, LOCK, roll=roll, occasion=occasion, due=sheet.dates.grace_until)
    for group in _groups(locked, lead=roll.lead):
        # Extended sheets are locked later than the others, and told of then.
        for grace in sorted({sheet.dates.grace_until for sheet in group.sheets}):
            same = [sheet for sheet in group.sheets if sheet.dates.grace_until == grace]
            occasion = f"{group.mark}/{grace.isoformat()}"
            yield _about(group, LOCK_LIST, roll=roll, sheets=same, occasion=occasion, due=grace)


def _of_sheet(
    sheet: SheetInHand, rule: Rule, *, roll: Roll, occasion: str, due: date | None = None
) -> Reminder:
    return Reminder(
        kind=rule.kind,
        campaign_id=sheet.campaign_id,
        sheets=(sheet.id,),
        subject_id=sheet.id,
        occasion=occasion,
        due=due or sheet.due,
        people=roll.of_sheet(sheet, audiences=rule.to),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """The sheets of one campaign that the same people of the lead division answer for; `own` of its own sheets."""

    sheets: tuple[SheetInHand, ...]
    own: frozenset[UnitId]

    @property
    def mark(self) -> str:
        return "own" if self.own else "all"


def _groups(sheets: Iterable[SheetInHand], *, lead: frozenset[UnitId]) -> Iterator[_Group]:
    found: dict[tuple[CampaignId, frozenset[UnitId]], list[SheetInHand]] = {}
    for sheet in sheets:
        found.setdefault((sheet.campaign_id, lead & {sheet.unit_id}), []).append(sheet)
    for (_, own), members in found.items():
        yield _Group(tuple(members), own)


def _of_group(
    group: _Group, rules: Sequence[Rule], *, roll: Roll, calendar: CityCalendar, today: date
) -> Iterator[Reminder]:
    """Yield the last reminder of a line of rules that fired for any sheet."""
    fires: dict[Trigger, list[SheetInHand]] = {}
    for sheet in group.sheets:
        for trigger in triggers(_from_opening(sheet), rules=rules, calendar=calendar):
            if trigger.day <= today:
                fires.setdefault(trigger, []).append(sheet)
    if fires:
        latest = max(fires, key=lambda trigger: trigger.day)
        occasion = f"{group.mark}/{latest.occasion}"
        yield _about(group, latest.rule, roll=roll, sheets=fires[latest], occasion=occasion, due=latest.base)


def _from_opening(sheet: SheetInHand) -> Standing:
    """Return how a sheet stands for those who wait for all of them: by the due date alone, whenever it came in."""
    return Standing(
        state=sheet.state,
        since=sheet.dates.answer_from,
        begins=sheet.dates.answer_from,
        due=sheet.dates.due(sheet.state) or sheet.due,
    )


def _about(
    group: _Group, rule: Rule, *, roll: Roll, sheets: Iterable[SheetInHand], occasion: str, due: date
) -> Reminder:
    campaign_id = group.sheets[0].campaign_id
    return Reminder(
        kind=rule.kind,
        campaign_id=campaign_id,
        sheets=tuple(sheet.id for sheet in sheets),
        subject_id=campaign_id,
        occasion=occasion,
        due=due,
        people=roll.of_campaign(rule.to, own=group.own),
    )
