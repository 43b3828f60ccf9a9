"""A real server and a real Chromium for the journeys. No request leaves for another host, no script is blocked by the policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Route,
    ViewportSize,
    sync_playwright,
)
from werkzeug.serving import make_server

from app.db.session import Database, bound
from tests.conftest import StandingClock
from tests.factories.inspections import Year, running_year
from tests.people import PASSWORD, Cast

CHROMIUM = Path("/usr/bin/chromium")
DESK: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once for each worker."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing: apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser
    browser.close()


@dataclass  # without slots: Playwright hangs an attribute of its own on the owner of a handler
class Site:
    """A served city with a running campaign, and browsers on it."""

    url: str
    year: Year
    clock: StandingClock
    chromium: Browser
    database: Database
    strays: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def browser(self, *, size: ViewportSize = DESK, scripts: str = "on") -> Page:
        """Open a fresh browser: its own cookies, watched for requests to other hosts and complaints of the policy."""
        context = self.chromium.new_context(
            viewport=size, java_script_enabled=scripts == "on", accept_downloads=True, locale="ja-JP"
        )
        self.contexts.append(context)
        context.route("**/*", self._watch)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if "Content Security" in message.text else None
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _watch(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc != urlsplit(self.url).netloc:
            self.strays.append(route.request.url)
            route.abort()
            return
        route.continue_()

    def signed_in(self, cast: Cast, *, size: ViewportSize = DESK, scripts: str = "on") -> Page:
        """Open a browser and sign in through the page, as a person does."""
        page = self.browser(size=size, scripts=scripts)
        page.goto(f"{self.url}/login")
        page.get_by_label("職員番号").fill(cast.staff_no)
        page.get_by_label("パスワード", exact=False).fill(PASSWORD)
        page.get_by_role("button", name="ログイン").click()
        page.wait_for_url(f"{self.url}/**")
        return page


@contextmanager
def served(app: Flask, clock: StandingClock, chromium: Browser, year: Year) -> Iterator[Site]:
    """Serve a city on a free port of this machine, and hold it to its promises at the end."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found = Site(f"http://127.0.0.1:{server.server_port}", year, clock, chromium, bound())
    yield found
    for context in found.contexts:
        context.close()
    server.shutdown()
    thread.join()
    assert found.strays == []
    assert found.complaints == []


@pytest.fixture
def site(app: Flask, clock: StandingClock, chromium: Browser) -> Iterator[Site]:
    """Serve a fresh city with a running campaign."""
    with served(app, clock, chromium, running_year(bound())) as found:
        yield found
