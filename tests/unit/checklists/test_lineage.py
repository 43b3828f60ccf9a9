"""Which answers of an earlier edition are compared: the one decision, for each kind of descent."""

from dataclasses import replace

import pytest

from app.checklists.rules import (
    Edition,
    Level,
    Lineage,
    LineageKind,
    Obstacle,
    Scale,
    by_key,
    comparability,
    descent,
    one_answer,
    scale_between,
    unchanged,
)
from tests.factories.editions import edition_value, small_yaml, successor_yaml

SAME = {key: f"{{kind: same, of: {key}}}" for key in ("D01", "D02", "D03", "D07", "D08", "D09")}


def lineage(kind: LineageKind, *of: str, comparable: bool = False) -> Lineage:
    return Lineage(kind=kind, of=of, comparable=comparable, note="わけ")


@pytest.mark.parametrize(
    ("given", "scale", "obstacle"),
    [
        (lineage(LineageKind.NEW), Scale.KEPT, Obstacle.NEW),
        (lineage(LineageKind.SAME, "D01", comparable=True), Scale.KEPT, None),
        (lineage(LineageKind.REWORDED, "D01", comparable=True), Scale.KEPT, None),
        (lineage(LineageKind.REWORDED, "D01"), Scale.KEPT, Obstacle.MEANING),
        (lineage(LineageKind.SPLIT, "D01", comparable=True), Scale.KEPT, None),
        (lineage(LineageKind.SPLIT, "D01"), Scale.KEPT, Obstacle.MEANING),
        (lineage(LineageKind.MERGED, "D01", "D02", comparable=True), Scale.KEPT, None),
        (lineage(LineageKind.MERGED, "D01", "D02"), Scale.KEPT, Obstacle.MEANING),
        (lineage(LineageKind.SAME, "D01", comparable=True), Scale.CHANGED, Obstacle.SCALE),
        (lineage(LineageKind.SPLIT, "D01"), Scale.CHANGED, Obstacle.MEANING),
        (lineage(LineageKind.NEW), Scale.CHANGED, Obstacle.NEW),
    ],
)
def test_lineage_and_scale_decide_what_is_compared(
    given: Lineage, scale: Scale, obstacle: Obstacle | None
) -> None:
    made = comparability(given, scale=scale)
    assert (made.obstacle, made.comparable) == (obstacle, obstacle is None)
    assert (made.kind, made.of, made.note) == (given.kind, given.of, "わけ")


def with_levels(edition: Edition, **changes: Level | None) -> Edition:
    kept = (changes.get(level.code, level) for level in edition.levels)
    return replace(edition, levels=tuple(level for level in kept if level))


def test_a_scale_is_kept_while_every_earlier_level_keeps_its_points() -> None:
    edition = edition_value(small_yaml())
    partial = edition.levels_by_code["partial"]
    assert scale_between(edition, after=edition) is Scale.KEPT
    renamed = with_levels(edition, partial=replace(partial, label="半分"))
    assert scale_between(edition, after=renamed) is Scale.KEPT
    fewer = with_levels(edition, partial=None)
    assert scale_between(edition, after=fewer) is Scale.CHANGED
    assert scale_between(fewer, after=edition) is Scale.KEPT
    dearer = with_levels(edition, partial=replace(partial, points=2))
    assert scale_between(edition, after=dearer) is Scale.CHANGED
    excluded = with_levels(edition, partial=replace(partial, points=None))
    assert scale_between(edition, after=excluded) is Scale.CHANGED
    fuller = replace(edition, scoring=replace(edition.scoring, full_points=4))
    assert scale_between(edition, after=fuller) is Scale.CHANGED


def test_several_answers_are_one_only_when_they_agree() -> None:
    assert one_answer(["implemented", "implemented"])
    assert one_answer([None])
    assert not one_answer(["implemented", "partial"])
    assert not one_answer(["implemented", None])


def test_an_item_stays_comparable_only_where_every_step_was() -> None:
    old = edition_value(small_yaml())
    middle = edition_value(
        successor_yaml(
            SAME
            | {
                "D02": "{kind: reworded, of: D02, comparable: false, note: 広げた。}",
                "D07": "{kind: reworded, of: D07, comparable: true, note: 言い換えた。}",
            }
        ),
        label="2027.1",
    )
    new = edition_value(successor_yaml(SAME, label="2028.1"), label="2028.1")
    found = descent(old, through=(middle, new)).lineages
    assert found["D01"] == Lineage(kind=LineageKind.SAME, of=("D01",), comparable=True)
    assert found["D02"] == Lineage(kind=LineageKind.REWORDED, of=("D02",), note="広げた。")
    assert found["D07"] == Lineage(
        kind=LineageKind.REWORDED, of=("D07",), comparable=True, note="言い換えた。"
    )


def test_splits_merges_and_farewells_are_followed_over_editions() -> None:
    old = edition_value(small_yaml())
    middle = edition_value(
        successor_yaml(
            {
                "D01": "{kind: same, of: D01}",
                "D10": "{kind: split, of: D02, comparable: true, note: 半分。}",
                "D11": "{kind: split, of: D02, comparable: true, note: 残り。}",
                "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
                "D13": "{kind: new}",
                "D09": "{kind: same, of: D09}",
            },
            retired={"D03": "要らない。"},
        ),
        label="2027.1",
    )
    new = edition_value(
        successor_yaml(
            {
                "D14": "{kind: merged, of: [D01, D13], comparable: true, note: 足した。}",
                "D10": "{kind: same, of: D10}",
                "D12": "{kind: same, of: D12}",
                "D15": "{kind: new}",
                "D16": "{kind: split, of: D13, comparable: true, note: 分けた。}",
            },
            label="2028.1",
            retired={"D11": "終わった。", "D09": "終わり。"},
        ),
        label="2028.1",
    )
    found = descent(old, through=(middle, new))
    kinds = {key: (one.kind, one.of, one.comparable) for key, one in found.lineages.items()}
    assert kinds == {
        # Half of it was never asked before.
        "D14": (LineageKind.MERGED, ("D01",), False),
        "D10": (LineageKind.SPLIT, ("D02",), True),
        "D12": (LineageKind.MERGED, ("D07", "D08"), True),
        "D15": (LineageKind.NEW, (), False),
        "D16": (LineageKind.NEW, (), False),
    }
    assert found.farewells == {"D03": "要らない。", "D02": "終わった。", "D09": "終わり。"}


def test_what_a_lineage_names_and_nobody_knows_is_left_out() -> None:
    old = edition_value(small_yaml())
    new = edition_value(
        successor_yaml(
            {
                "D10": "{kind: merged, of: [D01, D55], comparable: true, note: 合わせた。}",
                "D11": "{kind: split, of: D66, comparable: true, note: 分けた。}",
            }
        ),
        label="2027.1",
    )
    found = descent(old, through=(new,)).lineages
    assert (found["D10"].of, found["D10"].comparable) == (("D01",), False)
    assert (found["D11"].kind, found["D11"].of) == (LineageKind.NEW, ())


def test_two_drafts_hang_together_by_their_keys_alone() -> None:
    one = edition_value(successor_yaml(SAME), label="2027.1")
    data = successor_yaml({**SAME, "D20": "{kind: new}"}, label="2027.2").replace(
        "D02のことを今年度に行った。".encode(), "D02のことを、必ず行った。".encode()
    )
    found = by_key(one, after=edition_value(data, label="2027.2")).lineages
    assert found["D01"] == Lineage(kind=LineageKind.SAME, of=("D01",), comparable=True)
    assert found["D02"] == Lineage(kind=LineageKind.REWORDED, of=("D02",))
    assert found["D20"] == Lineage(kind=LineageKind.NEW)


def test_an_edition_goes_on_from_itself_unchanged() -> None:
    edition = edition_value(small_yaml())
    found = unchanged(edition).lineages
    assert all(one.comparable and one.kind is LineageKind.SAME for one in found.values())
    assert set(found) == {item.key for item in edition.items.values()}
