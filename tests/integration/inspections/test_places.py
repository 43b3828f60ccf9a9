"""Which day's name a unit has in the lists of a campaign: the base date's where its sheet is sealed, else today's."""

from datetime import date
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import select

from app.inspections.queries.board import BoardView, board_page
from app.inspections.rules import State
from app.organisation.models import UnitVersion
from tests.conftest import StandingClock
from tests.factories.inspections import DATES, Year
from tests.pages import browser
from tests.people import AFFAIRS, COUNTER, KIMURA, Place

RENAMED_ON: Final = date(2026, 11, 1)
"""After the base date of the campaign, before the day of the story."""
TODAY: Final = date(2026, 11, 20)
NEW: Final = {AFFAIRS.code: "法務総務課", COUNTER.code: "窓口課"}


def renamed(year: Year, place: Place) -> None:
    """Give a unit another name from a day after the base date."""
    with year.database.transaction() as session:
        old = session.scalars(select(UnitVersion).where(UnitVersion.unit_id == place.id)).one()
        old.valid_to = RENAMED_ON
        session.add(
            UnitVersion(
                unit_id=place.id,
                name=NEW[place.code],
                kana=old.kana,
                kind=old.kind,
                policy_owner=old.policy_owner,
                parent_id=old.parent_id,
                sort_order=old.sort_order,
                valid_from=RENAMED_ON,
            )
        )


@pytest.fixture
def sealed_and_open(year: Year) -> Year:
    """総務課's sheet is signed off, 市民課's is being answered; both units have another name since the base date."""
    assert DATES.base_date < RENAMED_ON < TODAY
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    for place in (AFFAIRS, COUNTER):
        renamed(year, place)
    return year


def test_the_board_names_a_sealed_sheets_unit_as_on_the_base_date(sealed_and_open: Year) -> None:
    year = sealed_and_open
    with year.database.reading() as session:
        page = board_page(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            view=BoardView(),
            today=TODAY,
        )
    names = {row.unit_id: row.name for row in page.rows}
    assert (names[AFFAIRS.id], names[COUNTER.id]) == (AFFAIRS.name, NEW[COUNTER.code])


def test_the_progress_names_a_sealed_sheets_unit_as_on_the_base_date(
    app: Flask, sealed_and_open: Year, clock: StandingClock
) -> None:
    year = sealed_and_open
    text = (
        browser(app, KIMURA, year=year, clock=clock).get(f"/campaigns/{year.campaign_id}/progress.csv").text
    )
    names = {line.split(",")[1] for line in text.splitlines()[1:]}
    assert names >= {AFFAIRS.name, NEW[COUNTER.code]}
    assert names.isdisjoint({NEW[AFFAIRS.code], COUNTER.name})
