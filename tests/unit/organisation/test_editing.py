"""One change after another on a new tree: each as people name it."""

from dataclasses import replace
from typing import Final

import pytest

from app.kernel.errors import InvalidInput
from app.organisation.rules import (
    AbolishUnit,
    AlterUnit,
    CreateUnit,
    Edit,
    EndingUnit,
    HandTaskOver,
    MergeUnits,
    NewTree,
    NewUnit,
    Origin,
    Part,
    PolicyOwner,
    SplitUnit,
    SuccessionKind,
    Takeover,
    UnitKind,
    edited,
)


def unit(
    code: str, *, parent: str | None = None, name: str = "", origins: tuple[Origin, ...] = ()
) -> NewUnit:
    return NewUnit(
        row=0,
        code=code,
        name=name or f"課{code}",
        kana="か",
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=parent,
        sort_order=0,
        origins=origins,
    )


TREE: Final = (unit("1"), unit("11", parent="1"), unit("12", parent="1"), unit("2"))
KNOWN: Final = frozenset(one.code for one in TREE)


def after(*edits: Edit, tree: NewTree = TREE) -> dict[str, NewUnit | EndingUnit]:
    for edit in edits:
        tree = edited(tree, edit, known=KNOWN)
    assert [one.row for one in tree] == list(range(2, len(tree) + 2))
    return {one.code: replace(one, row=0) for one in tree}


def origins(rows: dict[str, NewUnit | EndingUnit], code: str) -> tuple[Origin, ...]:
    found = rows[code]
    assert isinstance(found, NewUnit)
    return found.origins


def refused(edit: Edit, *, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        edited(TREE, edit, known=KNOWN)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_another_name_keeps_the_unit() -> None:
    rows = after(AlterUnit(code="11", unit=unit("11", parent="2", name="別の課")))
    assert rows["11"] == unit("11", parent="2", name="別の課")


def test_another_code_is_a_new_unit_that_follows_and_leads_what_stood_below() -> None:
    rows = after(AlterUnit(code="1", unit=unit("9")))
    assert "1" not in rows
    assert origins(rows, "9") == (Origin(code="1"),)
    assert rows["11"] == unit("11", parent="9")


def test_a_unit_of_this_reorganisation_under_another_code_follows_what_the_first_would_have() -> None:
    rows = after(AlterUnit(code="1", unit=unit("9")), AlterUnit(code="9", unit=unit("8")))
    assert origins(rows, "8") == (Origin(code="1"),)


def test_a_new_unit_follows_nobody() -> None:
    assert origins(after(CreateUnit(unit=unit("3"))), "3") == ()


def test_units_become_a_new_one() -> None:
    rows = after(MergeUnits(codes=("11", "12"), unit=unit("13", parent="1")))
    assert set(rows) == {"1", "13", "2"}
    assert origins(rows, "13") == (Origin(code="11"), Origin(code="12"))


def test_a_unit_takes_others_in() -> None:
    rows = after(MergeUnits(codes=("1", "2"), unit=unit("2")))
    assert set(rows) == {"11", "12", "2"}
    assert origins(rows, "2") == (Origin(code="1"),)
    assert rows["11"] == unit("11", parent="2")


def test_what_takes_others_in_does_not_stand_below_itself() -> None:
    rows = after(MergeUnits(codes=("1", "11"), unit=unit("11", parent=None)))
    assert rows["11"] == unit("11", origins=(Origin(code="1"),))


@pytest.mark.parametrize("codes", [("11",), ("11", "11"), ()])
def test_one_unit_is_not_merged(codes: tuple[str, ...]) -> None:
    refused(MergeUnits(codes=codes, unit=unit("13")), field="units")


def test_a_split_unit_ends_and_one_takes_the_rest() -> None:
    parts = (Part(unit=unit("13")), Part(unit=unit("14"), subject="戸籍"))
    rows = after(SplitUnit(code="1", parts=parts, rest="13"))
    assert origins(rows, "13") == (Origin(code="1", takeover=Takeover.REST),)
    assert origins(rows, "14") == (Origin(code="1", takeover=Takeover.NAMED, subject="戸籍"),)
    assert rows["11"] == unit("11", parent="13")


def test_a_unit_from_which_another_is_split_off_goes_on() -> None:
    parts = (Part(unit=unit("11", parent="1")), Part(unit=unit("14", parent="1"), subject="戸籍"))
    rows = after(SplitUnit(code="11", parts=parts, rest="11"))
    assert origins(rows, "11") == ()
    assert origins(rows, "14") == (Origin(code="11", subject="戸籍"),)


def test_a_split_names_two_parts_and_who_takes_the_rest() -> None:
    refused(SplitUnit(code="11", parts=(Part(unit=unit("13")),), rest="13"), field="parts")
    both = (Part(unit=unit("13")), Part(unit=unit("14")))
    refused(SplitUnit(code="11", parts=both, rest="15"), field="rest")


def test_an_abolished_unit_hands_over_what_is_left() -> None:
    rows = after(AbolishUnit(code="1", handed_to="2"))
    assert rows["1"] == EndingUnit(row=0, code="1", handed_to="2")
    assert rows["11"] == unit("11", parent="2")


def test_a_unit_that_was_only_planned_goes_without_a_trace() -> None:
    rows = after(CreateUnit(unit=unit("3")), AbolishUnit(code="3", handed_to="2"))
    assert set(rows) == KNOWN


def test_nothing_is_handed_to_itself() -> None:
    refused(AbolishUnit(code="2", handed_to="2"), field="handed_to")
    refused(HandTaskOver(code="2", to="2", subject="統計"), field="to")


def test_a_task_goes_over_and_both_units_go_on() -> None:
    rows = after(
        HandTaskOver(code="11", to="2", subject="統計"), HandTaskOver(code="11", to="2", subject="調査")
    )
    assert set(rows) == KNOWN
    assert origins(rows, "2") == (Origin(code="11", kind=SuccessionKind.TRANSFERRED, subject="統計、調査"),)


def test_a_unit_of_this_reorganisation_has_no_task_to_hand_over() -> None:
    with pytest.raises(InvalidInput, match="移管できません"):
        after(CreateUnit(unit=unit("3")), HandTaskOver(code="3", to="2", subject="統計"))


def test_a_unit_that_is_not_in_the_tree_is_named() -> None:
    refused(AlterUnit(code="77", unit=unit("77")), field="unit")
    refused(AbolishUnit(code="2", handed_to="77"), field="unit")


def test_what_takes_over_from_an_abolished_unit_may_be_changed_after() -> None:
    rows = after(AbolishUnit(code="11", handed_to="2"), AlterUnit(code="2", unit=unit("22")))
    assert rows["11"] == EndingUnit(row=0, code="11", handed_to="22")


def test_a_task_is_a_part_of_what_an_abolished_unit_leaves() -> None:
    rows = after(HandTaskOver(code="11", to="2", subject="統計"), AbolishUnit(code="11", handed_to="2"))
    assert origins(rows, "2") == ()
    assert rows["11"] == EndingUnit(row=0, code="11", handed_to="2")


def test_what_a_split_unit_had_taken_over_goes_with_the_rest() -> None:
    parts = (Part(unit=unit("13")), Part(unit=unit("14"), subject="戸籍"))
    rows = after(
        HandTaskOver(code="2", to="11", subject="統計"), SplitUnit(code="11", parts=parts, rest="13")
    )
    task = Origin(code="2", kind=SuccessionKind.TRANSFERRED, subject="統計")
    assert origins(rows, "13") == (Origin(code="11", takeover=Takeover.REST), task)
    assert origins(rows, "14") == (Origin(code="11", takeover=Takeover.NAMED, subject="戸籍"),)


def test_a_planned_unit_that_is_split_is_followed_by_what_it_would_have_followed() -> None:
    parts = (Part(unit=unit("13")), Part(unit=unit("14"), subject="戸籍"))
    rows = after(
        MergeUnits(codes=("11", "12"), unit=unit("15")), SplitUnit(code="15", parts=parts, rest="13")
    )
    assert [one.code for one in origins(rows, "13")] == ["11", "12"]
    assert {one.takeover for one in origins(rows, "14")} == {Takeover.NAMED}


def test_a_unit_that_is_merged_back_does_not_follow_itself() -> None:
    rows = after(
        HandTaskOver(code="11", to="12", subject="統計"), MergeUnits(codes=("11", "12"), unit=unit("11"))
    )
    assert origins(rows, "11") == (Origin(code="12"),)
