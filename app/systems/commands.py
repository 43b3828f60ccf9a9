"""Keeping the ledger: one system by hand, or a whole list at once. Nothing is ever deleted: a system goes out of use on a day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.kernel.ids import SystemId, new_id
from app.organisation.queries import tree_on
from app.systems.models import InformationSystem, SystemVersion
from app.systems.queries import planned_systems, stored_systems, system_at
from app.systems.rules import Entry, EntryRow, Outcome, Planned, differences

WORDS: Final = frozenset({"name", "kana", "contractor", "note"})
"""Fields that people word: the journal keeps salted digests of them."""


def add_system(session: Session, *, actor: Actor, code: str, entry: Entry, now: datetime) -> SystemId:
    """Enter a system in the ledger.

    Raises:
        NotAllowed: the actor does not keep the ledger.
        InvalidInput: the number is taken, or its unit does not exist today.
    """
    require(Permission.CITY_SYSTEM_MANAGE, actor=actor)
    _require_unit(session, entry=entry, today=business_date(now))
    if stored_systems(session, codes=[code]):
        message = f"台帳番号「{code}」は、もう使われています。別の番号にしてください。"
        raise InvalidInput.of(message, field="code")
    return _enter(session, actor=actor, code=code, entry=entry, now=now)


def change_system(
    session: Session, *, actor: Actor, system_id: SystemId, entry: Entry, seen_version: int, now: datetime
) -> None:
    """Change what the ledger says of a system; saving the same again changes nothing.

    Raises:
        NotAllowed: the actor does not keep the ledger.
        NotFound: there is no such system.
        StaleVersion: somebody else changed it since the page was shown.
        InvalidInput: its unit does not exist today.
    """
    require(Permission.CITY_SYSTEM_MANAGE, actor=actor)
    _lock(session, system_id=system_id)
    stored = system_at(session, system_id=system_id)
    changed = differences(stored.entry, entry)
    if not changed:
        return
    if stored.version != seen_version:
        raise StaleVersion(
            "画面を開いたあとに、ほかの人がこのシステムの台帳を変えました。いまの内容を確かめてから、もう一度保存してください。"
        )
    if "unit_id" in changed:
        _require_unit(session, entry=entry, today=business_date(now))
    _write(session, actor=actor, system_id=system_id, version=stored.version + 1, entry=entry, now=now)
    _journal(
        session, actor=actor, system_id=system_id, version=stored.version + 1, event="system.changed", now=now
    )


def import_systems(
    session: Session, *, actor: Actor, rows: Sequence[EntryRow], now: datetime
) -> tuple[Planned, ...]:
    """Read in a list, all of it or nothing; safe to repeat.

    Raises:
        NotAllowed: the actor does not keep the ledger.
        InvalidInput: the list does not fit; every problem with its row.
    """
    # Held before comparing: two lists with the same new number wait for each other instead of breaking.
    session.execute(select(InformationSystem.id).order_by(InformationSystem.id).with_for_update()).all()
    plan = planned_systems(session, actor=actor, rows=rows, today=business_date(now))
    stored = stored_systems(session, codes={one.row.code for one in plan})
    for one in plan:
        if one.outcome is Outcome.NEW:
            _enter(session, actor=actor, code=one.row.code, entry=one.entry, now=now)
        elif one.outcome is Outcome.CHANGED:
            held = stored[one.row.code]
            _write(
                session, actor=actor, system_id=held.id, version=held.version + 1, entry=one.entry, now=now
            )
            _journal(
                session,
                actor=actor,
                system_id=held.id,
                version=held.version + 1,
                event="system.changed",
                now=now,
            )
    record(
        session,
        subject=Subject(type=SubjectType.INSTALLATION, id="installation"),
        event="systems.imported",
        actor=actor.mark,
        now=now,
        facts=dict(Counter(one.outcome.value for one in plan)),
    )
    return plan


def _lock(session: Session, *, system_id: SystemId) -> None:
    held = session.scalar(
        select(InformationSystem.id).where(InformationSystem.id == system_id).with_for_update()
    )
    if held is None:
        raise NotFound


def _require_unit(session: Session, *, entry: Entry, today: date) -> None:
    if entry.unit_id not in tree_on(session, day=today).by_id:
        raise InvalidInput.of("きょう存在しない所属です。選び直してください。", field="unit")


def _enter(session: Session, *, actor: Actor, code: str, entry: Entry, now: datetime) -> SystemId:
    system_id = SystemId(new_id())
    session.execute(insert(InformationSystem).values(id=system_id, code=code, version=1, created_at=now))
    _insert(session, actor=actor, system_id=system_id, version=1, entry=entry, now=now)
    _journal(session, actor=actor, system_id=system_id, version=1, event="system.registered", now=now)
    return system_id


def _write(
    session: Session, *, actor: Actor, system_id: SystemId, version: int, entry: Entry, now: datetime
) -> None:
    session.execute(
        update(InformationSystem).where(InformationSystem.id == system_id).values(version=version)
    )
    _insert(session, actor=actor, system_id=system_id, version=version, entry=entry, now=now)


def _insert(
    session: Session, *, actor: Actor, system_id: SystemId, version: int, entry: Entry, now: datetime
) -> None:
    values: dict[str, Any] = asdict(entry)
    values |= {"classification": entry.classification.value, "zone": entry.zone.value}
    session.execute(
        insert(SystemVersion).values(
            system_id=system_id,
            version=version,
            salt=new_salt(),
            recorded_by=actor.person_id,
            recorded_at=now,
            **values,
        )
    )


def _journal(
    session: Session, *, actor: Actor, system_id: SystemId, version: int, event: str, now: datetime
) -> None:
    row = session.get_one(SystemVersion, (system_id, version))
    facts: dict[str, Any] = {
        "version": version,
        "unit": str(row.unit_id),
        "classification": row.classification,
        "zone": row.zone,
        "support_ends_on": row.support_ends_on.isoformat() if row.support_ends_on else None,
        "retired_on": row.retired_on.isoformat() if row.retired_on else None,
    }
    facts |= {name: salted_digest(getattr(row, name), salt=row.salt) for name in sorted(WORDS)}
    record(
        session,
        subject=Subject(type=SubjectType.SYSTEM, id=str(system_id)),
        event=event,
        actor=actor.mark,
        now=now,
        facts=facts,
    )
