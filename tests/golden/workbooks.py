"""A workbook as readable text: every cell with its type, and what matters of each sheet's form."""

import io
from collections.abc import Iterator
from datetime import date

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.worksheet import Worksheet


def dump(content: bytes) -> str:
    """Return the text of a workbook, made to be compared as a diff."""
    book = load_workbook(io.BytesIO(content))
    return "\n".join(line for sheet in book.worksheets for line in _sheet(sheet)) + "\n"


def _sheet(sheet: Worksheet) -> Iterator[str]:
    page = sheet.page_setup
    yield f"=== {sheet.title} {sheet.dimensions}"
    yield f"frozen {sheet.freeze_panes}  filter {sheet.auto_filter.ref}  merged {sorted(map(str, sheet.merged_cells.ranges))}"
    yield (
        f"paper {page.paperSize} {page.orientation}  fit {page.fitToWidth}x{page.fitToHeight}"
        f"  repeated {sheet.print_title_rows or '-'}"
    )
    yield f"header {margins(sheet.oddHeader)}"
    yield f"footer {margins(sheet.oddFooter)}"
    yield "widths " + " ".join(
        f"{name}={one.width:g}" for name, one in sorted(sheet.column_dimensions.items())
    )
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                assert isinstance(cell, Cell)
                yield f"{cell.coordinate} {_value(cell)}"
    yield ""


def margins(item: HeaderFooterItem | None) -> tuple[str, str]:
    """Return what a header or a footer says on the left and on the right."""
    assert item is not None
    left, right = ((part.text or "") if part else "" for part in (item.left, item.right))
    return left, right


def _value(cell: Cell) -> str:
    if isinstance(cell.value, str):
        assert cell.data_type == "s", f"{cell.coordinate} is no text but {cell.data_type}"
        shown = (
            cell.value if len(cell.value) <= 200 else f"{cell.value[:160]}… [{len(cell.value)} characters]"
        )
        return repr(shown)
    if isinstance(cell.value, date):
        return f"{cell.value.isoformat()} as {cell.number_format}"
    return f"{cell.value} as {cell.number_format}"
