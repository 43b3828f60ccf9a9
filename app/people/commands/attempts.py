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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.ids import AccountId
from app.organisation.commands import INSTALLATION
from app.people.commands.devices import Device, new_device
from app.people.commands.passwords import Check
from app.people.commands.sessions import account_subject
from app.people.models import Account, Person, SignInThrottle
from app.people.rules import (
    BY_ADDRESS,
    BY_CODE_OF_NAME,
    BY_DEVICE,
    BY_NAME,
    BY_NAME_AND_ADDRESS,
    QUIET,
    Failures,
    Patience,
    TooManyAttempts,
)

OpenTransaction = Callable[[], AbstractContextManager[Session]]
AT_ONCE: Final = 1000
"""Rows that one sweep removes, so that nobody waits behind it for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an attempt comes from. `secret` keys the digests under which names and addresses are counted.

    `device` is the browser's own mark, if it has one: see `app.people.commands.devices`.
    """

    address: str
    user_agent: str
    secret: str
    device: Device | None = None

    def key(self, kind: str, text: str) -> str:
        """Return a keyed digest: without the key nobody reads or tries out names and addresses."""
        message = f"{kind}\n{text}".encode(errors="replace")
        return hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()

    def name_key(self, staff_no: str) -> str:
        """Return the keyed digest of a staff number."""
        return self.key("name", staff_no)

    def within(self, token: str, *, staff_no: str) -> "Origin":
        """Return the origin of who is signed in here: the session is the device, and is judged by its own count."""
        return replace(self, device=Device(id=token, names=(self.name_key(staff_no),)))

    def device_key(self, device: Device) -> str:
        """Return the keyed digest of a browser's mark."""
        return self.key("device", device.id)

    def device_after(self, staff_no: str) -> Device:
        """Return the device that the browser becomes when somebody signs in."""
        return (self.device or new_device()).with_name(self.name_key(staff_no))


class Refused(StrEnum):
    """Why an attempt failed, as the journal keeps it; the person at the door is told none of it."""

    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a code, not a password
    DISABLED = "disabled"
    OVER = "over"
    WRONG_CODE = "wrong-code"


class Proof(StrEnum):
    """What is given: each is counted by itself, so that a right password never forgives wrong codes."""

    PASSWORD = "password"  # noqa: S105 - a code, not a password
    CODE = "code"


class Scope(StrEnum):
    """Whose failures a count holds: those of one computer for one name, or what others may have a part in."""

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """One count by which an attempt is judged; the count of an address alone is not `of_one_name`."""

    key: str
    patience: Patience
    scope: Scope
    of_one_name: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A count in which an attempt stands as failed, and when the failure before it was."""

    judge: Judge
    before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An attempt that was counted: what to compare with, and which counts to take back.

    `failures` failed just before it for the same name, from here or from anywhere.
    """

    account_id: AccountId | None
    password_hash: str | None
    name_key: str
    address_key: str
    counts: tuple[Counted, ...]
    failures: int
    at: datetime


def claim_attempt(
    session: Session, *, staff_no: str, origin: Origin, now: datetime, proof: Proof = Proof.PASSWORD
) -> Claim:
    """Count an attempt as failed, in advance, and return what its password is to be compared with.

    Raises:
        TooManyAttempts: too soon after failures that count for this attempt; not counted.
    """
    # Always locked in the same order, so that two attempts never wait for each other in a circle.
    judges = sorted(_judges(staff_no, origin=origin, proof=proof), key=lambda judge: judge.key)
    rows = {judge.key: _locked_count(session, key=judge.key, now=now) for judge in judges}
    wait = max(_failures(rows[judge.key]).wait(judge.patience, now=now) for judge in judges)
    if wait > timedelta(0):
        raise TooManyAttempts(wait)
    counts = tuple(Counted(judge=judge, before=rows[judge.key].last_failure_at) for judge in judges)
    failures = _failures_of_name(session, staff_no=staff_no, origin=origin, proof=proof, now=now)
    failures = max([failures, *(_failures(rows[j.key]).counted(now) for j in judges if j.of_one_name)])
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
        name_key=origin.name_key(staff_no),
        address_key=origin.key("address", origin.address),
        counts=counts,
        failures=failures,
        at=now,
    )


def _failures_of_name(session: Session, *, staff_no: str, origin: Origin, proof: Proof, now: datetime) -> int:
    """Return what failed for a name from anywhere: only read, for a known device is not judged by it."""
    row = session.get(SignInThrottle, _name_key(staff_no, origin=origin, proof=proof))
    return _failures(row).counted(now) if row is not None else 0


def _name_key(staff_no: str, *, origin: Origin, proof: Proof) -> str:
    return origin.name_key(staff_no) if proof is Proof.PASSWORD else origin.key("code of name", staff_no)


def _judges(staff_no: str, *, origin: Origin, proof: Proof) -> tuple[Judge, ...]:
    """Return the counts that judge an attempt: a known device by its own alone, so that nobody keeps its owner out."""
    name, kind = origin.name_key(staff_no), "" if proof is Proof.PASSWORD else "code of "
    if origin.device is not None and name in origin.device.names:
        device = origin.key(f"{kind}device", f"{origin.device.id}\n{staff_no}")
        return (Judge(key=device, patience=BY_DEVICE, scope=Scope.OWN),)
    pair = origin.key(f"{kind}name and address", f"{staff_no}\n{origin.address}")
    of_name = Judge(
        key=_name_key(staff_no, origin=origin, proof=proof),
        patience=BY_NAME if proof is Proof.PASSWORD else BY_CODE_OF_NAME,
        scope=Scope.SHARED,
    )
    of_pair = Judge(key=pair, patience=BY_NAME_AND_ADDRESS, scope=Scope.OWN)
    if proof is Proof.CODE:
        return (of_pair, of_name)
    address = origin.key("address", origin.address)
    of_address = Judge(key=address, patience=BY_ADDRESS, scope=Scope.SHARED, of_one_name=False)
    return (of_pair, of_name, of_address)


def confirmed_account(session: Session, *, claim: Claim, check: Check) -> Account | None:
    """Return the account, locked, when the password was right and nothing changed while it was compared."""
    if check is Check.WRONG or claim.account_id is None:
        return None
    account = session.scalars(select(Account).where(Account.id == claim.account_id).with_for_update()).one()
    unchanged = account.password_hash == claim.password_hash
    return account if unchanged and account.disabled_at is None else None


def take_back(session: Session, *, claim: Claim) -> None:
    """Forget the failures of this computer; of the name and the address alone only this attempt.

    Otherwise guessers would clear theirs, and everybody who signs in would prolong the delay of a whole office.
    """
    for counted in claim.counts:
        row = session.scalars(
            select(SignInThrottle).where(SignInThrottle.key_digest == counted.judge.key).with_for_update()
        ).one_or_none()
        if row is None:
            continue
        row.failures = 0 if counted.judge.scope is Scope.OWN else max(0, row.failures - 1)
        if row.last_failure_at == claim.at:
            row.last_failure_at = counted.before
    session.flush()


def journal_refusal(
    session: Session, *, claim: Claim, check: Check, now: datetime, why: Refused | None = None
) -> None:
    """Record a refused attempt. Of an unknown number only a keyed digest: people type passwords there."""
    facts = {"address": claim.address_key}
    if claim.account_id is None:
        facts |= {"reason": Refused.UNKNOWN.value, "name": claim.name_key}
        subject = INSTALLATION
    else:
        reason = why or (Refused.WRONG_PASSWORD if check is Check.WRONG else Refused.DISABLED)
        facts |= {"reason": reason.value}
        subject = account_subject(claim.account_id)
    nobody = ActorMark(person_id=None, via=Via.WEB)
    record(session, subject=subject, event="sign-in.refused", actor=nobody, now=now, facts=facts)


def forget_old_counts(session: Session, *, now: datetime) -> int:
    """Remove up to `AT_ONCE` counts that no longer slow anybody down; return how many, 0 when none are left.

    A count that grows again meanwhile stays: the statement looks at each row once more when it has its lock.
    """
    quiet = or_(SignInThrottle.last_failure_at <= now - QUIET, SignInThrottle.failures == 0)
    some = select(SignInThrottle.key_digest).where(quiet).limit(AT_ONCE)
    gone = session.scalars(
        delete(SignInThrottle)
        .where(SignInThrottle.key_digest.in_(some), quiet)
        .returning(SignInThrottle.key_digest)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


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
