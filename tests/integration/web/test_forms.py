"""How a form becomes an act: sent twice it is done once, and only for who sent it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField
from wtforms.validators import Optional

from app.db.session import transaction
from app.kernel.errors import RepeatedKey
from app.people.models import DutyAssignment, Person, SignInSession
from app.web.forms import KEPT, DayField, Form, forget_sent_forms, perform
from app.web.models import SentForm
from tests.conftest import StandingClock
from tests.people import AFFAIRS, SATO, STORY, SUZUKI, TANAKA, YAMADA, Cast
from tests.sign_in import signed_in

KEY = "k" * 24
DUTIES = f"/units/{AFFAIRS.id}/duties"
DUTY = {
    "duty": "deputy",
    "member": "",
    "staff_no": YAMADA.staff_no,
    "first_day": "2026-11-20",
    "idempotency_key": KEY,
}


def open_sessions(cast: Cast) -> int:
    with transaction() as session:
        rows = session.scalars(select(SignInSession.user_agent).where(SignInSession.ended_at.is_(None)))
        return sum(row == cast.staff_no for row in rows)


def another_session(app: Flask, cast: Cast) -> None:
    """Sign somebody in on a second computer, named after the person."""
    client = app.test_client()
    client.post(
        "/login",
        data={"staff_no": cast.staff_no, "password": "なつのひまわり-2026-hare"},
        headers={"User-Agent": cast.staff_no},
    )


def test_a_key_belongs_to_who_sent_it(app: Flask) -> None:
    for cast in (SATO, TANAKA):
        another_session(app, cast)
        reply = signed_in(app, cast).post("/me/sessions/end-others", data={"idempotency_key": KEY})
        assert reply.status_code == 303
        assert open_sessions(cast) == 0


def test_a_key_belongs_to_one_address(app: Flask) -> None:
    client = signed_in(app, SUZUKI)
    assert client.post(DUTIES, data=DUTY).status_code == 303
    another_session(app, SUZUKI)
    client.post("/me/sessions/end-others", data={"idempotency_key": KEY})
    assert open_sessions(SUZUKI) == 0


def test_the_same_form_twice_is_done_once_with_the_same_reply(app: Flask) -> None:
    client = signed_in(app, SUZUKI)
    replies = [client.post(DUTIES, data=DUTY) for _ in range(2)]
    assert [(reply.status_code, reply.location) for reply in replies] == [(303, DUTIES)] * 2
    assert named() == [YAMADA.id]


def test_the_same_key_with_another_body_is_refused(app: Flask) -> None:
    client = signed_in(app, SUZUKI)
    assert client.post(DUTIES, data=DUTY).status_code == 303
    reply = client.post(DUTIES, data=DUTY | {"staff_no": TANAKA.staff_no})
    assert reply.status_code == 409
    assert "もう別の内容が送られています" in reply.text
    assert named() == [YAMADA.id]


def test_a_form_that_was_refused_goes_through_when_it_is_mended(app: Flask) -> None:
    client = signed_in(app, SUZUKI)
    assert client.post(DUTIES, data=DUTY | {"staff_no": "0000"}).status_code == 422
    assert client.post(DUTIES, data=DUTY).status_code == 303


def named() -> list[object]:
    with transaction() as session:
        return list(session.scalars(select(DutyAssignment.person_id).where(DutyAssignment.duty == "deputy")))


# ------------------------------------------------------------------------------------- two at the same time


def send(app: Flask, command: Callable[[Session], None], *, body: str) -> tuple[int, str]:
    data = {"idempotency_key": KEY, "body": body}
    with app.test_request_context("/somewhere", method="POST", data=data):
        reply = perform(command, to="/done")
        return reply.status_code, reply.location


class Slow:
    """A command that is on its way while another one begins."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, _: Session) -> None:
        self.begun.set()
        threading.Event().wait(0.4)


@pytest.fixture
def race(app: Flask) -> Callable[[str], tuple[int, str]]:
    """Send one form, and while it is carried out another one with the same key; return the second reply."""

    def run(second: str) -> tuple[int, str]:
        slow = Slow()
        with ThreadPoolExecutor(max_workers=2) as pool:
            first = pool.submit(send, app, slow, body="first")
            assert slow.begun.wait(10)
            later = pool.submit(send, app, slow, body=second)
            assert first.result() == (303, "/done")
            try:
                return later.result()
            finally:
                with transaction() as session:
                    assert len(session.scalars(select(SentForm)).all()) == 1

    return run


def test_the_same_form_in_a_race_gets_the_same_reply(race: Callable[[str], tuple[int, str]]) -> None:
    assert race("first") == (303, "/done")


def test_another_body_in_a_race_is_refused_and_no_fault(race: Callable[[str], tuple[int, str]]) -> None:
    with pytest.raises(RepeatedKey, match="もう別の内容"):
        race("second")


def test_a_conflict_of_the_command_itself_is_not_hidden(app: Flask) -> None:
    def twice(session: Session) -> None:
        taken = {"staff_no": SATO.staff_no, "name": "x", "kana": "x", "created_at": STORY}
        session.execute(insert(Person).values(**taken))

    with pytest.raises(IntegrityError):
        send(app, twice, body="x")
    with transaction() as session:
        assert not session.scalars(select(SentForm)).all()


# ------------------------------------------------------------------------------------------ after 30 days


def test_keys_are_removed_in_batches_after_thirty_days(app: Flask, clock: StandingClock) -> None:
    with transaction() as session:
        for number in range(1500):
            session.add(sent(f"{number:064d}", at=clock.now() - KEPT))
        session.add(sent("b" * 64, at=clock.now() - KEPT + timedelta(seconds=1)))
    removed = []
    with app.app_context():
        for _ in range(3):
            with transaction() as session:
                removed.append(forget_sent_forms(session, at=clock.now()))
    assert removed == [1000, 500, 0]
    with transaction() as session:
        assert session.scalars(select(SentForm.key_digest)).all() == ["b" * 64]


def sent(digest: str, *, at: datetime) -> SentForm:
    return SentForm(key_digest=digest, body_digest="c" * 64, location="/", message="", sent_at=at)


# ----------------------------------------------------------------------------------------------- fields


class Typed(Form):
    """A field of each kind that is read with care."""

    words = StringField("言葉")
    password = PasswordField("パスワード")
    day = DayField("その日", validators=[Optional()])


def typed(app: Flask, **fields: str) -> Typed:
    with app.test_request_context("/", method="POST"):
        form = Typed(formdata=MultiDict(fields))
        form.validate()
        return form


def test_a_password_stays_as_it_was_typed_and_a_text_loses_its_ends(app: Flask) -> None:
    form = typed(app, words="  あ い \r\n", password="　あ い \t")
    assert (form.words.data, form.password.data) == ("あ い", "　あ い \t")


@pytest.mark.parametrize(
    ("day", "read"),
    [
        ("1900-01-01", date(1900, 1, 1)),
        ("2199-12-31", date(2199, 12, 31)),
        ("", None),
    ],
)
def test_a_day_of_our_time_is_read(app: Flask, day: str, read: date | None) -> None:
    form = typed(app, day=day)
    assert (form.day.data, form.problems) == (read, [])


@pytest.mark.parametrize(
    ("day", "part"),
    [
        ("1899-12-31", "1900年から2199年までの日に"),
        ("2200-01-01", "1900年から2199年までの日に"),
        ("9999-12-31", "1900年から2199年までの日に"),
        ("0001-01-01", "1900年から2199年までの日に"),
        ("2026-02-30", "ある日付を入れてください"),
        ("明日", "ある日付を入れてください"),
        ("2026-11-20\x00", "ある日付を入れてください"),
    ],
)
def test_any_other_day_is_explained(app: Flask, day: str, part: str) -> None:
    form = typed(app, day=day)
    assert form.day.data is None
    assert [part in problem.message for problem in form.problems] == [True]
