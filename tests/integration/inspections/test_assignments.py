"""A sheet is divided among the unit's clerks and heads; it bars nobody from answering."""

from datetime import date

import pytest
from flask import Flask

from app.inspections.commands.assignments import assign_items
from app.inspections.queries.answering import answer_page
from app.inspections.queries.assignments import AssignmentPage, assignment_page
from app.inspections.rules import State
from app.journal.queries import lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import ItemId, PersonId, new_id
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.pages import browser
from tests.people import AFFAIRS, ITO, ONO, SATO, SUZUKI, TAKAHASHI, TANAKA, Cast

TODAY = date(2026, 11, 20)


def give(year: Year, cast: Cast | None, *keys: str, by: Cast = SATO) -> int:
    with year.database.transaction() as session:
        return assign_items(
            session,
            actor=year.actor(by),
            inspection_id=year.sheets[AFFAIRS.code],
            item_ids=[year.item_id(key) for key in keys],
            person_id=cast.id if cast else None,
            now=year.now,
        )


def page(year: Year) -> AssignmentPage:
    with year.database.reading() as session:
        return assignment_page(
            session, actor=year.actor(SATO), inspection_id=year.sheets[AFFAIRS.code], today=TODAY
        )


def test_items_are_given_and_given_on_and_taken_back(year: Year) -> None:
    assert give(year, SATO, "D01", "D02") == 2
    assert give(year, SUZUKI, "D02", "D08") == 2
    assert give(year, None, "D08") == 1
    shown = page(year)
    keys = {shown.head.sheet.edition.items[item].key: who.name for item, who in shown.assigned.items()}
    assert keys == {"D01": SATO.name, "D02": SUZUKI.name}
    assert {share.person.name: (share.items, share.left) for share in shown.shares} == {
        SATO.name: (1, 1),
        SUZUKI.name: (1, 1),
    }
    assert shown.unassigned == 3
    with year.database.reading() as session:
        section = answer_page(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            slug="organisation",
            today=TODAY,
        )
        chain = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code]))
        facts = [line.facts for line in lines_of(session, subject=chain) if line.event == "items.assigned"]
    assert [card.assigned and card.assigned.name for card in section.cards] == [SATO.name, SUZUKI.name]
    assert [fact["person"] for fact in facts] == [str(SATO.id), str(SUZUKI.id), None]


def test_what_is_answered_is_no_longer_left(year: Year) -> None:
    give(year, SATO, "D01", "D02")
    year.answer(AFFAIRS)
    (share,) = page(year).shares
    assert (share.items, share.left) == (2, 0)


@pytest.mark.parametrize("person", [TANAKA.id, ONO.id, PersonId(new_id())])
def test_only_clerks_and_heads_of_the_unit_are_given_items(year: Year, person: PersonId) -> None:
    with pytest.raises(InvalidInput, match="点検担当者に指名"), year.database.transaction() as session:
        assign_items(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_ids=[year.item_id("D01")],
            person_id=person,
            now=year.now,
        )


def test_something_has_to_be_chosen(year: Year) -> None:
    with pytest.raises(InvalidInput, match="項目を選んで"):
        give(year, SATO)
    with pytest.raises(InvalidInput), year.database.transaction() as session:
        assign_items(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_ids=[ItemId(new_id())],
            person_id=SATO.id,
            now=year.now,
        )


@pytest.mark.parametrize("cast", [TANAKA, ITO, TAKAHASHI])
def test_only_the_unit_divides_its_work(year: Year, cast: Cast) -> None:
    with pytest.raises((NotAllowed, NotFound)):
        give(year, SATO, "D01", by=cast)


def test_handed_over_it_is_divided_no_more(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with pytest.raises(NotNow):
        give(year, SATO, "D01")


def test_the_page_gives_ticked_items_to_a_person(app: Flask, year: Year, clock: StandingClock) -> None:
    clerk = browser(app, SATO, year=year, clock=clock)
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/assignments"
    item = str(year.item_id("D02"))
    done = clerk.post(
        address,
        data={"items": item, "person": str(SUZUKI.id), "idempotency_key": "k" * 24},
        follow_redirects=True,
    )
    assert "1項目の担当を決めました" in done.text
    assert [who.name for who in page(year).assigned.values()] == [SUZUKI.name]
    nothing = clerk.post(address, data={"person": str(SUZUKI.id), "idempotency_key": "m" * 24})
    assert (nothing.status_code, "項目を選んでください" in nothing.text) == (422, True)
    outsider = clerk.post(address, data={"items": item, "person": str(ONO.id), "idempotency_key": "n" * 24})
    assert outsider.status_code == 422
    assert f'value="{item}" checked' in outsider.text
    assert browser(app, TAKAHASHI, year=year, clock=clock).get(address).status_code == 404
    reader = browser(app, ITO, year=year, clock=clock).get(address)
    assert (reader.status_code, "担当を決める" in reader.text) == (200, False)
