"""Lists from a spreadsheet, for this domain and those above it."""

from app.organisation.files.reorganisation import REORGANISATION_COLUMNS, new_tree
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
from app.organisation.files.units import UNIT_COLUMNS, unit_rows

__all__ = [
    "CODE_LENGTH",
    "KANA_LENGTH",
    "NAME_LENGTH",
    "REORGANISATION_COLUMNS",
    "UNIT_COLUMNS",
    "Column",
    "Line",
    "RowsRefused",
    "day_of",
    "decoded",
    "half_width",
    "new_tree",
    "read_lines",
    "typed_rows",
    "unit_rows",
]
