"""回収状況 as a workbook: one row a sheet, as on the page."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from app.inspections.rules.progress import ProgressRow, ShownScore
from app.kernel.fiscal_year import long_date, long_instant
from app.reports.excel.book import Book, Column, Look, Size, Value
from app.reports.excel.campaign_result import about
from app.reports.rules.campaign import Imprint

TITLE: Final = "情報セキュリティ自己点検　回収状況"
COLUMNS: Final = (
    Column(title="部", width=14),
    Column(title="所属", width=20),
    Column(title="状態", width=11, look=Look.CENTRE),
    Column(title="回答済み", width=7, look=Look.NUMBER),
    Column(title="対象項目", width=7, look=Look.NUMBER),
    Column(title="審査済み", width=7, look=Look.NUMBER),
    Column(title="自己点検（点）", width=8, look=Look.SCORE),
    Column(title="自己点検の評価", width=8, look=Look.CENTRE),
    Column(title="審査後（点）", width=8, look=Look.SCORE),
    Column(title="審査後の評価", width=8, look=Look.CENTRE),
    Column(title="期限", width=20),
    Column(title="期限（西暦）", width=11, look=Look.DAY),
    Column(title="期限超過", width=9, look=Look.CENTRE),
    Column(title="所属長", width=16),
    Column(title="点検担当者", width=22),
    Column(title="この状態になった日時", width=29),
    Column(title="この状態になった日時（西暦）", width=17, look=Look.MOMENT),
)


_day_text = cache(long_date)
"""Thousands of rows share a few dates."""


def render(rows: Iterable[ProgressRow], *, imprint: Imprint, campaign: str) -> bytes:
    """The workbook of a progress list. The same rows always give the same bytes."""
    book = Book(about(imprint, title=TITLE, campaign=campaign), size=Size.LARGE)
    book.table("回収状況", columns=COLUMNS, rows=map(_line, rows), frozen=2)
    return book.finished()


def _line(row: ProgressRow) -> tuple[Value, ...]:
    return (
        row.department_name,
        row.unit_name,
        row.label,
        row.answered,
        row.applicable,
        row.decided,
        *_score(row.self_score),
        *_score(row.reviewed_score),
        _day_text(row.due) if row.due else "",
        row.due,
        "期限超過" if row.overdue else "",
        "、".join(row.heads),
        "、".join(row.clerks),
        long_instant(row.since),
        row.since,
    )


def _score(score: ShownScore | None) -> tuple[Value, Value]:
    if score is None:
        return None, ""
    return (score.percent if score.percent == "―" else float(score.percent)), score.grade
