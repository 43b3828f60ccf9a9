"""Answers stream from a real browser while something breaks, or somebody else is at the same sheet: at seeded random moments.

The server is killed, the network cut or slow, the tab closed, the session ended, the clock changed. The page is watched from
within: whatever it calls saved has to be in the database, whole, once, whatever happens at whatever moment. More rounds:
`BREAKING_ROUNDS=50`; other moments: `BREAKING_SEED=7`.
"""

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy import select

from app.db.engine import make_engine
from app.db.session import Database
from app.inspections.models import AnswerHistory
from app.journal.queries import verify
from app.people.models import SignInSession
from tests.e2e.answering import Answering, sign_in_over_the_page, whole
from tests.e2e.conftest import DESK, Site
from tests.factories.inspections import Year
from tests.integration.cli.served import environment, free_port, serving
from tests.people import AFFAIRS, PASSWORD, SATO, SUZUKI, Cast

ROUNDS: Final = int(os.environ.get("BREAKING_ROUNDS", "4"))
SEED: Final = int(os.environ.get("BREAKING_SEED", "20261120"))
KEYS: Final = ("D07", "D08", "D09")
LEVELS: Final = ("implemented", "partial", "not_implemented", "unknown")
PATIENCE: Final = 120
"""Seconds for a page to have sent everything: the longest pause between two tries is 30 seconds."""

WATCH: Final = """
window.claims = [];
addEventListener("DOMContentLoaded", () => {
  const state = document.getElementById("save-state");
  if (!state) return;
  const look = () => {
    if (!state.matches('.save-state--saved[data-waiting="0"]')) return;
    document.querySelectorAll("[data-item]").forEach((card) => {
      const chosen = card.querySelector("input:checked");
      if (chosen) window.claims.push([card.dataset.key, chosen.value, card.querySelector("textarea").value]);
    });
  };
  new MutationObserver(look).observe(state, {attributes: true, childList: true, subtree: true});
});
"""


@dataclass(slots=True)
class Promises:
    """What was typed anywhere, and what any page called saved."""

    typed: set[str] = field(default_factory=lambda: {""})
    made: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Stream:
    """A person who answers without a pause."""

    year: Year
    context: BrowserContext
    url: str
    moments: random.Random
    promises: Promises
    cast: Cast = SATO
    page: Page = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.page = self.context.new_page()

    def sign_in(self) -> None:
        """Sign in and open the section."""
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("職員番号").fill(self.cast.staff_no)
        self.page.get_by_label("パスワード", exact=False).fill(PASSWORD)
        self.page.get_by_role("button", name="ログイン").click()
        self.page.wait_for_url(f"{self.url}/")
        self.open()

    def open(self) -> None:
        """Open the section."""
        self.page.goto(f"{self.url}/inspections/{self.year.sheets[AFFAIRS.code]}/sections/assets")

    def answer(self) -> None:
        """Answer one question, mostly with words; whoever is asked something by the page looks at that first."""
        if self._covered:
            return
        self._choose_between()
        work = Answering(Site(self.url, self.year, None, None, self.year.database), self.page, "assets")  # type: ignore[arg-type]
        key = self.moments.choice(KEYS)
        self.number += 1
        try:
            work.choose(key, self.moments.choice(LEVELS))
            if self.moments.random() < 0.6 and work.words(key).is_visible():
                words = f"{self.cast.name}の第{self.number}の理由" + "あ" * self.moments.randrange(0, 300)
                self.promises.typed.add(words)
                work.words(key).fill(words)
        except PlaywrightTimeout:
            # The cover came between a look and the click.
            if not self._covered:
                raise
        if self.moments.random() < 0.3:
            self.page.wait_for_timeout(self.moments.randrange(0, 900))

    def answer_for(self, seconds: float) -> None:
        """Answer one question after the other."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._covered:
            self.answer()

    @property
    def _covered(self) -> bool:
        return self.page.get_by_role("dialog", name="ログインの時間が切れました").count() > 0

    def _choose_between(self) -> None:
        """Where somebody else was quicker, take the one text or the other."""
        conflict = self.page.locator(".conflict")
        while conflict.count():
            name = self.moments.choice(("あなたの回答", "いま保存されている回答"))
            conflict.first.get_by_role("button", name=name).click()

    def gather(self) -> None:
        """Note what this page has called saved until now."""
        self.promises.made |= {
            (key, level, words) for key, level, words in self.page.evaluate("window.claims")
        }

    def settle(self) -> None:
        """Wait until the page calls everything saved, and do what it asks for on the way.

        A page that was opened and not touched has nothing that waits.
        """
        settled = '[data-waiting="0"], :not([data-waiting])'
        saved = self.page.locator(f"#save-state.save-state--saved:is({settled})")
        end = time.monotonic() + PATIENCE
        while self._covered or not saved.count():
            assert time.monotonic() < end, self.page.locator("#save-state").inner_text()
            if self._covered:
                sign_in_over_the_page(self.page, self.cast)
                expect(self.page.get_by_role("dialog", name="ログインの時間が切れました")).to_have_count(0)
            self._choose_between()
            self.page.wait_for_timeout(100)
        self.gather()

    def shown(self) -> dict[str, tuple[str, str]]:
        """What stands on the page."""
        found = self.page.evaluate(
            "[...document.querySelectorAll('[data-item]')].map((card) => [card.dataset.key, "
            "(card.querySelector('input:checked') || {value: ''}).value, card.querySelector('textarea').value])"
        )
        return {key: (level, words) for key, level, words in found if level}


@pytest.fixture
def year(city_url: str, year_template: tuple[str, Year]) -> Iterator[Year]:
    """The running campaign, in a database that a server of its own opens."""
    database = Database(make_engine(city_url))
    made = year_template[1]
    yield replace(made, database=database, sheets=dict(made.sheets))
    database.engine.dispose()


@pytest.fixture
def stream(year: Year, chromium: Browser) -> Iterator[Stream]:
    """A browser that is watched from within."""
    context = _watched(chromium)
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    yield Stream(year, context, f"http://127.0.0.1:{free_port()}", moments, Promises())
    context.close()


def _watched(chromium: Browser) -> BrowserContext:
    context = chromium.new_context(viewport=DESK, locale="ja-JP")
    context.set_default_timeout(15_000)
    context.add_init_script(WATCH)
    return context


def everything_promised_is_there(stream: Stream) -> None:
    """The checker: promised is stored, stored is whole and once, and the page shows what is stored."""
    year = stream.year
    with year.database.reading() as session:
        keys = {year.item_id(key): key for key in KEYS}
        rows = session.scalars(select(AnswerHistory)).all()
        history = [(keys[row.item_id], row.level, row.comment) for row in rows]  # type: ignore[index]
        faults = verify(session).faults
        last = {keys[row.item_id]: row for row in sorted(rows, key=lambda row: row.version)}  # type: ignore[index]
    assert stream.promises.made
    assert stream.promises.made - set(history) == set()
    assert {comment for _, _, comment in history} <= stream.promises.typed
    assert whole(Site(stream.url, year, None, None, year.database))  # type: ignore[arg-type]
    by_item: dict[str, list[tuple[str | None, str]]] = {}
    for row in sorted(rows, key=lambda row: row.version):
        by_item.setdefault(keys[row.item_id], []).append((row.level, row.comment))  # type: ignore[index]
    assert all(one != other for saves in by_item.values() for one, other in itertools.pairwise(saves))
    assert {key: (row.level, row.comment) for key, row in last.items()} == stream.shown()
    assert faults == ()


def test_the_server_is_killed(stream: Stream, tmp_path: Path) -> None:
    installation = _installation(stream, tmp_path)
    with ExitStack() as running:
        served = running.enter_context(serving(installation, log=tmp_path / "log"))
        stream.sign_in()
        for _ in range(ROUNDS):
            stream.answer_for(stream.moments.uniform(0.3, 1.5))
            served.kill()
            stream.answer_for(stream.moments.uniform(0.2, 1.0))
            served = running.enter_context(serving(installation, log=tmp_path / "log"))
            stream.answer_for(0.3)
            stream.settle()
        everything_promised_is_there(stream)


def test_the_network_is_cut(stream: Stream, tmp_path: Path) -> None:
    def cut(_: int) -> None:
        stream.context.set_offline(True)
        stream.answer_for(stream.moments.uniform(0.2, 1.2))
        stream.context.set_offline(False)

    _while(stream, tmp_path, cut, rounds=ROUNDS)


def test_the_tab_is_closed(stream: Stream, tmp_path: Path) -> None:
    def close(number: int) -> None:
        stream.gather()
        stream.context.set_offline(number % 2 == 0)
        stream.answer_for(stream.moments.uniform(0.1, 0.6))
        stream.gather()
        stream.page.close()
        stream.context.set_offline(False)
        stream.page = stream.context.new_page()
        stream.open()

    _while(stream, tmp_path, close, rounds=2 * ROUNDS)


def test_the_network_is_slow(stream: Stream, tmp_path: Path) -> None:
    def crawl(_: int) -> None:
        line = stream.context.new_cdp_session(stream.page)
        slow = {
            "latency": stream.moments.randrange(200, 2500),
            "downloadThroughput": 9000,
            "uploadThroughput": 3000,
        }
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", {"offline": False, **slow})
        stream.answer_for(stream.moments.uniform(0.5, 2.5))
        line.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    _while(stream, tmp_path, crawl, rounds=ROUNDS)


def test_the_session_ends(stream: Stream, tmp_path: Path) -> None:
    stream.context.set_default_timeout(4_000)

    def expire(_: int) -> None:
        with stream.year.database.transaction() as session:
            for signed_in in session.scalars(select(SignInSession)):
                signed_in.last_seen_at -= timedelta(hours=1)
        stream.answer_for(stream.moments.uniform(0.3, 1.5))

    _while(stream, tmp_path, expire, rounds=ROUNDS)


def test_the_clock_is_changed(stream: Stream, tmp_path: Path) -> None:
    stream.context.clock.install()
    stream.context.clock.resume()

    def change(_: int) -> None:
        hours = stream.moments.uniform(-30, 30)
        now = datetime.fromtimestamp(stream.page.evaluate("Date.now()") / 1000, tz=UTC)
        stream.context.clock.set_system_time(now + timedelta(hours=hours))
        stream.answer_for(stream.moments.uniform(0.3, 1.2))

    _while(stream, tmp_path, change, rounds=ROUNDS)


def test_two_tabs_of_one_person(stream: Stream, tmp_path: Path) -> None:
    second = Stream(stream.year, stream.context, stream.url, stream.moments, stream.promises)
    with serving(_installation(stream, tmp_path), log=tmp_path / "log"):
        stream.sign_in()
        second.open()
        _at_once(stream, second)


def test_two_people_at_one_sheet(stream: Stream, chromium: Browser, tmp_path: Path) -> None:
    context = _watched(chromium)
    second = Stream(stream.year, context, stream.url, stream.moments, stream.promises, SUZUKI)
    with serving(_installation(stream, tmp_path), log=tmp_path / "log"):
        stream.sign_in()
        second.sign_in()
        _at_once(stream, second)
    context.close()


def _at_once(first: Stream, second: Stream) -> None:
    """Two pages take turns at random, faster than either is saved; then both are asked what they show."""
    for _ in range(2 * ROUNDS):
        for _ in range(first.moments.randrange(4, 9)):
            first.moments.choice((first, second)).answer()
        for one in (first, second):
            one.settle()
    for one in (first, second):
        one.page.reload()
        everything_promised_is_there(one)


def _while(stream: Stream, folder: Path, breaking: Callable[[int], None], *, rounds: int) -> None:
    with serving(_installation(stream, folder), log=folder / "log"):
        stream.sign_in()
        for number in range(rounds):
            stream.answer_for(stream.moments.uniform(0.2, 1.2))
            breaking(number)
            stream.page.wait_for_timeout(700)  # what the closed tab left behind has been looked for
            stream.answer_for(0.3)
            stream.settle()
        everything_promised_is_there(stream)


def _installation(stream: Stream, folder: Path) -> dict[str, str]:
    port = int(stream.url.rpartition(":")[2])
    secret = {"SELF_INSPECTION_SECRET_KEY": "the same before and after a kill " * 2}
    url = stream.year.database.engine.url.render_as_string(hide_password=False)
    return environment(url, instance=folder / "instance", port=port, more=secret)
