"""An edition as an immutable value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

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
    """One question. `key` is stable over editions and never reused; `number` is its place in this one (4-6).

    `evidence` gives examples; where it is demanded, a full answer without any is pointed out to whoever reviews it.
    """

    id: ItemId
    key: str
    number: str
    position: int
    statement: str
    why: str
    how_to_check: str
    criteria: Mapping[str, str]
    evidence: tuple[str, ...]
    evidence_demanded: bool
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
class Retired:
    """An item of the edition before that has no successor, and why."""

    key: str
    note: str


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
    retired: tuple[Retired, ...] = ()
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
