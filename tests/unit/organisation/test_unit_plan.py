"""Laying a list of units over the stored organisation."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.kernel.errors import InvalidInput
from app.organisation.rules import (
    Outcome,
    PolicyOwner,
    UnitKind,
    UnitPlan,
    UnitRow,
    UnitSpan,
    plan_units,
)

APRIL = date(2026, 4, 1)
NEXT_APRIL = date(2027, 4, 1)


def span(code: str = "0101", **changes: object) -> UnitSpan:
    plain = UnitSpan(
        code=code,
        name="総務課",
        kana="そうむか",
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=None,
        sort_order=1,
        valid_from=APRIL,
        valid_to=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def plan(stored: list[UnitSpan], *rows: UnitSpan, last_closed: date | None = None) -> UnitPlan:
    histories: dict[str, tuple[UnitSpan, ...]] = {}
    for one in stored:
        histories[one.code] = (*histories.get(one.code, ()), one)
    return plan_units(
        histories, [UnitRow(row=n, span=row) for n, row in enumerate(rows, start=2)], last_closed=last_closed
    )


def refusals(stored: list[UnitSpan], *rows: UnitSpan) -> list[tuple[int | None, str]]:
    with pytest.raises(InvalidInput) as refused:
        plan(stored, *rows)
    return [(problem.row, problem.message) for problem in refused.value.problems]


def test_an_unknown_code_is_new() -> None:
    made = plan([], span())
    assert made.outcomes == {"0101": Outcome.NEW}
    assert made.spans == {"0101": (span(),)}


def test_the_same_row_changes_nothing() -> None:
    assert plan([span()], span()).outcomes == {"0101": Outcome.UNCHANGED}


def test_a_changed_name_closes_the_version_and_opens_another() -> None:
    made = plan([span()], span(name="総務法務課", valid_from=NEXT_APRIL))
    assert made.outcomes == {"0101": Outcome.CHANGED}
    assert made.spans["0101"] == (span(valid_to=NEXT_APRIL), span(name="総務法務課", valid_from=NEXT_APRIL))


def test_the_old_list_read_again_after_a_change_does_nothing() -> None:
    stored = [span(valid_to=NEXT_APRIL), span(name="総務法務課", valid_from=NEXT_APRIL)]
    assert plan(stored, span()).outcomes == {"0101": Outcome.UNCHANGED}


def test_an_unchanged_row_with_a_later_first_day_does_nothing() -> None:
    assert plan([span()], span(valid_from=NEXT_APRIL)).outcomes == {"0101": Outcome.UNCHANGED}


def test_a_slip_is_corrected_in_its_own_version() -> None:
    made = plan([span(name="総務か")], span())
    assert made.spans["0101"] == (span(),)
    assert made.outcomes == {"0101": Outcome.CHANGED}


def test_an_end_date_closes() -> None:
    made = plan([span()], span(valid_to=NEXT_APRIL))
    assert made.outcomes == {"0101": Outcome.ENDED}
    assert made.spans["0101"] == (span(valid_to=NEXT_APRIL),)


def test_a_code_twice_is_refused() -> None:
    ((row, message),) = refusals([], span(), span(name="別"))
    assert row == 3
    assert "2行目" in message


def test_overlapping_validity_is_refused() -> None:
    later = span(name="総務法務課", valid_from=NEXT_APRIL)
    ((row, message),) = refusals([later], span())
    assert row == 2
    assert "重なります" in message


def test_an_unknown_parent_is_refused() -> None:
    ((row, message),) = refusals([], span(parent_code="0100"))
    assert row == 2
    assert "0100" in message


def test_a_parent_that_begins_later_is_refused() -> None:
    assert refusals([span("0100", valid_from=NEXT_APRIL)], span(parent_code="0100"))


def test_a_parent_in_the_same_list_is_enough() -> None:
    assert plan([], span(parent_code="0100"), span("0100")).outcomes["0101"] is Outcome.NEW


def test_circles_are_refused() -> None:
    found = refusals([], span("1", parent_code="3"), span("2", parent_code="1"), span("3", parent_code="2"))
    assert [row for row, _ in found] == [2, 3, 4]


def test_a_circle_through_a_stored_unit_is_refused() -> None:
    stored = [span("1"), span("2", parent_code="1")]
    assert refusals(stored, span("1", parent_code="2", valid_from=NEXT_APRIL))


def test_a_unit_does_not_end_above_another() -> None:
    stored = [span("1"), span("2", parent_code="1")]
    ((row, message),) = refusals(stored, span("1", valid_to=NEXT_APRIL))
    assert row == 2
    assert "「2」" in message
    both = plan(stored, span("1", valid_to=NEXT_APRIL), span("2", parent_code="1", valid_to=NEXT_APRIL))
    assert set(both.outcomes.values()) == {Outcome.ENDED}


CLOSED = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("stored", "row"),
    [
        ([], span(valid_from=CLOSED)),
        ([span()], span(name="総務法務課", valid_from=CLOSED)),
        ([span()], span(valid_to=CLOSED)),
    ],
    ids=["new", "changed", "ended"],
)
def test_nothing_changes_on_or_before_the_last_closed_act(stored: list[UnitSpan], row: UnitSpan) -> None:
    with pytest.raises(InvalidInput, match="もう締めた点検"):
        plan(stored, row, last_closed=CLOSED)


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (span(), Outcome.UNCHANGED),
        (span(name="総務法務課", valid_from=CLOSED + timedelta(days=1)), Outcome.CHANGED),
        (span(valid_to=CLOSED + timedelta(days=1)), Outcome.ENDED),
    ],
    ids=["unchanged", "changed", "ended"],
)
def test_the_day_after_it_is_free(row: UnitSpan, outcome: Outcome) -> None:
    assert plan([span()], row, last_closed=CLOSED).outcomes == {"0101": outcome}
