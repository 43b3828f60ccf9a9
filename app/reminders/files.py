"""督促リスト as files for a spreadsheet: CSV in two encodings, and a workbook with real cells."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.kernel.clock import JST
from app.kernel.fiscal_year import long_date, long_instant
from app.kernel.text import harmless_cell
from app.reminders.queries.pages import ReminderRow

MISSING: Final = "〓"
"""What stands in CP932 for a character that it does not have (𠮷, 﨑 are names of people and places)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list, and how wide it is in the workbook."""

    label: str
    width: int


COLUMNS: Final = (
    Column("部", 16),
    Column("所属", 22),
    Column("状態", 14),
    Column("期限", 20),
    Column("期限（西暦）", 12),
    Column("超過日数", 9),
    Column("いま待っている人", 26),
    Column("所属長", 18),
    Column("点検担当者", 22),
    Column("最後に催促した日時", 30),
    Column("次の自動の催促", 30),
)
_DAY: Final = 4


def _cells(row: ReminderRow) -> tuple[str | int | date, ...]:
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
    writer.writerow([column.label for column in COLUMNS])
    for row in rows:
        writer.writerow([harmless_cell(_text(cell)) for cell in _cells(row)])
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


def reminder_workbook(rows: Sequence[ReminderRow], *, title: str, label: str, made_at: datetime) -> bytes:
    """Return the list as a workbook: dates and counts are real, texts are never formulas, A4 landscape with its head on each page."""
    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"督促リスト　{title}", "created": made_at.replace(tzinfo=None)})
    sheet = book.add_worksheet("督促リスト")
    sheet.write_string(0, 0, f"督促リスト　{title}", book.add_format({"bold": True, "font_size": 14}))
    sheet.write_string(1, 0, f"{long_instant(made_at)} 現在　{len(rows)}所属　{label}")
    _write_table(book, sheet, rows=rows)
    _set_up_print(sheet, title=title, label=label, last=2 + len(rows))
    book.close()
    return target.getvalue()


def _write_table(book: Workbook, sheet: Worksheet, *, rows: Sequence[ReminderRow]) -> None:
    shared: dict[str, Any] = {"border": 1, "valign": "top", "text_wrap": True}
    head = book.add_format({**shared, "bold": True, "bg_color": "#E8F1FE"})
    plain = book.add_format(shared)
    day = book.add_format({**shared, "num_format": "yyyy-mm-dd"})
    late = book.add_format({**shared, "num_format": '0"日";;"―"', "align": "right"})
    for number, column in enumerate(COLUMNS):
        sheet.set_column(number, number, column.width)
        sheet.write_string(2, number, column.label, head)
    for place, row in enumerate(rows, start=3):
        for number, cell in enumerate(_cells(row)):
            if isinstance(cell, date):
                sheet.write_datetime(
                    place,
                    number,
                    datetime(cell.year, cell.month, cell.day, tzinfo=JST).replace(tzinfo=None),
                    day,
                )
            elif isinstance(cell, int):
                sheet.write_number(place, number, cell, late)
            elif cell:
                sheet.write_string(place, number, cell, plain)
            else:
                sheet.write_blank(place, number, None, plain)
    sheet.autofilter(2, 0, 2 + len(rows), len(COLUMNS) - 1)
    sheet.freeze_panes(3, 2)


def _set_up_print(sheet: Worksheet, *, title: str, label: str, last: int) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.print_area(0, 0, last, len(COLUMNS) - 1)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    # An ampersand begins a code in Excel's headers.
    sheet.set_footer(f"&L{title.replace('&', '&&')}&C{label.replace('&', '&&')}&R&P／&N")
