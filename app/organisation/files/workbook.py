"""The first sheet of a workbook as records of text, read without trusting its size.

A workbook is a ZIP archive: a few kilobytes can unfold to gigabytes. Its directory is added up before anything is unfolded.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from openpyxl import load_workbook
from openpyxl.xml import DEFUSEDXML

from app.kernel.errors import InvalidInput

ZIP_MARK: Final = b"PK\x03\x04"
MOST_PARTS: Final = 500
LARGEST_UNFOLDED: Final = 60_000_000
"""Bytes: 20,000 rows of a list of staff unfold to about a fifth of it."""
MOST_COLUMNS: Final = 60
MOST_RECORDS: Final = 20_002

NOT_READABLE: Final = (
    "このExcelファイルは読み取れません。Excelで開き、「名前を付けて保存」で「Excelブック（.xlsx）」か"
    "「CSV UTF-8」を選び、保存し直してください。"
)
TOO_LARGE: Final = (
    "このExcelファイルは中身が大きすぎます。一覧のシートだけを新しいブックに写して、保存し直してください。"
)


def is_workbook(data: bytes) -> bool:
    """Return whether the bytes are a ZIP archive, as workbooks are."""
    return data.startswith(ZIP_MARK)


def workbook_records(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield row number and cells of the first sheet; formulas give the value that was last calculated.

    Raises:
        InvalidInput: no workbook, or one that unfolds beyond all reason.
    """
    if not DEFUSEDXML:  # pragma: no cover - the lock file brings it
        raise RuntimeError("defusedxml is missing: workbooks are not read without it")
    _refuse_unreasonable(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        # One more than can be read: `read_lines` says that there are too many.
        rows = sheet.iter_rows(max_row=MOST_RECORDS, max_col=MOST_COLUMNS, values_only=True)
        for number, record in enumerate(rows, start=1):
            yield number, [_text(cell) for cell in record]
    except Exception as error:  # the library meets broken files with whatever breaks inside
        raise InvalidInput.of(NOT_READABLE) from error


def _refuse_unreasonable(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise InvalidInput.of(NOT_READABLE) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNFOLDED:
        raise InvalidInput.of(TOO_LARGE)
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise InvalidInput.of(NOT_READABLE)


def _text(cell: object) -> str:
    """Return a cell as somebody would have typed it: days as ISO dates, whole numbers without a decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
