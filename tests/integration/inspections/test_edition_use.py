"""How much editions are in use: counted on real sheets, shown where two editions are compared."""

from app.db.session import Database
from app.inspections.queries.edition_use import UseInSheets
from app.inspections.rules import State
from app.kernel.ids import EditionId, new_id
from tests.factories.inspections import PLACES, Year
from tests.people import AFFAIRS, COUNTER
from tests.statements import statements


def test_answers_are_counted_by_item_and_sheets_by_whether_they_are_sealed(
    year: Year, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.answer(COUNTER, levels={"D02": "partial"})
    other = EditionId(new_id())
    with database.reading() as session, statements() as sent:
        found = UseInSheets().usage_by_edition(session, edition_ids=[year.edition_id, other])
    assert len(sent) == 2
    assert set(found) == {year.edition_id}
    usage = found[year.edition_id]
    # D03 applies to neither.
    assert usage.answers == dict.fromkeys(("D01", "D02", "D07", "D08", "D09"), 2)
    assert (usage.open_sheets, usage.sealed_sheets) == (len(PLACES) - 1, 1)
    assert usage.answered(["D01", "D09", "D99"]) == 4


def test_an_edition_without_a_campaign_is_not_in_use(year: Year, database: Database) -> None:
    with database.reading() as session:
        assert UseInSheets().usage_by_edition(session, edition_ids=[EditionId(new_id())]) == {}
        usage = UseInSheets().usage_by_edition(session, edition_ids=[year.edition_id])[year.edition_id]
    assert (dict(usage.answers), usage.open_sheets) == ({}, len(PLACES))
