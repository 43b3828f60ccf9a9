"""No answer is lost: not by the network, the end of a session, a closed tab, another person, another tab, or a clock."""

import json
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Dialog, Route, expect

from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.rules import State
from tests.e2e.answering import Answering, sign_in_over_the_page, whole
from tests.e2e.conftest import PHONE, Site
from tests.e2e.journey import sheet_address
from tests.e2e.test_every_page import problems_of
from tests.integration.inspections.test_review_pages import second_year
from tests.people import AFFAIRS, PASSWORD, SATO, SUZUKI

ANSWERS = "**/answers/*"


def sign_in(work: Answering, who: str) -> None:
    work.page.goto(f"{work.site.url}/login")
    work.page.get_by_label("職員番号").fill(who)
    work.page.get_by_label("パスワード", exact=False).fill(PASSWORD)
    work.page.get_by_role("button", name="ログイン").click()
    work.page.wait_for_url(f"{work.site.url}/")


def held_at_first(work: Answering) -> list[Route]:
    """Hold the first save on its way, and let all others pass; return every save that set out."""
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    work.page.route(ANSWERS, hold_the_first)
    return held


def test_an_answer_waits_on_the_machine_until_the_server_has_it(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.write("D01", "先に書いた理由")
    work.saved()
    expect(work.state).to_contain_text("9時00分")
    assert work.stored()["D01"].comment == "先に書いた理由"
    assert work.unsent() == []


def test_without_a_network_one_goes_on_and_everything_is_sent_afterwards(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.context.set_offline(True)
    work.choose("D01", "implemented")
    work.write("D02", "切れている間の理由")
    work.kept_here(2)
    expect(work.page.locator("#offline")).to_contain_text("通信が切れています。回答は続けられます")
    assert work.unsent() == ["D01 ", "D02 切れている間の理由"]
    assert work.stored() == {}
    work.page.get_by_role("button", name="回答を確認する").click()
    expect(work.page.locator("#offline")).to_contain_text("まだ送っていない回答が2件あります")
    assert work.page.url.endswith("/sections/organisation")
    work.page.context.set_offline(False)
    work.saved()
    expect(work.page.locator("#offline")).to_have_count(0)
    assert {key: fact.comment for key, fact in work.stored().items()} == {
        "D01": "",
        "D02": "切れている間の理由",
    }
    assert work.unsent() == []
    work.page.get_by_role("button", name="回答を確認する").click()
    work.page.wait_for_url("**/check")


def test_without_a_network_nobody_is_led_away_from_the_page(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.choose("D01", "implemented")
    work.saved()
    work.page.context.set_offline(True)
    work.page.get_by_role("button", name="次の分野へ").click()
    expect(work.page.locator("#offline")).to_contain_text("つながってから開けます")
    assert work.page.url.endswith("/sections/organisation")
    work.page.context.set_offline(False)
    expect(work.page.locator("#offline")).to_have_count(0)
    work.page.get_by_role("button", name="次の分野へ").click()
    work.page.wait_for_url("**/sections/assets")


def test_a_question_that_was_typed_is_asked_about_before_the_page_is_left(site: Site) -> None:
    work = Answering.begun(site, SATO)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    work.page.on("dialog", stay)
    work.page.goto(f"{sheet_address(site)}/items/{site.year.item_id('D01')}/question")
    words = work.page.locator("main form textarea")
    words.fill("書きかけ")
    work.page.get_by_role("link", name="ホーム").first.click()
    work.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(words).to_have_value("書きかけ")
    # What was taken back, or sent, is no reason to ask.
    words.fill("")
    work.page.get_by_role("link", name="ホーム").first.click()
    work.page.wait_for_url(f"{site.url}/")
    assert asked == ["beforeunload"]


def test_colleagues_see_each_other_before_they_meet(site: Site) -> None:
    work = Answering.begun(site, SATO)
    line = work.page.locator("#editors")
    expect(line).to_be_hidden()
    colleague = Answering.begun(site, SUZUKI)
    colleague.choose("D02", "implemented")
    colleague.saved()
    expect(colleague.page.locator("#editors")).to_be_hidden()
    work.page.clock.install()
    work.open()
    expect(line).to_contain_text("鈴木 一郎さん（1-2　9時00分に保存）")
    site.clock.pass_by(timedelta(minutes=6))
    work.page.clock.fast_forward(31_000)
    work.choose("D01", "implemented")
    expect(line).to_be_hidden()
    colleague.choose("D01", "partial")
    expect(colleague.page.locator(".conflict")).to_contain_text("佐藤")


def test_a_reply_that_was_lost_stores_nothing_twice(site: Site) -> None:
    work = Answering.begun(site, SATO)
    lost: list[str] = []

    def answer_once_without_reply(route: Route) -> None:
        if not lost:
            lost.append(route.request.post_data or "")
            route.fetch()
            route.abort()
            return
        assert json.loads(route.request.post_data or "") == json.loads(lost[0])
        route.continue_()

    work.page.route(ANSWERS, answer_once_without_reply)
    work.choose("D01", "implemented")
    work.saved()
    assert len(lost) == 1
    assert work.history("D01") == [("implemented", "")]


def test_what_is_typed_while_a_save_is_under_way_goes_out_after_it(site: Site) -> None:
    work = Answering.begun(site, SATO)
    held = held_at_first(work)
    work.choose("D02", "partial")
    expect(work.state).to_contain_text("保存しています")
    work.words("D02").fill("途中で書いた")
    work.page.wait_for_timeout(900)
    assert len(held) == 1
    held[0].continue_()
    work.saved()
    assert work.history("D02") == [("partial", ""), ("partial", "途中で書いた")]


def test_a_reply_that_takes_too_long_is_asked_for_again(site: Site) -> None:
    work = Answering.begun(site, SATO)
    seen: list[Route] = []

    def never_the_first(route: Route) -> None:
        seen.append(route)
        if len(seen) > 1:
            route.continue_()

    work.page.route(ANSWERS, never_the_first)
    work.choose("D01", "implemented")
    expect(work.page.locator("#offline")).to_contain_text("通信に時間がかかっています", timeout=10_000)
    work.saved()
    assert len(seen) == 2
    assert whole(site)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (500, "システムの中で問題が起きました。（番号 7F3A-20EE）"),
        (503, "いまは使えません。（番号 7F3A-20EE）"),
    ],
)
def test_a_fault_of_the_server_is_called_so_with_its_number(site: Site, status: int, sentence: str) -> None:
    work = Answering.begun(site, SATO)
    work.choose("D01", "implemented")
    work.saved()
    message = sentence.partition("（")[0]
    work.page.route(
        ANSWERS,
        lambda route: route.fulfill(status=status, json={"message": message, "reference": "7F3A-20EE"}),
    )
    work.choose("D02", "implemented")
    expect(work.state).to_contain_text("保存できません（1件）")
    expect(work.state).to_contain_text(sentence)
    expect(work.state).to_contain_text("9時00分までの回答は保存してあります。")
    expect(work.page.locator("#offline")).to_have_count(0)
    expect(work.page.locator("body")).not_to_contain_text("時間が切れ")
    work.page.unroute(ANSWERS)
    work.saved()
    assert work.stored()["D02"].level == "implemented"


def test_a_sheet_that_was_handed_over_meanwhile_says_so_and_keeps_the_words(site: Site) -> None:
    site.year.answer(AFFAIRS)
    work = Answering.begun(site, SATO)
    site.year.hand_over(AFFAIRS)
    work.page.locator("summary.question__line").first.click()
    work.write("D01", "遅れて書いた")
    expect(work.state).to_contain_text("この点検票は、いま回答できません。")
    expect(work.words("D01")).to_have_value("遅れて書いた")
    assert work.unsent() == ["D01 遅れて書いた"]


def test_where_the_browser_refuses_its_database_the_page_says_so(site: Site) -> None:
    page = site.browser()
    page.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    work = Answering(site, page)
    sign_in(work, SATO.staff_no)
    work.open()
    page.context.set_offline(True)
    work.write("D01", "控えのない言葉")
    expect(work.state).to_contain_text("まだ保存していません（1件）")
    expect(work.state).to_contain_text("この端末には保存できません。")
    page.context.set_offline(False)
    work.saved()
    assert work.stored()["D01"].comment == "控えのない言葉"


def test_a_tab_that_was_closed_in_the_same_session_has_its_answers_sent(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.context.set_offline(True)
    work.write("D01", "閉じた画面の言葉")
    work.kept_here(1)
    context = work.page.context
    work.page.close()
    context.set_offline(False)
    work.page = context.new_page()
    work.page.goto(site.url)
    expect(work.page.get_by_text("送っていなかった回答1件を保存しました。")).to_be_visible()
    assert work.stored()["D01"].comment == "閉じた画面の言葉"
    assert work.unsent() == []


def leave_unsent(site: Site) -> Answering:
    """Somebody writes without a network, is signed out elsewhere, and closes the tab, which can send nothing any more."""
    work = Answering.begun(site, SATO)
    work.page.context.set_offline(True)
    work.write("D01", "残した言葉")
    work.kept_here(1)
    context = work.page.context
    context.clear_cookies()
    work.page.close()
    context.set_offline(False)
    work.page = context.new_page()
    return work


LEFT: Final = """([hand, number, item]) => new Promise((resolve) => {
  const request = indexedDB.open("unsent-answers", 1);
  request.onsuccess = () => {
    const form = document.querySelector("form[data-sheet]");
    const entry = {
      id: "left", person: document.body.dataset.person, sheet: form.dataset.sheet, item, key: "D01", number: "1-1", page: form.dataset.page,
      sending: null, at: Date.now(), url: form.dataset.saveUrl.replace("00000000-0000-0000-0000-000000000000", item), version: 0,
      words: {level: "partial", comment: "書きかけ", reply: "", due: ""}, label: "一部", tab: hand, session: document.body.dataset.session,
      mark: {hand, number},
    };
    const put = request.result.transaction("answer", "readwrite");
    put.objectStore("answer").put(entry);
    put.oncomplete = () => { request.result.close(); resolve(); };
  };
})"""
"""Leaves an answer behind as a page does whose last writing the browser never finished."""


def left_by(work: Answering, hand: str, number: int, *, sent: str) -> None:
    """A closed page left `number` behind; what the server has of the same person came under the id `sent`."""
    site = work.site
    work.page.evaluate(LEFT, [hand, number, str(site.year.item_id("D01"))])
    with site.database.transaction() as session:
        draft = AnswerDraft(
            item_id=site.year.item_id("D01"),
            level="partial",
            comment="書きかけを終わりまで書いた",
            seen_version=0,
            client_id=sent,
        )
        record_answers(
            session,
            actor=site.year.actor(SATO),
            inspection_id=site.year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=site.clock.instant,
        )


def test_what_a_page_sent_while_it_was_closed_is_later_than_what_it_left(site: Site) -> None:
    """The browser stopped writing to its database, and the farewell still reached the server: nobody is asked to choose."""
    work = Answering.begun(site, SATO)
    left_by(work, "closed-page", 6, sent="closed-page_7")
    work.open()
    work.saved()
    expect(work.page.locator(".conflict")).to_have_count(0)
    expect(work.words("D01")).to_have_value("書きかけを終わりまで書いた")
    assert work.history("D01") == [("partial", "書きかけを終わりまで書いた")]
    assert work.unsent() == []


@pytest.mark.parametrize("sent", ["closed-page_5", "other-page_7", "no-page-at-all"])
def test_what_came_from_elsewhere_is_chosen_between(site: Site, sent: str) -> None:
    work = Answering.begun(site, SATO)
    left_by(work, "closed-page", 6, sent=sent)
    work.open()
    expect(work.page.locator(".conflict")).to_contain_text("書きかけを終わりまで書いた")
    expect(work.words("D01")).to_have_value("書きかけ")


def test_what_was_left_on_another_page_gives_way_as_well(site: Site) -> None:
    """The home page sends what was left behind, and says nothing of what the server has already."""
    work = Answering.begun(site, SATO)
    left_by(work, "closed-page", 6, sent="closed-page_7")
    work.page.goto(f"{site.url}/inspections")
    for _ in range(50):
        if not work.unsent():
            break
        work.page.wait_for_timeout(100)
    assert work.unsent() == []
    assert work.history("D01") == [("partial", "書きかけを終わりまで書いた")]


def test_what_was_left_behind_is_offered_to_its_owner_after_signing_in(site: Site) -> None:
    work = leave_unsent(site)
    sign_in(work, SATO.staff_no)
    box = work.page.locator("#unsent")
    expect(box).to_contain_text("この端末に、まだ送っていない回答が1件あります")
    assert problems_of(work.page, where="offer") == []
    assert work.stored() == {}
    box.get_by_role("button", name="送る").click()
    expect(work.page.get_by_text("送っていなかった回答1件を保存しました。")).to_be_visible()
    assert work.stored()["D01"].comment == "残した言葉"
    assert work.unsent() == []


def test_what_was_left_behind_can_be_thrown_away(site: Site) -> None:
    work = leave_unsent(site)
    sign_in(work, SATO.staff_no)
    work.page.on("dialog", lambda dialog: dialog.accept())
    work.page.locator("#unsent").get_by_role("button", name="捨てる").click()
    expect(work.page.locator("#unsent")).to_have_count(0)
    assert (work.unsent(), work.stored()) == ([], {})


def test_on_its_own_page_it_goes_through_its_question_and_meets_what_stands_there(site: Site) -> None:
    work = leave_unsent(site)
    other = Answering.begun(site, SUZUKI)
    other.write("D01", "所属長の言葉")
    other.saved()
    sign_in(work, SATO.staff_no)
    work.open()
    work.page.locator("#unsent").get_by_role("button", name="送る").click()
    conflict = work.card("D01").locator(".conflict")
    expect(conflict).to_contain_text("鈴木 一郎さんが9時00分に変えました")
    expect(conflict).to_contain_text("残した言葉")
    expect(conflict).to_contain_text("所属長の言葉")


def test_another_person_at_the_same_terminal_sees_and_sends_nothing_of_it(site: Site) -> None:
    work = leave_unsent(site)
    sign_in(work, SUZUKI.staff_no)
    work.page.wait_for_timeout(800)
    for path in ("", f"/inspections/{site.year.sheets[AFFAIRS.code]}/sections/organisation"):
        work.page.goto(f"{site.url}{path}")
        work.page.wait_for_timeout(600)
        expect(work.page.locator("#unsent")).to_have_count(0)
        assert "残した言葉" not in work.page.content()
    assert work.stored() == {}
    assert work.unsent() == ["D01 残した言葉"]


def test_signing_out_asks_while_something_waits(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.context.set_offline(True)
    work.choose("D01", "implemented")
    work.kept_here(1)
    work.page.get_by_role("button", name="ログアウト").click()
    dialog = work.page.get_by_role("alertdialog", name="まだ送っていない回答が1件あります")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="やめる")).to_be_focused()
    assert problems_of(work.page, where="signing out") == []
    dialog.get_by_role("button", name="やめる").click()
    work.page.context.set_offline(False)
    work.saved()
    work.page.get_by_role("button", name="ログアウト").click()
    expect(work.page.get_by_text("ログアウトしました。")).to_be_visible()
    assert work.stored()["D01"].level == "implemented"


def test_handing_over_waits_for_what_was_left_behind(site: Site) -> None:
    site.year.answer(AFFAIRS)
    work = Answering.begun(site, SATO)
    work.page.goto(f"{sheet_address(site)}/check")
    writer = Answering(site, work.page.context.new_page())
    writer.open()
    writer.page.route(ANSWERS, lambda route: route.abort())
    writer.page.locator("summary.question__line").first.click()
    writer.write("D01", "まだ届いていない")
    writer.kept_here(1)
    writer.page.close()
    work.page.get_by_role("button", name="承認を依頼する").click()
    expect(work.page.get_by_text("まだ届いていない")).to_be_visible()
    assert site.year.sheet(AFFAIRS).state is State.ANSWERING
    assert work.stored()["D01"].comment == "まだ届いていない"
    work.page.get_by_role("button", name="承認を依頼する").click()
    expect(work.page.get_by_text("所属長へ承認を依頼しました")).to_be_visible()


@pytest.mark.parametrize(
    ("choice", "kept"), [("あなたの回答", "二人目の言葉"), ("いま保存されている回答", "一人目の言葉")]
)
def test_two_people_see_both_texts_in_place_and_one_is_chosen(site: Site, choice: str, kept: str) -> None:
    first, second = Answering.begun(site, SATO), Answering.begun(site, SUZUKI)
    first.write("D01", "一人目の言葉")
    first.saved()
    second.write("D01", "二人目の言葉")
    conflict = second.card("D01").locator(".conflict")
    expect(conflict).to_contain_text("1-1 は、佐藤 花子さんが9時00分に変えました")
    expect(second.state).to_contain_text("保存していない項目が1件あります")
    assert problems_of(second.page, where="conflict") == []
    second.choose("D02", "implemented")
    second.page.wait_for_timeout(300)
    assert second.stored()["D02"].level == "implemented"
    conflict.get_by_role("button", name=choice).click()
    expect(conflict).to_have_count(0)
    second.saved()
    expect(second.words("D01")).to_have_value(kept)
    assert second.stored()["D01"].comment == kept
    assert ("partial", "一人目の言葉") in second.history("D01")
    assert second.unsent() == []


def test_words_typed_while_a_save_meets_a_conflict_wait_for_the_choice(site: Site) -> None:
    """Nothing is sent again behind the question which text stays."""
    first, second = Answering.begun(site, SATO), Answering.begun(site, SUZUKI)
    first.write("D01", "一人目の言葉")
    first.saved()
    held = held_at_first(second)
    second.choose("D01", "partial")
    expect(second.state).to_contain_text("保存しています")
    second.words("D01").fill("二人目の言葉")
    second.page.wait_for_timeout(900)
    held[0].continue_()
    conflict = second.card("D01").locator(".conflict")
    expect(conflict).to_have_count(1)
    second.page.wait_for_timeout(600)
    assert len(held) == 1
    conflict.get_by_role("button", name="あなたの回答").click()
    second.saved()
    assert len(held) == 2
    assert second.stored()["D01"].comment == "二人目の言葉"


def test_a_page_that_saved_nothing_yet_is_saved_with_the_stored_text(site: Site) -> None:
    first, second = Answering.begun(site, SATO), Answering.begun(site, SUZUKI)
    first.write("D01", "一人目の言葉")
    first.saved()
    second.write("D01", "二人目の言葉")
    second.card("D01").locator(".conflict").get_by_role("button", name="いま保存されている回答").click()
    second.saved()
    expect(second.state).to_contain_text("9時00分")
    assert second.history("D01")[-1] == ("partial", "一人目の言葉")


@pytest.mark.parametrize(
    ("choice", "label", "excerpt", "same"),
    [("あなたの回答", "未実施", "二枚目", False), ("いま保存されている回答", "実施", "一枚目", True)],
)
def test_the_line_of_an_open_question_says_what_was_chosen(
    site: Site, choice: str, label: str, excerpt: str, *, same: bool
) -> None:
    first = answered_as_last_year(site)
    second = Answering(site, first.page.context.new_page())
    second.open("assets")
    first.words("D07").fill("一枚目")
    first.page.keyboard.press("Tab")
    first.saved()
    second.choose("D07", "not_implemented")
    conflict = second.card("D07").locator(".conflict")
    expect(conflict).to_be_visible()
    second.words("D07").fill("二枚目")
    second.page.keyboard.press("Tab")
    conflict.get_by_role("button", name=choice).click()
    second.saved()
    says(second, label, excerpt=excerpt, same=same)


def test_the_line_of_an_open_question_follows_what_is_taken_back(site: Site) -> None:
    work = answered_as_last_year(site)
    says(work, "実施", excerpt="", same=True)
    work.choose("D07", "not_implemented")
    says(work, "未実施", excerpt="", same=False)
    work.card("D07").get_by_role("button", name="元に戻す").click()
    work.saved()
    assert work.stored()["D07"].level == "implemented"
    says(work, "実施", excerpt="", same=True)


def answered_as_last_year(site: Site) -> Answering:
    """Somebody opens a question again that is answered as it was a year ago."""
    site.year = second_year(site.year)
    site.clock.instant = site.year.now
    work = Answering.begun(site, SATO, slug="assets")
    work.choose("D07", "implemented")
    work.saved()
    work.open()
    work.page.locator(".question", has=work.card("D07")).locator(".question__line").click()
    if not work.words("D07").is_visible():
        work.card("D07").get_by_role("button", name="状況を書く").click()
    return work


def says(work: Answering, label: str, *, excerpt: str, same: bool) -> None:
    """The line of a question that is open shows the answer in its fields."""
    line = work.page.locator(".question", has=work.card("D07")).locator("summary.question__line")
    expect(line.locator(".level")).to_have_text(label)
    expect(line.get_by_text("前回も同じ")).to_be_visible(visible=same)
    if excerpt:
        expect(line.locator(".question__excerpt")).to_have_text(excerpt)


def test_two_tabs_of_one_person(site: Site) -> None:
    first = Answering.begun(site, SATO)
    second = Answering(site, first.page.context.new_page())
    second.open()
    first.write("D01", "一枚目の画面")
    first.saved()
    second.write("D01", "二枚目の画面")
    conflict = second.card("D01").locator(".conflict")
    expect(conflict).to_contain_text("あなたが別の画面で9時00分に変えました")
    conflict.get_by_role("button", name="いま保存されている回答").click()
    second.card("D01").get_by_role("button", name="元に戻す").click()
    second.saved()
    assert second.stored()["D01"].comment == "二枚目の画面"


def test_undo_goes_back_through_the_page_and_then_through_the_history(site: Site) -> None:
    before = Answering.begun(site, SATO)
    before.write("D01", "はじめ")
    before.saved()
    work = Answering(site, before.page)
    work.open()
    work.page.locator("summary.question__line").first.click()
    work.words("D01").fill("つぎ")
    work.page.keyboard.press("Tab")
    work.saved()
    undo = work.card("D01").get_by_role("button", name="元に戻す")
    undo.click()
    work.saved()
    assert work.stored()["D01"].comment == "はじめ"
    for _ in range(2):
        undo.click()
        work.page.wait_for_timeout(300)
    work.saved()
    assert work.history("D01") == [
        ("partial", ""),
        ("partial", "はじめ"),
        ("partial", "つぎ"),
        ("partial", "はじめ"),
        ("partial", ""),
        (None, ""),
    ]
    assert work.level("D01") is None


# -------------------------------------------------------------------------------------------- the session


def expire(work: Answering) -> None:
    """Half an hour and more passes, at the server and in the browser."""
    work.site.clock.pass_by(timedelta(minutes=31))
    work.page.clock.fast_forward("31:00")


def begun_with_clock(site: Site) -> Answering:
    page = site.browser()
    page.clock.install()
    work = Answering(site, page)
    sign_in(work, SATO.staff_no)
    work.open()
    return work


def test_after_the_session_one_signs_in_over_the_page_and_goes_on(site: Site) -> None:
    work = begun_with_clock(site)
    work.write("D01", "時間が切れる前の言葉")
    work.page.clock.run_for(1000)
    work.saved()
    scrolled = work.page.evaluate("scrollTo(0, 12), scrollY")
    expire(work)
    cover = work.page.get_by_role("dialog", name="ログインの時間が切れました")
    expect(cover).to_be_visible()
    expect(work.words("D01")).to_be_hidden()
    expect(cover.get_by_label("職員番号")).to_be_focused()
    assert problems_of(work.page, where="cover") == []
    work.page.keyboard.press("Escape")
    expect(cover).to_be_visible()
    sign_in_over_the_page(work.page, SATO, password="違うパスワード")
    expect(cover).to_contain_text("職員番号かパスワードが違います。")
    sign_in_over_the_page(work.page, SATO)
    expect(cover).to_have_count(0)
    assert work.page.evaluate("scrollY") == scrolled
    expect(work.words("D01")).to_have_value("時間が切れる前の言葉")
    work.words("D01").fill("戻ってからの言葉")
    work.page.clock.run_for(1000)
    expect(work.state).to_contain_text("9時31分")
    assert work.stored()["D01"].comment == "戻ってからの言葉"


def test_words_typed_when_the_session_had_ended_already_are_sent_after_signing_in(site: Site) -> None:
    work = Answering.begun(site, SATO)
    site.clock.pass_by(timedelta(minutes=31))
    work.write("D01", "切れたあとの言葉")
    cover = work.page.get_by_role("dialog", name="ログインの時間が切れました")
    expect(cover).to_contain_text("入力した内容は、この端末に保存してあります。")
    expect(cover).not_to_contain_text("件")
    sign_in_over_the_page(work.page, SATO)
    work.saved()
    assert work.stored()["D01"].comment == "切れたあとの言葉"
    assert work.unsent() == []


def test_somebody_else_who_signs_in_over_the_page_goes_home_and_sends_nothing(site: Site) -> None:
    work = Answering.begun(site, SATO)
    site.clock.pass_by(timedelta(minutes=31))
    work.write("D01", "佐藤だけの言葉")
    sign_in_over_the_page(work.page, SUZUKI)
    work.page.wait_for_url(f"{site.url}/")
    expect(work.page.locator(".who").first).to_contain_text("鈴木 一郎")
    work.page.wait_for_timeout(600)
    assert "佐藤だけの言葉" not in work.page.content()
    assert work.stored() == {}
    assert work.unsent() == ["D01 佐藤だけの言葉"]
    work.page.go_back()
    work.page.wait_for_timeout(600)
    assert "佐藤だけの言葉" not in work.page.content()


def test_a_tab_of_somebody_who_was_followed_by_another_never_sends_as_the_other(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.context.clear_cookies()
    other = Answering(site, work.page.context.new_page())
    sign_in(other, SUZUKI.staff_no)
    work.write("D01", "佐藤の言葉")
    work.page.wait_for_url(f"{site.url}/")
    assert work.stored() == {}


def test_before_the_end_a_question_is_asked_and_work_goes_on(site: Site) -> None:
    work = begun_with_clock(site)
    site.clock.pass_by(timedelta(minutes=28, seconds=30))
    work.page.clock.fast_forward("28:30")
    dialog = work.page.get_by_role("alertdialog", name="まもなく自動でログアウトします")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="続ける")).to_be_focused()
    assert problems_of(work.page, where="warning") == []
    dialog.get_by_role("button", name="続ける").click()
    expect(dialog).to_have_count(0)
    site.clock.pass_by(timedelta(minutes=20))
    work.page.clock.fast_forward("20:00")
    work.choose("D01", "implemented")
    work.page.clock.run_for(1000)
    work.saved()


def test_a_clock_that_is_set_forward_covers_nothing_and_loses_nothing(site: Site) -> None:
    work = begun_with_clock(site)
    work.write("D01", "時計の前")
    work.page.clock.run_for(1000)
    work.saved()
    work.page.clock.fast_forward("05:00:00")
    work.page.clock.run_for(3000)
    expect(work.page.locator("dialog[open]")).to_have_count(0)
    work.words("D01").fill("時計のあと")
    work.page.clock.run_for(1000)
    work.saved()
    assert work.stored()["D01"].comment == "時計のあと"


def test_other_pages_are_covered_too_and_keep_what_is_typed(site: Site) -> None:
    site.year.answer(AFFAIRS)
    site.year.hand_over(AFFAIRS)
    page = site.browser()
    page.clock.install()
    work = Answering(site, page)
    sign_in(work, SUZUKI.staff_no)
    page.goto(f"{sheet_address(site)}/approval")
    page.locator("textarea").first.fill("所属長の長い言葉")
    expire(work)
    sign_in_over_the_page(page, SUZUKI)
    expect(page.locator("textarea").first).to_have_value("所属長の長い言葉")
    page.get_by_role("button", name="承認して情報主管課へ提出する").click()
    expect(page.get_by_text("承認しました。")).to_be_visible()


def test_the_states_of_the_page_are_accessible_on_a_phone(site: Site) -> None:
    work = Answering.begun(site, SATO)
    work.page.set_viewport_size(PHONE)
    work.page.context.set_offline(True)
    work.choose("D01", "implemented")
    work.kept_here(1)
    assert problems_of(work.page, where="offline on a phone") == []
