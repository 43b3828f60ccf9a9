"""The ledger as a list from a spreadsheet (CSV or Excel), and as one for it. No database.

情報システム台帳 (columns in any order; the last four may be missing)::

    台帳番号,名称,かな,所管所属コード,機密性,ネットワーク,保守期限,委託先,備考,廃止日
    S-001,住民記録システム,じゅうみんきろくしすてむ,0201,3B,マイナンバー利用事務系,令和10年3月31日,,,
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Final

from app.kernel.text import cell_as_typed, harmless_cell
from app.organisation.files import KANA_LENGTH, NAME_LENGTH, Column, Line, read_lines, typed_rows
from app.systems.rules import NOTE_LENGTH, Classification, EntryRow
from app.systems.texts import CLASSIFICATION, ZONE

CODE: Final = "台帳番号"
COLUMNS: Final = (
    Column(CODE),
    Column("名称"),
    Column("かな"),
    Column("所管所属コード"),
    Column("機密性"),
    Column("ネットワーク"),
    Column("保守期限", optional=True),
    Column("委託先", optional=True),
    Column("備考", optional=True),
    Column("廃止日", optional=True),
)


def system_rows(data: bytes) -> tuple[EntryRow, ...]:
    """Return the rows of a ledger.

    Raises:
        InvalidInput: every problem of every row, with the row and the column.
    """
    lines = read_lines(data, columns=COLUMNS)
    for line in lines:
        line.cells = {label: cell_as_typed(cell) for label, cell in line.cells.items()}
    return typed_rows(lines, _row)


def _row(line: Line) -> EntryRow:
    return EntryRow(
        row=line.row,
        code=line.code(CODE),
        unit_code=line.code("所管所属コード"),
        name=line.text("名称", longest=NAME_LENGTH),
        kana=line.text("かな", longest=KANA_LENGTH),
        classification=_classification(line),
        zone=line.choice("ネットワーク", ZONE),
        support_ends_on=_optional_day(line, "保守期限"),
        contractor=_optional_text(line, "委託先", longest=NAME_LENGTH),
        note=_optional_text(line, "備考", longest=NOTE_LENGTH),
        retired_on=_optional_day(line, "廃止日"),
    )


def _classification(line: Line) -> Classification:
    if line.cells.get("機密性") in {"3", "３"}:
        message = "機密性「3」は、令和6年10月から3A・3B・3Cに分かれました。どれかを選んで書いてください。"
        line.complain("機密性", message)
        return Classification.C3B
    return line.choice("機密性", CLASSIFICATION)


def _optional_day(line: Line, label: str) -> date | None:
    return line.day(label) if line.cells.get(label) else None


def _optional_text(line: Line, label: str, *, longest: int) -> str:
    return line.text(label, longest=longest) if line.cells.get(label) else ""


def one_code(typed: str) -> str:
    """Return a ledger number that is typed in by hand, held to the same rules as a list.

    Raises:
        InvalidInput: it cannot be kept.
    """
    return typed_rows([Line(1, {CODE: typed.strip()})], lambda line: line.code(CODE))[0]


def ledger_csv(rows: Iterable[EntryRow]) -> bytes:
    """Return the ledger as the list that `system_rows` reads, in UTF-8 with its mark, which Excel opens as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.label for column in COLUMNS])
    for row in rows:
        cells = (
            row.code,
            row.name,
            row.kana,
            row.unit_code,
            CLASSIFICATION[row.classification],
            ZONE[row.zone],
            row.support_ends_on.isoformat() if row.support_ends_on else "",
            row.contractor,
            row.note,
            row.retired_on.isoformat() if row.retired_on else "",
        )
        writer.writerow([harmless_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
