"""The access log: what is read leaves a trace, and those who watch over the city read the trace."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.inspections.queries.access_log import Wanted, access_log_page
from app.inspections.texts import READ_ACT
from app.journal.commands import record_access
from app.journal.models import AccessLogEntry
from app.journal.rules import Subject, SubjectType
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import (
    AFFAIRS,
    COUNTER,
    ITO,
    KIMURA,
    NAKAMURA,
    OGAWA,
    SATO,
    STORY,
    SUZUKI,
    TANAKA,
    WATANABE,
    Cast,
    Place,
)
from tests.sign_in import signed_in

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)


@pytest.fixture
def auditor(app: Flask, year: Year) -> FlaskClient:
    """伊藤 at his browser."""
    return signed_in(app, ITO)


def log(year: Year, cast: Cast, place: Place, *, days_ago: int = 0, act: str = "sheet.all") -> None:
    with year.database.transaction() as session:
        record_access(
            session,
            person_id=str(cast.id),
            subject=Subject(type=SubjectType.INSPECTION, id=str(year.sheets[place.code])),
            act=act,
            now=STORY - days_ago * DAY,
        )


def acts(year: Year) -> list[tuple[str, str, str]]:
    with year.database.reading() as session:
        rows = session.scalars(select(AccessLogEntry).order_by(AccessLogEntry.id))
        return [(row.person_id, row.subject_type, row.act) for row in rows]


def test_taking_the_progress_list_away_leaves_a_trace(app: Flask, year: Year) -> None:
    manager = signed_in(app, KIMURA)
    assert manager.get(f"/campaigns/{year.campaign_id}/progress.csv").status_code == 200
    assert acts(year) == [(str(KIMURA.id), "campaign", "campaign.progress-file")]
    assert "回収状況のCSVを取り出した" in signed_in(app, ITO).get("/access-log").text


def test_a_refused_file_leaves_no_trace_of_a_read(app: Flask, year: Year) -> None:
    assert signed_in(app, SATO).get(f"/campaigns/{year.campaign_id}/progress.csv").status_code == 403
    assert acts(year) == []


def test_who_read_what_is_shown_with_names(auditor: FlaskClient, year: Year) -> None:
    log(year, TANAKA, AFFAIRS)
    page = auditor.get("/access-log").text
    for words in ("田中 実", "2001", "全項目を開いた", "総務課", "令和8年度 定期自己点検", "令和8年11月20日"):
        assert words in page
    assert "閲覧のみ" in page


def test_reading_the_log_is_itself_a_read(auditor: FlaskClient, year: Year) -> None:
    auditor.get("/access-log")
    assert acts(year) == [(str(ITO.id), "installation", "access-log.read")]
    page = auditor.get("/access-log").text
    assert "閲覧記録を開いた" in page
    assert "システム全体" in page


@pytest.mark.parametrize("cast", [SATO, SUZUKI, NAKAMURA, TANAKA, KIMURA])
def test_offices_the_lead_division_and_administrators_do_not_read_the_log(
    app: Flask, year: Year, cast: Cast
) -> None:
    assert signed_in(app, cast).get("/access-log").status_code == 403
    assert acts(year) == []


@pytest.mark.parametrize("cast", [ITO, OGAWA, WATANABE])
def test_those_who_watch_over_the_city_read_the_log(app: Flask, year: Year, cast: Cast) -> None:
    assert signed_in(app, cast).get("/access-log").status_code == 200


def shown(year: Year, **wanted: object) -> list[tuple[str, str]]:
    usual = Wanted.usual(TODAY)
    asked = Wanted(
        **{name: wanted.get(name, getattr(usual, name)) for name in Wanted.__slots__}  # type: ignore[arg-type]
    )
    with year.database.reading() as session:
        page = access_log_page(session, actor=year.actor(ITO), wanted=asked, number=1, today=TODAY)
    return [(read.person, read.sheet.unit_name if read.sheet else read.subject) for read in page.reads]


def test_the_log_is_filtered_by_person_sheet_and_day(app: Flask, year: Year) -> None:
    log(year, TANAKA, AFFAIRS, days_ago=40)
    log(year, TANAKA, AFFAIRS, days_ago=2)
    log(year, KIMURA, AFFAIRS, days_ago=1)
    log(year, KIMURA, COUNTER)
    assert shown(year) == [("木村 恵", "市民課"), ("木村 恵", "総務課"), ("田中 実", "総務課")]
    assert shown(year, person_id=TANAKA.id) == [("田中 実", "総務課")]
    assert shown(year, inspection_id=year.sheets[COUNTER.code]) == [("木村 恵", "市民課")]
    yesterday = TODAY - DAY
    assert shown(year, first_day=yesterday, last_day=yesterday) == [("木村 恵", "総務課")]
    assert len(shown(year, first_day=date(2026, 4, 1))) == 4


def test_a_day_is_a_day_in_japan(app: Flask, year: Year, clock: StandingClock) -> None:
    with year.database.transaction() as session:
        for hours in (-9, -9.001, 15, 14.999):
            record_access(
                session,
                person_id=str(TANAKA.id),
                subject=Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code])),
                act="sheet.all",
                now=STORY + timedelta(hours=hours),
            )
    assert len(shown(year, first_day=TODAY, last_day=TODAY)) == 2


def test_the_address_filters_and_survives_nonsense(auditor: FlaskClient, year: Year) -> None:
    log(year, TANAKA, AFFAIRS, days_ago=3)
    log(year, KIMURA, COUNTER, days_ago=1)
    one = auditor.get(f"/access-log?sheet={year.sheets[AFFAIRS.code]}&person={TANAKA.id}").text
    assert "の点検票（令和8年度 定期自己点検）だけを示しています" in one
    assert one.count("全項目を開いた") == 1
    late = auditor.get("/access-log?from=2026-11-19&to=2026-11-19").text
    assert late.count("全項目を開いた") == 1
    for nonsense in (
        "person=x&sheet=y&from=z&to=1&page=-5",
        "from=0001-01-01&to=9999-12-31",
        "page=99999999999999999999",
        f"sheet={KIMURA.id}",
    ):
        assert auditor.get(f"/access-log?{nonsense}").status_code == 200, nonsense


def test_a_long_log_is_paged_with_gaps_and_keeps_the_filter(auditor: FlaskClient, year: Year) -> None:
    for _ in range(601):
        log(year, TANAKA, AFFAIRS)
    page = auditor.get(f"/access-log?person={TANAKA.id}&page=6").text
    assert "251〜300件" in page
    assert "601" in page
    for number in (1, 4, 5, 7, 8, 13):
        assert f'aria-label="{number}ページ"' in page
    for number in (2, 3, 9, 12):
        assert f'aria-label="{number}ページ"' not in page
    assert f"/access-log?person={TANAKA.id}&amp;page=7" in page


def test_the_history_of_a_sheet_leads_to_its_readers(app: Flask, auditor: FlaskClient, year: Year) -> None:
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/history"
    assert f"/access-log?sheet={year.sheets[AFFAIRS.code]}" in auditor.get(address).text
    assert "/access-log" not in signed_in(app, SATO).get(address).text


def test_every_act_that_is_recorded_has_its_words(app: Flask, year: Year, auditor: FlaskClient) -> None:
    sheet = f"/inspections/{year.sheets[AFFAIRS.code]}"
    reviewer = signed_in(app, TANAKA)
    for rest in ("", "/all", "/score", "/history", f"/items/{year.item_id('D02')}/history", "/review"):
        auditor.get(sheet + rest)
        reviewer.get(sheet + rest)
    found = {act for _, _, act in acts(year)}
    assert len(found) > 4
    assert found <= READ_ACT.keys()


# ------------------------------------------------------------------------------------------ the command


def test_the_command_prints_the_log_and_is_recorded(app: Flask, year: Year) -> None:
    log(year, TANAKA, AFFAIRS)
    log(year, KIMURA, COUNTER)
    run = app.test_cli_runner().invoke
    outcome = run(args=["journal", "access-log", "--by", ITO.staff_no, "--person", TANAKA.staff_no])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.splitlines() == [
        "令和8年11月20日(金) 9時00分\t2001\t田中 実\t全項目を開いた\t総務課　令和8年度 定期自己点検"
    ]
    assert acts(year)[-1] == (str(ITO.id), "installation", "access-log.read")


def test_the_command_is_not_for_everybody(app: Flask, year: Year) -> None:
    outcome = app.test_cli_runner().invoke(args=["journal", "access-log", "--by", SATO.staff_no])
    assert outcome.exit_code == 1
    assert acts(year) == []
