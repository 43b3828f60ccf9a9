"""New trees for the test city: the tree of today as rows, and what a reorganisation makes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.access.actor import Actor
from app.db.session import Database
from app.kernel.ports import Ports
from app.organisation.commands.reorganisations import (
    ReorganisationDraft,
    confirm_reorganisation,
    prepare_reorganisation,
)
from app.organisation.queries import tree_on
from app.organisation.rules import EndingUnit, NewTree, NewUnit, Origin, PolicyOwner, UnitKind
from tests.people import STORY

EFFECTIVE: Final = date(2027, 4, 1)
NOTHING_OPEN: Final = Ports()


def tree_rows(database: Database, *, day: date = EFFECTIVE) -> tuple[NewUnit, ...]:
    """Return the tree of a day as the rows of a file that changes nothing."""
    with database.reading() as session:
        tree = tree_on(session, day=day)
    return tuple(
        NewUnit(
            row=row,
            code=unit.code,
            name=unit.name,
            kana=unit.kana,
            kind=unit.kind,
            policy_owner=unit.policy_owner,
            parent_code=tree.by_id[unit.parent_id].code if unit.parent_id else None,
            sort_order=unit.sort_order,
        )
        for row, unit in enumerate(tree.units, start=2)
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of the tree: units that are not in it any more, others in place of theirs, new ones, and ends."""

    without: frozenset[str] = frozenset()
    instead: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    new: tuple[NewUnit, ...] = ()
    ending: tuple[EndingUnit, ...] = ()


def changed(rows: Iterable[NewUnit], changes: Changes) -> NewTree:
    """Return a tree with some changes; the rows are numbered as in a file."""
    kept = [
        replace(one, **changes.instead.get(one.code, {})) for one in rows if one.code not in changes.without
    ]
    new = [*kept, *changes.new]
    numbered = [replace(one, row=row) for row, one in enumerate(new, start=2)]
    ending = [replace(one, row=row) for row, one in enumerate(changes.ending, start=2 + len(new))]
    return (*numbered, *ending)


def a_unit(code: str, name: str, *, parent: str | None, origins: tuple[Origin, ...] = ()) -> NewUnit:
    """Return a row for a 課."""
    return NewUnit(
        row=0,
        code=code,
        name=name,
        kana="しんせつか",
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=parent,
        sort_order=90,
        origins=origins,
    )


def prepared(
    database: Database, *, actor: Actor, tree: NewTree, day: date = EFFECTIVE, ports: Ports = NOTHING_OPEN
) -> UUID:
    """Prepare a reorganisation."""
    draft = ReorganisationDraft(title="令和9年4月1日の組織改正", effective_on=day, tree=tree)
    with database.transaction() as session:
        return prepare_reorganisation(session, actor=actor, draft=draft, ports=ports, now=STORY)


def confirmed(
    database: Database,
    reorganisation_id: UUID,
    *,
    actor: Actor,
    version: int = 1,
    ports: Ports = NOTHING_OPEN,
    now: datetime = STORY,
) -> None:
    """Confirm a reorganisation."""
    with database.transaction() as session:
        confirm_reorganisation(
            session,
            actor=actor,
            reorganisation_id=reorganisation_id,
            seen_version=version,
            ports=ports,
            now=now,
        )
