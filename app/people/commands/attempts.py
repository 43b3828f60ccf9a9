"""Attempts to prove who somebody is: counted before they are checked, settled afterwards.

1. Claim: the attempt is counted as a failure before anything is compared. Attempts in parallel therefore do
   not pass the count, and a crash in between does not forgive one.
2. Compare: outside of any transaction, with the same work for an unknown number, a wrong password and a
   disabled account.
3. Settle: a right password takes the count back; a wrong one is journalled.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.ids import AccountId
from app.organisation.commands import INSTALLATION
from app.people.commands.passwords import Check
from app.people.commands.sessions import account_subject
from app.people.models import Account, Person, SignInThrottle
from app.people.rules import BY_ADDRESS, BY_NAME, Failures, TooManyAttempts

OpenTransaction = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an attempt comes from. `secret` keys the digests under which names and addresses are counted."""

    address: str
    user_agent: str
    secret: str

    def key(self, kind: str, text: str) -> str:
        """Return a keyed digest: without the key nobody reads or tries out names and addresses."""
        message = f"{kind}\n{text}".encode(errors="replace")
        return hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()


class Refused(StrEnum):
    """Why an attempt failed, as the journal keeps it; the person at the door is told none of it."""

    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a code, not a password
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An attempt that was counted: what to compare with, and which counts to take back."""

    account_id: AccountId | None
    password_hash: str | None
    name_key: str
    address_key: str


def claim_attempt(session: Session, *, staff_no: str, origin: Origin, now: datetime) -> Claim:
    """Count an attempt as failed, in advance, and return what its password is to be compared with.

    Raises:
        TooManyAttempts: too soon after failures of this number or address; not counted.
    """
    name_key, address_key = origin.key("name", staff_no), origin.key("address", origin.address)
    # Always locked in the same order, so that two attempts never wait for each other in a circle.
    rows = {key: _locked_count(session, key=key, now=now) for key in sorted({name_key, address_key})}
    patience = ((rows[name_key], BY_NAME), (rows[address_key], BY_ADDRESS))
    wait = max(_failures(row).wait(limit, now=now) for row, limit in patience)
    if wait > timedelta(0):
        raise TooManyAttempts(wait)
    for row in rows.values():
        row.failures, row.last_failure_at = _failures(row).counted(now) + 1, now
    session.flush()
    known = session.execute(
        select(Account.id, Account.password_hash)
        .join(Person, Person.id == Account.person_id)
        .where(Person.staff_no == staff_no)
    ).one_or_none()
    return Claim(
        account_id=AccountId(known.id) if known else None,
        password_hash=known.password_hash if known else None,
        name_key=name_key,
        address_key=address_key,
    )


def confirmed_account(session: Session, *, claim: Claim, check: Check) -> Account | None:
    """Return the account, locked, when the password was right and nothing changed while it was compared."""
    if check is Check.WRONG or claim.account_id is None:
        return None
    account = session.scalars(select(Account).where(Account.id == claim.account_id).with_for_update()).one()
    unchanged = account.password_hash == claim.password_hash
    return account if unchanged and account.disabled_at is None else None


def take_back(session: Session, *, claim: Claim) -> None:
    """Forget the failures of the name; of the address only this attempt, or guessers would clear theirs."""
    names = update(SignInThrottle).where(SignInThrottle.key_digest == claim.name_key)
    session.execute(names.values(failures=0))
    addresses = update(SignInThrottle).where(
        SignInThrottle.key_digest == claim.address_key, SignInThrottle.failures > 0
    )
    session.execute(addresses.values(failures=SignInThrottle.failures - 1))


def journal_refusal(session: Session, *, claim: Claim, check: Check, now: datetime) -> None:
    """Record a refused attempt. Of an unknown number only a keyed digest: people type passwords there."""
    facts = {"address": claim.address_key}
    if claim.account_id is None:
        facts |= {"reason": Refused.UNKNOWN.value, "name": claim.name_key}
        subject = INSTALLATION
    else:
        reason = Refused.WRONG_PASSWORD if check is Check.WRONG else Refused.DISABLED
        facts |= {"reason": reason.value}
        subject = account_subject(claim.account_id)
    nobody = ActorMark(person_id=None, via=Via.WEB)
    record(session, subject=subject, event="sign-in.refused", actor=nobody, now=now, facts=facts)


def forget_old_counts(session: Session, *, now: datetime) -> int:
    """Remove counts that no longer slow anybody down; return how many. One that is being counted right now is left."""
    rows = session.scalars(select(SignInThrottle).with_for_update(skip_locked=True))
    old = [row for row in rows if not _failures(row).counted(now)]
    for row in old:
        session.delete(row)
    session.flush()
    return len(old)


def _failures(row: SignInThrottle) -> Failures:
    return Failures(count=row.failures, last_at=row.last_failure_at)


def _locked_count(session: Session, *, key: str, now: datetime) -> SignInThrottle:
    """Return the row of a count, locked; two processes that meet a new key at once share one row."""
    statement = select(SignInThrottle).where(SignInThrottle.key_digest == key).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is not None:
        return found
    with suppress(IntegrityError), session.begin_nested():
        session.add(SignInThrottle(key_digest=key, failures=0, last_failure_at=now))
    return session.scalars(statement).one()
