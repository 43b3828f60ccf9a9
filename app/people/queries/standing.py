"""Every account with what its owner holds today and what stands out about it, in a number of statements that does not grow."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.clock import business_date
from app.kernel.ids import AccountId, PersonId, UnitId
from app.organisation.queries import functions_of_units, tree_on
from app.organisation.rules import UnitFunction
from app.people.models import (
    Account,
    DutyAssignment,
    Person,
    PersonFunctionAssignment,
    Posting,
    SignInSession,
)
from app.people.queries.in_force import duty_in_force, function_in_force, post_held
from app.people.rules import AccountKind, Duty, PersonView, Position, PostingKind, is_over
from app.people.rules.standing import (
    AccountFacts,
    AccountList,
    CityRoles,
    Holding,
    ListedAccount,
    Standing,
    concerns_of,
    listed,
)

LIST_SIZE: Final = 50


def standings(session: Session, *, today: date) -> tuple[Standing, ...]:
    """Return how every account stands that nobody closed, by staff number; in six statements."""
    accounts = session.execute(
        select(
            Account.id.label("account_id"),
            Account.person_id,
            Account.kind,
            Account.expires_on,
            Account.created_at,
            Person.staff_no,
            Person.name,
            Person.kana,
            _LAST_SIGN_INS.c.last,
        )
        .join(Person, Person.id == Account.person_id)
        .outerjoin(_LAST_SIGN_INS, _LAST_SIGN_INS.c.account_id == Account.id)
        .where(Account.disabled_at.is_(None))
        .order_by(Person.staff_no)
    ).all()
    holdings, city = _holdings(session, today=today)
    found = []
    for row in accounts:
        facts = AccountFacts(
            account_id=AccountId(row.account_id),
            person=PersonView(
                id=PersonId(row.person_id), staff_no=row.staff_no, name=row.name, kana=row.kana
            ),
            kind=AccountKind(row.kind),
            created_on=business_date(row.created_at),
            last_sign_in_on=business_date(row.last) if row.last else None,
            expires_on=row.expires_on,
        )
        held = holdings.get(facts.person.id) or Holding(person_id=facts.person.id)
        found.append(
            Standing(
                facts=facts,
                unit_id=held.unit_id,
                roles=held.roles(city),
                concerns=concerns_of(facts, held, city=city, today=today),
                last_sign_in_at=row.last,
                over=is_over(row.expires_on, today=today),
            )
        )
    return tuple(found)


_LAST_SIGN_INS: Final = (
    select(SignInSession.account_id, func.max(SignInSession.created_at).label("last"))
    .group_by(SignInSession.account_id)
    .subquery("last_sign_ins")
)


def _holdings(session: Session, *, today: date) -> tuple[Mapping[PersonId, Holding], CityRoles]:
    """Return what everybody holds on a day, and which units and heads there are then."""
    posts = session.execute(
        select(Posting.person_id, Posting.unit_id, Posting.kind, Posting.position)
        .where(post_held(today))
        # The unit of a person is that of the first row: the 本務, then the oldest of the others.
        .order_by(Posting.kind != PostingKind.MAIN.value, Posting.valid_from, Posting.unit_id)
    ).all()
    duties = session.execute(
        select(DutyAssignment.person_id, DutyAssignment.unit_id, DutyAssignment.duty).where(
            duty_in_force(today)
        )
    ).all()
    functions = session.execute(
        select(PersonFunctionAssignment.person_id, PersonFunctionAssignment.function).where(
            function_in_force(today)
        )
    ).all()
    of_units = functions_of_units(session, day=today)
    gathered: dict[PersonId, _Gathered] = {}

    def of(person_id: object) -> _Gathered:
        return gathered.setdefault(PersonId(person_id), _Gathered())  # type: ignore[arg-type]  # a row's UUID

    for post in posts:
        of(post.person_id).post(UnitId(post.unit_id), position=post.position)
    for duty in duties:
        of(duty.person_id).duties.append((UnitId(duty.unit_id), duty.duty))
    for one in functions:
        of(one.person_id).functions.append(Function(one.function))
    heads = frozenset(
        (UnitId(post.unit_id), PersonId(post.person_id))
        for post in posts
        if post.position == Position.HEAD.value
    )
    city = CityRoles(
        lead=of_units[UnitFunction.LEAD_DIVISION],
        substitutes=of_units[UnitFunction.SUBSTITUTE_REVIEW],
        audit=of_units[UnitFunction.AUDIT],
        heads=heads,
    )
    return {person_id: found.holding(person_id) for person_id, found in gathered.items()}, city


class _Gathered:
    """What is found of one person, row by row."""

    def __init__(self) -> None:
        self.posts: list[tuple[UnitId, str]] = []
        self.duties: list[tuple[UnitId, str]] = []
        self.functions: list[Function] = []

    def post(self, unit_id: UnitId, *, position: str) -> None:
        self.posts.append((unit_id, position))

    def holding(self, person_id: PersonId) -> Holding:
        return Holding(
            person_id=person_id,
            unit_id=self.posts[0][0] if self.posts else None,
            member_of=frozenset(unit for unit, _ in self.posts),
            head_of=frozenset(unit for unit, position in self.posts if position == Position.HEAD.value),
            clerk_of=frozenset(unit for unit, duty in self.duties if duty == Duty.CLERK.value),
            deputy_of=frozenset(unit for unit, duty in self.duties if duty == Duty.DEPUTY.value),
            functions=frozenset(self.functions),
        )


def units_of_people(session: Session, *, people: Select[UUID], today: date) -> Mapping[PersonId, UnitId]:
    """Return the unit of the 本務 of people, of their oldest other post where they have none; who has no post is absent."""
    rows = session.execute(
        select(Posting.person_id, Posting.unit_id)
        .where(Posting.person_id.in_(people), post_held(today))
        .order_by(Posting.kind == PostingKind.MAIN.value, Posting.valid_from.desc(), Posting.unit_id.desc())
    )
    return {PersonId(row.person_id): UnitId(row.unit_id) for row in rows}


# ------------------------------------------------------------------------------------------------ the lists


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountListPage:
    """A page of one list, and how long each list is."""

    chosen: AccountList
    lines: tuple[ListedAccount, ...]
    counts: Mapping[AccountList, int]
    number: int

    @property
    def total(self) -> int:
        """Return how long the chosen list is."""
        return self.counts[self.chosen]

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // LIST_SIZE))


def account_list_page(
    session: Session, *, actor: Actor, chosen: AccountList, number: int, today: date
) -> AccountListPage:
    """Return a page of accounts without a post, unused, with conflicts, or about to end."""
    lists = _lists(session, actor=actor, today=today)
    lines = lists[chosen]
    number = min(max(number, 1), max(1, -(-len(lines) // LIST_SIZE)))
    return AccountListPage(
        chosen=chosen,
        lines=tuple(lines[(number - 1) * LIST_SIZE : number * LIST_SIZE]),
        counts={one: len(found) for one, found in lists.items()},
        number=number,
    )


def account_list(
    session: Session, *, actor: Actor, chosen: AccountList, today: date
) -> tuple[ListedAccount, ...]:
    """Return a whole list, for a file."""
    return tuple(_lists(session, actor=actor, today=today)[chosen])


def _lists(session: Session, *, actor: Actor, today: date) -> dict[AccountList, Sequence[ListedAccount]]:
    require(Permission.CITY_ACCOUNT_INVENTORY_READ, actor=actor)
    names = {unit.id: unit.name for unit in tree_on(session, day=today).units}
    found: Collection[Standing] = standings(session, today=today)
    return {
        chosen: [
            ListedAccount(standing=one, unit_name=names.get(one.unit_id, "") if one.unit_id else "", why=why)
            for one in found
            if (why := listed(chosen, concerns=one.concerns, expires_on=one.facts.expires_on, today=today))
        ]
        for chosen in AccountList
    }
