"""Removing somebody's second factor (a lost telephone): asked for by one administrator, confirmed by another person, never by one.

Who asked and whom it concerns never confirm. A password reset leaves the factor alone. Everything ends with the person signed out
everywhere, told of it, and asked for a new factor where one is required.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.journal.commands import record
from app.journal.rules import ActorMark, Via
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.ids import AccountId, PersonId, new_id
from app.notices.commands import notify
from app.notices.rules import NoticeDraft
from app.people.commands.accounts import REASON_LENGTH
from app.people.commands.second_factor import forget_factor
from app.people.commands.sessions import account_subject, end_sessions_of
from app.people.models import Account, SecondFactor, SecondFactorRecovery
from app.people.queries.second_factor import confirmers, recovery_subject
from app.people.rules import RECOVERY_LASTS, RecoveryOutcome, SessionEnd, lapses_at

RECOVERY_ASKED: Final = "second-factor.recovery-asked"
RECOVERY_TO_CONFIRM: Final = "second-factor.to-confirm"
FACTOR_REMOVED: Final = "second-factor.removed"
AT_ONCE: Final = 200
"""Requests that one sweep ends."""


def request_recovery(
    session: Session, *, actor: Actor, person_id: PersonId, reason: str, day: date, now: datetime
) -> UUID:
    """Ask for the removal of somebody's second factor; the person and everybody who may confirm are told.

    Raises:
        InvalidInput: no reason, or one that is too long.
        NotAllowed: no administrator, or the administrator's own factor.
        NotFound: the person has no account.
        NotNow: there is no factor, or a request waits already.
    """
    require(
        Permission.CITY_SECOND_FACTOR_RECOVER,
        actor=actor,
        subject=Subject(requested_by=frozenset({person_id})),
    )
    _check_reason(reason)
    account = _account_of(session, person_id=person_id)
    if session.get(SecondFactor, account.id) is None:
        raise NotNow("この利用者は、二段階認証を登録していません。画面を開き直してください。")
    waiting = _waiting(session, person_id=person_id)
    if waiting is not None and now < lapses_at(waiting.requested_at):
        raise NotNow("解除の申し出が、もう確認を待っています。画面を開き直してください。")
    if waiting is not None:
        _lapse(session, row=waiting, account_id=account.id, now=now)
    row = SecondFactorRecovery(
        id=new_id(),
        person_id=person_id,
        reason=reason.strip(),
        salt=new_salt(),
        requested_by=actor.person_id,
        requested_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, row=row, account_id=account.id, event="recovery_requested", mark=actor.mark, now=now)
    others = confirmers(session, person_id=person_id, requested_by=actor.person_id, day=day)
    _tell(session, row=row, kind=RECOVERY_ASKED, people=[person_id], now=now)
    _tell(session, row=row, kind=RECOVERY_TO_CONFIRM, people=others, now=now)
    return row.id


def confirm_recovery(session: Session, *, actor: Actor, recovery_id: UUID, day: date, now: datetime) -> None:
    """Remove the factor: the second person, who made sure that the one who asked for help is who it should be.

    Raises:
        NotAllowed: the actor asked for it, or it concerns the actor.
        NotFound: there is no such request, or it is none of the actor's business.
        NotNow: it is over.
    """
    row, account = _to_be_decided(session, actor=actor, recovery_id=recovery_id, day=day, now=now)
    if not forget_factor(session, account_id=AccountId(account.id)):
        raise NotNow("二段階認証は、もう登録されていません。画面を開き直してください。")
    _end(session, row=row, outcome=RecoveryOutcome.CONFIRMED, actor=actor, now=now)
    _record(session, row=row, account_id=account.id, event="recovery_confirmed", mark=actor.mark, now=now)
    end_sessions_of(
        session,
        account_id=AccountId(account.id),
        reason=SessionEnd.FACTOR_REMOVED,
        mark=actor.mark,
        now=now,
    )
    _tell(session, row=row, kind=FACTOR_REMOVED, people=[PersonId(row.person_id)], now=now)


def decline_recovery(session: Session, *, actor: Actor, recovery_id: UUID, day: date, now: datetime) -> None:
    """Refuse the removal: the factor stays.

    Raises:
        NotAllowed, NotFound, NotNow: as for `confirm_recovery`.
    """
    row, account = _to_be_decided(session, actor=actor, recovery_id=recovery_id, day=day, now=now)
    _end(session, row=row, outcome=RecoveryOutcome.DECLINED, actor=actor, now=now)
    _record(session, row=row, account_id=account.id, event="recovery_declined", mark=actor.mark, now=now)


def withdraw_recovery(session: Session, *, actor: Actor, recovery_id: UUID, now: datetime) -> None:
    """Take a request back: who asked, or whom it concerns (the telephone was found, or nobody had asked).

    Raises:
        NotFound: there is no such request, or it is none of the actor's business.
        NotNow: it is over.
    """
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    row, account = _locked(session, recovery_id=recovery_id)
    if actor.person_id not in {row.person_id, row.requested_by}:
        raise NotFound
    _refuse_when_over(row, now=now)
    _end(session, row=row, outcome=RecoveryOutcome.WITHDRAWN, actor=actor, now=now)
    _record(session, row=row, account_id=account.id, event="recovery_withdrawn", mark=actor.mark, now=now)


def lapse_recoveries(session: Session, *, now: datetime) -> int:
    """End up to `AT_ONCE` requests that nobody confirmed in a day; return how many, 0 when none are left."""
    rows = session.scalars(
        select(SecondFactorRecovery)
        .where(
            SecondFactorRecovery.outcome.is_(None), SecondFactorRecovery.requested_at <= now - RECOVERY_LASTS
        )
        .order_by(SecondFactorRecovery.requested_at)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    people = [row.person_id for row in rows]
    accounts = {
        account.person_id: account.id
        for account in session.scalars(select(Account).where(Account.person_id.in_(people)))
    }
    for row in rows:
        _lapse(session, row=row, account_id=accounts[row.person_id], now=now)
    return len(rows)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput.of("理由を書いてください。", field="reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput.of(f"理由は{REASON_LENGTH}文字までにしてください。", field="reason")


def _account_of(session: Session, *, person_id: UUID) -> Account:
    account = session.scalars(
        select(Account).where(Account.person_id == person_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound
    return account


def _waiting(session: Session, *, person_id: PersonId) -> SecondFactorRecovery | None:
    return session.scalars(
        select(SecondFactorRecovery)
        .where(SecondFactorRecovery.person_id == person_id, SecondFactorRecovery.outcome.is_(None))
        .with_for_update()
    ).one_or_none()


def _locked(session: Session, *, recovery_id: UUID) -> tuple[SecondFactorRecovery, Account]:
    """Return a request and the account it concerns, both locked: the account first, as everywhere."""
    person_id = session.scalar(
        select(SecondFactorRecovery.person_id).where(SecondFactorRecovery.id == recovery_id)
    )
    if person_id is None:
        raise NotFound
    account = _account_of(session, person_id=person_id)
    row = session.scalars(
        select(SecondFactorRecovery).where(SecondFactorRecovery.id == recovery_id).with_for_update()
    ).one()
    return row, account


def _to_be_decided(
    session: Session, *, actor: Actor, recovery_id: UUID, day: date, now: datetime
) -> tuple[SecondFactorRecovery, Account]:
    row, account = _locked(session, recovery_id=recovery_id)
    subject = recovery_subject(
        session, person_id=PersonId(row.person_id), requested_by=PersonId(row.requested_by), day=day
    )
    require(Permission.UNIT_SECOND_FACTOR_CONFIRM, actor=actor, subject=subject)
    _refuse_when_over(row, now=now)
    return row, account


def _refuse_when_over(row: SecondFactorRecovery, *, now: datetime) -> None:
    if row.outcome is not None:
        raise NotNow("この申し出は、もう終わっています。画面を開き直してください。")
    if now >= lapses_at(row.requested_at):
        raise NotNow(
            "申し出から24時間が過ぎたため、この申し出は終わりました。要るときは、システム管理者が申し出直してください。"
        )


def _end(
    session: Session, *, row: SecondFactorRecovery, outcome: RecoveryOutcome, actor: Actor, now: datetime
) -> None:
    row.outcome, row.decided_by, row.ended_at = outcome.value, actor.person_id, now
    session.flush()


def _lapse(session: Session, *, row: SecondFactorRecovery, account_id: UUID, now: datetime) -> None:
    row.outcome, row.ended_at = RecoveryOutcome.LAPSED.value, now
    session.flush()
    nobody = ActorMark(person_id=None, via=Via.JOB)
    _record(session, row=row, account_id=account_id, event="recovery_lapsed", mark=nobody, now=now)


def _record(
    session: Session,
    *,
    row: SecondFactorRecovery,
    account_id: UUID,
    event: str,
    mark: ActorMark,
    now: datetime,
) -> None:
    record(
        session,
        subject=account_subject(account_id),
        event=f"second-factor.{event}",
        actor=mark,
        now=now,
        facts={"recovery": str(row.id), "reason": salted_digest(row.reason, salt=row.salt)},
    )


def _tell(
    session: Session, *, row: SecondFactorRecovery, kind: str, people: Iterable[PersonId], now: datetime
) -> None:
    drafts = [
        NoticeDraft(person_id=person, kind=kind, subject_id=row.id, context_id=row.id, occasion="once")
        for person in sorted(people)
    ]
    notify(session, drafts=drafts, now=now)
