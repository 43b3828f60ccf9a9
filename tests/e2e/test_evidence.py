"""Evidence as a clerk gives it: chosen, dropped, pasted, by reference, again next year; at both sizes, with and without scripts."""

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Locator, Page, ViewportSize, expect

from app.db.session import bound
from app.evidence.rules import Description
from app.inspections.commands.evidence import attach_reference
from app.inspections.rules import State
from tests.conftest import StandingClock
from tests.e2e.conftest import DESK, PHONE, Site, served
from tests.e2e.journey import ClerkAtWork, sheet_address
from tests.factories.files import PLAIN_CANARY, jpeg, office, pdf, png
from tests.factories.inspections import running_year, year_after
from tests.people import AFFAIRS, SATO, SUZUKI

SIZES: Final = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def clerk_in_section(site: Site, *, size: ViewportSize = DESK, scripts: str = "on") -> ClerkAtWork:
    """The clerk before the first section, the profile confirmed."""
    clerk = ClerkAtWork(site.signed_in(SATO, size=size, scripts=scripts), sheet_address(site))
    clerk.confirm_profile()
    return clerk


def card(page: Page, key: str = "D01") -> Locator:
    return page.locator(f'[data-key="{key}"] [data-evidence]')


def payload(name: str, data: bytes, kind: str = "application/pdf") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}


def begin(page: Page, words: str, *, key: str = "D01") -> Locator:
    """Answer 一部実施 and begin to write why; the field of the words is returned."""
    page.locator(f'[data-key="{key}"] label.option:has(input[value="partial"])').click()
    field = page.locator(f'textarea[name="comment-{key}"]')
    field.fill(words)
    return field


def choose(page: Page, field: Locator, *files: FilePayload) -> None:
    with page.expect_file_chooser() as waiting:
        field.get_by_role("link", name="ファイルを付ける").click()
    waiting.value.set_files(list(files))


def drop(page: Page, target: Locator, **files: bytes) -> None:
    """Drop files as a browser does it; an underscore stands for the dot of a name."""
    handle = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            files.forEach(([name, encoded]) => {
                const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            });
            return transfer;
        }""",
        [[name.replace("_", "."), base64.b64encode(data).decode()] for name, data in files.items()],
    )
    target.dispatch_event("dragover", {"dataTransfer": handle})
    target.dispatch_event("drop", {"dataTransfer": handle})


def paste(page: Page, target: Locator, *, data: bytes) -> None:
    """Paste a screenshot as a browser does it."""
    target.evaluate(
        """(node, encoded) => {
            const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
            node.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(data).decode(),
    )


def clean(page: Page) -> None:
    """No rule of axe is broken, and the page never scrolls sideways."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(report => report.violations.map(one => [one.id, one.nodes[0].html]))"
    )
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@SIZES
def test_files_are_chosen_dropped_and_pasted_on_the_card(
    site: Site, size: ViewportSize, tmp_path: Path
) -> None:
    clerk = clerk_in_section(site, size=size)
    page = clerk.page
    field = card(page)
    choose(page, field, payload("規程.pdf", pdf()), payload("台帳.xlsx", office("xlsx")))
    expect(field.get_by_role("listitem")).to_have_count(2)
    drop(page, page.locator('.question:has([data-key="D01"])'), 研修_pptx=office("pptx"))
    expect(field.locator(".evidence__name a", has_text="研修")).to_be_visible()
    paste(page, page.locator('textarea[name="comment-D01"]'), data=png(words=True))
    expect(field.locator(".evidence__name a", has_text="画面の写し")).to_be_visible()
    expect(field.get_by_text("を付けました。")).to_be_visible()
    clean(page)
    page.screenshot(path=str(tmp_path / "card.png"), full_page=True)

    page.reload()
    expect(field.get_by_text("令和8年11月20日の状態")).to_have_count(4)
    with page.expect_download() as waiting:
        field.locator(".evidence__name a", has_text="画面の写し").click()
    assert waiting.value.suggested_filename.startswith("画面の写し")
    waiting.value.save_as(tmp_path / "taken.png")
    assert PLAIN_CANARY.encode() not in (tmp_path / "taken.png").read_bytes()

    field.get_by_role("link", name="外す ：規程").click()
    expect(field.locator(".evidence__name", has_text="規程")).to_have_count(0)
    field.get_by_role("button", name="元に戻す").click()
    expect(field.locator(".evidence__name", has_text="規程")).to_have_count(1)


@SIZES
def test_what_is_refused_says_so_beside_the_file_and_the_others_go_on(site: Site, size: ViewportSize) -> None:
    clerk = clerk_in_section(site, size=size)
    page, field = clerk.page, card(clerk.page)
    files = [payload("a.pdf", png()), payload("b.pdf", pdf()), payload("c.txt", b"", "text/plain")]
    choose(page, field, *files)
    expect(field.get_by_role("alert").filter(has_text="中身はPNG画像です")).to_be_visible()
    expect(field.get_by_role("alert").filter(has_text="中身が空です")).to_be_visible()
    expect(field.locator(".evidence__list .evidence__name", has_text="b")).to_be_visible()
    clean(page)
    field.get_by_role("button", name="閉じる ：a.pdf").click()
    expect(field.get_by_role("alert")).to_have_count(1)


@SIZES
def test_what_is_there_already_is_said_and_stays_while_the_others_go_on(
    site: Site, size: ViewportSize
) -> None:
    clerk = clerk_in_section(site, size=size)
    page, field = clerk.page, card(clerk.page)
    choose(page, field, payload("good.pdf", pdf()))
    expect(field.get_by_text("「good.pdf」を付けました。")).to_be_visible()
    choose(page, field, payload("名簿.pdf", pdf()), payload("写真.png", png(), "image/png"))
    expect(field.get_by_text("「写真.png」を付けました。")).to_be_visible()
    expect(field.get_by_role("alert")).to_have_text("「名簿.pdf」と同じ内容の「good」が、もう付いています。")
    expect(field.locator(".evidence__list > li")).to_have_count(2)
    clean(page)
    field.get_by_role("button", name="閉じる ：名簿.pdf").click()
    expect(field.get_by_role("alert")).to_have_count(0)


def test_two_files_are_dropped_on_an_answered_question_that_lies_folded(site: Site) -> None:
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page)
    page.locator('[data-key="D01"] label.option').first.click()
    page.locator('[data-key="D02"] textarea').focus()
    question = page.locator(".question", has=page.locator('[data-key="D01"]'))
    drop(page, question, 規程_pdf=pdf(), 台帳_xlsx=office("xlsx"))
    expect(field.locator(".evidence__list > li")).to_have_count(2)
    expect(field.locator(".evidence__name", has_text="台帳")).to_be_visible()
    drop(page, page.locator("h1"), 外れ_pdf=pdf(b"%other\n"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".evidence__name", has_text="外れ")).to_have_count(0)


def test_a_picture_from_the_real_clipboard_goes_to_the_question_in_hand(site: Site) -> None:
    """Copied in the browser itself and pasted with the keys, as with a screenshot."""
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page, "D02")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page.evaluate(
        """async (encoded) => {
            const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
            await navigator.clipboard.write([new ClipboardItem({"image/png": new Blob([bytes], {type: "image/png"})})]);
        }""",
        base64.b64encode(png()).decode(),
    )
    words = begin(page, "書きかけの理由", key="D02")
    words.press("Control+v")
    expect(field.locator(".evidence__name a", has_text="画面の写し")).to_be_visible()
    expect(words).to_have_value("書きかけの理由")
    expect(card(page).locator(".evidence__list > li")).to_have_count(0)


@SIZES
def test_an_upload_that_fails_says_so_beside_the_question_and_loses_nothing_typed(
    site: Site, size: ViewportSize, tmp_path: Path
) -> None:
    clerk = clerk_in_section(site, size=size)
    page, field = clerk.page, card(clerk.page)
    large = tmp_path / "大きい.txt"
    large.write_bytes(b"a" * (21 * 1024 * 1024))
    words = begin(page, "規程を直している途中です。")
    with page.expect_file_chooser() as waiting:
        field.get_by_role("link", name="ファイルを付ける").click()
    waiting.value.set_files(str(large))
    expect(field.get_by_role("alert")).to_have_text(
        "20MBを超えています。分けるか、画像を小さくしてから付けてください。"
    )
    field.get_by_role("button", name="閉じる ：大きい.txt").click()

    # The network goes in the middle of the sending, while somebody writes on.
    page.route("**/evidence/files", lambda route: route.abort("connectionreset"))
    choose(page, field, payload("規程.pdf", pdf()))
    words.press_sequentially("続き")
    expect(field.get_by_role("alert")).to_contain_text("送れませんでした。通信を確かめてから")
    expect(words).to_have_value("規程を直している途中です。続き")
    clean(page)
    page.screenshot(path=str(tmp_path / "failed.png"), full_page=True)
    page.unroute("**/evidence/files")
    field.get_by_role("button", name="もう一度送る").click()
    expect(field.locator(".evidence__list .evidence__name", has_text="規程")).to_be_visible()
    expect(field.get_by_role("alert")).to_have_count(0)
    expect(page.locator('#save-state.save-state--saved[data-waiting="0"]')).to_be_visible()
    page.reload()
    expect(words).to_have_value("規程を直している途中です。続き")
    expect(field.locator(".evidence__list > li")).to_have_count(1)


def test_a_server_that_refuses_the_size_says_so_too(site: Site) -> None:
    """Where the script of the page does not know the size, the server's sentence stands at the same place."""
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page)
    words = begin(page, "書きかけ")
    reply = '{"message": "「規程.pdf」：20MBを超えています。分けるか、画像を小さくしてから付けてください。"}'
    page.route(
        "**/evidence/files",
        lambda route: route.fulfill(status=422, content_type="application/json", body=reply),
    )
    choose(page, field, payload("規程.pdf", pdf()))
    expect(field.get_by_role("alert")).to_have_text(
        "20MBを超えています。分けるか、画像を小さくしてから付けてください。"
    )
    expect(words).to_have_value("書きかけ")


def test_a_network_that_breaks_off_leaves_the_file_to_be_sent_again(site: Site) -> None:
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page)
    page.context.set_offline(offline=True)
    choose(page, field, payload("規程.pdf", pdf()))
    expect(field.get_by_role("alert")).to_contain_text("送れませんでした")
    page.context.set_offline(offline=False)
    field.get_by_role("button", name="もう一度送る").click()
    expect(field.locator(".evidence__list .evidence__name", has_text="規程")).to_be_visible()


def test_words_that_are_pasted_with_a_picture_stay_words(site: Site) -> None:
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page)
    page.locator('[data-key="D01"]').evaluate(
        """(node) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["x"], "image.png", { type: "image/png" }));
            transfer.setData("text/plain", "表の文字");
            window.kept = node.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
        }"""
    )
    assert page.evaluate("window.kept") is True
    expect(field.get_by_role("listitem")).to_have_count(0)


@SIZES
@pytest.mark.parametrize("scripts", ["on", "off"])
def test_the_page_of_an_item_does_all_of_it_also_without_scripts(
    site: Site, size: ViewportSize, scripts: str, tmp_path: Path
) -> None:
    clerk = clerk_in_section(site, size=size, scripts=scripts)
    page = clerk.page
    card(page).get_by_role("link", name="文書番号・場所").click()
    page.get_by_label("証跡の名前").fill("個人情報取扱台帳")
    page.get_by_label("保管場所", exact=False).first.fill("総務課 書庫B-3")
    page.locator("#reference").get_by_role("button", name="付ける").click()
    expect(page.get_by_text("証跡を付けました。")).to_be_visible()
    page.locator("#files").set_input_files(
        [payload("写真.jpg", jpeg(exif=True), "image/jpeg"), payload("偽.pdf", b"MZ")]
    )
    page.get_by_label("有効期限").first.fill("2026-11-20")
    page.locator("section", has=page.locator("#files-heading")).get_by_role("button", name="付ける").click()
    expect(page.locator("#files-error-1")).to_contain_text("「偽.pdf」")
    expect(page.get_by_text("付いている証跡（2件）")).to_be_visible()
    if scripts == "on":
        clean(page)
        page.screenshot(path=str(tmp_path / "item.png"), full_page=True)
    page.get_by_role("link", name="点検票へ戻る").click()
    expect(card(page).locator(".evidence__name", has_text="写真")).to_be_visible()
    expect(card(page).get_by_text("有効期限 令和8年11月20日")).to_be_visible()

    card(page, "D02").get_by_role("link", name="一覧から選ぶ").click()
    page.get_by_label("名前・文書番号・場所").fill("書庫")
    page.get_by_role("button", name="探す").click()
    page.get_by_role("checkbox", name="個人情報取扱台帳").check()
    page.get_by_role("button", name="選んだものを付ける").click()
    expect(page.get_by_text("付いている証跡（1件）")).to_be_visible()
    page.get_by_role("button", name="外す ：個人情報取扱台帳").click()
    expect(page.get_by_text("付いている証跡（0件）")).to_be_visible()


@SIZES
def test_the_head_and_the_library_show_what_there_is(site: Site, size: ViewportSize, tmp_path: Path) -> None:
    clerk = clerk_in_section(site, size=size)
    choose(clerk.page, card(clerk.page), payload("規程.pdf", pdf()))
    expect(card(clerk.page).get_by_role("listitem")).to_have_count(1)
    head = site.signed_in(SUZUKI, size=size)
    head.goto(f"{sheet_address(site)}/approval")
    head.get_by_role("link", name="証跡 1件").click()
    expect(head.locator(".evidence__name", has_text="規程")).to_be_visible()
    clean(head)
    head.screenshot(path=str(tmp_path / "sheet.png"), full_page=True)
    head.get_by_role("link", name="この所属の証跡").click()
    expect(head.get_by_role("cell", name="令和8年度 1-1")).to_be_visible()
    clean(head)
    head.screenshot(path=str(tmp_path / "library.png"), full_page=True)
    head.get_by_role("link", name="詳しく ：規程").click()
    head.get_by_label("証跡の名前").fill("情報セキュリティ規程")
    head.get_by_label("有効期限").fill("2026-11-20")
    head.get_by_role("button", name="保存する", exact=True).click()
    expect(head.get_by_role("heading", name="情報セキュリティ規程")).to_be_visible()
    clean(head)
    head.screenshot(path=str(tmp_path / "piece.png"), full_page=True)


# ------------------------------------------------------------------------------------- last year's evidence


@pytest.fixture
def second(app: Flask, clock: StandingClock, chromium: Browser) -> Iterator[Site]:
    """A city in its second year; the year before, three pieces stood beside the first question, one of which has run out."""
    year = running_year(bound())
    with year.database.transaction() as session:
        for title, place, expires in (
            ("個人情報取扱台帳", "総務課 書庫B-3", None),
            (
                "情報セキュリティ規程（第3版）と、その改正の経緯を記した起案文書の写し",
                "令8総第123号の簿冊",
                None,
            ),
            ("委託先の名簿", "共有フォルダ", date(2027, 3, 31)),
        ):
            attach_reference(
                session,
                actor=year.actor(SATO),
                inspection_id=year.sheets[AFFAIRS.code],
                item_id=year.item_id("D01"),
                description=Description(
                    title=title, stands_for=date(2026, 11, 20), place=place, expires_on=expires
                ),
                now=year.now,
            )
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    second = year_after(year)
    clock.instant = second.now
    with served(app, clock, chromium, second) as site:
        yield site


@SIZES
def test_last_years_evidence_is_opened_and_linked_by_the_keyboard(
    second: Site, size: ViewportSize, tmp_path: Path
) -> None:
    page = clerk_in_section(second, size=size).page
    field = card(page)
    opener = field.get_by_role("link", name="昨年度の証跡")
    expect(opener).to_have_attribute("aria-expanded", "false")
    words = begin(page, "書きかけ")
    opener.focus()
    page.keyboard.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    group = field.get_by_role("group", name="1-1 の昨年度の証跡")
    expect(group.get_by_role("listitem")).to_have_count(3)
    expect(group.get_by_text("令和8年11月20日の状態")).to_have_count(3)
    old = group.get_by_role("listitem").filter(has_text="委託先の名簿")
    expect(old.get_by_text("期限切れ", exact=True)).to_be_visible()
    expect(old.get_by_role("button")).to_have_count(0)
    clean(page)
    field.scroll_into_view_if_needed()
    page.screenshot(path=str(tmp_path / "before.png"))
    group.get_by_role("button", name="今年も付ける ：個人情報取扱台帳").focus()
    page.keyboard.press("Enter")
    expect(field.locator("[data-evidence-list] li")).to_have_count(1)
    expect(field.get_by_text("「個人情報取扱台帳」を付けました。")).to_be_visible()
    expect(group.get_by_role("listitem")).to_have_count(2)
    # The next one has the focus: one key after the other.
    expect(group.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field.locator("[data-evidence-list] li")).to_have_count(2)
    expect(opener).to_be_focused()
    clean(page)
    page.screenshot(path=str(tmp_path / "linked.png"), full_page=True)
    field.get_by_role("link", name="外す ：個人情報取扱台帳").click()
    expect(group.get_by_role("button", name="今年も付ける ：個人情報取扱台帳")).to_be_visible()
    opener.click()
    expect(group).to_have_count(0)
    expect(words).to_have_value("書きかけ")

    page.context.set_offline(offline=True)
    opener.click()
    expect(field.get_by_role("status")).to_contain_text("読み込めませんでした。通信を確かめてから")
    page.context.set_offline(offline=False)
    opener.click()
    expect(group.get_by_role("listitem")).to_have_count(2)


@SIZES
@pytest.mark.parametrize("scripts", ["on", "off"])
def test_last_years_evidence_is_linked_on_the_page_of_the_item(
    second: Site, size: ViewportSize, scripts: str, tmp_path: Path
) -> None:
    page = clerk_in_section(second, size=size, scripts=scripts).page
    if scripts == "on":
        page.goto(second.url + str(card(page).get_by_role("link", name="昨年度の証跡").get_attribute("href")))
        clean(page)
        page.screenshot(path=str(tmp_path / "item.png"), full_page=True)
    else:
        card(page).get_by_role("link", name="昨年度の証跡").click()
    last_year = page.get_by_role("region", name="昨年度の証跡（3件）")
    expect(last_year.get_by_role("button")).to_have_count(2)
    last_year.get_by_role("button", name="今年も付ける ：個人情報取扱台帳").click()
    expect(page.get_by_text("選んだ証跡を付けました。")).to_be_visible()
    expect(page.get_by_role("heading", name="付いている証跡（1件）")).to_be_visible()
    expect(page.get_by_role("heading", name="昨年度の証跡（2件）")).to_be_visible()
