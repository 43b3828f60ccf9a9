"""What a comparison of two editions says, field by field."""

from pathlib import Path

import pytest

from app.checklists.rules import (
    Aspect,
    Edition,
    EditionAspect,
    EditionDiff,
    EntryKind,
    Facet,
    Obstacle,
    Scale,
    descent,
    edition_diff,
    unchanged,
)
from app.checklists.texts import (
    ASPECT,
    ENTRY_KIND,
    FACET,
    OBSTACLE,
    edition_aspect,
    edition_value,
    item_value,
)
from tests.factories.editions import edition_value as value_of
from tests.factories.editions import small_yaml, successor_yaml

FOLDER = Path(__file__).parents[3] / "checklists" / "department"
LINEAGES = {
    "D01": "{kind: same, of: D01}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分。}",
    "D11": "{kind: split, of: D02, comparable: false, note: 残り。}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
    "D09": "{kind: reworded, of: D09, comparable: true, note: 言い換えた。}",
}


def against(old: Edition, new: Edition) -> EditionDiff:
    return edition_diff(old, new, along=descent(old, through=(new,)))


def after(*changes: tuple[str, str]) -> EditionDiff:
    """Return the small edition against a successor with some of its words replaced once."""
    text = successor_yaml(LINEAGES, retired={"D03": "要らない。"}).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return against(value_of(small_yaml()), value_of(text.encode(), label="2027.1"))


def test_each_item_is_told_by_what_became_of_it() -> None:
    found = [
        (one.kind, [item.key for item in one.before], [item.key for item in one.after])
        for one in after().entries
    ]
    assert found == [
        (EntryKind.SAME, ["D01"], ["D01"]),
        (EntryKind.SPLIT, ["D02"], ["D10", "D11"]),
        (EntryKind.RETIRED, ["D03"], []),
        (EntryKind.MERGED, ["D07", "D08"], ["D12"]),
        (EntryKind.ADDED, [], ["D13"]),
        # From one section to another as well: the successor has only one.
        (EntryKind.REWORDED, ["D09"], ["D09"]),
    ]
    retired = after().having(Facet.RETIRED)[0]
    assert (retired.note, retired.changes) == ("要らない。", ())


@pytest.mark.parametrize(
    ("old", "new", "aspect", "facet"),
    [
        ("why: D01がないと困ります。", "why: D01がないと迷います。", Aspect.WHY, Facet.GUIDANCE),
        ("D01の書類を3枚見ます。", "D01の書類を5枚見ます。", Aspect.HOW_TO_CHECK, Facet.GUIDANCE),
        ("partial: D01が一部ある。", "partial: D01が半分ある。", Aspect.CRITERIA, Facet.CRITERIA),
        ("evidence: [D01の控え", "evidence: [D01の原本", Aspect.EVIDENCE, Facet.GUIDANCE),
        (
            "D01は要らないと思われがちですが",
            "D01は足りると思われがちですが",
            Aspect.MISREADING,
            Facet.GUIDANCE,
        ),
        ("D01のことを今年度に行った。", "D01のことを前年度に行った。", Aspect.STATEMENT, Facet.REWORDED),
    ],
)
def test_a_changed_text_is_told_with_its_words(old: str, new: str, aspect: Aspect, facet: Facet) -> None:
    text = successor_yaml(LINEAGES, retired={"D03": "要らない。"}).decode().replace('"', "")
    quoted = text.replace("edition: 2027.1", 'edition: "2027.1"').replace("2027-07-01", '"2027-07-01"')
    quoted = quoted.replace("section: 1(4)", 'section: "1(4)"').replace(
        "iso27002: [5.2]", 'iso27002: ["5.2"]'
    )
    assert old in quoted
    found = against(value_of(small_yaml()), value_of(quoted.replace(old, new, 1).encode(), label="2027.1"))
    entry = found.entries[0]
    (text_change,) = entry.changes[0].texts
    assert (text_change.aspect, text_change.level) == (aspect, "partial" if aspect is Aspect.CRITERIA else "")
    assert text_change.marking.old != text_change.marking.new
    assert facet in entry.facets
    assert entry.kind is (EntryKind.REWORDED if aspect is Aspect.STATEMENT else EntryKind.CHANGED)


@pytest.mark.parametrize(
    ("old", "new", "aspect", "facet", "words"),
    [
        ("weight: 2", "weight: 3", Aspect.WEIGHT, Facet.WEIGHT, ("2", "3")),
        (
            "mandatory: true",
            "mandatory: false",
            Aspect.MANDATORY,
            Facet.MANDATORY,
            ("重要項目", "重要項目ではない"),
        ),
        (
            "mandatory: true",
            "evidence_demanded: true\n        mandatory: true",
            Aspect.EVIDENCE_DEMANDED,
            Facet.EVIDENCE_DEMANDED,
            ("任意", "必要"),
        ),
        (
            "applies_if: []",
            "applies_if: [MN]",
            Aspect.APPLIES_IF,
            Facet.CONDITIONS,
            ("すべての所属", "マイナンバー利用事務がある"),
        ),
        (
            "status: confirmed",
            "status: to_confirm",
            Aspect.GUIDELINE,
            Facet.REFERENCES,
            ("1(4)（確認済）", "1(4)（要確認）"),
        ),
        ("measure: 1", "measure: null", Aspect.MEASURE, Facet.REFERENCES, ("第1号", "なし")),
        ('iso27002: ["5.2"]', "iso27002: []", Aspect.ISO27002, Facet.REFERENCES, ("5.2", "なし")),
        ("ask: head", "ask: promoter", Aspect.ASK, Facet.GUIDANCE, ("所属長", "推進員")),
    ],
)
def test_a_changed_setting_is_told_in_words(
    old: str, new: str, aspect: Aspect, facet: Facet, words: tuple[str, str]
) -> None:
    found = after((old, new))
    entry = found.entries[0]
    (value,) = entry.changes[0].values
    assert (entry.kind, value.aspect, facet in entry.facets) == (EntryKind.CHANGED, aspect, True)
    assert item_value(aspect, value.before, edition=found.before) == words[0]
    assert item_value(aspect, value.after, edition=found.after) == words[1]


def test_an_item_in_another_section_has_moved_and_another_number_is_no_change() -> None:
    entry = after().entries[-1]
    assert [(value.aspect, value.before, value.after) for value in entry.changes[0].values] == [
        (Aspect.SECTION, "情報資産", "体制")
    ]
    assert entry.facets == {Facet.REWORDED, Facet.MOVED}


def test_numbers_of_another_regulation_are_not_compared_item_by_item() -> None:
    found = after(("name: 地方自治法施行規則第16条の3", "name: 別の規則"), ("measure: 1", "measure: 5"))
    assert found.entries[0].kind is EntryKind.SAME
    assert [change.aspect for change in found.edition if change.aspect is EditionAspect.REGULATION_NAME]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("title: 小さな点検票", "title: 大きな点検票", "名前：小さな点検票 → 大きな点検票"),
        ("label: 一部実施", "label: 半分実施", "回答の段階「半分実施」：一部実施 → 半分実施"),
        ("points: 1, comment", "points: 2, comment", "回答の段階「一部実施」の点数：1点 → 2点"),
        ("points: 1, comment", "points: null, comment", "回答の段階「一部実施」の点数：1点 → 数えない"),
        (
            "comment: optional",
            "comment: required",
            "回答の段階「実施」のコメント：書かなくてもよい → 必ず書く",
        ),
        ("symbol: triangle", "symbol: cross", "回答の段階「一部実施」の印：△ → ×"),
        ("{grade: A, at_least: 90}", "{grade: A, at_least: 95}", "評価Aの下限：90%以上 → 95%以上"),
        ("{grade: C, at_least: 60}, ", "", "評価Cの下限：60%以上 → なし"),
        ("mandatory_cap: C", "mandatory_cap: B", "重要項目に未達があるときの評価の上限：C → B"),
        ("label: マイナンバー利用", "label: 個人番号利用", "所属の条件 MN："),
        ("help: 個人番号を使う", "help: 番号を使う", "所属の条件 MN の選び方："),
        ("edition: 令和8年3月27日改定", "edition: 令和9年3月改定", "ガイドラインの版："),
        (
            'effective_on: "2027-07-01"',
            'effective_on: "2028-04-01"',
            "規則の施行日：令和9年7月1日 → 令和10年4月1日",
        ),
        ("title: 体制\n", "title: 組織\n", "分野の名前：体制 → 組織"),
    ],
)
def test_a_change_of_the_edition_is_told_in_words(old: str, new: str, line: str) -> None:
    changes = [(old, new)]
    if "grade: C" in old:
        changes.append(("mandatory_cap: C", "mandatory_cap: B"))
    if "null" in new:
        changes += [(f', partial: "{key}が一部ある。"', "") for key in LINEAGES]
    found = after(*changes)
    told = [
        f"{edition_aspect(one, diff=found)}：{edition_value(one.aspect, one.before)}"
        f" → {edition_value(one.aspect, one.after)}"
        for one in found.edition
    ]
    assert any(one.startswith(line) for one in told), told


def test_a_flag_that_came_is_told_once() -> None:
    found = after(("sections:\n", "  - {code: CL, label: クラウド, help: 使うときに選ぶ。}\nsections:\n"))
    told = [(one.aspect, one.before, one.after) for one in found.edition if one.subject == "CL"]
    assert told == [(EditionAspect.FLAG, None, "クラウド")]


def test_a_changed_scale_bars_every_comparison() -> None:
    found = after(("points: 1, comment", "points: 2, comment"))
    assert found.scale is Scale.CHANGED
    decisions = [made for one in found.entries for made in one.decisions.values() if one.before]
    assert {made.obstacle for made in decisions} == {Obstacle.SCALE, Obstacle.MEANING}


def test_an_edition_does_not_differ_from_itself() -> None:
    edition = value_of(small_yaml())
    found = edition_diff(edition, edition, along=unchanged(edition))
    assert found.is_empty
    assert {one.kind for one in found.entries} == {EntryKind.SAME}


def test_every_kind_of_change_has_a_word() -> None:
    assert set(FACET) == set(Facet)
    assert set(ENTRY_KIND) == set(EntryKind)
    assert set(ASPECT) == set(Aspect)
    assert set(OBSTACLE) == set(Obstacle)


def test_the_editions_in_the_box_differ_as_their_lineage_says() -> None:
    old, new = (
        value_of((FOLDER / f"{label}.yaml").read_bytes(), label=label) for label in ("2025.1", "2026.1")
    )
    found = against(old, new)
    counts = {facet: len(found.having(facet)) for facet in Facet}
    assert (len(old.items), len(new.items)) == (71, 72)
    assert [counts[facet] for facet in (Facet.ADDED, Facet.RETIRED, Facet.SPLIT, Facet.MERGED)] == [
        5,
        4,
        1,
        1,
    ]
    assert (counts[Facet.REWORDED], counts[Facet.WEIGHT], counts[Facet.MANDATORY]) == (13, 6, 3)
    # 重み and 重要 of what a whole became of its parts are counted as well, words are not.
    split = found.having(Facet.SPLIT)[0]
    assert [item.key for item in split.after] == ["D25", "D32"]
    assert all(one.note for one in found.having(Facet.RETIRED))
    for entry in found.entries:
        if len(entry.changes) == 1 and entry.changes[0].texts:
            assert entry.after[0].lineage.note or Aspect.STATEMENT not in entry.changes[0].aspects
