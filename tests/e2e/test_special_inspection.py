"""臨時点検 from the home page to the first answers: how many clicks and pages it takes, with scripts and without."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import select

from app.inspections.models import Campaign, Inspection
from tests.e2e.conftest import Site
from tests.e2e.journey import ClerkAtWork
from tests.people import AFFAIRS, KIMURA, SATO, TANAKA

ASKED = ("USBメモリの数を台帳と合わせた。", "使わないUSBメモリを返した。", "貸出しの記録を書いた。")
PREPARING = 3
"""点検実施, 臨時点検を行う, 保存して対象を確かめる."""
OPENING = 3
"""点検実施, the draft, 設問を公開して始める."""


@dataclass(slots=True)
class Counted:
    """A page on which every click and every page that it loads is counted."""

    page: Page
    clicks: int = 0
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def note(request: Request) -> None:
            if request.is_navigation_request() and request.redirected_from is None:
                self.pages.append(f"{request.method} {request.url}")

        self.page.on("request", note)

    def click(self, what: Locator) -> None:
        """Click, and wait for the page that it leads to."""
        self.clicks += 1
        what.click()
        self.page.wait_for_load_state()


def fill(page: Page, *, questions: tuple[str, ...] = ASKED) -> None:
    """Write what has to be written; everything else is there."""
    page.get_by_label("名称", exact=False).fill("USBメモリの取扱い")
    page.get_by_label("理由と通知文", exact=False).fill("他市で紛失がありました。急いで確かめます。")
    for number, words in enumerate(questions, start=1):
        page.locator(f"#statement-{number}").fill(words)


def prepare(site: Site) -> Counted:
    """The clerk of the lead division goes from the home page to a draft."""
    preparing = Counted(site.signed_in(TANAKA))
    page = preparing.page
    preparing.pages.clear()
    preparing.click(page.get_by_role("link", name="点検実施").first)
    preparing.click(page.get_by_role("link", name="臨時点検を行う"))
    fill(page)
    preparing.click(page.get_by_role("button", name="保存して対象を確かめる"))
    expect(page.get_by_role("heading", name="設問　3問")).to_be_visible()
    return preparing


def test_from_home_to_an_opened_special_inspection_and_its_first_answers(site: Site) -> None:
    preparing = prepare(site)
    assert (preparing.clicks, len(preparing.pages)) == (PREPARING, PREPARING), preparing.pages

    opening = Counted(site.signed_in(KIMURA))
    page = opening.page
    opening.pages.clear()
    opening.click(page.get_by_role("link", name="点検実施").first)
    opening.click(page.get_by_role("link", name="臨時点検：USBメモリの取扱い"))
    opening.click(page.get_by_role("button", name=re.compile("設問を公開して始める")))
    expect(page.get_by_text("臨時点検を始めました。6所属に点検票を配りました。")).to_be_visible()
    assert (opening.clicks, len(opening.pages)) == (OPENING, OPENING), opening.pages

    _the_clerk_answers(site)


def _the_clerk_answers(site: Site) -> None:
    with site.year.database.reading() as session:
        sheet = session.scalars(
            select(Inspection.id)
            .join(Campaign, Campaign.id == Inspection.campaign_id)
            .where(Campaign.kind == "extra", Inspection.unit_id == AFFAIRS.id)
        ).one()
    clerk = ClerkAtWork(site.signed_in(SATO), f"{site.url}/inspections/{sheet}")
    expect(clerk.page.get_by_text("臨時点検：USBメモリの取扱い").first).to_be_visible()
    clerk.page.get_by_role("link", name="点検票を開く").click()
    assert clerk.page.url == clerk.sheet
    clerk.confirm_profile()
    clerk.open_section("special")
    expect(clerk.page.get_by_text(ASKED[0]).first).to_be_visible()
    for key in ("T01", "T02"):
        clerk.choose(key, "implemented")
        clerk.wait_until_saved()
    clerk.choose("T03", "not_implemented")
    clerk.explain("T03", "来月までに書きます。")
    clerk.page.keyboard.press("Tab")
    clerk.wait_until_saved()
    clerk.hand_over()


def test_rows_come_and_go_with_a_script_and_keep_what_is_typed(site: Site) -> None:
    page = site.signed_in(TANAKA)
    page.goto(f"{site.url}/campaigns/special/new")
    fill(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    remove = page.locator("[data-remove-question]:visible")
    expect(remove).to_have_count(0)
    for count in range(4, 11):
        page.get_by_role("button", name="設問を加える").click()
        expect(page.locator("[data-question]")).to_have_count(count)
        expect(page.locator(f"#statement-{count}")).to_be_focused()
    expect(page.get_by_role("button", name="設問を加える")).to_be_hidden()
    page.locator("#statement-4").fill("四つめ")
    page.locator("[data-remove-question]").nth(1).click()
    for number, words in enumerate((ASKED[0], ASKED[2], "四つめ"), start=1):
        expect(page.locator(f"#statement-{number}")).to_have_value(words)
    expect(page.get_by_role("button", name="設問を加える")).to_be_visible()
    assert sent == [], "the server is not asked"
    page.locator("#statement-1").press("Enter")
    expect(page.get_by_role("heading", name="設問　3問")).to_be_visible()


def test_rows_come_and_go_without_a_script(site: Site) -> None:
    page = site.signed_in(TANAKA, scripts="off")
    page.goto(f"{site.url}/campaigns/special/new")
    fill(page)
    page.get_by_role("button", name="設問を加える").click()
    page.locator("#statement-4").fill("四つめ")
    page.locator("[data-remove-question]").first.click()
    for number, words in enumerate((ASKED[1], ASKED[2], "四つめ"), start=1):
        expect(page.locator(f"#statement-{number}")).to_have_value(words)
    # The enter key keeps the draft: it takes no row away.
    page.locator("#statement-1").press("Enter")
    expect(page.get_by_role("heading", name="設問　3問")).to_be_visible()


def test_next_years_inspection_is_one_press(site: Site) -> None:
    preparing = Counted(site.signed_in(TANAKA))
    page = preparing.page
    page.goto(f"{site.url}/campaigns/{site.year.campaign_id}")
    preparing.click(page.get_by_role("button", name="次の年度の点検を準備する"))
    expect(page.get_by_role("heading", name="前の年度との違い")).to_be_visible()
    expect(page.get_by_text("「令和9年度 定期自己点検」の準備を作りました。")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_text("が準備中です。")).to_be_visible()
