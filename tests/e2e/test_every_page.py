"""Every page that can be opened, as somebody who may open it: axe finds nothing at both sizes, nothing scrolls sideways at 320 px."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page

from app.db.session import bound
from app.inspections.rules import State
from tests.e2e.conftest import DESK, NARROW, PHONE, Site
from tests.e2e.walks import NO_PAGES, NOWHERE, furnished, sheet, walks
from tests.factories.inspections import running_year
from tests.people import AFFAIRS, SATO, SUZUKI, TANAKA, Cast

PARTS = 4
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
AFFAIRS_STATES = (
    State.ANSWERING,
    State.AWAITING_HEAD,
    State.UNDER_REVIEW,
    State.RETURNED,
    State.AWAITING_REAPPROVAL,
    State.REVIEWED,
)


def problems_of(page: Page, *, where: str) -> list[str]:
    """Return what axe finds on a page, one line each."""
    # What lies under the header of a page that was scrolled is no fault of the page.
    scrolled = page.evaluate("scrollY")
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(AXE_SCRIPT)
    # Only what was found wrong leaves the page: the whole report is megabytes that nobody reads.
    found = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
        ".then(report => report.violations.map(one => one.id + ' ' + one.nodes.slice(0, 3).map(n => n.target).join(', ')))",
        TAGS,
    )
    page.evaluate("at => scrollTo(0, at)", scrolled)
    return [f"{where}: {line}" for line in found]


def test_axe_finds_what_is_wrong(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<main><input type='text'></main>")
    assert any(line.startswith("here: label ") for line in problems_of(page, where="here"))
    page.close()


def sideways(page: Page, *, where: str) -> list[str]:
    """Return a line when a page is wider than its window."""
    page.set_viewport_size(NARROW)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{where}: {wide}px wider than 320px"] if wide > 0 else []


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_narrow(site: Site, part: int) -> None:
    _look(site, list(walks(site.year, found=furnished(site.year)))[part::PARTS])


def test_every_page_is_walked(app: Flask) -> None:
    """A page that somebody adds later is looked at, or stands in `NO_PAGES` for a reason."""
    addresses = app.url_map.bind("city")
    year = running_year(bound())
    found = furnished(year)
    walked = {
        addresses.match(path.partition("?")[0])[0]
        for _, paths in walks(year, found=found)
        for path in paths
        if path != NOWHERE
    }
    readable = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert readable - walked == NO_PAGES


@pytest.mark.parametrize("state", AFFAIRS_STATES)
def test_the_pages_of_a_sheet_are_accessible_and_narrow_in_every_state(site: Site, state: State) -> None:
    site.year.bring(AFFAIRS, to=state)
    own = sheet(site.year, AFFAIRS)
    _look(
        site,
        [
            (SATO, [own, f"{own}/sections/organisation", f"{own}/check"]),
            (SUZUKI, [f"{own}/approval"]),
            (TANAKA, [f"{own}/review", f"{own}/review?show=all"]),
        ],
    )


def _look(site: Site, found: list[tuple[Cast | None, list[str]]]) -> None:
    problems: list[str] = []
    for cast, paths in found:
        page = site.signed_in(cast) if cast else site.browser()
        for path in paths:
            where = f"{cast.name if cast else 'nobody'} {path}"
            response = page.goto(f"{site.url}{path}")
            assert response is not None
            assert response.status < 500, where
            assert "/checklists" not in path or response.status == 200, where
            for size in (DESK, PHONE):
                page.set_viewport_size(size)
                problems += problems_of(page, where=f"{where} {size['width']}")
            problems += sideways(page, where=where)
    assert problems == []
