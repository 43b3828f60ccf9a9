"""Removing somebody's second factor: never by one person, in no combination; told, journalled, and over after a day."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.db.session import Database, bound
from app.journal.models import JournalEntry
from app.journal.queries import verify
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.notices.models import Notice
from app.people.commands import (
    confirm_recovery,
    decline_recovery,
    enrol,
    lapse_recoveries,
    offer_secret,
    request_recovery,
    reset_password,
    withdraw_recovery,
)
from app.people.models import Account, SecondFactor, SecondFactorRecovery, SignInSession
from app.people.queries import recovery_page
from tests.conftest import StandingClock
from tests.factories.second_factor import code_at, enrolled
from tests.integration.people.conftest import HERE, Office
from tests.people import (
    FUJIMOTO,
    ITO,
    KIMURA,
    NAKAMURA,
    OGAWA,
    ONO,
    PASSWORD,
    SATO,
    STORY,
    SUZUKI,
    TANAKA,
    YAMADA,
    Cast,
)
from tests.sign_in import signed_in

DAY = business_date(STORY)
KEY = HERE.secret
OTHER_ADMINISTRATOR = FUJIMOTO
REASON = "端末をなくしたと、窓口で本人から聞いた"


@pytest.fixture
def town(office: Office) -> Office:
    """佐藤, 鈴木 and both administrators have a second factor."""
    office.function(OTHER_ADMINISTRATOR, "administrator")
    for cast in (SATO, SUZUKI, NAKAMURA, OTHER_ADMINISTRATOR):
        enrolled(office.database, cast, key=KEY)
    return office


def ask(town: Office, *, by: Cast = NAKAMURA, about: Cast = SATO, reason: str = REASON) -> UUID:
    with town.database.transaction() as session:
        return request_recovery(
            session, actor=town.actor(by, DAY), person_id=about.id, reason=reason, day=DAY, now=STORY
        )


def confirm(town: Office, asked: UUID, *, by: Cast, later: timedelta = timedelta(0)) -> None:
    with town.database.transaction() as session:
        confirm_recovery(session, actor=town.actor(by, DAY), recovery_id=asked, day=DAY, now=STORY + later)


def has_factor(database: Database, cast: Cast) -> bool:
    with database.reading() as session:
        found = select(SecondFactor).join(Account, Account.id == SecondFactor.account_id)
        return session.scalar(found.where(Account.person_id == cast.id)) is not None


def events(database: Database) -> str:
    with database.reading() as session:
        assert verify(session).faults == ()
        return "".join(session.scalars(select(JournalEntry.payload).order_by(JournalEntry.recorded_at)))


def told(database: Database, kind: str) -> set[UUID]:
    with database.reading() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


@pytest.mark.parametrize("by", [OTHER_ADMINISTRATOR, SUZUKI, ONO], ids=lambda cast: cast.name)
def test_another_administrator_the_head_or_one_above_confirms(town: Office, by: Cast) -> None:
    opened = town.open(SATO, now=STORY)
    del opened
    confirm(town, ask(town), by=by)
    assert not has_factor(town.database, SATO)
    with town.database.reading() as session:
        reasons = set(session.scalars(select(SignInSession.end_reason)))
        row = session.scalars(select(SecondFactorRecovery)).one()
    assert reasons == {"second-factor-removed"}
    assert (row.outcome, row.requested_by, row.decided_by) == ("confirmed", NAKAMURA.id, by.id)
    assert told(town.database, "second-factor.removed") == {SATO.id}


@pytest.mark.parametrize(
    ("by", "about", "confirmed_by", "refusal"),
    [
        # Confirmer = requester.
        (NAKAMURA, SATO, NAKAMURA, NotAllowed),
        # Confirmer = person concerned: a clerk sees nothing to decide, an administrator or head does.
        (NAKAMURA, SATO, SATO, NotFound),
        (NAKAMURA, SUZUKI, SUZUKI, NotAllowed),
        (NAKAMURA, OTHER_ADMINISTRATOR, OTHER_ADMINISTRATOR, NotAllowed),
        # Somebody else's head, and people without any part in it, though they read the whole city.
        (NAKAMURA, SATO, YAMADA, NotFound),
        (NAKAMURA, SATO, TANAKA, NotFound),
        (NAKAMURA, SATO, KIMURA, NotFound),
        (NAKAMURA, SATO, ITO, NotFound),
        (NAKAMURA, SATO, OGAWA, NotFound),
    ],
)
def test_nobody_else_confirms(
    town: Office, by: Cast, about: Cast, confirmed_by: Cast, refusal: type[Exception]
) -> None:
    asked = ask(town, by=by, about=about)
    with pytest.raises(refusal):
        confirm(town, asked, by=confirmed_by)
    with pytest.raises(refusal), town.database.transaction() as session:
        decline_recovery(session, actor=town.actor(confirmed_by, DAY), recovery_id=asked, day=DAY, now=STORY)
    assert has_factor(town.database, about)


def test_nobody_asks_for_the_own_factor(town: Office) -> None:
    with pytest.raises(NotAllowed, match="自分"):
        ask(town, by=NAKAMURA, about=NAKAMURA)


@pytest.mark.parametrize("by", [SATO, SUZUKI, KIMURA, OGAWA], ids=lambda cast: cast.name)
def test_only_an_administrator_asks(town: Office, by: Cast) -> None:
    with pytest.raises(NotAllowed):
        ask(town, by=by)


@pytest.mark.parametrize(
    "row",
    [
        {"requested_by": SATO.id},
        {"outcome": "confirmed", "decided_by": NAKAMURA.id, "ended_at": STORY},
        {"outcome": "confirmed", "decided_by": SATO.id, "ended_at": STORY},
        {"outcome": "confirmed", "decided_by": None, "ended_at": STORY},
        {"outcome": "confirmed", "decided_by": SUZUKI.id, "ended_at": None},
    ],
)
def test_the_database_wants_two_persons_too(town: Office, row: dict[str, object]) -> None:
    wanted = {"requested_by": NAKAMURA.id, **row}
    with pytest.raises(DBAPIError), town.database.transaction() as session:
        session.add(SecondFactorRecovery(person_id=SATO.id, reason="", salt="", requested_at=STORY, **wanted))


def test_a_request_lapses_after_a_day_and_can_be_made_anew(town: Office) -> None:
    asked, day = ask(town), timedelta(hours=24)
    with pytest.raises(NotNow, match="24時間"):
        confirm(town, asked, by=SUZUKI, later=day)
    with town.database.transaction() as session:
        assert lapse_recoveries(session, now=STORY + day - timedelta(seconds=1)) == 0
    with town.database.transaction() as session:
        assert lapse_recoveries(session, now=STORY + day) == 1
        assert lapse_recoveries(session, now=STORY + day) == 0
    with pytest.raises(NotNow, match="もう終わっています"):
        confirm(town, asked, by=SUZUKI)
    assert "second-factor.recovery_lapsed" in events(town.database)
    confirm(town, ask(town), by=SUZUKI)


def test_a_request_that_lapsed_unseen_makes_room_for_the_next(town: Office) -> None:
    ask(town)
    with pytest.raises(NotNow, match="もう確認を待っています"):
        ask(town)
    with town.database.transaction() as session:
        request_recovery(
            session,
            actor=town.actor(NAKAMURA, DAY),
            person_id=SATO.id,
            reason=REASON,
            day=DAY,
            now=STORY + timedelta(hours=24),
        )
    with town.database.reading() as session:
        outcomes = session.scalars(
            select(SecondFactorRecovery.outcome).order_by(SecondFactorRecovery.requested_at)
        ).all()
    assert outcomes == ["lapsed", None]


def test_it_is_decided_once(town: Office) -> None:
    asked = ask(town)
    with town.database.transaction() as session:
        decline_recovery(session, actor=town.actor(SUZUKI, DAY), recovery_id=asked, day=DAY, now=STORY)
    with pytest.raises(NotNow):
        confirm(town, asked, by=ONO)
    assert has_factor(town.database, SATO)


@pytest.mark.parametrize(
    ("by", "allowed"), [(SATO, True), (NAKAMURA, True), (SUZUKI, False), (OTHER_ADMINISTRATOR, False)]
)
def test_who_asked_and_whom_it_concerns_take_it_back(town: Office, by: Cast, *, allowed: bool) -> None:
    asked, actor = ask(town), town.actor(by, DAY)
    if not allowed:
        with pytest.raises(NotFound), town.database.transaction() as session:
            withdraw_recovery(session, actor=actor, recovery_id=asked, now=STORY)
        return
    with town.database.transaction() as session:
        withdraw_recovery(session, actor=actor, recovery_id=asked, now=STORY)
    with pytest.raises(NotNow):
        confirm(town, asked, by=SUZUKI)


def test_enrolling_anew_ends_a_request(town: Office) -> None:
    asked, opened = ask(town), town.open(SATO, now=STORY)
    offer = offer_secret(account_id=opened.account_id, key=KEY, now=STORY)
    with town.database.transaction() as session:
        enrol(
            session,
            actor=town.actor(SATO, DAY),
            token=opened.token,
            sealed=offer.sealed,
            code=code_at(STORY, secret=offer.secret),
            key=KEY,
            now=STORY,
        )
    with pytest.raises(NotNow):
        confirm(town, asked, by=SUZUKI)
    assert has_factor(town.database, SATO)


@pytest.mark.parametrize("reason", ["", " ", "あ" * 401])
def test_a_reason_is_needed(town: Office, reason: str) -> None:
    with pytest.raises(InvalidInput):
        ask(town, reason=reason)


def test_without_a_factor_there_is_nothing_to_remove(town: Office) -> None:
    with pytest.raises(NotNow, match="登録していません"):
        ask(town, about=YAMADA)


def test_a_password_reset_never_removes_the_factor(town: Office) -> None:
    with town.database.transaction() as session:
        reset_password(
            session,
            person_id=SATO.id,
            first_hash="x",
            reason="忘れた",
            by=town.actor(NAKAMURA, DAY),
            now=STORY,
        )
    assert has_factor(town.database, SATO)


def test_everybody_concerned_is_told_and_the_journal_holds_no_word_of_it(town: Office) -> None:
    confirm(town, ask(town), by=SUZUKI)
    assert told(town.database, "second-factor.recovery-asked") == {SATO.id}
    assert told(town.database, "second-factor.to-confirm") == {OTHER_ADMINISTRATOR.id, SUZUKI.id, ONO.id}
    text = events(town.database)
    assert "second-factor.recovery_requested" in text
    assert "second-factor.recovery_confirmed" in text
    assert "端末" not in text


@pytest.mark.parametrize(
    ("cast", "decides", "withdraws"),
    [(SATO, False, True), (NAKAMURA, False, True), (SUZUKI, True, False), (OTHER_ADMINISTRATOR, True, False)],
)
def test_the_page_offers_what_somebody_may_do(
    town: Office, cast: Cast, *, decides: bool, withdraws: bool
) -> None:
    asked = ask(town)
    with town.database.reading() as session:
        page = recovery_page(session, actor=town.actor(cast, DAY), recovery_id=asked, now=STORY, day=DAY)
        assert (page.may_decide, page.may_withdraw, page.reason) == (decides, withdraws, REASON)
        with pytest.raises(NotFound):
            recovery_page(session, actor=town.actor(TANAKA, DAY), recovery_id=asked, now=STORY, day=DAY)


# ------------------------------------------------------------------------------------------------ the pages


def test_by_the_pages_two_persons_remove_it_and_the_person_is_told(app: Flask, clock: StandingClock) -> None:
    enrolled(bound(), SATO, key=str(app.secret_key))
    administrator, head = signed_in(app, NAKAMURA), signed_in(app, SUZUKI)
    page = f"/accounts/{SATO.id}"
    assert "解除を申し出る" in administrator.get(page).text
    assert "登録済み" in administrator.get("/accounts").text
    empty = administrator.post(f"{page}/second-factor-recovery", data={"idempotency_key": "a" * 20})
    assert (empty.status_code, "理由を書いてください" in empty.text) == (422, True)
    asked = {"recovery_reason": REASON, "idempotency_key": "b" * 20}
    assert administrator.post(f"{page}/second-factor-recovery", data=asked).location == page
    with bound().reading() as session:
        recovery = f"/second-factor-recoveries/{session.scalars(select(SecondFactorRecovery.id)).one()}"
    assert recovery in administrator.get(page).text
    form = {"password": PASSWORD, "idempotency_key": "c" * 20}
    assert administrator.post(f"{recovery}/confirm", data=form).status_code == 403
    assert signed_in(app, TANAKA).post(f"{recovery}/confirm", data=form).status_code == 404
    assert "本人を確かめたので、解除する" in head.get(recovery).text
    wrong = head.post(f"{recovery}/confirm", data={**form, "password": "wrong"})
    assert (wrong.status_code, "パスワードが違います" in wrong.text) == (422, True)
    assert has_factor(bound(), SATO)
    assert head.post(f"{recovery}/confirm", data=form).location == recovery
    assert not has_factor(bound(), SATO)
    assert head.post(f"{recovery}/confirm", data=form).location == recovery
    clock.pass_by(timedelta(minutes=1))
    reply = app.test_client().post(
        "/login", data={"staff_no": SATO.staff_no, "password": PASSWORD}, follow_redirects=True
    )
    assert "あなたの二段階認証が解除されました" in reply.text
    assert "あなたの二段階認証が解除されました" in signed_in(app, SATO).get("/notices").text


def test_at_the_command_line_two_names_are_needed(app: Flask) -> None:
    enrolled(bound(), SATO, key=str(app.secret_key))
    run = app.test_cli_runner().invoke
    words = ["people", "second-factor-remove", SATO.staff_no, "--reason", REASON, "--by"]
    for by, confirmed in ((NAKAMURA, NAKAMURA), (NAKAMURA, SATO), (SUZUKI, NAKAMURA), (NAKAMURA, TANAKA)):
        outcome = run(args=[*words, by.staff_no, "--confirmed-by", confirmed.staff_no])
        assert outcome.exit_code == 1, outcome.output
        assert has_factor(bound(), SATO)
    alone = run(args=[*words, NAKAMURA.staff_no])
    assert alone.exit_code == 2
    done = run(args=[*words, NAKAMURA.staff_no, "--confirmed-by", SUZUKI.staff_no])
    assert (done.exit_code, "解除しました" in done.output) == (0, True)
    assert not has_factor(bound(), SATO)
