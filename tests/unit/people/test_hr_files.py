"""Lists in a city's own columns: what is proposed, what is kept of a mapping, what is read, and every reason why not."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.kernel.errors import InvalidInput
from app.organisation.files import Sheet, read_sheet
from app.people.files import (
    code_of,
    hr_file,
    hr_sheet,
    mapping_from,
    mapping_problems,
    mapping_text,
    proposed_mapping,
    words_without_meaning,
)
from app.people.files.words import CELL_WORDS, HEADER_WORDS, MEANING
from app.people.rules import (
    CODES,
    AbsenceKind,
    Change,
    ColumnMapping,
    DateForm,
    EmploymentType,
    FileAbsence,
    FilePost,
    FileShape,
    HrField,
    HrRow,
    LeavingDay,
    Position,
    PostingKind,
)
from app.people.texts import (
    ABSENCE_KIND,
    CHANGE,
    DATE_FORM,
    EMPLOYMENT_TYPE,
    FILE_SHAPE,
    HR_FIELD,
    LEAVING_DAY,
    NOT_MATCHED_REASON,
    PERSON_OUTCOME,
    POSITION,
    POSTING_KIND,
    SPAN_ACT,
)

LAYOUTS = Path(__file__).parent / "layouts"
APRIL = date(2026, 4, 1)

CHANGES = ColumnMapping(
    shape=FileShape.CHANGES_ONLY,
    columns={
        HrField.STAFF_NO: ("番号",),
        HrField.NAME: ("氏名",),
        HrField.UNIT_CODE: ("所属",),
        HrField.TITLE: ("職名",),
        HrField.POSITION: ("職名",),
        HrField.CHANGE: ("異動",),
        HrField.KIND: ("発令",),
        HrField.FIRST_DAY: ("日",),
        HrField.LAST_DAY: ("まで",),
        HrField.LEFT_ON: ("退職日",),
        HrField.EMPLOYMENT: ("任用",),
    },
    words={HrField.POSITION: {"課長": Position.HEAD.value, "*": Position.STAFF.value}},
)
WHOLE = ColumnMapping(
    shape=FileShape.WHOLE_LIST,
    columns={
        HrField.STAFF_NO: ("番号",),
        HrField.NAME: ("氏名",),
        HrField.UNIT_CODE: ("所属",),
        HrField.FIRST_DAY: ("日",),
        HrField.LAST_DAY: ("まで",),
        HrField.LEFT_ON: ("退職日",),
        HrField.ABSENCE: ("休職",),
        HrField.ABSENCE_FROM: ("休職から",),
        HrField.ABSENCE_TO: ("休職まで",),
    },
    constants={
        HrField.TITLE: "職員",
        HrField.POSITION: Position.STAFF.value,
        HrField.KIND: PostingKind.MAIN.value,
        HrField.EMPLOYMENT: EmploymentType.REGULAR.value,
        HrField.ORDER_NO: "人第1号",
    },
)


def without(mapping: ColumnMapping, left_out: HrField) -> dict[HrField, tuple[str, ...]]:
    found = dict(mapping.columns)
    del found[left_out]
    return found


def sheet(mapping: ColumnMapping, **cells: str) -> Sheet:
    """One row under the header of a mapping; what is not given is empty."""
    header = tuple(dict.fromkeys(word for words in mapping.columns.values() for word in words))
    given = {"番号": "1001", "氏名": "佐藤 花子", **cells}
    text = ",".join(header) + "\n" + ",".join(f'"{given.get(word, "")}"' for word in header)
    return read_sheet(text.encode())


def row_of(mapping: ColumnMapping, **cells: str) -> HrRow:
    (row,) = hr_sheet(sheet(mapping, **cells), mapping=mapping, effective=APRIL).rows
    return row


def problems_of(mapping: ColumnMapping, **cells: str) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(InvalidInput) as refused:
        row_of(mapping, **cells)
    return [(problem.row, problem.field, problem.message) for problem in refused.value.problems]


def changed(**cells: str) -> HrRow:
    given = {"所属": "2010", "職名": "主査", "任用": "正規", **cells}
    return row_of(CHANGES, **given)


def listed(**cells: str) -> HrRow:
    return row_of(WHOLE, **{"所属": "2010", **cells})


def book(*rows: tuple[object, ...]) -> bytes:
    made = Workbook()
    for row in rows:
        made.worksheets[0].append(list(row))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


# --------------------------------------------------------------------------------------------- the layouts


def test_a_whole_list_of_another_program_is_read_as_proposed() -> None:
    data = (LAYOUTS / "whole_list_cp932.csv").read_bytes()
    proposal = proposed_mapping(read_sheet(data))
    assert proposal.missing == (HrField.POSITION,)
    assert proposal.unused == ("所属名", "備考")
    assert HrField.LEFT_ON in proposal.unmatched
    assert (proposal.mapping.shape, proposal.mapping.dates) == (FileShape.WHOLE_LIST, DateForm.COMPACT)
    heads = {HrField.POSITION: {"課長": Position.HEAD.value, "*": Position.STAFF.value}}
    columns = {**proposal.mapping.columns, HrField.POSITION: ("職名",)}
    mapping = mapping_from(mapping_text(replace(proposal.mapping, columns=columns, words=heads)))
    read = hr_file(data, mapping=mapping, effective=APRIL)
    assert read.rows[0] == HrRow(
        row=2,
        staff_no="01048",
        name="髙﨑 花子",
        kana="ﾀｶｻｷ ﾊﾅｺ",
        employment=EmploymentType.REGULAR,
        change=None,
        post=FilePost(unit_code="2010", kind=PostingKind.MAIN, title="主査"),
        day=date(2024, 4, 1),
        absence=FileAbsence(kind=None, day=APRIL),
    )
    assert [row.post.kind for row in read.rows if row.post][1] is PostingKind.CONCURRENT
    assert read.rows[2].employment is EmploymentType.REAPPOINTED
    assert read.rows[2].absence == FileAbsence(kind=AbsenceKind.PARENTAL, day=APRIL)
    assert (read.rows[3].name, read.rows[3].day) == ("\ue000川 次郎", APRIL)
    (caution,) = read.cautions
    assert (caution.row, caution.field) == (5, "姓・名")
    assert "U+E000" in caution.message


def test_a_list_of_changes_with_era_dates_and_wide_digits_is_read_as_proposed() -> None:
    data = (LAYOUTS / "changes_utf8.csv").read_bytes()
    proposal = proposed_mapping(read_sheet(data))
    assert (proposal.missing, proposal.unused) == ((), ("新所属名",))
    assert (proposal.mapping.shape, proposal.mapping.dates) == (FileShape.CHANGES_ONLY, DateForm.WRITTEN)
    read = hr_file(data, mapping=proposal.mapping, effective=APRIL)
    assert [row.change for row in read.rows] == [
        Change.HIRE,
        Change.MOVE,
        Change.CONCURRENT,
        Change.DEPART,
        Change.PARENTAL,
    ]
    hired, promoted, beside, gone, away = read.rows
    assert (hired.staff_no, hired.name, hired.order_no) == ("01301", "𠮷田 三郎", "人第１２号")
    assert hired.post == FilePost(unit_code="2010", kind=PostingKind.MAIN, title="主事")
    assert promoted.post is not None
    assert (promoted.post.position, promoted.employment) == (Position.HEAD, None)
    assert beside.post is not None
    assert (beside.post.kind, beside.until) == (PostingKind.CONCURRENT, date(2027, 4, 1))
    assert (gone.post, gone.day) == (None, APRIL)
    assert (away.name, away.day, away.until) == ("葛\U000e0100城 次郎", date(2026, 5, 10), date(2027, 4, 1))
    assert read.cautions == ()


def test_a_workbook_is_read_as_a_file() -> None:
    header = ("職員番号", "氏名", "カナ", "任用形態", "所属コード", "職名", "区分", "退職年月日")
    data = book(
        header,
        ("01048", "佐藤 花子", "サトウ ハナコ", "任期付", 2010, "主査", "職員", None),
        (1102.0, "渡辺 一郎", "ワタナベ イチロウ", "特別職", 3010, "部長", "所属長", date(2026, 3, 31)),
        ("01103", "鈴木 二郎", "スズキ ジロウ", "委託", "2010", "技術員", "職員", date(2027, 3, 31)),
    )
    mapping = proposed_mapping(read_sheet(data)).mapping
    assert mapping.constants == {HrField.KIND: PostingKind.MAIN.value}
    here, gone, limited = hr_file(data, mapping=mapping, effective=APRIL).rows
    assert (here.staff_no, here.employment) == ("01048", EmploymentType.FIXED_TERM)
    assert here.post is not None
    assert here.post.unit_code == "2010"
    assert (gone.staff_no, gone.change, gone.post, gone.day) == ("1102", Change.DEPART, None, APRIL)
    assert (limited.change, limited.until) == (None, date(2027, 4, 1))


# ------------------------------------------------------------------------------------------- the proposal


@pytest.mark.parametrize(
    ("header", "field", "words"),
    [
        ("職員コード", HrField.STAFF_NO, ("職員コード",)),
        ("職員ＣＤ", HrField.STAFF_NO, ("職員ＣＤ",)),
        ("職番", HrField.STAFF_NO, ("職番",)),
        ("名前", HrField.NAME, ("名前",)),
        ("氏,名", HrField.NAME, ("氏", "名")),
        ("※氏名（漢字）", HrField.NAME, ("※氏名（漢字）",)),
        ("姓,名,氏名", HrField.NAME, ("氏名",)),
        ("ｶﾅ", HrField.KANA, ("ｶﾅ",)),
        ("ふりがな", HrField.KANA, ("ふりがな",)),
        ("セイ,メイ", HrField.KANA, ("セイ", "メイ")),
        ("旧所属コード,新所属コード", HrField.UNIT_CODE, ("新所属コード",)),
        ("所属CD", HrField.UNIT_CODE, ("所属CD",)),
        ("補職名", HrField.TITLE, ("補職名",)),
        ("異動年月日", HrField.FIRST_DAY, ("異動年月日",)),
        ("発令番号", HrField.ORDER_NO, ("発令番号",)),
        ("退職日[元号]", HrField.LEFT_ON, ("退職日[元号]",)),
    ],
)
def test_a_column_is_known_by_the_usual_words(header: str, field: HrField, words: tuple[str, ...]) -> None:
    proposal = proposed_mapping(read_sheet(f"{header}\n1,2,3\n".encode()))
    assert proposal.mapping.columns[field] == words
    assert field not in proposal.missing


@pytest.mark.parametrize("header", ["氏名,氏名", "姓,x", "個人番号", "備考"])
def test_what_is_not_clear_is_not_proposed(header: str) -> None:
    proposal = proposed_mapping(read_sheet(f"{header}\n1,2\n".encode()))
    assert HrField.NAME in proposal.missing
    assert HrField.STAFF_NO in proposal.missing
    assert proposal.mapping.columns == {}


@pytest.mark.parametrize(
    ("day", "form"),
    [
        ("20260401", DateForm.COMPACT),
        ("２０２６０４０１", DateForm.COMPACT),
        ("5080401", DateForm.ERA_NUMBER),
        ("2026-04-01", DateForm.WRITTEN),
        ("", DateForm.WRITTEN),
    ],
)
def test_the_form_of_dates_is_told_by_their_look(day: str, form: DateForm) -> None:
    assert proposed_mapping(read_sheet(f"氏名,発令日\n佐藤,{day}\n".encode())).mapping.dates is form


def test_columns_that_a_shape_does_not_use_are_left_unused() -> None:
    proposal = proposed_mapping(read_sheet("異動種別,休職区分\n採用,\n".encode()))
    assert (proposal.mapping.shape, proposal.unused) == (FileShape.CHANGES_ONLY, ("休職区分",))
    assert HrField.ABSENCE not in proposal.unmatched


def test_no_word_means_two_things() -> None:
    for words in (*CELL_WORDS.values(), {"": sum(HEADER_WORDS.values(), ())}):
        flat = [word for group in words.values() for word in group]
        assert len(flat) == len(set(flat))
    assert {field: set(codes.values()) for field, codes in MEANING.items()} == {
        field: set(codes) for field, codes in CODES.items()
    }


@pytest.mark.parametrize(
    ("field", "labels"),
    [
        (HrField.EMPLOYMENT, EMPLOYMENT_TYPE),
        (HrField.CHANGE, CHANGE),
        (HrField.POSITION, POSITION),
        (HrField.KIND, POSTING_KIND),
        (HrField.ABSENCE, ABSENCE_KIND),
    ],
)
def test_our_own_labels_are_understood(field: HrField, labels: Mapping[str, str]) -> None:
    assert {code_of(WHOLE, field, label): label for label in labels.values()} == dict(labels)


def test_everything_has_a_label() -> None:
    for labels in (
        *(ABSENCE_KIND, CHANGE, DATE_FORM, EMPLOYMENT_TYPE, FILE_SHAPE, HR_FIELD, LEAVING_DAY),
        *(NOT_MATCHED_REASON, PERSON_OUTCOME, SPAN_ACT),
    ):
        kind = type(next(iter(labels)))
        assert list(labels) == list(kind)
        assert len(set(labels.values())) == len(labels)


# --------------------------------------------------------------------------------------------- the mapping


@pytest.mark.parametrize("mapping", [CHANGES, WHOLE, replace(WHOLE, dates=DateForm.COMPACT)])
def test_a_mapping_comes_back_from_its_text(mapping: ColumnMapping) -> None:
    again = mapping_from(mapping_text(mapping))
    assert again == mapping
    assert mapping_text(again) == mapping_text(mapping)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"shape":"whole-list"', '"shape":"half-list"'),
        ('"columns"', '"rows"'),
        ('"columns":{', '"columns":{"colour":["x"],'),
        ('["番号"]', '"番号"'),
        ('["番号"]', "[1]"),
        ('"constants":{', '"constants":[],"x":{'),
        ('"constants":{', '"constants":{"staff-no":1,'),
        ('"words":{', '"words":{"kind":["x"],'),
        ('"words":{', '"words":{"kind":{"x":1},'),
        ('"dates":"written"', '"dates":null'),
        ('"leaving_day":"last-in-office",', ""),
        ("{", "["),
        ('{"columns"', '[{"columns"'),
    ],
)
def test_a_text_that_is_no_mapping_is_refused(was: str, now: str) -> None:
    text = mapping_text(WHOLE)
    assert was in text
    with pytest.raises(InvalidInput, match="列の対応を読み取れません"):
        mapping_from(text.replace(was, now, 1))


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"', ""])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        mapping_from(text)


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"columns": {**WHOLE.columns, HrField.NAME: ()}}, "name", "「氏名」の列を選んでください"),
        ({"constants": {}}, "title", "「職名」の列を選ぶか、すべての行に同じ値を決めて"),
        (
            {"columns": {**WHOLE.columns, HrField.KANA: ("よみ",)}},
            "kana",
            "見出し「よみ」の列がファイルにありません",
        ),
        ({"columns": {**WHOLE.columns, HrField.KANA: ("二つ",)}}, "kana", "見出し「二つ」が二つあります"),
        ({"columns": {**WHOLE.columns, HrField.UNIT_CODE: ("番号", "所属")}}, "unit-code", "一つだけ"),
        ({"constants": {**WHOLE.constants, HrField.NAME: "佐藤"}}, "name", "同じ値にはできません"),
        ({"constants": {**WHOLE.constants, HrField.KIND: "本務"}}, "kind", "決めた値「本務」は使えません"),
        ({"words": {HrField.NAME: {"a": "b"}}}, "name", "言葉の対応は要りません"),
        ({"words": {HrField.KIND: {"本籍": "本務"}}}, "kind", "「本籍」の読み方「本務」は使えません"),
    ],
)
def test_a_mapping_that_does_not_fit_is_named_by_its_field(
    changes: dict[str, object], field: str, part: str
) -> None:
    mapping = replace(WHOLE, **changes)  # type: ignore[arg-type]
    header = (*(words[0] for words in WHOLE.columns.values()), "二つ", "二つ")
    found = {problem.field: problem.message for problem in mapping_problems(mapping, header)}
    assert part in found[field]


def test_a_mapping_that_fits_has_no_problems_and_one_that_does_not_reads_nothing() -> None:
    assert mapping_problems(CHANGES, sheet(CHANGES).header) == ()
    with pytest.raises(InvalidInput, match="見出し「所属」の列がファイルにありません"):
        hr_file("番号,氏名\n1,2\n".encode(), mapping=WHOLE, effective=APRIL)


def test_words_that_nobody_explained_are_listed_once() -> None:
    data = "番号,氏名,所属,職名,異動,任用\n1,a,1,主査,採用,臨任\n2,b,1,課長,謎,臨任\n3,c,1,主査,採用,\n"
    assert words_without_meaning(read_sheet(data.encode()), CHANGES) == {
        HrField.EMPLOYMENT: ("臨任",),
        HrField.CHANGE: ("謎",),
    }


def test_a_citys_own_words_come_first() -> None:
    mapping = replace(
        WHOLE, words={HrField.EMPLOYMENT: {"常勤": "annual"}, HrField.KIND: {"＊": "main", "本務": "joint"}}
    )
    assert code_of(mapping, HrField.EMPLOYMENT, "常勤") == "annual"
    assert code_of(mapping, HrField.EMPLOYMENT, "正規") == "regular"
    assert code_of(mapping, HrField.EMPLOYMENT, "謎") is None
    assert code_of(mapping, HrField.KIND, "本務") == "joint"
    assert code_of(mapping, HrField.KIND, "謎") == "main"
    assert code_of(mapping, HrField.KIND, "*") == "main"
    assert code_of(mapping, HrField.ABSENCE, "") == "present"


# ------------------------------------------------------------------------------------------- single cells


def test_constants_stand_where_there_is_no_column() -> None:
    row = listed()
    assert row.post == FilePost(unit_code="2010", kind=PostingKind.MAIN, title="職員")
    assert (row.employment, row.order_no, row.kana) == (EmploymentType.REGULAR, "人第1号", None)
    assert (row.day, row.until, row.change) == (APRIL, None, None)


@pytest.mark.parametrize(
    ("cells", "day", "until"),
    [
        ({"日": "R8.4.1"}, APRIL, None),
        ({"日": "令和６年４月１日", "まで": "2027/3/31"}, date(2024, 4, 1), date(2027, 4, 1)),
        ({"まで": "9999-12-31"}, APRIL, None),
        ({"まで": "99999999"}, APRIL, None),
        ({"日": "00000000", "まで": "0"}, APRIL, None),
        ({"まで": "2027-03-31", "退職日": "2026-12-31"}, APRIL, date(2027, 1, 1)),
    ],
)
def test_days_of_a_whole_list(cells: dict[str, str], day: date, until: date | None) -> None:
    row = listed(**cells)
    assert (row.day, row.until) == (day, until)


@pytest.mark.parametrize(
    ("form", "typed", "day"),
    [
        (DateForm.COMPACT, "20250401", date(2025, 4, 1)),
        (DateForm.COMPACT, "2025-04-01", date(2025, 4, 1)),
        (DateForm.ERA_NUMBER, "5070401", date(2025, 4, 1)),
        (DateForm.ERA_NUMBER, "４３１０４３０", date(2019, 4, 30)),
        (DateForm.ERA_NUMBER, "3640107", date(1989, 1, 7)),
        (DateForm.ERA_NUMBER, "R7.4.1", date(2025, 4, 1)),
    ],
)
def test_days_in_the_forms_of_other_programs(form: DateForm, typed: str, day: date) -> None:
    assert row_of(replace(WHOLE, dates=form), 所属="2010", 日=typed).day == day


@pytest.mark.parametrize(
    ("form", "typed", "ways"),
    [
        (DateForm.WRITTEN, "20250401", "令和8年4月1日 のように"),
        (DateForm.COMPACT, "20250230", "令和8年4月1日 か 20260401 のように"),
        (DateForm.COMPACT, "5070401", "20260401"),
        (DateForm.ERA_NUMBER, "4320401", "5080401"),
        (DateForm.ERA_NUMBER, "20250401", "5080401"),
        (DateForm.WRITTEN, "昨日", "2026-04-01"),
    ],
)
def test_what_is_no_day_is_named_with_what_would_be(form: DateForm, typed: str, ways: str) -> None:
    ((row, field, message),) = problems_of(replace(WHOLE, dates=form), 所属="2010", 日=typed)
    assert (row, field) == (2, "日")
    assert ways in message


@pytest.mark.parametrize(
    ("cells", "absence"),
    [
        ({}, FileAbsence(kind=None, day=APRIL)),
        ({"休職": "在職"}, FileAbsence(kind=None, day=APRIL)),
        ({"休職": "休職"}, FileAbsence(kind=AbsenceKind.LEAVE, day=APRIL)),
        (
            {"休職": "育休", "休職から": "2026-01-01", "休職まで": "2027-03-31"},
            FileAbsence(kind=AbsenceKind.PARENTAL, day=date(2026, 1, 1), until=date(2027, 4, 1)),
        ),
    ],
)
def test_who_is_away_is_told_by_a_word(cells: dict[str, str], absence: FileAbsence) -> None:
    assert listed(**cells).absence == absence


def test_a_list_without_that_column_says_nothing_of_absence() -> None:
    columns = without(WHOLE, HrField.ABSENCE)
    assert row_of(replace(WHOLE, columns=columns), 所属="2010").absence is None


@pytest.mark.parametrize(
    ("cells", "leaving", "day"),
    [
        ({"日": "2026-03-31"}, LeavingDay.LAST_IN_OFFICE, APRIL),
        ({"日": "2026-04-01"}, LeavingDay.FIRST_AWAY, APRIL),
        ({"日": "2026-04-01", "退職日": "2026-04-30"}, LeavingDay.FIRST_AWAY, date(2026, 5, 1)),
        ({}, LeavingDay.LAST_IN_OFFICE, APRIL),
        ({}, LeavingDay.FIRST_AWAY, APRIL),
        ({"日": "99999999"}, LeavingDay.LAST_IN_OFFICE, APRIL),
    ],
)
def test_the_first_day_without_a_post(cells: dict[str, str], leaving: LeavingDay, day: date) -> None:
    row = row_of(replace(CHANGES, leaving_day=leaving), 異動="定年退職", **cells)
    assert (row.change, row.day, row.until, row.post, row.employment) == (
        Change.DEPART,
        day,
        None,
        None,
        None,
    )


def test_each_change_names_the_post_that_it_needs() -> None:
    assert changed(異動="兼務").post == FilePost(unit_code="2010", kind=PostingKind.CONCURRENT, title="主査")
    assert changed(異動="異動", 職名="課長").post == FilePost(
        unit_code="2010", kind=PostingKind.MAIN, title="課長", position=Position.HEAD
    )
    assert changed(異動="併任解除").post == FilePost(unit_code="2010", kind=PostingKind.JOINT)
    assert changed(異動="休職").post is None
    assert changed(異動="復職").post == FilePost(unit_code="2010", kind=PostingKind.MAIN, title="主査")
    assert row_of(CHANGES, 異動="復職").post is None


@pytest.mark.parametrize(
    ("word", "until"),
    [("採用", date(2027, 4, 1)), ("休職", date(2027, 4, 1)), ("兼務解除", None), ("復職", None)],
)
def test_only_what_begins_has_an_end(word: str, until: date | None) -> None:
    assert changed(異動=word, まで="2027-03-31").until == until
    assert changed(異動=word, 退職日="2027-03-31").until == until


def test_the_kind_of_a_post_has_to_agree_with_the_change() -> None:
    assert changed(異動="兼務発令", 発令="兼務").change is Change.CONCURRENT
    assert changed(異動="退職", 発令="兼務").change is Change.DEPART
    ((row, field, message),) = problems_of(CHANGES, 所属="2010", 職名="主査", 異動="異動", 発令="兼務")
    assert (row, field) == (2, "発令")
    assert message == "異動「異動」は本務の発令ですが、発令は「兼務」です。どちらかを直してください。"


def test_who_is_hired_has_an_employment_type() -> None:
    ((_, field, message),) = problems_of(CHANGES, 所属="2010", 職名="主査", 異動="採用")
    assert (field, message) == ("任用", "任用を入れてください。")
    assert row_of(CHANGES, 所属="2010", 職名="主査", 異動="異動").employment is None


@pytest.mark.parametrize(
    ("cells", "field", "part"),
    [
        ({"番号": ""}, "番号", "入れてください"),
        ({"番号": "職員一"}, "番号", "英数字"),
        ({"氏名": ""}, "氏名", "入れてください"),
        ({"氏名": "佐\x07藤"}, "氏名", "制御文字"),
        ({"氏名": "佐" * 101}, "氏名", "100文字"),
        ({"所属": ""}, "所属", "入れてください"),
        ({"職名": ""}, "職名", "入れてください"),
        ({"職名": "主" * 61}, "職名", "60文字"),
        ({"異動": "謎"}, "異動", "「謎」の意味が決まっていません"),
        ({"異動": ""}, "異動", "入れてください"),
        ({"発令": "謎"}, "発令", "「謎」の意味"),
        ({"任用": "臨任"}, "任用", "「臨任」の意味"),
    ],
)
def test_each_wrong_cell_is_named_by_the_header_of_the_file(
    cells: dict[str, str], field: str, part: str
) -> None:
    sound = {"所属": "2010", "職名": "主査", "任用": "正規", "異動": "異動"}
    found = problems_of(CHANGES, **{**sound, **cells})
    assert [(row, column) for row, column, _ in found] == [(2, field)]
    assert part in found[0][2]


def test_all_problems_of_all_rows_come_at_once() -> None:
    data = "番号,氏名,所属,職名,異動,発令,日,まで,退職日,任用\n,,,,採用,,x,,,\n1,b,1,主査,異動,,,,,\n2,,1,主査,異動,,,,,,余り\n"
    with pytest.raises(InvalidInput) as refused:
        hr_file(data.encode(), mapping=CHANGES, effective=APRIL)
    found = {(problem.row, problem.field) for problem in refused.value.problems}
    assert found == {
        *((2, field) for field in ("番号", "氏名", "所属", "職名", "日", "任用")),
        (4, "氏名"),
        (4, "任用"),
    }


def test_without_a_column_for_employment_nothing_is_said_of_it() -> None:
    columns = without(CHANGES, HrField.EMPLOYMENT)
    row = row_of(replace(CHANGES, columns=columns), 所属="2010", 職名="主査", 異動="採用")
    assert row.employment is None


def test_private_characters_are_named_in_readings_and_titles_too() -> None:
    mapping = replace(WHOLE, columns={**WHOLE.columns, HrField.KANA: ("よみ",), HrField.TITLE: ("職",)})
    read = hr_sheet(
        sheet(mapping, 所属="1", よみ="さ\ue001", 職="主\U000f0000", 氏名="葛\U000e0100城 髙﨑 𠮷"),
        mapping=mapping,
        effective=APRIL,
    )
    assert [(caution.row, caution.field) for caution in read.cautions] == [(2, "よみ"), (2, "職")]
    assert read.rows[0].name == "葛\U000e0100城 髙﨑 𠮷"


# ------------------------------------------------------------------------------------- sheets of any header


def test_a_sheet_keeps_its_header_and_its_filled_rows() -> None:
    read = read_sheet("番号, 氏名 ,,\n1,佐藤,x,\n,,,\n2,鈴木,,\n".encode())
    assert read.header == ("番号", "氏名")
    assert [(line.row, line.cells) for line in read.lines] == [
        (2, {"番号": "1", "氏名": "佐藤"}),
        (4, {"番号": "2", "氏名": "鈴木"}),
    ]
    assert read.lines[0].problems[0].field == "氏名"


@pytest.mark.parametrize(
    ("data", "part"), [(b",,\n1,2,3\n", "見出しがありません"), (b"a,b\n", "行がありません"), (b"", "空です")]
)
def test_a_sheet_without_header_or_rows_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        read_sheet(data)
