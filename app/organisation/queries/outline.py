"""The tree of a day as a page and a list show it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.kernel.ids import UnitId
from app.kernel.ports import Ports
from app.organisation.models import Unit, UnitVersion
from app.organisation.queries import tree_on, valid_on
from app.organisation.rules import ListedUnit, OwnerGroup, UnitSpan, outline


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePage:
    """The tree of a day. `people` is None on a day to come: who works where then is not told before."""

    day: date
    groups: tuple[OwnerGroup, ...]
    units: int
    people: int | None
    days_of_change: tuple[date, ...]
    follows_reorganisations: bool


def tree_page(session: Session, *, actor: Actor, day: date, today: date, ports: Ports) -> TreePage:
    """Return the tree of a day with the number of people, and the days on which the tree changed, newest first.

    Raises:
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    tree = tree_on(session, day=day)
    staff = ports.staff_by_unit(session, day=day) if day <= today else None
    return TreePage(
        day=day,
        groups=outline(tree, staff=staff),
        units=len(tree.units),
        people=None if staff is None else len(frozenset().union(*(staff.get(u.id, ()) for u in tree.units))),
        days_of_change=days_of_change(session),
        follows_reorganisations=may(Permission.CITY_REORGANISATION_READ, actor=actor),
    )


def days_of_change(session: Session) -> tuple[date, ...]:
    """Return every day that began with another tree than the day before, newest first."""
    days = union(
        select(UnitVersion.valid_from.label("day")),
        select(UnitVersion.valid_to).where(UnitVersion.valid_to.is_not(None)),
    ).subquery()
    return tuple(session.scalars(select(days.c.day).order_by(days.c.day.desc())))


def listed_units(session: Session, *, day: date) -> tuple[ListedUnit, ...]:
    """Return every unit of a day with its whole validity, parents before children: for lists that are taken away."""
    tree = tree_on(session, day=day)
    rows = session.execute(
        select(UnitVersion.unit_id, UnitVersion.valid_from, UnitVersion.valid_to).where(
            valid_on(day, UnitVersion.valid_from, UnitVersion.valid_to)
        )
    )
    validity = {UnitId(row.unit_id): (row.valid_from, row.valid_to) for row in rows}
    # A unit above that ends on an earlier day than the one below still has its code.
    codes = {UnitId(row.id): row.code for row in session.execute(select(Unit.id, Unit.code))}
    return tuple(
        ListedUnit(
            id=unit.id,
            parent_id=unit.parent_id,
            depth=tree.depth(unit.id),
            span=UnitSpan(
                code=unit.code,
                name=unit.name,
                kana=unit.kana,
                kind=unit.kind,
                policy_owner=unit.policy_owner,
                parent_code=codes[unit.parent_id] if unit.parent_id else None,
                sort_order=unit.sort_order,
                valid_from=validity[unit.id][0],
                valid_to=validity[unit.id][1],
            ),
        )
        for unit in tree.units
    )
