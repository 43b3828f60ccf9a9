"""The inspection result of one department as one frozen value.

The value holds everything a document shows and nothing else: every figure, label and date arrives decided.
A renderer (PDF, Excel, OSCAL) arranges it and computes nothing, so all of them show the same facts. All
texts are plain text: no markup is ever interpreted, line feeds in comments and remarks are kept as
paragraph ends.

Units: `percent` is 0 to 100 (not 0 to 1), rounded only for display; a text beside it is what people read.
Dates and times are ready Japanese text (令和8年11月18日(水) 14時32分). An empty text means "nothing to
show"; None means "does not exist (yet)".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final


class Standing(Enum):
    """Whether the document cites a sealed revision or work in progress; a draft is marked on every page."""

    SEALED = "sealed"
    DRAFT = "draft"


class LevelMark(Enum):
    """Meaning of an answer; each has a shape of its own, so that no meaning rests on colour or on a font."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"
    NOT_APPLICABLE = "not_applicable"
    EXCEPTION = "exception"
    UNKNOWN = "unknown"
    UNANSWERED = "unanswered"


class JudgementMark(Enum):
    """Meaning of the reviewer's judgement of one item, and thereby its shape."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_REMARK = "accepted_with_remark"
    CHANGED = "changed"
    RETURNED = "returned"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDay:
    """A day: `text` is read by people (令和8年11月30日(月)), `day` fills the 西暦 columns of a spreadsheet."""

    text: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLevel:
    """A level as the edition's scale names it: mark decides the shape, label the word (一部実施)."""

    mark: LevelMark
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The reviewer's judgement of one item (受理, 所見を付けて受理, 評価を変更, 差戻し)."""

    mark: JudgementMark
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFigure:
    """One score: `text` is read by people (84.2点, ― for a zero denominator), `percent` draws the charts."""

    text: str
    percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeBand:
    """One row of the edition's table of grades: grade A, range 90点以上."""

    grade: str
    range_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCount:
    """How many items hold a level."""

    level: ReportLevel
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatoryMiss:
    """A mandatory item that is not fully done; shown before any percentage."""

    number: str
    statement: str
    level: ReportLevel
    comment: str = ""
    action_due: ReportDay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionLine:
    """The result of one section; `reviewed_score` is None before the review."""

    number: str
    title: str
    self_score: ScoreFigure
    reviewed_score: ScoreFigure | None
    last_year_score: ScoreFigure | None
    counts: tuple[LevelCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportItem:
    """One item with its answer and its review.

    `number` is shown (4-6), `key` is the stable item key, `section_number` joins it to its SectionLine.
    `not_applicable_reason` is filled when the item does not
    apply. `level` is the department's own answer, `reviewed_level` the reviewer's, None when not judged.
    `last_year` is None where last year has no comparable answer. `returned_count` is the number of times
    the item was sent back. `action_due` is until when the department means to do what is left;
    `is_taken_over` marks last year's answer that was confirmed anew.
    """

    number: str
    key: str
    section_number: str
    statement: str
    is_mandatory: bool
    weight: int
    level: ReportLevel
    comment: str
    action_due: ReportDay | None
    is_taken_over: bool
    last_year: ReportLevel | None
    judgement: Judgement | None
    reviewed_level: ReportLevel | None
    remark: str
    returned_count: int
    not_applicable_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One line the score adds up: points earned of points possible, as text; `note` is a few words."""

    number: str
    level: ReportLevel
    weight_text: str
    earned_text: str
    possible_text: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One decision on the way: who, when, over which content.

    `step` is 点検担当者, 所属長, 審査 or 確定; `capacity` is 所属長, 代決, 職務代理 and the like; `post` is
    the post of that day (税務課長), `digest` the digest of what was approved. `at` is the instant behind `at_text`.
    """

    step: str
    post: str
    name: str
    capacity: str
    at_text: str
    at: datetime
    digest: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLine:
    """One thing that happened to the sheet: a step, an item that was sent back, or the reply to that.

    `item_number` is empty for a step of the whole sheet, `who` where the document names nobody; `words` are the reason, the
    remark or the reply; `due` is until when a returned item was asked back.
    """

    at: datetime
    at_text: str
    what: str
    item_number: str
    who: str
    words: str
    due: ReportDay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a sheet ended that was never signed off: who decided so when, why, and a sentence for what that means.

    The `step` of the decision is 未提出で締切 or 対象から除外.
    """

    decision: Approval
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """One piece of evidence beside an item: what it is, the day it stands for, where it is or how its bytes are proved."""

    number: str
    title: str
    whereabouts: str
    stands_for: str
    expires_on: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSeal:
    """The seal over all journal chains at sign-off: its number in the chain of seals and its digest."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionReport:
    """Everything the result of one department shows.

    Digests are full hexadecimal texts; documents shorten them where they are for the eye only and print
    them whole in the annex. `unit_name` and `unit_path` (the 部 above it) are those of the base date.
    `reviewed_score` is None before the review. `grade` is the grade that holds (reviewed, else self), ""
    while there is none; `grade_note` says why it is capped. `score_basis` names the score that
    `score_lines` explain; `score_formula` is the closing sum (獲得 118 ÷ 満点 140 × 100 ＝ 84.2点).
    `made_at` is the instant behind `generated_at`, for the file's own properties.
    `copy_mark` (写し ...) is None on the original. `approvals` are in order and exclude `sign_off`.
    `dates` are the campaign's, each with its label. `taken_over_text` says how many answers were last year's, confirmed
    anew (12件（16.7%）), `time_text` how long people worked on the answers (およそ42分), `action_text` how many items have a
    date until which they are to be done (3項目（最初は…）); `course` is everything that happened, in order.
    `ending` stands instead of a sign-off where a sheet was closed unsubmitted or excluded; such a report has neither
    grade nor judgements.
    """

    city: str
    product_name: str
    form_number: str
    document_number: str
    classification: str
    standing: Standing
    copy_mark: str | None
    title: str
    fiscal_year: str
    last_fiscal_year: str
    campaign_title: str
    kind: str
    unit_name: str
    unit_path: str
    base_date: str
    dates: tuple[tuple[str, ReportDay], ...]
    generated_at: str
    made_at: datetime

    checklist_title: str
    edition_label: str
    edition_digest: str
    method_name: str
    method_digest: str
    revision_number: int
    revision_digest: str

    grade: str
    grade_note: str
    bands: tuple[GradeBand, ...]
    self_score: ScoreFigure
    reviewed_score: ScoreFigure | None
    last_year_score: ScoreFigure | None
    answer_rate_text: str
    unanswered_items: int
    unknown_items: int
    taken_over_text: str
    time_text: str
    action_text: str
    level_counts: tuple[LevelCount, ...]
    mandatory_total: int
    mandatory_misses: tuple[MandatoryMiss, ...]

    sections: tuple[SectionLine, ...]
    items: tuple[ReportItem, ...]

    score_basis: str
    score_formula: str
    score_lines: tuple[ScoreLine, ...]

    head_statement: str
    reviewer_statement: str
    approvals: tuple[Approval, ...]
    sign_off: Approval | None
    journal_seal: JournalSeal | None
    course: tuple[CourseLine, ...]
    ending: Ending | None = None
    evidence: tuple[EvidenceLine, ...] = ()

    @property
    def whole_title(self) -> str:
        """The title, with the ending of a sheet that was never signed off."""
        return f"{self.title}（{self.ending.decision.step}）" if self.ending else self.title


_GROUP: Final = 4
_GROUPS: Final = 4


def verification_number(digest: str) -> str:
    """The first 16 hexadecimal digits of a digest in groups of four, as people compare them (9C41-7E02-…)."""
    groups = [digest[at : at + _GROUP].upper() for at in range(0, _GROUP * _GROUPS, _GROUP)]
    return "-".join(group for group in groups if group) or "―"
