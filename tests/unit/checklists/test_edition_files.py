"""Every way in which an edition file can be wrong, with the line on which the writer finds it."""

import json
from pathlib import Path

import pytest

from app.checklists.commands import AncestryFault, DraftItem, ancestry_faults
from app.checklists.files import LARGEST_FILE, read_edition, to_yaml
from app.checklists.queries import Ancestry
from app.checklists.rules import Lineage, LineageKind
from app.kernel.digest import canonical, digest_text
from app.kernel.errors import InvalidInput

NAME = "checklists/department/2026.1.yaml"
SAMPLE = """\
format: 1
code: department
edition: "2026.1"
title: 点検票
description: 見本です。
basis:
  guideline: {name: ガイドライン, edition: 令和8年3月版}
  regulation: {name: 規則, effective_on: "2027-07-01"}
levels:
  - {code: implemented, label: 実施, symbol: circle, points: 2, comment: optional}
  - {code: partial, label: 一部実施, symbol: triangle, points: 1, comment: required}
  - {code: not_implemented, label: 未実施, symbol: cross, points: 0, comment: required}
  - {code: not_applicable, label: 対象外, symbol: dash, points: null, comment: required}
  - {code: unknown, label: わからない, symbol: question, points: 0, comment: optional}
scoring:
  method: weighted-share-1
  full_points: 2
  bands:
    - {grade: A, at_least: 90}
    - {grade: B, at_least: 75}
    - {grade: C, at_least: 0}
  mandatory_cap: B
flags:
  - {code: MN, label: マイナンバー, help: 使うときに選ぶ。}
sections:
  - slug: organisation
    title: 体制
    items:
      - key: D01
        statement: 届を出した。
        why: 連絡が付かなくなります。
        how_to_check: 控えを見ます。
        criteria: {implemented: 出した。, partial: 一部。, not_implemented: ない。}
        evidence: [控え]
        misreading: 前年度のものでは足りません。
        mandatory: true
        weight: 2
        guideline: [{section: "1(4)", status: confirmed}]
        measure: 1
        iso27002: ["5.2"]
        applies_if: []
        ask: head
        lineage: {kind: new}
  - slug: paper
    title: 紙
    items:
      - key: D02
        statement: 鍵をかけた。
        why: 持ち出されます。
        how_to_check: 棚を引きます。
        criteria: {implemented: 全部。, partial: 一部。, not_implemented: ない。}
        evidence: [写真]
        misreading: 部屋の鍵とは違います。
        mandatory: false
        weight: 1
        guideline: []
        measure: null
        iso27002: []
        applies_if: [MN]
        ask: promoter
        lineage: {kind: new}
retired: []
"""


def problems_of(
    text: str | bytes, *, name: str = NAME, ancestry: Ancestry | None = None
) -> list[tuple[int, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InvalidInput) as refused:
        read_edition(data, name=name, ancestry=ancestry)
    for problem in refused.value.problems:
        assert problem.message.startswith(f"{name}:{problem.row}: ")
    return [(problem.row or 0, problem.message.split(": ", 1)[1]) for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    assert SAMPLE.count(old) == 1, old
    return SAMPLE.replace(old, new)


def test_a_sound_file_becomes_a_draft() -> None:
    draft = read_edition(SAMPLE.encode(), name=NAME, ancestry=Ancestry())
    assert (draft.code, draft.label) == ("department", "2026.1")
    assert [item.key for item in draft.items] == ["D01", "D02"]
    assert draft.content == canonical(json.loads(draft.content))
    assert draft.digest == digest_text(draft.content)


def test_comments_line_ends_and_a_byte_order_mark_do_not_change_the_digest() -> None:
    plain = read_edition(SAMPLE.encode(), name=NAME)
    windows = ("\ufeff# 点検票\n" + SAMPLE).replace("\n", "\r\n")
    assert read_edition(windows.encode(), name=NAME).digest == plain.digest


def test_without_the_list_of_retired_items_nothing_is_retired() -> None:
    shortened = SAMPLE.replace("retired: []\n", "")
    assert (
        read_edition(shortened.encode(), name=NAME).digest == read_edition(SAMPLE.encode(), name=NAME).digest
    )


def test_a_folded_block_of_one_line_is_a_plain_text() -> None:
    block = changed("title: 点検票", "title: >-\n  点検票\n")
    assert read_edition(block.encode(), name=NAME).digest == read_edition(SAMPLE.encode(), name=NAME).digest


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        # the YAML itself
        ("title: 点検票", "title: 点検票\ntitle: もう一つ",
         5, "「title」が二重に書かれています（1つ目は4行目）"),
        ("title: 点検票", "title: &mark 点検票", 4, "目印（&）は使えません"),
        ("title: 点検票", "title: *mark", 4, "別名（*）は使えません"),
        ("title: 点検票", "title: !!str 点検票", 4, "型の指定（!）は使えません"),
        ("flags:\n", "flags: !!seq\n", 23, "型の指定（!）は使えません"),
        ("title: 点検票", "&mark title: 点検票", 4, "目印（&）は使えません"),
        ("title: 点検票", "title: 点検票\n<<: {x: 1}", 5, "取込みの指定（<<）は使えません"),
        ("title: 点検票", "title: 点検票\n? [a]\n: 1", 5, "欄の名前は、ただの文字で書きます"),
        ("title: 点検票", "title: 点検票\n  の続き", 4, "文章が2行以上に分かれています"),
        ("title: 点検票", 'title: "点検票\n  の続き"', 4, "文章が2行以上に分かれています"),
        ("title: 点検票", "title: >-\n  点検票\n  の続き", 4, "文章が2行以上に分かれています"),
        ("title: 点検票", "title: |\n  点検票", 4, "改行や目に見えない文字が入っています"),
        ("title: 点検票", 'title: "点検\\u0000票"', 4, "改行や目に見えない文字が入っています"),
        ("title: 点検票", 'title: "点検\\ud800票"', 4, "改行や目に見えない文字が入っています"),
        ("title: 点検票", "title: 点検\0票", 4, "目に見えない文字（制御文字など）が入っています"),
        ("title: 点検票", "title: 点検\u202e票", 4, "目に見えない文字（制御文字など）が入っています"),
        ("title: 点検票", "title: 点検\u2028票", 4, "目に見えない文字（制御文字など）が入っています"),
        ("title: 点検票", "title: [点検票", 5, "YAMLとして読めません"),
        ("title: 点検票", "title:\t点検票", 4, "YAMLとして読めません"),
        ("title: 点検票", "title: 点検: 票", 4, "YAMLとして読めません"),
        ("format: 1\n", "%YAML 1.1\n---\nformat: 1\n", 1, "「%」で始まる指示は使えません"),
        ("retired: []\n", "retired: []\n---\nformat: 1\n", 63, "2つ目の文書は読みません"),
        ("evidence: [控え]", "evidence: [[[[[[[[[[[[[[控え]]]]]]]]]]]]]]", 34, "入れ子が深すぎます"),
        # the shape of each field
        ("format: 1", "format: 2", 1, "format は1以下にします"),
        ("format: 1", "format: true", 1, "format は整数で書きます"),
        ('edition: "2026.1"', "edition: 2026.1",
         3, "edition は文字で書きます。数に見えるものは引用符で囲みます"),
        ('edition: "2026.1"', 'edition: "1"',
         3, 'edition の書き方が違います。西暦と番号にします（例 "2026.1"）'),
        ("title: 点検票", "titel: 点検票", 4, "titel という欄はありません"),
        ("title: 点検票", "titel: 点検票", 1, "title がありません"),
        ("title: 点検票", "title:", 4, "title は文字で書きます"),
        ("title: 点検票", 'title: ""', 4, "title が空です"),
        ("title: 点検票", 'title: " 点検票"', 4, "title の前か後ろに空白があります"),
        ('"2027-07-01"', "2027-07-01", 8, '日付は引用符で囲みます（"2027-07-01"）'),
        ('"2027-07-01"', '"2027-7-1"', 8, "basis.regulation.effective_on の書き方が違います。年-月-日"),
        ('"2027-07-01"', '"2027-02-30"', 8, "basis.regulation.effective_on は、暦にない日です"),
        ('"2027-07-01"', '"0001-01-01"', 8, "basis.regulation.effective_on は、1900年から2199年まで"),
        ("symbol: triangle", "symbol: star",
         11, "levels.2.symbol は circle、triangle、cross、dash、question のどれか"),
        ("points: 1,", "points: one,", 11, "levels.2.points は整数で書きます"),
        ("points: 1,", "points: 1.5,", 11, "levels.2.points は整数で書きます"),
        ("points: 1,", "points: -1,", 11, "levels.2.points は0以上にします"),
        ("at_least: 90", "at_least: 900", 19, "scoring.bands.1.at_least は100以下にします"),
        ("evidence: [控え]", "evidence: 控え",
         34, "項目 D01 の evidence は一覧（行頭の「-」か [ ]）で書きます"),
        ("evidence: [控え]", "evidence: []", 34, "項目 D01 の evidence には1つ以上を書きます"),
        ("evidence: [控え]", "evidence: [a, b, c, d, e, f, g, h, i, j, k]",
         34, "項目 D01 の evidence は10つまでです"),
        ("  guideline: {name: ガイドライン, edition: 令和8年3月版}", "  guideline: 国",
         7, "basis.guideline は「欄: 値」の組"),
        ("criteria: {implemented: 出した。, partial: 一部。, not_implemented: ない。}", "criteria: 出した。",
         33, "項目 D01 の criteria は「欄: 値」の組"),
        ("mandatory: true", "mandatory: yes", 36, "項目 D01 の mandatory は true か false"),
        ("mandatory: true", "mandatory: 1", 36, "項目 D01 の mandatory は true か false"),
        ("weight: 2", "weight: 4", 37, "項目 D01 の weight は3以下にします"),
        ("weight: 2", "weight: 0", 37, "項目 D01 の weight は1以上にします"),
        ("measure: 1", "measure: 9", 39, "項目 D01 の measure は8以下にします"),
        ("measure: 1", "measure: 0", 39, "項目 D01 の measure は1以上にします"),
        ('section: "1(4)"', "section: 5.3", 38, "項目 D01 の guideline.1.section は文字で書きます"),
        ('["5.2"]', '["9.9"]', 40, "項目 D01 の iso27002.1 の書き方が違います"),
        ("statement: 届を出した。", "statement: " + "あ" * 81, 30, "項目 D01 の statement は80文字までです"),
        ("key: D01", "key: d1", 29, "項目 d1 の key の書き方が違います"),
        ("key: D01", "key: 1", 29, "項目 1番目 の key は文字で書きます"),
        ("slug: paper", "slug: Paper_Room",
         44, "章 Paper_Room の slug の書き方が違います。英小文字、数字、ハイフン"),
        ("ask: head", "ask: mayor",
         42, "項目 D01 の ask は head、promoter、general_affairs、outsourcing、subsection_chief"),
        # what has to agree
        ("code: department", "code: system", 2, "code は「system」ですが、フォルダーは「department」です"),
        ('edition: "2026.1"', 'edition: "2026.2"',
         3, "edition は「2026.2」ですが、ファイル名は「2026.1.yaml」です"),
        ("key: D02", "key: D01", 47, "の「D01」は29行目でも使われています"),
        ("slug: paper", "slug: organisation", 44, "の「organisation」は26行目でも使われています"),
        ("{code: partial, label: 一部実施", "{code: implemented, label: 一部実施",
         11, "の「implemented」は10行目でも"),
        ("label: 一部実施", "label: 実施", 11, "の「実施」は10行目でも使われています"),
        ("{grade: B, at_least: 75}", "{grade: A, at_least: 75}", 20, "の「A」は19行目でも使われています"),
        ("retired: []", "retired: [{key: D09, note: 廃止。}, {key: D09, note: 廃止。}]",
         62, "の「D09」は62行目でも使われています"),
        ("at_least: 75", "at_least: 95", 20, "at_least の 95 は、上の 90 より小さくします"),
        ("at_least: 0}", "at_least: 10}", 21, "at_least は 0 にします"),
        ("mandatory_cap: B", "mandatory_cap: E",
         22, "mandatory_cap の「E」は、bands の段階（grade）にありません"),
        ("points: 2,", "points: 3,", 10, "points は満点（full_points の 2）までです"),
        ("points: 2,", "points: 1,", 17, "scoring.full_points の 2 点になる段階（levels）がありません"),
        ("applies_if: [MN]", "applies_if: [XX]",
         59, "項目 D02 の applies_if.1 の「XX」は、flags にありません"),
        (", not_implemented: ない。}\n        evidence: [写真]", "}\n        evidence: [写真]", 51,
         "項目 D02 の criteria.not_implemented がありません"),
        ("{implemented: 全部。,", "{unknown: 知らない。, implemented: 全部。,",
         51, "項目 D02 の criteria.unknown は余分です"),
        ("retired: []", "retired: [{key: D02, note: 廃止。}]", 62, "の「D02」が、この版の項目にもあります"),
    ],
)  # fmt: skip
def test_each_mistake_is_reported_with_its_line(old: str, new: str, line: int, sentence: str) -> None:
    found = problems_of(changed(old, new))
    assert any(row == line and sentence in message for row, message in found), found


@pytest.mark.parametrize(
    ("lineage", "sentence"),
    [
        ("{of: D01}", "項目 D01 の lineage に kind がありません"),
        ("{kind: old}", "lineage の kind は new、same、reworded、split、merged のどれかにします"),
        ("{kind: new, of: D01}", "項目 D01 の lineage.of という欄はありません"),
        ("{kind: same}", "項目 D01 の lineage.of がありません"),
        ("{kind: same, of: D01, comparable: true}", "項目 D01 の lineage.comparable という欄はありません"),
        ("{kind: reworded, of: D01}", "項目 D01 の lineage.comparable がありません"),
        ("{kind: reworded, of: D01, comparable: true}", "項目 D01 の lineage.note がありません"),
        (
            "{kind: split, of: [D01], comparable: false, note: 分けた。}",
            "項目 D01 の lineage.of は文字で書きます",
        ),
        (
            "{kind: merged, of: [D01], comparable: false, note: まとめた。}",
            "項目 D01 の lineage.of には2つ以上",
        ),
        ("new", "項目 D01 の lineage は「欄: 値」の組で書きます"),
    ],
)
def test_the_fields_of_a_lineage_follow_its_kind(lineage: str, sentence: str) -> None:
    text = SAMPLE.replace("lineage: {kind: new}", f"lineage: {lineage}", 1)
    assert any(row == 43 and sentence in message for row, message in problems_of(text, ancestry=Ancestry()))


def test_all_mistakes_of_a_file_are_reported_at_once_in_the_order_of_its_lines() -> None:
    text = changed("title: 点検票", "title: &a 点検票").replace("weight: 2", "weight: 7")
    text = text.replace("applies_if: [MN]", "applies_if: [XX]").replace("key: D02", "key: D01")
    assert [row for row, _ in problems_of(text)] == [4, 37, 47, 59]


def test_the_same_mistake_is_told_once() -> None:
    assert len(problems_of(changed("weight: 2", "weight: 7"))) == 1


@pytest.mark.parametrize(
    ("data", "line", "sentence"),
    [
        (b"", 1, "ファイルが空です"),
        (b"# only a comment\n", 1, "ファイルが空です"),
        (b"- a\n- b\n", 1, "ファイルの一番外側は「欄: 値」の組で書きます"),
        (SAMPLE.encode("cp932"), 4, "文字コードがUTF-8ではありません"),
        (b"#" * (LARGEST_FILE + 1), 1, "ファイルが大きすぎます（2MBまで）"),
        (b"[" * 100_000, 1, "入れ子が深すぎます"),
    ],
)
def test_what_is_no_edition_file_at_all_is_refused(data: bytes, line: int, sentence: str) -> None:
    assert [row for row, message in problems_of(data) if sentence in message] == [line]


@pytest.mark.parametrize(
    "broken", ["levels: 1", "sections: [1, {items: 2}, {items: [3, {key: 4}]}]", "scoring: x"]
)
def test_checks_pass_over_what_has_another_shape(broken: str) -> None:
    assert problems_of(f"{broken}\n", ancestry=Ancestry())


# -------------------------------------------------------------------------------------- lineage over editions

KNOWN = Ancestry(label="2026.1", keys=frozenset({"D01", "D02"}), used=frozenset({"D00", "D01", "D02"}))


def draft_item(key: str, kind: LineageKind, *of: str) -> DraftItem:
    return DraftItem(key=key, lineage=Lineage(kind=kind, of=of))


@pytest.mark.parametrize(
    ("items", "retired", "ancestry", "faulty", "sentence"),
    [
        ([draft_item("D01", LineageKind.SAME, "D01")], (), Ancestry(), "D01", "最初の版なので"),
        (
            [draft_item("D09", LineageKind.SPLIT, "D77")],
            ("D01", "D02"),
            KNOWN,
            "D09",
            "D77 は、前の版（2026.1）にありません",
        ),
        ([draft_item("D01", LineageKind.NEW)], ("D02",), KNOWN, "D01", "前の版で使われています"),
        ([draft_item("D00", LineageKind.NEW)], ("D01", "D02"), KNOWN, "D00", "前の版で使われています"),
        ([draft_item("D01", LineageKind.SPLIT, "D01")], ("D02",), KNOWN, "D01", "前の版で使われています"),
        ([draft_item("D03", LineageKind.SAME, "D01")], ("D02",), KNOWN, "D03", "キーを変えません"),
        ([draft_item("D01", LineageKind.REWORDED, "D02")], (), KNOWN, "D01", "キーを変えません"),
        ([draft_item("D01", LineageKind.SAME, "D01")], (), KNOWN, "D02", "どこにも続いていません"),
        ([draft_item("D01", LineageKind.SAME, "D01")], ("D02", "D55"), KNOWN, "D55", "前の版にありません"),
        (
            [draft_item("D01", LineageKind.SAME, "D01")],
            ("D01", "D02"),
            KNOWN,
            "D01",
            "lineage で受け継いでいます",
        ),
    ],
)
def test_a_lineage_that_does_not_fit_the_edition_before_is_named(
    items: list[DraftItem], retired: tuple[str, ...], ancestry: Ancestry, faulty: str, sentence: str
) -> None:
    faults = list(ancestry_faults(items, retired=retired, of=ancestry))
    assert any(fault.key == faulty and sentence in fault.message for fault in faults), faults


@pytest.mark.parametrize(
    ("items", "retired"),
    [
        ([draft_item("D01", LineageKind.SAME, "D01"), draft_item("D02", LineageKind.REWORDED, "D02")], ()),
        ([draft_item("D03", LineageKind.MERGED, "D01", "D02")], ()),
        (
            [draft_item("D03", LineageKind.SPLIT, "D01"), draft_item("D04", LineageKind.SPLIT, "D01")],
            ("D02",),
        ),
        ([draft_item("D05", LineageKind.NEW)], ("D01", "D02")),
    ],
)
def test_a_lineage_that_accounts_for_every_item_passes(
    items: list[DraftItem], retired: tuple[str, ...]
) -> None:
    found: list[AncestryFault] = list(ancestry_faults(items, retired=retired, of=KNOWN))
    assert found == []


def test_a_file_is_told_on_which_line_its_lineage_does_not_fit() -> None:
    text = changed('edition: "2026.1"', 'edition: "2027.1"').replace(
        "retired: []", "retired:\n  - {key: D55, note: 廃止。}"
    )
    found = problems_of(text, name="department/2027.1.yaml", ancestry=KNOWN)
    assert [(row, message.split("：")[0]) for row, message in found] == [
        (29, "項目 D01"), (29, "項目 D01"), (47, "項目 D02"), (47, "項目 D02"), (63, "項目 D55"),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------- the way back


def test_an_exported_file_gives_the_same_digest_again() -> None:
    draft = read_edition(SAMPLE.encode(), name=NAME)
    exported = to_yaml(draft.content)
    assert read_edition(exported, name=NAME).digest == draft.digest
    assert to_yaml(read_edition(exported, name=NAME).content) == exported


@pytest.mark.parametrize(
    "word", ["no", "Null", "2026.1", "2027-07-01", '引用"符\\', "- 行頭", "a: b", "#注", "{x}", "*a", "&b"]
)
def test_words_that_yaml_would_misread_survive_the_way_out_and_back(word: str) -> None:
    draft = read_edition(
        changed("title: 点検票", f"title: {json.dumps(word, ensure_ascii=False)}").encode(), name=NAME
    )
    assert json.loads(read_edition(to_yaml(draft.content), name=NAME).content)["title"] == word


def test_lineages_of_every_kind_survive_the_way_out_and_back() -> None:
    for lineage in (
        "{kind: same, of: D01}",
        "{kind: reworded, of: D01, comparable: true, note: 言い換えた。}",
        "{kind: split, of: D05, comparable: false, note: 分けた。}",
        "{kind: merged, of: [D05, D06], comparable: false, note: まとめた。}",
    ):
        text = SAMPLE.replace("lineage: {kind: new}", f"lineage: {lineage}", 1)
        draft = read_edition(text.encode(), name=NAME)
        assert read_edition(to_yaml(draft.content), name=NAME).digest == draft.digest


@pytest.mark.parametrize(
    "path", sorted(Path("checklists").glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_edition_of_the_repository_is_sound(path: Path) -> None:
    draft = read_edition(path.read_bytes(), name=path.as_posix())
    assert read_edition(to_yaml(draft.content), name=path.as_posix()).digest == draft.digest
