"""Writing the journal: always in the transaction of the change itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import (
    Row,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from app.journal.models import AccessLogEntry, JournalEntry, JournalHead, JournalSeal, JournalSealLine
from app.journal.rules import ActorMark, HeadRow, Subject, SubjectType, lines_digest, payload_of, seal_payload
from app.kernel.clock import business_date
from app.kernel.digest import GENESIS, link


def record(
    session: Session,
    *,
    subject: Subject,
    event: str,
    actor: ActorMark,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Append an entry to the subject's chain and move its head; return the new digest.

    Two subjects never wait for each other; two writers of one subject do (the head's row is locked).
    """
    head = _held_head(session, subject=subject)
    sequence, previous = head.sequence + 1, head.digest
    payload = payload_of(subject=subject, event=event, actor=actor, at=now, facts=facts or {})
    digest = link(previous=previous, sequence=sequence, payload=payload)
    place = {"subject_type": subject.type.value, "subject_id": subject.id}
    link_of_chain = {"sequence": sequence, "previous_digest": previous, "digest": digest}
    connection = session.connection()
    connection.execute(_APPEND, {**place, **link_of_chain, "recorded_at": now, "payload": payload})
    connection.execute(
        _MOVE_HEAD, {"type": subject.type.value, "id": subject.id, "to": sequence, "new_digest": digest}
    )
    return digest


def _held_head(session: Session, *, subject: Subject) -> Row[int, str]:
    """Return the end of a chain under lock.

    A chain that is not there yet begins with an empty head: two first writers on PostgreSQL would otherwise
    have no row to wait for each other on.
    """
    connection, chain = session.connection(), {"type": subject.type.value, "id": subject.id}
    head = connection.execute(_HEAD, chain).one_or_none()
    if head is None:
        connection.execute(_EMPTY_HEAD, {**chain, "digest": GENESIS})
        head = connection.execute(_HEAD, chain).one()
    return head


# Built once, on the tables themselves: these run with every change of anything.
_HEADS: Final = cast("Table", JournalHead.__table__)
_CHAIN: Final = and_(_HEADS.c.subject_type == bindparam("type"), _HEADS.c.subject_id == bindparam("id"))
_HEAD: Final = select(_HEADS.c.sequence, _HEADS.c.digest).where(_CHAIN).with_for_update()
_APPEND: Final = insert(cast("Table", JournalEntry.__table__))
_MOVE_HEAD: Final = (
    update(_HEADS).where(_CHAIN).values(sequence=bindparam("to"), digest=bindparam("new_digest"))
)
_EMPTY_HEAD: Final = text(
    "INSERT INTO journal_head (subject_type, subject_id, sequence, digest, sealed_sequence) "
    "VALUES (:type, :id, 0, :digest, 0) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One of many entries that are written together."""

    subject: Subject
    event: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def record_many(session: Session, *, entries: Sequence[Entry], actor: ActorMark, now: datetime) -> None:
    """Append many entries to the chains of their subjects, in the order given, in a number of statements that does not grow.

    The same rows as `record` one by one. New heads are made before any is locked, and both happens in the order of their names:
    so two writers of many never wait for each other crosswise.
    """
    ends = _held_heads(session, subjects={entry.subject for entry in entries})
    rows, moves = [], []
    for entry in entries:
        sequence, previous = ends[entry.subject][0] + 1, ends[entry.subject][1]
        payload = payload_of(subject=entry.subject, event=entry.event, actor=actor, at=now, facts=entry.facts)
        digest = link(previous=previous, sequence=sequence, payload=payload)
        ends[entry.subject] = (sequence, digest)
        subject_type, subject_id = entry.subject.type.value, entry.subject.id
        moves.append({"type": subject_type, "id": subject_id, "to": sequence, "new_digest": digest})
        rows.append(
            {
                "subject_type": subject_type,
                "subject_id": subject_id,
                "sequence": sequence,
                "recorded_at": now,
                "payload": payload,
                "previous_digest": previous,
                "digest": digest,
            }
        )
    if not rows:
        return
    connection = session.connection()
    connection.execute(_APPEND, rows)
    # One place at a time, as the guard of the heads demands.
    connection.execute(_MOVE_HEAD, moves)


def _held_heads(session: Session, *, subjects: Iterable[Subject]) -> dict[Subject, tuple[int, str]]:
    """Return the ends of many chains under lock; those that are not there yet begin with an empty head."""
    ordered = sorted(subjects, key=lambda subject: (subject.type.value, subject.id))
    if not ordered:
        return {}
    connection = session.connection()
    wanted = (
        select(*(_HEADS.c[name] for name in ("subject_type", "subject_id", "sequence", "digest")))
        .where(
            tuple_(_HEADS.c.subject_type, _HEADS.c.subject_id).in_(
                [(subject.type.value, subject.id) for subject in ordered]
            )
        )
        .order_by(_HEADS.c.subject_type, _HEADS.c.subject_id)
    )
    there = {(row.subject_type, row.subject_id) for row in connection.execute(wanted)}
    missing = [one for one in ordered if (one.type.value, one.id) not in there]
    if missing:
        empty = [{"type": one.type.value, "id": one.id, "digest": GENESIS} for one in missing]
        connection.execute(_EMPTY_HEAD, empty)
    return {
        Subject(type=SubjectType(row.subject_type), id=row.subject_id): (row.sequence, row.digest)
        for row in connection.execute(wanted.with_for_update())
    }


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
            {
                "subject_type": subject.type.value,
                "subject_id": subject.id,
                "sequence": 1,
                "digest": digest,
                "sealed_sequence": 0,
            }
            for subject, _, digest in rows
        ],
    )


def seal(session: Session, *, reason: str, now: datetime) -> JournalSeal:
    """Bind every head that moved since the last seal, and the counts of all, into the chain of seals.

    On PostgreSQL a head that another transaction is moving right now is left for the next seal.
    """
    _wait_for_other_seals(session)
    last = session.scalars(select(JournalSeal).order_by(JournalSeal.sequence.desc()).limit(1)).one_or_none()
    # Afresh: `record` moves heads past objects that an earlier seal of this session may have left.
    moved = session.scalars(
        select(JournalHead)
        .where(JournalHead.sequence > JournalHead.sealed_sequence)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    lines = [
        HeadRow(subject=(head.subject_type, head.subject_id), sequence=head.sequence, digest=head.digest)
        for head in moved
    ]
    new_subjects = sum(1 for head in moved if head.sealed_sequence == 0)
    new_entries = sum(head.sequence - head.sealed_sequence for head in moved)
    subjects, entries = (
        (last.subjects if last else 0) + new_subjects,
        (last.entries if last else 0) + new_entries,
    )
    sequence, previous = (last.sequence + 1, last.digest) if last else (1, GENESIS)
    digest_of_lines = lines_digest(lines)
    payload = seal_payload(
        sealed_at=now.astimezone(UTC).isoformat(),
        reason=reason,
        subjects=subjects,
        entries=entries,
        lines=digest_of_lines,
    )
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
        JournalSealLine(
            seal_sequence=sequence,
            subject_type=line.subject[0],
            subject_id=line.subject[1],
            sequence=line.sequence,
            digest=line.digest,
        )
        for line in lines
    )
    for head in moved:
        head.sealed_sequence = head.sequence
    session.flush()
    return made


DAILY: Final = "daily"


def seal_daily(session: Session, *, now: datetime) -> JournalSeal | None:
    """Seal at most once a day, and only when something happened since the last seal; None when there is nothing to do.

    A seal of any reason on the same day in Japan counts: it bound every chain that had moved by then.
    """
    _wait_for_other_seals(session)
    sealed_at = session.scalar(select(func.max(JournalSeal.sealed_at)))
    if sealed_at is not None and business_date(sealed_at) >= business_date(now):
        return None
    if not session.scalar(select(exists().where(JournalHead.sequence > JournalHead.sealed_sequence))):
        return None
    return seal(session, reason=DAILY, now=now)


def _wait_for_other_seals(session: Session) -> None:
    """Wait on PostgreSQL until a seal in the making is committed.

    A lock on the last row alone would show the waiting one that row again.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE journal_seal IN SHARE ROW EXCLUSIVE MODE"))


def record_access(session: Session, *, person_id: str, subject: Subject, act: str, now: datetime) -> None:
    """Record that somebody looked at something sensitive."""
    session.execute(
        insert(AccessLogEntry).values(
            recorded_at=now,
            person_id=person_id,
            subject_type=subject.type.value,
            subject_id=subject.id,
            act=act,
        )
    )
