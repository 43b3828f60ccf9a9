"""The figures of the board that go into a document: which units are named as fallen."""

from app.inspections.queries.board import BoardView, board_page
from app.inspections.rules import State
from app.kernel.clock import business_date
from app.reports.queries.board import board_figures
from tests.factories.inspections import Year, year_after
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, LEAD

LAST_YEAR = {"D02": "partial", "D08": "not_implemented"}
"""What `Year.bring` answers."""


def test_only_units_that_fell_are_named_as_fallen(year: Year) -> None:
    for place in (AFFAIRS, COUNTER, LEAD):
        year.bring(place, to=State.SIGNED_OFF)
    later = year_after(year)
    now = {AFFAIRS: LAST_YEAR | {"D07": "not_implemented"}, COUNTER: {}, LEAD: LAST_YEAR}
    for place, levels in now.items():
        later.answer(place, levels=levels)
        later.hand_over(place)
    with later.database.reading() as session:
        page = board_page(
            session,
            actor=later.actor(KIMURA),
            campaign_id=later.campaign_id,
            view=BoardView(),
            today=business_date(later.now),
        )
    points = {row.unit_id: row.points_changed for row in page.rows}
    fallen, risen, same = (points[place.id] for place in (AFFAIRS, COUNTER, LEAD))
    assert fallen is not None
    assert risen is not None
    assert fallen < 0 < risen
    assert (same, points[BRANCH.id]) == (0, None)
    figures = board_figures(page)
    assert [line.name for line in figures.dropped] == [AFFAIRS.name]
    assert figures.dropped[0].change == f"▼ {-fallen}"
