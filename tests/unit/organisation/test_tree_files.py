"""The tree of a day taken away, and the day that is asked for in an address."""

import json
from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from app.kernel.ids import UnitId, new_id
from app.organisation.files import asked_day, tree_csv, tree_json, tree_text, unit_rows
from app.organisation.rules import ListedUnit, PolicyOwner, UnitKind, UnitSpan

TODAY: Final = date(2026, 11, 20)
ABOVE: Final = ListedUnit(
    id=UnitId(new_id()),
    parent_id=None,
    depth=0,
    span=UnitSpan(
        code="3000",
        name="市民部",
        kana="しみんぶ",
        kind=UnitKind.DEPARTMENT,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=None,
        sort_order=1,
        valid_from=date(2020, 4, 1),
        valid_to=None,
    ),
)
# An ideograph outside of the first plane, and one with a selector of its form.
NAMES: Final = ("𠮷田出張所", "葛\U000e0100城支所", "髙﨑課", "=1+1課", "-1課", '甲,乙"丙課')


def below(name: str) -> ListedUnit:
    span = replace(
        ABOVE.span,
        code="3020",
        name=name,
        kind=UnitKind.BRANCH,
        parent_code="3000",
        valid_to=date(2027, 4, 1),
    )
    return ListedUnit(id=UnitId(new_id()), parent_id=ABOVE.id, depth=1, span=span)


def test_the_text_is_indented() -> None:
    assert tree_text([ABOVE, below("𠮷田出張所")], day=TODAY).splitlines() == [
        "令和8年11月20日(金)の組織　2所属",
        "3000　市民部（部・市長部局）",
        "  3020　𠮷田出張所（出先・市長部局）",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_list_says_the_same_when_it_is_read_in_again(name: str) -> None:
    listed = (ABOVE, below(name))
    assert [row.span for row in unit_rows(tree_csv(listed))] == [one.span for one in listed]


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    assert "'=1+1課" in tree_csv([below("=1+1課")]).decode("utf-8-sig")


@pytest.mark.parametrize("name", NAMES)
def test_the_json_has_ids_and_names_as_given(name: str) -> None:
    unit = below(name)
    first, second = json.loads(tree_json([ABOVE, unit]))
    assert (first["parent_id"], second["parent_id"]) == (None, str(ABOVE.id))
    assert (second["id"], second["name"], second["parent_code"]) == (str(unit.id), name, "3000")
    assert (second["valid_from"], second["valid_to"], second["depth"]) == ("2020-04-01", "2027-04-01", 1)


@pytest.mark.parametrize("typed", ["2026-04-01", "2026/4/1", "令和8年4月1日", "R8.4.1", "令和８年４月１日"])
def test_a_day_is_read_by_either_calendar(typed: str) -> None:
    asked = asked_day(typed, today=TODAY)
    assert (asked.day, asked.typed, asked.problem) == (date(2026, 4, 1), typed, "")


@pytest.mark.parametrize("typed", ["", "  "])
def test_without_a_day_it_is_today(typed: str) -> None:
    asked = asked_day(typed, today=TODAY)
    assert (asked.day, asked.typed, asked.problem) == (TODAY, "", "")


@pytest.mark.parametrize("typed", ["abc", "2026-02-30", "平成32年4月1日", "9999-01-01", "0001-01-01"])
def test_what_is_no_day_is_said_and_kept(typed: str) -> None:
    asked = asked_day(typed, today=TODAY)
    assert (asked.day, asked.typed) == (TODAY, typed)
    assert "2026-04-01" in asked.problem
