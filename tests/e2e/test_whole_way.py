"""The main journey in a real browser: from the first answer to the sealed PDF, with two items returned; once with scripts, once without."""

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from app.inspections.rules import Judgement, State
from tests.e2e.conftest import Site
from tests.e2e.journey import ClerkAtWork, ReviewerAtWork, approve, download_result, sheet_address, sign_off
from tests.people import AFFAIRS, KIMURA, SATO, SUZUKI, TANAKA

DUE = "2026-12-10"


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_sheet_goes_the_whole_way(site: Site, tmp_path: Path, scripts: str) -> None:
    sheet = sheet_address(site)
    clerk = ClerkAtWork(site.signed_in(SATO, scripts=scripts), sheet)
    head = site.signed_in(SUZUKI, scripts=scripts)
    reviewer = ReviewerAtWork(site.signed_in(TANAKA, scripts=scripts), sheet)
    manager = site.signed_in(KIMURA, scripts=scripts)

    clerk.confirm_profile()
    _answer(clerk, {"organisation": ("D01", "D02"), "assets": ("D07", "D08", "D09")}, scripts=scripts)
    clerk.hand_over()
    approve(head, sheet)

    reviewer.open()
    reviewer.judge("1-1", Judgement.ACCEPTED)
    reviewer.judge("1-2", Judgement.RETURNED, remark="控えの日付を確かめてください。", due=DUE)
    reviewer.judge("2-1", Judgement.ACCEPTED)
    reviewer.judge("2-2", Judgement.RETURNED, remark="分類の表を見直してください。", due=DUE)
    reviewer.judge("2-3", Judgement.ACCEPTED_WITH_REMARK, remark="来年も続けてください。")
    reviewer.save()
    reviewer.send_returns()
    assert site.year.sheet(AFFAIRS).state is State.RETURNED

    _correct(clerk, scripts=scripts)
    clerk.hand_over()
    head.goto(f"{sheet}/approval")
    expect(head.get_by_text("差戻しで直したところ（2件）")).to_be_visible()
    approve(head, sheet)

    reviewer.open()
    reviewer.judge("1-2", Judgement.ACCEPTED)
    reviewer.judge("2-2", Judgement.CHANGED, remark="控えがないため一部実施とします。")
    reviewer.page.locator('select[name="level-D08"]').select_option("partial")
    reviewer.save()
    reviewer.finish()
    assert site.year.sheet(AFFAIRS).state is State.REVIEWED

    sign_off(manager, sheet)
    content = download_result(manager, sheet, to=tmp_path)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert "総務課" in text
    assert "控えがないため一部実施とします。" in text
    assert site.year.sheet(AFFAIRS).state is State.SIGNED_OFF


def _answer(clerk: ClerkAtWork, sections: dict[str, tuple[str, ...]], *, scripts: str) -> None:
    for slug, keys in sections.items():
        clerk.open_section(slug)
        for key in keys:
            weak = key in {"D02", "D08"}
            clerk.choose(key, "partial" if weak else "implemented")
            if weak:
                clerk.explain(key, f"{key}は半分まで進めた。")
            if scripts == "on":
                clerk.wait_until_saved()
        if scripts == "on":
            clerk.page.keyboard.press("Tab")
            clerk.wait_until_saved()
        else:
            clerk.save_page()


def _correct(clerk: ClerkAtWork, *, scripts: str) -> None:
    for slug, key in (("organisation", "D02"), ("assets", "D08")):
        clerk.open_section(slug)
        expect(clerk.page.locator('input[type="radio"]')).to_have_count(5)
        clerk.choose(key, "implemented")
        clerk.explain(key, "控えを見直し、すべて行った。")
        if scripts == "on":
            clerk.page.keyboard.press("Tab")
            clerk.wait_until_saved()
        else:
            clerk.save_page()
