"""Where the items of an edition come from, and whether answers to them may be compared.

An edition names for each item the items of the edition before that it goes on from. Whoever skips editions follows
that chain: an item stays comparable only where every step of it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.checklists.rules.edition import Edition, Lineage, LineageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How an edition goes on from an earlier one.

    Attributes:
        lineages: for each item of the newer edition, seen from the earlier one.
        farewells: why items of the earlier edition have no successor, where somebody said so.
    """

    lineages: Mapping[str, Lineage]
    farewells: Mapping[str, str] = field(default_factory=dict)


def descent(before: Edition, *, through: Sequence[Edition]) -> Descent:
    """Return how the last of the editions `through` goes on from an earlier one.

    They are those that came after it, oldest first, each the successor of the one before it. What a lineage names
    that the earlier edition does not have (a draft may have been overtaken) is left out, and not comparable.
    """
    first, *rest = through
    lineages = {item.key: item.lineage for item in first.items.values()}
    farewells = {gone.key: gone.note for gone in first.retired}
    for edition in rest:
        for gone in edition.retired:
            farewells |= dict.fromkeys(lineages[gone.key].of, gone.note) if gone.key in lineages else {}
        lineages = {item.key: _followed(item.lineage, before=lineages) for item in edition.items.values()}
    known = frozenset(item.key for item in before.items.values())
    return Descent(
        lineages={key: _within(lineage, known=known) for key, lineage in lineages.items()},
        farewells=farewells,
    )


def by_key(before: Edition, *, after: Edition) -> Descent:
    """Return how two editions hang together that no lineage connects: by their keys, and never comparable.

    Two drafts are such: each of them goes on from the edition that was published last.
    """
    known = {item.key: item for item in before.items.values()}
    return Descent(
        lineages={
            item.key: _by_key(item.key, same=item.statement == known[item.key].statement)
            if item.key in known
            else Lineage(kind=LineageKind.NEW)
            for item in after.items.values()
        }
    )


def unchanged(edition: Edition) -> Descent:
    """Return how an edition goes on from itself."""
    return Descent(lineages={item.key: _by_key(item.key, same=True) for item in edition.items.values()})


def _by_key(key: str, *, same: bool) -> Lineage:
    kind = LineageKind.SAME if same else LineageKind.REWORDED
    return Lineage(kind=kind, of=(key,), comparable=same)


def _followed(step: Lineage, *, before: Mapping[str, Lineage]) -> Lineage:
    """Return a lineage one edition further back."""
    earlier = [before[ancestor] for ancestor in step.of if ancestor in before]
    of = tuple(dict.fromkeys(ancestor for one in earlier for ancestor in one.of))
    if not of:
        return Lineage(kind=LineageKind.NEW)
    kinds = {step.kind, *(one.kind for one in earlier if one.of)}
    notes = dict.fromkeys(note for note in (*(one.note for one in earlier), step.note) if note)
    return Lineage(
        kind=_weightiest(kinds, several=len(of) > 1),
        of=of,
        # A part of the item may be new: then the earlier answer never was an answer to all of it.
        comparable=step.comparable and all(one.comparable for one in earlier),
        note="".join(notes),
    )


def _within(lineage: Lineage, *, known: frozenset[str]) -> Lineage:
    if known.issuperset(lineage.of):
        return lineage
    of = tuple(key for key in lineage.of if key in known)
    return Lineage(kind=lineage.kind if of else LineageKind.NEW, of=of, note=lineage.note)


def _weightiest(kinds: Iterable[LineageKind], *, several: bool) -> LineageKind:
    if several:
        return LineageKind.MERGED
    order = (LineageKind.SPLIT, LineageKind.MERGED, LineageKind.REWORDED)
    return next((kind for kind in order if kind in kinds), LineageKind.SAME)


# --------------------------------------------------------------------------------- what may be compared


class Scale(StrEnum):
    """Whether answers of an earlier edition mean the same on the scale of a later one."""

    KEPT = "kept"
    CHANGED = "changed"


def scale_between(before: Edition, *, after: Edition) -> Scale:
    """Return whether the earlier levels are all there, worth as many points out of as many.

    A label may change, and a level may be added: neither gives an earlier answer another value.
    """
    worth = {level.code: level.points for level in after.levels}
    kept = all(level.code in worth and worth[level.code] == level.points for level in before.levels)
    full = before.scoring.full_points == after.scoring.full_points
    return Scale.KEPT if kept and full else Scale.CHANGED


class Obstacle(StrEnum):
    """Why an earlier answer is not compared with the present one.

    NEW: the question was not asked. MEANING: the lineage says that it asked something else. SCALE: the answers have
    another value. MIXED: the answers to several former items differ, and none of them stands for all.
    """

    NEW = "new"
    MEANING = "meaning"
    SCALE = "scale"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparability:
    """What an earlier answer is to an item: compared with it, shown for reference, or not there.

    `of` are the items of the earlier edition that it goes on from.
    """

    kind: LineageKind
    of: tuple[str, ...]
    obstacle: Obstacle | None
    note: str = ""

    @property
    def comparable(self) -> bool:
        """Whether the earlier answer is compared."""
        return self.obstacle is None


def comparability(lineage: Lineage, *, scale: Scale) -> Comparability:
    """Decide whether the answer to an earlier item may be compared with the one to an item that goes on from it.

    The one place where this is decided. The same question stays comparable; a reworded, split or merged one where
    its lineage says so; a new one has nothing to be compared with; and none does over a changed scale.
    """
    return Comparability(
        kind=lineage.kind, of=lineage.of, obstacle=_obstacle(lineage, scale=scale), note=lineage.note
    )


def _obstacle(lineage: Lineage, *, scale: Scale) -> Obstacle | None:
    if lineage.kind is LineageKind.NEW or not lineage.of:
        return Obstacle.NEW
    if not lineage.comparable:
        return Obstacle.MEANING
    return Obstacle.SCALE if scale is Scale.CHANGED else None


def one_answer(levels: Sequence[str | None]) -> bool:
    """Return whether the answers to the items that a merged one comes from are one: only that can be compared."""
    return len(set(levels)) == 1
