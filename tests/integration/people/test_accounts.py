"""Accounts as the administrator keeps them."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.session import bound
from app.journal.queries import lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.ids import new_id
from app.people.models import Account, AccountAct, Person
from app.web.models import SentForm
from tests.integration.people.conftest import BrowserOf
from tests.people import EVERYBODY, NAKAMURA, PASSWORD, SATO, STORY, SUZUKI, TANAKA, Cast

KEY = "k" * 24


def act(
    client: FlaskClient, cast: Cast, kind: str, *, reason: str = "電話で本人から", key: str = KEY
) -> tuple[int, str]:
    reply = client.post(
        f"/accounts/{cast.id}/acts", data={"act": kind, "reason": reason, "idempotency_key": key}
    )
    return reply.status_code, reply.text


def first_password(page: str) -> str:
    found = re.search(r"<code>([a-z0-9-]{19})</code>", page)
    assert found is not None, page
    return found.group(1)


def can_sign_in(app: Flask, cast: Cast, password: str) -> bool:
    return (
        app.test_client().post("/login", data={"staff_no": cast.staff_no, "password": password}).status_code
        == 303
    )


def test_the_list_is_searched_by_number_name_and_reading(browser_of: BrowserOf) -> None:
    client = browser_of(NAKAMURA)
    everybody = client.get("/accounts").text
    assert all(cast.name in everybody for cast in EVERYBODY)
    for wanted in ("1004", "高橋", "ﾀｶﾊｼ", "髙橋 次"):
        page = client.get("/accounts", query_string={"q": wanted}).text
        assert "髙橋 次郎" in page
        assert "佐藤 花子" not in page
    assert "見つかりませんでした" in client.get("/accounts?q=zzz").text


def test_the_list_is_paged_by_fifty(browser_of: BrowserOf) -> None:
    with bound().transaction() as session:
        session.add_all(
            Person(id=new_id(), staff_no=f"5{n:03d}", name=f"職員{n}", kana="しょくいん", created_at=STORY)
            for n in range(60)
        )
    client = browser_of(NAKAMURA)
    total = 60 + len(EVERYBODY)
    assert f"51〜{total}件" in client.get("/accounts?page=2").text
    assert f"51〜{total}件" in client.get("/accounts?page=99").text
    assert "1〜50件" in client.get("/accounts?page=0").text


@pytest.mark.parametrize("cast", [SATO, SUZUKI, TANAKA])
def test_only_the_administrator_sees_accounts(browser_of: BrowserOf, cast: Cast) -> None:
    client = browser_of(cast)
    assert client.get("/accounts").status_code == 403
    assert client.get(f"/accounts/{SATO.id}").status_code == 403
    assert act(client, SATO, "reset")[0] == 403
    assert client.post(f"/accounts/{SATO.id}/create", data={"idempotency_key": KEY}).status_code == 403


def test_an_unknown_person_is_not_found(browser_of: BrowserOf) -> None:
    assert browser_of(NAKAMURA).get(f"/accounts/{new_id()}").status_code == 404


def test_a_reset_shows_the_first_password_once_and_ends_the_sessions(
    app: Flask, browser_of: BrowserOf
) -> None:
    administrator, owner = browser_of(NAKAMURA), browser_of(SATO)
    status, page = act(administrator, SATO, "reset")
    first = first_password(page)
    assert status == 200
    assert owner.get("/me/sessions").status_code == 303
    assert not can_sign_in(app, SATO, PASSWORD)
    assert can_sign_in(app, SATO, first)
    status, again = act(administrator, SATO, "reset")
    assert status == 303
    assert first not in again
    assert can_sign_in(app, SATO, first)
    with bound().reading() as session:
        assert all(first not in row.message + row.location for row in session.scalars(select(SentForm)))


def test_closing_and_opening_again(app: Flask, browser_of: BrowserOf) -> None:
    administrator = browser_of(NAKAMURA)
    assert act(administrator, SATO, "disabled")[0] == 303
    assert not can_sign_in(app, SATO, PASSWORD)
    assert act(administrator, SATO, "disabled", key="x" * 24)[0] == 409
    assert "停止中" in administrator.get(f"/accounts/{SATO.id}").text
    assert act(administrator, SATO, "enabled", key="y" * 24)[0] == 303
    assert can_sign_in(app, SATO, PASSWORD)
    assert act(administrator, SATO, "enabled", key="z" * 24)[0] == 409


def test_sessions_are_ended_for_a_lost_terminal(browser_of: BrowserOf) -> None:
    administrator, owner = browser_of(NAKAMURA), browser_of(SATO)
    assert "1台" in administrator.get(f"/accounts/{SATO.id}").text
    assert act(administrator, SATO, "sessions-ended")[0] == 303
    assert owner.get("/me/sessions").status_code == 303


def test_every_act_needs_a_reason(browser_of: BrowserOf) -> None:
    client = browser_of(NAKAMURA)
    status, page = act(client, SATO, "reset", reason=" ")
    assert status == 422
    assert "理由を書いてください" in page
    assert act(client, SATO, "delete")[0] == 422


def test_nobody_changes_the_own_account(browser_of: BrowserOf) -> None:
    client = browser_of(NAKAMURA)
    assert act(client, NAKAMURA, "reset")[0] == 403
    assert "ほかのシステム管理者" in client.get(f"/accounts/{NAKAMURA.id}").text


def test_a_newcomer_gets_an_account_once(app: Flask, browser_of: BrowserOf) -> None:
    newcomer = new_id()
    with bound().transaction() as session:
        session.add(Person(id=newcomer, staff_no="7001", name="新人 一", kana="しんじん", created_at=STORY))
    client = browser_of(NAKAMURA)
    assert "まだ利用者ではありません" in client.get(f"/accounts/{newcomer}").text
    page = client.post(f"/accounts/{newcomer}/create", data={"idempotency_key": KEY})
    first = first_password(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    reply = app.test_client().post("/login", data={"staff_no": "7001", "password": first})
    assert reply.location == "/password"
    assert client.post(f"/accounts/{newcomer}/create", data={"idempotency_key": "x" * 24}).status_code == 409
    assert "最初のパスワードのまま" in client.get(f"/accounts/{newcomer}").text


def test_acts_are_journalled_without_the_reason_and_told_to_the_owner(
    app: Flask, browser_of: BrowserOf
) -> None:
    act(browser_of(NAKAMURA), SATO, "sessions-ended", reason="盗まれた端末")
    with bound().reading() as session:
        account = session.scalars(select(Account.id).where(Account.person_id == SATO.id)).one()
        lines = lines_of(session, subject=Subject(type=SubjectType.ACCOUNT, id=str(account)))
        noted = session.scalars(select(AccountAct)).one()
    assert [line.event for line in lines] == ["account.sessions-ended"]
    assert lines[0].person_id == str(NAKAMURA.id)
    assert "盗" not in str(lines[0].facts)
    assert noted.reason == "盗まれた端末"
    assert "盗まれた端末" in browser_of(SATO).get("/me/sessions").text


def test_the_administrator_sees_nothing_of_inspections(browser_of: BrowserOf) -> None:
    client = browser_of(NAKAMURA)
    for page in ("/accounts", f"/accounts/{SATO.id}"):
        assert "点検実施" not in client.get(page).text
    assert client.get(f"/units/{SATO.unit.id}/duties").status_code == 404
