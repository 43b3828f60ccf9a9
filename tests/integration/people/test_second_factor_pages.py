"""The second factor in a browser: enrolling, the code at sign-in, proving again, the page of the own account, notices."""

import logging
import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.config import Settings
from app.db.session import bound
from app.journal.models import JournalEntry
from app.kernel.clock import JST
from app.kernel.digest import digest_text
from app.notices.models import Notice
from app.people.models import Account, SecondFactor, SignInSession
from app.web.models import SentForm
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.factories.second_factor import SECRET, code_at, code_given, enrolled
from tests.people import COUNTER, KIMURA, NAKAMURA, PASSWORD, SATO, STORY, SUZUKI, TANAKA, Cast
from tests.sign_in import signed_in
from tests.statements import statements

KEY = "only for tests" * 3
FORM = "k" * 24
STEP = timedelta(seconds=30)


def sign_in(
    app: Flask, cast: Cast, *, client: FlaskClient | None = None, to: str = ""
) -> tuple[FlaskClient, TestResponse]:
    client = client or app.test_client()
    form = {"staff_no": cast.staff_no, "password": PASSWORD, "next": to}
    return client, client.post("/login", data=form)


def give(client: FlaskClient, code: str, **more: str) -> TestResponse:
    return client.post("/login/code", data={"one_time_code": code, **more})


def offered(page: str) -> tuple[str, str]:
    """Return the secret that a page shows for typing, and the sealed one of its form."""
    shown = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    sealed = re.search(r'name="offer"[^>]*value="([^"]+)"', page)
    assert shown is not None
    assert sealed is not None
    return shown[1].replace(" ", ""), unescape(sealed[1])


def enrol(client: FlaskClient, *, now: datetime, key: str = FORM, **more: str) -> tuple[TestResponse, str]:
    secret, sealed = offered(client.get("/me/second-factor").text)
    form = {
        "offer": sealed,
        "new_code": code_at(now, secret=secret),
        "password": PASSWORD,
        "idempotency_key": key,
        **more,
    }
    return client.post("/me/second-factor", data=form), secret


@pytest.fixture
def with_factor(app: Flask) -> Flask:
    """佐藤 has a second factor."""
    enrolled(bound(), SATO, key=KEY)
    return app


# ----------------------------------------------------------------------------------------------- signing in


def test_the_code_follows_the_password_and_leads_on_to_where_one_wanted_to_go(
    with_factor: Flask, clock: StandingClock
) -> None:
    client, reply = sign_in(with_factor, SATO, to="/me/sessions")
    assert reply.location == "/login/code?next=/me/sessions"
    page = client.get(reply.location)
    assert 'autocomplete="one-time-code"' in page.text
    assert "佐藤" not in page.text
    assert client.get_cookie("device") is None
    wrong = give(client, "000000", next="/me/sessions")
    assert (wrong.status_code, "確認コードが違います" in wrong.text) == (422, True)
    assert "000000" not in wrong.text or 'value="000000"' in wrong.text
    assert give(client, code_at(clock.now()), next="/me/sessions").location == "/me/sessions"
    assert client.get_cookie("device") is not None
    assert client.get("/").status_code == 200
    assert client.get("/login/code").location == "/"


def test_a_full_width_code_with_a_blank_is_understood(with_factor: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(with_factor, SATO)
    code = code_at(clock.now()).translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert give(client, f"{code[:3]} {code[3:]}").status_code == 303


@pytest.mark.parametrize("password", ["wrong", ""])
def test_before_the_password_is_right_nobody_learns_of_a_factor(
    with_factor: Flask, client: FlaskClient, password: str
) -> None:
    answers = set()
    for staff_no in (SATO.staff_no, SUZUKI.staff_no, "4242"):
        reply = client.post("/login", data={"staff_no": staff_no, "password": password})
        text = re.sub(r'value="[^"]*"', "", reply.text).replace(staff_no, "")
        answers.add((reply.status_code, text))
    assert len(answers) == 1


def test_a_stranger_is_sent_from_the_code_to_the_sign_in_page(client: FlaskClient) -> None:
    assert client.get("/login/code").location.startswith("/login")
    assert client.post("/login/code", data={"one_time_code": "000000"}).status_code in {303, 401}


def test_half_a_sign_in_ends_after_half_an_hour(with_factor: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(with_factor, SATO)
    clock.pass_by(timedelta(minutes=29))
    assert client.get("/login/code").status_code == 200
    clock.pass_by(timedelta(minutes=1))
    assert client.get("/login/code").location.startswith("/login?")


def test_somebody_can_give_up_half_way(with_factor: Flask) -> None:
    client, _ = sign_in(with_factor, SATO)
    assert client.post("/logout").location == "/login"
    assert client.get("/login/code").location.startswith("/login?")


def test_a_page_that_waits_behind_its_cover_is_told_to_ask_for_the_code(
    with_factor: Flask, clock: StandingClock
) -> None:
    client, script = with_factor.test_client(), {"Accept": "application/json"}
    form = {"staff_no": SATO.staff_no, "password": PASSWORD}
    assert client.post("/login", data=form, headers=script).get_json()["code"] is True
    wrong = client.post("/login/code", data={"one_time_code": "000000"}, headers=script)
    assert (wrong.status_code, "違います" in wrong.get_json()["message"]) == (422, True)
    right = client.post("/login/code", data={"one_time_code": code_at(clock.now())}, headers=script)
    assert (right.status_code, right.get_json()) == (200, {"to": "/"})


def test_what_was_typed_comes_through_password_and_code(with_factor: Flask, clock: StandingClock) -> None:
    client, own = with_factor.test_client(), {"Sec-Fetch-Site": "same-origin"}
    late = client.post("/me/settings", data={"words": "書きかけの文", "idempotency_key": FORM}, headers=own)
    held = unescape(re.search(r'name="held" value="([^"]+)"', late.text)[1])  # type: ignore[index]
    form = {"staff_no": SATO.staff_no, "password": PASSWORD, "held": held}
    half = client.post("/login", data=form, headers=own)
    assert "書きかけの文" in half.text
    assert 'action="/login/code"' in half.text
    held = unescape(re.search(r'name="held" value="([^"]+)"', half.text)[1])  # type: ignore[index]
    done = client.post("/login/code", data={"one_time_code": code_at(clock.now()), "held": held}, headers=own)
    assert "書きかけの文" in done.text
    assert 'action="/me/settings"' in done.text


def test_a_form_of_half_a_sign_in_is_given_back_with_the_question_for_the_code(with_factor: Flask) -> None:
    client, _ = sign_in(with_factor, SATO)
    late = client.post(
        "/me/settings", data={"words": "書きかけの文"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert late.status_code == 401
    assert "書きかけの文" in late.text
    assert 'action="/login/code"' in late.text


def test_a_changed_key_is_a_sentence_and_no_fault(with_factor: Flask) -> None:
    with bound().transaction() as session:
        session.execute(update(SecondFactor).values(secret="1.AAAA"))
    client, _ = sign_in(with_factor, SATO)
    reply = give(client, "000000")
    assert (reply.status_code, "システムの鍵" in reply.text) == (409, True)


# ------------------------------------------------------------------------------------------------ enrolling


def test_somebody_enrols_of_the_own_will_and_other_browsers_are_signed_out(
    app: Flask, clock: StandingClock
) -> None:
    here, _ = sign_in(app, SATO)
    there, _ = sign_in(app, SATO)
    page = here.get("/me/second-factor")
    assert "<svg" in page.text
    assert " style=" not in page.text
    reply, secret = enrol(here, now=clock.now())
    assert reply.location == "/me/sessions"
    assert "登録済み" in here.get("/me/sessions").text
    assert there.get("/me/sessions").status_code == 303
    again, _ = sign_in(app, SATO)
    assert give(again, code_at(clock.now(), secret=secret)).status_code == 422
    clock.pass_by(STEP)
    assert give(again, code_at(clock.now(), secret=secret)).status_code == 303


def test_a_slip_keeps_the_same_secret_on_the_page(app: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(app, SATO)
    secret, sealed = offered(client.get("/me/second-factor").text)
    form = {"offer": sealed, "new_code": "000000", "password": PASSWORD, "idempotency_key": FORM}
    wrong = client.post("/me/second-factor", data=form)
    assert (wrong.status_code, "確認コードが違います" in wrong.text) == (422, True)
    assert offered(wrong.text) == (secret, sealed)
    form |= {"new_code": code_at(clock.now(), secret=secret), "password": "wrong"}
    refused = client.post("/me/second-factor", data=form)
    assert (refused.status_code, "パスワードが違います" in refused.text) == (422, True)
    assert client.post("/me/second-factor", data=form | {"password": PASSWORD}).status_code == 303


def test_a_form_of_enrolment_sent_twice_is_done_once(app: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(app, SATO)
    secret, sealed = offered(client.get("/me/second-factor").text)
    code = code_at(clock.now(), secret=secret)
    form = {"offer": sealed, "new_code": code, "password": PASSWORD, "idempotency_key": FORM}
    replies = [client.post("/me/second-factor", data=form) for _ in range(2)]
    assert [(reply.status_code, reply.location) for reply in replies] == [(303, "/me/sessions")] * 2


@pytest.mark.parametrize("sealed", ["", "1.AAAA", "of another"])
def test_a_secret_of_somebody_elses_choice_is_not_taken(
    app: Flask, clock: StandingClock, sealed: str
) -> None:
    client, _ = sign_in(app, SATO)
    other, _ = sign_in(app, TANAKA)
    secret, theirs = offered(other.get("/me/second-factor").text)
    form = {
        "offer": theirs if sealed == "of another" else sealed,
        "new_code": code_at(clock.now(), secret=secret),
        "password": PASSWORD,
        "idempotency_key": FORM,
    }
    reply = client.post("/me/second-factor", data=form)
    assert (reply.status_code, "新しいQRコードに替えました" in reply.text) == (422, True)
    with bound().reading() as session:
        assert session.scalars(select(SecondFactor)).all() == []


def test_another_telephone_needs_a_code_of_the_old_one(with_factor: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(with_factor, SATO)
    give(client, code_at(clock.now()))
    clock.pass_by(STEP)
    without, _ = enrol(client, now=clock.now())
    assert (without.status_code, "6桁の確認コードも" in without.text) == (422, True)
    reply, secret = enrol(client, now=clock.now(), key="m" * 24, one_time_code=code_at(clock.now()))
    assert reply.status_code == 303
    clock.pass_by(STEP)
    again, _ = sign_in(with_factor, SATO)
    assert give(again, code_at(clock.now())).status_code == 422
    assert give(again, code_at(clock.now(), secret=secret)).status_code == 303


def test_who_needs_none_removes_it_with_password_and_code(with_factor: Flask, clock: StandingClock) -> None:
    client, _ = sign_in(with_factor, SATO)
    give(client, code_at(clock.now()))
    clock.pass_by(STEP)
    form = {"password": PASSWORD, "one_time_code": "", "idempotency_key": FORM}
    page = "/me/second-factor/remove"
    assert "二段階認証を外す" in client.get(page).text
    assert client.post(page, data=form).status_code == 422
    form |= {"one_time_code": code_at(clock.now())}
    assert [client.post(page, data=form).location for _ in range(2)] == ["/me/sessions"] * 2
    assert sign_in(with_factor, SATO)[1].location == "/"


# ----------------------------------------------------------------------------------- where it is required


class TestRequired:
    """A city as it is installed."""

    @pytest.fixture
    def settings(self, city_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
        """Required of the lead division, auditors and administrators."""
        folder = tmp_path_factory.mktemp("instance")
        return Settings(database_url=city_url, instance_path=folder, secret_key=KEY)

    def test_after_the_password_comes_the_enrolment_and_then_the_house(
        self, app: Flask, clock: StandingClock
    ) -> None:
        client, reply = sign_in(app, TANAKA)
        assert reply.location == "/me/second-factor"
        page = client.get(reply.location).text
        assert "あなたの役割では、二段階認証が必要です" in page
        assert "ログアウトする" in page
        done, _ = enrol(client, now=clock.now())
        assert done.location == "/"
        assert client.get("/").status_code == 200
        assert "外す" not in client.get("/me/sessions").text
        form = {"password": PASSWORD, "one_time_code": "000000", "idempotency_key": FORM}
        assert client.post("/me/second-factor/remove", data=form).status_code == 403

    def test_the_first_password_is_changed_before(self, app: Flask) -> None:
        with bound().transaction() as session:
            own = update(Account).where(Account.person_id == TANAKA.id)
            session.execute(own.values(must_change_password=True))
        client, reply = sign_in(app, TANAKA)
        assert reply.location == "/password"
        assert client.get("/me/second-factor").location == "/password"
        new = "すいか電車ひまわり七時半"
        form = {"current_password": PASSWORD, "new_password": new, "new_password_again": new}
        client.post("/password", data=form | {"idempotency_key": FORM})
        assert client.get("/password").location == "/me/second-factor"

    def test_who_gets_a_function_is_asked_at_the_next_request(self, app: Flask) -> None:
        client, _ = sign_in(app, SATO)
        assert client.get("/").status_code == 200
        from app.people.models import PersonFunctionAssignment  # noqa: PLC0415

        with bound().transaction() as session:
            given = PersonFunctionAssignment(person_id=SATO.id, function="auditor", valid_from=STORY.date())
            session.add(given)
        assert client.get("/").location == "/me/second-factor"

    def test_the_doctor_says_of_whom_and_how_many_lack_it(self, app: Flask) -> None:
        enrolled(bound(), NAKAMURA, key=KEY)
        said = app.test_cli_runner().invoke(args=["doctor"]).output
        assert (
            "二段階認証を求める人（情報主管課・監査人・システム管理者）は 5 名で、まだ登録していない人は 4 名です"
            in said
        )
        with bound().transaction() as session:
            session.execute(update(SecondFactor).values(secret="1.AAAA"))
        said = app.test_cli_runner().invoke(args=["doctor"]).output
        assert "× 署名の鍵が変わったため、1 名の二段階認証を確かめられません" in said


# -------------------------------------------------------------------------------------------- proving again


def test_signing_off_asks_for_the_code_too(app: Flask, clock: StandingClock, year: Year) -> None:
    from app.inspections.rules import State  # noqa: PLC0415

    year.bring(COUNTER, to=State.REVIEWED)
    clock.instant = year.now
    enrolled(bound(), KIMURA, key=KEY)
    client = signed_in(app, KIMURA)
    code_given(bound(), KIMURA, now=clock.now())
    address = f"/inspections/{year.sheets[COUNTER.code]}/sign-off"
    page = client.get(address).text
    assert 'name="one_time_code"' in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    form = {"version": version[1], "password": PASSWORD, "idempotency_key": FORM}
    without = client.post(address, data=form)
    assert (without.status_code, "6桁の確認コードも" in without.text) == (422, True)
    form |= {"one_time_code": code_at(clock.now())}
    assert [client.post(address, data=form).status_code for _ in range(2)] == [303, 303]
    assert year.sheet(COUNTER).state is State.SIGNED_OFF


# --------------------------------------------------------------------------------------- the page, notices


def unusual(cast: Cast) -> list[str]:
    with bound().reading() as session:
        return list(
            session.scalars(
                select(SignInSession.oddities)
                .join(Account, Account.id == SignInSession.account_id)
                .where(Account.person_id == cast.id)
                .order_by(SignInSession.created_at)
            )
        )


def test_the_first_sign_in_and_a_known_device_are_usual_and_a_new_one_is_not(
    app: Flask, clock: StandingClock
) -> None:
    first, _ = sign_in(app, SATO)
    for client in (first, None):
        clock.pass_by(timedelta(minutes=1))
        sign_in(app, SATO, client=client)
    assert unusual(SATO) == ["", "", "new-device"]
    with bound().reading() as session:
        assert [row.kind for row in session.scalars(select(Notice))] == ["sign-in.unusual"]
    clock.pass_by(timedelta(minutes=1))
    _, reply = sign_in(app, SATO, client=first)
    page = first.get(reply.location).text
    assert "いつもと違うログインがありました" in page
    assert "まだ読んでいないお知らせが1件" in page
    words = first.get("/notices").text
    assert "初めての端末" in words
    assert "127.0.0.1" not in words


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (datetime(2026, 11, 20, 23, 0, tzinfo=JST), "at-night"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=JST), "closed-day"),
        (datetime(2026, 11, 23, 9, 0, tzinfo=JST), "closed-day"),
        (datetime(2026, 11, 24, 9, 0, tzinfo=JST), ""),
    ],
)
def test_night_and_closed_days_are_told(app: Flask, clock: StandingClock, at: datetime, found: str) -> None:
    clock.instant = at
    sign_in(app, SATO)
    assert unusual(SATO) == [found]


def test_a_sign_in_after_five_failures_is_told(app: Flask, clock: StandingClock) -> None:
    client = app.test_client()
    for _ in range(5):
        client.post("/login", data={"staff_no": SATO.staff_no, "password": "wrong"})
        clock.pass_by(timedelta(seconds=61))
    sign_in(app, SATO)
    assert unusual(SATO) == ["after-failures"]


def test_wrong_codes_after_the_right_password_are_told_once_a_day(
    with_factor: Flask, clock: StandingClock
) -> None:
    client, _ = sign_in(with_factor, SATO)
    for _ in range(7):
        assert give(client, "000000").status_code == 422
        clock.pass_by(timedelta(seconds=61))
    with bound().reading() as session:
        kinds = [row.kind for row in session.scalars(select(Notice))]
    assert kinds == ["sign-in.codes-refused"]
    assert give(client, code_at(clock.now())).status_code == 303
    assert unusual(SATO) == ["after-failures"]


def test_the_page_shows_when_whence_with_what_and_how(with_factor: Flask, clock: StandingClock) -> None:
    half, _ = sign_in(with_factor, SATO)
    del half
    client, _ = sign_in(with_factor, SATO)
    give(client, code_at(clock.now()))
    page = client.get("/me/sessions").text
    for words in (
        "127.0.0.1",
        "パスワードと確認コード",
        "入れませんでした",
        "これまでに使った端末",
        "Werkzeug",
    ):
        assert words in page
    clock.pass_by(timedelta(days=91))
    later, _ = sign_in(with_factor, SATO, client=client)
    give(later, code_at(clock.now()))
    page = later.get("/me/sessions").text
    assert "入れませんでした" not in page
    assert "<b>1</b>件" in page


def test_only_finished_sign_ins_are_open_and_count_as_the_previous_one(
    with_factor: Flask, clock: StandingClock
) -> None:
    sign_in(with_factor, SATO)
    clock.pass_by(timedelta(minutes=5))
    client, _ = sign_in(with_factor, SATO)
    give(client, code_at(clock.now()))
    page = client.get("/me/sessions").text
    assert "前回のログイン" not in page
    assert "ほかのすべての端末からログアウト" not in page


@pytest.mark.parametrize("many", [3, 60])
def test_the_page_asks_the_same_of_the_database_however_much_it_shows(app: Flask, many: int) -> None:
    client = signed_in(app, SATO)
    with bound().transaction() as session:
        account_id = session.scalars(select(Account.id).where(Account.person_id == SATO.id)).one()
        for number in range(many):
            session.add(
                SignInSession(
                    token_digest=digest_text(f"{number}"),
                    account_id=account_id,
                    created_at=STORY - timedelta(hours=number),
                    last_seen_at=STORY,
                    proved_at=STORY,
                    user_agent="Edge",
                    device_digest=digest_text(f"device {number}"),
                    address="10.0.0.1",
                )
            )
    client.get("/me/sessions")
    with statements() as sent:
        page = client.get("/me/sessions").text
    assert f"<b>{many + 1}</b>件" in page
    assert len(sent) == STATEMENTS
    assert ('rel="next"' in page) is (many > 49)


STATEMENTS = 11


# -------------------------------------------------------------------------------------------------- canary


def test_no_secret_and_no_code_in_logs_journal_or_stored_forms(
    app: Flask, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, _ = sign_in(app, SATO)
    reply, secret = enrol(client, now=clock.now())
    assert reply.status_code == 303
    clock.pass_by(STEP)
    again, _ = sign_in(app, SATO)
    codes = [code_at(clock.now() + n * STEP, secret=secret) for n in (-1, 5, 0)]
    assert [give(again, code).status_code for code in codes] == [422, 422, 303]
    with bound().reading() as session:
        kept = "".join(
            [*session.scalars(select(JournalEntry.payload)), *session.scalars(select(SentForm.message))]
        )
        stored = "".join(session.scalars(select(SecondFactor.secret)))
    for canary in (secret, SECRET):
        assert canary not in caplog.text + kept + stored
    for code in codes:
        assert not re.search(rf"(?<![0-9a-f-]){code}(?![0-9a-f-])", caplog.text + kept)
