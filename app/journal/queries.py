"""Reading and verifying the journal."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.journal.models import AccessLogEntry, JournalEntry, JournalHead, JournalSeal, JournalSealLine
from app.journal.rules import (
    EntryRow,
    ExportedSeal,
    Fault,
    HeadRow,
    SealRow,
    Subject,
    chain_faults,
    exported_faults,
    mark_fault,
    mark_faults,
    seal_faults,
    seal_place,
    sealed_fault,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One entry, ready to be worded by the domain that wrote it."""

    sequence: int
    at: datetime
    event: str
    person_id: str | None
    via: str
    facts: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The outcome of a verification."""

    entries: int
    subjects: int
    seals: int
    last_seal: str | None
    faults: tuple[Fault, ...]


def lines_of(session: Session, *, subject: Subject) -> tuple[JournalLine, ...]:
    """Return the whole chain of a subject, oldest first."""
    rows = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.subject_type == subject.type.value, JournalEntry.subject_id == subject.id)
        .order_by(JournalEntry.sequence)
    )
    return tuple(_line(row) for row in rows)


def _line(row: JournalEntry) -> JournalLine:
    payload = json.loads(row.payload)
    return JournalLine(
        sequence=row.sequence,
        at=row.recorded_at,
        event=payload["event"],
        person_id=payload["actor"],
        via=payload["via"],
        facts=payload["facts"],
        digest=row.digest,
    )


def last_seal(session: Session) -> tuple[int, str] | None:
    """Return sequence and digest of the newest seal."""
    row = session.execute(
        select(JournalSeal.sequence, JournalSeal.digest).order_by(JournalSeal.sequence.desc()).limit(1)
    ).one_or_none()
    return (row.sequence, row.digest) if row else None


def last_line(session: Session, *, subject: Subject, event: str) -> JournalLine | None:
    """Return the newest entry of a chain with an event; None when there is none."""
    row = session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.subject_type == subject.type.value,
            JournalEntry.subject_id == subject.id,
            # The payload is canonical JSON: an event stands in it in exactly one way.
            JournalEntry.payload.contains(f'"event":"{event}"', autoescape=True),
        )
        .order_by(JournalEntry.sequence.desc())
        .limit(1)
    ).one_or_none()
    return _line(row) if row is not None else None


def last_entry_at(session: Session) -> datetime | None:
    """Return the instant of the newest entry of all chains; None while nothing has happened."""
    return session.scalar(select(JournalEntry.recorded_at).order_by(JournalEntry.recorded_at.desc()).limit(1))


def exported_seal(session: Session) -> ExportedSeal | None:
    """Return the newest seal as it is taken off the machine; None before the first one."""
    row = session.scalars(select(JournalSeal).order_by(JournalSeal.sequence.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return ExportedSeal(
        sequence=row.sequence,
        sealed_at=row.sealed_at.isoformat(),
        digest=row.digest,
        subjects=row.subjects,
        entries=row.entries,
    )


def quick_faults(session: Session) -> tuple[Fault, ...]:
    """Compare the end of every chain with its head, without reading the entries before it.

    A missing, added or exchanged end shows; what was altered further back needs `verify`.
    """
    ends = (
        select(
            JournalEntry.subject_type,
            JournalEntry.subject_id,
            func.max(JournalEntry.sequence).label("sequence"),
        )
        .group_by(JournalEntry.subject_type, JournalEntry.subject_id)
        .subquery()
    )
    same_chain = and_(
        JournalHead.subject_type == ends.c.subject_type, JournalHead.subject_id == ends.c.subject_id
    )
    moved = session.execute(
        select(ends.c.subject_type, ends.c.subject_id)
        .outerjoin(JournalHead, same_chain)
        .where(or_(JournalHead.sequence.is_(None), JournalHead.sequence != ends.c.sequence))
    )
    headed = session.execute(
        select(JournalHead.subject_type, JournalHead.subject_id).where(
            ~exists().where(
                JournalEntry.subject_type == JournalHead.subject_type,
                JournalEntry.subject_id == JournalHead.subject_id,
                JournalEntry.sequence == JournalHead.sequence,
                JournalEntry.digest == JournalHead.digest,
            )
        )
    )
    places = sorted({f"{subject_type}/{subject_id}" for subject_type, subject_id in (*moved, *headed)})
    return tuple(Fault(place=place, message="記録の末尾が、末尾の印と食い違っています") for place in places)


def seal_digest(session: Session, *, sequence: int) -> str:
    """Return the digest of one seal."""
    return session.scalars(select(JournalSeal.digest).where(JournalSeal.sequence == sequence)).one()


def verify(session: Session, *, exported: Sequence[ExportedSeal] = ()) -> Verification:
    """Check every chain, every head and every seal; report each fault with its place.

    What an owner of the database who rewrites everything consistently could hide is found only against a seal
    that was exported off the machine: give those as `exported`.
    """
    heads = _heads(session)
    seals = _seals(session)
    sealed = {(*line.subject, line.sequence) for seal in seals for line in seal.lines}
    digests: dict[tuple[str, str, int], str] = {}
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    entries = 0
    for subject, rows in groupby(_entries(session), key=lambda entry: entry.subject):
        chain = list(rows)
        seen.add(subject)
        entries += len(chain)
        keys = ((*subject, entry.sequence) for entry in chain)
        digests.update({key: entry.digest for key, entry in zip(keys, chain, strict=True) if key in sealed})
        faults += chain_faults(subject, chain, heads.get(subject))
    for subject in heads.keys() - seen:
        faults += chain_faults(subject, [], heads[subject])
    faults += seal_faults(seals, digests)
    faults += _stray_lines(session)
    faults += mark_faults(_marks(session), seals)
    for one in exported:
        faults += exported_faults(one, seals)
    return Verification(
        entries=entries,
        subjects=len(seen),
        seals=len(seals),
        last_seal=seals[-1].digest if seals else None,
        faults=tuple(faults),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerification:
    """The outcome of verifying one chain. `seals` counts the seals that bind an entry of it."""

    entries: int
    seals: int
    last_seal: str | None
    faults: tuple[Fault, ...]


def verify_subject(session: Session, *, subject: Subject) -> ChainVerification:
    """Check the chain of one subject against its head and against what the seals say of it; no other chain is read.

    That the seals themselves hold together, only `verify` finds out: it reads every chain.
    """
    key = (subject.type.value, subject.id)
    chain = tuple(_entries(session, subject=subject))
    head = session.execute(
        select(JournalHead.sequence, JournalHead.digest, JournalHead.sealed_sequence).where(
            JournalHead.subject_type == key[0], JournalHead.subject_id == key[1]
        )
    ).one_or_none()
    seals = session.execute(
        select(
            JournalSealLine.seal_sequence,
            JournalSealLine.sequence,
            JournalSealLine.digest,
            JournalSeal.digest.label("seal_digest"),
        )
        .join(JournalSeal, JournalSeal.sequence == JournalSealLine.seal_sequence)
        .where(JournalSealLine.subject_type == key[0], JournalSealLine.subject_id == key[1])
        .order_by(JournalSealLine.seal_sequence)
    ).all()
    faults = list(
        chain_faults(
            key, chain, HeadRow(subject=key, sequence=head.sequence, digest=head.digest) if head else None
        )
    )
    stored = {entry.sequence: entry.digest for entry in chain}
    faults += [
        sealed_fault(key, number=line.sequence, seal=line.seal_sequence)
        for line in seals
        if stored.get(line.sequence) != line.digest
    ]
    marked, sealed = (head.sealed_sequence if head else 0), (seals[-1].sequence if seals else 0)
    if head is not None and marked != sealed:
        faults.append(mark_fault(key))
    return ChainVerification(
        entries=len(chain),
        seals=len(seals),
        last_seal=seals[-1].seal_digest if seals else None,
        faults=tuple(faults),
    )


def _heads(session: Session) -> dict[tuple[str, str], HeadRow]:
    rows = session.execute(
        select(JournalHead.subject_type, JournalHead.subject_id, JournalHead.sequence, JournalHead.digest)
    )
    return {
        (row.subject_type, row.subject_id): HeadRow(
            subject=(row.subject_type, row.subject_id), sequence=row.sequence, digest=row.digest
        )
        for row in rows
    }


def _marks(session: Session) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(JournalHead.subject_type, JournalHead.subject_id, JournalHead.sealed_sequence)
    )
    return {(row.subject_type, row.subject_id): row.sealed_sequence for row in rows}


def _entries(session: Session, *, subject: Subject | None = None) -> Iterator[EntryRow]:
    query = select(JournalEntry.__table__).order_by(
        JournalEntry.subject_type, JournalEntry.subject_id, JournalEntry.sequence
    )
    if subject is not None:
        query = query.where(
            JournalEntry.subject_type == subject.type.value, JournalEntry.subject_id == subject.id
        )
    rows = session.execute(query, execution_options={"yield_per": 2000})
    for row in rows:
        yield EntryRow(
            subject=(row.subject_type, row.subject_id),
            sequence=row.sequence,
            recorded_at=row.recorded_at.isoformat(),
            payload=row.payload,
            previous_digest=row.previous_digest,
            digest=row.digest,
        )


def _stray_lines(session: Session) -> Iterator[Fault]:
    """Yield the seals of which only lines are left."""
    rows = session.scalars(
        select(JournalSealLine.seal_sequence)
        .where(JournalSealLine.seal_sequence.not_in(select(JournalSeal.sequence)))
        .distinct()
        .order_by(JournalSealLine.seal_sequence)
    )
    for sequence in rows:
        yield Fault(place=seal_place(sequence), message="封印がないのに、封印した末尾の一覧があります")


def _seals(session: Session) -> list[SealRow]:
    lines: dict[int, list[HeadRow]] = {}
    for line in session.scalars(select(JournalSealLine)):
        row = HeadRow(
            subject=(line.subject_type, line.subject_id), sequence=line.sequence, digest=line.digest
        )
        lines.setdefault(line.seal_sequence, []).append(row)
    return [
        SealRow(
            sequence=seal.sequence,
            sealed_at=seal.sealed_at.isoformat(),
            reason=seal.reason,
            subjects=seal.subjects,
            entries=seal.entries,
            lines_digest=seal.lines_digest,
            previous_digest=seal.previous_digest,
            digest=seal.digest,
            lines=tuple(lines.get(seal.sequence, ())),
        )
        for seal in session.scalars(select(JournalSeal).order_by(JournalSeal.sequence))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """Which sensitive reads are wanted; `before` is the first instant that is not. None wants all."""

    person_id: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """One sensitive read: who looked at what, and in which way."""

    at: datetime
    person_id: str
    subject_type: str
    subject_id: str
    act: str


def access_count(session: Session, *, wanted: AccessFilter) -> int:
    """Return how many sensitive reads there are of what is wanted."""
    return session.scalar(select(func.count()).select_from(AccessLogEntry).where(*_wanted(wanted))) or 0


def access_lines(session: Session, *, wanted: AccessFilter, first: int, most: int) -> tuple[AccessLine, ...]:
    """Return sensitive reads, the newest first, `most` of them from the one at `first` (0-based)."""
    rows = session.scalars(
        select(AccessLogEntry)
        .where(*_wanted(wanted))
        .order_by(AccessLogEntry.id.desc())
        .offset(first)
        .limit(most)
    )
    return tuple(
        AccessLine(
            at=row.recorded_at,
            person_id=row.person_id,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            act=row.act,
        )
        for row in rows
    )


def access_readers(session: Session, *, wanted: AccessFilter) -> frozenset[str]:
    """Return everybody who has read anything of what is wanted."""
    return frozenset(session.scalars(select(AccessLogEntry.person_id).where(*_wanted(wanted)).distinct()))


def _wanted(wanted: AccessFilter) -> list[ColumnElement[bool]]:
    chosen = (
        (wanted.person_id, AccessLogEntry.person_id == wanted.person_id),
        (wanted.subject_id, AccessLogEntry.subject_id == wanted.subject_id),
        (wanted.since, AccessLogEntry.recorded_at >= wanted.since),
        (wanted.before, AccessLogEntry.recorded_at < wanted.before),
    )
    return [condition for value, condition in chosen if value is not None]
