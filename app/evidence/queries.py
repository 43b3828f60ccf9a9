"""Reading evidence: one piece, and the library of a unit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, case, func, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.evidence.models import Evidence, EvidenceFile
from app.evidence.rules import CheckedFile, Description, FileKind, Kind, Piece
from app.kernel.errors import NotFound
from app.kernel.ids import EvidenceId, PersonId, UnitId
from app.kernel.text import keys_to_look_for
from app.organisation.queries import responsible_unit

PAGE_SIZE: Final = 20
_PIECE: Final = Evidence.__table__.c
_FILE: Final = EvidenceFile.__table__.c


def pieces(*, day: date | None = None) -> Select[*tuple[Any, ...]]:
    """Return all pieces as a selectable for joins from above; read its rows with `piece_of`.

    Their unit is the one that answers for them on a day; without a day, the one that recorded them.
    """
    unit = _PIECE.unit_id if day is None else responsible_unit(_PIECE.id, _PIECE.unit_id, day=day)
    return select(
        _PIECE.id.label("evidence_id"),
        unit.label("unit_id"),
        *(
            _PIECE[name]
            for name in (
                *("kind", "title", "search_key", "stands_for", "expires_on", "document_number"),
                *("place", "version", "recorded_by", "recorded_at", "withdrawn_at"),
            )
        ),
        _FILE.file_digest,
        _FILE.size,
        _FILE.file_kind,
        _FILE.name,
    ).join_from(Evidence.__table__, EvidenceFile.__table__, _FILE.evidence_id == _PIECE.id, isouter=True)


def piece_of(row: Row[*tuple[Any, ...]]) -> Piece:
    """Return the piece of a row of `pieces()`."""
    return Piece(
        id=EvidenceId(row.evidence_id),
        unit_id=UnitId(row.unit_id),
        kind=Kind(row.kind),
        description=Description(
            title=row.title,
            stands_for=row.stands_for,
            expires_on=row.expires_on,
            document_number=row.document_number,
            place=row.place,
        ),
        version=row.version,
        recorded_by=PersonId(row.recorded_by),
        recorded_at=row.recorded_at,
        withdrawn_at=row.withdrawn_at,
        file=CheckedFile(name=row.name, kind=FileKind(row.file_kind), size=row.size, digest=row.file_digest)
        if row.file_digest
        else None,
    )


def find_piece(session: Session, *, actor: Actor, evidence_id: EvidenceId) -> Piece:
    """Return one piece that the actor may see.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    row = session.execute(pieces(day=actor.day).where(_PIECE.id == evidence_id)).one_or_none()
    if row is None:
        raise NotFound
    piece = piece_of(row)
    require(Permission.UNIT_INSPECTION_READ, actor=actor, subject=Subject(unit_id=piece.unit_id))
    return piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for in a library.

    Attributes:
        words: part of a name, a file name, a number or a place; folded before it is compared.
        first_day: pieces that stand for this day or a later one.
        before: pieces that stand for an earlier day than this.
        among: ids of the pieces that the room above asks for; None for all of them.
    """

    words: str = ""
    first_day: date | None = None
    before: date | None = None
    among: Select[UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One page of a unit's pieces, the newest first."""

    pieces: tuple[Piece, ...]
    total: int
    number: int
    expired: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def library(
    session: Session, *, actor: Actor, unit_id: UnitId, wanted: Wanted, number: int, today: date
) -> Library:
    """Return one page of what a unit has and did not withdraw: two statements.

    Raises:
        NotFound: the actor may not know of the unit's work.
    """
    require(Permission.UNIT_INSPECTION_READ, actor=actor, subject=Subject(unit_id=unit_id))
    found = _filtered(pieces(day=today), unit_id=unit_id, wanted=wanted, today=today)
    counted = found.with_only_columns(
        func.count(), func.coalesce(func.sum(case((_PIECE.expires_on < today, 1), else_=0)), 0)
    )
    total, expired = session.execute(counted).one()
    number = min(max(1, number), max(1, -(-total // PAGE_SIZE)))
    rows = session.execute(
        found.order_by(_PIECE.stands_for.desc(), _PIECE.recorded_at.desc(), _PIECE.id)
        .offset((number - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return Library(pieces=tuple(map(piece_of, rows)), total=total, number=number, expired=expired)


def _filtered(
    query: Select[*tuple[Any, ...]], *, unit_id: UnitId, wanted: Wanted, today: date
) -> Select[*tuple[Any, ...]]:
    query = query.where(
        responsible_unit(_PIECE.id, _PIECE.unit_id, day=today) == unit_id, _PIECE.withdrawn_at.is_(None)
    )
    if keys := [key for key in keys_to_look_for(wanted.words) if key]:
        query = query.where(or_(*(_PIECE.search_key.contains(key, autoescape=True) for key in keys)))
    if wanted.first_day is not None:
        query = query.where(_PIECE.stands_for >= wanted.first_day)
    if wanted.before is not None:
        query = query.where(_PIECE.stands_for < wanted.before)
    return query if wanted.among is None else query.where(_PIECE.id.in_(wanted.among))


def pieces_by_id(
    session: Session, *, evidence_ids: Iterable[EvidenceId], day: date
) -> Mapping[EvidenceId, Piece]:
    """Return pieces by their ids, whoever asks: for names in lists that were authorised already."""
    rows = session.execute(pieces(day=day).where(_PIECE.id.in_(list(evidence_ids))))
    return {piece.id: piece for piece in map(piece_of, rows)}


def kept_files(session: Session) -> tuple[str, ...]:
    """Return the digest of every file of a piece, the newest first."""
    rows = session.execute(
        select(_FILE.file_digest, func.max(_PIECE.recorded_at).label("latest"))
        .join_from(EvidenceFile.__table__, Evidence.__table__, _FILE.evidence_id == _PIECE.id)
        .group_by(_FILE.file_digest)
        .order_by(func.max(_PIECE.recorded_at).desc(), _FILE.file_digest)
    )
    return tuple(row.file_digest for row in rows)
