"""The README's pictures, made from the product as it is."""

import os
from pathlib import Path

from playwright.sync_api import Page

from app.inspections.rules import State
from tests.e2e.conftest import Site
from tests.people import AFFAIRS, COUNTER, SATO, TANAKA, YAMADA

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"


def _take(page: Page, site: Site, path: str, *, name: str, folder: Path) -> None:
    page.goto(f"{site.url}{path}")
    page.screenshot(path=folder / f"{name}.png")


def test_the_pictures_of_the_readme_can_be_taken(site: Site, tmp_path: Path) -> None:
    """Take them; with UPDATE_SCREENSHOTS=1 they replace the kept ones (fonts differ between machines, so bytes are not compared)."""
    folder = FOLDER if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    site.year.bring(COUNTER, to=State.AWAITING_HEAD)
    affairs, counter = (f"/inspections/{site.year.sheets[place.code]}" for place in (AFFAIRS, COUNTER))
    clerk = site.signed_in(SATO)
    _take(clerk, site, "/", name="home", folder=folder)
    _take(clerk, site, f"{affairs}/sections/organisation", name="answer", folder=folder)
    _take(site.signed_in(YAMADA), site, f"{counter}/approval", name="approval", folder=folder)
    site.year.bring(AFFAIRS, to=State.UNDER_REVIEW)
    _take(site.signed_in(TANAKA), site, f"{affairs}/review", name="review", folder=folder)
    assert {path.stem for path in folder.glob("*.png")} >= {"home", "answer", "approval", "review"}
