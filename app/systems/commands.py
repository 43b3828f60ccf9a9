"""Keeping the ledger: one system by hand, or a whole list at once. Nothing is ever deleted: a system goes out of use on a day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import Entry as JournalEntry
from app.journal.commands import record_many
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.kernel.ids import SystemId, new_id
from app.organisation.commands import end_choices
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
    if stored_systems(session, day=business_date(now), codes=[code]):
        message = f"台帳番号「{code}」は、もう使われています。別の番号にしてください。"
        raise InvalidInput.of(message, field="code")
    system_id = SystemId(new_id())
    _begin(session, ids={code: system_id}, now=now)
    written = _Version(system_id=system_id, version=1, entry=entry)
    entries = _write(session, actor=actor, versions=[written], now=now)
    record_many(session, entries=entries, actor=actor.mark, now=now)
    return system_id


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
    stored = system_at(session, system_id=system_id, day=business_date(now))
    changed = differences(stored.entry, entry)
    if not changed:
        return
    if stored.version != seen_version:
        raise StaleVersion(
            "画面を開いたあとに、ほかの人がこのシステムの台帳を変えました。いまの内容を確かめてから、もう一度保存してください。"
        )
    if "unit_id" in changed:
        _require_unit(session, entry=entry, today=business_date(now))
        end_choices(session, subject_ids=[system_id])
    written = [_Version(system_id=system_id, version=stored.version + 1, entry=entry)]
    _move(session, versions=written)
    entries = _write(session, actor=actor, versions=written, now=now)
    record_many(session, entries=entries, actor=actor.mark, now=now)


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
    new = {one.row.code: SystemId(new_id()) for one in plan if one.outcome is Outcome.NEW}
    _begin(session, ids=new, now=now)
    first = [
        _Version(system_id=new[one.row.code], version=1, entry=one.entry)
        for one in plan
        if one.stored is None
    ]
    next_ = [
        _Version(system_id=one.stored.id, version=one.stored.version + 1, entry=one.entry)
        for one in plan
        if one.stored is not None and one.outcome is Outcome.CHANGED
    ]
    end_choices(
        session,
        subject_ids=[one.stored.id for one in plan if one.stored is not None and "unit_id" in one.changed],
    )
    _move(session, versions=next_)
    entries = _write(session, actor=actor, versions=[*first, *next_], now=now)
    imported = JournalEntry(
        subject=Subject(type=SubjectType.INSTALLATION, id="installation"),
        event="systems.imported",
        facts=dict(Counter(one.outcome.value for one in plan)),
    )
    record_many(session, entries=[*entries, imported], actor=actor.mark, now=now)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """What the ledger says of a system from now on."""

    system_id: SystemId
    version: int
    entry: Entry


def _begin(session: Session, *, ids: Mapping[str, SystemId], now: datetime) -> None:
    """Enter the numbers of new systems."""
    if ids:
        rows = [
            {"id": system_id, "code": code, "version": 1, "created_at": now}
            for code, system_id in ids.items()
        ]
        session.execute(insert(InformationSystem), rows)


def _move(session: Session, *, versions: Sequence[_Version]) -> None:
    """Let systems that are there already go on to their new version."""
    if versions:
        rows = [{"id": one.system_id, "version": one.version} for one in versions]
        session.execute(update(InformationSystem), rows)


def _write(
    session: Session, *, actor: Actor, versions: Sequence[_Version], now: datetime
) -> list[JournalEntry]:
    """Write versions, in one statement for all of them; return what the journal says of each."""
    rows = [_row(one, actor=actor, now=now) for one in versions]
    if rows:
        # Into the table itself: the mapper would begin a new statement wherever another date is empty.
        session.execute(insert(cast("Table", SystemVersion.__table__)), rows)
    return [_told(row) for row in rows]


def _row(one: _Version, *, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        **asdict(one.entry),
        "classification": one.entry.classification.value,
        "zone": one.entry.zone.value,
        "system_id": one.system_id,
        "version": one.version,
        "salt": new_salt(),
        "recorded_by": actor.person_id,
        "recorded_at": now,
    }


def _told(row: Mapping[str, Any]) -> JournalEntry:
    facts: dict[str, Any] = {
        "version": row["version"],
        "unit": str(row["unit_id"]),
        "classification": row["classification"],
        "zone": row["zone"],
        "support_ends_on": row["support_ends_on"].isoformat() if row["support_ends_on"] else None,
        "retired_on": row["retired_on"].isoformat() if row["retired_on"] else None,
    }
    facts |= {name: salted_digest(row[name], salt=row["salt"]) for name in sorted(WORDS)}
    return JournalEntry(
        subject=Subject(type=SubjectType.SYSTEM, id=str(row["system_id"])),
        event="system.registered" if row["version"] == 1 else "system.changed",
        facts=facts,
    )
