"""One line of 回収状況 as a frozen value: pages, lists and files show it and decide nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.inspections.rules import State
from app.kernel.ids import InspectionId, UnitId


class StepMark(StrEnum):
    """Where one of the four steps of a sheet stands: 回答, 所属長承認, 審査, 確定."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownScore:
    """A score as lists show it: percent with one decimal, and the grade (after the cap)."""

    percent: str
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressRow:
    """One unit's sheet. Heads and clerks are those of today; `since` is when it came to where it stands.

    `extended`: whether it was given more time than the others where it stands; `grace_until`: its own last day of grace.
    """

    inspection_id: InspectionId
    unit_id: UnitId
    unit_name: str
    department_id: UnitId | None
    department_name: str
    state: State
    standing: str
    label: str
    marks: tuple[StepMark, ...]
    answered: int
    applicable: int
    decided: int
    self_score: ShownScore | None
    reviewed_score: ShownScore | None
    due: date | None
    overdue: bool
    extended: bool
    grace_until: date
    since: datetime
    heads: tuple[str, ...]
    clerks: tuple[str, ...]
    may_end: bool
