"""Every page that can be opened, as somebody who may open it: axe finds nothing at both sizes, nothing scrolls sideways at 320 px."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from app.checklists.commands import import_edition
from app.checklists.files import read_edition
from app.checklists.rules import Question
from app.inspections.commands.extension import grant_extension, request_extension
from app.inspections.commands.next_year import prepare_next_year
from app.inspections.commands.special import SpecialDraft, prepare_special
from app.inspections.rules import State
from app.kernel.ids import CampaignId
from tests.e2e.conftest import DESK, NARROW, PHONE, Site
from tests.factories.editions import further_editions, successor_yaml
from tests.factories.inspections import DATES, Year
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FUJIMOTO,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    YAMADA,
    YOSHIDA,
    Cast,
    Place,
)

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


DRAFT: Final = "/checklists/department/editions/2027.1"
LINEAGES: Final = {
    "D01": "{kind: reworded, of: D01, comparable: false, note: 広げた。}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分。}",
    "D11": "{kind: split, of: D02, comparable: false, note: 残り。}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
    "D09": "{kind: same, of: D09}",
}


def draft_of_next_year(year: Year) -> None:
    """Import the next edition, so that there is something to compare."""
    data = successor_yaml(LINEAGES, retired={"D03": "制度がなくなった。"})
    data = data.replace("D01のことを今年度に行った。".encode(), "D01のことを前年度に行った。".encode())
    draft = read_edition(data, name="department/2027.1.yaml")
    with year.database.transaction() as session:
        import_edition(session, actor=year.actor(TANAKA), draft=draft, now=year.now)


def sheet(year: Year, place: Place) -> str:
    """Return the path of a unit's sheet."""
    return f"/inspections/{year.sheets[place.code]}"


def prepared_drafts(year: Year) -> tuple[CampaignId, CampaignId]:
    """Prepare next year's campaign, and a 臨時点検 with its questions."""
    special = SpecialDraft(
        name="USBメモリの取扱い",
        reason="他市で紛失がありました。",
        questions=tuple(Question(statement=f"{number}つめのことをした。") for number in range(1, 5)),
        answer_due=date(2026, 11, 24),
        unit_ids=frozenset({AFFAIRS.id, BRANCH.id}),
    )
    actor = year.actor(TANAKA)
    with year.database.transaction() as session:
        following = prepare_next_year(session, actor=actor, campaign_id=year.campaign_id, now=year.now)
        return following.campaign_id, prepare_special(session, actor=actor, draft=special, now=year.now)


def walks(year: Year, *, drafts: Sequence[CampaignId]) -> Iterator[tuple[Cast | None, list[str]]]:
    """Yield who opens which pages."""
    affairs, counter, lead, branch = (sheet(year, place) for place in (AFFAIRS, COUNTER, LEAD, BRANCH))
    item = year.item_id("D02")
    campaign = f"/campaigns/{year.campaign_id}"
    yield None, ["/login", "/help", "/help/accessibility", "/help/keys", "/no-such-page"]
    yield (
        SATO,
        [
            "/",
            "/inspections",
            affairs,
            f"{affairs}/profile",
            f"{affairs}/sections/organisation",
            f"{affairs}/check",
            f"{affairs}/history",
            f"{affairs}/items/{item}/history",
            f"{affairs}/all",
            f"{affairs}/score",
            f"{affairs}/evidence",
            f"{affairs}/items/{item}/evidence",
            f"/units/{AFFAIRS.id}/evidence",
            f"{affairs}/approval",
            f"{affairs}/extension",
            f"{campaign}/board/units/{AFFAIRS.id}",
            "/me/sessions",
            "/me/mail",
            "/notices",
            "/password",
            "/me/settings",
            "/checklists",
            "/checklists/department/editions/2026.1",
            "/checklists/person/editions/2026.1",
            "/checklists/person/editions/2026.1?form=short",
            "/checklists/person/editions/2026.1/paper?form=short",
            "/checklists/system/editions/2026.1",
            counter,
        ],
    )
    yield SUZUKI, ["/", "/notices", affairs, f"{affairs}/approval", f"/units/{AFFAIRS.id}/duties"]
    yield TAKAHASHI, ["/", f"{counter}/sections/assets"]
    yield YAMADA, ["/", f"{counter}/approval"]
    yield YOSHIDA, ["/", f"{branch}/profile", f"{branch}/sections/organisation"]
    yield (
        TANAKA,
        [
            "/",
            "/reviews",
            "/reviews?lane=alert",
            "/reviews/rules",
            "/reviews/templates",
            "/extensions",
            f"{affairs}/extension",
            f"{branch}/extension",
            f"{campaign}/review-lane",
            f"{campaign}/items/D08",
            f"{affairs}/review",
            f"{affairs}/review/plain",
            "/campaigns",
            campaign,
            f"{campaign}/documents",
            f"{campaign}/notice",
            f"{campaign}/board",
            f"{campaign}/board?score=reviewed&order=units",
            f"{campaign}/board/items",
            f"{campaign}/board/change",
            f"{campaign}/board/units/{COUNTER.id}",
            "/campaigns/new",
            "/campaigns/special/new",
            *(f"/campaigns/{draft}" for draft in drafts),
            f"/campaigns/{drafts[1]}/special",
            "/checklists",
            DRAFT,
            f"{DRAFT}/diff/2026.1",
            f"{campaign}/reminders",
            f"{campaign}/reminders/log",
            f"{campaign}/letters",
            f"{campaign}/letters?kind=notice",
            "/calendar",
        ],
    )
    own = f"/campaigns/{drafts[1]}"
    yield KIMURA, ["/", f"{counter}/sign-off", f"{lead}/reopening", campaign, own, f"{affairs}/ending"]
    yield FUJIMOTO, ["/", "/reviews", f"{lead}/review"]
    yield OGAWA, ["/", f"{lead}/reopening"]
    yield ITO, ["/", "/inspections", f"{affairs}/history", f"{lead}/all", "/access-log"]
    yield WATANABE, ["/", campaign]
    yield NAKAMURA, ["/installation", "/jobs", "/accounts", f"/accounts/{SATO.id}", affairs]


def problems_of(page: Page, *, where: str) -> list[str]:
    """Return what axe finds on a page, one line each."""
    page.evaluate(AXE_SCRIPT)
    # Only what was found wrong leaves the page: the whole report is megabytes that nobody reads.
    found = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
        ".then(report => report.violations.map(one => one.id + ' ' + one.nodes.slice(0, 3).map(n => n.target).join(', ')))",
        TAGS,
    )
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
    site.year.bring(COUNTER, to=State.REVIEWED)
    site.year.bring(LEAD, to=State.SIGNED_OFF)
    _publish_further_checklists(site.year)
    draft_of_next_year(site.year)
    _ask_for_time(site.year)
    drafts = prepared_drafts(site.year)
    _look(site, list(walks(site.year, drafts=drafts))[part::PARTS])


def _ask_for_time(year: Year) -> None:
    """A request that waits, and one that was granted."""
    until = DATES.review_due - timedelta(days=7)
    with year.database.transaction() as session:
        for place, cast in ((AFFAIRS, SATO), (BRANCH, YOSHIDA)):
            request_extension(
                session,
                actor=year.actor(cast),
                inspection_id=year.sheets[place.code],
                until=until,
                reason="窓口の移転と重なったため",
                now=year.now,
            )
        granted = year.sheets[BRANCH.code]
        grant_extension(session, actor=year.actor(TANAKA), inspection_id=granted, until=until, now=year.now)


def _publish_further_checklists(year: Year) -> None:
    publisher, confirmer = year.actor(TANAKA), year.actor(KIMURA)
    with year.database.transaction() as session:
        further_editions(session, publisher=publisher, confirmer=confirmer, now=year.now)


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
