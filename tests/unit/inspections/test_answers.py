"""What is complete, what a head approves, what changed since last year, and by when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checklists.rules import Edition
from app.inspections.rules import (
    SEALED,
    AnswerFact,
    CampaignDates,
    Change,
    State,
    change,
    comment_is_missing,
    completeness,
    content_digest,
    content_of,
    date_problems,
)
from app.kernel.ids import ItemId

DATES = CampaignDates(
    base_date=date(2026, 10, 1),
    answer_from=date(2026, 11, 1),
    answer_due=date(2026, 11, 27),
    approval_due=date(2026, 12, 4),
    review_due=date(2026, 12, 18),
    grace_until=date(2026, 12, 11),
)


def fact(level: str | None, comment: str = "") -> AnswerFact:
    return AnswerFact(level=level, comment=comment, version=1)


@pytest.mark.parametrize(
    "answer", [fact("partial"), fact("not_implemented", "　\n "), fact("not_applicable")]
)
def test_a_level_that_asks_for_words_misses_them(edition: Edition, answer: AnswerFact) -> None:
    assert comment_is_missing(answer, edition=edition)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        fact(None),
        fact("implemented"),
        fact("unknown"),
        fact("partial", "理由"),
        fact("no such level"),
    ],
)
def test_other_levels_and_given_words_miss_nothing(edition: Edition, answer: AnswerFact | None) -> None:
    assert not comment_is_missing(answer, edition=edition)


def ids(edition: Edition) -> dict[str, ItemId]:
    return {item.key: item.id for item in edition.items.values()}


def test_only_items_that_apply_are_counted(edition: Edition) -> None:
    answers = {
        ids(edition)["D01"]: fact("implemented"),
        ids(edition)["D02"]: fact("partial"),
        ids(edition)["D03"]: fact(None, "まだ"),
        ids(edition)["D04"]: fact("not_implemented"),
    }
    without = completeness(edition.applicable({}), answers=answers, edition=edition)
    assert (without.applicable, without.answered, without.unanswered, without.comments_missing) == (
        3,
        2,
        1,
        1,
    )
    with_flag = completeness(edition.applicable({"MN": True}), answers=answers, edition=edition)
    assert (with_flag.applicable, with_flag.answered, with_flag.comments_missing) == (4, 3, 2)


def test_a_head_approves_the_profile_and_each_answer_that_applies(edition: Edition) -> None:
    answers = {ids(edition)[key]: fact("implemented", key) for key in ("D01", "D04")}
    content = content_of(edition.applicable({}), answers=answers, flags={"B": True, "A": False})
    answered = [["D01", "implemented", "D01"]]
    assert content == {"flags": {"A": False, "B": True}, "answers": answered, "replies": []}


@given(data=st.data())
def test_whatever_changes_in_an_answer_that_applies_changes_the_digest(
    edition: Edition, data: st.DataObject
) -> None:
    levels = st.none() | st.sampled_from([level.code for level in edition.levels])
    facts = st.builds(
        AnswerFact, level=levels, comment=st.sampled_from(["", "a", "b"]), version=st.integers(1, 9)
    )
    answers = data.draw(st.dictionaries(st.sampled_from(list(edition.items)), facts))
    flags = {"MN": True}
    before = content_digest(edition.applicable(flags), answers=answers, flags=flags)
    changed = data.draw(st.sampled_from(list(edition.items)))
    new = data.draw(facts)
    after = content_digest(edition.applicable(flags), answers={**answers, changed: new}, flags=flags)
    old = answers.get(changed)
    same = old is not None and (old.level, old.comment) == (new.level, new.comment)
    assert (before == after) is same


def test_the_number_of_saves_does_not_change_what_is_approved(edition: Edition) -> None:
    answers = {ids(edition)["D01"]: fact("implemented")}
    later = {key: replace(answer, version=9) for key, answer in answers.items()}
    items = edition.applicable({})
    assert content_digest(items, answers=answers, flags={}) == content_digest(items, answers=later, flags={})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, "implemented", Change.NEW),
        (None, None, Change.NEW),
        ("implemented", "implemented", Change.SAME),
        ("implemented", "partial", Change.WORSE),
        ("not_implemented", "partial", Change.BETTER),
        ("unknown", "not_implemented", Change.OTHER),
        ("partial", "started", Change.OTHER),
        ("implemented", "not_applicable", Change.OTHER),
        ("not_applicable", "implemented", Change.OTHER),
        ("implemented", None, Change.OTHER),
        ("a level of an old scale", "implemented", Change.OTHER),
    ],
)
def test_an_answer_is_compared_with_last_years(
    edition: Edition, before: str | None, now: str | None, expected: Change
) -> None:
    assert change(now=now, before=before, edition=edition) is expected


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (State.ANSWERING, DATES.answer_due),
        (State.AWAITING_HEAD, DATES.approval_due),
        (State.SUBMITTED, DATES.review_due),
        (State.UNDER_REVIEW, DATES.review_due),
        (State.RETURNED, DATES.review_due),
        (State.AWAITING_REAPPROVAL, DATES.review_due),
        (State.REVIEWED, DATES.review_due),
        *((state, None) for state in sorted(SEALED)),
    ],
)
def test_each_state_runs_against_its_deadline(state: State, due: date | None) -> None:
    assert DATES.due(state) == due


def test_dates_in_the_right_order_have_no_problems() -> None:
    assert date_problems(DATES) == []


EARLIER = timedelta(days=-1)


@pytest.mark.parametrize(
    ("dates", "fields"),
    [
        (replace(DATES, answer_due=DATES.answer_from + EARLIER), ["answer_due"]),
        (replace(DATES, approval_due=DATES.answer_due + EARLIER), ["approval_due"]),
        (replace(DATES, review_due=DATES.approval_due + EARLIER), ["review_due"]),
        (replace(DATES, grace_until=DATES.approval_due + EARLIER), ["grace_until"]),
        (
            replace(DATES, answer_from=date(2027, 1, 1), review_due=date(2026, 1, 1)),
            ["answer_due", "review_due"],
        ),
    ],
)
def test_each_date_in_the_wrong_order_is_named(dates: CampaignDates, fields: list[str]) -> None:
    assert [field for field, _ in date_problems(dates)] == fields


def test_every_date_may_be_the_same_day() -> None:
    day = DATES.base_date
    same = CampaignDates(
        base_date=day, answer_from=day, answer_due=day, approval_due=day, review_due=day, grace_until=day
    )
    assert date_problems(same) == []
