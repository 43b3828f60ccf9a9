"""A contractor's account ends with its last day: at the door, in a session that runs, and until somebody extends it."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.db.session import Database, bound
from app.journal.queries import lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date, start_of_day
from app.kernel.errors import InvalidInput, NotAllowed, NotNow
from app.kernel.ids import PersonId, new_id
from app.people.commands import create_account, extend_account
from app.people.models import Account, AccountAct, Person
from app.people.queries import mail_addresses
from app.people.rules import AccountKind, AccountOver, contractor_term
from tests.conftest import ActorOf, StandingClock
from tests.factories.city import password_hash
from tests.integration.people.conftest import BrowserOf, Office
from tests.people import LEAD, NAKAMURA, PASSWORD, SATO, STORY, Cast

TODAY = business_date(STORY)
LAST = TODAY + timedelta(days=10)
HELPER = Cast("8001", "委託 守", "いたく まもる", LEAD)
KEY = "k" * 24


@pytest.fixture
def helper(database: Database, actor_of: ActorOf) -> Cast:
    """Somebody who works under a contract until LAST, with the usual password."""
    with database.transaction() as session:
        session.add(
            Person(
                id=HELPER.id, staff_no=HELPER.staff_no, name=HELPER.name, kana=HELPER.kana, created_at=STORY
            )
        )
    with database.transaction() as session:
        create_account(
            session,
            person_id=HELPER.id,
            first_hash=password_hash(),
            by=actor_of(NAKAMURA),
            now=STORY,
            term=contractor_term(LAST, today=TODAY),
        )
        account_of(session, HELPER).must_change_password = False
    return HELPER


def account_of(session: object, cast: Cast) -> Account:
    return session.scalars(select(Account).where(Account.person_id == cast.id)).one()  # type: ignore[attr-defined, no-any-return]


def evening_of(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1)) - timedelta(minutes=1)


def extend(client: FlaskClient, *, until: str, reason: str = "契約の延長", key: str = KEY) -> tuple[int, str]:
    reply = client.post(
        f"/accounts/{HELPER.id}/last-day",
        data={"until": until, "extension_reason": reason, "idempotency_key": key},
    )
    return reply.status_code, reply.text


def test_the_last_day_is_open_to_its_end(helper: Cast, office: Office, cheap_hashes_stay: None) -> None:
    assert office.open(helper, now=evening_of(LAST)).token
    with pytest.raises(AccountOver) as refused:
        office.open(helper, now=start_of_day(LAST + timedelta(days=1)))
    assert "令和8年11月30日で終わりました" in refused.value.message
    with office.database.reading() as session:
        chain = Subject(type=SubjectType.ACCOUNT, id=str(account_of(session, helper).id))
        last = lines_of(session, subject=chain)[-1]
    assert (last.event, last.facts["reason"]) == ("sign-in.refused", "over")


def test_who_does_not_know_the_password_is_told_nothing_of_the_end(
    helper: Cast, app: Flask, clock: StandingClock
) -> None:
    clock.instant = start_of_day(LAST + timedelta(days=1))
    client = app.test_client()
    wrong = client.post("/login", data={"staff_no": helper.staff_no, "password": "not this one at all"})
    assert "違います" in wrong.text
    assert "終わりました" not in wrong.text
    right = client.post("/login", data={"staff_no": helper.staff_no, "password": PASSWORD})
    assert right.status_code == 422
    assert "終わりました" in right.text


def test_a_session_that_runs_is_turned_away_with_the_next_request_and_told_why_once(
    helper: Cast, clock: StandingClock, browser_of: BrowserOf
) -> None:
    clock.instant = evening_of(LAST)
    client = browser_of(helper)
    assert client.get("/me/sessions").status_code == 200
    clock.pass_by(timedelta(minutes=1))
    turned_away = client.get("/me/sessions")
    assert turned_away.status_code == 303
    page = client.get(turned_away.location)
    assert page.text.count("で終わりました") == 1
    assert client.post("/me/sessions/end-others", data={"idempotency_key": KEY}).location == "/login"
    assert "で終わりました" not in client.get("/login").text


def test_an_administrator_extends_with_a_reason_and_the_session_goes_on(
    helper: Cast, clock: StandingClock, browser_of: BrowserOf
) -> None:
    administrator, client = browser_of(NAKAMURA), browser_of(helper)
    assert extend(administrator, until="2026-12-25", reason=" ")[0] == 422
    assert extend(administrator, until="2026-12-25")[0] == 303
    assert "2026年12月25日" not in administrator.get(f"/accounts/{HELPER.id}").text
    assert "令和8年12月25日" in administrator.get(f"/accounts/{HELPER.id}").text
    clock.instant = start_of_day(LAST + timedelta(days=1))
    assert browser_of(helper).get("/me/sessions").status_code == 200
    del client
    with bound().reading() as session:
        account = account_of(session, helper)
        act = session.scalars(select(AccountAct).where(AccountAct.act == "extended")).one()
        lines = lines_of(session, subject=Subject(type=SubjectType.ACCOUNT, id=str(account.id)))
    assert act.reason == "契約の延長"
    extended = next(line for line in lines if line.event == "account.extended")
    assert extended.facts["until"] == "2026-12-25"
    assert "契約" not in str(extended.facts)


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2026-11-19", "きょうか、それより後"),
        ("2028-04-01", "令和10年3月31日"),
        (LAST.isoformat(), "いまと同じ日です"),
        ("", "新しい最後の日を入れてください"),
    ],
)
def test_a_last_day_that_cannot_be_one_is_refused_beside_its_field(
    helper: Cast, browser_of: BrowserOf, until: str, sentence: str
) -> None:
    status, page = extend(browser_of(NAKAMURA), until=until, reason="書いた理由")
    assert status == 422
    assert sentence in page
    assert "書いた理由" in page


def test_an_employees_account_has_no_last_day(database: Database, actor_of: ActorOf) -> None:
    with database.transaction() as session, pytest.raises(NotNow):
        extend_account(session, person_id=SATO.id, until=LAST, reason="x", by=actor_of(NAKAMURA), now=STORY)
    with database.transaction() as session:
        account_of(session, SATO).expires_on = LAST
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_only_an_administrator_extends_and_never_the_own_account(
    helper: Cast, database: Database, actor_of: ActorOf
) -> None:
    for cast in (SATO, HELPER):
        with database.transaction() as session, pytest.raises(NotAllowed):
            extend_account(session, person_id=HELPER.id, until=LAST, reason="x", by=actor_of(cast), now=STORY)


def test_the_page_makes_a_contractors_account(app: Flask, browser_of: BrowserOf) -> None:
    newcomer = PersonId(new_id())
    with bound().transaction() as session:
        session.add(Person(id=newcomer, staff_no="8002", name="委託 二", kana="いたく", created_at=STORY))
    client = browser_of(NAKAMURA)

    def make(key: str, **typed: str) -> tuple[int, str]:
        reply = client.post(f"/accounts/{newcomer}/create", data={"idempotency_key": key * 24, **typed})
        return reply.status_code, reply.text

    assert "最後の日を入れてください" in make("a", kind="contractor")[1]
    status, page = make("b", kind="staff", until="2026-12-01")
    assert status == 422
    assert 'value="2026-12-01"' in page
    assert "令和10年3月31日" in make("c", kind="contractor", until="2028-04-01")[1]
    assert make("d", kind="contractor", until="2027-03-31")[0] == 200
    with bound().reading() as session:
        made = session.scalars(select(Account).where(Account.person_id == newcomer)).one()
    assert (made.kind, made.expires_on) == (AccountKind.CONTRACTOR.value, date(2027, 3, 31))
    assert "外部委託" in client.get("/accounts?q=8002").text


def test_who_is_over_gets_no_mail_and_is_shown_as_over(
    helper: Cast, database: Database, clock: StandingClock, browser_of: BrowserOf
) -> None:
    with database.transaction() as session:
        session.get_one(Person, HELPER.id).mail_address = "itaku@city.example.lg.jp"
    with database.reading() as session:
        assert HELPER.id in mail_addresses(session, today=LAST)
        assert HELPER.id not in mail_addresses(session, today=LAST + timedelta(days=1))
    clock.instant = start_of_day(LAST + timedelta(days=1))
    assert "利用期間の終わり" in browser_of(NAKAMURA).get("/accounts?q=8001").text


def test_the_command_line_makes_a_contractors_account(app: Flask) -> None:
    with bound().transaction() as session:
        session.add(
            Person(id=HELPER.id, staff_no="8001", name=HELPER.name, kana=HELPER.kana, created_at=STORY)
        )
    runner = app.test_cli_runner()
    alone = runner.invoke(args=["people", "account", "8001", "--contractor"])
    assert alone.exit_code == 2
    late = runner.invoke(args=["people", "account", "8001", "--contractor", "--until", "2030-01-01"])
    assert (late.exit_code, "次の年度の終わり" in late.output) == (1, True)
    made = runner.invoke(
        args=["people", "account", "8001", "--contractor", "--until", "令和9年3月31日", "--by", "9001"]
    )
    assert made.exit_code == 0, made.output
    with bound().reading() as session:
        account = account_of(session, HELPER)
    assert (account.kind, account.expires_on) == ("contractor", date(2027, 3, 31))


def test_the_rule_refuses_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput):
        contractor_term(TODAY - timedelta(days=1), today=TODAY)
