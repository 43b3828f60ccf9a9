"""The list of units: typed rows from a table. No database.

所属の一覧 (columns in any order, the last one may be missing)::

    所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日
    0100,総務部,そうむぶ,部,市長部局,,10,令和8年4月1日,
    0101,総務課,そうむか,課,市長部局,0100,11,2026-04-01,

An end date is the last day on which the row holds: 令和8年3月31日 is followed by 令和8年4月1日, no gap.
"""

from typing import Final

from app.kernel.text import cell_as_typed
from app.organisation.files.table import Column, Line, read_lines, typed_rows
from app.organisation.rules import KANA_LENGTH, NAME_LENGTH, UnitRow, UnitSpan
from app.organisation.texts import POLICY_OWNER, UNIT_KIND

UNIT_COLUMNS: Final = (
    Column("所属コード"),
    Column("所属名"),
    Column("かな"),
    Column("種別"),
    Column("ポリシー主体"),
    Column("上位所属コード"),
    Column("並び順"),
    Column("有効開始日"),
    Column("有効終了日", optional=True),
)


def unit_rows(data: bytes) -> tuple[UnitRow, ...]:
    """Return the rows of a list of units.

    Raises:
        InvalidInput: every problem of every row, with the row and the column.
    """
    lines = read_lines(data, columns=UNIT_COLUMNS)
    for line in lines:
        line.cells = {label: cell_as_typed(cell) for label, cell in line.cells.items()}
    return typed_rows(lines, _unit_row)


def _unit_row(line: Line) -> UnitRow:
    first, last = line.validity("有効開始日", "有効終了日")
    span = UnitSpan(
        code=line.code("所属コード"),
        name=line.text("所属名", longest=NAME_LENGTH),
        kana=line.text("かな", longest=KANA_LENGTH),
        kind=line.choice("種別", UNIT_KIND),
        policy_owner=line.choice("ポリシー主体", POLICY_OWNER),
        parent_code=line.optional_code("上位所属コード"),
        sort_order=line.number("並び順"),
        valid_from=first,
        valid_to=last,
    )
    if span.parent_code is not None and span.parent_code == span.code:
        line.complain("上位所属コード", "自分自身を上位の所属にはできません。")
    return UnitRow(row=line.row, span=span)
