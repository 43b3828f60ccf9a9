"""The year's work without a mouse, in few key presses: a whole sheet, a returned item, a head's approval."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.checklists.rules import Edition
from app.db.session import bound
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.queries.answering import answer_page
from app.inspections.queries.sheet import content_of_sheet, profile_version
from app.inspections.rules import Judgement, State
from tests.conftest import StandingClock
from tests.e2e.conftest import Site, served
from tests.e2e.journey import sheet_address
from tests.factories.inspections import LINES, Year, running_year, year_after
from tests.people import AFFAIRS, SATO, SUZUKI

DEPARTMENT: Final = Path("checklists/department/2026.1.yaml")
CHANGED: Final = 16
"""Items of the real checklist that were not kept last year and are this year; the other 56 are unchanged."""


@dataclass
class Hands:
    """A keyboard that counts its presses."""

    page: Page
    presses: int = 0

    def press(self, key: str) -> None:
        """Press a key once."""
        self.presses += 1
        self.page.keyboard.press(key)

    def focused(self) -> str:
        """What has the focus: its name, id or text."""
        found: str = self.page.evaluate(
            "document.activeElement.name || document.activeElement.id || document.activeElement.textContent.trim()"
        )
        return found

    def into_main(self) -> None:
        """Skip the header: the first link of every page leads into its content."""
        self.press("Tab")
        self.press("Enter")


def level_before(place: int) -> str:
    """Return how the item at a place of last year's sheet was answered."""
    return "partial" if place % 4 == 1 and place // 4 < CHANGED else "implemented"


def given_again(edition: Edition) -> int:
    """Count what may be taken over by what was prepared: kept last year, and not among what is looked at afresh every year."""
    items = edition.applicable({flag.code: True for flag in edition.flags})
    kept = [item for place, item in enumerate(items) if level_before(place) == "implemented"]
    assert len(kept) == 72 - CHANGED
    return sum(1 for item in kept if not item.mandatory)


def settled_before(year: Year) -> None:
    """Answer every item of last year's sheet with all flags on: sixteen not kept, the others kept; then bring it to its seal."""
    sheet, clerk = year.sheet(AFFAIRS), year.actor(LINES[AFFAIRS.code].clerk)
    flags = {flag.code: True for flag in sheet.edition.flags}
    with year.database.transaction() as session:
        confirm_profile(
            session,
            actor=clerk,
            inspection_id=sheet.id,
            flags=flags,
            seen_version=profile_version(session, revision_id=sheet.revision_id),
            now=year.now,
        )
        items = sheet.edition.applicable(flags)
        drafts = [
            AnswerDraft(
                item_id=item.id,
                level=level_before(place),
                comment="途中です。",
                seen_version=0,
                client_id=f"before {item.key}",
            )
            for place, item in enumerate(items)
        ]
        record_answers(session, actor=clerk, inspection_id=sheet.id, drafts=drafts, now=year.now)
    assert sum(1 for draft in drafts if draft.level == "partial") == CHANGED
    assert len(drafts) == 72
    for act in (year.hand_over, year.approve, year.judge, year.finish_review, year.sign_off):
        act(AFFAIRS)


@pytest.fixture
def big(app: Flask, clock: StandingClock, chromium: Browser) -> Iterator[Site]:
    """The real checklist in its second year, the profile confirmed."""
    first = running_year(bound(), data=DEPARTMENT.read_bytes())
    settled_before(first)
    year = year_after(first)
    sheet = year.sheet(AFFAIRS)
    with year.database.transaction() as session:
        confirm_profile(
            session,
            actor=year.actor(SATO),
            inspection_id=sheet.id,
            flags={flag.code: True for flag in sheet.edition.flags},
            seen_version=profile_version(session, revision_id=sheet.revision_id),
            now=year.now,
        )
    clock.instant = year.now
    with served(app, clock, chromium, year) as found:
        yield found


def offered(site: Site, slug: str) -> list[tuple[str, str]]:
    """Return each item of a section with the key that answers it: 0 where last year's may be given again."""
    with site.database.reading() as session:
        page = answer_page(
            session,
            actor=site.year.actor(SATO),
            inspection_id=site.year.sheets[AFFAIRS.code],
            slug=slug,
            today=site.year.now.date(),
        )
    return [(card.item.key, "0" if card.copy else "1") for card in page.cards]


def test_a_sheet_of_72_items_is_answered_in_at_most_130_key_presses(big: Site) -> None:
    hands = Hands(big.signed_in(SATO))
    page = hands.page
    edition = big.year.sheet(AFFAIRS).edition
    page.goto(f"{sheet_address(big)}/sections/{edition.sections[0].slug}")
    copied = 0
    for section in edition.sections:
        page.wait_for_url(f"**/sections/{section.slug}")
        expect(page.locator("#next-open")).to_be_visible()
        for key, press in offered(big, section.slug):
            hands.press(press)
            copied += press == "0"
            expect(page.locator(f'[data-key="{key}"] input:checked')).to_have_count(1)
        expect(page.locator('#save-state[data-waiting="0"]')).to_contain_text("保存済み")
        hands.press("Enter")
    # After the last section the same button leads to the check; there A goes to the page's one main act.
    if hands.focused() == "go":
        hands.press("Enter")
    page.wait_for_url("**/check")
    hands.press("a")
    assert hands.focused() == "承認を依頼する"
    hands.press("Enter")
    page.wait_for_url(sheet_address(big))
    assert big.year.sheet(AFFAIRS).state is State.AWAITING_HEAD
    assert hands.presses <= 130, hands.presses
    with big.database.reading() as session:
        sheet = big.year.sheet(AFFAIRS)
        answers = content_of_sheet(session, sheet=sheet).answers.values()
    assert len(answers) == 72
    # Counted from the prepared answers: what the page offers decides which key is pressed, and could be less.
    assert sum(1 for answer in answers if answer.taken_over) == copied == given_again(edition) > 0


def test_a_section_is_taken_over_and_confirmed_without_a_mouse(big: Site) -> None:
    edition = big.year.sheet(AFFAIRS).edition
    slug = edition.sections[1].slug
    wanted = sum(1 for _, key in offered(big, slug) if key == "0")
    hands = Hands(big.signed_in(SATO))
    hands.page.goto(f"{sheet_address(big)}/sections/{slug}")
    hands.page.locator("#take-over").focus()
    hands.press("Enter")
    expect(hands.page.locator("[data-proposal]")).to_have_count(wanted)
    assert big.year.sheet(AFFAIRS).answered == 0
    hands.page.locator("#confirm-all").focus()
    hands.press("Enter")
    expect(hands.page.get_by_text(f"写した{wanted}件を、今年の回答にしました。")).to_be_visible()
    assert big.year.sheet(AFFAIRS).answered == wanted


def test_a_returned_item_is_mended_in_under_ten_key_presses(site: Site) -> None:
    site.year.bring(AFFAIRS, to=State.SUBMITTED)
    site.year.judge(AFFAIRS, judgements={"D08": Judgement.RETURNED})
    site.year.return_items(AFFAIRS)
    site.clock.instant = site.year.now
    hands = Hands(site.signed_in(SATO))
    hands.into_main()
    hands.press("Tab")
    hands.press("Enter")
    hands.page.wait_for_url("**/sections/*")
    hands.press("1")
    expect(hands.page.locator('#save-state[data-waiting="0"]')).to_contain_text("保存済み")
    hands.press("a")
    hands.press("Enter")
    hands.page.wait_for_url("**/check")
    hands.press("a")
    hands.press("Enter")
    hands.page.wait_for_url(sheet_address(site))
    assert site.year.sheet(AFFAIRS).state is State.AWAITING_REAPPROVAL
    assert hands.presses < 10, hands.presses


def test_a_head_approves_in_under_eight_key_presses(site: Site) -> None:
    site.year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    site.clock.instant = site.year.now
    hands = Hands(site.signed_in(SUZUKI))
    hands.into_main()
    hands.press("Tab")
    hands.press("Enter")
    hands.page.wait_for_url("**/approval")
    hands.press("a")
    assert hands.focused().startswith("承認して")
    hands.press("Enter")
    hands.page.wait_for_url(sheet_address(site))
    assert site.year.sheet(AFFAIRS).state is State.SUBMITTED
    assert hands.presses < 8, hands.presses


def test_the_key_of_the_main_act_stays_silent_in_fields_and_when_switched_off(site: Site) -> None:
    site.year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    site.clock.instant = site.year.now
    hands = Hands(site.signed_in(SUZUKI))
    hands.page.goto(f"{sheet_address(site)}/approval")
    hands.page.get_by_label("所属長の意見").focus()
    hands.press("a")
    expect(hands.page.get_by_label("所属長の意見")).to_have_value("a")
    hands.page.goto(f"{site.url}/me/settings")
    hands.page.get_by_role("checkbox").first.uncheck()
    hands.page.locator("main form button").first.click()
    hands.page.goto(f"{sheet_address(site)}/approval")
    before = hands.focused()
    hands.press("a")
    assert hands.focused() == before
