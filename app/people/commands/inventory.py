"""Writing an inventory of accounts: opening a round, confirming, and suspending what nobody confirmed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import Entry, record, record_many
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.clock import business_date
from app.kernel.digest import canonical, digest_of, new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, Problem, StaleVersion
from app.kernel.fiscal_year import plain_date
from app.kernel.ids import AccountId, PersonId, new_id
from app.notices.commands import notify
from app.notices.rules import NoticeDraft
from app.people.commands.accounts import Closing, close_accounts
from app.people.commands.sessions import account_subject
from app.people.models import Account, InventoryLine, InventoryRound, SignInSession
from app.people.queries.holders import holders_of
from app.people.queries.inventory import LineView, RoundView, lines_of, round_view
from app.people.queries.standing import standings
from app.people.rules.inventory import (
    Decision,
    Ending,
    LineAnswer,
    Occasion,
    Quarter,
    TopAccount,
    occasion_on,
    offered_quarters,
    reason_problem,
    refuse_days,
    spared,
)
from app.people.rules.standing import Standing

INVENTORY: Final = Subject(type=SubjectType.INSTALLATION, id="account-inventory")
"""The chain of the rounds; what is decided about an account stands in the account's own."""
_BY_RULE: Final = ActorMark(person_id=None, via=Via.JOB)


# ------------------------------------------------------------------------------------------------ opening


def open_round(
    session: Session, *, actor: Actor, quarter: Quarter, due_on: date, suspend_on: date, now: datetime
) -> UUID:
    """Open the round of a quarter with every account in force, and tell those who are asked; return its id.

    Raises:
        NotAllowed: the actor is no administrator.
        InvalidInput: days that leave nobody time, or a quarter that is not offered.
        NotNow: the quarter has its round, or another round still runs.
    """
    require(Permission.CITY_ACCOUNT_INVENTORY_MANAGE, actor=actor)
    today = business_date(now)
    refuse_days(due_on=due_on, suspend_on=suspend_on, today=today)
    _refuse_quarter(session, quarter=quarter, today=today)
    made = InventoryRound(
        id=new_id(),
        fiscal_year=quarter.fiscal_year,
        quarter=quarter.number,
        due_on=due_on,
        suspend_on=suspend_on,
        opened_by=actor.person_id,
        opened_at=now,
    )
    stored = False
    with suppress(IntegrityError), session.begin_nested():
        session.add(made)
        session.flush()
        stored = True
    if not stored:
        raise NotNow(_TAKEN)
    rows = [_snapshot(made.id, one) for one in standings(session, today=today) if not one.over]
    session.execute(insert(InventoryLine), rows)
    record(
        session,
        subject=INVENTORY,
        event="account-inventory.opened",
        actor=actor.mark,
        now=now,
        facts={
            "round": str(made.id),
            "quarter": quarter.code,
            "due": due_on.isoformat(),
            "suspend": suspend_on.isoformat(),
            "accounts": len(rows),
            "content": digest_of(sorted([str(r["account_id"]), r["roles"], r["concerns"]] for r in rows)),
        },
    )
    lines = lines_of(session, round_id=made.id, today=today)
    _tell(session, about=round_view(made), lines=lines, occasion=Occasion.OPENED, now=now)
    return made.id


_TAKEN: Final = "この四半期の棚卸しは、もう始まっています。一覧を開き直してください。"


def _refuse_quarter(session: Session, *, quarter: Quarter, today: date) -> None:
    rounds = session.execute(
        select(InventoryRound.fiscal_year, InventoryRound.quarter, InventoryRound.closed_at)
    ).all()
    done = {Quarter(one.fiscal_year, one.quarter) for one in rounds}
    if quarter in done:
        raise NotNow(_TAKEN)
    if any(one.closed_at is None for one in rounds):
        raise NotNow("前の棚卸しが、まだ終わっていません。利用を止める日のあとで、始めてください。")
    if quarter not in offered_quarters(today, done=done):
        raise InvalidInput.of("いまの四半期か、ひとつ前の四半期を選んでください。", field="quarter")


def _snapshot(round_id: UUID, one: Standing) -> dict[str, Any]:
    return {
        "round_id": round_id,
        "account_id": one.facts.account_id,
        "person_id": one.facts.person.id,
        "unit_id": one.unit_id,
        "last_sign_in_at": one.last_sign_in_at,
        "expires_on": one.facts.expires_on,
        "roles": canonical([role.value for role in one.roles]),
        "concerns": canonical([concern.value for concern in one.concerns]),
        "version": 1,
        "reason": "",
        "salt": "",
    }


# --------------------------------------------------------------------------------------------- confirming


class LinesChanged(StaleVersion):
    """Somebody else decided about some of these accounts meanwhile: nothing was stored."""

    def __init__(self, accounts: Collection[AccountId]) -> None:
        self.accounts = frozenset(accounts)
        super().__init__(
            "画面を開いたあとに、ほかの人が確かめた利用者があります。何も保存していません。"
            "いまの内容を見て、もう一度送ってください。"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What one press did."""

    kept: int
    stopped: int


def confirm_accounts(
    session: Session, *, actor: Actor, round_id: UUID, answers: Sequence[LineAnswer], now: datetime
) -> Confirmed:
    """Write down for each account whether it is used further; one that is stopped is closed at once.

    An answer can be changed until the round closes. To open an account again that was stopped is an administrator's act.

    Raises:
        NotFound: no such round, no such account in it, or one that the actor may not see.
        NotAllowed: one's own account, or one for which somebody nearer is asked.
        NotNow: the round is closed.
        LinesChanged: somebody else was quicker.
        InvalidInput: nothing was answered, a reason is missing, or nobody would be left to open accounts.
    """
    today = business_date(now)
    about = _running_round(session, round_id=round_id)
    if not answers:
        raise InvalidInput.of("「使う」か「止める」を、一人以上選んでください。", field="lines")
    given = {answer.account_id: answer for answer in answers}
    lines = _locked_lines(session, round_id=round_id, account_ids=given, today=today)
    for line in lines:
        _authorise(actor, line)
    fresh = [line for line in lines if not _says_the_same(given[line.account_id], line)]
    stale = [line.account_id for line in fresh if line.version != given[line.account_id].seen_version]
    if stale:
        raise LinesChanged(stale)
    stops = [line for line in fresh if given[line.account_id].decision is Decision.STOP]
    _refuse_answers(session, fresh, given=given, stops=stops, today=today)
    _write_answers(session, fresh, given=given, about=about, actor=actor, now=now)
    close_accounts(
        session,
        closings=[
            Closing(
                account_id=line.account_id,
                reason=f"アカウント棚卸し（{about.label}）：{given[line.account_id].reason}",
            )
            for line in stops
        ],
        disabled_by=actor.person_id,
        mark=actor.mark,
        now=now,
    )
    return Confirmed(kept=len(fresh) - len(stops), stopped=len(stops))


def _running_round(session: Session, *, round_id: UUID) -> RoundView:
    # Shared: confirmations go on beside each other, and the job that closes the round waits for them.
    row = session.scalars(
        select(InventoryRound).where(InventoryRound.id == round_id).with_for_update(read=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.closed_at is not None:
        raise NotNow(
            "この棚卸しは、もう締め切りました。利用を再開したいときは、システム管理者に頼んでください。"
        )
    return round_view(row)


def _locked_lines(
    session: Session, *, round_id: UUID, account_ids: Iterable[AccountId], today: date
) -> tuple[LineView, ...]:
    wanted = list(account_ids)
    those = InventoryLine.account_id.in_(wanted)
    session.execute(
        select(InventoryLine.account_id)
        .where(InventoryLine.round_id == round_id, those)
        .order_by(InventoryLine.account_id)
        .with_for_update()
    ).all()
    lines = lines_of(session, round_id=round_id, today=today, only=(those,))
    if len(lines) < len(wanted):
        raise NotFound
    return lines


def _authorise(actor: Actor, line: LineView) -> None:
    if line.person.id == actor.person_id:
        raise NotAllowed(
            "自分の利用者は、自分では確かめられません。ひとつ上の所属長か、統括、システム管理者が確かめます。"
        )
    require(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, actor=actor, subject=line.subject)
    if not line.asks(actor):
        raise NotAllowed(
            "この利用者は、もっと近い人（所属長、代決者など）が確かめます。棚卸しの画面で、だれに頼んでいるかを見てください。"
        )


def _says_the_same(answer: LineAnswer, line: LineView) -> bool:
    return (line.decision, line.reason) == (answer.decision, answer.reason)


def _refuse_answers(
    session: Session,
    lines: Sequence[LineView],
    *,
    given: Mapping[AccountId, LineAnswer],
    stops: Sequence[LineView],
    today: date,
) -> None:
    problems = [
        Problem(message=f"{line.person.name}：{sentence}", field=f"reason-{line.account_id}")
        for line in lines
        if (sentence := reason_problem(given[line.account_id], unit_id=line.unit_id))
    ]
    kept_open = spared(
        [line.account_id for line in stops], top=_top_accounts(session, today=today) if stops else ()
    )
    problems += [
        Problem(
            message=f"{line.person.name}：止めると、利用者を再開できる管理者がいなくなります。"
            "先に、ほかのシステム管理者を決めてください。",
            field=f"decision-{line.account_id}",
        )
        for line in stops
        if line.account_id in kept_open
    ]
    if problems:
        raise InvalidInput(problems)


def _write_answers(
    session: Session,
    lines: Sequence[LineView],
    *,
    given: Mapping[AccountId, LineAnswer],
    about: RoundView,
    actor: Actor,
    now: datetime,
) -> None:
    if not lines:
        return
    salts = {line.account_id: new_salt() for line in lines}
    session.execute(
        update(InventoryLine),
        [
            {
                "round_id": about.id,
                "account_id": line.account_id,
                "version": line.version + 1,
                "decision": given[line.account_id].decision.value,
                "reason": given[line.account_id].reason,
                "salt": salts[line.account_id],
                "decided_by": actor.person_id,
                "decided_at": now,
            }
            for line in lines
        ],
    )
    record_many(
        session,
        entries=[
            Entry(
                subject=account_subject(line.account_id),
                event="account.inventory-confirmed",
                facts={
                    "round": str(about.id),
                    "decision": given[line.account_id].decision.value,
                    "reason": salted_digest(given[line.account_id].reason, salt=salts[line.account_id]),
                    "asked-as": line.asked.step.value,
                },
            )
            for line in lines
        ],
        actor=actor.mark,
        now=now,
    )


def _top_accounts(session: Session, *, today: date) -> tuple[TopAccount, ...]:
    """Return the accounts in force of the administrators and of 統括, under lock: two who close the last ones wait for each other."""
    administrators = holders_of(session, function=Function.ADMINISTRATOR, day=today)
    top = administrators | holders_of(session, function=Function.CHIEF, day=today)
    last = (
        select(func.max(SignInSession.created_at))
        .where(SignInSession.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Account.id, Account.person_id, Account.expires_on, last.label("last"))
        .where(Account.person_id.in_(top), Account.disabled_at.is_(None))
        .order_by(Account.id)
        .with_for_update(of=Account)
    ).all()
    return tuple(
        TopAccount(
            account_id=AccountId(row.id),
            administers=PersonId(row.person_id) in administrators,
            last_sign_in_on=business_date(row.last) if row.last else None,
        )
        for row in rows
        if row.expires_on is None or row.expires_on >= today
    )


# ------------------------------------------------------------------------------------------ the regular job


def tend_inventory(session: Session, *, now: datetime) -> int:
    """Remind of running rounds, and suspend what nobody confirmed once its day has come; return how many things were done.

    May run twice or beside another process: a notice is written once, and a round is closed once, under lock.
    """
    today = business_date(now)
    rounds = session.scalars(
        select(InventoryRound)
        .where(InventoryRound.closed_at.is_(None))
        .order_by(InventoryRound.id)
        .with_for_update()
    ).all()
    return sum(
        _close(session, row, now=now) if row.suspend_on <= today else _remind(session, row, now=now)
        for row in rounds
    )


def _remind(session: Session, row: InventoryRound, *, now: datetime) -> int:
    about, today = round_view(row), business_date(now)
    occasion = occasion_on(today, opened_on=about.opened_on, due_on=about.due_on, suspend_on=about.suspend_on)
    if occasion is None:
        return 0
    lines = lines_of(session, round_id=row.id, today=today)
    written = _tell(session, about=about, lines=lines, occasion=occasion, now=now)
    if written:
        record(
            session,
            subject=INVENTORY,
            event="account-inventory.reminded",
            actor=_BY_RULE,
            now=now,
            facts={"round": str(row.id), "occasion": occasion.value, "notices": written},
        )
    return written


def _close(session: Session, row: InventoryRound, *, now: datetime) -> int:
    about, today = round_view(row), business_date(now)
    doomed = [line.account_id for line in lines_of(session, round_id=row.id, today=today) if line.open]
    stay = spared(doomed, top=_top_accounts(session, today=today))
    reason = f"アカウント棚卸し（{about.label}）で、{plain_date(about.due_on)}までに確認がなかったため"
    closed = close_accounts(
        session,
        closings=[Closing(account_id=one, reason=reason) for one in doomed if one not in stay],
        disabled_by=about.opened_by,
        mark=_BY_RULE,
        now=now,
    )
    _end_lines(session, row, accounts=closed, ending=Ending.SUSPENDED)
    _end_lines(session, row, accounts=sorted(stay), ending=Ending.SPARED)
    row.closed_at = now
    session.flush()
    record(
        session,
        subject=INVENTORY,
        event="account-inventory.closed",
        actor=_BY_RULE,
        now=now,
        facts={
            "round": str(row.id),
            "suspended": sorted(str(one) for one in closed),
            "spared": sorted(str(one) for one in stay),
        },
    )
    _tell_the_end(session, about=about, stay=stay, today=today, now=now)
    return max(1, len(closed))


def _end_lines(
    session: Session, row: InventoryRound, *, accounts: Sequence[AccountId], ending: Ending
) -> None:
    if accounts:
        session.execute(
            update(InventoryLine),
            [{"round_id": row.id, "account_id": one, "ending": ending.value} for one in accounts],
        )


# ------------------------------------------------------------------------------------------------- telling


def _tell(
    session: Session, *, about: RoundView, lines: Sequence[LineView], occasion: Occasion, now: datetime
) -> int:
    asked = {person for line in lines if line.open for person in line.asked.people}
    return _notify(
        session, about=about, people=asked, kind=f"inventory-{occasion.value}", due_on=about.due_on, now=now
    )


def _tell_the_end(
    session: Session, *, about: RoundView, stay: Collection[AccountId], today: date, now: datetime
) -> None:
    administrators = holders_of(session, function=Function.ADMINISTRATOR, day=today)
    _notify(session, about=about, people=administrators, kind="inventory-closed", due_on=None, now=now)
    if stay:
        watching = administrators | holders_of(session, function=Function.CHIEF, day=today)
        watching |= holders_of(session, function=Function.AUDITOR, day=today)
        _notify(session, about=about, people=watching, kind="inventory-spared", due_on=None, now=now)


def _notify(
    session: Session,
    *,
    about: RoundView,
    people: Iterable[PersonId],
    kind: str,
    due_on: date | None,
    now: datetime,
) -> int:
    drafts = [
        NoticeDraft(
            person_id=person_id,
            kind=kind,
            subject_id=about.id,
            context_id=about.id,
            occasion=about.quarter.code,
            due_on=due_on,
        )
        for person_id in sorted(people)
    ]
    return notify(session, drafts=drafts, now=now)
