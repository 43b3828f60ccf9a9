"""Accounts, as the system administrator keeps them. The administrator never learns a password that is in use.

A first password is made and hashed before the transaction, told once, and has to be changed at the first
sign-in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.commands import Entry, record, record_many
from app.journal.rules import ActorMark
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import AccountId, PersonId, new_id
from app.organisation.commands import By, authorised
from app.people.commands.sessions import account_subject, end_sessions_of, end_sessions_of_many
from app.people.models import Account, AccountAct, Person
from app.people.rules import STAFF_TERM, AccountActKind, AccountKind, SessionEnd, Term, refuse_end

REASON_LENGTH: Final = 400
NO_FACTS: Final[Mapping[str, str]] = {}


def create_accounts(
    session: Session, *, hashes: Mapping[PersonId, str], by: By, now: datetime, term: Term = STAFF_TERM
) -> tuple[PersonId, ...]:
    """Give accounts to those who have none yet; return who got one. `hashes` are of their first passwords.

    Raises:
        NotAllowed: the actor is no administrator.
    """
    mark = authorised(by)
    # Two administrators at once: the second one waits here, and then sees what the first one made.
    people = select(Person.id).where(Person.id.in_(list(hashes))).order_by(Person.id)
    session.execute(people.with_for_update(key_share=True)).all()
    have = set(session.scalars(select(Account.person_id).where(Account.person_id.in_(list(hashes)))))
    created = tuple(person_id for person_id in hashes if person_id not in have)
    accounts = [
        Account(
            id=new_id(),
            person_id=person_id,
            password_hash=hashes[person_id],
            must_change_password=True,
            created_at=now,
            kind=term.kind.value,
            expires_on=term.expires_on,
        )
        for person_id in created
    ]
    session.add_all(accounts)
    session.flush()
    for account in accounts:
        _note(session, account=account, act=AccountActKind.CREATED, reason="", mark=mark, now=now)
    return created


def create_account(
    session: Session,
    *,
    person_id: PersonId,
    first_hash: str,
    by: By,
    now: datetime,
    term: Term = STAFF_TERM,
) -> AccountId:
    """Give an account to one person; `term` comes from `contractor_term` for who works under a contract.

    Raises:
        NotFound: there is no such person.
        NotNow: the person has an account already.
    """
    authorised(by)
    if session.get(Person, person_id) is None:
        raise NotFound
    if not create_accounts(session, hashes={person_id: first_hash}, by=by, now=now, term=term):
        raise NotNow("この職員は、もう利用者になっています。一覧を開き直してください。")
    return AccountId(session.scalars(select(Account.id).where(Account.person_id == person_id)).one())


def reset_password(
    session: Session, *, person_id: PersonId, first_hash: str, reason: str, by: By, now: datetime
) -> None:
    """Put a new first password in place of a forgotten one and end all sessions.

    Raises:
        InvalidInput: no reason.
        NotAllowed: no administrator, or the administrator's own account.
        NotFound: the person has no account.
    """
    account, mark = _to_be_changed(session, person_id=person_id, reason=reason, by=by)
    account.password_hash, account.must_change_password = first_hash, True
    _note(session, account=account, act=AccountActKind.RESET, reason=reason, mark=mark, now=now)
    _end_all(session, account=account, why=SessionEnd.RESET, mark=mark, now=now)


def disable_account(session: Session, *, person_id: PersonId, reason: str, by: By, now: datetime) -> None:
    """Close an account: it is refused from the next request on.

    Raises:
        InvalidInput, NotAllowed, NotFound: as for `reset_password`.
        NotNow: the account is closed already, or nobody is named who closes it.
    """
    account, mark = _to_be_changed(session, person_id=person_id, reason=reason, by=by)
    if account.disabled_at is not None:
        raise NotNow("この利用者は、もう停止しています。画面を開き直してください。")
    if mark.person_id is None:
        raise NotNow("利用を止める人を、職員番号で示してください。")
    close_accounts(
        session,
        closings=[Closing(account_id=AccountId(account.id), reason=reason)],
        disabled_by=PersonId(UUID(mark.person_id)),
        mark=mark,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """An account that is to be closed, and why."""

    account_id: AccountId
    reason: str


def close_accounts(
    session: Session,
    *,
    closings: Sequence[Closing],
    disabled_by: PersonId,
    mark: ActorMark,
    now: datetime,
) -> tuple[AccountId, ...]:
    """Close accounts and end their sessions, in a number of statements that does not grow; return those that were open.

    The caller has authorised it. `disabled_by` stands in the row, `mark` in the journal: a regular job closes in the name of
    whoever set its day.
    """
    reasons = {closing.account_id: closing.reason.strip() for closing in closings}
    rows = session.scalars(
        select(Account)
        .where(Account.id.in_(reasons), Account.disabled_at.is_(None))
        .order_by(Account.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    closed = tuple(AccountId(row.id) for row in rows)
    if not closed:
        return ()
    for row in rows:
        row.disabled_at, row.disabled_by = now, disabled_by
    session.flush()
    acts = [
        AccountAct(
            account_id=account_id,
            act=AccountActKind.DISABLED.value,
            reason=reasons[account_id],
            salt=new_salt(),
            done_at=now,
            done_by=_person_of(mark),
        )
        for account_id in closed
    ]
    session.add_all(acts)
    session.flush()
    record_many(
        session,
        entries=[
            Entry(
                subject=account_subject(act.account_id),
                event=f"account.{act.act}",
                facts={"reason": salted_digest(act.reason, salt=act.salt)},
            )
            for act in acts
        ],
        actor=mark,
        now=now,
    )
    end_sessions_of_many(session, account_ids=closed, reason=SessionEnd.DISABLED, mark=mark, now=now)
    return closed


def enable_account(session: Session, *, person_id: PersonId, reason: str, by: By, now: datetime) -> None:
    """Open a closed account again; its password is still the old one.

    Raises:
        InvalidInput, NotAllowed, NotFound: as for `reset_password`.
        NotNow: the account is not closed.
    """
    account, mark = _to_be_changed(session, person_id=person_id, reason=reason, by=by)
    if account.disabled_at is None:
        raise NotNow("この利用者は、停止していません。画面を開き直してください。")
    account.disabled_at, account.disabled_by = None, None
    _note(session, account=account, act=AccountActKind.ENABLED, reason=reason, mark=mark, now=now)


def extend_account(
    session: Session, *, person_id: PersonId, until: date, reason: str, by: By, now: datetime
) -> None:
    """Give a contractor's account another last day, later or earlier.

    Raises:
        InvalidInput, NotAllowed, NotFound: as for `reset_password`; or a day that cannot be one.
        NotNow: it is an employee's account, or the day is the one that it has.
    """
    account, mark = _to_be_changed(session, person_id=person_id, reason=reason, by=by)
    refuse_end(until, today=business_date(now))
    if account.kind != AccountKind.CONTRACTOR.value:
        raise NotNow("職員の利用者には、利用の最後の日はありません。所属と役割の期間で決まります。")
    if account.expires_on == until:
        raise InvalidInput.of("いまと同じ日です。変えるときは、別の日を入れてください。", field="until")
    account.expires_on = until
    facts = {"until": until.isoformat()}
    _note(
        session,
        account=account,
        act=AccountActKind.EXTENDED,
        reason=reason,
        mark=mark,
        now=now,
        facts=facts,
    )


def end_sessions(session: Session, *, person_id: PersonId, reason: str, by: By, now: datetime) -> int:
    """End every session of somebody, for example on a lost terminal; return how many.

    Raises:
        InvalidInput, NotAllowed, NotFound: as for `reset_password`.
    """
    account, mark = _to_be_changed(session, person_id=person_id, reason=reason, by=by)
    _note(session, account=account, act=AccountActKind.SESSIONS_ENDED, reason=reason, mark=mark, now=now)
    return _end_all(session, account=account, why=SessionEnd.ADMINISTRATOR, mark=mark, now=now)


def _to_be_changed(
    session: Session, *, person_id: PersonId, reason: str, by: By
) -> tuple[Account, ActorMark]:
    mark = authorised(by)
    if mark.person_id == str(person_id):
        raise NotAllowed("自分の利用者情報は変えられません。ほかのシステム管理者に頼んでください。")
    if not reason.strip():
        raise InvalidInput.of("理由を書いてください。", field="reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput.of(f"理由は{REASON_LENGTH}文字までにしてください。", field="reason")
    account = session.scalars(
        select(Account).where(Account.person_id == person_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound
    return account, mark


def _note(
    session: Session,
    *,
    account: Account,
    act: AccountActKind,
    reason: str,
    mark: ActorMark,
    now: datetime,
    facts: Mapping[str, str] = NO_FACTS,
) -> None:
    salt = new_salt()
    session.add(
        AccountAct(
            account_id=account.id,
            act=act.value,
            reason=reason.strip(),
            salt=salt,
            done_at=now,
            done_by=_person_of(mark),
        )
    )
    session.flush()
    record(
        session,
        subject=account_subject(account.id),
        event=f"account.{act.value}",
        actor=mark,
        now=now,
        facts={"reason": salted_digest(reason.strip(), salt=salt), **facts},
    )


def _end_all(session: Session, *, account: Account, why: SessionEnd, mark: ActorMark, now: datetime) -> int:
    return end_sessions_of(session, account_id=AccountId(account.id), reason=why, mark=mark, now=now)


def _person_of(mark: ActorMark) -> UUID | None:
    return UUID(mark.person_id) if mark.person_id else None
