"""Fast answering: single keys by their place, never in a field, never while composing, and off when somebody wants them off."""

import pytest
from playwright.sync_api import Page, expect

from app.inspections.rules import State
from tests.e2e.answering import Answering
from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.test_every_page import problems_of
from tests.integration.inspections.test_review_pages import second_year
from tests.people import AFFAIRS, SATO

KEY = """([code, key, more]) => (document.activeElement || document.body).dispatchEvent(
  new KeyboardEvent("keydown", {code, key, bubbles: true, cancelable: true, ...more}))"""


def press(page: Page, code: str, key: str, **more: object) -> None:
    """Send a key as a keyboard with an input method does."""
    page.evaluate(KEY, [code, key, more])


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "document.activeElement.name || document.activeElement.id || document.activeElement.tagName"
    )
    return found


def test_a_digit_answers_and_the_focus_goes_to_the_next_question(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    keys = work.page.keyboard
    keys.press("1")
    assert focused(work.page) == "level-D08"
    expect(work.page.locator("button.question__line:visible")).to_have_count(1)
    keys.press("Numpad2")
    assert focused(work.page) == "comment-D08"
    keys.type("棚の鍵を1本 2人で使う")
    keys.press("Escape")
    assert focused(work.page) == "level-D08"
    keys.press("n")
    assert focused(work.page) == "level-D09"
    keys.press("5")
    keys.press("Control+s")
    work.saved()
    assert {key: (fact.level, fact.comment) for key, fact in work.stored().items()} == {
        "D07": ("implemented", ""),
        "D08": ("partial", "棚の鍵を1本 2人で使う"),
        "D09": ("unknown", ""),
    }


def test_zero_takes_the_answer_and_the_words_of_last_year(site: Site) -> None:
    later = second_year(site.year)
    site.clock.instant = later.now
    site.year = later
    work = Answering.begun(site, SATO, slug="assets")
    expect(work.page.get_by_role("button", name="前回と同じ", exact=True)).to_have_count(1)
    # A mandatory item, and one that the reviewer judged otherwise, are asked anew.
    for key in ("D07", "D08"):
        work.page.keyboard.press("0")
        assert work.level(key) is None
        why = work.card(key).get_by_text("前回と同じにはできない項目です")
        expect(why).to_be_visible()
        work.page.keyboard.press("1")
        expect(why).to_have_count(0)
    work.page.keyboard.press("Numpad0")
    work.saved()
    assert {key: (fact.level, fact.comment) for key, fact in work.stored().items()} == {
        "D07": ("implemented", ""),
        "D08": ("implemented", ""),
        "D09": ("implemented", "理由を書いた。"),
    }
    work.page.get_by_role("button", name="前回と違う").click()
    expect(work.page.locator(".question:visible")).to_have_count(1)


def test_keys_in_a_field_are_words(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("c")
    assert focused(work.page) == "comment-D07"
    work.page.keyboard.type("12njk0?")
    expect(work.words("D07")).to_have_value("12njk0?")
    assert work.level("D07") is None


def test_keys_go_by_their_place_and_wait_while_somebody_composes(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    press(work.page, "Digit2", "２", isComposing=True)
    assert work.level("D07") is None
    press(work.page, "Digit1", "１")
    assert work.level("D07") == "implemented"
    press(work.page, "Digit1", "Process", keyCode=229)
    assert work.level("D08") == "implemented"
    work.page.keyboard.press("c")
    work.page.evaluate(
        "document.activeElement.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true}))"
    )
    press(work.page, "Escape", "Escape", isComposing=True)
    assert focused(work.page) == "comment-D09"
    work.page.evaluate(
        "document.activeElement.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true}))"
    )
    press(work.page, "Escape", "Escape")
    assert focused(work.page) == "level-D09"


def test_reasons_are_offered_where_an_item_does_not_apply(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("4")
    assert focused(work.page) == "comment-D07"
    offered = work.card("D07").get_by_role("group", name="のよくある理由")
    work.words("D07").fill("窓口だけの所属です。")
    offered.get_by_role("button", name="業務がない").click()
    offered.get_by_role("button", name="ほかの所属が行う").click()
    words = "窓口だけの所属です。\nほかの所属がまとめて行っているため、この所属では行っていません。"
    expect(work.words("D07")).to_have_value(words)
    assert focused(work.page) == "comment-D07"
    work.saved()
    assert work.stored()["D07"].comment == words
    assert problems_of(work.page, where="reasons") == []
    work.choose("D07", "implemented")
    expect(offered).to_be_hidden()


def test_arrows_choose_and_stay(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("j")
    work.page.keyboard.press("k")
    work.page.keyboard.press("ArrowRight")
    assert focused(work.page) == "level-D07"
    assert work.level("D07") == "partial"
    work.saved()


def test_the_last_answer_is_taken_back(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("1")
    work.page.keyboard.press("1")
    work.saved()
    work.page.keyboard.press("Control+z")
    assert focused(work.page) == "level-D08"
    work.page.keyboard.press("Control+z")
    work.saved()
    assert [fact.level for fact in work.stored().values()] == [None, None]
    assert work.history("D07") == [("implemented", ""), (None, "")]


def test_an_answered_question_is_one_line_and_opens_again(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("2")
    work.page.keyboard.type("棚に鍵がない")
    work.page.keyboard.press("Escape")
    work.page.keyboard.press("n")
    work.page.keyboard.press("1")
    work.saved()
    lines = work.page.locator("button.question__line:visible")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("一部実施")
    expect(lines.first).to_contain_text("棚に鍵がない")
    assert problems_of(work.page, where="one line") == []
    lines.first.click()
    expect(work.words("D07")).to_be_visible()


def test_nothing_moves_under_the_pointer(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    for key in ("D07", "D08", "D09"):
        option = work.card(key).locator("label.option").first
        before = option.bounding_box()
        option.click()
        work.page.wait_for_timeout(150)
        assert option.bounding_box() == before


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_focus_is_never_hidden_by_a_bar(site: Site, size: dict[str, int]) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.set_viewport_size({"width": size["width"], "height": 480})
    for _ in range(4):
        for code in ("j", "Tab"):
            work.page.keyboard.press(code)
            hidden = work.page.evaluate(
                """() => {
                  const box = document.activeElement.getBoundingClientRect();
                  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
                  return Boolean(top && top.closest(".header, .savebar") && !document.activeElement.closest(".header, .savebar"));
                }"""
            )
            assert not hidden


def test_the_filter_shows_what_is_left(site: Site) -> None:
    work = Answering.begun(site, SATO, slug="assets")
    work.page.keyboard.press("1")
    work.saved()
    work.page.get_by_role("button", name="未回答", exact=True).click()
    expect(work.page.locator(".question:visible")).to_have_count(2)
    work.page.get_by_role("button", name="すべて", exact=True).click()
    expect(work.page.locator(".question:visible")).to_have_count(3)
    expect(work.page.locator('[data-count="minutes"]')).to_have_text("目安 約1分")


def test_next_goes_to_the_next_section_with_something_left(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.keyboard.press("1")
    work.page.keyboard.press("1")
    assert focused(work.page) == "next-open"
    work.page.keyboard.press("n")
    work.page.wait_for_url("**/sections/assets")
    assert {key: fact.level for key, fact in work.stored().items()} == {
        "D01": "implemented",
        "D02": "implemented",
    }
    for _ in range(3):
        work.page.keyboard.press("1")
    work.saved()
    work.page.keyboard.press("n")
    work.page.keyboard.press("n")
    expect(work.page.get_by_role("button", name="回答を確認する")).to_be_focused()


def test_the_list_of_keys_opens_and_the_keys_can_be_switched_off(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.keyboard.press("Shift+?")
    dialog = work.page.get_by_role("dialog", name="キー操作の一覧")
    expect(dialog).to_be_visible()
    assert problems_of(work.page, where="keys") == []
    work.page.keyboard.press("1")
    assert work.level("D01") is None
    work.page.keyboard.press("Escape")
    work.page.goto(f"{site.url}/me/settings")
    work.page.get_by_label("1文字のキーで操作する").uncheck()
    work.page.get_by_role("button", name="保存する").click()
    expect(work.page.get_by_text("個人設定を保存しました。")).to_be_visible()
    expect(work.page.get_by_label("1文字のキーで操作する")).not_to_be_checked()
    work.open()
    for key in ("1", "0", "n", "Shift+?"):
        work.page.keyboard.press(key)
    assert work.level("D01") is None
    expect(work.page.locator("dialog[open]")).to_have_count(0)
    work.choose("D01", "implemented")
    work.page.keyboard.press("Control+z")
    expect(work.card("D01").locator("input:checked")).to_have_count(0)


def test_a_returned_item_is_mended_with_few_keys(site: Site) -> None:
    site.year.bring(AFFAIRS, to=State.RETURNED)
    work = Answering.begun(site, SATO)
    presses = ["1", "Control+s"]
    for key in presses:
        work.page.keyboard.press(key)
    work.saved()
    assert work.stored()["D02"].level == "implemented"
    assert len(presses) < 10
