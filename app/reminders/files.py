"""督促リスト for a spreadsheet: its columns and cells, and the CSV of them in two encodings."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Final

from app.kernel.fiscal_year import long_date, long_instant
from app.kernel.text import harmless_cell
from app.reminders.rules import ReminderRow

MISSING: Final = "〓"
"""What stands in CP932 for a character that it does not have (𠮷, 﨑 are names of people and places)."""
COLUMNS: Final = (
    "部",
    "所属",
    "状態",
    "期限",
    "期限（西暦）",
    "超過日数",
    "いま待っている人",
    "所属長",
    "点検担当者",
    "最後に催促した日時",
    "次の自動の催促",
)
"""Of the CSV and of the workbook: who has both sees one list."""


def reminder_cells(row: ReminderRow) -> tuple[str | int | date, ...]:
    """Return a row of the list, a cell for each of `COLUMNS`."""
    following = f"{long_date(row.next_on)}　{row.next_label}" if row.next_on else ""
    return (
        row.department_name,
        row.unit_name,
        "猶予日を過ぎた" if row.locked else row.label,
        long_date(row.due),
        row.due,
        row.late_days,
        "、".join(row.holders) or "いない",
        "、".join(row.heads),
        "、".join(row.clerks),
        long_instant(row.last_at) if row.last_at else "",
        following,
    )


def reminder_csv(rows: Iterable[ReminderRow], *, encoding: str) -> bytes:
    """Return the list in UTF-8 with the mark by which Excel knows it (`utf-8`), or in `cp932` for older programs."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless_cell(_text(cell)) for cell in reminder_cells(row)])
    if encoding == "cp932":
        return "".join(one if _known(one) else MISSING for one in sheet.getvalue()).encode("cp932")
    return sheet.getvalue().encode("utf-8-sig")


def _text(cell: str | int | date) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _known(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
