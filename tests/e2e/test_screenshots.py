"""The README's pictures: the demonstration city as somebody sees it after `make run`."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import create_app
from app.cli.demo import demo
from app.cli.demo.city import CLERK, PASSWORD, REVIEWERS, SECOND_YEAR
from app.config import Settings
from app.db.migrate import upgrade
from app.db.session import bound
from tests.e2e.conftest import DESK

# One worker loads the demonstration city once.
pytestmark = pytest.mark.xdist_group("demonstration")

HEAD_WITH_A_SHEET = "10345"
"""人事課長: a sheet waits for this approval on the day on which the story begins."""
FOLDER = Path(__file__).resolve().parents[1] / "screenshots"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demonstration city, loaded as `make run` loads it."""
    folder = tmp_path_factory.mktemp("demonstration")
    settings = Settings(instance_path=folder, demo=True, secret_key="only for tests" * 3)
    loading = create_app(settings)
    upgrade(bound())
    outcome = loading.test_cli_runner().invoke(demo, ["load"])
    assert outcome.exit_code == 0, outcome.output
    bound().engine.dispose()
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    bound().engine.dispose()


def _stay(page: Page) -> None:
    """The home page itself."""
    page.wait_for_load_state()


def _first_task(page: Page) -> None:
    """What waits first."""
    page.locator("ol .task a").first.click()


def _go_on_answering(page: Page) -> None:
    """The sheet, then where the clerk stopped."""
    page.get_by_role("link", name="点検票を開く").click()
    page.get_by_role("link", name="続きから回答する").click()


def _first_review(page: Page) -> None:
    """What needs a look before all others."""
    page.locator("nav a[href='/reviews']").first.click()
    page.locator("main tbody button.btn-link").first.click()
    page.get_by_text("あなたが審査中").wait_for()


def _board(page: Page) -> None:
    """The city at a glance."""
    page.get_by_role("link", name="全庁の状況：令和8年度　定期自己点検").click()


def _campaigns(page: Page) -> None:
    """The campaigns of the years."""
    page.get_by_role("link", name="点検実施").click()


@pytest.mark.parametrize(
    ("name", "staff_no", "walk"),
    [
        ("home", CLERK, _stay),
        ("answer", CLERK, _go_on_answering),
        ("approval", HEAD_WITH_A_SHEET, _first_task),
        ("review", REVIEWERS[SECOND_YEAR][0], _first_review),
        ("board", REVIEWERS[SECOND_YEAR][0], _board),
        ("campaigns", REVIEWERS[SECOND_YEAR][0], _campaigns),
    ],
)
def test_the_pictures_of_the_readme_can_be_taken(
    *,
    demonstration: str,
    chromium: Browser,
    tmp_path: Path,
    name: str,
    staff_no: str,
    walk: Callable[[Page], None],
) -> None:
    """Take one; UPDATE_SCREENSHOTS=1 replaces the kept one (fonts differ between machines, so bytes are not compared)."""
    context = chromium.new_context(viewport=DESK, locale="ja-JP")
    page = context.new_page()
    page.goto(f"{demonstration}/login")
    page.get_by_label("職員番号").fill(staff_no)
    page.get_by_label("パスワード", exact=False).fill(PASSWORD)
    page.get_by_role("button", name="ログイン").click()
    page.wait_for_url(f"{demonstration}/")
    walk(page)
    page.wait_for_load_state("networkidle")
    folder = FOLDER if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path
    page.screenshot(path=folder / f"{name}.png")
    assert page.locator("main h1").is_visible()
    context.close()
