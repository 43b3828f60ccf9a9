"""Reading the ledger: within one's scope, or whole for campaigns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require, scope_of
from app.kernel.errors import NotFound
from app.kernel.ids import PersonId, SystemId, UnitId
from app.kernel.ports import OpenThing
from app.kernel.text import search_key
from app.organisation.queries import responsible_unit, tree_on, unit_ids_by_code
from app.organisation.rules import UnitTree
from app.people.queries import people_by_id
from app.systems.models import InformationSystem, SystemVersion
from app.systems.rules import (
    Classification,
    Entry,
    EntryRow,
    Planned,
    Stored,
    Support,
    Zone,
    differences,
    plan_entries,
    support_on,
)

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLine:
    """One system in the list."""

    id: SystemId
    code: str
    unit_name: str
    entry: Entry
    support: Support
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; empty words mean everything."""

    words: str = ""
    zone: Zone | None = None
    classification: Classification | None = None
    support: Support | None = None
    retired: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemListPage:
    """A page of the ledger. `counts` are of all systems in use that the reader sees, by how their support stands."""

    lines: tuple[SystemLine, ...]
    wanted: Wanted
    number: int
    last_number: int
    total: int
    counts: Mapping[Support, int]
    may_manage: bool


def system_list(
    session: Session, *, actor: Actor, wanted: Wanted, number: int, today: date
) -> SystemListPage:
    """Return the systems in the reader's scope, by owner in the order of the tree.

    Raises:
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_SYSTEM_READ, actor=actor)
    tree = tree_on(session, day=today)
    lines = _lines(session, where=scope_of(actor).where(_owner(day=today)), tree=tree, today=today)
    counts = {
        support: sum(1 for line in lines if line.active and line.support is support) for support in Support
    }
    found = [line for line in lines if _fits(line, wanted)]
    last = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, number), last)
    return SystemListPage(
        lines=tuple(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        wanted=wanted,
        number=page,
        last_number=last,
        total=len(found),
        counts=counts,
        may_manage=may(Permission.CITY_SYSTEM_MANAGE, actor=actor),
    )


def _fits(line: SystemLine, wanted: Wanted) -> bool:
    words = search_key(wanted.words)
    texts = (line.code, line.entry.name, line.entry.kana, line.entry.contractor, line.unit_name)
    return (
        (not words or any(words in search_key(text) for text in texts))
        and wanted.zone in {None, line.entry.zone}
        and wanted.classification in {None, line.entry.classification}
        and wanted.support in {None, line.support}
        and (line.active or wanted.retired == "shown")
    )


def _owner(*, day: date) -> ColumnElement[UUID]:
    """Return the unit that owns a system on a day, also where it followed the one that the ledger names."""
    return responsible_unit(InformationSystem.id, SystemVersion.unit_id, day=day)


def _present(*, day: date) -> Select[Any]:
    """Return the statement of the present version of each system, with the unit that owns it on a day."""
    version = SystemVersion.__table__
    return select(
        InformationSystem.id,
        InformationSystem.code,
        *(c for c in version.c if c.name != "unit_id"),
        _owner(day=day).label("unit_id"),
    ).join(
        version,
        and_(version.c.system_id == InformationSystem.id, version.c.version == InformationSystem.version),
    )


def _lines(
    session: Session, *, where: ColumnElement[bool], tree: UnitTree, today: date
) -> tuple[SystemLine, ...]:
    lines = [_line(row, tree=tree, today=today) for row in session.execute(_present(day=today).where(where))]
    order = {unit.id: place for place, unit in enumerate(tree.units)}
    lines.sort(key=lambda line: (order.get(line.entry.unit_id, len(order)), line.entry.kana, line.code))
    return tuple(lines)


def _line(row: Row[*tuple[Any, ...]], *, tree: UnitTree, today: date) -> SystemLine:
    entry = _entry(row)
    owner = tree.by_id.get(entry.unit_id)
    return SystemLine(
        id=SystemId(row.id),
        code=row.code,
        unit_name=owner.name if owner else "（廃止された所属）",
        entry=entry,
        support=support_on(today, ends_on=entry.support_ends_on),
        active=entry.active_on(today),
    )


def _entry(row: Row[*tuple[Any, ...]] | SystemVersion) -> Entry:
    return Entry(
        name=row.name,
        kana=row.kana,
        unit_id=UnitId(row.unit_id),
        classification=Classification(row.classification),
        zone=Zone(row.zone),
        support_ends_on=row.support_ends_on,
        contractor=row.contractor,
        note=row.note,
        retired_on=row.retired_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChange:
    """One version in the history of a system, the newest first. `changed` names the fields; empty for the first."""

    version: int
    entry: Entry
    changed: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPage:
    """One system with its history."""

    line: SystemLine
    version: int
    changes: tuple[SystemChange, ...]
    unit_names: Mapping[UnitId, str]
    may_manage: bool


def system_page(session: Session, *, actor: Actor, system_id: SystemId, today: date) -> SystemPage:
    """Return one system of the reader's scope.

    Raises:
        NotFound: there is none, or it lies outside of what the actor sees.
    """
    require(Permission.CITY_SYSTEM_READ, actor=actor)
    row = session.execute(_present(day=today).where(InformationSystem.id == system_id)).one_or_none()
    if row is None or not scope_of(actor).contains(UnitId(row.unit_id)):
        raise NotFound
    tree = tree_on(session, day=today)
    versions = session.scalars(
        select(SystemVersion).where(SystemVersion.system_id == system_id).order_by(SystemVersion.version)
    ).all()
    return SystemPage(
        line=_line(row, tree=tree, today=today),
        version=row.version,
        changes=_changes(session, versions),
        unit_names={unit.id: unit.name for unit in tree.units},
        may_manage=may(Permission.CITY_SYSTEM_MANAGE, actor=actor),
    )


def _changes(session: Session, versions: Sequence[SystemVersion]) -> tuple[SystemChange, ...]:
    names = people_by_id(session, person_ids={PersonId(row.recorded_by) for row in versions})
    entries = [_entry(row) for row in versions]
    found = [
        SystemChange(
            version=row.version,
            entry=entry,
            changed=differences(before, entry) if before else (),
            by=names[PersonId(row.recorded_by)].name,
            at=row.recorded_at,
        )
        for row, entry, before in zip(versions, entries, [None, *entries[:-1]], strict=True)
    ]
    return tuple(reversed(found))


def stored_systems(session: Session, *, day: date, codes: Collection[str] | None = None) -> dict[str, Stored]:
    """Return the ledger by number: the whole of it, or some. For commands and for comparing lists."""
    query = _present(day=day)
    if codes is not None:
        query = query.where(InformationSystem.code.in_(list(codes)))
    return {
        row.code: Stored(id=SystemId(row.id), code=row.code, version=row.version, entry=_entry(row))
        for row in session.execute(query)
    }


def planned_systems(
    session: Session, *, actor: Actor, rows: Sequence[EntryRow], today: date
) -> tuple[Planned, ...]:
    """Say what a list would do to the ledger.

    Raises:
        NotAllowed: the actor does not keep the ledger.
        InvalidInput: the list does not fit; every problem with its row.
    """
    require(Permission.CITY_SYSTEM_MANAGE, actor=actor)
    tree = tree_on(session, day=today)
    found = unit_ids_by_code(session, codes={row.unit_code for row in rows})
    units = {code: unit_id for code, unit_id in found.items() if unit_id in tree.by_id}
    return plan_entries(
        rows, stored=stored_systems(session, day=today, codes={row.code for row in rows}), units=units
    )


def system_at(session: Session, *, system_id: SystemId, day: date) -> Stored:
    """Return one system as the ledger holds it now.

    Raises:
        NotFound: there is none.
    """
    row = session.execute(_present(day=day).where(InformationSystem.id == system_id)).one_or_none()
    if row is None:
        raise NotFound
    return Stored(id=SystemId(row.id), code=row.code, version=row.version, entry=_entry(row))


def systems_of_units(
    session: Session, *, unit_ids: Iterable[UnitId], day: date
) -> dict[UnitId, tuple[Stored, ...]]:
    """Return the systems in use on a day by owner unit: one sheet each in a campaign over systems. Units without one are absent."""
    rows = session.execute(_present(day=day).where(_owner(day=day).in_(list(unit_ids))))
    found: dict[UnitId, list[Stored]] = {}
    for row in rows:
        entry = _entry(row)
        if entry.active_on(day):
            stored = Stored(id=SystemId(row.id), code=row.code, version=row.version, entry=entry)
            found.setdefault(entry.unit_id, []).append(stored)
    return {
        unit_id: tuple(sorted(owned, key=lambda one: (one.entry.kana, one.code)))
        for unit_id, owned in found.items()
    }


def ledger_rows(session: Session, *, actor: Actor, today: date) -> tuple[EntryRow, ...]:
    """Return the whole ledger as the rows of a list, in the order of its numbers.

    Raises:
        NotAllowed: the actor does not keep the ledger.
    """
    require(Permission.CITY_SYSTEM_MANAGE, actor=actor)
    tree = tree_on(session, day=today)
    stored = sorted(stored_systems(session, day=today).values(), key=lambda one: one.code)
    return tuple(_row(number, one, tree=tree) for number, one in enumerate(stored, start=2))


def _row(number: int, stored: Stored, *, tree: UnitTree) -> EntryRow:
    entry, owner = stored.entry, tree.by_id.get(stored.entry.unit_id)
    return EntryRow(
        row=number,
        code=stored.code,
        unit_code=owner.code if owner else "",
        name=entry.name,
        kana=entry.kana,
        classification=entry.classification,
        zone=entry.zone,
        support_ends_on=entry.support_ends_on,
        contractor=entry.contractor,
        note=entry.note,
        retired_on=entry.retired_on,
    )


SYSTEM: Final = "system"


class OwnedSystems:
    """The systems in use: somebody has to own each of them on every day."""

    def open_things(self, session: Session, *, unit_ids: Iterable[UnitId], day: date) -> Sequence[OpenThing]:
        """Return the systems in use that some units own on a day, in one statement."""
        owned = systems_of_units(session, unit_ids=unit_ids, day=day)
        return [
            OpenThing(kind=SYSTEM, id=one.id, label="情報システム", title=one.entry.name, unit_id=unit_id)
            for unit_id, systems in owned.items()
            for one in systems
        ]

    def last_closed_on(self, session: Session) -> date | None:
        """Return None: the ledger closes nothing."""
        del session
        return None
