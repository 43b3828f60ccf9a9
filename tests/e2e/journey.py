"""Page objects: what people do on a page, in their words. Each step works with and without scripts unless it says otherwise."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from app.inspections.rules import Judgement
from tests.e2e.conftest import Site
from tests.people import AFFAIRS, PASSWORD, Place


def sheet_address(site: Site, place: Place = AFFAIRS) -> str:
    """Return the address of a unit's sheet."""
    return f"{site.url}/inspections/{site.year.sheets[place.code]}"


@dataclass(slots=True)
class ClerkAtWork:
    """The clerk with a sheet."""

    page: Page
    sheet: str

    def confirm_profile(self) -> None:
        """Confirm the profile as it stands."""
        self.page.goto(f"{self.sheet}/profile")
        self.page.get_by_role("button", name="保存して回答へ進む").click()
        expect(self.page.get_by_text("所属の状況を保存しました")).to_be_visible()

    def open_section(self, slug: str) -> None:
        """Open a section."""
        self.page.goto(f"{self.sheet}/sections/{slug}")

    def choose(self, key: str, level: str) -> None:
        """Choose a level of an item by its code; an answered item is opened first."""
        card = self.page.locator(f'[data-key="{key}"]')
        if not card.is_visible():
            self.page.locator("details.question--done", has=card).locator("summary").first.click()
        card.locator(f'label.option:has(input[value="{level}"])').click()

    def explain(self, key: str, words: str) -> None:
        """Write why."""
        self.page.locator(f'textarea[name="comment-{key}"]').fill(words)

    def wait_until_saved(self) -> None:
        """Wait for the state that only the server's acknowledgement brings (with scripts)."""
        self.page.locator("#save-state.save-state--saved", has_text="保存済み").wait_for()

    def save_page(self) -> None:
        """Press the one button that saves a section (without scripts)."""
        self.page.get_by_role("button", name="下書き保存").click()
        expect(self.page.get_by_text("保存しました（")).to_be_visible()

    def hand_over(self) -> None:
        """Ask the head for approval."""
        self.page.goto(f"{self.sheet}/check")
        self.page.get_by_role("button", name="承認を依頼する").click()
        expect(self.page.get_by_text("所属長へ承認を依頼しました")).to_be_visible()


def approve(page: Page, sheet: str) -> None:
    """The head approves what is shown."""
    page.goto(f"{sheet}/approval")
    page.get_by_role("button", name="承認して情報主管課へ提出する").click()
    expect(page.get_by_text("承認しました。")).to_be_visible()


@dataclass(slots=True)
class ReviewerAtWork:
    """The reviewer with a sheet."""

    page: Page
    sheet: str

    def open(self) -> None:
        """Open the judging page with every item."""
        self.page.goto(f"{self.sheet}/review?show=all")

    def judge(self, number: str, judgement: Judgement, *, remark: str = "", due: str = "") -> None:
        """Judge one item."""
        row = self.page.locator(f'section[id="q{number}"]')
        row.locator(f'input.segments__in[value="{judgement.value}"]').check()
        if remark:
            words = row.locator("details[data-words]")
            if words.get_attribute("open") is None:
                words.locator("summary").click()
            row.get_by_label("所見・理由", exact=False).fill(remark)
            if due:
                row.locator('input[type="date"]').fill(due)

    def save(self) -> None:
        """Save the judgements."""
        self.page.get_by_role("button", name="判断を保存する").click()
        expect(self.page.get_by_role("status").first).to_be_visible()

    def send_returns(self) -> None:
        """Send the marked items back."""
        self.page.get_by_role("button", name="差戻しを送る").click()
        # A script lists them first.
        if self.page.locator("#returning[open]").count():
            self.page.get_by_role("button", name="この内容で送る").click()
        expect(self.page.get_by_text("差し戻しました").first).to_be_visible()

    def finish(self) -> None:
        """End the review."""
        self.page.get_by_role("button", name="審査を終える").click()


def sign_off(page: Page, sheet: str) -> None:
    """The manager proves who it is and signs off."""
    page.goto(f"{sheet}/sign-off")
    page.get_by_label("パスワード", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="確定する").click()
    page.wait_for_url(sheet)


def download_result(page: Page, sheet: str, *, to: Path) -> bytes:
    """Download the result as PDF."""
    page.goto(sheet)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="結果のPDF").click()
    target = to / "result.pdf"
    waiting.value.save_as(target)
    return target.read_bytes()
