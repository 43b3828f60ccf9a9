"""How much editions are in use: counted on real sheets, shown where two editions are compared."""

from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.queries.edition_use import UseInSheets
from app.inspections.rules import State
from app.kernel.ids import EditionId, new_id
from tests.factories.inspections import PLACES, Year
from tests.people import AFFAIRS, COUNTER, KIMURA, TAKAHASHI, TANAKA
from tests.statements import statements


def words_alone(year: Year, key: str) -> None:
    """Take the level of an answer back: what is left is no answer."""
    draft = AnswerDraft(
        item_id=year.item_id(key), level=None, comment="あとで見る。", seen_version=1, client_id="later"
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(TAKAHASHI),
            inspection_id=year.sheets[COUNTER.code],
            drafts=[draft],
            now=year.now,
        )


def test_answers_are_counted_by_item_and_sheets_by_whether_they_are_sealed(
    year: Year, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.answer(COUNTER, levels={"D02": "partial"})
    words_alone(year, "D09")
    other = EditionId(new_id())
    with database.reading() as session, statements() as sent:
        found = UseInSheets().usage_by_edition(session, edition_ids=[year.edition_id, other])
    assert len(sent) == 2
    assert set(found) == {year.edition_id}
    usage = found[year.edition_id]
    # D03 applies to neither.
    assert usage.answers == dict.fromkeys(("D01", "D02", "D07", "D08"), 2) | {"D09": 1}
    assert (usage.open_sheets, usage.sealed_sheets) == (len(PLACES) - 1, 1)
    assert usage.answered(["D01", "D09", "D99"]) == 3


def test_an_edition_without_a_campaign_is_not_in_use(year: Year, database: Database) -> None:
    with database.reading() as session:
        assert UseInSheets().usage_by_edition(session, edition_ids=[EditionId(new_id())]) == {}
        usage = UseInSheets().usage_by_edition(session, edition_ids=[year.edition_id])[year.edition_id]
    assert (dict(usage.answers), usage.open_sheets) == ({}, len(PLACES))


def test_a_reopened_sheet_counts_once(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    sheet_id, asked = year.sheets[AFFAIRS.code], year.actor(TANAKA)
    with database.transaction() as session:
        request_reopening(
            session, actor=asked, inspection_id=sheet_id, reason="誤りが見つかった。", now=year.now
        )
    with database.transaction() as session:
        confirm_reopening(session, actor=year.actor(KIMURA), inspection_id=sheet_id, now=year.now)
    with database.reading() as session:
        usage = UseInSheets().usage_by_edition(session, edition_ids=[year.edition_id])[year.edition_id]
    assert usage.answers["D01"] == 1
    assert (usage.open_sheets, usage.sealed_sheets) == (len(PLACES), 0)
