"""Signing in, proving again who sits there, and changing the own password.

Each needs two short transactions around the slow comparison of a password, so these commands open their
transactions themselves, by the opener that they are given.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.clock import business_date
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import AccountId, PersonId
from app.kernel.ports import BusinessDays, EveryDay
from app.people.commands.arrivals import tell_of_unusual, unusual
from app.people.commands.attempts import (
    Claim,
    OpenTransaction,
    Origin,
    Refused,
    claim_attempt,
    confirmed_account,
    journal_refusal,
    take_back,
)
from app.people.commands.devices import Device
from app.people.commands.passwords import Check, check_password, hash_password
from app.people.commands.second_factor import take_code
from app.people.commands.sessions import (
    Arrival,
    OpenedSession,
    account_subject,
    end_sessions_of,
    open_session,
)
from app.people.models import Account, Person, SecondFactor, SignInSession
from app.people.rules import (
    CODE_SENTENCES,
    AccountOver,
    Enrolment,
    SecretUnreadable,
    SessionEnd,
    SessionLimits,
    SignInRefused,
    TooManyAttempts,
    Verdict,
    is_over,
    password_problems,
)

NO_CALENDAR: Final = EveryDay()
WRONG_PASSWORD: Final = "パスワードが違います。もう一度入れてください。"  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInAs(OpenedSession):
    """A new session. `device` is the mark that the browser is given; None while a code is still wanted."""

    device: Device | None


def sign_in(
    open_transaction: OpenTransaction,
    *,
    staff_no: str,
    password: str,
    origin: Origin,
    limits: SessionLimits,
    now: datetime,
    days: BusinessDays = NO_CALENDAR,
) -> SignedInAs:
    """Open a session for a staff number and its password. Where the account has a second factor, it waits for a code.

    Raises:
        SignInRefused: unknown number, wrong password or disabled account; nobody is told which.
        AccountOver: the password is right, and the last day of the account lies behind.
        TooManyAttempts: too soon after failures that count for this attempt; not checked, not counted.
    """
    with open_transaction() as session:
        claim = claim_attempt(session, staff_no=staff_no, origin=origin, now=now)
    check = check_password(password, against=claim.password_hash)
    renewed = hash_password(password) if check is Check.RIGHT_BUT_OLD else None
    with open_transaction() as session:
        account = confirmed_account(session, claim=claim, check=check)
        if account is None:
            journal_refusal(session, claim=claim, check=check, now=now)
        elif is_over(account.expires_on, today=business_date(now)):
            journal_refusal(session, claim=claim, check=check, now=now, why=Refused.OVER)
        else:
            account.password_hash = renewed or account.password_hash
            take_back(session, claim=claim)
            opened = _opened(
                session,
                account=account,
                claim=claim,
                origin=origin,
                device=origin.device_after(staff_no),
                days=days,
                limits=limits,
                now=now,
            )
    if account is None:
        raise SignInRefused
    if account.expires_on is not None and is_over(account.expires_on, today=business_date(now)):
        raise AccountOver(account.expires_on)
    return opened


def _opened(
    session: Session,
    *,
    account: Account,
    claim: Claim,
    origin: Origin,
    device: Device,
    days: BusinessDays,
    limits: SessionLimits,
    now: datetime,
) -> SignedInAs:
    enrolled = session.get(SecondFactor, account.id) is not None
    arrival = Arrival(
        user_agent=origin.user_agent,
        address=origin.address,
        # Who knows no more than the password is given no mark.
        device_digest=None if enrolled else origin.device_key(device),
        enrolment=Enrolment.ENROLLED if enrolled else Enrolment.NONE,
        unusual=unusual(session, claim=claim, origin=origin, days=days, now=now),
    )
    opened, row = open_session(
        session, account_id=AccountId(account.id), arrival=arrival, limits=limits, now=now
    )
    record(
        session,
        subject=account_subject(account.id),
        event="sign-in.password_accepted" if enrolled else "sign-in.succeeded",
        actor=ActorMark(person_id=str(account.person_id), via=Via.WEB),
        now=now,
        facts={"address": claim.address_key},
    )
    if not enrolled:
        tell_of_unusual(session, row=row, person_id=PersonId(account.person_id), now=now)
    return SignedInAs(token=opened.token, account_id=opened.account_id, device=None if enrolled else device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody gives to show once more who it is.

    `use` names the form, so that the same form sent twice uses its code once; `field` and `code_field` are where problems belong.
    """

    password: str
    code: str = ""
    use: str = ""
    field: str = "password"
    code_field: str = "one_time_code"


def prove_again(
    open_transaction: OpenTransaction,
    *,
    actor: Actor,
    token: str,
    proof: Proof,
    origin: Origin,
    now: datetime,
) -> None:
    """Check what the account of who is signed in has: the password, and a code where there is a second factor.

    Raises:
        InvalidInput: something is wrong or missing, or it comes too soon after wrong ones.
    """
    claim = _own_claim(
        open_transaction,
        actor=actor,
        token=token,
        origin=origin,
        now=now,
        field=proof.field,
        wanted=proof,
    )
    check = check_password(proof.password, against=claim.password_hash)
    with open_transaction() as session:
        account = confirmed_account(session, claim=claim, check=check)
        verdict = _taken(session, account=account, proof=proof, token=token, key=origin.secret, now=now)
        if account is None:
            journal_refusal(session, claim=claim, check=check, now=now)
        elif verdict not in {None, Verdict.RIGHT}:
            journal_refusal(session, claim=claim, check=check, now=now, why=Refused.WRONG_CODE)
        else:
            take_back(session, claim=claim)
            _note_proof(session, token=token, now=now)
            _journal_use(session, account=account, actor=actor, verdict=verdict, now=now)
    if account is None:
        raise InvalidInput.of(WRONG_PASSWORD, field=proof.field)
    if verdict not in {None, Verdict.RIGHT}:
        raise InvalidInput.of(CODE_SENTENCES[verdict or Verdict.WRONG], field=proof.code_field)


def _taken(
    session: Session, *, account: Account | None, proof: Proof, token: str, key: str, now: datetime
) -> Verdict | None:
    if account is None:
        return None
    use = f"{token}\n{proof.use}" if proof.use else None
    try:
        return take_code(session, account_id=account.id, code=proof.code, key=key, now=now, use=use)
    except SecretUnreadable as refusal:
        raise InvalidInput.of(refusal.message, field=proof.code_field) from refusal


def _journal_use(
    session: Session, *, account: Account, actor: Actor, verdict: Verdict | None, now: datetime
) -> None:
    if verdict is None:
        return
    record(
        session,
        subject=account_subject(account.id),
        event="second-factor.used",
        actor=actor.mark,
        now=now,
        facts={"for": "proof"},
    )


def change_password(
    open_transaction: OpenTransaction,
    *,
    actor: Actor,
    token: str,
    current: str,
    new: str,
    minimum: int,
    origin: Origin,
    now: datetime,
) -> None:
    """Put a password of the own choice in place, and end all other sessions.

    Sent twice, the second time finds the new password in place and is content.

    Raises:
        InvalidInput: the current password is wrong (field `current_password`), or the new one breaks a rule
            (field `new_password`).
    """
    with open_transaction() as session:
        person = session.scalars(select(Person).where(Person.id == actor.person_id)).one()
    sentences = password_problems(new, staff_no=person.staff_no, kana=person.kana, minimum=minimum)
    if new == current:
        sentences.append("いまと同じパスワードです。別のパスワードにしてください。")
    if sentences:
        raise InvalidInput([Problem(message=sentence, field="new_password") for sentence in sentences])
    claim = _own_claim(
        open_transaction, actor=actor, token=token, origin=origin, now=now, field="current_password"
    )
    check = check_password(current, against=claim.password_hash)
    in_place = check is Check.WRONG and check_password(new, against=claim.password_hash) is not Check.WRONG
    new_hash = None if check is Check.WRONG else hash_password(new)
    with open_transaction() as session:
        account = confirmed_account(session, claim=claim, check=Check.RIGHT if in_place else check)
        if in_place and account is not None and account.must_change_password:
            # It is still the first password: nothing of one's own was put in place before.
            account = None
        if account is None:
            journal_refusal(session, claim=claim, check=check, now=now)
        else:
            take_back(session, claim=claim)
            if new_hash is not None:
                _put_in_place(session, account=account, new_hash=new_hash, actor=actor, token=token, now=now)
    if account is None:
        raise InvalidInput.of(WRONG_PASSWORD, field="current_password")


def _put_in_place(
    session: Session, *, account: Account, new_hash: str, actor: Actor, token: str, now: datetime
) -> None:
    account.password_hash, account.must_change_password = new_hash, False
    session.flush()
    record(
        session,
        subject=account_subject(account.id),
        event="password.changed",
        actor=actor.mark,
        now=now,
    )
    end_sessions_of(
        session,
        account_id=AccountId(account.id),
        reason=SessionEnd.PASSWORD_CHANGED,
        mark=actor.mark,
        now=now,
        spared_token=token,
    )


def _own_claim(
    open_transaction: OpenTransaction,
    *,
    actor: Actor,
    token: str,
    origin: Origin,
    now: datetime,
    field: str,
    wanted: Proof | None = None,
) -> Claim:
    here = origin.within(token, staff_no=actor.staff_no)
    try:
        with open_transaction() as session:
            if wanted is not None and not wanted.code.strip():
                _refuse_without_code(session, actor=actor, field=wanted.code_field)
            return claim_attempt(session, staff_no=actor.staff_no, origin=here, now=now)
    except TooManyAttempts as refusal:
        raise InvalidInput.of(refusal.message, field=field) from refusal


def _refuse_without_code(session: Session, *, actor: Actor, field: str) -> None:
    has = select(SecondFactor.account_id).join(Account, Account.id == SecondFactor.account_id)
    if session.scalar(has.where(Account.person_id == actor.person_id)) is not None:
        raise InvalidInput.of("アプリに出ている6桁の確認コードも入れてください。", field=field)


def _note_proof(session: Session, *, token: str, now: datetime) -> None:
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_digest == digest_text(token), SignInSession.ended_at.is_(None))
        .values(proved_at=now)
    )
