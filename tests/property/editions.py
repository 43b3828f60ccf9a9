"""Strategies of editions: any two, and chains that an importer would take, in which items go on as real checklists let them.

Fates of an item: kept, reworded, split, merged, retired; others are new. Weight, mandatory and conditions change beside them, and
the scale from one edition to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from app.checklists.rules import (
    Edition,
    Item,
    Level,
    Lineage,
    LineageKind,
    Retired,
    ScoringMethod,
    Section,
)
from app.kernel.ids import EditionId, ItemId
from tests.property.test_scoring import FLAGS, LEVELS, edition_of, item_of, methods

STATEMENTS: Final = ("台帳を見た。", "台帳を見直した。", "鍵をかけた。")
conditions: Final = st.just(()) | st.lists(st.sampled_from(FLAGS), unique=True).map(tuple)


@st.composite
def items(draw: st.DrawFn, keys: range, *, smallest: int = 1) -> tuple[Item, ...]:
    """Return some items with any of the keys."""
    chosen = sorted(draw(st.sets(st.sampled_from(keys), min_size=smallest, max_size=8)))
    return tuple(draw(_item(key)) for key in chosen)


@st.composite
def _item(draw: st.DrawFn, key: int) -> Item:
    made = item_of(
        key,
        weight=draw(st.integers(1, 3)),
        mandatory=draw(st.booleans()),
        applies_if=draw(conditions),
    )
    return replace(made, statement=draw(st.sampled_from(STATEMENTS)))


def edition(made: Sequence[Item], method: ScoringMethod, *, number: int, cut: int | None = None) -> Edition:
    """Put items into an edition whose rows are its own; the second section begins at `cut`, or in the middle."""
    own = tuple(
        replace(item, id=ItemId(UUID(int=number * 1000 + place)), number=f"1-{place}", position=place)
        for place, item in enumerate(made, start=1)
    )
    half = len(own) // 2 if cut is None else cut
    sections = tuple(
        Section(number=place, slug=f"s{place}", title=f"分野{place}", items=part)
        for place, part in enumerate((own[:half], own[half:]), start=1)
        if part
    )
    base = edition_of(own, method)
    return replace(base, id=EditionId(UUID(int=number)), label=f"{2024 + number}.1", sections=sections)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Edition, Edition]:
    """Return an edition and a successor with any lineage that names items of it."""
    method = draw(methods())
    old = draw(items(range(1, 12)))
    known = [item.key for item in old]
    new = []
    for item in draw(items(range(1, 24))):
        of = tuple(draw(st.lists(st.sampled_from(known), unique=True, max_size=3)))
        kinds = (
            [LineageKind.MERGED]
            if len(of) > 1
            else [LineageKind.REWORDED, LineageKind.SPLIT, LineageKind.SAME]
        )
        kind = draw(st.sampled_from(kinds)) if of else LineageKind.NEW
        new.append(replace(item, lineage=Lineage(kind=kind, of=of, comparable=draw(st.booleans()))))
    return edition(old, method, number=1), edition(tuple(new), method, number=2)


# ------------------------------------------------------------------------------------------- chains


class Fate(StrEnum):
    """What becomes of an item in the next edition."""

    KEPT = "kept"
    REWORDED = "reworded"
    SPLIT = "split"
    MERGED = "merged"
    RETIRED = "retired"


class Ruler(StrEnum):
    """A scale. Answers keep their meaning where every earlier level is there, worth as many points out of as many."""

    USUAL = "usual"
    LONGER = "longer"
    SHORTER = "shorter"
    FINER = "finer"


def _worth(points: Mapping[str, int | None]) -> tuple[Level, ...]:
    return tuple(replace(level, points=points.get(level.code, level.points)) for level in LEVELS)


_MOSTLY: Final = replace(LEVELS[1], code="mostly", label="おおむね実施")
SCALES: Final[Mapping[Ruler, tuple[tuple[Level, ...], int]]] = {
    Ruler.USUAL: (LEVELS, 2),
    Ruler.LONGER: ((*LEVELS, _MOSTLY), 2),
    Ruler.SHORTER: (tuple(level for level in LEVELS if level.code != "partial"), 2),
    Ruler.FINER: (_worth({"implemented": 3}), 3),
}
MEANS_THE_SAME: Final = frozenset(
    {
        *((ruler, ruler) for ruler in Ruler),
        (Ruler.USUAL, Ruler.LONGER),
        (Ruler.SHORTER, Ruler.USUAL),
        (Ruler.SHORTER, Ruler.LONGER),
    }
)
"""From which scale to which answers keep their meaning."""


def on_scale(made: Edition, ruler: Ruler) -> Edition:
    """Return an edition with another scale."""
    levels, full = SCALES[ruler]
    return replace(made, levels=levels, scoring=replace(made.scoring, full_points=full))


def same(item: Item) -> Item:
    """Return an item as it goes on unchanged."""
    return replace(item, lineage=Lineage(kind=LineageKind.SAME, of=(item.key,), comparable=True))


def coming_from(item: Item, *of: Item, kind: LineageKind, comparable: bool) -> Item:
    """Return an item that goes on from others in another way."""
    lineage = Lineage(kind=kind, of=tuple(one.key for one in of), comparable=comparable, note="改定のため。")
    return replace(item, lineage=lineage)


@st.composite
def successors(draw: st.DrawFn, before: Edition, *, number: int) -> Edition:
    """Return an edition that goes on from another as an importer would have it."""
    fates = [(item, draw(st.sampled_from(Fate))) for item in before.items.values()]
    fresh = iter(range(number * 100, number * 100 + 99))
    grown: list[Item] = []
    for item, fate in fates:
        if fate is Fate.KEPT:
            grown.append(same(draw(_resettled(item))))
        elif fate is Fate.REWORDED:
            said = draw(_resettled(replace(item, statement=draw(st.sampled_from(STATEMENTS)))))
            grown.append(
                coming_from(said, item, kind=LineageKind.REWORDED, comparable=draw(_mostly_comparable))
            )
        elif fate is Fate.SPLIT:
            for _ in range(draw(st.integers(1, 3))):
                part = draw(_item(next(fresh)))
                grown.append(
                    coming_from(part, item, kind=LineageKind.SPLIT, comparable=draw(_mostly_comparable))
                )
    merged = [item for item, fate in fates if fate is Fate.MERGED]
    if len(merged) > 1:
        whole = draw(_item(next(fresh)))
        grown.append(
            coming_from(whole, *merged, kind=LineageKind.MERGED, comparable=draw(_mostly_comparable))
        )
    else:
        grown += [same(item) for item in merged]
    new = [draw(_item(next(fresh))) for _ in range(draw(st.integers(0 if grown else 1, 3)))]
    made = edition((*grown, *new), before.scoring, number=number, cut=draw(st.integers(0, len(grown))))
    gone = tuple(Retired(key=item.key, note="終えた。") for item, fate in fates if fate is Fate.RETIRED)
    return replace(made, retired=gone)


_mostly_comparable: Final = st.sampled_from((True, True, False))


@st.composite
def _resettled(draw: st.DrawFn, item: Item) -> Item:
    """Return an item of which a setting may be another."""
    return replace(
        item,
        weight=draw(st.just(item.weight) | st.integers(1, 3)),
        applies_if=draw(st.just(item.applies_if) | conditions),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Editions, each the successor of the one before it, and the scale of each."""

    editions: tuple[Edition, ...]
    rulers: tuple[Ruler, ...]


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Return two or three editions; most years keep the scale."""
    made = [edition(draw(items(range(1, 12))), draw(methods()), number=1)]
    for number in range(2, draw(st.integers(2, 3)) + 1):
        made.append(draw(successors(made[-1], number=number)))
    rulers = tuple(draw(st.sampled_from([*[Ruler.USUAL] * 5, *Ruler])) for _ in made)
    editions = tuple(on_scale(one, ruler) for one, ruler in zip(made, rulers, strict=True))
    return Chain(editions=editions, rulers=rulers)
