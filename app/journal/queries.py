"""Reading and verifying the journal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.models import JournalEntry, JournalHead, JournalSeal, JournalSealLine
from app.journal.rules import EntryRow, Fault, HeadRow, SealRow, Subject, chain_faults, seal_faults


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


def verify(session: Session) -> Verification:
    """Check every chain, every head and every seal; report each fault with its place.

    What an owner of the database who rewrites everything consistently could hide is found only against a seal that
    was exported off the machine.
    """
    heads = {(head.subject_type, head.subject_id): head for head in session.scalars(select(JournalHead))}
    digests: dict[tuple[str, str, int], str] = {}
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    for subject, rows in groupby(_entries(session), key=lambda entry: entry.subject):
        chain = list(rows)
        head = heads.get(subject)
        seen.add(subject)
        digests.update({(*subject, entry.sequence): entry.digest for entry in chain})
        faults += chain_faults(subject, chain, HeadRow(subject=subject, sequence=head.sequence, digest=head.digest) if head else None)
    for subject, head in heads.items():
        if subject not in seen:
            faults += chain_faults(subject, [], HeadRow(subject=subject, sequence=head.sequence, digest=head.digest))
    seals = _seals(session)
    faults += seal_faults(seals, digests)
    return Verification(
        entries=len(digests), subjects=len(seen), seals=len(seals), last_seal=seals[-1].digest if seals else None, faults=tuple(faults)
    )


def _entries(session: Session) -> Iterator[EntryRow]:
    rows = session.execute(
        select(JournalEntry.__table__).order_by(
            JournalEntry.subject_type, JournalEntry.subject_id, JournalEntry.sequence
        ),
        execution_options={"yield_per": 2000},
    )
    for row in rows:
        yield EntryRow(
            subject=(row.subject_type, row.subject_id),
            sequence=row.sequence,
            recorded_at=row.recorded_at.isoformat(),
            payload=row.payload,
            previous_digest=row.previous_digest,
            digest=row.digest,
        )


def _seals(session: Session) -> list[SealRow]:
    lines: dict[int, list[HeadRow]] = {}
    for line in session.scalars(select(JournalSealLine)):
        row = HeadRow(subject=(line.subject_type, line.subject_id), sequence=line.sequence, digest=line.digest)
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
