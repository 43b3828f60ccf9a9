"""Which of last year's answers may be proposed again, and what an answer leaves to do."""

from dataclasses import replace
from datetime import date

import pytest

from app.checklists.rules import Edition, Item, Symbol
from app.inspections.rules import AnswerFact, asks_for_action, content_of
from app.inspections.rules.taking_over import Barred, LastYear, Offer, barred

SHAPES = {
    "implemented": Symbol.CIRCLE,
    "partial": Symbol.TRIANGLE,
    "not_implemented": Symbol.CROSS,
    "not_applicable": Symbol.DASH,
    "unknown": Symbol.QUESTION,
}


def item_of(edition: Edition, *, weight: str = "ordinary") -> Item:
    found = next(iter(edition.items.values()))
    return replace(found, mandatory=weight == "mandatory")


def last(edition: Edition, level: str = "implemented", *, words: str = "same") -> LastYear:
    found = edition.level(level)
    assert found is not None
    shaped = replace(found, symbol=SHAPES[level])
    return LastYear(level=shaped, comment="前回の説明", reworded=words == "reworded")


def reason(
    edition: Edition,
    *,
    weight: str = "ordinary",
    before: LastYear | None,
    answered: str | None = None,
    offer: Offer = Offer.OFFERED,
) -> Barred | None:
    return barred(item_of(edition, weight=weight), before=before, answered=answered, offer=offer)


@pytest.mark.parametrize("level", ["implemented", "not_applicable"])
def test_what_was_kept_or_did_not_apply_may_be_proposed(edition: Edition, level: str) -> None:
    assert reason(edition, before=last(edition, level)) is None


@pytest.mark.parametrize("level", ["partial", "not_implemented", "unknown"])
def test_what_was_not_kept_is_looked_at_afresh(edition: Edition, level: str) -> None:
    assert reason(edition, before=last(edition, level)) is Barred.NOT_KEPT


def test_what_matters_most_is_looked_at_afresh(edition: Edition) -> None:
    assert reason(edition, weight="mandatory", before=last(edition)) is Barred.MANDATORY


def test_what_is_asked_in_other_words_is_looked_at_afresh(edition: Edition) -> None:
    assert reason(edition, before=last(edition, words="reworded")) is Barred.REWORDED


def test_what_was_not_asked_cannot_be_proposed(edition: Edition) -> None:
    assert reason(edition, before=None) is Barred.NEW


def test_what_is_answered_stays(edition: Edition) -> None:
    assert reason(edition, before=last(edition), answered="partial") is Barred.ANSWERED


def test_a_campaign_may_switch_it_off(edition: Edition) -> None:
    assert reason(edition, before=last(edition), offer=Offer.NOT_OFFERED) is Barred.OFF


@pytest.mark.parametrize(
    ("level", "asks"),
    [
        ("implemented", False),
        ("partial", True),
        ("not_implemented", True),
        ("not_applicable", False),
        ("unknown", False),
        (None, False),
    ],
)
def test_what_is_known_to_be_left_asks_for_a_date(edition: Edition, level: str | None, asks: bool) -> None:  # noqa: FBT001 - a case of the table
    assert asks_for_action(level, edition=edition) is asks


def test_the_planned_date_is_part_of_what_a_head_approves_where_there_is_one(edition: Edition) -> None:
    item = item_of(edition)
    day = date(2027, 3, 31)
    answers = [AnswerFact(level="partial", comment="", action_due=due) for due in (None, day)]
    content = [content_of([item], answers={item.id: answer}, flags={})["answers"] for answer in answers]
    assert content == [[[item.key, "partial", ""]], [[item.key, "partial", "", "2027-03-31"]]]
