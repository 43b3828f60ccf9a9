"""Writing the histories of units: shared by lists and reorganisations, in a number of statements that does not grow with the city."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType
from app.kernel.digest import digest_of
from app.kernel.ids import UnitId, new_id
from app.organisation.models import Unit, UnitHeir, UnitVersion
from app.organisation.queries import computed_heirs
from app.organisation.rules import UnitSpan, span_facts

Spans = Mapping[str, tuple[UnitSpan, ...]]


def with_new_units(session: Session, *, codes: Collection[str], now: datetime) -> dict[str, UnitId]:
    """Return the ids of all units by code, after creating those that are not there yet."""
    ids = {row.code: UnitId(row.id) for row in session.execute(select(Unit.code, Unit.id))}
    for code in codes:
        if code not in ids:
            ids[code] = UnitId(new_id())
            session.add(Unit(id=ids[code], code=code, created_at=now))
    session.flush()
    return ids


def write_histories(session: Session, *, histories: Spans, ids: Mapping[str, UnitId]) -> None:
    """Let the stored versions of units be exactly these histories."""
    held: dict[UnitId, dict[date, UnitVersion]] = {}
    touched = [ids[code] for code in histories]
    for version in session.scalars(select(UnitVersion).where(UnitVersion.unit_id.in_(touched))):
        held.setdefault(UnitId(version.unit_id), {})[version.valid_from] = version
    for code, spans in histories.items():
        _write(session, ids[code], spans, held=held.get(ids[code], {}), ids=ids)
    session.flush()


def _write(
    session: Session,
    unit_id: UnitId,
    spans: Sequence[UnitSpan],
    *,
    held: Mapping[date, UnitVersion],
    ids: Mapping[str, UnitId],
) -> None:
    for span in spans:
        version = held.get(span.valid_from)
        if version is None:
            version = UnitVersion(unit_id=unit_id, valid_from=span.valid_from)
            session.add(version)
        version.name, version.kana = span.name, span.kana
        version.kind, version.policy_owner = span.kind.value, span.policy_owner.value
        version.parent_id = ids[span.parent_code] if span.parent_code else None
        version.sort_order, version.valid_to = span.sort_order, span.valid_to
    for day in held.keys() - {span.valid_from for span in spans}:
        session.delete(held[day])


def journal_unit(
    session: Session,
    *,
    unit_id: UnitId,
    event: str,
    code: str,
    spans: Sequence[UnitSpan],
    actor: ActorMark,
    now: datetime,
) -> None:
    """Record what became of a unit: its code, and the digest of its whole history."""
    record(
        session,
        subject=Subject(type=SubjectType.UNIT, id=str(unit_id)),
        event=event,
        actor=actor,
        now=now,
        facts={"code": code, "versions": digest_of([span_facts(span) for span in spans])},
    )


def keep_heirs(session: Session) -> None:
    """Write anew who answers for the units that have ended: after every change of versions or successions."""
    session.flush()
    session.execute(delete(UnitHeir))
    session.add_all(
        UnitHeir(origin_id=one.origin, heir_id=one.heir, valid_from=one.valid_from, valid_to=one.valid_to)
        for one in computed_heirs(session)
    )
    session.flush()
