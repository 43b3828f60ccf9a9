"""Accounts, for the administrator. Nothing here tells anything of an inspection."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    exists,
    func,
    select,
)
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId
from app.kernel.text import search_key
from app.organisation.queries import (
    units_on,
)
from app.people.models import (
    Account,
    Person,
    Posting,
    SignInSession,
)
from app.people.queries.holders import people_by_id
from app.people.queries.in_force import post_held
from app.people.queries.second_factor import OpenRecovery, enrolled_accounts, open_recovery
from app.people.queries.sessions import ActLine, acts_of, finished, live_sessions
from app.people.rules import (
    AccountKind,
    AccountState,
    Enrolment,
    PersonView,
    PostingKind,
    SessionLimits,
    is_over,
)

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """A person with the state of the account. Nothing of any inspection."""

    person: PersonView
    unit_name: str
    state: AccountState
    enrolment: Enrolment
    last_sign_in: datetime | None
    kind: AccountKind = AccountKind.STAFF
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One page of the list of accounts."""

    lines: tuple[AccountLine, ...]
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def account_page(session: Session, *, actor: Actor, wanted: str, number: int, day: date) -> AccountPage:
    """Return a page of people whose number, name or reading contains a text, by staff number.

    The text is folded: 髙橋 is found by 高橋, かな by カナ.
    """
    require(Permission.CITY_ACCOUNT_MANAGE, actor=actor)
    key = search_key(wanted)
    people = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana).order_by(Person.staff_no)
    )
    found = [
        PersonView(id=PersonId(row.id), staff_no=row.staff_no, name=row.name, kana=row.kana)
        for row in people
        if key in search_key(row.staff_no + row.name + row.kana)
    ]
    page = AccountPage(lines=(), total=len(found), number=1)
    number = min(max(number, 1), page.last_number)
    shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return replace(page, number=number, lines=_account_lines(session, people=shown, day=day))


def _account_lines(session: Session, *, people: Sequence[PersonView], day: date) -> tuple[AccountLine, ...]:
    ids = [person.id for person in people]
    accounts = {
        PersonId(row.person_id): row
        for row in session.scalars(select(Account).where(Account.person_id.in_(ids)))
    }
    account_ids = [account.id for account in accounts.values()]
    last = _last_sign_ins(session, account_ids=account_ids)
    enrolled = enrolled_accounts(session, account_ids=account_ids)
    units = _unit_names(session, person_ids=ids, day=day)
    return tuple(
        _account_line(
            person,
            accounts.get(person.id),
            last=last,
            enrolled=enrolled,
            unit_name=units.get(person.id, ""),
            day=day,
        )
        for person in people
    )


def _account_line(
    person: PersonView,
    account: Account | None,
    *,
    last: Mapping[UUID, datetime],
    enrolled: Collection[UUID],
    unit_name: str,
    day: date,
) -> AccountLine:
    state = _state(account, day=day)
    if account is None:
        return AccountLine(
            person=person, unit_name=unit_name, state=state, enrolment=Enrolment.NONE, last_sign_in=None
        )
    return AccountLine(
        person=person,
        unit_name=unit_name,
        state=state,
        enrolment=Enrolment.ENROLLED if account.id in enrolled else Enrolment.NONE,
        last_sign_in=last.get(account.id),
        kind=AccountKind(account.kind),
        expires_on=account.expires_on,
    )


def _last_sign_ins(session: Session, *, account_ids: Collection[UUID]) -> dict[UUID, datetime]:
    rows = session.execute(
        select(SignInSession.account_id, func.max(SignInSession.created_at).label("last"))
        .where(SignInSession.account_id.in_(account_ids), finished())
        .group_by(SignInSession.account_id)
    )
    return {row.account_id: row.last for row in rows}


def _unit_names(session: Session, *, person_ids: Collection[PersonId], day: date) -> dict[PersonId, str]:
    units = units_on(day)
    rows = session.execute(
        select(Posting.person_id, units.c.name)
        .join(units, units.c.unit_id == Posting.unit_id)
        .where(Posting.person_id.in_(person_ids), post_held(day))
        # 本務 comes last and wins.
        .order_by(Posting.kind == PostingKind.MAIN.value)
    )
    return {PersonId(row.person_id): row.name for row in rows}


def _state(account: Account | None, *, day: date) -> AccountState:
    if account is None:
        return AccountState.NONE
    if account.disabled_at is not None:
        return AccountState.DISABLED
    if is_over(account.expires_on, today=day):
        return AccountState.OVER
    return AccountState.FIRST_PASSWORD if account.must_change_password else AccountState.IN_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetail:
    """One account as the administrator sees it."""

    line: AccountLine
    open_sessions: int
    acts: tuple[ActLine, ...]
    mail_address: str
    recovery: OpenRecovery | None = None


def account_detail(
    session: Session, *, actor: Actor, person_id: PersonId, now: datetime, day: date, limits: SessionLimits
) -> AccountDetail:
    """Return somebody's account.

    Raises:
        NotFound: there is no such person.
    """
    require(Permission.CITY_ACCOUNT_MANAGE, actor=actor)
    people = people_by_id(session, person_ids=[person_id])
    if person_id not in people:
        raise NotFound
    account_id = session.scalar(select(Account.id).where(Account.person_id == person_id))
    address = session.scalar(select(Person.mail_address).where(Person.id == person_id)) or ""
    line = _account_lines(session, people=[people[person_id]], day=day)[0]
    if account_id is None:
        return AccountDetail(line=line, open_sessions=0, acts=(), mail_address=address)
    live = live_sessions(session, account_id=AccountId(account_id), now=now, limits=limits)
    return AccountDetail(
        line=line,
        open_sessions=len(live),
        acts=acts_of(session, account_id=AccountId(account_id)),
        mail_address=address,
        recovery=open_recovery(session, person_id=person_id, now=now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody with a post and without an account."""

    person: PersonView
    unit_name: str


def people_without_account(session: Session, *, day: date) -> tuple[Newcomer, ...]:
    """Return who holds a post on a day and has no account, by staff number."""
    people = session.execute(
        select(Person.id, Person.staff_no, Person.name, Person.kana)
        .where(
            exists().where(Posting.person_id == Person.id, post_held(day)),
            ~exists().where(Account.person_id == Person.id),
        )
        .order_by(Person.staff_no)
    )
    views = [
        PersonView(id=PersonId(row.id), staff_no=row.staff_no, name=row.name, kana=row.kana) for row in people
    ]
    units = _unit_names(session, person_ids=[view.id for view in views], day=day)
    return tuple(Newcomer(person=view, unit_name=units.get(view.id, "")) for view in views)


def person_by_staff_no(session: Session, *, staff_no: str) -> PersonView:
    """Return the person of a staff number.

    Raises:
        NotFound: nobody has that number; the message names it.
    """
    row = session.scalars(select(Person).where(Person.staff_no == staff_no)).one_or_none()
    if row is None:
        raise NotFound(f"職員番号{staff_no}の職員は登録されていません。番号を確かめてください。")
    return PersonView(id=PersonId(row.id), staff_no=row.staff_no, name=row.name, kana=row.kana)
