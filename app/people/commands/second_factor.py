"""The second factor of an account: enrolling, giving a code, removing it oneself."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import AccountId, PersonId
from app.people.commands.arrivals import tell_of_unusual, tell_of_wrong_codes
from app.people.commands.attempts import (
    Claim,
    OpenTransaction,
    Origin,
    Proof,
    Refused,
    claim_attempt,
    journal_refusal,
    take_back,
)
from app.people.commands.devices import Device
from app.people.commands.passwords import Check
from app.people.commands.sealed_secrets import open_offer, open_secret, seal_offer, seal_secret
from app.people.commands.sessions import account_subject, end_sessions_of
from app.people.models import Account, Person, SecondFactor, SecondFactorRecovery, SignInSession
from app.people.rules import (
    CODE_SENTENCES,
    MANY_FAILURES,
    CodeRefused,
    Demand,
    Judged,
    Oddity,
    RecoveryOutcome,
    SessionEnd,
    Verdict,
    judge,
    packed,
    typed_code,
    unpacked,
)

NEVER = -1
"""The step before all steps: of a secret whose code was never taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A fresh secret as the page shows it, and as its form brings it back."""

    secret: str
    sealed: str


# --------------------------------------------------------------------------------------------------- codes


def take_code(
    session: Session, *, account_id: UUID, code: str, key: str, now: datetime, use: str | None = None
) -> Verdict | None:
    """Take a code of an account, if it is right; its step never counts again. None when the account has no factor.

    `use` names the form that brings it: the same form sent twice is one use.

    Raises:
        SecretUnreadable: the installation's key was changed.
    """
    row = session.scalars(
        select(SecondFactor).where(SecondFactor.account_id == account_id).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    secret = open_secret(row.secret, account_id=account_id, key=key)
    judged = judge_code(secret, code=code, now=now, last_step=row.last_step)
    used = digest_text(use) if use else None
    if judged.verdict is Verdict.USED and used is not None:
        return Verdict.RIGHT if (row.last_use, row.last_step) == (used, judged.step) else Verdict.USED
    if judged.verdict is not Verdict.RIGHT:
        return judged.verdict
    # Said once more as a condition: of two that read the same row, the database lets one pass.
    taken = session.scalar(
        update(SecondFactor)
        .where(SecondFactor.account_id == account_id, SecondFactor.last_step < judged.step)
        .values(last_step=judged.step, last_use=used)
        .returning(SecondFactor.account_id)
    )
    return Verdict.USED if taken is None else Verdict.RIGHT


def judge_code(secret: str, *, code: str, now: datetime, last_step: int) -> Judged:
    """Judge a typed code by a secret."""
    generator, typed = pyotp.TOTP(secret), typed_code(code).encode(errors="replace")
    return judge(
        is_code_of=lambda step: hmac.compare_digest(generator.generate_otp(step).encode(), typed),
        now=now,
        last_step=last_step,
    )


def enter_code(
    open_transaction: OpenTransaction, *, token: str, code: str, origin: Origin, now: datetime
) -> Device:
    """Finish a sign-in whose password was right; return the mark that the browser is given from now on.

    Raises:
        CodeRefused: wrong, used, or of another time.
        NotNow: nobody waits for a code here (any more).
        SecretUnreadable: the installation's key was changed.
        TooManyAttempts: too soon after wrong codes; not checked, not counted.
    """
    with open_transaction() as session:
        staff_no = _staff_no_of(session, token=token)
        claim = claim_attempt(session, staff_no=staff_no, origin=origin, now=now, proof=Proof.CODE)
    device = origin.device_after(staff_no)
    with open_transaction() as session:
        row, account = _waiting(session, token=token)
        verdict = take_code(session, account_id=account.id, code=code, key=origin.secret, now=now)
        if verdict is Verdict.RIGHT:
            take_back(session, claim=claim)
            row.device_digest = origin.device_key(device)
            _finish(session, row=row, account=account, claim=claim, now=now)
        else:
            _refuse(session, account=account, claim=claim, now=now)
    if verdict is not Verdict.RIGHT:
        raise CodeRefused(verdict or Verdict.WRONG)
    return device


def _staff_no_of(session: Session, *, token: str) -> str:
    row, account = _waiting(session, token=token)
    del row
    return session.scalars(select(Person.staff_no).where(Person.id == account.person_id)).one()


def _waiting(session: Session, *, token: str) -> tuple[SignInSession, Account]:
    """Return the session that waits for a code and its account, both locked: the account first, as everywhere."""
    account = session.scalars(
        select(Account)
        .join(SignInSession, SignInSession.account_id == Account.id)
        .where(SignInSession.token_digest == digest_text(token))
        .with_for_update(of=Account)
    ).one_or_none()
    row = session.scalars(
        select(SignInSession)
        .where(
            SignInSession.token_digest == digest_text(token),
            SignInSession.ended_at.is_(None),
            SignInSession.second_factor_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None or account is None or account.disabled_at is not None:
        raise NotNow("ログインの途中ではなくなりました。もう一度、パスワードから入れてください。")
    return row, account


def _finish(session: Session, *, row: SignInSession, account: Account, claim: Claim, now: datetime) -> None:
    row.second_factor_at, row.last_seen_at = now, now
    found = unpacked(row.oddities)
    if claim.failures >= MANY_FAILURES and Oddity.AFTER_FAILURES not in found:
        found = (*found, Oddity.AFTER_FAILURES)
    row.oddities = packed(found)
    session.flush()
    mark = ActorMark(person_id=str(account.person_id), via=Via.WEB)
    for event, facts in (
        ("second-factor.used", {"for": "sign-in"}),
        ("sign-in.succeeded", {"address": claim.address_key}),
    ):
        record(session, subject=account_subject(account.id), event=event, actor=mark, now=now, facts=facts)
    tell_of_unusual(session, row=row, person_id=PersonId(account.person_id), now=now)


def _refuse(session: Session, *, account: Account, claim: Claim, now: datetime) -> None:
    journal_refusal(session, claim=claim, check=Check.RIGHT, now=now, why=Refused.WRONG_CODE)
    tell_of_wrong_codes(
        session,
        claim=claim,
        account_id=AccountId(account.id),
        person_id=PersonId(account.person_id),
        now=now,
    )


# ------------------------------------------------------------------------------------------------ enrolling


def offer_secret(*, account_id: AccountId, key: str, now: datetime) -> Offer:
    """Return a fresh secret of 160 bits. Nothing is stored before a first code shows that it arrived."""
    return _offer(pyotp.random_base32(), account_id=account_id, key=key, now=now)


def offered_again(sealed: str, *, account_id: AccountId, key: str, now: datetime) -> Offer:
    """Return the offer that a form brought back, so that what was scanned stays right; a fresh one when it is too old."""
    secret = open_offer(sealed, account_id=account_id, key=key, now=now)
    if secret is None:
        return offer_secret(account_id=account_id, key=key, now=now)
    return Offer(secret=secret, sealed=sealed)


def _offer(secret: str, *, account_id: AccountId, key: str, now: datetime) -> Offer:
    return Offer(secret=secret, sealed=seal_offer(secret, account_id=account_id, key=key, now=now))


def check_first_code(sealed: str, *, account_id: AccountId, code: str, key: str, now: datetime) -> None:
    """Check that the secret of an offer arrived in an app.

    Raises:
        InvalidInput: the offer is too old or not ours, or the code is not of it (field `new_code`).
    """
    secret = open_offer(sealed, account_id=account_id, key=key, now=now)
    if secret is None:
        raise InvalidInput.of(
            "画面を開いてから時間がたったため、新しいQRコードに替えました。もう一度読み取ってください。",
            field="new_code",
        )
    judged = judge_code(secret, code=code, now=now, last_step=NEVER)
    if judged.verdict is not Verdict.RIGHT:
        raise InvalidInput.of(CODE_SENTENCES[judged.verdict], field="new_code")


def enrol(
    session: Session, *, actor: Actor, token: str, sealed: str, code: str, key: str, now: datetime
) -> None:
    """Put a new secret in place, for the first time or instead of the old one, and end all other sessions.

    The caller has let the actor prove again who it is. The first code counts as used.

    Raises:
        InvalidInput: as for `check_first_code`.
    """
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    account = _own_account(session, actor=actor)
    account_id = AccountId(account.id)
    check_first_code(sealed, account_id=account_id, code=code, key=key, now=now)
    secret = open_offer(sealed, account_id=account_id, key=key, now=now) or ""
    step = judge_code(secret, code=code, now=now, last_step=NEVER).step
    before = session.get(SecondFactor, account.id)
    row = before or SecondFactor(account_id=account.id)
    row.secret = seal_secret(secret, account_id=account.id, key=key)
    row.last_step, row.last_use, row.enrolled_at = step or 0, None, now
    session.add(row)
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_digest == digest_text(token), SignInSession.ended_at.is_(None))
        .values(second_factor_at=now)
    )
    session.flush()
    event = "second-factor.enrolled" if before is None else "second-factor.replaced"
    _changed(session, account=account, event=event, actor=actor, token=token, now=now)


def remove_own(session: Session, *, actor: Actor, token: str, wanted: Demand, now: datetime) -> None:
    """Remove the own factor, and end all other sessions. The caller has let the actor prove again who it is.

    Raises:
        NotAllowed: the actor's functions need one.
        NotNow: there is none.
    """
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    if wanted is Demand.REQUIRED:
        raise NotAllowed(
            "あなたの役割では、二段階認証が必要です。端末を替えるときは「登録し直す」を使ってください。"
        )
    account = _own_account(session, actor=actor)
    if not forget_factor(session, account_id=AccountId(account.id)):
        raise NotNow("二段階認証は、もう登録されていません。画面を開き直してください。")
    _changed(session, account=account, event="second-factor.removed", actor=actor, token=token, now=now)


def forget_factor(session: Session, *, account_id: AccountId) -> bool:
    """Delete the secret of an account; return whether there was one."""
    gone = session.scalar(
        delete(SecondFactor).where(SecondFactor.account_id == account_id).returning(SecondFactor.account_id)
    )
    return gone is not None


def _own_account(session: Session, *, actor: Actor) -> Account:
    account = session.scalars(
        select(Account).where(Account.person_id == actor.person_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound
    return account


def _changed(
    session: Session, *, account: Account, event: str, actor: Actor, token: str, now: datetime
) -> None:
    record(session, subject=account_subject(account.id), event=event, actor=actor.mark, now=now)
    _withdraw_requests(session, actor=actor, now=now)
    end_sessions_of(
        session,
        account_id=AccountId(account.id),
        reason=SessionEnd.FACTOR_CHANGED,
        mark=actor.mark,
        now=now,
        spared_token=token,
    )


def _withdraw_requests(session: Session, *, actor: Actor, now: datetime) -> None:
    """Whoever can change the factor needs no removal: a request about it that waits is over."""
    waiting = session.scalars(
        select(SecondFactorRecovery)
        .where(SecondFactorRecovery.person_id == actor.person_id, SecondFactorRecovery.outcome.is_(None))
        .with_for_update()
    ).one_or_none()
    if waiting is None:
        return
    waiting.outcome, waiting.decided_by = RecoveryOutcome.WITHDRAWN.value, actor.person_id
    waiting.ended_at = now
    session.flush()
    account_id = session.scalars(select(Account.id).where(Account.person_id == actor.person_id)).one()
    record(
        session,
        subject=account_subject(account_id),
        event="second-factor.recovery_withdrawn",
        actor=actor.mark,
        now=now,
        facts={"recovery": str(waiting.id)},
    )
