"""One head with several sheets: each decision leads on to the next, and what was taken over is in sight."""

from flask import Flask

from app.inspections.queries.lists import sheets_to_approve
from app.inspections.rules import State
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.integration.inspections.test_system_sheets import edition, ledger, opened, prepared
from tests.pages import browser, form_of
from tests.people import AFFAIRS, COUNTER, SUZUKI, YAMADA


def two_sheets(year: Year) -> list[str]:
    """Bring the unit's own sheet and that of one of its systems to the head; return their addresses, the earlier due first."""
    own = year.sheets[AFFAIRS.code]
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    ledger(year, ("S-1", AFFAIRS, "文書管理", None))
    sheets = opened(year, prepared(year, edition(year), AFFAIRS))
    year.sheets = {**year.sheets, AFFAIRS.code: sheets["文書管理"]}
    year.edition_id = year.sheet(AFFAIRS).edition.id
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    return [f"/inspections/{own}", f"/inspections/{sheets['文書管理']}"]


def test_a_decision_leads_on_to_the_next_sheet(app: Flask, year: Year, clock: StandingClock) -> None:
    addresses = two_sheets(year)
    head = browser(app, SUZUKI, year=year, clock=clock)
    first = head.get(f"{addresses[0]}/approval")
    assert "ほかに承認を待つ点検票　1件" in first.text
    digest = form_of(first, "approve")["digest"]
    done = head.post(
        f"{addresses[0]}/approve", data={"digest": digest, "comment": "", "idempotency_key": "k" * 24}
    )
    assert (done.status_code, done.location) == (303, f"{addresses[1]}/approval")
    following = head.get(done.location)
    assert "つづいて、文書管理（総務課）の点検票です（残り1件）" in following.text
    assert "ほかに承認を待つ点検票" not in following.text
    returned = head.post(
        f"{addresses[1]}/return",
        data={
            "version": form_of(following, "return")["version"],
            "reason": "見直す",
            "idempotency_key": "m" * 24,
        },
    )
    assert (returned.status_code, returned.location) == (303, addresses[1])


def test_the_queue_holds_what_one_may_approve(year: Year) -> None:
    two_sheets(year)
    year.bring(COUNTER, to=State.AWAITING_HEAD)
    with year.database.reading() as session:
        mine = sheets_to_approve(session, actor=year.actor(SUZUKI), today=year.now.date())
        theirs = sheets_to_approve(session, actor=year.actor(YAMADA), today=year.now.date())
    assert sorted(line.unit_name for line in mine) == ["文書管理（総務課）", "総務課"]
    assert [line.unit_name for line in theirs] == ["市民課"]
