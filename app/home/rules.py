"""What waits for whom: one table of sentences, chosen by state and relation, ordered by due date."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.access.actor import Actor, Function
from app.inspections.rules import State
from app.kernel.ids import InspectionId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sheet that waits for somebody, as the home page needs it.

    Attributes:
        may_decide: the reader may take its next step.
        given_back: the head gave it back to the clerk, with a reason.
        opens_on: the day from which it can be answered, while that day is still to come.
    """

    id: InspectionId
    unit_id: UnitId
    unit_name: str
    campaign: str
    state: State
    answered: int
    applicable: int
    decided: int
    due: date | None
    overdue: bool
    may_decide: bool
    given_back: bool = False
    opens_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do now. `page` names the page that does it."""

    page: str
    sheet: Waiting
    title: str
    detail: str
    symbol: str


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Whose task a state is, and how it is worded; `{unit}`, `{left}` … are filled in."""

    states: frozenset[State]
    concerns: Callable[[Actor, Waiting], bool]
    page: str
    title: str
    detail: str
    symbol: str


def _clerk(actor: Actor, sheet: Waiting) -> bool:
    return sheet.unit_id in actor.clerk_of and sheet.opens_on is None and not sheet.given_back


def _clerk_again(actor: Actor, sheet: Waiting) -> bool:
    return sheet.unit_id in actor.clerk_of and sheet.given_back


def _decides(actor: Actor, sheet: Waiting) -> bool:
    del actor
    return sheet.may_decide


def _reviews(actor: Actor, sheet: Waiting) -> bool:
    """The manager may review as well, and is not asked to: who reviews does not sign off."""
    return sheet.may_decide and Function.MANAGER not in actor.functions


S = State
RULES: Final = (
    TaskRule(
        frozenset({S.ANSWERING, S.RETURNED}),
        _clerk_again,
        "sheet",
        "{unit}の回答を見直す",
        "{campaign}。所属長から戻りました。理由を読んで直してください。",
        "back",
    ),
    TaskRule(
        frozenset({S.RETURNED}),
        _clerk,
        "answer",
        "{unit}の差戻しに答える",
        "{campaign}。情報主管課が説明か修正を求めています。",
        "back",
    ),
    TaskRule(
        frozenset({S.ANSWERING}),
        _clerk,
        "answer",
        "{unit}の自己点検に回答する",
        "{campaign}。残り{left}項目。",
        "pen",
    ),
    TaskRule(
        frozenset({S.AWAITING_HEAD}),
        _decides,
        "approval",
        "{unit}の自己点検を承認する",
        "{campaign}。担当者が回答を終えました。",
        "stamp",
    ),
    TaskRule(
        frozenset({S.AWAITING_REAPPROVAL}),
        _decides,
        "approval",
        "{unit}の修正を承認する",
        "{campaign}。差戻しで直したところだけを見ます。",
        "stamp",
    ),
    TaskRule(
        frozenset({S.SUBMITTED}),
        _reviews,
        "review",
        "{unit}を審査する",
        "{campaign}。まだ誰も審査していません。",
        "lens",
    ),
    TaskRule(
        frozenset({S.UNDER_REVIEW}),
        _reviews,
        "review",
        "{unit}の審査を続ける",
        "{campaign}。{applicable}項目中{decided}項目を判断しました。",
        "lens",
    ),
    TaskRule(
        frozenset({S.REVIEWED}),
        _decides,
        "sign_off",
        "{unit}を確定する",
        "{campaign}。審査が終わりました。",
        "sealed",
    ),
)


def tasks(sheets: Iterable[Waiting], *, actor: Actor) -> tuple[Task, ...]:
    """Return what waits for somebody, the nearest due date first."""
    found = [
        _task(rule, sheet)
        for sheet in sheets
        for rule in RULES
        if sheet.state in rule.states and rule.concerns(actor, sheet)
    ]
    return tuple(sorted(found, key=lambda task: (task.sheet.due or date.max, task.sheet.unit_name)))


REOPENING: Final = TaskRule(
    frozenset({S.SIGNED_OFF, S.CLOSED_UNSUBMITTED, S.EXCLUDED}),
    _decides,
    "reopening",
    "{unit}の再開の申し出を判断する",
    "{campaign}。封印した点検票を開き直したいという申し出があります。",
    "back",
)


def reopening_tasks(sheets: Iterable[Waiting]) -> tuple[Task, ...]:
    """Return the requests to open sealed sheets again that wait for somebody, by name: they have no due date."""
    return tuple(_task(REOPENING, sheet) for sheet in sorted(sheets, key=lambda sheet: sheet.unit_name))


def _task(rule: TaskRule, sheet: Waiting) -> Task:
    words = {
        "unit": sheet.unit_name,
        "campaign": sheet.campaign,
        "left": sheet.applicable - sheet.answered,
        "applicable": sheet.applicable,
        "decided": sheet.decided,
    }
    return Task(
        page=rule.page,
        sheet=sheet,
        title=rule.title.format(**words),
        detail=rule.detail.format(**words),
        symbol=rule.symbol,
    )
