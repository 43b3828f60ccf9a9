"""The city's closed days: kept by the lead division, on the page and at the command line; and the deadlines of a campaign."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.calendar.commands import add_closing_day, remove_day
from app.calendar.queries import city_calendar
from app.db.session import Database
from app.kernel.errors import InvalidInput, NotAllowed, NotFound
from tests.conftest import ActorOf
from tests.factories.inspections import Year
from tests.people import ITO, KIMURA, NAKAMURA, SATO, STORY, SUZUKI, TANAKA, WATANABE, Cast
from tests.sign_in import signed_in
from tests.statements import statements

FOUNDED = date(2026, 12, 4)
KEY = {"idempotency_key": "k" * 20}


@pytest.fixture
def reviewer(database: Database, app: Flask) -> FlaskClient:
    return signed_in(app, TANAKA)


def close(client: FlaskClient, *, day: str, name: str = "市制記念日", key: str = "k") -> tuple[int, str]:
    reply = client.post("/calendar", data={"idempotency_key": key * 20, "day": day, "name": name})
    page = client.get(reply.location).text if reply.status_code == 303 else reply.text
    return reply.status_code, page


def test_a_day_is_closed_shown_and_opened_again(reviewer: FlaskClient, database: Database) -> None:
    status, page = close(reviewer, day="2026-12-04")
    assert status == 303
    assert "令和8年12月4日(金)を閉庁日にしました。" in page
    assert "田中 実" in page
    assert "うち市が決めた日 1日" in page
    with database.reading() as session:
        assert city_calendar(session).reason_closed(FOUNDED) == "市制記念日"
    address = page.split('/remove"')[0].rpartition('action="')[2]
    opened = reviewer.post(f"{address}/remove", data=KEY, follow_redirects=True)
    assert "令和8年12月4日(金)を閉庁日から外しました。" in opened.text
    with database.reading() as session:
        assert city_calendar(session).is_business_day(FOUNDED)
    assert reviewer.post(f"{address}/remove", data={"idempotency_key": "m" * 20}).status_code == 404


@pytest.mark.parametrize(
    ("day", "name", "sentence"),
    [
        ("2026-11-23", "x", "もう閉庁日です（勤労感謝の日）"),
        ("2026-11-22", "x", "もう閉庁日です（日曜日）"),
        ("2026-12-04", "", "名称を書いてください"),
        ("2026-02-30", "x", "ある日付を入れてください"),
        ("2026-12-04", "あ" * 61, "60文字まで"),
    ],
)
def test_what_cannot_be_closed_is_said(reviewer: FlaskClient, day: str, name: str, sentence: str) -> None:
    status, page = close(reviewer, day=day, name=name)
    assert status == 422
    assert sentence in page
    assert name in page


def test_a_day_is_closed_once(reviewer: FlaskClient) -> None:
    close(reviewer, day="2026-12-04")
    status, page = close(reviewer, day="2026-12-04", name="別の名", key="m")
    assert status == 422
    assert "もう閉庁日です（市制記念日）" in page


@pytest.mark.parametrize("cast", [SATO, SUZUKI, ITO, WATANABE, NAKAMURA])
def test_only_the_lead_division_keeps_the_calendar(app: Flask, actor_of: ActorOf, cast: Cast) -> None:
    client = signed_in(app, cast)
    assert client.get("/calendar").status_code == 403
    assert client.post("/calendar", data=KEY).status_code == 403


def test_commands_ask_themselves(database: Database, actor_of: ActorOf) -> None:
    with pytest.raises(NotAllowed), database.transaction() as session:
        add_closing_day(session, actor=actor_of(SATO), day=FOUNDED, name="x", now=STORY)
    with pytest.raises(NotFound, match="令和8年12月4日"), database.transaction() as session:
        remove_day(session, actor=actor_of(KIMURA), day=FOUNDED, now=STORY)
    with pytest.raises(InvalidInput), database.transaction() as session:
        add_closing_day(session, actor=actor_of(KIMURA), day=date(2026, 12, 31), name="x", now=STORY)


def test_the_page_asks_little(reviewer: FlaskClient) -> None:
    close(reviewer, day="2026-12-04")
    with statements() as sent:
        assert reviewer.get("/calendar?year=2026").status_code == 200
    assert len(sent) <= 6
    assert "憲法記念日 振替休日" in reviewer.get("/calendar?year=2026").text
    assert reviewer.get("/calendar?year=99999").status_code == 200


def test_the_command_line_keeps_it_too(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert "まだありません" in run(args=["calendar", "list"]).output
    added = run(args=["calendar", "add", "R8.12.4", "市制記念日", "--by", TANAKA.staff_no])
    assert added.output == "閉庁日にしました：令和8年12月4日(金)　市制記念日\n"
    assert "2026-12-04" in run(args=["calendar", "list"]).output
    refused = run(args=["calendar", "add", "2026-12-05", "x", "--by", SATO.staff_no])
    assert refused.exit_code == 1
    assert run(args=["calendar", "remove", "2026-12-04", "--by", TANAKA.staff_no]).exit_code == 0


# ---------------------------------------------------------------------------------- deadlines of a campaign


def form(year: Year, **changed: str) -> dict[str, str]:
    dates = {
        "base_date": "2026-10-01",
        "answer_from": "2027-01-12",
        "answer_due": "2027-01-31",
        "approval_due": "2027-02-05",
        "review_due": "2027-02-23",
        "grace_until": "2027-02-11",
    }
    given = {"title": "臨時点検", "kind": "extra", "fiscal_year": "2026", "notice": "", "version": "0"}
    return {**given, **dates, "edition": str(year.edition_id), **KEY, **changed}


def test_deadlines_on_closed_days_are_named_and_moved_on_request(reviewer: FlaskClient, year: Year) -> None:
    shown = reviewer.post("/campaigns/new", data=form(year, redraw="1"))
    assert shown.status_code == 200
    assert "回答の期限の1月31日(日)は閉庁日（日曜日）です。次の開庁日は2月1日(月)です。" in shown.text
    assert "審査の期限の2月23日(火)は閉庁日（天皇誕生日）です。" in shown.text
    assert "猶予日の2月11日(木)は閉庁日（建国記念の日）です。" in shown.text
    assert "所属長承認の期限の2月5日" not in shown.text
    moved = reviewer.post("/campaigns/new", data=form(year, redraw="business-days"))
    assert moved.status_code == 200
    assert "閉庁日の期限があります" not in moved.text
    for value in ("2027-02-01", "2027-02-05", "2027-02-24", "2027-02-12"):
        assert f'value="{value}"' in moved.text
    assert 'value="臨時点検"' in moved.text
