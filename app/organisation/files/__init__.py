"""Lists from a spreadsheet, for this domain and those above it."""

from app.organisation.files.days import AskedDay, asked_day
from app.organisation.files.table import (
    CODE_LENGTH,
    KANA_LENGTH,
    NAME_LENGTH,
    Column,
    Line,
    RowsRefused,
    day_of,
    decoded,
    half_width,
    read_lines,
    typed_rows,
)
from app.organisation.files.tree import tree_csv, tree_json, tree_text
from app.organisation.files.units import UNIT_COLUMNS, unit_rows

__all__ = [
    "CODE_LENGTH",
    "KANA_LENGTH",
    "NAME_LENGTH",
    "UNIT_COLUMNS",
    "AskedDay",
    "Column",
    "Line",
    "RowsRefused",
    "asked_day",
    "day_of",
    "decoded",
    "half_width",
    "read_lines",
    "tree_csv",
    "tree_json",
    "tree_text",
    "typed_rows",
    "unit_rows",
]
