"""Signing in, and proving again who sits there.

Both need two short transactions around the slow comparison of the password, so these two commands open their
transactions themselves, by the opener that they are given.

1. Claim: the attempt is counted as a failure before anything is compared. Attempts in parallel therefore do
   not pass the count, and a crash in between does not forgive one.
2. Compare: outside of any transaction, with the same work for an unknown number, a wrong password and a
   disabled account.
3. Settle: a right password takes the count back and opens the session; a wrong one is journalled.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput
from app.kernel.ids import AccountId
from app.organisation.commands import INSTALLATION
from app.people.commands.passwords import Check, check_password, hash_password
from app.people.commands.sessions import OpenedSession, account_subject, open_session
from app.people.models import Account, Person, SignInSession, SignInThrottle
from app.people.rules import (
    BY_ADDRESS,
    BY_NAME,
    Failures,
    SessionLimits,
    SignInRefused,
    TooManyAttempts,
)

OpenTransaction = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an attempt comes from. `secret` keys the digests under which names and addresses are counted."""

    address: str
    user_agent: str
    secret: str


class _Refused(StrEnum):
    """Why an attempt failed, as the journal keeps it; the person at the door is told none of it."""

    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a code, not a password
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """An attempt that was counted: what to compare with, and which counts to take back."""

    account_id: AccountId | None
    password_hash: str | None
    name_key: str
    address_key: str


# --------------------------------------------------------------------------------------------- signing in


def sign_in(
    open_transaction: OpenTransaction,
    *,
    staff_no: str,
    password: str,
    origin: Origin,
    limits: SessionLimits,
    now: datetime,
) -> OpenedSession:
    """Open a session for a staff number and its password.

    Raises:
        SignInRefused: unknown number, wrong password or disabled account; nobody is told which.
        TooManyAttempts: too soon after failures of this number or address; not checked, not counted.
    """
    with open_transaction() as session:
        claim = _claim(session, staff_no=staff_no, origin=origin, now=now)
    check = check_password(password, against=claim.password_hash)
    renewed = hash_password(password) if check is Check.RIGHT_BUT_OLD else None
    with open_transaction() as session:
        account = _confirmed(session, claim=claim, check=check)
        if account is None:
            _journal_refusal(session, claim=claim, check=check, origin=origin, now=now)
        else:
            account.password_hash = renewed or account.password_hash
            _take_back(session, claim=claim)
            opened = _opened(session, account=account, origin=origin, limits=limits, now=now)
    if account is None:
        raise SignInRefused
    return opened


def _confirmed(session: Session, *, claim: _Claim, check: Check) -> Account | None:
    """Return the account when the password was right and nothing changed while it was being compared."""
    if check is Check.WRONG or claim.account_id is None:
        return None
    account = session.scalars(select(Account).where(Account.id == claim.account_id).with_for_update()).one()
    unchanged = account.password_hash == claim.password_hash
    return account if unchanged and account.disabled_at is None else None


def _opened(
    session: Session, *, account: Account, origin: Origin, limits: SessionLimits, now: datetime
) -> OpenedSession:
    opened = open_session(
        session, account_id=AccountId(account.id), user_agent=origin.user_agent, limits=limits, now=now
    )
    record(
        session,
        subject=account_subject(account.id),
        event="sign-in.succeeded",
        actor=ActorMark(person_id=str(account.person_id), via=Via.WEB),
        now=now,
        facts={"address": _key(origin, "address", origin.address)},
    )
    return opened


def _journal_refusal(session: Session, *, claim: _Claim, check: Check, origin: Origin, now: datetime) -> None:
    """Record a refused attempt. Of an unknown number only a keyed digest: people type passwords there."""
    reason = _Refused.DISABLED if check is not Check.WRONG else _Refused.WRONG_PASSWORD
    facts = {"address": _key(origin, "address", origin.address)}
    if claim.account_id is None:
        facts |= {"reason": _Refused.UNKNOWN.value, "name": claim.name_key}
        subject = INSTALLATION
    else:
        facts |= {"reason": reason.value}
        subject = account_subject(claim.account_id)
    nobody = ActorMark(person_id=None, via=Via.WEB)
    record(session, subject=subject, event="sign-in.refused", actor=nobody, now=now, facts=facts)


# ------------------------------------------------------------------------------------------ proving again


def prove_again(
    open_transaction: OpenTransaction,
    *,
    actor: Actor,
    token: str,
    password: str,
    origin: Origin,
    now: datetime,
    field: str = "password",
) -> None:
    """Check the password of who is signed in, and note on the session that it was just given.

    Raises:
        InvalidInput: wrong password, or too soon after wrong ones; the problem belongs to `field`.
    """
    with open_transaction() as session:
        try:
            claim = _claim(session, staff_no=actor.staff_no, origin=origin, now=now)
        except TooManyAttempts as refusal:
            raise InvalidInput.of(refusal.message, field=field) from refusal
    check = check_password(password, against=claim.password_hash)
    with open_transaction() as session:
        account = _confirmed(session, claim=claim, check=check)
        if account is None:
            _journal_refusal(session, claim=claim, check=check, origin=origin, now=now)
        else:
            _take_back(session, claim=claim)
            _note_proof(session, token=token, now=now)
    if account is None:
        raise InvalidInput.of("パスワードが違います。もう一度入れてください。", field=field)


def _note_proof(session: Session, *, token: str, now: datetime) -> None:
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_digest == digest_text(token), SignInSession.ended_at.is_(None))
        .values(proved_at=now)
    )


# ---------------------------------------------------------------------------------------------- counting


def _claim(session: Session, *, staff_no: str, origin: Origin, now: datetime) -> _Claim:
    name_key, address_key = _key(origin, "name", staff_no), _key(origin, "address", origin.address)
    counts = {
        key: (_locked_count(session, key=key, now=now), patience)
        for key, patience in sorted(
            ((name_key, BY_NAME), (address_key, BY_ADDRESS)), key=lambda pair: pair[0]
        )
    }
    wait = max(_failures(row).wait(patience, now=now) for row, patience in counts.values())
    if wait > timedelta(0):
        raise TooManyAttempts(wait)
    for row, _ in counts.values():
        row.failures, row.last_failure_at = _failures(row).counted(now) + 1, now
    session.flush()
    known = session.execute(
        select(Account.id, Account.password_hash)
        .join(Person, Person.id == Account.person_id)
        .where(Person.staff_no == staff_no)
    ).one_or_none()
    return _Claim(
        account_id=AccountId(known.id) if known else None,
        password_hash=known.password_hash if known else None,
        name_key=name_key,
        address_key=address_key,
    )


def _failures(row: SignInThrottle) -> Failures:
    return Failures(count=row.failures, last_at=row.last_failure_at)


def _locked_count(session: Session, *, key: str, now: datetime) -> SignInThrottle:
    """Return the row of a count, locked; two processes that meet a new key at once share one row."""
    statement = select(SignInThrottle).where(SignInThrottle.key_digest == key).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(SignInThrottle(key_digest=key, failures=0, last_failure_at=now))
    except IntegrityError:
        pass
    return session.scalars(statement).one()


def _take_back(session: Session, *, claim: _Claim) -> None:
    """Forget the failures of the name; of the address only this attempt, or guessers would clear theirs."""
    names = update(SignInThrottle).where(SignInThrottle.key_digest == claim.name_key)
    session.execute(names.values(failures=0))
    addresses = update(SignInThrottle).where(
        SignInThrottle.key_digest == claim.address_key, SignInThrottle.failures > 0
    )
    session.execute(addresses.values(failures=SignInThrottle.failures - 1))


def _key(origin: Origin, kind: str, text: str) -> str:
    """Return a keyed digest: without the key nobody reads or tries out names and addresses."""
    return hmac.new(
        origin.secret.encode(), f"{kind}\n{text}".encode(errors="replace"), hashlib.sha256
    ).hexdigest()


def forget_old_counts(session: Session, *, now: datetime) -> int:
    """Remove counts that no longer slow anybody down; return how many."""
    old = [row for row in session.scalars(select(SignInThrottle)) if not _failures(row).counted(now)]
    for row in old:
        session.delete(row)
    session.flush()
    return len(old)
