"""The steps of a disposal: prepared, then approved by another person, declined or taken back. Each is journalled.

Deleting itself is the work of the room whose records they are: after `approve`, in the same transaction. The guards let rows go
only while a batch that names them is approved and its chain in the journal says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject as AccessSubject
from app.access.policy import require
from app.db.base import Base
from app.disposal.models import DisposalBatch, DisposalCount, DisposalSubject
from app.disposal.queries import named_in
from app.disposal.rules import DisposalOutcome, NamedKind
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import PersonId, new_id

Named = tuple[NamedKind, UUID]
Record = tuple[type[Base], InstrumentedAttribute[UUID], NamedKind]
"""A table whose rows go, the column that holds what names them, and under what kind a batch names it."""


def prepare(
    session: Session, *, actor: Actor, subject_id: UUID, named: Iterable[Named], reason: str, now: datetime
) -> UUID:
    """Name what is to go, with the reason; somebody else decides.

    Raises:
        NotNow: a disposal of the same thing is prepared already.
    """
    require(Permission.CITY_DISPOSAL_PREPARE, actor=actor)
    if waiting_batch(session, subject_id=subject_id) is not None:
        raise NotNow("この廃棄は、もう準備されています。画面を開き直してください。")
    batch_id, salt, wanted = new_id(), new_salt(), sorted(set(named))
    session.execute(
        insert(DisposalBatch).values(
            id=batch_id,
            subject_id=subject_id,
            journal_id=str(batch_id),
            reason=reason,
            decision_reason="",
            salt=salt,
            prepared_by=actor.person_id,
            prepared_at=now,
        )
    )
    session.execute(
        insert(DisposalSubject),
        [{"batch_id": batch_id, "kind": kind.value, "subject_id": one} for kind, one in wanted],
    )
    facts = {
        "subject": str(subject_id),
        "named": [f"{kind.value}:{one}" for kind, one in wanted],
        "reason": salted_digest(reason, salt=salt),
    }
    _journal(session, batch_id, event="disposal.prepared", actor=actor, now=now, facts=facts)
    return batch_id


def waiting_batch(session: Session, *, subject_id: UUID) -> DisposalBatch | None:
    """Return the batch of a thing that waits for a decision, under lock."""
    return session.scalars(
        select(DisposalBatch)
        .where(DisposalBatch.subject_id == subject_id, DisposalBatch.outcome.is_(None))
        .with_for_update()
    ).one_or_none()


def approve(
    session: Session, *, actor: Actor, subject_id: UUID, named: Iterable[Named], now: datetime
) -> UUID:
    """Approve a disposal of exactly what was named; return the batch under which the rows may go now.

    Raises:
        NotNow: what there is has changed since the disposal was prepared.
    """
    batch = _to_decide(session, actor=actor, subject_id=subject_id)
    stored = session.execute(
        select(DisposalSubject.kind, DisposalSubject.subject_id).where(DisposalSubject.batch_id == batch.id)
    )
    if {(NamedKind(kind), one) for kind, one in stored} != set(named):
        raise NotNow("準備のあとに、廃棄するものが変わりました。準備を取り下げて、やり直してください。")
    _decide(session, batch=batch, outcome=DisposalOutcome.APPROVED, actor=actor, reason="", now=now)
    return batch.id


def decline(session: Session, *, actor: Actor, subject_id: UUID, reason: str, now: datetime) -> None:
    """Decide, with the reason, that nothing goes."""
    batch = _to_decide(session, actor=actor, subject_id=subject_id)
    _decide(session, batch=batch, outcome=DisposalOutcome.DECLINED, actor=actor, reason=reason, now=now)


def withdraw(session: Session, *, actor: Actor, subject_id: UUID, now: datetime) -> None:
    """Take the own preparation back while nobody has decided."""
    require(Permission.CITY_DISPOSAL_PREPARE, actor=actor)
    batch = _waiting(session, subject_id=subject_id)
    if batch.prepared_by != actor.person_id:
        raise NotNow("取り下げられるのは、自分が準備した廃棄だけです。")
    _decide(session, batch=batch, outcome=DisposalOutcome.WITHDRAWN, actor=actor, reason="", now=now)


def discard_rows(session: Session, *, batch_id: UUID, records: Sequence[Record]) -> dict[str, int]:
    """Delete what an approved batch names, table by table in the order given; return how many rows of each went."""
    chosen = [(model, column.in_(named_in(batch_id, kind))) for model, column, kind in records]
    return discard_chosen(session, chosen=chosen)


def discard_chosen(
    session: Session, *, chosen: Sequence[tuple[type[Base], ColumnElement[bool]]]
) -> dict[str, int]:
    """Delete the rows of an approved batch that a room chose by more than their own column; return how many went."""
    counts: dict[str, int] = {}
    for model, condition in chosen:
        done = session.connection().execute(delete(model).where(condition))
        counts[model.__tablename__] = counts.get(model.__tablename__, 0) + done.rowcount
    return counts


def note_counts(session: Session, *, batch_id: UUID, counts: Mapping[str, int]) -> None:
    """Keep how many rows of each table went: the only thing that is left to count."""
    rows = [
        {"batch_id": batch_id, "table_name": name, "deleted": count}
        for name, count in counts.items()
        if count
    ]
    if rows:
        session.execute(insert(DisposalCount), rows)


def _to_decide(session: Session, *, actor: Actor, subject_id: UUID) -> DisposalBatch:
    batch = _waiting(session, subject_id=subject_id)
    asked = AccessSubject(requested_by=frozenset({PersonId(batch.prepared_by)}))
    require(Permission.CITY_DISPOSAL_APPROVE, actor=actor, subject=asked)
    return batch


def _waiting(session: Session, *, subject_id: UUID) -> DisposalBatch:
    batch = waiting_batch(session, subject_id=subject_id)
    if batch is None:
        raise NotFound
    return batch


def _decide(
    session: Session,
    *,
    batch: DisposalBatch,
    outcome: DisposalOutcome,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    salt = batch.salt
    session.execute(
        update(DisposalBatch)
        .where(DisposalBatch.id == batch.id)
        .values(outcome=outcome.value, decision_reason=reason, decided_by=actor.person_id, decided_at=now)
    )
    facts = {"reason": salted_digest(reason, salt=salt)} if reason else {}
    _journal(session, batch.id, event=f"disposal.{outcome.value}", actor=actor, now=now, facts=facts)


def _journal(
    session: Session, batch_id: UUID, *, event: str, actor: Actor, now: datetime, facts: dict[str, Any]
) -> None:
    subject = Subject(type=SubjectType.DISPOSAL, id=str(batch_id))
    record(session, subject=subject, event=event, actor=actor.mark, now=now, facts=facts)
