"""The auditor's pages: the timeline, the chain and its check, one item, the whole sheet."""

from datetime import date
from typing import Final
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.db.guards import install, remove
from app.db.registry import GUARDS
from app.db.session import Database
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.queries.history import history_page, item_history_page
from app.inspections.queries.whole import whole_page
from app.inspections.rules import State
from app.journal.models import AccessLogEntry
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.pages import browser
from tests.people import (
    AFFAIRS,
    COUNTER,
    ITO,
    KIMURA,
    NAKAMURA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    Cast,
    Place,
)
from tests.sign_in import signed_in
from tests.statements import statements

TODAY: Final = date(2026, 11, 20)


def address(year: Year, rest: str, *, place: Place = AFFAIRS) -> str:
    return f"/inspections/{year.sheets[place.code]}/{rest}"


def reopen(year: Year) -> None:
    """Open 総務課's sealed sheet again, and change one answer of the new revision."""
    with year.database.transaction() as session:
        sheet = year.sheets[AFFAIRS.code]
        request_reopening(
            session,
            actor=year.actor(TANAKA),
            inspection_id=sheet,
            reason="写しが別の年度だった",
            now=year.now,
        )
        confirm_reopening(session, actor=year.actor(KIMURA), inspection_id=sheet, now=year.now)


@pytest.fixture
def auditor(app: Flask, year: Year, clock: StandingClock) -> FlaskClient:
    """伊藤, with a sheet that was returned, corrected, signed off and opened again."""
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    reopen(year)
    return browser(app, ITO, year=year, clock=clock)


# ------------------------------------------------------------------------------------------------- who looks


@pytest.mark.parametrize(
    ("cast", "status"),
    [
        (ITO, 200),
        (WATANABE, 200),
        (TANAKA, 200),
        (KIMURA, 200),
        (SATO, 200),
        (SUZUKI, 200),
        (TAKAHASHI, 404),
        (NAKAMURA, 404),
    ],
)
def test_who_reads_the_history(app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int) -> None:
    client = browser(app, cast, year=year, clock=clock)
    item = f"items/{year.item_id('D01')}/history"
    for rest in ("history", item, "all"):
        assert client.get(address(year, rest)).status_code == status


@pytest.mark.parametrize(("cast", "marks"), [(ITO, 1), (WATANABE, 1), (KIMURA, 0), (SATO, 0)])
def test_who_only_looks_is_told_so(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, marks: int
) -> None:
    client = browser(app, cast, year=year, clock=clock)
    for rest in ("history", f"items/{year.item_id('D01')}/history", "all"):
        page = client.get(address(year, rest)).text
        assert page.count("閲覧のみ") == marks
        assert page.count("<form") == 2  # signing out, in the row and in the phone's menu


def test_reading_another_units_history_is_recorded_and_the_own_is_not(
    app: Flask, year: Year, clock: StandingClock, database: Database
) -> None:
    paths = ("history", f"items/{year.item_id('D01')}/history", "all")
    for cast in (ITO, SATO):
        client = browser(app, cast, year=year, clock=clock)
        for rest in paths:
            client.get(address(year, rest))
    with database.reading() as session:
        rows = session.execute(select(AccessLogEntry.person_id, AccessLogEntry.act)).all()
    assert [tuple(row) for row in rows] == [
        (str(ITO.id), act) for act in ("sheet.history", "sheet.item-history", "sheet.all")
    ]


# ----------------------------------------------------------------------------------------------- the history


def test_everything_that_happened_is_there(auditor: FlaskClient, year: Year) -> None:
    page = auditor.get(address(year, "history")).text
    for words in (
        "承認を依頼した",
        "所属長が承認し、提出した（所属長）",
        "項目を差し戻した（2件）",
        "所属長が修正を承認した（所属長）",
        "審査を終えた",
        "確定した",
        "再開を申し出た",
        "写しが別の年度だった",
        "再開した",
        "第2版",
        "照合：一致",
    ):
        assert words in page
    for name in ("佐藤 花子", "鈴木 一郎", "田中 実", "木村 恵"):
        assert name in page


def test_counts_are_of_each_revision(auditor: FlaskClient, year: Year, database: Database) -> None:
    with database.reading() as session:
        page = history_page(
            session, actor=year.actor(ITO), inspection_id=year.sheets[AFFAIRS.code], number=1, today=TODAY
        )
    first, second = page.revisions
    # Five answers and two corrections; five judgements and two after the return.
    assert (first.saves, first.judgements, first.returns) == (7, 7, 2)
    assert (second.saves, second.judgements, second.returns) == (5, 0, 0)
    assert (first.intact, second.digest) == (True, None)
    assert [line.item.key for line in page.items if line.returns] == ["D02", "D08"]


def test_the_chain_is_checked_when_asked(auditor: FlaskClient, year: Year) -> None:
    assert "すべて合っています" not in auditor.get(address(year, "history")).text
    page = auditor.get(address(year, "history?check=1")).text
    assert "この点検票の操作ログは、すべて合っています" in page
    assert "封印1件" in page


def test_an_altered_entry_shows(auditor: FlaskClient, year: Year, database: Database) -> None:
    subject = str(year.sheets[AFFAIRS.code])
    with database.migrating() as connection:
        # The owner of the database takes the guards away, alters a row and puts them back.
        remove(connection)
        connection.execute(
            text(
                "UPDATE journal_entry SET payload = replace(payload, 'partial', 'implemented')"
                " WHERE subject_id = :subject AND sequence = 4"
            ),
            {"subject": subject},
        )
        install(connection, GUARDS)
    page = auditor.get(address(year, "history?check=1")).text
    assert "合わないところがあります" in page
    assert "#4" in page


def test_the_chain_is_paged(auditor: FlaskClient, year: Year) -> None:
    assert auditor.get(address(year, "history?page=999")).status_code == 200
    assert auditor.get(address(year, "history?page=x")).status_code == 200


# ----------------------------------------------------------------------------------------------- one item


def test_an_item_shows_every_version_with_old_and_new(auditor: FlaskClient, year: Year) -> None:
    page = auditor.get(address(year, f"items/{year.item_id('D08')}/history")).text
    for words in (
        "理由を書いた。",
        "直した。",
        "差戻し",
        "控えの日付を確かめてください。",
        "前の版から",
        "佐藤 花子",
        "田中 実",
    ):
        assert words in page


def test_versions_go_on_over_a_reopening(auditor: FlaskClient, year: Year, database: Database) -> None:
    actor, item_id = year.actor(ITO), year.item_id("D08")
    with database.reading() as session, statements() as sent:
        page = item_history_page(
            session,
            actor=actor,
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=item_id,
            today=TODAY,
        )
    assert [(one.revision, one.version, one.origin.value) for one in page.saves] == [
        (1, 1, "given"),
        (1, 2, "given"),
        (2, 2, "carried"),
    ]
    assert page.saves[1].before_comment == "理由を書いた。"
    assert [one.judgement.value for one in page.judged] == ["returned", "accepted"]
    assert [(one.round, one.reply) for one in page.returned] == [(1, "")]
    assert len(sent) == 7


def test_an_item_of_nowhere_is_not_found(auditor: FlaskClient, year: Year) -> None:
    assert auditor.get(address(year, f"items/{uuid4()}/history")).status_code == 404


def test_the_department_does_not_see_a_judgement_in_the_making(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.UNDER_REVIEW)
    path = address(year, f"items/{year.item_id('D01')}/history")
    assert "見られる判断はまだありません" in browser(app, SATO, year=year, clock=clock).get(path).text
    assert "見られる判断はまだありません" not in signed_in(app, ITO).get(path).text


# ------------------------------------------------------------------------------------------ the whole sheet


def test_the_whole_sheet_shows_every_item_once(auditor: FlaskClient, year: Year) -> None:
    page = auditor.get(address(year, "all")).text
    # D03 applies only with マイナンバー.
    assert [page.count(f'id="q{number}"') for number in ("1-1", "1-2", "1-3", "2-1", "2-2", "2-3")] == [
        1,
        1,
        0,
        1,
        1,
        1,
    ]
    assert "マイナンバー利用事務がある：いいえ" in page
    assert "83.3点" not in page  # corrected since: D02 実施, D08 一部実施
    assert "94.4点" in page


def test_an_untouched_sheet_can_be_read_too(app: Flask, year: Year, clock: StandingClock) -> None:
    client = browser(app, ITO, year=year, clock=clock)
    for rest in ("all", "score", "history"):
        assert client.get(address(year, rest, place=COUNTER)).status_code == 200


def test_the_pages_ask_little(auditor: FlaskClient, year: Year, database: Database) -> None:
    actor, sheet = year.actor(ITO), year.sheets[AFFAIRS.code]
    with database.reading() as session, statements() as sent:
        history_page(session, actor=actor, inspection_id=sheet, number=1, today=TODAY)
    assert len(sent) <= 13
    with database.reading() as session, statements() as sent:
        whole_page(session, actor=actor, inspection_id=sheet, today=TODAY)
    assert len(sent) <= 12
