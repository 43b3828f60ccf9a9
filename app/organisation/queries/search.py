"""Finding units by what they are or were called."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.db.search import found_by, name_key, sought
from app.kernel.ids import UnitId
from app.organisation.models import Unit, UnitVersion
from app.organisation.queries.history import versions_in
from app.organisation.rules import Standing, UnitVersionView, version_to_show


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUnit:
    """A unit that was found. `other_name` is the name by which it was found, where it is not that of the shown version."""

    id: UnitId
    code: str
    shown: UnitVersionView
    standing: Standing
    other_name: str


def units_found(session: Session, *, actor: Actor, words: str, today: date) -> tuple[FoundUnit, ...]:
    """Return the units that were ever called so, by their code.

    Raises:
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    matching = (
        select(Unit.id)
        .join(UnitVersion, UnitVersion.unit_id == Unit.id)
        .where(found_by(words, key=UnitVersion.search_key, code=Unit.code))
    )
    codes = {
        UnitId(row.id): row.code
        for row in session.execute(select(Unit.id, Unit.code).where(Unit.id.in_(matching)))
    }
    found = versions_in(session, matching)
    return tuple(
        _found(unit_id, code=codes[unit_id], versions=versions, words=words, today=today)
        for unit_id, versions in sorted(found.items(), key=lambda item: codes[item[0]])
    )


def _found(
    unit_id: UnitId, *, code: str, versions: tuple[UnitVersionView, ...], words: str, today: date
) -> FoundUnit:
    shown = version_to_show(versions, day=today) or versions[0]
    return FoundUnit(
        id=unit_id,
        code=code,
        shown=shown,
        standing=shown.standing(today),
        other_name=_other_name(versions, shown=shown, words=words),
    )


def _other_name(versions: tuple[UnitVersionView, ...], *, shown: UnitVersionView, words: str) -> str:
    part = sought(words)
    if part in name_key(shown.name, shown.kana):
        return ""
    called = [version.name for version in reversed(versions) if part in name_key(version.name, version.kana)]
    return next((name for name in called if name != shown.name), "")
