"""The results of a whole campaign as one frozen value: units, sections and items side by side.

As in the report of one sheet, every figure and label arrives decided; a renderer computes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from app.reports.rules import LevelCount, ReportDay, ReportLevel, ScoreFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What every document carries: whose it is, how it is to be handled, and of which moment it is."""

    city: str
    classification: str
    made_at: datetime
    generated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """A section of the checklist."""

    number: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignItem:
    """An item with how many sheets hold which answer; `not_asked` counts those to which it does not apply."""

    number: str
    key: str
    section: str
    statement: str
    is_mandatory: bool
    weight: int
    counts: tuple[LevelCount, ...]
    not_asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One way of looking at a sheet, the department's own or the reviewed one.

    `sections` and `levels` are in the order of the report's sections and items; a level is None where the item does not
    apply.
    """

    score: ScoreFigure
    grade: str
    mandatory_missed: int
    sections: tuple[ScoreFigure, ...]
    levels: tuple[ReportLevel | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """The sheet of one unit or system. `own` is None before the first handing over, `reviewed` until the review has ended."""

    department: str
    name: str
    state: str
    applicable: int
    answered: int
    unknown: int
    taken_over: int
    own: Assessment | None
    reviewed: Assessment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedItem:
    """A mandatory item that a unit does not fully do; `basis` names the judgement that says so (審査後 or 自己点検)."""

    department: str
    unit: str
    number: str
    statement: str
    level: ReportLevel
    basis: str
    comment: str
    action_due: ReportDay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An item that a unit has not answered."""

    department: str
    unit: str
    state: str
    number: str
    statement: str
    is_mandatory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardStage:
    """One part of the bar of stages: how many sheets stand there; `detail` counts what it is made of. `tone` as on the page."""

    label: str
    count: int
    detail: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardMean:
    """The mean of one section, or of all, over the city; `low` says that it is below the target."""

    number: str
    title: str
    short: str
    now: ScoreFigure
    last: ScoreFigure
    low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCell:
    """One section of one unit; `tone` is 0 (best) to 4 (worst), None where there is no figure."""

    text: str
    tone: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLine:
    """One unit on the board: `cells` in the order of the sections, `reasons` why it needs support (empty where it does not).

    `points` is the difference to the year before in points, as `change` says it; None where there is none.
    """

    department: str
    name: str
    state: str
    cells: tuple[BoardCell, ...]
    score: ScoreFigure
    change: str
    points: int | None
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardMiss:
    """An item and in how many sheets it is below full points."""

    number: str
    statement: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFigures:
    """The city at a glance, from the figures of the board's page. `support_more` counts who needs support and is not listed."""

    measure: str
    order: str
    scored: int
    target: str
    stages: tuple[BoardStage, ...]
    whole: BoardMean
    means: tuple[BoardMean, ...]
    lines: tuple[BoardLine, ...]
    dropped: tuple[BoardLine, ...]
    support: tuple[BoardLine, ...]
    support_more: int
    missed: tuple[BoardMiss, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReport:
    """Everything that the results of a campaign show; excluded sheets are counted and left out of the rest."""

    imprint: Imprint
    title: str
    campaign_title: str
    kind: str
    fiscal_year: str
    state: str
    dates: tuple[tuple[str, ReportDay], ...]
    checklist_title: str
    edition_label: str
    edition_digest: str
    method_name: str
    total: int
    handed_in: int
    signed_off: int
    excluded: int
    answer_rate_text: str
    sections: tuple[ReportSection, ...]
    items: tuple[CampaignItem, ...]
    levels: tuple[ReportLevel, ...]
    units: tuple[UnitResult, ...]
    missed: tuple[MissedItem, ...]
    open_items: tuple[OpenItem, ...]
    board: BoardFigures
