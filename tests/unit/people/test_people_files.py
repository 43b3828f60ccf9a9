"""The list of staff, and laying it over the stored posts."""

from dataclasses import replace
from datetime import date

import pytest

from app.kernel.errors import InvalidInput
from app.organisation.rules import Outcome, PolicyOwner, UnitKind, UnitSpan
from app.people.files import FirstPassword, first_passwords_csv, one_person, posting_rows
from app.people.rules import (
    PeoplePlan,
    PersonName,
    Position,
    PostingKind,
    PostingRow,
    PostingSpan,
    plan_people,
)

HEADER = "職員番号,氏名,かな,所属コード,職名,区分,発令,開始日,終了日"
GOOD = "1001,佐藤 花子,さとう はなこ,2010,主査,職員,本務,2026-04-01,"
APRIL = date(2026, 4, 1)


def sheet(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


def span(**changes: object) -> PostingSpan:
    plain = PostingSpan(
        staff_no="1001",
        unit_code="2010",
        title="主査",
        position=Position.STAFF,
        kind=PostingKind.MAIN,
        valid_from=APRIL,
        valid_to=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def unit(code: str, *, since: date = date(2020, 4, 1)) -> tuple[UnitSpan, ...]:
    return (
        UnitSpan(
            code=code,
            name=code,
            kana=code,
            kind=UnitKind.DIVISION,
            policy_owner=PolicyOwner.MAYOR,
            parent_code=None,
            sort_order=1,
            valid_from=since,
            valid_to=None,
        ),
    )


NAME = PersonName(name="佐藤 花子", kana="さとう はなこ")


def plan(
    stored: list[PostingSpan], *rows: PostingSpan, names: dict[str, PersonName] | None = None
) -> PeoplePlan:
    held: dict[str, list[PostingSpan]] = {}
    for one in stored:
        held.setdefault(one.staff_no, []).append(one)
    known = dict.fromkeys(held, NAME)
    return plan_people(
        names=names if names is not None else known,
        postings=held,
        units={code: unit(code) for code in ("2010", "3010")},
        rows=[PostingRow(row=n, name=NAME, span=row) for n, row in enumerate(rows, start=2)],
    )


def refusals(stored: list[PostingSpan], *rows: PostingSpan) -> list[tuple[int | None, str]]:
    with pytest.raises(InvalidInput) as refused:
        plan(stored, *rows)
    return [(problem.row, problem.message) for problem in refused.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_both_encodings_give_the_same_rows(encoding: str) -> None:
    (row,) = posting_rows(sheet(GOOD.replace("佐藤", "髙﨑"), encoding=encoding))
    assert row.name == PersonName(name="髙﨑 花子", kana="さとう はなこ")
    assert row.span == span()


@pytest.mark.parametrize("name", ["髙﨑 𠮷子", "葛\U000e0100城 神", "渡邉\u3000邊", "①㈱"])
def test_names_are_kept_to_the_last_selector(name: str) -> None:
    (row,) = posting_rows(sheet(GOOD.replace("佐藤 花子", name)))
    assert row.name.name == name


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize(
    ("row", "field", "part"),
    [
        (",佐藤,さとう,2010,主査,職員,本務,2026-04-01,", "職員番号", "入れてください"),
        ("1001,,さとう,2010,主査,職員,本務,2026-04-01,", "氏名", "入れてください"),
        ("1001,佐\x1b藤,さとう,2010,主査,職員,本務,2026-04-01,", "氏名", "制御文字"),
        ("1001,佐藤,,2010,主査,職員,本務,2026-04-01,", "かな", "入れてください"),
        ("1001,佐藤,さとう,,主査,職員,本務,2026-04-01,", "所属コード", "入れてください"),
        (f"1001,佐藤,さとう,2010,{'主' * 61},職員,本務,2026-04-01,", "職名", "60文字"),
        ("1001,佐藤,さとう,2010,主査,課長,本務,2026-04-01,", "区分", "所属長・職員"),
        ("1001,佐藤,さとう,2010,主査,職員,出向,2026-04-01,", "発令", "本務・兼務・併任・事務取扱"),
        ("1001,佐藤,さとう,2010,主査,職員,本務,昨日,", "開始日", "日付"),
        ("1001,佐藤,さとう,2010,主査,職員,本務,2026-04-01,2026-03-31", "終了日", "より後の日"),
    ],
)
def test_each_wrong_cell_is_named(row: str, field: str, part: str, encoding: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        posting_rows(sheet(GOOD, row, encoding=encoding))
    (problem,) = refused.value.problems
    assert (problem.row, problem.field) == (3, field)
    assert part in problem.message


def test_new_unchanged_changed_and_ended_are_told_apart() -> None:
    rows = [
        span(),
        span(staff_no="1002"),
        span(staff_no="1003", title="課長"),
        span(staff_no="1004", valid_to=APRIL.replace(month=10)),
    ]
    stored = [span(staff_no=number) for number in ("1002", "1003", "1004")]
    made = plan(stored, *rows)
    outcomes = [outcome for _, outcome in made.postings]
    assert outcomes == [Outcome.NEW, Outcome.UNCHANGED, Outcome.CHANGED, Outcome.ENDED]


def test_two_main_posts_at_once_are_refused() -> None:
    ((row, message),) = refusals([span()], span(unit_code="3010", valid_from=date(2026, 10, 1)))
    assert row == 2
    assert "本務が二つ" in message


def test_a_transfer_ends_the_old_post_and_begins_the_new_one() -> None:
    day = date(2026, 10, 1)
    made = plan([span()], span(valid_to=day), span(unit_code="3010", valid_from=day))
    assert [outcome for _, outcome in made.postings] == [Outcome.ENDED, Outcome.NEW]


def test_a_second_post_elsewhere_is_fine() -> None:
    made = plan([span()], span(unit_code="3010", kind=PostingKind.CONCURRENT))
    assert [outcome for _, outcome in made.postings] == [Outcome.NEW]


def test_two_posts_in_one_unit_at_once_are_refused() -> None:
    later = span(kind=PostingKind.CONCURRENT, valid_from=date(2026, 10, 1))
    ((_, message),) = refusals([span()], later)
    assert "同じ所属の発令" in message


def test_a_post_twice_and_two_names_are_refused() -> None:
    rows = [
        PostingRow(row=2, name=NAME, span=span()),
        PostingRow(row=3, name=PersonName(name="佐藤 はな子", kana="さとう はなこ"), span=span()),
    ]
    with pytest.raises(InvalidInput) as refused:
        plan_people(names={}, postings={}, units={"2010": unit("2010")}, rows=rows)
    assert [problem.row for problem in refused.value.problems] == [3, 3]


def test_the_unit_has_to_exist_on_the_first_day() -> None:
    ((row, message),) = refusals([], span(unit_code="9999"))
    assert row == 2
    assert "9999" in message
    assert refusals([], span(valid_from=date(2019, 4, 1)))


def test_a_changed_name_is_a_change() -> None:
    made = plan([span()], span(), names={"1001": PersonName(name="旧姓 花子", kana="きゅうせい はなこ")})
    assert made.names["1001"] == (NAME, Outcome.CHANGED)


def test_somebody_typed_by_hand_is_held_to_the_same_rules() -> None:
    assert one_person(staff_no="１００１", name=" 佐藤 花子 ", kana="さとう") == (
        "1001",
        PersonName(name="佐藤 花子", kana="さとう"),
    )
    with pytest.raises(InvalidInput):
        one_person(staff_no="", name="", kana="\u202e")


def test_the_list_of_first_passwords_holds_no_formula() -> None:
    line = FirstPassword(staff_no="1001", name="=1+1", unit_name="＠課", password="abcd-efgh")
    text = first_passwords_csv([line]).decode("utf-8-sig")
    assert text.splitlines()[1] == "1001,'=1+1,'＠課,abcd-efgh"
