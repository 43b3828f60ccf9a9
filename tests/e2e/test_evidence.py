"""Evidence as a clerk gives it: chosen, dropped, pasted, by reference, again next year; at both sizes, with and without scripts."""

import base64
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import FilePayload, Locator, Page, ViewportSize, expect

from tests.e2e.conftest import DESK, PHONE, Site
from tests.e2e.journey import ClerkAtWork, sheet_address
from tests.factories.files import PLAIN_CANARY, jpeg, office, pdf, png
from tests.people import SATO, SUZUKI

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


def choose(page: Page, field: Locator, *files: FilePayload) -> None:
    with page.expect_file_chooser() as waiting:
        field.get_by_role("link", name="ファイルを付ける").click()
    waiting.value.set_files(list(files))


def drop(page: Page, target: Locator, *, name: str, data: bytes) -> None:
    """Drop a file as a browser does it."""
    handle = page.evaluate_handle(
        """([name, encoded]) => {
            const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [name, base64.b64encode(data).decode()],
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
    drop(page, page.locator('.question:has([data-key="D01"])'), name="研修.pptx", data=office("pptx"))
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
    expect(field.locator(".evidence__name", has_text="b")).to_be_visible()
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


def test_a_network_that_breaks_off_leaves_the_file_to_be_sent_again(site: Site) -> None:
    clerk = clerk_in_section(site)
    page, field = clerk.page, card(clerk.page)
    page.context.set_offline(offline=True)
    choose(page, field, payload("規程.pdf", pdf()))
    expect(field.get_by_role("alert")).to_contain_text("送れませんでした")
    page.context.set_offline(offline=False)
    field.get_by_role("button", name="もう一度送る").click()
    expect(field.locator(".evidence__name", has_text="規程")).to_be_visible()


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

    card(page, "D02").get_by_role("link", name="前のものから選ぶ").click()
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
