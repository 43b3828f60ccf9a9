"""The account inventory on both engines: who is asked, who may not, what is stopped, and what the regular job does."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.session import Database
from app.health.rules import Job
from app.jobs.round import Round, run_round
from app.journal.queries import lines_of as journal_of
from app.journal.queries import verify
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import start_of_day
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import PersonId, new_id
from app.notices.models import Notice
from app.people.commands import create_account, disable_account, enable_account
from app.people.commands.inventory import (
    INVENTORY,
    Confirmed,
    LinesChanged,
    confirm_accounts,
    open_round,
    tend_inventory,
)
from app.people.models import (
    Account,
    AccountAct,
    InventoryLine,
    InventoryRound,
    Person,
    Posting,
    SignInSession,
)
from app.people.queries.inventory import InventoryCounter, LineView, confirm_page, lines_of, progress_page
from app.people.rules import contractor_term
from app.people.rules.inventory import Decision, Ending, LineAnswer, Quarter, Step
from app.people.rules.standing import Concern, HeldRole
from tests.factories.city import password_hash
from tests.factories.inventory import DUE, OPENED, QUARTER, SUSPEND, account_of, person, running_inventory
from tests.integration.people.conftest import Office
from tests.people import (
    AFFAIRS,
    COUNTER,
    EVERYBODY,
    FUJIMOTO,
    HAYASHI,
    HIGASHI,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    ONO,
    SATO,
    STORY,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    YAMADA,
    YOSHIDA,
    Cast,
)
from tests.statements import statements

DAY: Final = timedelta(days=1)
KEEP, STOP = Decision.KEEP, Decision.STOP


@pytest.fixture
def about(database: Database) -> UUID:
    """A round that was opened in the morning of the story's day."""
    return running_inventory(database)


def lines(database: Database, about: UUID, *, today: date = OPENED) -> Mapping[PersonId, LineView]:
    with database.reading() as session:
        return {line.person.id: line for line in lines_of(session, round_id=about, today=today)}


def asked(database: Database, about: UUID, cast: Cast, *, today: date = OPENED) -> set[PersonId]:
    return set(lines(database, about, today=today)[cast.id].asked.people)


def answer(
    database: Database,
    about: UUID,
    cast: Cast,
    decision: Decision = KEEP,
    *,
    reason: str = "",
    seen: int | None = None,
) -> LineAnswer:
    return LineAnswer(
        account_id=account_of(database, cast),
        decision=decision,
        reason=reason,
        seen_version=lines(database, about)[cast.id].version if seen is None else seen,
    )


def confirm(
    database: Database, about: UUID, by: Cast, *answers: LineAnswer, now: datetime = STORY
) -> Confirmed:
    actor = person(database, by)
    with database.transaction() as session:
        return confirm_accounts(session, actor=actor, round_id=about, answers=answers, now=now)


def account(database: Database, cast: Cast) -> Account:
    with database.reading() as session:
        return session.scalars(select(Account).where(Account.person_id == cast.id)).one()


def events(database: Database, cast: Cast) -> list[str]:
    chain = Subject(type=SubjectType.ACCOUNT, id=str(account_of(database, cast)))
    with database.reading() as session:
        return [line.event for line in journal_of(session, subject=chain)]


# ------------------------------------------------------------------------------------------------ opening


def test_a_round_holds_every_account_in_force_as_it_stands(database: Database, office: Office) -> None:
    helper = new_id()
    with database.transaction() as session:
        session.add(Person(id=helper, staff_no="8001", name="委託 守", kana="いたく", created_at=STORY))
        session.execute(
            update(Account)
            .where(Account.person_id == WATANABE.id)
            .values(disabled_at=STORY, disabled_by=NAKAMURA.id)
        )
    with database.transaction() as session:
        create_account(
            session,
            person_id=PersonId(helper),
            first_hash=password_hash(),
            by=person(database, NAKAMURA),
            now=STORY,
            term=contractor_term(OPENED + 30 * DAY, today=OPENED),
        )
    office.open(SATO, now=STORY - 100 * DAY)
    about = running_inventory(database)
    found = lines(database, about)
    assert set(found) == {cast.id for cast in EVERYBODY if cast is not WATANABE} | {helper}
    assert found[SATO.id].concerns == (Concern.UNUSED,)
    assert found[SATO.id].roles == (HeldRole.CLERK,)
    assert found[SATO.id].last_sign_in_at == STORY - 100 * DAY
    assert found[SUZUKI.id].concerns == (Concern.NEVER_USED,)
    assert found[NAKAMURA.id].concerns == (Concern.NEVER_USED, Concern.ADMINISTRATOR_AT_WORK)
    stranger = found[PersonId(helper)]
    assert (stranger.unit_id, stranger.expires_on) == (None, OPENED + 30 * DAY)
    assert set(stranger.concerns) == {
        Concern.NO_POST,
        Concern.NEVER_USED,
        Concern.CONTRACTOR,
        Concern.ENDS_SOON,
    }
    with database.reading() as session:
        opened = journal_of(session, subject=INVENTORY)
    assert [(line.event, line.facts["accounts"]) for line in opened] == [
        ("account-inventory.opened", len(found))
    ]


def test_a_quarter_has_one_round_and_only_one_runs(database: Database, about: UUID) -> None:
    actor = person(database, NAKAMURA)

    def again(quarter: Quarter) -> None:
        with database.transaction() as session:
            open_round(session, actor=actor, quarter=quarter, due_on=DUE, suspend_on=SUSPEND, now=STORY)

    with pytest.raises(NotNow, match="もう始まっています"):
        again(QUARTER)
    with pytest.raises(NotNow, match="まだ終わっていません"):
        again(QUARTER.before)
    with database.transaction() as session:
        session.execute(update(InventoryRound).values(closed_at=STORY))
    with pytest.raises(InvalidInput, match="四半期を選んで"):
        again(Quarter(2026, 1))
    again(QUARTER.before)


@pytest.mark.parametrize("cast", [SUZUKI, OGAWA, KIMURA, ITO])
def test_only_an_administrator_opens_a_round(database: Database, cast: Cast) -> None:
    actor = person(database, cast)
    with database.transaction() as session, pytest.raises(NotAllowed):
        open_round(session, actor=actor, quarter=QUARTER, due_on=DUE, suspend_on=SUSPEND, now=STORY)


def test_whoever_is_asked_is_told_when_a_round_opens(database: Database, about: UUID) -> None:
    with database.reading() as session:
        told = set(session.scalars(select(Notice.person_id).where(Notice.kind == "inventory-opened")))
    assert told == {one.id for one in (SUZUKI, ONO, YAMADA, HIGASHI, KIMURA, OGAWA, NAKAMURA)}


# ---------------------------------------------------------------------------------------------- who is asked


def test_the_city_is_asked_along_its_line(database: Database, about: UUID, office: Office) -> None:
    assert asked(database, about, SATO) == {SUZUKI.id}
    assert asked(database, about, SUZUKI) == {ONO.id}
    assert asked(database, about, YOSHIDA) == {HIGASHI.id}
    assert asked(database, about, FUJIMOTO) == {OGAWA.id}
    assert asked(database, about, ITO) == {OGAWA.id}
    assert asked(database, about, NAKAMURA) == {KIMURA.id}
    assert asked(database, about, OGAWA) == {NAKAMURA.id}
    office.name(SATO, AFFAIRS, "deputy")
    assert asked(database, about, SATO) == {SUZUKI.id}
    office.name(TAKAHASHI, AFFAIRS, "deputy")
    assert asked(database, about, SATO) == {SUZUKI.id, TAKAHASHI.id}


def test_after_a_transfer_the_new_head_is_asked(database: Database, about: UUID, office: Office) -> None:
    moved = OPENED + 3 * DAY
    office.leave(SATO, AFFAIRS, day=moved)
    office.post(SATO, COUNTER, since=moved, kind="main")
    assert asked(database, about, SATO, today=OPENED) == {SUZUKI.id}
    assert asked(database, about, SATO, today=moved) == {YAMADA.id}
    with database.reading() as session:
        stored = session.scalars(select(InventoryLine).where(InventoryLine.person_id == SATO.id)).one()
    assert stored.unit_id == AFFAIRS.id
    later = start_of_day(moved)
    old, new = (office.actor(cast, moved) for cast in (SUZUKI, YAMADA))
    one = answer(database, about, SATO)
    with database.transaction() as session, pytest.raises(NotFound):
        confirm_accounts(session, actor=old, round_id=about, answers=[one], now=later)
    with database.transaction() as session:
        done = confirm_accounts(session, actor=new, round_id=about, answers=[one], now=later)
    assert done.kept == 1


def test_who_has_no_post_any_more_is_the_administrators_matter_with_a_reason(
    database: Database, about: UUID
) -> None:
    with database.transaction() as session:
        session.execute(delete(Posting).where(Posting.person_id == SATO.id))
    found = lines(database, about)[SATO.id]
    assert (found.asked.step, set(found.asked.people)) == (Step.ADMINISTRATOR, {NAKAMURA.id})
    with pytest.raises(InvalidInput, match="使い続ける理由"):
        confirm(database, about, NAKAMURA, answer(database, about, SATO))
    assert confirm(database, about, NAKAMURA, answer(database, about, SATO, reason="休職中")).kept == 1


def test_the_only_administrator_without_a_post_is_the_chiefs_matter(
    database: Database, about: UUID, office: Office
) -> None:
    with database.transaction() as session:
        session.execute(delete(Posting).where(Posting.person_id == NAKAMURA.id))
    assert asked(database, about, NAKAMURA) == {OGAWA.id}
    with pytest.raises(NotAllowed, match="自分の利用者"):
        confirm(database, about, NAKAMURA, answer(database, about, NAKAMURA, reason="要る"))
    office.function(HAYASHI, "administrator")
    assert asked(database, about, NAKAMURA) == {HAYASHI.id}


def test_a_head_whose_account_is_closed_is_passed_over(database: Database, about: UUID) -> None:
    with database.transaction() as session:
        disable_account(session, person_id=SUZUKI.id, reason="休職", by=person(database, NAKAMURA), now=STORY)
    assert asked(database, about, SATO) == {ONO.id}
    assert not lines(database, about)[SUZUKI.id].open


# --------------------------------------------------------------------------------------------- confirming


def test_a_head_confirms_all_at_once_and_may_think_again(database: Database, about: UUID) -> None:
    first = [answer(database, about, cast) for cast in (TANAKA, HAYASHI)]
    assert confirm(database, about, KIMURA, *first) == Confirmed(kept=2, stopped=0)
    assert confirm(database, about, KIMURA, *first) == Confirmed(kept=0, stopped=0)
    found = lines(database, about)[TANAKA.id]
    assert (found.decision, found.decided_by, found.version) == (KEEP, KIMURA.id, 2)
    second = answer(database, about, TANAKA, STOP, reason="異動の予定")
    assert confirm(database, about, KIMURA, second) == Confirmed(kept=0, stopped=1)
    assert account(database, TANAKA).disabled_by == KIMURA.id
    third = answer(database, about, TANAKA, KEEP)
    assert confirm(database, about, KIMURA, third).kept == 1
    assert account(database, TANAKA).disabled_at is not None
    assert events(database, TANAKA) == [
        "account.inventory-confirmed",
        "account.inventory-confirmed",
        "account.disabled",
        "account.inventory-confirmed",
    ]
    with database.reading() as session:
        page = progress_page(
            session, actor=person(database, NAKAMURA), round_id=about, number=1, today=OPENED
        )
        assert [line.person.id for line in page.waiting] == [TANAKA.id]
        assert verify(session).faults == ()


def test_who_is_stopped_is_out_at_once_and_reads_why(database: Database, about: UUID, office: Office) -> None:
    office.open(SATO, now=STORY)
    confirm(database, about, SUZUKI, answer(database, about, SATO, STOP, reason="退職した"))
    with database.reading() as session:
        ended = session.scalars(select(SignInSession)).one()
        act = session.scalars(select(AccountAct)).one()
    assert (ended.ended_at, ended.end_reason) == (STORY, "disabled")
    assert act.reason == "アカウント棚卸し（令和8年度 第3四半期（10〜12月））：退職した"
    assert act.done_by == SUZUKI.id
    assert events(database, SATO)[-3:] == ["account.inventory-confirmed", "account.disabled", "session.ended"]
    with database.transaction() as session:
        enable_account(session, person_id=SATO.id, reason="誤り", by=person(database, NAKAMURA), now=STORY)
    assert account(database, SATO).disabled_at is None


def test_the_journal_holds_no_reason(database: Database, about: UUID) -> None:
    confirm(database, about, SUZUKI, answer(database, about, SATO, STOP, reason="ひみつの事情"))
    chain = Subject(type=SubjectType.ACCOUNT, id=str(account_of(database, SATO)))
    with database.reading() as session:
        assert "ひみつ" not in str([line.facts for line in journal_of(session, subject=chain)])


def test_a_deputy_may(database: Database, about: UUID, office: Office) -> None:
    office.name(TAKAHASHI, AFFAIRS, "deputy")
    assert confirm(database, about, TAKAHASHI, answer(database, about, SATO)).kept == 1
    with pytest.raises(NotAllowed):
        confirm(database, about, TAKAHASHI, answer(database, about, SUZUKI))


@pytest.mark.parametrize("cast", [SUZUKI, OGAWA, NAKAMURA])
def test_nobody_confirms_the_own_account(database: Database, about: UUID, cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="自分の利用者"):
        confirm(database, about, cast, answer(database, about, cast))


@pytest.mark.parametrize(
    ("cast", "of", "refusal"),
    [
        (ONO, SATO, NotAllowed),
        (OGAWA, SATO, NotAllowed),
        (NAKAMURA, SATO, NotAllowed),
        (TANAKA, SATO, NotAllowed),
        (YAMADA, SATO, NotFound),
        (SATO, SUZUKI, NotAllowed),
        (FUJIMOTO, SATO, NotFound),
    ],
)
def test_who_is_not_asked_is_refused(
    database: Database, about: UUID, cast: Cast, of: Cast, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        confirm(database, about, cast, answer(database, about, of))
    assert lines(database, about)[of.id].decision is None


def test_where_nobody_is_asked_whoever_may_can_answer(
    database: Database, about: UUID, office: Office
) -> None:
    """A deputy is not asked for the own head's account; while nobody above can sign in, the deputy may all the same."""
    office.name(TAKAHASHI, AFFAIRS, "deputy")
    with database.transaction() as session:
        session.execute(
            update(Account)
            .where(Account.person_id.in_([ONO.id, OGAWA.id, NAKAMURA.id]))
            .values(disabled_at=STORY, disabled_by=KIMURA.id)
        )
    assert lines(database, about)[SUZUKI.id].asked.step is Step.NOBODY
    assert confirm(database, about, TAKAHASHI, answer(database, about, SUZUKI)).kept == 1


def test_at_the_top_an_administrator_answers_for_the_chief(database: Database, about: UUID) -> None:
    assert confirm(database, about, NAKAMURA, answer(database, about, OGAWA)).kept == 1
    assert confirm(database, about, OGAWA, answer(database, about, ITO)).kept == 1


def test_a_stop_needs_a_reason_and_nothing_of_the_press_is_kept_without(
    database: Database, about: UUID
) -> None:
    both = (answer(database, about, TANAKA), answer(database, about, HAYASHI, STOP))
    with pytest.raises(InvalidInput) as refused:
        confirm(database, about, KIMURA, *both)
    assert [problem.field for problem in refused.value.problems] == [
        f"reason-{account_of(database, HAYASHI)}"
    ]
    assert lines(database, about)[TANAKA.id].decision is None
    with pytest.raises(InvalidInput, match="一人以上"):
        confirm(database, about, KIMURA)


def test_who_saw_an_older_line_is_told_and_nothing_is_kept(
    database: Database, about: UUID, office: Office
) -> None:
    office.name(TAKAHASHI, AFFAIRS, "deputy")
    seen = answer(database, about, SATO, STOP, reason="退職")
    confirm(database, about, TAKAHASHI, answer(database, about, SATO))
    with pytest.raises(LinesChanged) as changed:
        confirm(database, about, SUZUKI, seen)
    assert changed.value.accounts == {account_of(database, SATO)}
    assert account(database, SATO).disabled_at is None
    same = answer(database, about, SATO, seen=1)
    assert confirm(database, about, SUZUKI, same) == Confirmed(kept=0, stopped=0)


def test_an_account_of_no_round_and_a_round_that_is_none_are_not_found(
    database: Database, about: UUID
) -> None:
    strange = LineAnswer(account_id=account_of(database, SATO), decision=KEEP, reason="", seen_version=1)
    with pytest.raises(NotFound):
        confirm(database, new_id(), SUZUKI, strange)
    with database.transaction() as session:
        session.execute(delete(InventoryLine).where(InventoryLine.person_id == SATO.id))
    with pytest.raises(NotFound):
        confirm(database, about, SUZUKI, strange)


def test_the_last_administrator_is_never_stopped(database: Database, about: UUID, office: Office) -> None:
    last = answer(database, about, NAKAMURA, STOP, reason="使っていない")
    with pytest.raises(InvalidInput, match="再開できる管理者がいなくなります"):
        confirm(database, about, KIMURA, last)
    assert account(database, NAKAMURA).disabled_at is None
    office.function(FUJIMOTO, "administrator")
    assert confirm(database, about, KIMURA, last).stopped == 1


# ------------------------------------------------------------------------------------------ the regular job


def tend(database: Database, day: date) -> int:
    with database.transaction() as session:
        return tend_inventory(session, now=start_of_day(day))


def told(database: Database, kind: str) -> set[PersonId]:
    with database.reading() as session:
        return {PersonId(one) for one in session.scalars(select(Notice.person_id).where(Notice.kind == kind))}


def keep_all_but(database: Database, about: UUID, *open_ones: Cast) -> None:
    """Write every line but some as confirmed, as if those who were asked had done so."""
    with database.transaction() as session:
        session.execute(
            update(InventoryLine)
            .where(InventoryLine.person_id.not_in([cast.id for cast in open_ones]))
            .values(decision="keep", decided_by=SUZUKI.id, decided_at=STORY)
        )


def test_what_nobody_confirmed_is_suspended_once(database: Database, about: UUID, office: Office) -> None:
    keep_all_but(database, about, SATO, TANAKA)
    office.open(SATO, now=STORY)
    assert tend(database, SUSPEND - DAY) > 0
    assert account(database, SATO).disabled_at is None
    assert tend(database, SUSPEND) == 2
    assert tend(database, SUSPEND) == 0
    assert tend(database, SUSPEND + DAY) == 0
    for cast in (SATO, TANAKA):
        stopped = account(database, cast)
        assert (stopped.disabled_at, stopped.disabled_by) == (start_of_day(SUSPEND), NAKAMURA.id)
        assert lines(database, about)[cast.id].ending is Ending.SUSPENDED
        assert events(database, cast)[-1 if cast is TANAKA else -2] == "account.disabled"
    with database.reading() as session:
        acts = session.scalars(select(AccountAct)).all()
        ended = session.scalars(select(SignInSession.end_reason)).one()
        closed = journal_of(session, subject=INVENTORY)[-1]
        row = session.get_one(InventoryRound, about)
        assert verify(session).faults == ()
    assert {(act.reason, act.done_by) for act in acts} == {
        (
            "アカウント棚卸し（令和8年度 第3四半期（10〜12月））で、令和8年12月4日までに確認がなかったため",
            None,
        )
    }
    assert ended == "disabled"
    assert row.closed_at == start_of_day(SUSPEND)
    assert (closed.event, closed.facts["spared"]) == ("account-inventory.closed", [])
    assert told(database, "inventory-closed") == {NAKAMURA.id}
    with pytest.raises(NotNow, match="締め切りました"):
        confirm(database, about, SUZUKI, answer(database, about, SATO, seen=1))
    with database.transaction() as session:
        enable_account(
            session, person_id=SATO.id, reason="確認した", by=person(database, NAKAMURA), now=STORY
        )
    assert tend(database, SUSPEND + DAY) == 0
    assert account(database, SATO).disabled_at is None


def test_the_last_administrator_stays_and_everybody_on_watch_is_told(database: Database, about: UUID) -> None:
    keep_all_but(database, about, NAKAMURA, SATO)
    assert tend(database, SUSPEND) == 1
    assert account(database, NAKAMURA).disabled_at is None
    assert lines(database, about)[NAKAMURA.id].ending is Ending.SPARED
    assert told(database, "inventory-spared") == {NAKAMURA.id, OGAWA.id, ITO.id}
    with database.reading() as session:
        closed = journal_of(session, subject=INVENTORY)[-1]
        page = progress_page(
            session, actor=person(database, NAKAMURA), round_id=about, number=1, today=SUSPEND
        )
    assert closed.facts["spared"] == [str(account_of(database, NAKAMURA))]
    assert [line.person.id for line in page.spared] == [NAKAMURA.id]


def test_where_nobody_confirmed_anything_the_chief_and_the_administrators_stay(
    database: Database, about: UUID, office: Office
) -> None:
    office.function(HAYASHI, "administrator")
    assert tend(database, SUSPEND) == len(EVERYBODY) - 3
    with database.reading() as session:
        left = set(session.scalars(select(Account.person_id).where(Account.disabled_at.is_(None))))
    assert left == {OGAWA.id, NAKAMURA.id, HAYASHI.id}


def test_of_two_administrators_the_one_stays_who_signed_in_last(
    database: Database, about: UUID, office: Office
) -> None:
    office.function(HAYASHI, "administrator")
    office.open(HAYASHI, now=STORY)
    keep_all_but(database, about, HAYASHI, NAKAMURA)
    assert tend(database, SUSPEND) == 1
    assert account(database, HAYASHI).disabled_at is None
    assert account(database, NAKAMURA).disabled_at is not None


def test_who_was_closed_or_whose_contract_ended_meanwhile_is_left_as_is(
    database: Database, about: UUID
) -> None:
    keep_all_but(database, about, SATO)
    with database.transaction() as session:
        disable_account(session, person_id=SATO.id, reason="休職", by=person(database, NAKAMURA), now=STORY)
    assert tend(database, SUSPEND) == 1
    assert lines(database, about)[SATO.id].ending is None
    assert account(database, SATO).disabled_at == STORY


def test_people_are_reminded_once_before_and_once_after_the_due_day(database: Database, about: UUID) -> None:
    keep_all_but(database, about, SATO)
    assert tend(database, DUE - 4 * DAY) == 0
    assert tend(database, DUE - 3 * DAY) == 1
    assert tend(database, DUE) == 0
    assert tend(database, DUE + DAY) == 1
    assert tend(database, DUE + 2 * DAY) == 0
    assert told(database, "inventory-before") == told(database, "inventory-after") == {SUZUKI.id}
    with database.reading() as session:
        assert [line.event for line in journal_of(session, subject=INVENTORY)] == [
            "account-inventory.opened",
            "account-inventory.reminded",
            "account-inventory.reminded",
        ]


def test_the_round_of_jobs_tends_the_inventory(database: Database, about: UUID, settings: Settings) -> None:
    keep_all_but(database, about, SATO)
    now = start_of_day(SUSPEND)
    outcomes = {one.job: one.done for one in run_round(Round(settings=settings, now=now))}
    assert outcomes[Job.INVENTORY] == 1


# --------------------------------------------------------------------------------------- what waits for whom


def waiting(database: Database, cast: Cast) -> Mapping[str, int]:
    actor = person(database, cast)
    with database.reading() as session:
        return InventoryCounter().waiting(session, actor=actor, today=OPENED)


def test_the_header_counts_what_waits_for_each(database: Database, about: UUID) -> None:
    assert waiting(database, SUZUKI) == {"home": 1}
    assert waiting(database, KIMURA) == {"home": 3}
    assert waiting(database, HIGASHI) == {"home": 2}
    assert waiting(database, NAKAMURA) == {"account-inventory": 1}
    assert waiting(database, OGAWA) == {"account-inventory": 7}
    assert waiting(database, SATO) == {}
    confirm(database, about, SUZUKI, answer(database, about, SATO))
    assert waiting(database, SUZUKI) == {}


def test_who_leads_nothing_costs_nothing_and_a_head_one_statement_while_no_round_runs(
    database: Database,
) -> None:
    for cast, cost in ((SATO, 0), (SUZUKI, 1), (NAKAMURA, 1)):
        actor = person(database, cast)
        with database.reading() as session, statements() as sent:
            assert InventoryCounter().waiting(session, actor=actor, today=OPENED) == {}
        assert len(sent) == cost


Work = Callable[[Session], object]


def cost(database: Database, work: Work) -> int:
    with database.reading() as session, statements() as sent:
        work(session)
    return len(sent)


def _more_people(database: Database) -> None:
    with database.transaction() as session:
        for number in range(40):
            made = new_id()
            session.add(
                Person(
                    id=made,
                    staff_no=f"6{number:03d}",
                    name=f"職員{number}",
                    kana="しょくいん",
                    created_at=STORY,
                )
            )
            session.flush()
            session.add(
                Posting(
                    person_id=made,
                    unit_id=(AFFAIRS if number % 2 else LEAD).id,
                    kind="main",
                    position="staff",
                    title="主事",
                    valid_from=OPENED - DAY,
                    known_from=OPENED - DAY,
                    recorded_at=STORY,
                )
            )
            session.add(
                Account(
                    person_id=made,
                    password_hash=password_hash(),
                    must_change_password=False,
                    created_at=STORY,
                )
            )


@pytest.mark.parametrize("size", ["small", "large"])
def test_reading_and_writing_take_the_same_number_of_statements_at_any_size(
    database: Database, size: str
) -> None:
    if size == "large":
        _more_people(database)
    administrator, head = person(database, NAKAMURA), person(database, KIMURA)
    with database.transaction() as session, statements() as opened:
        about = open_round(
            session, actor=administrator, quarter=QUARTER, due_on=DUE, suspend_on=SUSPEND, now=STORY
        )
    found = lines(database, about).values()
    mine = [line for line in found if line.asks(head)]
    answers = [
        LineAnswer(account_id=line.account_id, decision=STOP, reason="退職", seen_version=line.version)
        for line in mine
        if line.person.id != NAKAMURA.id
    ]
    assert (
        cost(
            database,
            lambda session: confirm_page(session, actor=head, round_id=about, number=1, today=OPENED),
        )
        == 10
    )
    assert (
        cost(
            database,
            lambda session: progress_page(
                session, actor=administrator, round_id=about, number=1, today=OPENED
            ),
        )
        == 11
    )
    with database.transaction() as session, statements() as confirmed:
        confirm_accounts(session, actor=head, round_id=about, answers=answers, now=STORY)
    with database.transaction() as session, statements() as closed:
        tend_inventory(session, now=start_of_day(SUSPEND))
    assert (len(opened), len(confirmed), len(closed)) == (25, 29, 37)
