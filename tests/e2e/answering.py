"""The answering page with its script: what somebody does there, and what the browser and the server then hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.inspections.models import Answer, AnswerHistory
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import AnswerFact
from tests.e2e.conftest import Site
from tests.e2e.journey import sheet_address
from tests.people import AFFAIRS, PASSWORD, Cast

UNSENT = """() => new Promise((resolve) => {
  const request = indexedDB.open("unsent-answers", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("answer", {keyPath: "id"}).createIndex("person", "person");
  request.onsuccess = () => {
    const all = request.result.transaction("answer").objectStore("answer").getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result.map((one) => one.key + " " + one.words.comment)); };
  };
})"""


@dataclass(slots=True)
class Answering:
    """Somebody in front of one section."""

    site: Site
    page: Page
    slug: str = "organisation"

    @classmethod
    def begun(cls, site: Site, cast: Cast, *, slug: str = "organisation") -> "Answering":
        """Sign in and open a section of the own unit's sheet."""
        found = cls(site, site.signed_in(cast), slug)
        found.open()
        return found

    def open(self, slug: str = "") -> None:
        """Open a section."""
        self.slug = slug or self.slug
        self.page.goto(f"{sheet_address(self.site)}/sections/{self.slug}")

    @property
    def state(self) -> Locator:
        """The line that says what is saved."""
        return self.page.locator("#save-state")

    def card(self, key: str) -> Locator:
        """The fields of a question."""
        return self.page.locator(f'[data-key="{key}"]')

    def choose(self, key: str, level: str) -> None:
        """Choose a level with the mouse; an answered question is opened first."""
        # Questions that were left before become one line in a moment of their own.
        self.page.evaluate("new Promise((resolve) => setTimeout(resolve, 5))")
        if not self.card(key).is_visible():
            self.page.locator(".question", has=self.card(key)).locator(".question__line").click()
        self.card(key).locator(f'label.option:has(input[value="{level}"])').click()

    def level(self, key: str) -> str | None:
        """The level that is chosen."""
        chosen = self.card(key).locator("input:checked")
        return chosen.get_attribute("value") if chosen.count() else None

    def words(self, key: str) -> Locator:
        """The comment of a question."""
        return self.page.locator(f'textarea[name="comment-{key}"]')

    def write(self, key: str, words: str) -> None:
        """Choose 一部実施 and write why."""
        self.choose(key, "partial")
        self.words(key).fill(words)

    def saved(self) -> None:
        """Wait for the state that only the server's acknowledgement brings."""
        expect(self.page.locator('#save-state.save-state--saved[data-waiting="0"]')).to_contain_text(
            "保存済み"
        )

    def kept_here(self, count: int) -> None:
        """Wait until the page says that answers are kept on this machine."""
        expect(self.state).to_contain_text(f"端末に保存（{count}件）")

    def unsent(self) -> list[str]:
        """What the browser's database holds, of whomever."""
        found: list[str] = self.page.evaluate(UNSENT)
        return sorted(found)

    def stored(self) -> Mapping[str, AnswerFact]:
        """What the server holds, by the key of the item."""
        with self.site.database.reading() as session:
            sheet = self.site.year.sheet(AFFAIRS)
            answers = content_of_sheet(session, sheet=sheet).answers
            return {sheet.edition.items[item_id].key: fact for item_id, fact in answers.items()}

    def history(self, key: str) -> list[tuple[str | None, str]]:
        """Every save of an item in its order."""
        with self.site.database.reading() as session:
            rows = session.scalars(
                select(AnswerHistory)
                .where(AnswerHistory.item_id == self.site.year.item_id(key))
                .order_by(AnswerHistory.version)
            )
            return [(row.level, row.comment) for row in rows]


def whole(site: Site) -> bool:
    """Return whether each answer has exactly the versions of its history, without a gap or a double."""
    with site.database.reading() as session:
        counts = {(row.revision_id, row.item_id): row.version for row in session.scalars(select(Answer))}
        versions: dict[object, list[int]] = {}
        for row in session.scalars(select(AnswerHistory)):
            versions.setdefault((row.revision_id, row.item_id), []).append(row.version)
    return {key: len(found) for key, found in versions.items()} == counts and all(
        sorted(found) == list(range(1, len(found) + 1)) for found in versions.values()
    )


def sign_in_over_the_page(page: Page, cast: Cast, *, password: str = PASSWORD) -> None:
    """Fill in the form that covers a page whose session ended."""
    cover = page.get_by_role("dialog", name="ログインの時間が切れました")
    expect(cover).to_be_visible()
    cover.get_by_label("職員番号").fill(cast.staff_no)
    cover.get_by_label("パスワード").fill(password)
    cover.get_by_role("button", name="ログイン").click()
