"""Lists of staff from a spreadsheet, and the list of first passwords that is handed out. No database."""

from app.people.files.accounts import ACCOUNT_COLUMNS, account_list_csv
from app.people.files.hr import ORDER_LENGTH, HrFile, hr_file, hr_sheet
from app.people.files.mapping import (
    Proposal,
    code_of,
    mapping_from,
    mapping_problems,
    mapping_text,
    proposed_mapping,
    words_without_meaning,
)
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
    "ACCOUNT_COLUMNS",
    "KANA",
    "MAIL",
    "NAME",
    "ORDER_LENGTH",
    "PEOPLE_COLUMNS",
    "STAFF_NO",
    "TITLE_LENGTH",
    "FirstPassword",
    "HrFile",
    "Proposal",
    "account_list_csv",
    "code_of",
    "first_passwords_csv",
    "hr_file",
    "hr_sheet",
    "mapping_from",
    "mapping_problems",
    "mapping_text",
    "one_person",
    "one_unit",
    "posting_rows",
    "proposed_mapping",
    "words_without_meaning",
]
