"""Batches that give rights: prepared by one person, confirmed by another, undone as one until their day.

Basis: 市 情報セキュリティ対策基準 1(8) 兼務の禁止 (申請者と承認者を同一の者にしない).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.access.permissions import Permission
from app.kernel.fiscal_year import plain_date
from app.kernel.workflow import Step


class BatchState(StrEnum):
    """Where a batch stands."""

    PREPARED = "prepared"
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    DISCARDED = "discarded"


class BatchAction(StrEnum):
    """What can be done with a batch."""

    CONFIRM = "confirm"
    DISCARD = "discard"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """What the guards look at.

    Attributes:
        effective_on: the first day on which the batch is in force.
        today: the business date.
        changes: how many units change.
        without_successor: how many open things still have nobody named to answer for them.
    """

    effective_on: date
    today: date
    changes: int = 1
    without_successor: int = 0


def something_changes(facts: BatchFacts) -> str | None:
    """There is nothing to confirm while nothing changes."""
    if facts.changes:
        return None
    return "変えるところがまだありません。改正の内容を入れてから確定してください。"


def every_open_thing_has_a_successor(facts: BatchFacts) -> str | None:
    """A batch waits until each open thing of a unit that is split has been given to one of its successors."""
    if not facts.without_successor:
        return None
    return f"分かれる所属の未了の仕事{facts.without_successor}件に、引き継ぐ所属がまだ決まっていません。一件ずつ選んでください。"


def its_day_has_not_come(facts: BatchFacts) -> str | None:
    """What is in force is not undone: it is changed again, by another batch."""
    if facts.today < facts.effective_on:
        return None
    return f"{plain_date(facts.effective_on)}にもう施行されているので、取り消せません。新しい改正として直してください。"


BatchStep = Step[BatchAction, BatchState, Permission, BatchFacts]

REORGANISATION_STEPS: Final[tuple[BatchStep, ...]] = (
    Step(
        action=BatchAction.CONFIRM,
        source=BatchState.PREPARED,
        target=BatchState.CONFIRMED,
        permission=Permission.CITY_REORGANISATION_CONFIRM,
        journal_event="reorganisation.confirmed",
        guards=(something_changes, every_open_thing_has_a_successor),
    ),
    Step(
        action=BatchAction.DISCARD,
        source=BatchState.PREPARED,
        target=BatchState.DISCARDED,
        permission=Permission.CITY_REORGANISATION_PREPARE,
        journal_event="reorganisation.discarded",
    ),
    Step(
        action=BatchAction.UNDO,
        source=BatchState.CONFIRMED,
        target=BatchState.UNDONE,
        permission=Permission.CITY_REORGANISATION_CONFIRM,
        journal_event="reorganisation.undone",
        guards=(its_day_has_not_come,),
    ),
)
"""Undoing, too, is decided by somebody who did not prepare the batch."""
