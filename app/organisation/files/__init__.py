"""Lists from a spreadsheet, for this domain and those above it."""

from app.kernel.text import half_width
from app.organisation.files.days import AskedDay, asked_day
from app.organisation.files.reorganisation import (
    REORGANISATION_COLUMNS,
    new_tree,
    new_tree_csv,
    origin_words,
)
from app.organisation.files.table import (
    Column,
    Line,
    RowsRefused,
    Sheet,
    day_of,
    decoded,
    read_lines,
    read_sheet,
    typed_rows,
)
from app.organisation.files.tree import tree_csv, tree_json, tree_text
from app.organisation.files.units import UNIT_COLUMNS, unit_rows
from app.organisation.rules import CODE_LENGTH, KANA_LENGTH, NAME_LENGTH

__all__ = [
    "CODE_LENGTH",
    "KANA_LENGTH",
    "NAME_LENGTH",
    "REORGANISATION_COLUMNS",
    "UNIT_COLUMNS",
    "AskedDay",
    "Column",
    "Line",
    "RowsRefused",
    "Sheet",
    "asked_day",
    "day_of",
    "decoded",
    "half_width",
    "new_tree",
    "new_tree_csv",
    "origin_words",
    "read_lines",
    "read_sheet",
    "tree_csv",
    "tree_json",
    "tree_text",
    "typed_rows",
    "unit_rows",
]
