"""The lead division's pages of reminders: who sees them, sending, the log, the lists and letters that are taken away."""

import io
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.db.session import Database
from app.inspections.rules import State
from app.journal.models import AccessLogEntry
from app.reminders.commands import remind_by_rule
from app.reminders.files import COLUMNS
from tests.conftest import StandingClock
from tests.factories.inspections import PLACES, Year, running_year
from tests.golden.workbooks import margins
from tests.pages import browser
from tests.people import (
    AFFAIRS,
    COUNTER,
    ITO,
    KIMURA,
    NAKAMURA,
    OGAWA,
    SATO,
    SUZUKI,
    TANAKA,
    WATANABE,
    Cast,
)
from tests.statements import statements

KEY = {"idempotency_key": "k" * 20}
PAGES = ("reminders", "reminders/log", "letters", "letters.txt", "reminders.csv", "reminders.xlsx")
LATE = datetime(2026, 12, 1, tzinfo=UTC)
FRIDAY = datetime.fromisoformat("2026-11-27")


def at(year: Year) -> str:
    return f"/campaigns/{year.campaign_id}"


@pytest.fixture
def reviewer(app: Flask, year: Year, clock: StandingClock) -> FlaskClient:
    year.now = LATE
    return browser(app, TANAKA, year=year, clock=clock)


@pytest.mark.parametrize(
    ("cast", "status"),
    [
        (TANAKA, 200),
        (KIMURA, 200),
        (OGAWA, 200),
        (ITO, 200),
        (WATANABE, 200),
        (SATO, 403),
        (SUZUKI, 403),
        (NAKAMURA, 403),
    ],
)
def test_who_follows_the_progress_sees_the_pages(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int
) -> None:
    client = browser(app, cast, year=year, clock=clock)
    assert {client.get(f"{at(year)}/{page}").status_code for page in PAGES} == {status}


@pytest.mark.parametrize("page", PAGES)
def test_a_campaign_that_is_not_there(reviewer: FlaskClient, page: str) -> None:
    assert reviewer.get(f"/campaigns/{'0' * 8}-0000-4000-8000-{'0' * 12}/{page}").status_code == 404


def test_the_list_is_shown_first_with_who_would_get_it(reviewer: FlaskClient, year: Year) -> None:
    page = reviewer.get(f"{at(year)}/reminders").text
    assert "期限超過 <b>4</b>" in page
    assert "佐藤 花子" in page
    assert page.count('name="sheets"') == 4
    assert page.count(" checked") == 4
    assert "12月2日(水)" in page
    assert "回答の遅れ（上位の所属長へ）" in page


def test_sending_by_hand_says_how_many_and_stands_in_the_log(reviewer: FlaskClient, year: Year) -> None:
    chosen = {"sheets": [str(year.sheets[AFFAIRS.code]), str(year.sheets[COUNTER.code])]}
    sent = reviewer.post(f"{at(year)}/reminders", data={**KEY, **chosen}, follow_redirects=True)
    assert "2所属に催促を送りました。" in sent.text
    assert "12月1日(火) 9時00分" in sent.text
    log = reviewer.get(f"{at(year)}/reminders/log").text
    assert log.count("手で送った催促") == 4
    assert "鈴木 一郎" in log


def test_nothing_ticked_is_said_beside_the_list(reviewer: FlaskClient, year: Year) -> None:
    for sheets in ([], ["x"]):
        refused = reviewer.post(f"{at(year)}/reminders", data={**KEY, "sheets": sheets})
        assert refused.status_code == 422
        assert "一つ以上選んでください" in refused.text


def test_the_auditor_sees_the_list_and_cannot_send(app: Flask, year: Year, clock: StandingClock) -> None:
    client = browser(app, ITO, year=year, clock=clock)
    assert 'name="sheets"' not in client.get(f"{at(year)}/reminders").text
    assert client.post(f"{at(year)}/reminders", data=KEY).status_code == 403


@pytest.mark.parametrize("count", [1, len(PLACES)])
def test_the_pages_ask_the_same_however_many_departments(
    app: Flask, database: Database, clock: StandingClock, count: int
) -> None:
    year = running_year(database, places=PLACES[:count])
    year.now = LATE
    with database.transaction() as session:
        remind_by_rule(session, now=LATE)
    client = browser(app, TANAKA, year=year, clock=clock)
    for page, most in (("reminders", 23), ("reminders/log", 12), ("letters", 15)):
        client.get(f"{at(year)}/{page}")
        with statements() as sent:
            assert client.get(f"{at(year)}/{page}").status_code == 200
        assert len(sent) <= most, (page, len(sent))


# ------------------------------------------------------------------------------------------ taken away


def test_the_letters_carry_unit_head_and_dates(reviewer: FlaskClient, year: Year) -> None:
    late = reviewer.get(f"{at(year)}/letters?kind=late").text
    assert "総務課長　鈴木 一郎　様" in late
    assert "総務課の回答の期限は、令和8年11月27日(金)でした。" in late
    assert "猶予日の令和8年12月11日(金)までに" in late
    file = reviewer.get(f"{at(year)}/letters.txt?kind=late")
    assert file.mimetype == "text/plain"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    text = file.data.decode("utf-8-sig")
    assert text.count("（督促）") == 4
    assert "\r\n" in text
    assert "（通知）" in reviewer.get(f"{at(year)}/letters?kind=notice").text


def test_only_signed_off_sheets_have_a_result(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.bring(COUNTER, to=State.REVIEWED)
    client = browser(app, TANAKA, year=year, clock=clock)
    text = client.get(f"{at(year)}/letters.txt?kind=result").data.decode("utf-8-sig")
    assert text.count("の結果について（通知）") == 1
    assert "総務課の自己点検の結果が、令和8年11月20日に確定しました。" in text
    assert "評価 " in text


def test_the_workbook_has_the_form_of_every_workbook_of_the_house(reviewer: FlaskClient, year: Year) -> None:
    answer = reviewer.get(f"{at(year)}/reminders.xlsx")
    name = quote(f"督促リスト-{LATE.date().isoformat()}.xlsx")
    assert name in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    sheet = book["督促リスト"]
    head, *rows = sheet.iter_rows(values_only=True)
    assert head == COLUMNS
    affairs = next(row for row in rows if row[1] == AFFAIRS.name)
    assert affairs[3:6] == ("令和8年11月27日(金)", FRIDAY, 4)
    assert affairs[8] == "佐藤 花子"
    assert len(rows) == 4
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("C2", "A1:K5", "$1:$1")
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert "取扱注意" in margins(sheet.oddHeader)[0]
    assert book.properties.creator == "みほん市"


def test_taking_the_workbook_away_leaves_a_trace(reviewer: FlaskClient, year: Year) -> None:
    assert reviewer.get(f"{at(year)}/reminders.xlsx").status_code == 200
    with year.database.reading() as session:
        (row,) = session.scalars(select(AccessLogEntry))
    assert (row.person_id, row.subject_id, row.act) == (
        str(TANAKA.id),
        str(year.campaign_id),
        "campaign.reminder-file",
    )


def test_the_files_say_what_they_are_and_only_late_ones_when_asked(
    app: Flask, reviewer: FlaskClient, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    clock.instant = LATE
    whole = reviewer.get(f"{at(year)}/reminders.csv")
    late = reviewer.get(f"{at(year)}/reminders.csv?late=1&encoding=cp932")
    assert len(whole.data.decode("utf-8-sig").splitlines()) == 5
    assert len(late.data.decode("cp932").splitlines()) == 4
    assert late.headers["Content-Type"] == "text/csv; charset=Shift_JIS"
    book = load_workbook(io.BytesIO(reviewer.get(f"{at(year)}/reminders.xlsx?late=1").data))
    assert book["督促リスト"].max_row == 4
    log = browser(app, ITO, year=year, clock=clock).get("/access-log").text
    assert "督促リストを取り出した" in log
