"""Files that people take away from a campaign."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from app.inspections.rules.progress import ProgressRow
from app.kernel.clock import business_date
from app.kernel.fiscal_year import long_date, long_instant
from app.kernel.text import harmless_cell

COLUMNS: Final = (
    "部",
    "所属",
    "状態",
    "回答済み",
    "対象項目",
    "審査済み",
    "自己点検（％）",
    "自己点検の評価",
    "審査後（％）",
    "審査後の評価",
    "期限",
    "期限（西暦）",
    "期限超過",
    "所属長",
    "点検担当者",
    "この状態になった日時",
    "この状態になった日（西暦）",
)


def progress_csv(rows: Iterable[ProgressRow]) -> str:
    """Return the progress list for a spreadsheet, a line for each sheet below the line of column names."""
    return _csv([COLUMNS, *(_line(row) for row in rows)])


def _line(row: ProgressRow) -> Sequence[str]:
    scores = [
        (score.percent, score.grade) if score else ("", "") for score in (row.self_score, row.reviewed_score)
    ]
    return (
        row.department_name,
        row.unit_name,
        row.label,
        str(row.answered),
        str(row.applicable),
        str(row.decided),
        *(part for score in scores for part in score),
        long_date(row.due) if row.due else "",
        row.due.isoformat() if row.due else "",
        "期限超過" if row.overdue else "",
        "、".join(row.heads),
        "、".join(row.clerks),
        long_instant(row.since),
        business_date(row.since).isoformat(),
    )


def _csv(table: Sequence[Sequence[str]]) -> str:
    """Write a table with the mark by which Excel knows UTF-8; a text is never taken for a formula."""
    sheet = io.StringIO(newline="")
    csv.writer(sheet).writerows([harmless_cell(cell) for cell in line] for line in table)
    return "\ufeff" + sheet.getvalue()
