"""Without a script: a form sent after the session has ended loses nothing that was typed."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.db.session import transaction
from app.inspections.models import Answer
from app.people.models import Account, DutyAssignment
from app.web.held import held_before
from app.web.models import SentForm
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import AFFAIRS, PASSWORD, SATO, SUZUKI, TANAKA, YAMADA, Cast
from tests.sign_in import signed_in

OURS = {"Origin": "http://localhost"}
DUTIES = f"/units/{AFFAIRS.id}/duties"
DUTY = {
    "duty": "deputy",
    "member": "",
    "staff_no": YAMADA.staff_no,
    "first_day": "2026-11-20",
    "last_day": "",
    "idempotency_key": "k" * 24,
}
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture(autouse=True)
def tokens_are_checked(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True


def form_of(reply: TestResponse, *, holding: str) -> tuple[str, MultiDict[str, str]]:
    """Return the address and the hidden fields of the form with a button or a field, as a browser reads them."""
    for attributes, body in FORM.findall(reply.text):
        if holding in body:
            (action,) = re.findall(r'action="([^"]*)"', attributes)
            pairs = [(html.unescape(name), html.unescape(value)) for name, value in INPUT.findall(body)]
            return html.unescape(action), MultiDict(pairs)
    raise AssertionError(reply.text)


def token(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]*)"', client.get(page).text)
    assert found is not None
    return found.group(1)


def sign_in_there(
    client: FlaskClient, reply: TestResponse, *, cast: Cast, password: str = PASSWORD
) -> TestResponse:
    """Sign in on the page that came in place of the reply."""
    action, fields = form_of(reply, holding='name="held"')
    return client.post(action, data={**fields, "staff_no": cast.staff_no, "password": password}, headers=OURS)


def send_again(client: FlaskClient, reply: TestResponse) -> TestResponse:
    action, fields = form_of(reply, holding="もう一度送る")
    return client.post(action, data=fields, headers=OURS, content_type="multipart/form-data")


def deputies() -> list[object]:
    with transaction() as session:
        return list(
            session.scalars(
                select(DutyAssignment.named_by).where(
                    DutyAssignment.person_id == YAMADA.id, DutyAssignment.duty == "deputy"
                )
            )
        )


def late(
    app: Flask, clock: StandingClock, *, headers: dict[str, str] = OURS
) -> tuple[FlaskClient, TestResponse]:
    """Fill in a form, be away for longer than a session lasts, and send it."""
    client = signed_in(app, SUZUKI)
    data = DUTY | {"csrf_token": token(client, DUTIES)}
    clock.pass_by(timedelta(hours=1))
    return client, client.post(DUTIES, data=data, headers=headers)


def test_a_form_after_the_session_is_sent_on_after_signing_in(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    assert reply.status_code == 401
    assert "まだ送られていません" in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert deputies() == []
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert reply.status_code == 200
    assert "鈴木 一郎さんとして" in reply.text
    assert deputies() == []
    reply = send_again(client, reply)
    assert (reply.status_code, reply.location) == (303, DUTIES)
    assert deputies() == [SUZUKI.id]


def test_a_wrong_password_on_the_way_loses_nothing(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    reply = sign_in_there(client, reply, cast=SUZUKI, password="wrong")
    assert reply.status_code == 422
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert send_again(client, reply).status_code == 303
    assert deputies() == [SUZUKI.id]


def test_answers_come_back_letter_by_letter(app: Flask, clock: StandingClock, year: Year) -> None:
    year_page = f"/inspections/{year.sheets[AFFAIRS.code]}"
    client = signed_in(app, SATO)
    client.post(
        f"{year_page}/profile",
        data={"idempotency_key": "p" * 24, "csrf_token": token(client, year_page + "/profile")},
    )
    typed = "一行目\"<b>&amp;'\r\n\r\n　二行目 \\u3042 {{ 7*7 }}"
    fields = {"csrf_token": token(client, f"{year_page}/sections/organisation"), "idempotency_key": "a" * 24}
    fields |= {"level-D02": "partial", "comment-D02": typed, "version-D02": "0"}
    clock.pass_by(timedelta(hours=1))
    reply = client.post(f"{year_page}/sections/organisation?x=1", data=fields, headers=OURS)
    assert reply.status_code == 401
    assert "<b>&amp;amp;" not in reply.text
    assert "一行目" in re.sub(r'value="[^"]*"', "", reply.text)
    reply = send_again(client, sign_in_there(client, reply, cast=SATO))
    assert reply.status_code == 303, reply.text
    with transaction() as session:
        assert session.scalars(select(Answer.comment)).all() == [typed.replace("\r\n", "\n")]


def test_signed_in_anew_in_another_tab_the_form_comes_back_with_a_fresh_token(app: Flask) -> None:
    client = signed_in(app, SUZUKI)
    data = DUTY | {"csrf_token": token(client, DUTIES)}
    log_in(client, cast=SUZUKI)
    reply = client.post(DUTIES, data=data, headers=OURS)
    assert reply.status_code == 400
    assert deputies() == []
    assert send_again(client, reply).status_code == 303
    assert deputies() == [SUZUKI.id]


def test_signed_in_in_another_tab_while_the_form_waits(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    log_in(client, cast=SUZUKI)
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert reply.status_code == 400
    assert send_again(client, reply).status_code == 303
    assert deputies() == [SUZUKI.id]


def test_the_sign_in_page_itself_may_be_old(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    client.delete_cookie("session")
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert reply.status_code == 400
    assert "この画面は古くなっていました" in reply.text
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert send_again(client, reply).status_code == 303


def log_in(client: FlaskClient, *, cast: Cast, password: str = PASSWORD) -> None:
    with client.session_transaction() as cookie:
        cookie.pop("_user_id", None)
    data = {"staff_no": cast.staff_no, "password": password, "csrf_token": token(client, "/login")}
    assert client.post("/login", data=data, headers=OURS).status_code == 303


def test_it_is_done_by_who_is_signed_in_then(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    reply = sign_in_there(client, reply, cast=TANAKA)
    assert "田中 実さんとして" in reply.text
    assert send_again(client, reply).status_code == 403
    assert deputies() == []


def test_the_first_password_is_changed_before_and_nothing_is_lost(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    with transaction() as session:
        session.execute(
            update(Account).where(Account.person_id == SUZUKI.id).values(must_change_password=True)
        )
    reply = sign_in_there(client, reply, cast=SUZUKI)
    assert 'href="/password" target="_blank"' in reply.text
    reply = send_again(client, reply)
    assert reply.status_code == 401
    with transaction() as session:
        session.execute(
            update(Account).where(Account.person_id == SUZUKI.id).values(must_change_password=False)
        )
    assert send_again(client, reply).status_code == 303
    assert deputies() == [SUZUKI.id]


def test_every_value_of_a_field_is_kept(app: Flask) -> None:
    many = MultiDict([("units", "1"), ("units", "2"), ("units-below", ""), ("title", "  名 称 ")])
    reply = app.test_client().post("/campaigns/new", data=many, headers=OURS)
    _, fields = form_of(reply, holding='name="held"')
    with app.test_request_context("/login", method="POST", headers=OURS, data=fields):
        held = held_before()
    assert held is not None
    assert (held.to, held.fields) == ("/campaigns/new", tuple(many.items(multi=True)))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_sites_form_never_comes_back_to_be_sent(
    app: Flask, clock: StandingClock, headers: dict[str, str]
) -> None:
    client = signed_in(app, SUZUKI)
    forged = client.post(DUTIES, data=DUTY, headers=headers)
    assert forged.status_code == 400
    assert YAMADA.staff_no not in forged.text
    clock.pass_by(timedelta(hours=1))
    forged = client.post(DUTIES, data=DUTY, headers=headers)
    assert (forged.status_code, forged.location) == (303, "/login")
    packed = f'["{DUTIES}", "{"k" * 24}", [["staff_no", "{YAMADA.staff_no}"]]]'
    forged = client.post("/login", data={"held": packed}, headers=headers)
    assert YAMADA.staff_no not in forged.text
    assert deputies() == []


def test_passwords_and_tokens_are_never_given_back(app: Flask, clock: StandingClock) -> None:
    secret = "なつの-secret-horse"
    fields = {
        "password": secret,
        "current_password": secret,
        "new_password_again": secret,
        "csrf_token": secret,
    }
    client = signed_in(app, SUZUKI)
    assert secret not in client.post(DUTIES, data=DUTY | fields, headers=OURS).text
    clock.pass_by(timedelta(hours=1))
    reply = client.post(DUTIES, data=DUTY | fields, headers=OURS)
    assert reply.status_code == 401
    assert secret not in reply.text
    assert client.post("/password", data=fields, headers=OURS).location == "/login"


@pytest.mark.parametrize(
    "packed",
    [
        "",
        "x",
        "{}",
        "[1]",
        "[" * 5000,
        '["//evil.example/", "k", [["a", "b"]]]',
        '["https://evil.example/", "k", [["a", "b"]]]',
        '["javascript:alert(1)", "k", [["a", "b"]]]',
        '["/x", "k", [["a"]]]',
        '["/x", "k", 7]',
    ],
)
def test_what_no_page_of_ours_held_is_dropped(app: Flask, packed: str) -> None:
    with app.test_request_context("/login", method="POST", headers=OURS, data={"held": packed}):
        assert held_before() is None


def test_what_was_not_typed_needs_no_way_back(app: Flask) -> None:
    reply = app.test_client().post("/logout", data={"idempotency_key": "k" * 24}, headers=OURS)
    assert (reply.status_code, reply.location) == (303, "/login")


def test_more_fields_than_can_be_sent_again_are_not_promised(app: Flask) -> None:
    fields = {f"f{number}": "x" for number in range(1901)}
    assert app.test_client().post("/campaigns/new", data=fields, headers=OURS).status_code == 303


def test_the_autosave_is_told_by_its_status(app: Flask) -> None:
    reply = app.test_client().put(
        f"/inspections/{AFFAIRS.id}/answers/{AFFAIRS.id}",
        json={"comment": "書きかけ"},
        headers={"Accept": "application/json", **OURS},
    )
    assert reply.status_code == 401
    assert reply.json == {"message": "ログインし直してください。"}


def test_nothing_of_it_is_kept_on_the_server(app: Flask, clock: StandingClock) -> None:
    client, reply = late(app, clock)
    assert YAMADA.staff_no in reply.text
    with client.session_transaction() as cookie:
        assert YAMADA.staff_no not in str(dict(cookie))
    with transaction() as session:
        assert session.scalars(select(SentForm)).all() == []
