"""When whom is reminded of what, as versioned data, and reading it. Pure.

Days are business days of the city. After the due date they count from the day on which the sheet came to its state, when that is
the later one: nobody is late the moment something lands on the desk.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.calendar.rules import CityCalendar
from app.inspections.rules import State
from app.kernel.ids import InspectionId

VERSION: Final = "2026.1"
"""Of the tables below; each round of reminders is journalled with it."""


class Audience(StrEnum):
    """Whom a rule reminds.

    CLERKS: 点検担当者; the heads where nobody is named. APPROVERS: heads and deputies who are free to approve, otherwise who stands in.
    SUPERIORS: the heads of the nearest unit above that has one. REVIEWERS and MANAGERS: of the lead division; for its own sheet the
    units of 代替審査 and 統括.
    """

    CLERKS = "clerks"
    HEADS = "heads"
    APPROVERS = "approvers"
    SUPERIORS = "superiors"
    REVIEWERS = "reviewers"
    MANAGERS = "managers"
    CHIEFS = "chiefs"


class ReminderKind(StrEnum):
    """What a reminder says."""

    BEGINS = "reminder.begins"
    ANSWER_SOON = "reminder.answer-soon"
    ANSWER_LATE = "reminder.answer-late"
    ANSWER_ESCALATED = "reminder.answer-escalated"
    APPROVAL_SOON = "reminder.approval-soon"
    APPROVAL_LATE = "reminder.approval-late"
    APPROVAL_ESCALATED = "reminder.approval-escalated"
    RETURN_SOON = "reminder.return-soon"
    RETURN_LATE = "reminder.return-late"
    RETURN_ESCALATED = "reminder.return-escalated"
    REVIEW_SOON = "reminder.review-soon"
    REVIEW_LATE = "reminder.review-late"
    SIGN_OFF_SOON = "reminder.sign-off-soon"
    SIGN_OFF_LATE = "reminder.sign-off-late"
    LATE_LIST = "reminder.late-list"
    LOCKED = "reminder.locked"
    LOCKED_LIST = "reminder.locked-list"
    BY_HAND = "reminder.by-hand"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reminder: so many business days after the due date (before it when negative)."""

    states: frozenset[State]
    days: int
    kind: ReminderKind
    to: frozenset[Audience]


K, A, S = ReminderKind, Audience, State
_ANSWERING: Final = frozenset({S.ANSWERING})
_AWAITING: Final = frozenset({S.AWAITING_HEAD})
_RETURNED: Final = frozenset({S.RETURNED})
_REAPPROVAL: Final = frozenset({S.AWAITING_REAPPROVAL})
_REVIEW: Final = frozenset({S.SUBMITTED, S.UNDER_REVIEW})
_REVIEWED: Final = frozenset({S.REVIEWED})


def _to(*audiences: Audience) -> frozenset[Audience]:
    return frozenset(audiences)


BEGINNING: Final = Rule(_ANSWERING, 0, K.BEGINS, _to(A.CLERKS, A.HEADS))
"""On the first day of answering, or on the day on which a unit was added later."""
OF_SHEETS: Final = (
    Rule(_ANSWERING, -5, K.ANSWER_SOON, _to(A.CLERKS)),
    Rule(_ANSWERING, -1, K.ANSWER_SOON, _to(A.CLERKS, A.HEADS)),
    Rule(_ANSWERING, 1, K.ANSWER_LATE, _to(A.CLERKS, A.HEADS)),
    Rule(_ANSWERING, 3, K.ANSWER_ESCALATED, _to(A.CLERKS, A.HEADS, A.SUPERIORS)),
    Rule(_AWAITING, -1, K.APPROVAL_SOON, _to(A.APPROVERS)),
    Rule(_AWAITING, 1, K.APPROVAL_LATE, _to(A.APPROVERS)),
    Rule(_AWAITING, 3, K.APPROVAL_ESCALATED, _to(A.APPROVERS, A.SUPERIORS)),
    Rule(_RETURNED, -1, K.RETURN_SOON, _to(A.CLERKS)),
    Rule(_RETURNED, 1, K.RETURN_LATE, _to(A.CLERKS, A.HEADS)),
    Rule(_RETURNED, 3, K.RETURN_ESCALATED, _to(A.CLERKS, A.HEADS, A.SUPERIORS)),
    Rule(_REAPPROVAL, 1, K.APPROVAL_LATE, _to(A.APPROVERS)),
    Rule(_REAPPROVAL, 3, K.APPROVAL_ESCALATED, _to(A.APPROVERS, A.SUPERIORS)),
)
"""One notice for each sheet."""
OF_CAMPAIGNS: Final = (
    Rule(_REVIEW, -5, K.REVIEW_SOON, _to(A.REVIEWERS)),
    Rule(_REVIEW, -1, K.REVIEW_SOON, _to(A.REVIEWERS)),
    Rule(_REVIEW, 1, K.REVIEW_LATE, _to(A.REVIEWERS, A.MANAGERS)),
    Rule(_REVIEW, 3, K.REVIEW_LATE, _to(A.MANAGERS, A.CHIEFS)),
    Rule(_REVIEWED, -1, K.SIGN_OFF_SOON, _to(A.MANAGERS)),
    Rule(_REVIEWED, 1, K.SIGN_OFF_LATE, _to(A.MANAGERS)),
    Rule(_REVIEWED, 3, K.SIGN_OFF_LATE, _to(A.MANAGERS, A.CHIEFS)),
)
"""One notice for all sheets of a campaign that stand there: the lead division is not told a hundred times."""
LATE_LISTS: Final = (
    Rule(_ANSWERING | _AWAITING, 1, K.LATE_LIST, _to(A.REVIEWERS, A.MANAGERS)),
    Rule(_ANSWERING | _AWAITING, 5, K.LATE_LIST, _to(A.REVIEWERS, A.MANAGERS)),
)
"""The lead division hears of all late departments in one notice, its own among them."""
LOCK: Final = Rule(_ANSWERING, 1, K.LOCKED, _to(A.CLERKS, A.HEADS))
LOCK_LIST: Final = Rule(_ANSWERING, 1, K.LOCKED_LIST, _to(A.MANAGERS))
"""Once the grace date has passed while a department was answering."""
WITH_DEPARTMENT: Final = _ANSWERING | _AWAITING | _RETURNED | _REAPPROVAL
"""States in which a department can be reminded by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What rules look at: where a sheet stands since when, when answering began, until when."""

    state: State
    since: date
    begins: date
    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A rule and the business day on which it fires; `base` is the day from which it was counted."""

    rule: Rule
    day: date
    base: date

    @property
    def occasion(self) -> str:
        """Return what tells this firing from others of the same rule."""
        return f"{self.base.isoformat()}{self.rule.days:+d}"


def triggers(standing: Standing, *, rules: Iterable[Rule], calendar: CityCalendar) -> tuple[Trigger, ...]:
    """Return when each rule of a sheet's state fires, the earliest first.

    What would have fired before the sheet came to its state never does, nor what would come before answering has begun.
    """
    first = max(standing.since, standing.begins)
    found = []
    for rule in rules:
        if standing.state not in rule.states:
            continue
        base = standing.due if rule.days < 0 else max(standing.due, standing.since)
        day = calendar.add_business_days(base, rule.days)
        if day > first:
            found.append(Trigger(rule=rule, day=day, base=base))
    return tuple(sorted(found, key=lambda trigger: trigger.day))


def beginning(standing: Standing, *, calendar: CityCalendar) -> Trigger | None:
    """Return when a department is told that answering has begun; None when it is past answering."""
    if standing.state not in BEGINNING.states:
        return None
    base = max(standing.since, standing.begins)
    return Trigger(rule=BEGINNING, day=calendar.next_business_day(base), base=base)


def plan_of_sheet(standing: Standing, *, calendar: CityCalendar) -> tuple[Trigger, ...]:
    """Return everything that will fire for a sheet while it stays where it is, the earliest first."""
    start = beginning(standing, calendar=calendar)
    later = triggers(standing, rules=OF_SHEETS, calendar=calendar)
    return (*([start] if start else []), *later)


def fired(plan: Iterable[Trigger], *, today: date) -> Trigger | None:
    """Return the last rule that has fired by today: what was missed meanwhile is not made up for one by one."""
    due = [trigger for trigger in plan if trigger.day <= today]
    return due[-1] if due else None


def coming(plan: Iterable[Trigger], *, today: date) -> Trigger | None:
    """Return the next rule that will fire after today."""
    return next((trigger for trigger in plan if trigger.day > today), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRow:
    """One department that still has its sheet: who has it in hand, until when, when it was reminded and when it will be."""

    inspection_id: InspectionId
    unit_name: str
    department_name: str
    standing: str
    label: str
    due: date
    late_days: int
    locked: bool
    holders: tuple[str, ...]
    heads: tuple[str, ...]
    clerks: tuple[str, ...]
    last_at: datetime | None
    next_on: date | None
    next_label: str

    @property
    def late(self) -> bool:
        """Whether the due date is over."""
        return self.late_days > 0
