"""The reviewers' desk in a real browser: five flagged units without a mouse, a lane after its sample, one item across units."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from app.inspections.models import ItemReview
from app.inspections.rules import State
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.test_every_page import problems_of
from tests.factories.desk import Desk, desk_of
from tests.people import TANAKA

FLAGGED: Final = {place: {"D01": "not_implemented", "D08": "unknown"} for place in range(5)}


class Keyboard:
    """A keyboard that counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def write(self, words: str) -> None:
        """Write words into a field: that is no key of the desk."""
        self.page.keyboard.insert_text(words)


def away_from(before: str) -> Callable[[str], bool]:
    """Return whether a browser is elsewhere by now."""
    return lambda url: url != before


def desk_at(site: Site, *, count: int, levels: dict[int, dict[str, str]] | None = None) -> Desk:
    """Return a desk on the served city."""
    made = desk_of(site.database, count=count, levels=levels, edition_id=site.year.edition_id)
    site.clock.instant = made.now
    return made


def test_five_flagged_units_without_a_mouse(site: Site) -> None:
    desk = desk_at(site, count=5, levels=FLAGGED)
    page = site.signed_in(TANAKA)
    page.goto(f"{site.url}/reviews?lane=alert")
    keys = Keyboard(page)
    keys.press("Tab", "Enter")  # past the menu
    while page.evaluate("document.activeElement.className") != "btn-link":
        keys.press("Tab")
    keys.press("Enter")
    seen = []
    for _ in range(5):
        expect(page.get_by_text("あなたが審査中")).to_be_visible()
        page.wait_for_load_state()  # keys count once the script is there
        seen.append(page.locator("h1").inner_text())
        before = page.url
        keys.press("a")  # the missed mandatory item: 受理, and on to the next
        keys.press("t", "8")  # わからない: a text goes into its remark
        expect(page.locator("#remark-D08")).to_have_value(
            "書かれた期限までに対応を終え、終わったら所属の記録に残してください。次回の点検で確かめます。"
        )
        keys.press(
            "Escape", "f"
        )  # back from the words, then: the rest too, end the review, on to the next unit
        page.wait_for_url(away_from(before))
    assert len(set(seen)) == 5
    assert {desk.sheet(one).state for one in desk.sheets} == {State.REVIEWED}
    assert keys.presses <= 50
    with site.database.reading() as session:
        judgements = sorted(session.scalars(select(ItemReview.judgement)))
    assert judgements == ["accepted"] * 20 + ["accepted_with_remark"] * 5


def test_returning_selecting_and_jumping_by_keys(site: Site) -> None:
    desk = desk_at(site, count=2, levels={0: FLAGGED[0], 1: FLAGGED[1]})
    page = site.signed_in(TANAKA)
    page.goto(f"{site.url}/inspections/{desk.sheets[0]}/review?show=all&lane=alert")
    keys = Keyboard(page)
    keys.press("g", "2", "Minus", "2", "Enter")
    assert page.evaluate("document.activeElement.id") == "q2-2"
    keys.press("r")
    assert page.evaluate("document.activeElement.id") == "remark-D08"
    keys.write("どの記録で確かめたかを書いてください。")
    keys.press("Escape", "ArrowUp", "x")
    expect(page.get_by_text("1項目を選択中")).to_be_visible()
    keys.press("Shift+Slash")
    expect(page.get_by_role("dialog", name="キー操作")).to_be_visible()
    assert problems_of(page, where="keys") == []
    keys.press("Escape", "j")
    page.wait_for_url(f"**/inspections/{desk.sheets[1]}/**")
    with site.database.reading() as session:
        assert session.scalars(select(ItemReview.judgement)).all() == ["returned"]
    keys.press("k")
    page.wait_for_url(f"**/inspections/{desk.sheets[0]}/**")


def test_keys_are_silent_in_fields_and_where_they_are_switched_off(site: Site) -> None:
    desk = desk_at(site, count=1, levels={0: FLAGGED[0]})
    page = site.signed_in(TANAKA)
    address = f"{site.url}/inspections/{desk.sheets[0]}/review"
    page.goto(address)
    page.locator("#q1-1 summary").press("Enter")
    page.locator("#remark-D01").press_sequentially("araxfj")
    expect(page.locator("#remark-D01")).to_have_value("araxfj")
    assert page.url == address
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => { document.body.dataset.keys = 'off' }, true)"
    )
    page.goto(address)
    page.keyboard.press("a")
    expect(page.locator('input[value="accepted"]:checked')).to_have_count(0)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_a_lane_is_accepted_after_its_sample(site: Site, scripts: str) -> None:
    desk = desk_at(site, count=4)
    page = site.signed_in(TANAKA, scripts=scripts)
    page.goto(f"{site.url}/reviews")
    page.get_by_role("link", name="問題なし4所属をまとめて確認").click()
    lane = page.url
    page.get_by_role("button", name="見本を選ぶ").click()
    for left in (3, 2, 1):
        page.goto(lane)
        expect(page.get_by_text(f"あと{left}所属を開くと")).to_be_visible()
        page.get_by_role("button", name="開く").first.click()
        expect(page.get_by_text("あなたが審査中")).to_be_visible()
    page.goto(lane)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        if scripts == "on":
            assert problems_of(page, where="lane") == []
    page.get_by_role("button", name="まとめて受理（4所属 20項目）").click()
    expect(page.get_by_text("4所属の20項目を受理しました")).to_be_visible()
    if scripts == "on":
        assert problems_of(page, where="batch") == []
    page.get_by_role("button", name="4所属の審査を終える").click()
    expect(page.get_by_text("4所属の審査を終えました")).to_be_visible()
    assert {desk.sheet(one).state for one in desk.sheets} == {State.REVIEWED}


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_one_remark_for_many_units(site: Site, scripts: str) -> None:
    desk = desk_at(site, count=3)
    page = site.signed_in(TANAKA, scripts=scripts)
    page.goto(f"{site.url}/campaigns/{desk.campaign_id}/items/D08")
    for place in (1, 2):
        page.get_by_label(f"第{place}試験課を選ぶ").check()
    page.get_by_label("所見を付けて受理").check()
    page.locator("#template").select_option(label="続けてください")
    page.get_by_role("button", name="文を入れる").click()
    expect(page.locator("#remark")).to_have_value(
        "基準どおりに行われています。来年度も同じ方法で続けてください。"
    )
    page.get_by_role("button", name="選んだ所属の一覧を確かめる").click()
    expect(page.get_by_role("heading", name="判断する所属（2）")).to_be_visible()
    if scripts == "on":
        assert problems_of(page, where="list") == []
    page.get_by_role("button", name="所見を付けて受理（2所属）").click()
    expect(page.get_by_text("2所属のこの項目を判断しました")).to_be_visible()
    page.get_by_role("button", name="2所属の判断を取り消す").click()
    expect(page.get_by_text("2項目の判断を取り消しました")).to_be_visible()


def test_another_department_is_opened_with_the_judgements_saved(site: Site) -> None:
    desk = desk_at(site, count=2, levels=FLAGGED)
    page = site.signed_in(TANAKA)
    page.goto(f"{site.url}/inspections/{desk.sheets[0]}/review?show=all")
    row = page.locator(".judgement").first
    row.locator('label:has(input[value="returned"])').click()
    row.locator("textarea").fill("控えの日付を確かめてください。")
    page.locator(".queue button").first.click()
    page.wait_for_url(lambda url: str(desk.sheets[0]) not in url)
    with desk.database.reading() as session:
        remarks = set(session.scalars(select(ItemReview.remark)))
    assert "控えの日付を確かめてください。" in remarks


def test_a_return_is_listed_before_it_is_sent(site: Site) -> None:
    desk = desk_at(site, count=1, levels=FLAGGED)
    page = site.signed_in(TANAKA)
    page.goto(f"{site.url}/inspections/{desk.sheets[0]}/review?show=all")
    for place, words in ((0, "一つ目の理由です。"), (1, "二つ目の理由です。")):
        row = page.locator(".judgement").nth(place)
        row.locator('label:has(input[value="returned"])').click()
        row.locator("textarea").fill(words)
        if place == 0:
            page.get_by_role("button", name="判断を保存する").click()
            page.get_by_text("1件の判断を保存しました").wait_for()
    page.get_by_role("button", name="差戻しを送る").click()
    listed = page.get_by_role("dialog", name="所属へ届く差戻し")
    expect(listed.get_by_role("listitem")).to_have_text(
        ["1-1　一つ目の理由です。", "1-2　二つ目の理由です。"]
    )
    assert problems_of(page, where="list of returns") == []
    listed.get_by_role("button", name="やめる").click()
    assert desk.sheet(desk.sheets[0]).state is State.UNDER_REVIEW
    page.get_by_role("button", name="差戻しを送る").click()
    listed.get_by_role("button", name="この内容で送る").click()
    expect(page.get_by_text("2件を所属へ差し戻しました")).to_be_visible()


def test_signing_out_asks_about_judgements_that_are_not_saved(site: Site) -> None:
    desk = desk_at(site, count=1, levels=FLAGGED)
    page = site.signed_in(TANAKA)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"{site.url}/inspections/{desk.sheets[0]}/review?show=all")
    page.locator('.judgement label:has(input[value="accepted"])').first.click()
    page.get_by_role("button", name="ログアウト").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert str(desk.sheets[0]) in page.url
    page.get_by_role("button", name="判断を保存する").click()
    page.get_by_text("1件の判断を保存しました").wait_for()
