"""Live sessions, and what somebody sees of the own account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    func,
    or_,
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
    SecondFactor,
    SignInSession,
)
from app.people.rules import (
    AccountActKind,
    Enrolment,
    FirstPassword,
    Oddity,
    SessionEnd,
    SessionLimits,
    SingleKeys,
    session_lives,
    unpacked,
)

PAGE_SIZE: Final = 50
LISTED: Final = timedelta(days=90)
MARKED: Final = timedelta(days=400)
"""As long as the mark of a known device is good."""
MOST_DEVICES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session and the account behind it, whose last day (`expires_on`) may lie behind: then nobody is let in any more."""

    account_id: AccountId
    person_id: PersonId
    public_id: UUID
    must_change_password: bool
    enrolment: Enrolment
    second_factor_at: datetime | None
    proved_at: datetime
    created_at: datetime
    last_seen_at: datetime
    single_keys: SingleKeys
    expires_on: date | None = None

    @property
    def first_password(self) -> FirstPassword:
        """Whether the first password is still in place."""
        return FirstPassword.IN_PLACE if self.must_change_password else FirstPassword.CHANGED


def finished(row: type[SignInSession] = SignInSession) -> ColumnElement[bool]:
    """Return the condition that somebody was really signed in: a code was given where one was wanted."""
    return or_(row.code_wanted.is_(False), row.second_factor_at.is_not(None))


_SESSION: Final = SignInSession.__table__.c
_ACCOUNT: Final = Account.__table__.c
_FACTOR: Final = SecondFactor.__table__.c
_LIVE_SESSION: Final = (
    select(
        _SESSION.account_id,
        _SESSION.public_id,
        _SESSION.created_at,
        _SESSION.last_seen_at,
        _SESSION.proved_at,
        _SESSION.second_factor_at,
        _FACTOR.account_id.label("enrolled"),
        _ACCOUNT.person_id,
        _ACCOUNT.must_change_password,
        _ACCOUNT.single_keys,
        _ACCOUNT.expires_on,
    )
    .join_from(SignInSession.__table__, Account.__table__, _ACCOUNT.id == _SESSION.account_id)
    .outerjoin(SecondFactor.__table__, _FACTOR.account_id == _ACCOUNT.id)
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
        enrolment=Enrolment.NONE if row.enrolled is None else Enrolment.ENROLLED,
        second_factor_at=row.second_factor_at,
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
        .where(this.public_id == public_id, finished(earlier))
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


class How(StrEnum):
    """What was given at a sign-in. Without its code, where one was wanted, nobody was let in."""

    PASSWORD = "password"  # noqa: S105 - a code, not a password
    WITH_CODE = "with-code"
    WITHOUT_ITS_CODE = "without-its-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLine:
    """One sign-in of the last months."""

    at: datetime
    address: str
    user_agent: str
    how: How
    unusual: tuple[Oddity, ...]
    end: SessionEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """One page of the own sign-ins of the last 90 days, newest first."""

    lines: tuple[SignInLine, ...]
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """A browser that carries our mark: since when one signs in there, when last, and what it calls itself."""

    first_at: datetime
    last_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """What somebody sees of the own account."""

    sessions: tuple[SessionLine, ...]
    acts: tuple[ActLine, ...]
    sign_ins: SignInPage
    devices: tuple[DeviceLine, ...]
    enrolled_at: datetime | None


def own_account(
    session: Session, *, actor: Actor, now: datetime, limits: SessionLimits, number: int
) -> OwnAccount:
    """Return how the actor gets in: live sessions, sign-ins and devices, newest first, and what administrators did."""
    if actor.account_id is None:
        none = SignInPage(lines=(), total=0, number=1)
        return OwnAccount(sessions=(), acts=(), sign_ins=none, devices=(), enrolled_at=None)
    return OwnAccount(
        sessions=live_sessions(session, account_id=actor.account_id, now=now, limits=limits),
        acts=acts_of(session, account_id=actor.account_id),
        sign_ins=_sign_ins(session, account_id=actor.account_id, now=now, number=number),
        devices=_devices(session, account_id=actor.account_id, now=now),
        enrolled_at=session.scalar(
            select(SecondFactor.enrolled_at).where(SecondFactor.account_id == actor.account_id)
        ),
    )


def _sign_ins(session: Session, *, account_id: AccountId, now: datetime, number: int) -> SignInPage:
    wanted = (SignInSession.account_id == account_id, SignInSession.created_at > now - LISTED)
    total = session.scalar(select(func.count()).select_from(SignInSession).where(*wanted)) or 0
    number = min(max(number, 1), max(1, -(-total // PAGE_SIZE)))
    rows = session.scalars(
        select(SignInSession)
        .where(*wanted)
        .order_by(SignInSession.created_at.desc(), SignInSession.public_id)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    return SignInPage(lines=tuple(_sign_in_line(row) for row in rows), total=total, number=number)


def _sign_in_line(row: SignInSession) -> SignInLine:
    without = How.WITHOUT_ITS_CODE if row.code_wanted else How.PASSWORD
    return SignInLine(
        at=row.created_at,
        address=row.address or "",
        user_agent=row.user_agent,
        how=How.WITH_CODE if row.second_factor_at is not None else without,
        unusual=unpacked(row.oddities),
        end=SessionEnd(row.end_reason) if row.end_reason else None,
    )


def _devices(session: Session, *, account_id: AccountId, now: datetime) -> tuple[DeviceLine, ...]:
    """Return the browsers that still carry our mark, the last one used first, each by its newest name."""
    first, last = func.min(SignInSession.created_at), func.max(SignInSession.created_at)
    rows = session.execute(
        select(
            SignInSession.device_digest,
            SignInSession.user_agent,
            first.label("first_at"),
            last.label("last_at"),
        )
        .where(
            SignInSession.account_id == account_id,
            SignInSession.device_digest.is_not(None),
            SignInSession.created_at > now - MARKED,
            finished(),
        )
        .group_by(SignInSession.device_digest, SignInSession.user_agent)
        .order_by(last.desc())
        .limit(MOST_DEVICES)
    )
    found: dict[str, DeviceLine] = {}
    for row in rows:
        newer = found.get(row.device_digest)
        found[row.device_digest] = DeviceLine(
            first_at=min(row.first_at, newer.first_at) if newer else row.first_at,
            last_at=newer.last_at if newer else row.last_at,
            user_agent=newer.user_agent if newer else row.user_agent,
        )
    return tuple(found.values())


def live_sessions(
    session: Session, *, account_id: AccountId, now: datetime, limits: SessionLimits
) -> tuple[SessionLine, ...]:
    """Return the live sessions of an account, newest first."""
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.ended_at.is_(None), finished())
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
