"""Finding units and people by a part of a name, a reading or a number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.db.search import found_by
from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import tree_on
from app.organisation.queries.search import FoundUnit, units_found
from app.organisation.rules import Standing, UnitTree
from app.people.models import Person, PersonFunctionAssignment, Posting
from app.people.queries.in_force import function_in_force, post_held, post_known
from app.people.queries.person_page import known_by
from app.people.rules import PostingKind, last_day_told

FOUND_AT_ONCE: Final = 20


class HitKind(StrEnum):
    """What was found. Units come before people."""

    UNIT = "unit"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A unit or a person that was found.

    Attributes:
        code: the code of the unit, or the staff number.
        places: the units above a unit, from the top down; the posts that a person holds today, 本務 first.
        other_name: the name by which a unit was found, where it is called otherwise today.
        day: the first day of a unit to come; the last day of what is over.
    """

    kind: HitKind
    id: UUID
    code: str
    name: str
    kana: str
    standing: Standing
    places: tuple[str, ...] = ()
    other_name: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of what was found: what is there today, then what is to come, then what is over."""

    words: str
    hits: tuple[Hit, ...]
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // FOUND_AT_ONCE))


_RANK: Final = {Standing.IN_FORCE: 0, Standing.TO_COME: 1, Standing.ENDED: 2}


def search_page(session: Session, *, actor: Actor, words: str, number: int, today: date) -> SearchPage:
    """Return a page of the units and people that words find: a part of a name, a reading, a code or a staff number.

    Words are folded: 渡辺 finds 渡邉, ﾖｼﾀﾞ finds よしだ. Who will only be appointed is not found.

    Raises:
        NotAllowed: the actor holds no post.
    """
    require(Permission.CITY_ORGANISATION_READ, actor=actor)
    tree = tree_on(session, day=today)
    units = units_found(session, actor=actor, words=words, today=today)
    hits = [
        *(_unit_hit(unit, tree=tree) for unit in units),
        *_people_found(session, words=words, today=today),
    ]
    hits.sort(key=_rank)
    page = SearchPage(words=words, hits=(), total=len(hits), number=1)
    shown = min(max(number, 1), page.last_number)
    part = hits[(shown - 1) * FOUND_AT_ONCE : shown * FOUND_AT_ONCE]
    return SearchPage(
        words=words,
        hits=_with_posts(session, hits=part, tree=tree, today=today),
        total=page.total,
        number=shown,
    )


def _rank(hit: Hit) -> tuple[int, bool, str, str]:
    of_people = hit.kind is HitKind.PERSON
    return _RANK[hit.standing], of_people, hit.kana if of_people else "", hit.code


def _unit_hit(found: FoundUnit, *, tree: UnitTree) -> Hit:
    days = {Standing.TO_COME: found.shown.valid_from, Standing.ENDED: found.shown.last_day}
    return Hit(
        kind=HitKind.UNIT,
        id=found.id,
        code=found.code,
        name=found.shown.name,
        kana=found.shown.kana,
        standing=found.standing,
        places=tuple(unit.name for unit in tree.path(found.id)[:-1]),
        other_name=found.other_name,
        day=days.get(found.standing),
    )


def _people_found(session: Session, *, words: str, today: date) -> Iterable[Hit]:
    working = or_(
        exists().where(Posting.person_id == Person.id, post_held(today)),
        exists().where(PersonFunctionAssignment.person_id == Person.id, function_in_force(today)),
    )
    rows = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana, working.label("working")).where(
            found_by(words, key=Person.search_key, code=Person.staff_no), known_by(today)
        )
    )
    return [
        Hit(
            kind=HitKind.PERSON,
            id=row.id,
            code=row.staff_no,
            name=row.name,
            kana=row.kana,
            standing=Standing.IN_FORCE if row.working else Standing.ENDED,
        )
        for row in rows
    ]


def _with_posts(session: Session, *, hits: Sequence[Hit], tree: UnitTree, today: date) -> tuple[Hit, ...]:
    people = [PersonId(hit.id) for hit in hits if hit.kind is HitKind.PERSON]
    posts = _posts_of(session, people=people, today=today)
    return tuple(
        _with_own_posts(hit, posts=posts.get(PersonId(hit.id), ()), tree=tree, today=today)
        if hit.kind is HitKind.PERSON
        else hit
        for hit in hits
    )


def _posts_of(
    session: Session, *, people: Sequence[PersonId], today: date
) -> Mapping[PersonId, Sequence[Row[*tuple[Any, ...]]]]:
    rows = session.execute(
        select(Posting.person_id, Posting.unit_id, Posting.title, Posting.kind, Posting.valid_to)
        .where(Posting.person_id.in_(people), Posting.valid_from <= today, post_known(today))
        .order_by(Posting.kind != PostingKind.MAIN.value, Posting.valid_from)
    )
    found: dict[PersonId, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        found.setdefault(PersonId(row.person_id), []).append(row)
    return found


def _with_own_posts(hit: Hit, *, posts: Sequence[Row[*tuple[Any, ...]]], tree: UnitTree, today: date) -> Hit:
    ended = [day for row in posts if (day := last_day_told(row.valid_to, today=today)) is not None]
    running = [row for row in posts if last_day_told(row.valid_to, today=today) is None]
    names = (
        tree.by_id[UnitId(row.unit_id)].name if UnitId(row.unit_id) in tree.by_id else "" for row in running
    )
    return replace(
        hit,
        places=tuple(f"{name} {row.title}".strip() for name, row in zip(names, running, strict=True)),
        day=max(ended, default=None) if hit.standing is Standing.ENDED else None,
    )
