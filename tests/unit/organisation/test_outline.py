"""Arranging the tree of a day, and telling versions of a unit apart."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from app.kernel.ids import PersonId, UnitId, new_id
from app.organisation.rules import (
    OutlineLine,
    PolicyOwner,
    Standing,
    UnitAspect,
    UnitKind,
    UnitTree,
    UnitVersionView,
    UnitView,
    outline,
    standing_on,
    version_to_show,
)

DAY: Final = date(2026, 4, 1)
BEFORE: Final = date(2026, 3, 31)
NEXT: Final = date(2027, 4, 1)
ONE, OTHER, THIRD = PersonId(new_id()), PersonId(new_id()), PersonId(new_id())


def unit(
    code: str, above: UnitView | None = None, owner: PolicyOwner = PolicyOwner.MAYOR, order: int = 0
) -> UnitView:
    return UnitView(
        id=UnitId(new_id()),
        code=code,
        name=f"{code}課",
        kana="か",
        kind=UnitKind.DIVISION,
        policy_owner=owner,
        parent_id=above.id if above else None,
        sort_order=order,
    )


def codes(lines: tuple[OutlineLine, ...]) -> list[object]:
    """Return codes, with those below as a list behind each."""
    found: list[object] = []
    for line in lines:
        found.append(line.unit.code)
        if line.below:
            found.append(codes(line.below))
    return found


TOP = unit("1000", order=2)
FIRST = unit("1010", TOP, order=2)
SECOND = unit("1020", TOP, order=1)
DEEP = unit("1011", FIRST)
SCHOOLS = unit("9000", owner=PolicyOwner.EDUCATION)
SCHOOL = unit("9010", SCHOOLS, PolicyOwner.EDUCATION)
# Stands below a 部 of the mayor, and is bound by the policy of the 教育委員会; one of its own again by the mayor's.
LENT = unit("1030", TOP, PolicyOwner.EDUCATION)
BACK = unit("1031", LENT)
TREE = UnitTree.of([TOP, FIRST, SECOND, DEEP, SCHOOLS, SCHOOL, LENT, BACK], day=DAY)


def test_units_stand_under_whose_policy_binds_them_in_the_order_of_the_tree() -> None:
    groups = outline(TREE, staff=None)
    assert [(group.owner, group.units, codes(group.lines)) for group in groups] == [
        (PolicyOwner.MAYOR, 5, ["1000", ["1020", "1010", ["1011"]], "1031"]),
        (PolicyOwner.EDUCATION, 3, ["9000", ["9010"], "1030"]),
    ]


def test_every_unit_stands_in_exactly_one_group() -> None:
    groups = outline(TREE, staff=None)
    assert sum(group.units for group in groups) == len(TREE.units)


def test_people_are_counted_once_in_a_unit_and_in_all_above_it() -> None:
    staff = {
        TOP.id: frozenset({ONE}),
        SECOND.id: frozenset({ONE, OTHER}),
        DEEP.id: frozenset({THIRD}),
        SCHOOL.id: frozenset({ONE}),
    }
    mayor, education = outline(TREE, staff=staff)
    (top, _) = mayor.lines
    assert (top.units, top.people, mayor.people) == (3, 3, 3)
    assert [(line.unit.code, line.units, line.people) for line in top.below] == [
        ("1020", 0, 2),
        ("1010", 1, 1),
    ]
    assert (education.people, education.lines[1].people) == (1, 0)


def test_nobody_is_counted_where_nobody_is_told_of() -> None:
    for group in outline(TREE, staff=None):
        assert group.people is None
        assert all(line.people is None for line in group.lines)


def test_a_day_without_units_has_no_groups() -> None:
    assert outline(UnitTree.of([], day=DAY), staff={}) == ()


# ------------------------------------------------------------------------------------------ versions

VERSION: Final = UnitVersionView(
    unit_id=FIRST.id,
    name="総務課",
    kana="そうむか",
    kind=UnitKind.DIVISION,
    policy_owner=PolicyOwner.MAYOR,
    parent_id=TOP.id,
    valid_from=DAY,
    valid_to=NEXT,
)


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (BEFORE, Standing.TO_COME),
        (DAY, Standing.IN_FORCE),
        (date(2027, 3, 31), Standing.IN_FORCE),
        (NEXT, Standing.ENDED),
    ],
)
def test_a_version_holds_from_its_first_day_to_its_last(day: date, standing: Standing) -> None:
    assert VERSION.standing(day) is standing
    assert VERSION.last_day == date(2027, 3, 31)


def test_what_has_no_end_goes_on() -> None:
    assert standing_on(date(2199, 12, 31), valid_from=DAY, valid_to=None) is Standing.IN_FORCE
    assert replace(VERSION, valid_to=None).last_day is None


@pytest.mark.parametrize(
    ("changes", "aspect"),
    [
        ({"name": "総務人事課"}, UnitAspect.NAME),
        ({"kana": "そうむ"}, UnitAspect.KANA),
        ({"kind": UnitKind.BRANCH}, UnitAspect.KIND),
        ({"policy_owner": PolicyOwner.FIRE}, UnitAspect.POLICY_OWNER),
        ({"parent_id": None}, UnitAspect.PARENT),
    ],
)
def test_each_thing_that_changes_is_named(changes: dict[str, object], aspect: UnitAspect) -> None:
    after = replace(VERSION, valid_from=NEXT, valid_to=None, **changes)  # type: ignore[arg-type]
    assert after.differs_in(VERSION) == (aspect,)


def test_other_days_alone_are_no_change() -> None:
    assert replace(VERSION, valid_from=NEXT, valid_to=None).differs_in(VERSION) == ()


LATER: Final = replace(VERSION, name="総務人事課", valid_from=date(2028, 4, 1), valid_to=None)


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (BEFORE, VERSION),
        (DAY, VERSION),
        (NEXT, VERSION),
        (date(2028, 3, 31), VERSION),
        (date(2028, 4, 1), LATER),
    ],
)
def test_a_unit_is_shown_as_it_was_last(day: date, shown: UnitVersionView) -> None:
    assert version_to_show([VERSION, LATER], day=day) is shown


def test_what_never_was_is_not_shown() -> None:
    assert version_to_show([], day=DAY) is None
