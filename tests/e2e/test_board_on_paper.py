"""The board on paper: A4 landscape, every column and row whole, heads on each page, nothing to press."""

from collections.abc import Mapping
from io import BytesIO
from typing import Final

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from pypdf import PdfReader
from sqlalchemy import update

from app.checklists.rules import score
from app.config import ROOT
from app.db.session import Database, bound
from app.inspections.commands.summaries import Summed, keep_summaries
from app.inspections.models import Revision
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import State
from app.people.queries import actor_on
from tests.conftest import StandingClock
from tests.e2e.conftest import served
from tests.factories.desk import Desk, desk_of
from tests.factories.editions import published_edition
from tests.factories.inspections import Year
from tests.people import KIMURA, STORY, TANAKA

UNITS: Final = 45
MOST_PAGES: Final = 6
MILLIMETRE: Final = 72 / 25.4
A4_WIDE: Final = (297 * MILLIMETRE, 210 * MILLIMETRE)


def city_on_the_board(database: Database) -> Desk:
    """Return a campaign over the checklist of the repository: units enough for several pages, one of them weak."""
    data = (ROOT / "checklists/department/2025.1.yaml").read_bytes()
    with database.transaction() as session:
        tanaka, kimura = (actor_on(session, person_id=cast.id, day=STORY.date()) for cast in (TANAKA, KIMURA))
        edition_id = published_edition(
            session,
            publisher=tanaka,
            confirmer=kimura,
            now=STORY,
            data=data,
            name="department/2025.1.yaml",
        )
    weak = {place: {"D03": "not_implemented", "D04": "partial"} for place in range(0, UNITS, 2)}
    desk = desk_of(database, count=UNITS, edition_id=edition_id, levels=weak)
    _give_figures(desk)
    return desk


def _give_figures(desk: Desk) -> None:
    """Keep with each sheet what handing it in keeps."""
    sheets = [desk.sheet(one) for one in desk.sheets]
    with desk.database.transaction() as session:
        contents = {sheet.id: content_of_sheet(session, sheet=sheet) for sheet in sheets}
        keep_summaries(
            session,
            [Summed(sheet=sheet, content=contents[sheet.id], state=State.SUBMITTED) for sheet in sheets],
        )
        for sheet in sheets:
            content = contents[sheet.id]
            found = score(content.items, answers=content.self_levels(), edition=sheet.edition)
            session.execute(
                update(Revision)
                .where(Revision.id == sheet.revision_id)
                .values(self_earned=found.earned, self_possible=found.possible, self_grade=found.grade)
            )


@pytest.fixture
def printed(app: Flask, clock: StandingClock, chromium: Browser) -> tuple[PdfReader, Mapping[str, list[str]]]:
    """Print the board; return the PDF, and the words of the page that paper must and must not show."""
    desk = city_on_the_board(bound())
    year = Year(bound(), desk.now, desk.edition_id, desk.campaign_id, {})
    with served(app, clock, chromium, year) as site:
        page = site.signed_in(TANAKA)
        page.goto(f"{site.url}/campaigns/{desk.campaign_id}/board?order=units")
        words = {
            "heads": _texts(page, ".heat thead th:not(:has(.visually-hidden)), .heat thead [aria-hidden]"),
            "units": _texts(page, ".heat tbody th"),
            "panels": _texts(page, "main h2"),
            "pressed": ["ログアウト", "下がった順", "Excel", "すべての項目と所属", "本文へ移動"],
        }
        assert [one for one in words["pressed"] if one not in page.content()] == []
        page.emulate_media(media="print")
        shown = page.locator("nav, button, .btn, .segments, summary, .figures__action").filter(visible=True)
        assert shown.all_inner_texts() == []
        return PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))), words


def _texts(page: Page, selector: str) -> list[str]:
    found = (text.strip() for text in page.locator(selector).all_inner_texts())
    return [_plain(text) for text in found if text]


def _plain(text: str) -> str:
    return "".join(text.split())


def test_the_board_prints_on_a4(printed: tuple[PdfReader, Mapping[str, list[str]]]) -> None:
    paper, words = printed
    assert 2 < len(paper.pages) <= MOST_PAGES
    for page in paper.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4_WIDE, abs=1)
    pages = [_plain(page.extract_text()) for page in paper.pages]
    whole = "".join(pages)
    assert len(words["units"]) == UNITS
    assert [name for name in words["units"] if name not in whole] == []
    # A column that the paper cuts off is in no text, neither in its head nor on the pages on which the table goes on.
    heat = [page for page in pages if any(name in page for name in words["units"])]
    assert len(heat) > 1
    assert len(words["heads"]) == 13
    assert [head for page in heat for head in words["heads"] if head not in page] == []
    assert [panel for panel in words["panels"] if panel not in whole] == []
    assert [one for one in words["pressed"] if one in whole] == []
    assert "取扱注意（自治体機密性2）" in whole


def test_no_row_and_no_drawing_is_cut_in_two(printed: tuple[PdfReader, Mapping[str, list[str]]]) -> None:
    paper, words = printed
    pages = [_plain(page.extract_text()) for page in paper.pages]
    for name in words["units"]:
        assert sum(name in page for page in pages) == 1, name
    [radar] = [page for page in pages if "分野別の平均" in page]
    # The first and the last of its axes, and the key below it.
    assert "今回" in radar
    assert "目標90.0点" in radar
    assert "9事故への備え" in radar, "the fold with the table is open on paper"
