"""Who answers for what an ended unit left, on any day; and the lineage in both directions."""

from datetime import date
from typing import Final

from app.kernel.ids import UnitId, new_id
from app.organisation.rules import (
    HeirSpan,
    Lineage,
    Succession,
    SuccessionKind,
    Takeover,
    UnitTree,
    heir_spans,
    heirs_on,
)

A, B, C, D = (UnitId(new_id()) for _ in range(4))
FIRST: Final = date(2024, 4, 1)
SECOND: Final = date(2025, 4, 1)
THIRD: Final = date(2026, 4, 1)


def follows(
    old: UnitId,
    new: UnitId | None,
    day: date,
    *,
    takeover: Takeover = Takeover.REST,
    kind: SuccessionKind = SuccessionKind.RENAMED,
) -> Succession:
    return Succession(predecessor=old, successor=new, kind=kind, effective_on=day, takeover=takeover)


def test_a_chain_is_followed_to_the_living_unit() -> None:
    chain = [follows(A, B, FIRST), follows(B, C, SECOND)]
    assert heirs_on(chain, living={B}, day=FIRST) == {A: B}
    assert heirs_on(chain, living={C}, day=SECOND) == {A: C, B: C}


def test_a_succession_to_come_says_nothing_yet() -> None:
    assert heirs_on([follows(A, B, SECOND)], living={A}, day=FIRST) == {}


def test_a_living_unit_answers_for_itself_whatever_it_hands_over() -> None:
    task = follows(A, B, FIRST, takeover=Takeover.NAMED, kind=SuccessionKind.TRANSFERRED)
    assert heirs_on([task], living={A, B}, day=SECOND) == {}


def test_a_recorded_end_leaves_nobody() -> None:
    end = follows(A, None, FIRST, kind=SuccessionKind.ABOLISHED)
    assert heirs_on([end], living={B}, day=SECOND) == {}
    # Nor anything that had come to it before.
    assert heirs_on([follows(B, A, FIRST), follows(A, None, SECOND)], living={C}, day=SECOND) == {}


def test_a_chain_only_goes_forward_in_time() -> None:
    # B had followed C before it took over from A: what A left does not go back with that.
    chain = [follows(B, C, FIRST), follows(A, B, SECOND)]
    assert heirs_on(chain, living={C}, day=SECOND) == {B: C}


def test_two_that_follow_each_other_on_one_day_end_nowhere() -> None:
    assert heirs_on([follows(A, B, FIRST), follows(B, A, FIRST)], living={C}, day=SECOND) == {}


def test_the_spans_begin_and_end_with_the_successions() -> None:
    spans = heir_spans(
        [follows(A, B, FIRST), follows(B, C, SECOND), follows(C, None, THIRD)],
        lives={
            A: [(date(2020, 4, 1), FIRST)],
            B: [(date(2020, 4, 1), SECOND)],
            C: [(SECOND, THIRD)],
            D: [(date(2020, 4, 1), None)],
        },
    )
    assert set(spans) == {
        HeirSpan(origin=A, heir=B, valid_from=FIRST, valid_to=SECOND),
        HeirSpan(origin=A, heir=C, valid_from=SECOND, valid_to=THIRD),
        HeirSpan(origin=B, heir=C, valid_from=SECOND, valid_to=THIRD),
    }


def test_a_tree_says_who_answers_and_for_whom() -> None:
    tree = UnitTree.of([], day=SECOND, heirs={A: C, B: C})
    assert [tree.responsible(unit) for unit in (A, B, C)] == [C, C, C]
    assert tree.origins([C]) == {A, B, C}
    assert tree.origins([D]) == {D}


def test_the_lineage_is_read_in_both_directions() -> None:
    lineage = Lineage(
        (
            follows(A, C, FIRST),
            follows(B, C, FIRST),
            follows(C, D, SECOND),
            follows(D, None, THIRD),
        )
    )
    assert {one.predecessor for one in lineage.predecessors(C)} == {A, B}
    assert [one.successor for one in lineage.successors(C)] == [D]
    assert lineage.heirs_since(A, day=date(2024, 1, 1)) == {C, D}
    # What was closed after it had gone on is no part of what went.
    assert lineage.heirs_since(A, day=FIRST) == frozenset()
    assert lineage.heirs_since(C, day=FIRST) == {D}
    assert lineage.heirs_since(D, day=FIRST) == frozenset()


def test_a_task_that_is_handed_over_takes_no_records_along() -> None:
    task = follows(A, B, SECOND, takeover=Takeover.NAMED, kind=SuccessionKind.TRANSFERRED)
    part = follows(A, C, SECOND, takeover=Takeover.NAMED, kind=SuccessionKind.SPLIT)
    assert Lineage((task, part)).heirs_since(A, day=FIRST) == {C}


def test_records_go_forward_in_time_only() -> None:
    lineage = Lineage((follows(B, C, FIRST), follows(A, B, SECOND)))
    assert lineage.heirs_since(A, day=date(2024, 1, 1)) == {B}
