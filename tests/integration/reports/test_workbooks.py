"""Workbooks on their addresses: what they say, who gets them, and the trace that taking them leaves."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader
from sqlalchemy import select

from app.config import Settings
from app.db.session import Database
from app.inspections.commands.sign_off import exclude
from app.inspections.models import Campaign
from app.inspections.rules import Judgement, State
from app.journal.models import AccessLogEntry
from app.kernel.ids import new_id
from app.reports.queries.campaign import campaign_report
from app.reports.rules.campaign import CampaignReport
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YAMADA,
    Cast,
    Place,
)
from tests.sign_in import signed_in
from tests.statements import statements

WEAK = {"D02", "D08"}
"""What the factory leaves undone."""
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def book_at(app: Flask, cast: Cast, address: str) -> Workbook:
    answer = signed_in(app, cast).get(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == TYPE
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return load_workbook(io.BytesIO(answer.data))


def lines(sheet: Worksheet) -> list[dict[str, object]]:
    """Return the rows of a table by the names of its columns."""
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def acts(year: Year) -> list[str]:
    with year.database.reading() as session:
        return list(session.scalars(select(AccessLogEntry.act)))


# --------------------------------------------------------------------------------------------- one sheet


@pytest.fixture
def sealed(year: Year) -> Year:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    return year


def report_of(year: Year, place: Place = AFFAIRS) -> str:
    return f"/inspections/{year.sheets[place.code]}/report.xlsx"


def test_the_workbook_of_a_sealed_sheet_says_what_was_sealed(app: Flask, sealed: Year) -> None:
    book = book_at(app, SATO, report_of(sealed))
    assert book.sheetnames == ["概要", "回答", "分野別", "経過"]
    answers = {line["項目キー"]: line for line in lines(book["回答"])}
    assert (answers["D02"]["今年の回答"], answers["D02"]["審査の判断"]) == ("一部実施", "受理")
    assert lines(book["経過"])[-1]["できごと"] == "確定する"


def test_it_is_the_same_file_each_time_and_there_is_a_link_to_it(
    app: Flask, sealed: Year, clock: StandingClock
) -> None:
    client = signed_in(app, SATO)
    first = client.get(report_of(sealed)).data
    clock.pass_by(timedelta(minutes=5))
    assert client.get(report_of(sealed)).data == first
    sheet = report_of(sealed).removesuffix("/report.xlsx")
    assert f'href="{report_of(sealed)}"' in client.get(sheet).text
    assert f'href="{report_of(sealed)}?revision=1"' in client.get(f"{sheet}/history").text


def test_strangers_do_not_know_of_it_and_an_open_sheet_has_none(app: Flask, sealed: Year) -> None:
    assert signed_in(app, TAKAHASHI).get(report_of(sealed)).status_code == 404
    assert signed_in(app, NAKAMURA).get(report_of(sealed)).status_code == 404
    assert signed_in(app, TAKAHASHI).get(report_of(sealed, COUNTER)).status_code == 409
    assert signed_in(app, SATO).get(f"/inspections/{new_id()}/report.xlsx").status_code == 404


def test_whoever_reads_it_from_outside_of_the_unit_is_recorded(app: Flask, sealed: Year) -> None:
    book_at(app, SATO, report_of(sealed))
    assert acts(sealed) == []
    book_at(app, ITO, report_of(sealed))
    assert acts(sealed) == ["document.workbook-read"]


# -------------------------------------------------------------------------------------- a whole campaign


def test_the_progress_list_is_a_workbook_too(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    found = lines(book_at(app, TANAKA, f"/campaigns/{year.campaign_id}/progress.xlsx")["回収状況"])
    rows = {line["所属"]: line for line in found}
    assert len(rows) == 4
    assert (rows[AFFAIRS.name]["状態"], rows[BRANCH.name]["状態"]) == ("審査待ち", "未着手")
    assert isinstance(rows[AFFAIRS.name]["自己点検（点）"], float)
    assert rows[AFFAIRS.name]["期限（西暦）"] == datetime(2026, 12, 18)  # noqa: DTZ001 - a day of a spreadsheet
    assert acts(year) == ["campaign.progress-workbook"]


def test_the_filter_of_the_page_holds_for_the_workbook(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    address = f"/campaigns/{year.campaign_id}/progress.xlsx?state=submitted"
    assert [line["所属"] for line in lines(book_at(app, ITO, address)["回収状況"])] == [AFFAIRS.name]


def test_the_results_hold_units_sections_items_and_what_is_missing(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    edition = year.sheet(AFFAIRS).edition
    mandatory = next(item for item in edition.applicable({}) if item.mandatory)
    year.answer(COUNTER, levels={mandatory.key: "not_implemented"}, comment="=予算がない")
    year.hand_over(COUNTER)
    book = book_at(app, TANAKA, f"/campaigns/{year.campaign_id}/results.xlsx")
    own = {line["所属"]: line for line in lines(book["項目別（自己点検）"])}
    number = {item.key: item.number for item in edition.items.values()}
    assert (own[AFFAIRS.name][number["D02"]], own[AFFAIRS.name][number["D08"]]) == ("△", "×")
    assert own[BRANCH.name][number["D02"]] is None
    assert len(lines(book["項目の集計（自己点検）"])) == len(edition.items)
    open_items = [line for line in lines(book["未回答の項目"]) if line["所属"] == BRANCH.name]
    assert len(open_items) == len(edition.applicable({}))
    [missed] = lines(book["未達の重要項目"])
    assert (missed["所属"], missed["番号"], missed["もとにした評価"]) == (
        COUNTER.name,
        mandatory.number,
        "自己点検",
    )
    assert missed["説明"] == "=予算がない"
    assert acts(year) == ["campaign.results-workbook"]


def results(year: Year, settings: Settings, cast: Cast = KIMURA) -> CampaignReport:
    with year.database.reading() as session:
        return campaign_report(
            session, actor=year.actor(cast), campaign_id=year.campaign_id, settings=settings, now=year.now
        )


def test_a_judgement_in_the_making_is_in_nobodys_results(year: Year, settings: Settings) -> None:
    year.bring(AFFAIRS, to=State.UNDER_REVIEW)
    unit = next(unit for unit in results(year, settings).units if unit.name == AFFAIRS.name)
    assert unit.own is not None
    assert unit.reviewed is None


def test_the_reviewed_side_has_the_reviewers_levels(year: Year, settings: Settings) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    changed = next(item.key for item in year.sheet(AFFAIRS).edition.applicable({}) if item.key not in WEAK)
    year.judge(AFFAIRS, judgements={changed: Judgement.CHANGED})
    year.finish_review(AFFAIRS)
    report = results(year, settings)
    unit = next(unit for unit in report.units if unit.name == AFFAIRS.name)
    assert unit.own is not None
    assert unit.reviewed is not None
    place = next(at for at, item in enumerate(report.items) if item.key == changed)
    own, reviewed = unit.own.levels[place], unit.reviewed.levels[place]
    assert (own and own.label, reviewed and reviewed.label) == ("実施", "一部実施")
    assert unit.own.score.percent is not None
    assert unit.reviewed.score.percent is not None
    assert unit.reviewed.score.percent < unit.own.score.percent


def test_scores_are_those_of_the_progress_list(app: Flask, year: Year) -> None:
    for place in (AFFAIRS, LEAD):
        year.bring(place, to=State.SIGNED_OFF)
    listed = lines(book_at(app, KIMURA, f"/campaigns/{year.campaign_id}/progress.xlsx")["回収状況"])
    units = lines(book_at(app, KIMURA, f"/campaigns/{year.campaign_id}/results.xlsx")["所属別"])
    for one, other in zip(listed, units, strict=True):
        for name in ("自己点検", "審査後"):
            if one[f"{name}（点）"] is not None:
                assert one[f"{name}（点）"] == pytest.approx(other[f"{name}（点）"], abs=0.051)
                assert one[f"{name}の評価"] == other[f"{name}の評価"]


def test_an_excluded_sheet_is_counted_and_left_out(year: Year, settings: Settings) -> None:
    with year.database.transaction() as session:
        exclude(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[BRANCH.code],
            reason="組織が改まったため",
            now=year.now,
        )
    report = results(year, settings)
    assert (report.total, report.excluded) == (3, 1)
    assert BRANCH.name not in {unit.name for unit in report.units}
    assert BRANCH.name not in {line.unit for line in report.open_items}


def test_the_number_of_statements_does_not_grow_with_the_sheets(year: Year, settings: Settings) -> None:
    results(year, settings)
    with statements() as few:
        results(year, settings)
    for place in (AFFAIRS, COUNTER, LEAD):
        year.bring(place, to=State.REVIEWED)
    with statements() as many:
        results(year, settings)
    assert len(few) == len(many)


def board_text(app: Flask, cast: Cast, address: str) -> str:
    answer = signed_in(app, cast).get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="board-')
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(answer.data)).pages)


def test_the_board_is_a_document_too(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    text = board_text(app, TANAKA, f"/campaigns/{year.campaign_id}/board.pdf")
    assert "全庁の状況" in text
    assert all(place.name in text for place in (AFFAIRS, COUNTER, LEAD, BRANCH))
    assert "自己点検弱い順" in text
    assert acts(year) == ["campaign.board-document"]


def test_the_document_shows_what_the_page_showed(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    page = signed_in(app, TANAKA).get(f"/campaigns/{year.campaign_id}/board?score=reviewed&order=units").text
    link = f"/campaigns/{year.campaign_id}/board.pdf?score=reviewed&amp;order=units"
    assert f'href="{link}"' in page
    text = board_text(app, TANAKA, link.replace("&amp;", "&"))
    assert "審査後部局順" in text
    assert "審査前" in text


@pytest.mark.parametrize("name", ["progress.xlsx", "results.xlsx", "board.pdf"])
def test_only_those_who_follow_the_city_take_them_away(app: Flask, year: Year, name: str) -> None:
    address = f"/campaigns/{year.campaign_id}/{name}"
    for cast in (SATO, SUZUKI, YAMADA, NAKAMURA):
        assert signed_in(app, cast).get(address).status_code == 403
    assert acts(year) == []
    assert signed_in(app, TANAKA).get(f"/campaigns/{new_id()}/{name}").status_code == 404
    assert signed_in(app, TANAKA).get(address).status_code == 200


def test_a_draft_has_no_results_yet(app: Flask, year: Year, database: Database) -> None:
    with database.transaction() as session:
        row = session.scalars(select(Campaign)).one()
        row.state, row.opened_at, row.opened_by = "draft", None, None
    assert signed_in(app, TANAKA).get(f"/campaigns/{year.campaign_id}/results.xlsx").status_code == 409


def test_the_imprint_names_the_moment(year: Year, settings: Settings) -> None:
    year.now = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert results(year, settings).imprint.generated_at == "令和8年11月20日(金) 9時00分"
