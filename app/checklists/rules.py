"""An edition as an immutable value, and the scoring that it carries as data.

The arithmetic is exact (`Fraction`); rounding happens only where a figure is shown. Every line that was added is
returned, so that any number can be opened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final

from app.kernel.ids import EditionId, ItemId


class EditionState(StrEnum):
    """An edition is a draft until it is sealed by publishing; then it never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"


class CommentRule(StrEnum):
    """Whether a level asks for words."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class Symbol(StrEnum):
    """The shape that stands for a level, readable without colour."""

    CIRCLE = "circle"
    TRIANGLE = "triangle"
    CROSS = "cross"
    DASH = "dash"
    QUESTION = "question"


class Confirmation(StrEnum):
    """Whether a reference to the guideline was checked against its text (確認済) or still has to be (要確認)."""

    CONFIRMED = "confirmed"
    TO_CONFIRM = "to_confirm"


class SheetSubject(StrEnum):
    """What one sheet is about: a unit (所属), one person (職員) or one information system (情報システム)."""

    UNIT = "unit"
    PERSON = "person"
    SYSTEM = "system"


class Ask(StrEnum):
    """Whom the clerk asks about an item. People answer for themselves; a system's sheet has its own people."""

    HEAD = "head"
    PROMOTER = "promoter"
    GENERAL_AFFAIRS = "general_affairs"
    OUTSOURCING = "outsourcing"
    SUBSECTION_CHIEF = "subsection_chief"
    SELF = "self"
    SYSTEM_MANAGER = "system_manager"
    SYSTEM_STAFF = "system_staff"
    CONTRACTOR = "contractor"


class LineageKind(StrEnum):
    """Where an item comes from."""

    NEW = "new"
    SAME = "same"
    REWORDED = "reworded"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The ancestry of an item in the edition before, and whether answers stay comparable."""

    kind: LineageKind
    of: tuple[str, ...] = ()
    comparable: bool = False
    note: str = ""

    @property
    def predecessor(self) -> str | None:
        """Return the one key whose answer may stand beside this year's; None where comparing would mislead."""
        return self.of[0] if self.comparable and len(self.of) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of the scale. `points` is None where the item leaves numerator and denominator."""

    code: str
    label: str
    symbol: Symbol
    points: int | None
    comment: CommentRule


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelineRef:
    """A section of the guideline that an item rests on."""

    section: str
    status: Confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question. `key` is stable over editions and never reused; `number` is its place in this one (4-6)."""

    id: ItemId
    key: str
    number: str
    position: int
    statement: str
    why: str
    how_to_check: str
    criteria: Mapping[str, str]
    evidence: tuple[str, ...]
    misreading: str
    mandatory: bool
    weight: int
    guideline: tuple[GuidelineRef, ...]
    measure: int | None
    iso27002: tuple[str, ...]
    applies_if: tuple[str, ...]
    ask: Ask
    lineage: Lineage

    def applies(self, flags: Mapping[str, bool]) -> bool:
        """Return whether the item applies to a unit with these flags: always, or when any of its flags is on."""
        return not self.applies_if or any(flags.get(flag, False) for flag in self.applies_if)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """About ten items on one theme."""

    number: int
    slug: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One fact of the profile of a unit or a system that decides which items apply."""

    code: str
    label: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form (様式): a named profile, so that nobody has to choose flags. It adds no items of its own."""

    code: str
    label: str
    description: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A grade and the lowest percentage that earns it."""

    grade: str
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringMethod:
    """How an edition is scored. `bands` are in descending order."""

    name: str
    full_points: int
    bands: tuple[Band, ...]
    mandatory_cap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The documents that items refer to."""

    guideline_name: str
    guideline_edition: str
    regulation_name: str
    regulation_effective_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A whole edition. Loaded once, then kept by its id: a published one never changes."""

    id: EditionId
    code: str
    label: str
    title: str
    description: str
    digest: str
    published: bool
    basis: Basis
    levels: tuple[Level, ...]
    scoring: ScoringMethod
    flags: tuple[Flag, ...]
    sections: tuple[Section, ...]
    subject: SheetSubject = SheetSubject.UNIT
    forms: tuple[Form, ...] = ()
    items: Mapping[ItemId, Item] = field(init=False)
    levels_by_code: Mapping[str, Level] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "items", {item.id: item for section in self.sections for item in section.items}
        )
        object.__setattr__(self, "levels_by_code", {level.code: level for level in self.levels})

    def section(self, slug: str) -> Section | None:
        """Return the section of an address."""
        return next((section for section in self.sections if section.slug == slug), None)

    def applicable(self, flags: Mapping[str, bool]) -> tuple[Item, ...]:
        """Return the items that apply to a unit with these flags, in order."""
        return tuple(item for item in self.items.values() if item.applies(flags))

    def level(self, code: str | None) -> Level | None:
        """Return a level by its code."""
        return self.levels_by_code.get(code) if code else None

    def form(self, code: str) -> Form | None:
        """Return a form by its code."""
        return next((form for form in self.forms if form.code == code), None)


def items_of_form(edition: Edition, *, form: Form) -> tuple[Item, ...]:
    """Return the items that a form asks, in order: those that apply to its profile."""
    return edition.applicable(dict.fromkeys(form.flags, True))


class LineKind(StrEnum):
    """Why a line of a score counts as it does."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One item's part in a score: `points` of `full` points, times `weight`."""

    item_id: ItemId
    level: str | None
    kind: LineKind
    points: int
    full: int
    weight: int
    mandatory_missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The outcome of scoring. `earned` and `possible` are weighted points; `share` is None for a denominator of 0 (「―」)."""

    earned: int
    possible: int
    share: Fraction | None
    grade: str | None
    capped: bool
    mandatory_missed: tuple[ItemId, ...]
    unanswered: int
    unknown: int
    excluded: int
    lines: tuple[ScoreLine, ...]


UNKNOWN: Final = "unknown"
"""The code of わからない: scored as 0 and always counted apart."""


def score(items: Iterable[Item], *, answers: Mapping[ItemId, str], edition: Edition) -> Score:
    """Score the items that apply: sum of points x weight over sum of full points x weight.

    未回答 = わからない = 未実施 = 0 < 一部実施 < 実施. 対象外 leaves numerator and denominator. Items that do not apply to the unit must not be
    given. Bands and cap come from the edition; a mandatory item below full points caps the grade.
    """
    lines = tuple(
        _line(item, level=edition.level(answers.get(item.id)), method=edition.scoring) for item in items
    )
    earned = sum(line.points * line.weight for line in lines)
    possible = sum(line.full * line.weight for line in lines)
    share = Fraction(earned, possible) if possible else None
    missed = tuple(line.item_id for line in lines if line.mandatory_missed)
    raw = grade_of(share, method=edition.scoring)
    grade = capped_grade(raw, method=edition.scoring) if missed else raw
    return Score(
        earned=earned,
        possible=possible,
        share=share,
        grade=grade,
        capped=grade != raw,
        mandatory_missed=missed,
        unanswered=sum(1 for line in lines if line.kind is LineKind.UNANSWERED),
        unknown=sum(1 for line in lines if line.level == UNKNOWN),
        excluded=sum(1 for line in lines if line.kind is LineKind.EXCLUDED),
        lines=lines,
    )


def _line(item: Item, *, level: Level | None, method: ScoringMethod) -> ScoreLine:
    if level is not None and level.points is None:
        return ScoreLine(
            item_id=item.id,
            level=level.code,
            kind=LineKind.EXCLUDED,
            points=0,
            full=0,
            weight=item.weight,
            mandatory_missed=False,
        )
    points = level.points if level is not None and level.points is not None else 0
    return ScoreLine(
        item_id=item.id,
        level=level.code if level else None,
        kind=LineKind.COUNTED if level else LineKind.UNANSWERED,
        points=points,
        full=method.full_points,
        weight=item.weight,
        mandatory_missed=item.mandatory and points < method.full_points,
    )


def grade_of(share: Fraction | None, *, method: ScoringMethod) -> str | None:
    """Return the grade of a share (0..1) by the bands, before any cap."""
    if share is None:
        return None
    return next((band.grade for band in method.bands if share * 100 >= band.at_least), method.bands[-1].grade)


def capped_grade(grade: str | None, *, method: ScoringMethod) -> str | None:
    """Return the grade after the cap for a missed mandatory item: never better than the cap, never worse than it was."""
    if grade is None:
        return None
    order = [band.grade for band in method.bands]
    return order[max(order.index(grade), order.index(method.mandatory_cap))]


def percent(share: Fraction | None) -> str:
    """Show a share as a percentage with one decimal, halves rounded up; 「―」 where there is nothing to divide by."""
    if share is None:
        return "―"
    tenths = (share * 1000 + Fraction(1, 2)).__floor__()
    return f"{tenths // 10}.{tenths % 10}"
