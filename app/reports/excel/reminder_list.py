"""督促リスト as a workbook: one row a department that still has its sheet, as on the page and in the CSV."""

from collections.abc import Iterable
from typing import Final

from app.reminders.files import COLUMNS, reminder_cells
from app.reminders.rules import ReminderRow
from app.reports.excel.book import Book, Column, Look
from app.reports.excel.campaign_result import about
from app.reports.rules.campaign import Imprint

TITLE: Final = "情報セキュリティ自己点検　督促リスト"
_LOOKS: Final = (
    (16, Look.TEXT),
    (22, Look.TEXT),
    (14, Look.CENTRE),
    (20, Look.TEXT),
    (12, Look.DAY),
    (9, Look.NUMBER),
    (26, Look.TEXT),
    (18, Look.TEXT),
    (22, Look.TEXT),
    (30, Look.TEXT),
    (30, Look.TEXT),
)
_TABLE: Final = tuple(
    Column(title=title, width=width, look=look) for title, (width, look) in zip(COLUMNS, _LOOKS, strict=True)
)


def render(rows: Iterable[ReminderRow], *, imprint: Imprint, campaign: str) -> bytes:
    """The workbook of a list of reminders. The same rows always give the same bytes."""
    book = Book(about(imprint, title=TITLE, campaign=campaign))
    book.table("督促リスト", columns=_TABLE, rows=map(reminder_cells, rows), frozen=2)
    return book.finished()
