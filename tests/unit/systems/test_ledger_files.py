"""The ledger as a list: read with every problem named, and written so that it reads back the same."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import InvalidInput
from app.systems.files import COLUMNS, ledger_csv, one_code, system_rows
from app.systems.rules import Classification, EntryRow, Zone

HEADER = ",".join(column.label for column in COLUMNS)
GOOD = "S-001,住民記録システム,じゅうみんきろくしすてむ,0201,3B,マイナンバー利用事務系,令和10年3月31日,株式会社みほん,共同利用,"


def read(*lines: str) -> tuple[EntryRow, ...]:
    return system_rows("\r\n".join([HEADER, *lines]).encode("cp932"))


def test_a_row_is_read() -> None:
    (row,) = read(GOOD)
    assert row == EntryRow(
        row=2,
        code="S-001",
        unit_code="0201",
        name="住民記録システム",
        kana="じゅうみんきろくしすてむ",
        classification=Classification.C3B,
        zone=Zone.MYNUMBER,
        support_ends_on=date(2028, 3, 31),
        contractor="株式会社みほん",
        note="共同利用",
        retired_on=None,
    )


def test_the_last_four_columns_may_be_missing() -> None:
    header = ",".join(column.label for column in COLUMNS if not column.optional)
    (row,) = system_rows(f"{header}\nS-1,名,かな,0201,1,独立・その他".encode())
    assert (row.support_ends_on, row.contractor, row.note, row.retired_on) == (None, "", "", None)


@pytest.mark.parametrize(
    ("line", "field", "word"),
    [
        (GOOD.replace("3B", "3"), "機密性", "3A・3B・3Cに分かれました"),
        (GOOD.replace("3B", "極秘"), "機密性", "3A・3B・3C・2・1"),
        (GOOD.replace("マイナンバー利用事務系", "庁内"), "ネットワーク", "LGWAN接続系"),
        (GOOD.replace("令和10年3月31日", "未定"), "保守期限", "日付として読み取れません"),
        (GOOD.replace("S-001", "S 001"), "台帳番号", "半角の英数字"),
        (GOOD.replace("住民記録システム,", ","), "名称", "名称を入れてください"),
        (GOOD.replace("共同利用", "長" * 1001), "備考", "1000文字まで"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_column(line: str, field: str, word: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(line)
    assert [(p.row, p.field, word in p.message) for p in refusal.value.problems] == [(2, field, True)]


def test_a_number_typed_by_hand_is_held_to_the_same_rules() -> None:
    assert one_code(" Ｓ-１２ ") == "S-12"
    with pytest.raises(InvalidInput):
        one_code("")


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@given(name=TEXTS, contractor=TEXTS, note=TEXTS)
def test_a_list_taken_away_and_read_in_again_says_the_same(name: str, contractor: str, note: str) -> None:
    (good,) = read(GOOD)
    values = {field: getattr(good, field) for field in EntryRow.__dataclass_fields__}
    row = EntryRow(**{**values, "name": name, "contractor": contractor, "note": note})
    assert system_rows(ledger_csv([row])) == (row,)


def test_no_cell_is_read_as_a_formula() -> None:
    (good,) = read(GOOD)
    values = {field: getattr(good, field) for field in EntryRow.__dataclass_fields__}
    lines = ledger_csv([EntryRow(**{**values, "note": '=HYPERLINK("http://example.test")'})]).decode(
        "utf-8-sig"
    )
    assert "'=HYPERLINK" in lines
