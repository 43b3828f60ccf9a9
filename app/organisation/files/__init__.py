"""Lists from a spreadsheet, for this domain and those above it."""

from app.organisation.files.table import (
    CODE_LENGTH,
    KANA_LENGTH,
    NAME_LENGTH,
    Column,
    Line,
    RowsRefused,
    Sheet,
    day_of,
    decoded,
    half_width,
    read_lines,
    read_sheet,
    typed_rows,
)
from app.organisation.files.units import UNIT_COLUMNS, unit_rows

__all__ = [
    "CODE_LENGTH",
    "KANA_LENGTH",
    "NAME_LENGTH",
    "UNIT_COLUMNS",
    "Column",
    "Line",
    "RowsRefused",
    "Sheet",
    "day_of",
    "decoded",
    "half_width",
    "read_lines",
    "read_sheet",
    "typed_rows",
    "unit_rows",
]
