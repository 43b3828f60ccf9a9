"""Ports: what a low room needs to know of the rooms above it.

Each is bulk: ids in, a mapping out, so that nobody queries in a loop. They are implemented in the higher domain and
registered in `create_app`. The kernel does not know the classes of a session or an actor: it hands them on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.kernel.ids import EditionId, InspectionId

Session = Any
Actor = Any


class EditionUse(Protocol):
    """How much an edition is in use: shown before somebody decides to publish its successor."""

    def answers_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, int]:
        """Return the number of answers that point to each edition; editions without any are absent."""
        ...


class WorkCounter(Protocol):
    """How much waits for somebody: the figures in the header."""

    def waiting(self, session: Session, *, actor: Actor) -> Mapping[str, int]:
        """Return the number of waiting things for each menu entry's key; entries without any are absent."""
        ...


class AfterSealing(Protocol):
    """What follows when a sheet is sealed, after the commit: making its document."""

    def __call__(self, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
        """Do it; a failure is logged and made up for later, the seal stands."""
        ...


@dataclass(slots=True)
class Ports:
    """The registered implementations. Filled once in `create_app`, read by lower rooms."""

    edition_use: list[EditionUse] = field(default_factory=list)
    work_counters: list[WorkCounter] = field(default_factory=list)
    after_sealing: list[AfterSealing] = field(default_factory=list)
    # Called when somebody waits for a regular job; empty where a scheduler outside of the process runs them.
    hurry: list[Callable[[], None]] = field(default_factory=list)

    def answers_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> dict[EditionId, int]:
        """Add up what every registered room says about the use of editions."""
        wanted = tuple(edition_ids)
        totals: dict[EditionId, int] = {}
        for source in self.edition_use:
            for edition_id, count in source.answers_by_edition(session, edition_ids=wanted).items():
                totals[edition_id] = totals.get(edition_id, 0) + count
        return totals

    def waiting(self, session: Session, *, actor: Actor) -> dict[str, int]:
        """Merge the counters of all rooms; two rooms never share a menu entry."""
        return {
            key: count
            for source in self.work_counters
            for key, count in source.waiting(session, actor=actor).items()
        }
