"""Lists of staff from a spreadsheet, and the list of first passwords that is handed out. No database."""

from app.people.files.passwords import FirstPassword, first_passwords_csv
from app.people.files.staff import (
    KANA,
    MAIL,
    NAME,
    PEOPLE_COLUMNS,
    STAFF_NO,
    TITLE_LENGTH,
    one_person,
    one_unit,
    posting_rows,
)

__all__ = [
    "KANA",
    "MAIL",
    "NAME",
    "PEOPLE_COLUMNS",
    "STAFF_NO",
    "TITLE_LENGTH",
    "FirstPassword",
    "first_passwords_csv",
    "one_person",
    "one_unit",
    "posting_rows",
]
