"""Live sessions, and what somebody sees of the own account."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.kernel.digest import digest_text
from app.kernel.ids import AccountId, PersonId
from app.organisation.queries import (
    THE_DAY,
    units_on,
    valid_on,
)
from app.people.models import (
    Account,
    AccountAct,
    Person,
    Posting,
    SignInSession,
)
from app.people.rules import (
    AccountActKind,
    PostingKind,
    SessionLimits,
    session_lives,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session and the account behind it."""

    account_id: AccountId
    person_id: PersonId
    public_id: UUID
    must_change_password: bool
    proved_at: datetime
    last_seen_at: datetime
    previous_sign_in: datetime | None


_UNITS: Final = units_on(THE_DAY)
_UNITS_OF_PERSON: Final = (
    select(Posting.kind, _UNITS.c.name)
    .join(_UNITS, _UNITS.c.unit_id == Posting.unit_id)
    .where(
        Posting.person_id == bindparam("person", type_=Uuid()),
        valid_on(THE_DAY, Posting.valid_from, Posting.valid_to),
    )
    .order_by(Posting.valid_from)
)
_LIVE_SESSION: Final = (
    select(SignInSession, Account.person_id, Account.must_change_password)
    .join(Account, Account.id == SignInSession.account_id)
    .where(
        SignInSession.token_digest == bindparam("token"),
        SignInSession.ended_at.is_(None),
        Account.disabled_at.is_(None),
    )
)


def signed_in(session: Session, *, token: str, now: datetime, limits: SessionLimits) -> SignedIn | None:
    """Return who a browser's token stands for; None when it ended, expired or the account is closed."""
    row = session.execute(_LIVE_SESSION, {"token": digest_text(token)}).one_or_none()
    if row is None:
        return None
    held: SignInSession = row[0]
    if not session_lives(created_at=held.created_at, last_seen_at=held.last_seen_at, now=now, limits=limits):
        return None
    return SignedIn(
        account_id=AccountId(held.account_id),
        person_id=PersonId(row.person_id),
        public_id=held.public_id,
        must_change_password=row.must_change_password,
        proved_at=held.proved_at,
        last_seen_at=held.last_seen_at,
        previous_sign_in=session.scalar(
            select(func.max(SignInSession.created_at)).where(
                SignInSession.account_id == held.account_id, SignInSession.created_at < held.created_at
            )
        ),
    )


def main_unit_name(session: Session, *, person_id: PersonId, day: date) -> str:
    """Return the name of the unit of somebody's 本務 on a day, or of another post, or nothing."""
    rows = session.execute(_UNITS_OF_PERSON, {"person": person_id, "day": day}).all()
    return next((row.name for row in rows if row.kind == PostingKind.MAIN), rows[0].name if rows else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One signed-in browser of one's own."""

    public_id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """What an administrator did with an account."""

    act: AccountActKind
    reason: str
    done_at: datetime
    done_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """What somebody sees of the own account."""

    sessions: tuple[SessionLine, ...]
    acts: tuple[ActLine, ...]


def own_account(session: Session, *, actor: Actor, now: datetime, limits: SessionLimits) -> OwnAccount:
    """Return the actor's live sessions, newest first, and what administrators did with the account."""
    if actor.account_id is None:
        return OwnAccount(sessions=(), acts=())
    return OwnAccount(
        sessions=live_sessions(session, account_id=actor.account_id, now=now, limits=limits),
        acts=acts_of(session, account_id=actor.account_id),
    )


def live_sessions(
    session: Session, *, account_id: AccountId, now: datetime, limits: SessionLimits
) -> tuple[SessionLine, ...]:
    """Return the live sessions of an account, newest first."""
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.created_at.desc())
    )
    return tuple(
        SessionLine(
            public_id=row.public_id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            user_agent=row.user_agent,
        )
        for row in rows
        if session_lives(created_at=row.created_at, last_seen_at=row.last_seen_at, now=now, limits=limits)
    )


def acts_of(session: Session, *, account_id: AccountId) -> tuple[ActLine, ...]:
    """Return what administrators did with an account, newest first."""
    rows = session.execute(
        select(AccountAct, Person.name)
        .outerjoin(Person, Person.id == AccountAct.done_by)
        .where(AccountAct.account_id == account_id)
        .order_by(AccountAct.done_at.desc())
    )
    return tuple(
        ActLine(act=AccountActKind(act.act), reason=act.reason, done_at=act.done_at, done_by=name or "")
        for act, name in rows
    )
