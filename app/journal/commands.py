"""Writing the journal: always in the transaction of the change itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.journal.models import AccessLogEntry, JournalEntry, JournalHead, JournalSeal, JournalSealLine
from app.journal.rules import ActorMark, HeadRow, Subject, lines_digest, payload_of, seal_payload
from app.kernel.digest import GENESIS, link


def record(
    session: Session, *, subject: Subject, event: str, actor: ActorMark, now: datetime, facts: Mapping[str, Any] | None = None
) -> str:
    """Append an entry to the subject's chain and move its head; return the new digest.

    Two subjects never wait for each other; two writers of one subject do (the head's row is locked).
    """
    head = session.execute(
        select(JournalHead.sequence, JournalHead.digest)
        .where(JournalHead.subject_type == subject.type.value, JournalHead.subject_id == subject.id)
        .with_for_update()
    ).one_or_none()
    sequence, previous = (head.sequence + 1, head.digest) if head else (1, GENESIS)
    payload = payload_of(subject=subject, event=event, actor=actor, at=now, facts=facts or {})
    digest = link(previous=previous, sequence=sequence, payload=payload)
    session.execute(
        insert(JournalEntry).values(
            subject_type=subject.type.value,
            subject_id=subject.id,
            sequence=sequence,
            recorded_at=now,
            payload=payload,
            previous_digest=previous,
            digest=digest,
        )
    )
    _move_head(session, subject=subject, sequence=sequence, digest=digest)
    return digest


def _move_head(session: Session, *, subject: Subject, sequence: int, digest: str) -> None:
    if sequence == 1:
        session.execute(
            insert(JournalHead).values(
                subject_type=subject.type.value, subject_id=subject.id, sequence=1, digest=digest, sealed_sequence=0
            )
        )
        return
    session.execute(
        update(JournalHead)
        .where(JournalHead.subject_type == subject.type.value, JournalHead.subject_id == subject.id)
        .values(sequence=sequence, digest=digest)
    )


def record_births(
    session: Session,
    *,
    subjects: Sequence[Subject],
    event: str,
    actor: ActorMark,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write the first entry of many new chains at once: the same event for each."""
    rows = []
    for subject in subjects:
        payload = payload_of(subject=subject, event=event, actor=actor, at=now, facts=facts or {})
        digest = link(previous=GENESIS, sequence=1, payload=payload)
        rows.append((subject, payload, digest))
    if not rows:
        return
    session.execute(
        insert(JournalEntry),
        [
            {
                "subject_type": subject.type.value,
                "subject_id": subject.id,
                "sequence": 1,
                "recorded_at": now,
                "payload": payload,
                "previous_digest": GENESIS,
                "digest": digest,
            }
            for subject, payload, digest in rows
        ],
    )
    session.execute(
        insert(JournalHead),
        [
            {"subject_type": subject.type.value, "subject_id": subject.id, "sequence": 1, "digest": digest, "sealed_sequence": 0}
            for subject, _, digest in rows
        ],
    )


def seal(session: Session, *, reason: str, now: datetime) -> JournalSeal:
    """Bind every head that moved since the last seal, and the counts of all, into the chain of seals.

    On PostgreSQL a head that another transaction is moving right now is left for the next seal.
    """
    last = session.scalars(
        select(JournalSeal).order_by(JournalSeal.sequence.desc()).limit(1).with_for_update()
    ).one_or_none()
    moved = session.scalars(
        select(JournalHead).where(JournalHead.sequence > JournalHead.sealed_sequence).with_for_update(skip_locked=True)
    ).all()
    lines = [HeadRow(subject=(head.subject_type, head.subject_id), sequence=head.sequence, digest=head.digest) for head in moved]
    new_subjects = sum(1 for head in moved if head.sealed_sequence == 0)
    new_entries = sum(head.sequence - head.sealed_sequence for head in moved)
    subjects, entries = (last.subjects if last else 0) + new_subjects, (last.entries if last else 0) + new_entries
    sequence, previous = (last.sequence + 1, last.digest) if last else (1, GENESIS)
    digest_of_lines = lines_digest(lines)
    payload = seal_payload(sealed_at=now.isoformat(), reason=reason, subjects=subjects, entries=entries, lines=digest_of_lines)
    made = JournalSeal(
        sequence=sequence,
        sealed_at=now,
        reason=reason,
        subjects=subjects,
        entries=entries,
        lines_digest=digest_of_lines,
        previous_digest=previous,
        digest=link(previous=previous, sequence=sequence, payload=payload),
    )
    session.add(made)
    session.flush()
    session.add_all(
        JournalSealLine(seal_sequence=sequence, subject_type=line.subject[0], subject_id=line.subject[1],
                        sequence=line.sequence, digest=line.digest)
        for line in lines
    )
    for head in moved:
        head.sealed_sequence = head.sequence
    session.flush()
    return made


def record_access(session: Session, *, person_id: str, subject: Subject, act: str, now: datetime) -> None:
    """Record that somebody looked at something sensitive."""
    session.execute(
        insert(AccessLogEntry).values(
            recorded_at=now, person_id=person_id, subject_type=subject.type.value, subject_id=subject.id, act=act
        )
    )
