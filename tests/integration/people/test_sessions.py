"""Sessions in a browser: fixation, rest, length, revoking, and rights that end between two requests."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.session import Database, bound
from app.people.models import Account, Posting, SignInSession
from tests.conftest import StandingClock
from tests.integration.people.conftest import BrowserOf
from tests.people import NAKAMURA, PASSWORD, SATO, SUZUKI, TANAKA

KEY = "k" * 24
NEW = "すいか電車ひまわり七時半"


def is_in(client: FlaskClient) -> bool:
    return client.get("/me/sessions").status_code == 200


def tokens(client: FlaskClient) -> list[str]:
    with client.session_transaction() as cookie:
        return [str(value) for key, value in cookie.items() if key == "_user_id"]


def test_nobody_is_let_in_without_signing_in(client: FlaskClient) -> None:
    reply = client.get("/me/sessions")
    assert (reply.status_code, reply.location) == (
        303,
        "/login?next=/me/sessions".replace("/me", "%2Fme").replace("/sessions", "%2Fsessions"),
    )


def test_signing_in_gives_a_new_session_and_forgets_the_old_cookie(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["_user_id"] = "a token that somebody else chose"
    assert not is_in(client)
    client.post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD})
    assert is_in(client)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != "a token that somebody else chose"


def test_a_second_sign_in_gets_another_token(browser_of: BrowserOf) -> None:
    first, second = browser_of(SATO), browser_of(SATO)
    assert tokens(first) != tokens(second)


def test_a_stolen_token_is_dead_after_signing_out(app: Flask, browser_of: BrowserOf) -> None:
    owner, thief = browser_of(SATO), app.test_client()
    with thief.session_transaction() as cookie:
        cookie["_user_id"] = tokens(owner)[0]
    assert is_in(thief)
    reply = owner.post("/logout")
    assert (reply.status_code, reply.location) == (303, "/login")
    assert reply.headers["Clear-Site-Data"] == '"cache"'
    assert not is_in(owner)
    assert not is_in(thief)


@pytest.mark.parametrize(("minutes", "alive"), [(29, True), (30, False)])
def test_a_session_that_rests_too_long_ends(
    browser_of: BrowserOf, clock: StandingClock, *, minutes: int, alive: bool
) -> None:
    client = browser_of(SATO)
    clock.pass_by(timedelta(minutes=minutes))
    assert is_in(client) is alive


@pytest.mark.parametrize(("minutes", "alive"), [(9, True), (10, False)])
def test_an_administrators_session_ends_sooner(
    browser_of: BrowserOf, clock: StandingClock, *, minutes: int, alive: bool
) -> None:
    client = browser_of(NAKAMURA)
    clock.pass_by(timedelta(minutes=minutes))
    assert is_in(client) is alive


def test_a_session_in_use_goes_on_until_its_absolute_end(browser_of: BrowserOf, clock: StandingClock) -> None:
    client = browser_of(SATO)
    for _ in range(35):
        clock.pass_by(timedelta(minutes=20))
        assert is_in(client)
    clock.pass_by(timedelta(minutes=20))
    assert not is_in(client)


def test_use_is_written_down_at_most_once_a_minute(browser_of: BrowserOf, clock: StandingClock) -> None:
    client = browser_of(SATO)
    began = clock.now()
    seen = []
    for seconds in (59, 1, 30):
        clock.pass_by(timedelta(seconds=seconds))
        client.get("/me/sessions")
        with bound().reading() as session:
            seen.append(session.scalars(select(SignInSession.last_seen_at)).one())
    assert seen == [began, began + timedelta(seconds=60), began + timedelta(seconds=60)]


def test_a_closed_account_is_refused_at_the_next_request(browser_of: BrowserOf, clock: StandingClock) -> None:
    client = browser_of(SATO)
    with bound().transaction() as session:
        session.execute(
            update(Account)
            .where(Account.person_id == SATO.id)
            .values(disabled_at=clock.now(), disabled_by=NAKAMURA.id)
        )
    assert not is_in(client)


def test_rights_end_with_the_post_in_mid_session(
    app: Flask, browser_of: BrowserOf, clock: StandingClock
) -> None:
    client = browser_of(SUZUKI)
    page = f"/units/{SUZUKI.unit.id}/duties"
    assert client.get(page).status_code == 200
    with bound().transaction() as session:
        session.execute(
            update(Posting).where(Posting.person_id == SUZUKI.id).values(valid_to=clock.now().date())
        )
    assert client.get(page).status_code == 404
    assert is_in(client)


def test_own_sessions_are_listed_and_can_be_ended(app: Flask, browser_of: BrowserOf) -> None:
    here, there = browser_of(SATO), browser_of(SATO)
    assert "いま使っている端末" in here.get("/me/sessions").text
    public_id = _public_ids(here)[0]
    reply = here.post(f"/me/sessions/{public_id}/end", data={"idempotency_key": KEY})
    assert reply.status_code == 303
    assert is_in(here)
    assert not is_in(there)


def test_all_others_can_be_ended_at_once(browser_of: BrowserOf) -> None:
    here, others = browser_of(SATO), [browser_of(SATO), browser_of(SATO)]
    reply = here.post("/me/sessions/end-others", data={"idempotency_key": KEY})
    assert reply.status_code == 303
    assert is_in(here)
    assert not any(is_in(other) for other in others)


def test_somebody_elses_session_cannot_be_ended(browser_of: BrowserOf) -> None:
    sato, tanaka = browser_of(SATO), browser_of(TANAKA)
    with bound().reading() as session:
        account = session.scalars(select(Account.id).where(Account.person_id == TANAKA.id)).one()
        public_id = session.scalars(
            select(SignInSession.public_id).where(SignInSession.account_id == account)
        ).one()
    reply = sato.post(f"/me/sessions/{public_id}/end", data={"idempotency_key": KEY})
    assert reply.status_code == 404
    assert is_in(tanaka)


def _public_ids(client: FlaskClient) -> list[str]:
    page = client.get("/me/sessions").text
    return [part.split("/end")[0] for part in page.split('action="/me/sessions/')[1:] if "/end" in part]


# ------------------------------------------------------------------------------------------- the sign-in page


def test_the_page_promises_that_nothing_is_lost(client: FlaskClient) -> None:
    page = client.get("/login").text
    assert "途中で保存されます" in page
    assert 'autocomplete="current-password"' in page


@pytest.mark.parametrize("staff_no", [SATO.staff_no, "4242"])
def test_a_refusal_says_the_same_for_everybody(client: FlaskClient, staff_no: str) -> None:
    reply = client.post("/login", data={"staff_no": staff_no, "password": "wrong"})
    assert reply.status_code == 422
    assert "職員番号かパスワードが違います" in reply.text
    assert "<title>誤り：" in reply.text
    assert "wrong" not in reply.text


def test_too_many_attempts_are_429(client: FlaskClient) -> None:
    for _ in range(4):
        client.post("/login", data={"staff_no": SATO.staff_no, "password": "wrong"})
    reply = client.post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD})
    assert reply.status_code == 429
    assert "あと2秒" in reply.text


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/me/sessions?x=1", "/me/sessions?x=1"),
        ("https://example.com/", "/"),
        ("//example.com", "/"),
        ("/\\example.com", "/"),
        ("javascript:alert(1)", "/"),
        # Browsers drop tabs and line ends, and would read another host.
        ("/\t/example.com", "/"),
        ("/\n/example.com", "/"),
        ("/me/sessions\r\nSet-Cookie: x=1", "/"),
        ("/\u2028/example.com", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_stays_on_our_site(client: FlaskClient, wanted: str, location: str) -> None:
    reply = client.post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD, "next": wanted})
    assert reply.location == location


def test_a_full_width_number_is_understood(client: FlaskClient) -> None:
    reply = client.post("/login", data={"staff_no": "１００１", "password": PASSWORD})
    assert reply.status_code == 303


def test_who_is_signed_in_does_not_sign_in_again(browser_of: BrowserOf) -> None:
    assert browser_of(SATO).get("/login").status_code == 303


@pytest.mark.parametrize("wanted", ["", "/me/sessions", "/help"])
def test_the_previous_sign_in_is_told_once(
    browser_of: BrowserOf, clock: StandingClock, app: Flask, wanted: str
) -> None:
    browser_of(SATO)
    clock.pass_by(timedelta(hours=1))
    reply = app.test_client().post(
        "/login",
        data={"staff_no": SATO.staff_no, "password": PASSWORD, "next": wanted},
        follow_redirects=True,
    )
    assert reply.request.path == (wanted or "/")
    assert reply.text.count("前回のログイン") == 1
    assert "令和8年11月20日(金) 9時00分" in reply.text


# ------------------------------------------------------------------------------------------ the own password


def must_change(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Account).where(Account.person_id == SATO.id).values(must_change_password=True))


def change(
    client: FlaskClient, *, current: str = PASSWORD, new: str = NEW, again: str | None = None
) -> tuple[int, str]:
    reply = client.post(
        "/password",
        data={
            "current_password": current,
            "new_password": new,
            "new_password_again": new if again is None else again,
            "idempotency_key": KEY,
        },
    )
    return reply.status_code, reply.text


def test_the_first_password_opens_only_the_page_on_which_it_is_changed(
    client: FlaskClient, app: Flask
) -> None:
    must_change(bound())
    reply = client.post(
        "/login", data={"staff_no": SATO.staff_no, "password": PASSWORD, "next": "/me/sessions"}
    )
    assert reply.location == "/password"
    for page in ("/", "/me/sessions", "/accounts"):
        assert client.get(page).location == "/password"
    assert "自分だけが知るものに" in client.get("/password").text
    assert change(client)[0] == 303
    assert is_in(client)


def test_a_change_ends_all_other_sessions(browser_of: BrowserOf) -> None:
    here, there = browser_of(SATO), browser_of(SATO)
    assert change(here)[0] == 303
    assert is_in(here)
    assert not is_in(there)
    again = here.application.test_client()
    assert again.post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD}).status_code == 422
    assert again.post("/login", data={"staff_no": SATO.staff_no, "password": NEW}).status_code == 303


def test_sent_twice_a_change_gives_the_same_reply(browser_of: BrowserOf) -> None:
    client = browser_of(SATO)
    assert change(client)[0] == 303
    assert change(client)[0] == 303
    assert is_in(client)


@pytest.mark.parametrize(
    ("current", "new", "again", "part"),
    [
        ("wrong", NEW, None, "パスワードが違います"),
        (PASSWORD, "short", None, "12文字以上"),
        (PASSWORD, PASSWORD, None, "いまと同じ"),
        (PASSWORD, "なまえは-はなこ-です2026", None, "自分の名前"),
        (PASSWORD, NEW, NEW + "x", "同じものを入れてください"),
        ("", NEW, None, "いまのパスワードを入れてください"),
    ],
)
def test_a_change_that_cannot_be_is_explained(
    browser_of: BrowserOf, current: str, new: str, again: str | None, part: str
) -> None:
    client = browser_of(SATO)
    status, page = change(client, current=current, new=new, again=again)
    assert status == 422
    assert part in page
    assert NEW not in page


def test_no_digest_of_a_password_is_kept_beside_its_hash(browser_of: BrowserOf) -> None:
    assert change(browser_of(SATO))[0] == 303
    with bound().reading() as session:
        kept = session.connection().exec_driver_sql("SELECT count(*) FROM sent_form").scalar_one()
    assert kept == 0
