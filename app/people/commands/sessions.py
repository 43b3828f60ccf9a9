"""Sessions: one row for each signed-in browser. The browser holds a random token, the row only its digest."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.commands import Entry, record, record_many
from app.journal.rules import ActorMark, Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import digest_text
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, new_id
from app.people.models import SignInSession
from app.people.rules import (
    SEEN_STEP,
    Enrolment,
    Oddity,
    SessionEnd,
    SessionLimits,
    forgotten_before,
    packed,
    session_lives,
)

_AGENT_LENGTH: Final = 200
_ADDRESS_LENGTH: Final = 64

AT_ONCE: Final = 1000
"""Rows that one sweep removes, so that nobody waits behind it for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A new session; `token` is told once, to the browser."""

    token: str
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is kept of a sign-in: where it came from, what was unusual, and whether a code is still wanted."""

    user_agent: str
    address: str
    device_digest: str | None
    enrolment: Enrolment
    unusual: tuple[Oddity, ...]


def account_subject(account_id: UUID) -> Subject:
    """Return the journal's subject of an account."""
    return Subject(type=SubjectType.ACCOUNT, id=str(account_id))


def open_session(
    session: Session, *, account_id: AccountId, arrival: Arrival, limits: SessionLimits, now: datetime
) -> tuple[OpenedSession, SignInSession]:
    """Open a session with a fresh token of 256 random bits, and mark the account's expired ones as ended."""
    _close_expired(session, account_id=account_id, limits=limits, now=now)
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        token_digest=digest_text(token),
        public_id=new_id(),
        account_id=account_id,
        created_at=now,
        last_seen_at=now,
        proved_at=now,
        code_wanted=arrival.enrolment is Enrolment.ENROLLED,
        address=arrival.address[:_ADDRESS_LENGTH],
        device_digest=arrival.device_digest,
        oddities=packed(arrival.unusual),
        user_agent="".join(c for c in arrival.user_agent if c.isprintable())[:_AGENT_LENGTH],
    )
    session.add(row)
    session.flush()
    return OpenedSession(token=token, account_id=account_id), row


def _close_expired(session: Session, *, account_id: AccountId, limits: SessionLimits, now: datetime) -> None:
    for row in _open_rows(session, account_id=account_id):
        if not session_lives(
            created_at=row.created_at, last_seen_at=row.last_seen_at, now=now, limits=limits
        ):
            row.ended_at, row.end_reason = now, SessionEnd.EXPIRED.value


def _open_rows(session: Session, *, account_id: AccountId) -> list[SignInSession]:
    statement = select(SignInSession).where(
        SignInSession.account_id == account_id, SignInSession.ended_at.is_(None)
    )
    return list(session.scalars(statement))


def note_seen(session: Session, *, token: str, now: datetime) -> None:
    """Write that a session is in use, at most once a minute."""
    session.execute(
        update(SignInSession)
        .where(
            SignInSession.token_digest == digest_text(token), SignInSession.last_seen_at <= now - SEEN_STEP
        )
        .values(last_seen_at=now)
    )


def sign_out(session: Session, *, actor: Actor, token: str, now: datetime) -> None:
    """End the session of this browser."""
    found = session.get(SignInSession, digest_text(token))
    if found is not None:
        _end(session, rows=[found], reason=SessionEnd.SIGNED_OUT, mark=actor.mark, now=now)


def revoke_session(session: Session, *, actor: Actor, public_id: UUID, now: datetime) -> None:
    """End one of the actor's own sessions in another browser.

    Raises:
        NotFound: the actor has no such session.
    """
    found = session.scalars(
        select(SignInSession).where(
            SignInSession.public_id == public_id, SignInSession.account_id == actor.account_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    _end(session, rows=[found], reason=SessionEnd.REVOKED, mark=actor.mark, now=now)


def revoke_other_sessions(session: Session, *, actor: Actor, token: str, now: datetime) -> int:
    """End all of the actor's own sessions but the one of this browser; return how many."""
    if actor.account_id is None:
        return 0
    return end_sessions_of(
        session,
        account_id=actor.account_id,
        reason=SessionEnd.REVOKED,
        mark=actor.mark,
        now=now,
        spared_token=token,
    )


def end_sessions_of(
    session: Session,
    *,
    account_id: AccountId,
    reason: SessionEnd,
    mark: ActorMark,
    now: datetime,
    spared_token: str | None = None,
) -> int:
    """End every open session of an account but the one whose token is spared; return how many."""
    spared = digest_text(spared_token) if spared_token is not None else None
    rows = [row for row in _open_rows(session, account_id=account_id) if row.token_digest != spared]
    return _end(session, rows=rows, reason=reason, mark=mark, now=now)


def end_sessions_of_many(
    session: Session,
    *,
    account_ids: Collection[AccountId],
    reason: SessionEnd,
    mark: ActorMark,
    now: datetime,
) -> int:
    """End every open session of many accounts, in a number of statements that does not grow; return how many."""
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.account_id.in_(account_ids), SignInSession.ended_at.is_(None))
        .order_by(SignInSession.account_id, SignInSession.token_digest)
    ).all()
    for row in rows:
        row.ended_at, row.end_reason = now, reason.value
    session.flush()
    record_many(
        session,
        entries=[
            Entry(
                subject=account_subject(row.account_id),
                event="session.ended",
                facts={"session": str(row.public_id), "reason": reason.value},
            )
            for row in rows
        ],
        actor=mark,
        now=now,
    )
    return len(rows)


def _end(
    session: Session, *, rows: Iterable[SignInSession], reason: SessionEnd, mark: ActorMark, now: datetime
) -> int:
    ended = [row for row in rows if row.ended_at is None]
    for row in ended:
        row.ended_at, row.end_reason = now, reason.value
    session.flush()
    for row in ended:
        record(
            session,
            subject=account_subject(row.account_id),
            event="session.ended",
            actor=mark,
            now=now,
            facts={"session": str(row.public_id), "reason": reason.value},
        )
    return len(ended)


def forget_old_sessions(session: Session, *, now: datetime) -> int:
    """Remove up to `AT_ONCE` sessions whose years on record are over; return how many, 0 when none are left.

    One that nobody ended counts from when it was last seen: no session lives for years.
    """
    ended = func.coalesce(SignInSession.ended_at, SignInSession.last_seen_at)
    some = (
        select(SignInSession.token_digest).where(ended < forgotten_before(business_date(now))).limit(AT_ONCE)
    )
    gone = session.scalars(
        delete(SignInSession)
        .where(SignInSession.token_digest.in_(some))
        .returning(SignInSession.token_digest)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
