"""アカウント棚卸し: a round for each quarter, who is asked for which account, and what is suspended in the end. Pure.

Basis: 市 情報セキュリティ対策基準 6.2(1) 利用者IDの管理.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.errors import InvalidInput, Problem
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import AccountId, PersonId, UnitId

LONGEST_REASON: Final = 300
"""With the name of the round before it, it also has to fit among the acts of the account."""
DUE_AFTER: Final = timedelta(days=14)
"""Ten working days: this room lies beside the city's calendar and does not know it."""
SUSPEND_AFTER: Final = timedelta(days=7)
LONGEST_ROUND: Final = timedelta(days=92)
REMIND_BEFORE: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a 年度: 1 is April to June, 4 January to March."""

    fiscal_year: int
    number: int

    @classmethod
    def containing(cls, day: date) -> "Quarter":
        """Return the quarter of a day."""
        return cls(FiscalYear.containing(day).year, (day.month - 4) % 12 // 3 + 1)

    @property
    def before(self) -> "Quarter":
        """Return the quarter that ended before this one."""
        if self.number == 1:
            return Quarter(self.fiscal_year - 1, 4)
        return Quarter(self.fiscal_year, self.number - 1)

    @property
    def months(self) -> str:
        """Return 4〜6月."""
        first = (self.number * 3) % 12 + 1
        return f"{first}〜{first + 2}月"

    @property
    def label(self) -> str:
        """Return 令和8年度 第3四半期（10〜12月）."""
        return f"{FiscalYear(self.fiscal_year).label} 第{self.number}四半期（{self.months}）"

    @property
    def code(self) -> str:
        """Return 2026-3, as forms send it."""
        return f"{self.fiscal_year}-{self.number}"


def offered_quarters(today: date, *, done: Iterable[Quarter]) -> tuple[Quarter, ...]:
    """Return the quarters for which a round can be opened: this one, and the one before while it has none."""
    this, had = Quarter.containing(today), set(done)
    return tuple(quarter for quarter in (this, this.before) if quarter not in had)


def refuse_days(*, due_on: date, suspend_on: date, today: date) -> None:
    """Refuse days of a round that leave nobody time.

    Raises:
        InvalidInput: due before tomorrow, suspended before the day after, or further off than a quarter.
    """
    problems = []
    if due_on <= today:
        problems.append(
            Problem(field="due_on", message="確認の期限は、あすか、それより後の日にしてください。")
        )
    if suspend_on <= due_on:
        problems.append(
            Problem(field="suspend_on", message="利用を止める日は、確認の期限より後の日にしてください。")
        )
    elif suspend_on - today > LONGEST_ROUND:
        problems.append(
            Problem(field="suspend_on", message="利用を止める日は、きょうから3か月以内の日にしてください。")
        )
    if problems:
        raise InvalidInput(problems)


class Decision(StrEnum):
    """What was decided about an account."""

    KEEP = "keep"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What somebody says of one account, and the version of the line that was on the screen."""

    account_id: AccountId
    decision: Decision
    reason: str
    seen_version: int


def reason_problem(answer: LineAnswer, *, unit_id: UnitId | None) -> str:
    """Return why the reason of an answer cannot be taken; empty when it can. No unit answers for who has none, so a reason does."""
    if not answer.reason and answer.decision is Decision.STOP:
        return "止める理由を書いてください。本人も見ることができます。"
    if not answer.reason and unit_id is None:
        return "所属のない利用者には、使い続ける理由も書いてください。"
    if len(answer.reason) > LONGEST_REASON:
        return f"理由は{LONGEST_REASON}文字までにしてください。"
    return ""


class Ending(StrEnum):
    """What became of an account that nobody confirmed. SPARED: suspending it would have left nobody to open the door."""

    SUSPENDED = "suspended"
    SPARED = "spared"


# ---------------------------------------------------------------------------------------------- who is asked


class Step(StrEnum):
    """In what capacity somebody is asked, the nearest first."""

    UNIT = "unit"
    ABOVE = "above"
    CHIEF = "chief"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked for an account, and in what capacity."""

    step: Step
    people: frozenset[PersonId] = field(default=frozenset())


NOBODY: Final = Asked(step=Step.NOBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """Who leads what on a day. `able` are those with an account in force: nobody else can answer."""

    able: frozenset[PersonId]
    heads: Mapping[UnitId, frozenset[PersonId]] = field(default_factory=dict)
    deputies: Mapping[UnitId, frozenset[PersonId]] = field(default_factory=dict)
    chiefs: frozenset[PersonId] = field(default=frozenset())
    administrators: frozenset[PersonId] = field(default=frozenset())


def asked_for(person_id: PersonId, *, path: Sequence[UnitId], who: Responsible) -> Asked:
    """Return who is asked for somebody's account, the nearest first; nobody ever for the own one.

    `path` leads from the unit of the main post upwards; empty for who has none. The heads and deputies of the unit; for the
    head's own account, and where a unit has none who could, the heads of the nearest unit above; at the top 統括, then an
    administrator. An account without a unit is an administrator's matter, and 統括's where that would be the own one.
    """
    nobody = frozenset[PersonId]()
    ladder: list[tuple[Step, frozenset[PersonId]]] = []
    for unit_id in path[:1]:
        heads = who.heads.get(unit_id, nobody)
        # Who leads a unit is not judged by those whom they lead.
        own = nobody if person_id in heads else heads | who.deputies.get(unit_id, nobody)
        ladder.append((Step.UNIT, own))
    ladder += [(Step.ABOVE, who.heads.get(unit_id, nobody)) for unit_id in path[1:]]
    top = [(Step.CHIEF, who.chiefs), (Step.ADMINISTRATOR, who.administrators)]
    ladder += top if path else reversed(top)
    free = (Asked(step=step, people=people & who.able - {person_id}) for step, people in ladder)
    return next((asked for asked in free if asked.people), NOBODY)


# ------------------------------------------------------------------------------------------ what is suspended


@dataclass(frozen=True, slots=True, kw_only=True)
class TopAccount:
    """An account in force of a system administrator or of 統括."""

    account_id: AccountId
    administers: bool
    last_sign_in_on: date | None


def spared(doomed: Iterable[AccountId], *, top: Iterable[TopAccount]) -> frozenset[AccountId]:
    """Return which of the accounts that are to be closed stay open, so that somebody can open the others again.

    Where everybody of 統括 and the administrators would go, all of them stay; otherwise, where all administrators would, the
    one who signed in last.
    """
    gone, all_top = frozenset(doomed), tuple(top)
    everybody = frozenset(one.account_id for one in all_top)
    if everybody and everybody <= gone:
        return everybody
    administrators = [one for one in all_top if one.administers]
    if administrators and all(one.account_id in gone for one in administrators):
        last = max(administrators, key=lambda one: (one.last_sign_in_on or date.min, str(one.account_id)))
        return frozenset({last.account_id})
    return frozenset()


# ------------------------------------------------------------------------------------------------- reminding


class Occasion(StrEnum):
    """When a round calls for attention."""

    OPENED = "opened"
    BEFORE = "before"
    AFTER = "after"


def occasion_on(today: date, *, opened_on: date, due_on: date, suspend_on: date) -> Occasion | None:
    """Return of what those who still have something to confirm are told on a day."""
    if due_on < today < suspend_on:
        return Occasion.AFTER
    if opened_on < due_on - REMIND_BEFORE <= today <= due_on:
        return Occasion.BEFORE
    return None
