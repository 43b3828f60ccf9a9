"""The way of a sheet through its states, by the real commands."""

import pytest

from app.db.session import Database
from app.inspections.rules import State
from app.journal.queries import verify
from tests.factories.inspections import WAY, Year, at_grace_end
from tests.people import AFFAIRS, BRANCH, LEAD


@pytest.mark.parametrize("state", [state for state in State if state in WAY])
def test_each_state_is_reached_by_the_right_people(year: Year, state: State) -> None:
    year.bring(AFFAIRS, to=state)
    assert year.sheet(AFFAIRS).state is state


def test_the_lead_divisions_own_sheet_goes_through_substitute_review_and_chief(year: Year) -> None:
    year.bring(LEAD, to=State.SIGNED_OFF)
    assert year.sheet(LEAD).state is State.SIGNED_OFF


def test_a_silent_department_is_closed_after_the_grace_date(year: Year) -> None:
    year.now = at_grace_end()
    year.close_unsubmitted(BRANCH)
    assert year.sheet(BRANCH).state is State.CLOSED_UNSUBMITTED


def test_the_journal_of_a_whole_year_verifies(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with database.reading() as session:
        outcome = verify(session)
    assert outcome.faults == ()
    assert outcome.seals == 1
