"""Two editions side by side, with how many answers each difference touches."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.queries.descent import descent_between
from app.checklists.queries.loading import edition_named, label_order, load_edition
from app.checklists.queries.pages import visible_labels
from app.checklists.rules import Edition, EditionDiff, Entry, EntryKind, Facet, edition_diff
from app.kernel.errors import NotFound
from app.kernel.ids import EditionId
from app.kernel.ports import EditionUsage, Ports

OLDER_FIRST = "版は、古い方、新しい方の順に書いてください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffEntry:
    """An entry with the answers it touches: to the items as they were, and as they are now."""

    entry: Entry
    answers_before: int
    answers_after: int

    @property
    def answers(self) -> int:
        """How many answers there are to its items in both editions."""
        return self.answers_before + self.answers_after


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffPage:
    """Everything that differs between two editions.

    Attributes:
        before_use, after_use: how much each of the two is in use.
        others: labels of further earlier editions that may be compared with the later one, the newest first.
    """

    diff: EditionDiff
    entries: tuple[DiffEntry, ...]
    before_use: EditionUsage
    after_use: EditionUsage
    others: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[Facet, int]:
        """How many entries have each facet; facets without any are absent."""
        counted = {facet: len(self.diff.having(facet)) for facet in Facet}
        return {facet: count for facet, count in counted.items() if count}

    @property
    def differing(self) -> int:
        """How many entries differ at all."""
        return sum(1 for one in self.entries if one.entry.kind is not EntryKind.SAME)

    def showing(self, facet: Facet | None) -> tuple[DiffEntry, ...]:
        """Return the entries with a facet; without one all that differ."""
        if facet is None:
            return tuple(one for one in self.entries if one.entry.kind is not EntryKind.SAME)
        return tuple(one for one in self.entries if facet in one.entry.facets)


def diff_page(session: Session, *, actor: Actor, code: str, old: str, new: str, ports: Ports) -> DiffPage:
    """Return how an edition differs from an earlier one, in a number of statements that does not grow with them.

    Raises:
        NotAllowed: the actor works for no unit of the city.
        NotFound: one of them does not exist, is a draft that the actor may not see, or the first is the newer one.
    """
    require(Permission.CITY_CHECKLIST_READ, actor=actor)
    known = visible_labels(session, actor=actor, code=code)
    if old not in known or new not in known:
        raise NotFound
    others = [label for label in known if label != old and label_order(label) < label_order(new)]
    return _page(
        session,
        editions=(known[old], known[new]),
        ports=ports,
        others=tuple(sorted(others, key=label_order, reverse=True)),
    )


def compared_editions(session: Session, *, code: str, old: str, new: str, ports: Ports) -> DiffPage:
    """Return the same for the operator of the command line, who names any edition that was imported.

    Raises:
        NotFound: one of them does not exist, or the first is the newer one; the message says which.
    """
    found = tuple(edition_named(session, code=code, label=label) for label in (old, new))
    return _page(session, editions=(found[0], found[1]), ports=ports)


def _page(
    session: Session, *, editions: tuple[EditionId, EditionId], ports: Ports, others: tuple[str, ...] = ()
) -> DiffPage:
    before, after = (load_edition(session, edition_id=edition_id) for edition_id in editions)
    if label_order(before.label) > label_order(after.label):
        raise NotFound(OLDER_FIRST)
    usage = ports.usage_by_edition(session, edition_ids=editions)
    diff = edition_diff(before, after, along=descent_between(session, before=before, after=after))
    uses = _use_of(before, usage), EditionUsage() if before.id == after.id else _use_of(after, usage)
    return DiffPage(
        diff=diff,
        entries=tuple(_counted(entry, before=uses[0], after=uses[1]) for entry in diff.entries),
        before_use=uses[0],
        after_use=uses[1],
        others=others,
    )


def _use_of(edition: Edition, usage: Mapping[EditionId, EditionUsage]) -> EditionUsage:
    return usage.get(edition.id, EditionUsage())


def _counted(entry: Entry, *, before: EditionUsage, after: EditionUsage) -> DiffEntry:
    return DiffEntry(
        entry=entry,
        answers_before=before.answered(item.key for item in entry.before),
        answers_after=after.answered(item.key for item in entry.after),
    )
