"""Units through time: every version of some units, and the functions that a unit held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.errors import NotFound
from app.kernel.ids import UnitId
from app.organisation.models import Unit, UnitFunctionAssignment, UnitVersion
from app.organisation.rules import (
    PolicyOwner,
    Standing,
    UnitAspect,
    UnitFunction,
    UnitKind,
    UnitVersionView,
    standing_on,
    version_to_show,
)

Versions = Sequence[UnitVersionView]


def versions_of(session: Session, *, unit_ids: Iterable[UnitId]) -> dict[UnitId, tuple[UnitVersionView, ...]]:
    """Return every version of some units, oldest first; unknown units are absent."""
    return versions_in(session, select(Unit.id).where(Unit.id.in_(set(unit_ids))))


def versions_in(session: Session, units: Select[UUID]) -> dict[UnitId, tuple[UnitVersionView, ...]]:
    """Return every version of the units that a statement gives, oldest first."""
    rows = session.execute(
        select(UnitVersion.__table__).where(UnitVersion.unit_id.in_(units)).order_by(UnitVersion.valid_from)
    )
    found: dict[UnitId, list[UnitVersionView]] = {}
    for row in rows:
        found.setdefault(UnitId(row.unit_id), []).append(_version(row))
    return {unit_id: tuple(versions) for unit_id, versions in found.items()}


def _version(row: Row[*tuple[Any, ...]]) -> UnitVersionView:
    return UnitVersionView(
        unit_id=UnitId(row.unit_id),
        name=row.name,
        kana=row.kana,
        kind=UnitKind(row.kind),
        policy_owner=PolicyOwner(row.policy_owner),
        parent_id=UnitId(row.parent_id) if row.parent_id else None,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def name_on(versions: Versions, day: date) -> str:
    """Return what a unit was called on a day, or last before it."""
    shown = version_to_show(versions, day=day)
    return shown.name if shown else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version in the history of a unit. `changed` says what is another than in the version before it."""

    version: UnitVersionView
    parent_name: str
    changed: tuple[UnitAspect, ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLine:
    """A function that the unit holds, held or will hold; `last_day` is None while it has no end."""

    function: UnitFunction
    first_day: date
    last_day: date | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """A unit with its whole history, the newest first.

    Attributes:
        shown: the version of the day that was asked for, or the one nearest before it, or the first.
        standing: how that version stands to the day.
    """

    id: UnitId
    code: str
    shown: UnitVersionView
    standing: Standing
    history: tuple[VersionLine, ...]
    functions: tuple[FunctionLine, ...]

    @property
    def tree_day(self) -> date:
        """Return the day of the tree in which the shown version stands: the last one of a version that is over."""
        return self.shown.last_day or self.shown.valid_from


def unit_record(session: Session, *, actor: Actor, unit_id: UnitId, day: date, today: date) -> UnitRecord:
    """Return a unit as it was on a day, with everything that it was before and will be.

    Raises:
        NotFound: there never was such a unit.
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    code = session.scalar(select(Unit.code).where(Unit.id == unit_id))
    versions = versions_of(session, unit_ids=[unit_id]).get(unit_id, ())
    shown = version_to_show(versions, day=day)
    if code is None or shown is None:
        raise NotFound
    return UnitRecord(
        id=unit_id,
        code=code,
        shown=shown,
        standing=shown.standing(day),
        history=_history(session, versions=versions, today=today),
        functions=_functions(session, unit_id=unit_id, today=today),
    )


def _history(session: Session, *, versions: Versions, today: date) -> tuple[VersionLine, ...]:
    above = {version.parent_id for version in versions if version.parent_id}
    parents = versions_of(session, unit_ids=above) if above else {}
    lines = [
        VersionLine(
            version=version,
            parent_name=name_on(parents[version.parent_id], version.valid_from) if version.parent_id else "",
            changed=version.differs_in(before) if before else (),
            standing=version.standing(today),
        )
        for before, version in zip([None, *versions[:-1]], versions, strict=True)
    ]
    return tuple(reversed(lines))


def _functions(session: Session, *, unit_id: UnitId, today: date) -> tuple[FunctionLine, ...]:
    rows = session.execute(
        select(
            UnitFunctionAssignment.function,
            UnitFunctionAssignment.valid_from,
            UnitFunctionAssignment.valid_to,
        )
        .where(UnitFunctionAssignment.unit_id == unit_id)
        .order_by(UnitFunctionAssignment.valid_from.desc(), UnitFunctionAssignment.function)
    )
    return tuple(
        FunctionLine(
            function=UnitFunction(row.function),
            first_day=row.valid_from,
            last_day=row.valid_to - timedelta(days=1) if row.valid_to else None,
            standing=standing_on(today, valid_from=row.valid_from, valid_to=row.valid_to),
        )
        for row in rows
    )
