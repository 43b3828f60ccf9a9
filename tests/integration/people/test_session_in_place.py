"""What a page may ask about its session, and signing in over a page that waits: the same door, the same delays."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.config import Settings
from app.db.session import Database, bound
from app.journal.queries import verify
from app.people.models import Account, SignInSession
from tests.conftest import StandingClock
from tests.integration.people.conftest import BrowserOf
from tests.people import NAKAMURA, PASSWORD, SATO, SUZUKI
from tests.sign_in import signed_in

JSON = {"Accept": "application/json"}
KEY = "k" * 24


def seen_at(app: Flask) -> object:
    del app
    with bound().reading() as session:
        return session.scalars(select(SignInSession.last_seen_at)).one()


def test_a_page_learns_who_is_signed_in_for_how_long(app: Flask) -> None:
    state = signed_in(app, SATO).get("/session", headers=JSON).json
    assert state is not None
    assert (state["person"], state["seconds"], state["first_password"]) == (str(SATO.id), 1800, False)
    assert state["token"]


def test_nobody_learns_nothing_but_a_token(client: FlaskClient) -> None:
    state = client.get("/session", headers=JSON).json
    assert state is not None
    assert state.pop("token")
    assert state == {"person": None, "session": None, "first_password": False, "seconds": 0}


def test_an_administrator_rests_for_less(app: Flask) -> None:
    state = signed_in(app, NAKAMURA).get("/session", headers=JSON).json
    assert state is not None
    assert state["seconds"] == 600


def test_asking_is_no_activity_and_answering_yes_is(app: Flask, clock: StandingClock) -> None:
    browser = signed_in(app, SATO)
    before = seen_at(app)
    clock.pass_by(timedelta(minutes=28))
    state = browser.get("/session", headers=JSON).json
    assert state is not None
    assert state["seconds"] == 120
    assert seen_at(app) == before
    renewed = browser.post("/session/renew", headers=JSON)
    assert (renewed.status_code, renewed.json) == (200, {"seconds": 1800})
    clock.pass_by(timedelta(minutes=29))
    assert browser.get("/", headers=JSON).status_code == 200


def test_a_long_day_ends_whatever_one_does(app: Flask, clock: StandingClock) -> None:
    browser = signed_in(app, SATO)
    for _ in range(24):
        clock.pass_by(timedelta(minutes=29, seconds=30))
        browser.get("/")
    state = browser.get("/session", headers=JSON).json
    assert state is not None
    assert state["seconds"] == 12 * 3600 - 24 * 1770


def test_renewing_needs_somebody(client: FlaskClient) -> None:
    assert client.post("/session/renew", headers=JSON).status_code == 401


def test_signing_in_over_a_page_tells_where_it_would_have_gone(client: FlaskClient) -> None:
    reply = client.post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD}, headers=JSON)
    assert (reply.status_code, reply.json) == (200, {"to": "/"})
    assert client.get("/session", headers=JSON).json["person"] == str(SATO.id)  # type: ignore[index]


@pytest.mark.parametrize("staff_no", [SATO.staff_no, "no such number"])
def test_a_wrong_password_is_refused_and_delayed_as_on_the_page(client: FlaskClient, staff_no: str) -> None:
    wrong = {"staff_no": staff_no, "password": "falsch"}
    replies = [client.post("/login", data=wrong, headers=JSON) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [422, 422, 422, 422, 429, 429]
    assert all(set(reply.json or {}) == {"message"} for reply in replies)
    assert "職員番号かパスワードが違います。" in replies[0].json["message"]  # type: ignore[index]
    assert client.post("/login", data=wrong).status_code == 429


def test_signing_in_over_a_page_asks_for_the_token(app: Flask, settings: Settings) -> None:
    del settings
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    form = {"staff_no": SATO.staff_no, "password": PASSWORD}
    assert client.post("/login", data=form, headers=JSON).status_code == 400
    token = client.get("/session", headers=JSON).json["token"]  # type: ignore[index]
    assert client.post("/login", data={**form, "csrf_token": token}, headers=JSON).status_code == 200


def test_a_first_password_is_changed_before_anything_else(client: FlaskClient, database: Database) -> None:
    del database
    with bound().transaction() as session:
        session.scalars(
            select(Account).where(Account.person_id == SUZUKI.id)
        ).one().must_change_password = True
    reply = client.post("/login", data={"staff_no": SUZUKI.staff_no, "password": PASSWORD}, headers=JSON)
    assert reply.json == {"to": "/password"}
    assert client.get("/session", headers=JSON).json["first_password"] is True  # type: ignore[index]


def test_single_keys_are_a_setting_of_the_account(app: Flask, browser_of: BrowserOf) -> None:
    browser, elsewhere = signed_in(app, SATO), browser_of(SATO)
    assert 'data-keys="on"' in elsewhere.get("/me/settings").text
    assert browser.post("/me/settings", data={"idempotency_key": KEY}).status_code == 303
    assert 'data-keys="off"' in elsewhere.get("/me/settings").text
    assert 'data-keys="on"' in signed_in(app, SUZUKI).get("/me/settings").text
    again = {"idempotency_key": KEY + "2", "single_keys": "y"}
    assert browser.post("/me/settings", data=again).status_code == 303
    assert browser.post("/me/settings", data=again | {"idempotency_key": KEY + "3"}).status_code == 303
    with bound().reading() as session:
        assert verify(session).faults == ()
    assert 'data-keys="on"' in elsewhere.get("/me/settings").text
