"""Live sessions, and what somebody sees of the own account."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.access.actor import Actor
from app.kernel.digest import digest_text
from app.kernel.ids import AccountId, PersonId
from app.people.models import (
    Account,
    AccountAct,
    Person,
    SignInSession,
)
from app.people.rules import (
    AccountActKind,
    SessionLimits,
    SingleKeys,
    session_lives,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session and the account behind it, whose last day (`expires_on`) may lie behind: then nobody is let in any more."""

    account_id: AccountId
    person_id: PersonId
    public_id: UUID
    must_change_password: bool
    proved_at: datetime
    created_at: datetime
    last_seen_at: datetime
    single_keys: SingleKeys
    expires_on: date | None = None


_SESSION: Final = SignInSession.__table__.c
_ACCOUNT: Final = Account.__table__.c
_LIVE_SESSION: Final = (
    select(
        _SESSION.account_id,
        _SESSION.public_id,
        _SESSION.created_at,
        _SESSION.last_seen_at,
        _SESSION.proved_at,
        _ACCOUNT.person_id,
        _ACCOUNT.must_change_password,
        _ACCOUNT.single_keys,
        _ACCOUNT.expires_on,
    )
    .join_from(SignInSession.__table__, Account.__table__, _ACCOUNT.id == _SESSION.account_id)
    .where(
        _SESSION.token_digest == bindparam("token"),
        _SESSION.ended_at.is_(None),
        _ACCOUNT.disabled_at.is_(None),
    )
)
"""Built once, on the tables themselves: this statement runs in every request."""


def signed_in(session: Session, *, token: str, now: datetime, limits: SessionLimits) -> SignedIn | None:
    """Return who a browser's token stands for; None when it ended, expired or the account is closed."""
    row = session.connection().execute(_LIVE_SESSION, {"token": digest_text(token)}).one_or_none()
    if row is None or not session_lives(
        created_at=row.created_at, last_seen_at=row.last_seen_at, now=now, limits=limits
    ):
        return None
    return SignedIn(
        account_id=AccountId(row.account_id),
        person_id=PersonId(row.person_id),
        public_id=row.public_id,
        must_change_password=row.must_change_password,
        proved_at=row.proved_at,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        single_keys=SingleKeys.ON if row.single_keys else SingleKeys.OFF,
        expires_on=row.expires_on,
    )


def previous_sign_in(session: Session, *, public_id: UUID) -> datetime | None:
    """Return when the account of a session was signed in to before that session; None when never."""
    earlier, this = aliased(SignInSession), aliased(SignInSession)
    return session.scalar(
        select(func.max(earlier.created_at))
        .join(this, and_(this.account_id == earlier.account_id, this.created_at > earlier.created_at))
        .where(this.public_id == public_id)
    )


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
