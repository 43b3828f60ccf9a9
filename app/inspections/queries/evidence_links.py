"""Which pieces of evidence stand beside which items of a revision, and how that came to be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.evidence.queries import piece_of, pieces
from app.evidence.rules import Piece
from app.inspections.models import AnswerEvidence
from app.kernel.ids import EvidenceId, ItemId, PersonId, RevisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One time that a piece was linked to an item, or taken off it."""

    item_id: ItemId
    piece: Piece
    version: int
    is_linked: bool
    done_by: PersonId
    done_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Everything that happened to the evidence of a revision, in order of the versions of each link."""

    all: tuple[Link, ...] = ()
    standing: Mapping[ItemId, tuple[Link, ...]] = field(default_factory=dict)

    def of(self, item_id: ItemId) -> tuple[Link, ...]:
        """Return what stands beside an item, the oldest first."""
        return self.standing.get(item_id, ())

    def at(self, instant: datetime, *, item_id: ItemId) -> frozenset[EvidenceId]:
        """Return what stood beside an item at an instant."""
        past = (one for one in self.all if one.item_id == item_id and one.done_at <= instant)
        return frozenset(link.piece.id for link in _last(past).values() if link.is_linked)

    def changed_since(self, instant: datetime, *, item_id: ItemId) -> bool:
        """Return whether other pieces stand beside an item than did at an instant."""
        return self.at(instant, item_id=item_id) != {link.piece.id for link in self.of(item_id)}

    def last_version(self, *, item_id: ItemId, evidence_id: EvidenceId) -> int:
        """Return how often a piece was linked to an item or taken off it."""
        versions = (one.version for one in self.all if one.item_id == item_id and one.piece.id == evidence_id)
        return max(versions, default=0)


def _last(links: Iterable[Link]) -> dict[tuple[ItemId, EvidenceId], Link]:
    return {(link.item_id, link.piece.id): link for link in links}


_LINK: Final = AnswerEvidence.__table__.c
_PIECES: Final = pieces().subquery()
_LINKS: Final = (
    select(
        *(_LINK[name] for name in ("revision_id", "item_id", "is_linked", "done_by", "done_at")),
        _LINK.version.label("link_version"),
        _PIECES,
    )
    .join_from(AnswerEvidence.__table__, _PIECES, _PIECES.c.evidence_id == _LINK.evidence_id)
    .where(_LINK.revision_id.in_(bindparam("revisions", expanding=True)))
    .order_by(_LINK.item_id, _LINK.evidence_id, _LINK.version)
)


def links_of(session: Session, *, revision_id: RevisionId) -> Links:
    """Return the evidence of a revision: one statement."""
    return links_of_many(session, revision_ids=[revision_id]).get(revision_id, Links())


def links_of_many(session: Session, *, revision_ids: Iterable[RevisionId]) -> Mapping[RevisionId, Links]:
    """Return the evidence of many revisions, in one statement; those without any are absent."""
    rows = session.connection().execute(_LINKS, {"revisions": list(revision_ids)})
    found: dict[RevisionId, list[Link]] = {}
    for row in rows:
        link = Link(
            item_id=ItemId(row.item_id),
            piece=piece_of(row),
            version=row.link_version,
            is_linked=row.is_linked,
            done_by=PersonId(row.done_by),
            done_at=row.done_at,
        )
        found.setdefault(RevisionId(row.revision_id), []).append(link)
    return {revision_id: _links(tuple(links)) for revision_id, links in found.items()}


def _links(links: tuple[Link, ...]) -> Links:
    standing: dict[ItemId, list[Link]] = {}
    for link in sorted(_last(links).values(), key=lambda one: (one.done_at, str(one.piece.id))):
        if link.is_linked:
            standing.setdefault(link.item_id, []).append(link)
    return Links(all=links, standing={item_id: tuple(some) for item_id, some in standing.items()})
