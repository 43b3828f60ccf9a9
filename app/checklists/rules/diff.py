"""What one edition says differently from an earlier one: items by their lineage, field by field, and the edition itself.

Every item of both editions stands in exactly one entry: items that a split, a merge or both connect stand together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.checklists.rules.edition import Basis, Edition, Item, Lineage, LineageKind, Section
from app.checklists.rules.lineage import Comparability, Descent, Scale, comparability, scale_between
from app.checklists.rules.marking import Marking, marked

Value = str | int | bool | tuple[str, ...] | None
"""A setting as it is stored: codes and numbers, no labels."""


class Aspect(StrEnum):
    """A field of an item."""

    STATEMENT = "statement"
    WHY = "why"
    HOW_TO_CHECK = "how_to_check"
    CRITERIA = "criteria"
    EVIDENCE = "evidence"
    EVIDENCE_DEMANDED = "evidence_demanded"
    MISREADING = "misreading"
    WEIGHT = "weight"
    MANDATORY = "mandatory"
    APPLIES_IF = "applies_if"
    GUIDELINE = "guideline"
    MEASURE = "measure"
    ISO27002 = "iso27002"
    ASK = "ask"
    SECTION = "section"


class EntryKind(StrEnum):
    """What became of the items of an entry."""

    ADDED = "added"
    RETIRED = "retired"
    REWORDED = "reworded"
    SPLIT = "split"
    MERGED = "merged"
    CHANGED = "changed"
    SAME = "same"


class Facet(StrEnum):
    """What entries are counted and filtered by; an entry may have several."""

    ADDED = "added"
    RETIRED = "retired"
    REWORDED = "reworded"
    SPLIT = "split"
    MERGED = "merged"
    WEIGHT = "weight"
    MANDATORY = "mandatory"
    EVIDENCE_DEMANDED = "evidence_demanded"
    CRITERIA = "criteria"
    GUIDANCE = "guidance"
    CONDITIONS = "conditions"
    REFERENCES = "references"
    MOVED = "moved"
    NOT_COMPARABLE = "not_comparable"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A text of an item in both wordings; `level` names the step that a criterion belongs to."""

    aspect: Aspect
    marking: Marking
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """A setting of an item in both editions."""

    aspect: Aspect
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """One item beside one that it goes on from."""

    before: Item
    after: Item
    texts: tuple[TextChange, ...]
    values: tuple[ValueChange, ...]

    @property
    def aspects(self) -> frozenset[Aspect]:
        """The fields that differ."""
        return frozenset(text.aspect for text in self.texts) | {value.aspect for value in self.values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Items of the earlier edition with those of the later one that they became.

    Attributes:
        before, after: in the order of their editions; one side is empty for new and retired items.
        changes: one for each pair of an item and one that it goes on from.
        decisions: for each later item, whether answers stay comparable.
        note: why an item was retired.
    """

    kind: EntryKind
    before: tuple[Item, ...]
    after: tuple[Item, ...]
    changes: tuple[ItemChange, ...] = ()
    decisions: Mapping[str, Comparability]
    note: str = ""

    @property
    def facets(self) -> frozenset[Facet]:
        """What the entry is counted and found by."""
        found = set() if self.kind is EntryKind.CHANGED else {Facet(self.kind.value)}
        # What a part shares with its former whole says little: there only settings are counted.
        split = self.kind in {EntryKind.SPLIT, EntryKind.MERGED}
        for change in self.changes:
            found |= {_FACETS[value.aspect] for value in change.values}
            found |= set() if split else {_FACETS[text.aspect] for text in change.texts}
        if self.before and any(not decision.comparable for decision in self.decisions.values()):
            found.add(Facet.NOT_COMPARABLE)
        return frozenset(found)


_FACETS: Final[Mapping[Aspect, Facet]] = {
    Aspect.STATEMENT: Facet.REWORDED,
    Aspect.WHY: Facet.GUIDANCE,
    Aspect.HOW_TO_CHECK: Facet.GUIDANCE,
    Aspect.CRITERIA: Facet.CRITERIA,
    Aspect.EVIDENCE: Facet.GUIDANCE,
    Aspect.EVIDENCE_DEMANDED: Facet.EVIDENCE_DEMANDED,
    Aspect.MISREADING: Facet.GUIDANCE,
    Aspect.WEIGHT: Facet.WEIGHT,
    Aspect.MANDATORY: Facet.MANDATORY,
    Aspect.APPLIES_IF: Facet.CONDITIONS,
    Aspect.GUIDELINE: Facet.REFERENCES,
    Aspect.MEASURE: Facet.REFERENCES,
    Aspect.ISO27002: Facet.REFERENCES,
    Aspect.ASK: Facet.GUIDANCE,
    Aspect.SECTION: Facet.MOVED,
}


class EditionAspect(StrEnum):
    """A field of an edition beside its items."""

    TITLE = "title"
    DESCRIPTION = "description"
    GUIDELINE_NAME = "guideline_name"
    GUIDELINE_EDITION = "guideline_edition"
    REGULATION_NAME = "regulation_name"
    REGULATION_EFFECTIVE_ON = "regulation_effective_on"
    LEVEL = "level"
    LEVEL_POINTS = "level_points"
    LEVEL_COMMENT = "level_comment"
    LEVEL_SYMBOL = "level_symbol"
    METHOD = "method"
    FULL_POINTS = "full_points"
    BAND = "band"
    MANDATORY_CAP = "mandatory_cap"
    FLAG = "flag"
    FLAG_HELP = "flag_help"
    SECTION = "section"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """A field of the edition; `subject` is the code of the level, grade, flag or section it belongs to.

    `before` or `after` is None where the subject is not in that edition (a level without points has None as well).
    """

    aspect: EditionAspect
    subject: str
    before: Value
    after: Value

    @property
    def marking(self) -> Marking | None:
        """Both wordings of a text with their marks."""
        if isinstance(self.before, str) and isinstance(self.after, str):
            return marked(self.before, new=self.after)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDiff:
    """All differences between two editions."""

    before: Edition
    after: Edition
    scale: Scale
    edition: tuple[EditionChange, ...]
    entries: tuple[Entry, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.edition and all(entry.kind is EntryKind.SAME for entry in self.entries)

    def having(self, facet: Facet) -> tuple[Entry, ...]:
        """Return the entries with a facet, in order."""
        return tuple(entry for entry in self.entries if facet in entry.facets)


def edition_diff(before: Edition, after: Edition, *, along: Descent) -> EditionDiff:
    """Compare two editions of one checklist along the lineage that leads from the earlier to the later."""
    scale = scale_between(before, after=after)
    return EditionDiff(
        before=before,
        after=after,
        scale=scale,
        edition=tuple(_edition_changes(before, after)),
        entries=tuple(_entries(before, after, along=along, scale=scale)),
    )


# -------------------------------------------------------------------------------------------------- entries


def _entries(before: Edition, after: Edition, *, along: Descent, scale: Scale) -> Iterator[Entry]:
    """Yield the entries by the order of the later edition; retired items stand behind their old neighbour."""
    old = {item.key: item for item in before.items.values()}
    new = {item.key: item for item in after.items.values()}
    groups = _groups(old, lineages=along.lineages)
    ground = _Ground(
        lineages=along.lineages,
        scale=scale,
        before=_Places.of(before),
        after=_Places.of(after),
        levels=tuple(dict.fromkeys(level.code for level in (*after.levels, *before.levels))),
    )
    retired = _retired_behind(before, groups)
    told: set[int] = set()
    for gone in retired.pop(None, []):
        yield _retired(gone, along=along)
    for key in new:
        group = groups[_AFTER, key]
        if id(group) in told:
            continue
        told.add(id(group))
        was = [old[name] for side, name in group if side == _BEFORE]
        yield _entry(was, [new[name] for side, name in group if side == _AFTER], ground=ground)
        for member in was:
            for gone in retired.pop(member.key, []):
                yield _retired(gone, along=along)


_BEFORE: Final = 0
_AFTER: Final = 1
Node = tuple[int, str]


def _groups(old: Iterable[str], *, lineages: Mapping[str, Lineage]) -> dict[Node, list[Node]]:
    """Return for each item of both editions the items that lineage connects it with, itself included."""
    groups: dict[Node, list[Node]] = {(_BEFORE, key): [(_BEFORE, key)] for key in old}
    groups |= {(_AFTER, key): [(_AFTER, key)] for key in lineages}
    for key, lineage in lineages.items():
        for ancestor in lineage.of:
            here, there = groups[_AFTER, key], groups[_BEFORE, ancestor]
            if here is not there:
                here.extend(there)
                groups |= dict.fromkeys(there, here)
    order = {node: place for place, node in enumerate(groups)}
    for group in groups.values():
        group.sort(key=order.__getitem__)
    return groups


def _retired_behind(before: Edition, groups: Mapping[Node, list[Node]]) -> dict[str | None, list[Item]]:
    """Return the items without a successor, by the key of the last item before them that has one."""
    found: dict[str | None, list[Item]] = {}
    neighbour: str | None = None
    for item in before.items.values():
        if any(side == _AFTER for side, _ in groups[_BEFORE, item.key]):
            neighbour = item.key
        else:
            found.setdefault(neighbour, []).append(item)
    return found


def _retired(item: Item, *, along: Descent) -> Entry:
    note = along.farewells.get(item.key, "")
    return Entry(kind=EntryKind.RETIRED, before=(item,), after=(), decisions={}, note=note)


def _entry(before: list[Item], after: list[Item], *, ground: "_Ground") -> Entry:
    by_key = {item.key: item for item in before}
    changes = tuple(
        _item_change(by_key[key], item, ground=ground)
        for item in after
        for key in ground.lineages[item.key].of
    )
    return Entry(
        kind=_kind(before, after, lineages=ground.lineages, changes=changes),
        before=tuple(before),
        after=tuple(after),
        changes=changes,
        decisions={item.key: comparability(ground.lineages[item.key], scale=ground.scale) for item in after},
    )


def _kind(
    before: list[Item], after: list[Item], *, lineages: Mapping[str, Lineage], changes: tuple[ItemChange, ...]
) -> EntryKind:
    if not before:
        return EntryKind.ADDED
    declared = {lineages[item.key].kind for item in after}
    if len(before) > 1 or LineageKind.MERGED in declared:
        return EntryKind.MERGED
    if len(after) > 1 or LineageKind.SPLIT in declared:
        return EntryKind.SPLIT
    (change,) = changes
    if LineageKind.REWORDED in declared or Aspect.STATEMENT in change.aspects:
        return EntryKind.REWORDED
    return EntryKind.CHANGED if change.aspects else EntryKind.SAME


# ---------------------------------------------------------------------------------------------- one item


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the items of an edition stand, and which regulation their measures belong to."""

    sections: Mapping[str, Section]
    regulation: str

    @classmethod
    def of(cls, edition: Edition) -> "_Places":
        sections = {item.key: section for section in edition.sections for item in section.items}
        return cls(sections, edition.basis.regulation_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What every entry of a diff is made on."""

    lineages: Mapping[str, Lineage]
    scale: Scale
    before: _Places
    after: _Places
    levels: tuple[str, ...]


def _item_change(before: Item, after: Item, *, ground: _Ground) -> ItemChange:
    return ItemChange(
        before=before,
        after=after,
        texts=tuple(_text_changes(before, after, levels=ground.levels)),
        values=tuple(_value_changes(before, after, ground=ground)),
    )


_TEXTS: Final[tuple[tuple[Aspect, Callable[[Item], str]], ...]] = (
    (Aspect.STATEMENT, lambda item: item.statement),
    (Aspect.WHY, lambda item: item.why),
    (Aspect.HOW_TO_CHECK, lambda item: item.how_to_check),
    (Aspect.EVIDENCE, lambda item: "、".join(item.evidence)),
    (Aspect.MISREADING, lambda item: item.misreading),
)


def _text_changes(before: Item, after: Item, *, levels: Iterable[str]) -> Iterator[TextChange]:
    for aspect, text in _TEXTS:
        if text(before) != text(after):
            yield TextChange(aspect=aspect, marking=marked(text(before), new=text(after)))
    for level in levels:
        was, now = before.criteria.get(level, ""), after.criteria.get(level, "")
        if was != now:
            yield TextChange(aspect=Aspect.CRITERIA, level=level, marking=marked(was, new=now))


_VALUES: Final[tuple[tuple[Aspect, Callable[[Item], Value]], ...]] = (
    (Aspect.WEIGHT, lambda item: item.weight),
    (Aspect.MANDATORY, lambda item: item.mandatory),
    (Aspect.EVIDENCE_DEMANDED, lambda item: item.evidence_demanded),
    (Aspect.APPLIES_IF, lambda item: item.applies_if),
    (Aspect.GUIDELINE, lambda item: tuple(f"{ref.section} {ref.status.value}" for ref in item.guideline)),
    (Aspect.ISO27002, lambda item: item.iso27002),
    (Aspect.ASK, lambda item: item.ask.value),
)


def _value_changes(before: Item, after: Item, *, ground: _Ground) -> Iterator[ValueChange]:
    for aspect, value in _VALUES:
        if value(before) != value(after):
            yield ValueChange(aspect=aspect, before=value(before), after=value(after))
    old, new = ground.before, ground.after
    # Numbers of another regulation say nothing against each other; that change stands once, at the edition.
    if old.regulation == new.regulation and before.measure != after.measure:
        yield ValueChange(aspect=Aspect.MEASURE, before=before.measure, after=after.measure)
    was, now = old.sections[before.key], new.sections[after.key]
    if was.slug != now.slug:
        yield ValueChange(aspect=Aspect.SECTION, before=was.title, after=now.title)


# ------------------------------------------------------------------------------------------ the edition


def _edition_changes(before: Edition, after: Edition) -> Iterator[EditionChange]:
    was, now = dict(_fields(before)), dict(_fields(after))
    for aspect, subject in _order(was, now):
        old, new = was.get((aspect, subject)), now.get((aspect, subject))
        if old != new and _is_worth_telling(aspect, subject, was=was, now=now):
            yield EditionChange(aspect=aspect, subject=subject, before=old, after=new)


_Fields = Mapping[tuple[EditionAspect, str], Value]


def _order(was: _Fields, now: _Fields) -> list[tuple[EditionAspect, str]]:
    places = {aspect: place for place, aspect in enumerate(EditionAspect)}
    return sorted(dict.fromkeys((*now, *was)), key=lambda field: places[field[0]])


_DETAILS: Final[Mapping[EditionAspect, EditionAspect]] = {
    EditionAspect.LEVEL_POINTS: EditionAspect.LEVEL,
    EditionAspect.LEVEL_COMMENT: EditionAspect.LEVEL,
    EditionAspect.LEVEL_SYMBOL: EditionAspect.LEVEL,
    EditionAspect.FLAG_HELP: EditionAspect.FLAG,
}
"""Fields of something that may be missing in one edition: that is told once, not field by field."""


def _is_worth_telling(aspect: EditionAspect, subject: str, *, was: _Fields, now: _Fields) -> bool:
    whole = _DETAILS.get(aspect)
    return whole is None or ((whole, subject) in was and (whole, subject) in now)


def _fields(edition: Edition) -> Iterator[tuple[tuple[EditionAspect, str], Value]]:
    one = EditionAspect
    yield (one.TITLE, ""), edition.title
    yield (one.DESCRIPTION, ""), edition.description
    yield from _basis_fields(edition.basis)
    for level in edition.levels:
        yield (one.LEVEL, level.code), level.label
        yield (one.LEVEL_POINTS, level.code), level.points
        yield (one.LEVEL_COMMENT, level.code), level.comment.value
        yield (one.LEVEL_SYMBOL, level.code), level.symbol.value
    yield (one.METHOD, ""), edition.scoring.name
    yield (one.FULL_POINTS, ""), edition.scoring.full_points
    yield (one.MANDATORY_CAP, ""), edition.scoring.mandatory_cap
    for band in edition.scoring.bands:
        yield (one.BAND, band.grade), band.at_least
    for flag in edition.flags:
        yield (one.FLAG, flag.code), flag.label
        yield (one.FLAG_HELP, flag.code), flag.help
    for section in edition.sections:
        yield (one.SECTION, section.slug), section.title


def _basis_fields(basis: Basis) -> Iterator[tuple[tuple[EditionAspect, str], Value]]:
    yield (EditionAspect.GUIDELINE_NAME, ""), basis.guideline_name
    yield (EditionAspect.GUIDELINE_EDITION, ""), basis.guideline_edition
    yield (EditionAspect.REGULATION_NAME, ""), basis.regulation_name
    yield (EditionAspect.REGULATION_EFFECTIVE_ON, ""), basis.regulation_effective_on
