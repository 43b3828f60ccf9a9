"""Two people do the same at the same time: one of them is told so, and neither meets a fault."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.rules import ActorMark, Via
from app.kernel.clock import start_of_day
from app.kernel.errors import InvalidInput, NotNow
from app.organisation.commands import assign_unit_function
from app.organisation.models import UnitFunctionAssignment
from app.organisation.rules import Outcome, UnitFunction
from app.people.commands import (
    assign_person_function,
    create_account,
    create_accounts,
    disable_account,
    name_for_duty,
)
from app.people.commands.inventory import confirm_accounts, open_round, tend_inventory
from app.people.models import (
    Account,
    AccountAct,
    DutyAssignment,
    InventoryRound,
    PersonFunctionAssignment,
)
from app.people.rules import Duty, PersonFunction
from app.people.rules.inventory import Decision, LineAnswer
from tests.factories.inventory import DUE, QUARTER, SUSPEND, account_of, running_inventory
from tests.integration.people.conftest import Office
from tests.people import (
    AFFAIRS,
    COUNTER,
    HAYASHI,
    ITO,
    KIMURA,
    NAKAMURA,
    SATO,
    STORY,
    SUZUKI,
    WATANABE,
    YAMADA,
    YAMAMOTO,
    Cast,
)

DAY = date(2026, 11, 20)
OPERATOR = ActorMark(person_id=None, via=Via.CLI, operator="root")
Command = Callable[[Session], object]


@pytest.fixture
def at_once(office: Office) -> Callable[[Command, Command], object]:
    """Carry out one command, and begin another one before the first is committed; return what that gives."""

    def run(first: Command, second: Command) -> object:
        def later() -> object:
            with office.database.transaction() as session:
                return second(session)

        with ThreadPoolExecutor(max_workers=1) as pool:
            with office.database.transaction() as session:
                first(session)
                waiting = pool.submit(later)
                sleep(0.3)
            return waiting.result()

    return run


AtOnce = Callable[[Command, Command], object]


@pytest.fixture
def newcomer(office: Office) -> None:
    """伊藤 has no account yet."""
    with office.database.transaction() as session:
        session.execute(delete(Account).where(Account.person_id == ITO.id))


def test_an_account_is_made_once(at_once: AtOnce, newcomer: None, office: Office) -> None:
    def create(session: Session) -> object:
        return create_account(session, person_id=ITO.id, first_hash="x", by=OPERATOR, now=STORY)

    with pytest.raises(NotNow, match="もう利用者になっています"):
        at_once(create, create)
    with office.database.reading() as session:
        assert len(session.scalars(select(Account).where(Account.person_id == ITO.id)).all()) == 1


def test_accounts_for_everybody_leave_out_the_one_just_made(at_once: AtOnce, newcomer: None) -> None:
    def one(session: Session) -> object:
        return create_account(session, person_id=ITO.id, first_hash="x", by=OPERATOR, now=STORY)

    def everybody(session: Session) -> object:
        return create_accounts(session, hashes={ITO.id: "y"}, by=OPERATOR, now=STORY)

    assert at_once(one, everybody) == ()


def test_an_account_is_closed_once(at_once: AtOnce, office: Office) -> None:
    administrator = ActorMark(person_id=str(WATANABE.id), via=Via.CLI, operator="root")

    def close(session: Session) -> None:
        disable_account(session, person_id=ITO.id, reason="退職", by=administrator, now=STORY)

    with pytest.raises(NotNow, match="もう停止しています"):
        at_once(close, close)


def naming(by: Actor, *, since: date) -> Command:
    def name(session: Session) -> object:
        return name_for_duty(
            session,
            actor=by,
            unit_id=AFFAIRS.id,
            staff_no=YAMADA.staff_no,
            duty=Duty.DEPUTY,
            valid_from=since,
            valid_to=None,
            now=STORY,
        )

    return name


@pytest.mark.parametrize("other_day", [DAY, DAY.replace(day=25)])
def test_somebody_is_named_once_for_the_same_time(at_once: AtOnce, office: Office, other_day: date) -> None:
    head = office.actor(SUZUKI, DAY)
    with pytest.raises(InvalidInput, match="もう指名されています"):
        at_once(naming(head, since=DAY), naming(head, since=other_day))
    with office.database.reading() as session:
        named = select(DutyAssignment).where(DutyAssignment.person_id == YAMADA.id)
        assert len(session.scalars(named.where(DutyAssignment.duty == "deputy")).all()) == 1


def test_a_person_gets_a_function_once(at_once: AtOnce, office: Office) -> None:
    def assign(session: Session) -> object:
        return assign_person_function(
            session,
            staff_no=YAMAMOTO.staff_no,
            function=PersonFunction.CIO,
            valid_from=DAY,
            valid_to=None,
            by=OPERATOR,
            now=STORY,
        )

    assert at_once(assign, assign) is Outcome.UNCHANGED
    with office.database.reading() as session:
        held = select(PersonFunctionAssignment).where(PersonFunctionAssignment.person_id == YAMAMOTO.id)
        assert len(session.scalars(held).all()) == 1


def test_a_unit_gets_a_function_once(at_once: AtOnce, office: Office) -> None:
    def assign(session: Session) -> object:
        return assign_unit_function(
            session,
            unit_code=COUNTER.code,
            function=UnitFunction.AUDIT,
            valid_from=DAY,
            valid_to=None,
            by=OPERATOR,
            now=STORY,
        )

    assert at_once(assign, assign) is Outcome.UNCHANGED
    with office.database.reading() as session:
        held = select(UnitFunctionAssignment).where(UnitFunctionAssignment.unit_id == COUNTER.id)
        assert len(session.scalars(held).all()) == 1


# ------------------------------------------------------------------------------------ the account inventory


def test_a_round_is_opened_once(at_once: AtOnce, office: Office) -> None:
    administrator = office.actor(NAKAMURA, DAY)

    def opened(session: Session) -> object:
        return open_round(
            session, actor=administrator, quarter=QUARTER, due_on=DUE, suspend_on=SUSPEND, now=STORY
        )

    with pytest.raises(NotNow, match="もう始まっています"):
        at_once(opened, opened)
    with office.database.reading() as session:
        assert len(session.scalars(select(InventoryRound)).all()) == 1


def test_two_jobs_suspend_an_account_once(at_once: AtOnce, office: Office) -> None:
    running_inventory(office.database)

    def tend(session: Session) -> object:
        return tend_inventory(session, now=start_of_day(SUSPEND))

    assert at_once(tend, tend) == 0
    with office.database.reading() as session:
        closed = [act.account_id for act in session.scalars(select(AccountAct))]
    assert closed
    assert len(closed) == len(set(closed))


def test_of_the_last_two_administrators_one_stays_when_both_are_stopped_at_once(
    at_once: AtOnce, office: Office
) -> None:
    office.function(HAYASHI, "administrator")
    about = running_inventory(office.database)
    head = office.actor(KIMURA, DAY)

    def stop(cast: Cast) -> Command:
        answer = LineAnswer(
            account_id=account_of(office.database, cast),
            decision=Decision.STOP,
            reason="使わない",
            seen_version=1,
        )
        return lambda session: confirm_accounts(
            session, actor=head, round_id=about, answers=[answer], now=STORY
        )

    with pytest.raises(InvalidInput, match="再開できる管理者がいなくなります"):
        at_once(stop(NAKAMURA), stop(HAYASHI))


def test_who_confirms_while_the_round_is_closed_is_told_so(at_once: AtOnce, office: Office) -> None:
    about = running_inventory(office.database)
    head = office.actor(SUZUKI, DAY)
    answer = LineAnswer(
        account_id=account_of(office.database, SATO), decision=Decision.KEEP, reason="", seen_version=1
    )

    def tend(session: Session) -> object:
        return tend_inventory(session, now=start_of_day(SUSPEND))

    def confirm(session: Session) -> object:
        return confirm_accounts(session, actor=head, round_id=about, answers=[answer], now=STORY)

    with pytest.raises(NotNow, match="締め切りました"):
        at_once(tend, confirm)
