"""Lists from a spreadsheet: what is read, and every reason why a row is not."""

from datetime import date

import pytest

from app.kernel.errors import InvalidInput
from app.organisation.files import day_of, unit_rows
from app.organisation.rules import PolicyOwner, UnitKind

HEADER = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日"
GOOD = "0101,総務課,そうむか,課,市長部局,0100,11,2026-04-01,"
ENCODINGS = ["utf-8", "utf-8-sig", "cp932"]


def sheet(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


def problems_of(data: bytes) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(InvalidInput) as refused:
        unit_rows(data)
    return [(problem.row, problem.field, problem.message) for problem in refused.value.problems]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_both_encodings_give_the_same_rows(encoding: str) -> None:
    (row,) = unit_rows(sheet(GOOD, encoding=encoding))
    assert row.row == 2
    assert (row.span.code, row.span.name, row.span.parent_code) == ("0101", "総務課", "0100")
    assert (row.span.kind, row.span.policy_owner) == (UnitKind.DIVISION, PolicyOwner.MAYOR)
    assert (row.span.sort_order, row.span.valid_from, row.span.valid_to) == (11, date(2026, 4, 1), None)


def test_columns_may_stand_in_any_order_and_the_end_may_be_missing() -> None:
    header = "有効開始日,並び順,上位所属コード,ポリシー主体,種別,かな,所属名,所属コード"
    (row,) = unit_rows(f"{header}\nR8.4.1,1,,市長部局,部,そうむぶ,総務部,0100\n".encode())
    assert (row.span.code, row.span.parent_code, row.span.valid_to) == ("0100", None, None)


def test_full_width_codes_numbers_and_dates_are_read() -> None:
    (row,) = unit_rows(sheet("０１０１,総務課,そうむか,課,市長部局,０１００,１１,２０２６／４／１,"))
    assert (row.span.code, row.span.parent_code, row.span.sort_order) == ("0101", "0100", 11)
    assert row.span.valid_from == date(2026, 4, 1)


def test_the_end_is_the_last_day() -> None:
    (row,) = unit_rows(sheet("0101,総務課,そうむか,課,市長部局,,11,2026-04-01,令和9年3月31日"))
    assert row.span.valid_to == date(2027, 4, 1)


def test_names_keep_every_variant() -> None:
    name = "𠮷﨑\U000e0101出張所"
    (row,) = unit_rows(sheet(f"0101,{name},かな,出先,市長部局,,11,2026-04-01,"))
    assert row.span.name == name


def test_empty_rows_are_passed_over_but_counted() -> None:
    first, second = unit_rows(sheet(GOOD, ",,,,,,,,", "", GOOD.replace("0101", "0102", 1)))
    assert (first.row, second.row) == (2, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize(
    ("row", "field", "part"),
    [
        (",総務課,そうむか,課,市長部局,,11,2026-04-01,", "所属コード", "入れてください"),
        ("01 01,総務課,そうむか,課,市長部局,,11,2026-04-01,", "所属コード", "英数字"),
        ("総務,総務課,そうむか,課,市長部局,,11,2026-04-01,", "所属コード", "英数字"),
        (f"{'1' * 21},総務課,そうむか,課,市長部局,,11,2026-04-01,", "所属コード", "20文字"),
        ("0101,,そうむか,課,市長部局,,11,2026-04-01,", "所属名", "入れてください"),
        (f"0101,{'課' * 101},そうむか,課,市長部局,,11,2026-04-01,", "所属名", "100文字まで"),
        ("0101,総\x07務課,そうむか,課,市長部局,,11,2026-04-01,", "所属名", "制御文字"),
        ('0101,"総務\n課",そうむか,課,市長部局,,11,2026-04-01,', "所属名", "改行"),
        ("0101,総務課,,課,市長部局,,11,2026-04-01,", "かな", "入れてください"),
        ("0101,総務課,そうむか,局,市長部局,,11,2026-04-01,", "種別", "部・課・係"),
        ("0101,総務課,そうむか,課,国,,11,2026-04-01,", "ポリシー主体", "市長部局・教育委員会"),
        ("0101,総務課,そうむか,課,市長部局,0101,11,2026-04-01,", "上位所属コード", "自分自身"),
        ("0101,総務課,そうむか,課,市長部局,,-1,2026-04-01,", "並び順", "数字"),
        ("0101,総務課,そうむか,課,市長部局,,11,,", "有効開始日", "日付"),
        ("0101,総務課,そうむか,課,市長部局,,11,2026-02-30,", "有効開始日", "日付"),
        ("0101,総務課,そうむか,課,市長部局,,11,平成32年4月1日,", "有効開始日", "日付"),
        ("0101,総務課,そうむか,課,市長部局,,11,2026-04-01,2026-03-31", "有効終了日", "より後の日"),
        ("0101,総務課,そうむか,課,市長部局,,11,2026-04-01,,余り", "有効終了日", "見出しのない列"),
    ],
)
def test_each_wrong_cell_is_named(row: str, field: str, part: str, encoding: str) -> None:
    ((number, column, message),) = problems_of(sheet(GOOD.replace("0101", "9999", 1), row, encoding=encoding))
    assert (number, column) == (3, field)
    assert part in message


def test_direction_marks_are_refused() -> None:
    ((_, field, message),) = problems_of(sheet("0101,総務\u202e課,そうむか,課,市長部局,,11,2026-04-01,"))
    assert field == "所属名"
    assert "向きを変える記号" in message


def test_all_problems_of_all_rows_come_at_once() -> None:
    found = problems_of(sheet("x y,,か,村,市長部局,,11,2026-04-01,", GOOD, "0102,税務課,,課,市長部局,,a,zz,"))
    assert [(row, field) for row, field, _ in found] == [
        (2, "所属コード"),
        (2, "所属名"),
        (2, "種別"),
        (4, "有効開始日"),
        (4, "かな"),
        (4, "並び順"),
    ]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "空です"),
        (b"\xef\xbb\xbf\r\n", "見出し"),
        (sheet(GOOD, encoding="utf-16"), "UTF-16"),
        (sheet(GOOD) + b"\0", "読み取れません"),
        (sheet(GOOD, encoding="euc-jp"), "文字コード"),
        (sheet(GOOD) + GOOD.encode("cp932"), "混ざっています"),
        (sheet(GOOD, encoding="cp932") + GOOD.encode("utf-8"), "混ざっています"),
        (sheet(), "行がありません"),
        ((HEADER + '\n"0101,x').encode(), "引用符"),
        (HEADER.replace("種別", "種類").encode() + b"\n1", "「種別」の列がありません"),
        ((HEADER + ",かな\n1").encode(), "「かな」が二つ"),
        ((HEADER + ",備考\n1").encode(), "「備考」は使えません"),
        (b"a,b,c\n1,2,3\n", "1行目に見出しがありません"),
        (b"x" * 5_000_001, "大きすぎます"),
    ],
)
def test_files_that_cannot_be_read_say_what_to_do(data: bytes, part: str) -> None:
    assert any(part in message for _, _, message in problems_of(data))


def test_half_width_kana_in_cp932_is_not_taken_for_a_mixture() -> None:
    # ﾃｱ is C3 B1 in CP932, which is also a valid character of UTF-8.
    (row, _) = unit_rows(
        sheet(
            "0101,総務課,ﾃｱ,課,市長部局,,1,2026-04-01,",
            "0102,x,ﾃｱ,課,市長部局,,1,2026-04-01,",
            encoding="cp932",
        )
    )
    assert row.span.kana == "ﾃｱ"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-04-01", date(2026, 4, 1)),
        ("2026/4/1", date(2026, 4, 1)),
        ("2026年4月1日", date(2026, 4, 1)),
        ("令和8年4月1日", date(2026, 4, 1)),
        ("R8.4.1", date(2026, 4, 1)),
        ("r８．４．１", date(2026, 4, 1)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("令和 8年 4月 1日", date(2026, 4, 1)),
        ("平成31年5月1日", None),
        ("令和元年4月30日", None),
        ("令和0年5月1日", None),
        ("2026-2-29", None),
        ("2026-13-01", None),
        ("20260401", None),
        ("4/1", None),
        ("1899-12-31", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(typed: str, day: date | None) -> None:
    assert day_of(typed) == day
