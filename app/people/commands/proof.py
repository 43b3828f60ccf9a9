"""Signing in, proving again who sits there, and changing the own password.

Each needs two short transactions around the slow comparison of a password, so these commands open their
transactions themselves, by the opener that they are given.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.clock import business_date
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import AccountId
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
from app.people.commands.passwords import Check, check_password, hash_password
from app.people.commands.sessions import OpenedSession, account_subject, end_sessions_of, open_session
from app.people.models import Account, Person, SignInSession
from app.people.rules import (
    AccountOver,
    SessionEnd,
    SessionLimits,
    SignInRefused,
    TooManyAttempts,
    is_over,
    password_problems,
)

WRONG_PASSWORD = "パスワードが違います。もう一度入れてください。"  # noqa: S105 - a sentence


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
            journal_refusal(session, claim=claim, check=check, now=now, why_right=Refused.OVER)
        else:
            account.password_hash = renewed or account.password_hash
            take_back(session, claim=claim)
            opened = _opened(session, account=account, claim=claim, origin=origin, limits=limits, now=now)
    if account is None:
        raise SignInRefused
    if account.expires_on is not None and is_over(account.expires_on, today=business_date(now)):
        raise AccountOver(account.expires_on)
    return opened


def _opened(
    session: Session, *, account: Account, claim: Claim, origin: Origin, limits: SessionLimits, now: datetime
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
        facts={"address": claim.address_key},
    )
    return opened


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
    claim = _own_claim(open_transaction, actor=actor, token=token, origin=origin, now=now, field=field)
    check = check_password(password, against=claim.password_hash)
    with open_transaction() as session:
        account = confirmed_account(session, claim=claim, check=check)
        if account is None:
            journal_refusal(session, claim=claim, check=check, now=now)
        else:
            take_back(session, claim=claim)
            _note_proof(session, token=token, now=now)
    if account is None:
        raise InvalidInput.of(WRONG_PASSWORD, field=field)


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
    open_transaction: OpenTransaction, *, actor: Actor, token: str, origin: Origin, now: datetime, field: str
) -> Claim:
    here = origin.within(token, staff_no=actor.staff_no)
    try:
        with open_transaction() as session:
            return claim_attempt(session, staff_no=actor.staff_no, origin=here, now=now)
    except TooManyAttempts as refusal:
        raise InvalidInput.of(refusal.message, field=field) from refusal


def _note_proof(session: Session, *, token: str, now: datetime) -> None:
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_digest == digest_text(token), SignInSession.ended_at.is_(None))
        .values(proved_at=now)
    )
