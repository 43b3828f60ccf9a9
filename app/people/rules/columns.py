"""How the columns of a city's own list of staff are to be read: a mapping that is saved by name and used again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.people.rules.roles import AbsenceKind, EmploymentType, Position, PostingKind
from app.people.rules.transfers.rows import Change, FileShape


class HrField(StrEnum):
    """What a column of a list of staff can tell."""

    STAFF_NO = "staff-no"
    NAME = "name"
    KANA = "kana"
    EMPLOYMENT = "employment"
    CHANGE = "change"
    UNIT_CODE = "unit-code"
    TITLE = "title"
    POSITION = "position"
    KIND = "kind"
    FIRST_DAY = "first-day"
    LAST_DAY = "last-day"
    ORDER_NO = "order-no"
    LEFT_ON = "left-on"
    ABSENCE = "absence"
    ABSENCE_FROM = "absence-from"
    ABSENCE_TO = "absence-to"


class DateForm(StrEnum):
    """How days are written. 2026-04-01, 2026/4/1, 令和8年4月1日 and R8.4.1 are read in any form."""

    WRITTEN = "written"
    COMPACT = "compact"
    """20260401."""
    ERA_NUMBER = "era-number"
    """5080401: the number of the era (令和 is 5), then its year, month and day in two digits each."""


class LeavingDay(StrEnum):
    """What the day of a 退職 row means. A column 退職日 always names the last day in office."""

    LAST_IN_OFFICE = "last-in-office"
    FIRST_AWAY = "first-away"


PRESENT: Final = "present"
"""The code for a word that says that somebody is not away (在職)."""

ANY_OTHER: Final = "*"
"""In the words of a field: whatever is not listed. 職名 tells a head by a few words, everybody else is staff."""

CODES: Final[Mapping[HrField, tuple[str, ...]]] = {
    HrField.EMPLOYMENT: tuple(EmploymentType),
    HrField.CHANGE: tuple(Change),
    HrField.POSITION: tuple(Position),
    HrField.KIND: tuple(PostingKind),
    HrField.ABSENCE: (PRESENT, *AbsenceKind),
}
"""The fields whose cells are words for one of our codes."""

DAYS: Final = frozenset(
    (HrField.FIRST_DAY, HrField.LAST_DAY, HrField.LEFT_ON, HrField.ABSENCE_FROM, HrField.ABSENCE_TO)
)

JOINED: Final = frozenset((HrField.NAME, HrField.KANA))
"""The fields that may stand in several columns (姓 and 名), joined by a space."""

_ALWAYS_NEEDED: Final = (HrField.STAFF_NO, HrField.NAME, HrField.UNIT_CODE, HrField.TITLE, HrField.POSITION)
NEEDED: Final[Mapping[FileShape, tuple[HrField, ...]]] = {
    FileShape.WHOLE_LIST: (*_ALWAYS_NEEDED, HrField.KIND),
    FileShape.CHANGES_ONLY: (*_ALWAYS_NEEDED, HrField.CHANGE),
}
"""What has to have a column, or a constant where `MAY_BE_CONSTANT` says so."""

MAY_BE_CONSTANT: Final = frozenset(
    (HrField.EMPLOYMENT, HrField.TITLE, HrField.POSITION, HrField.KIND, HrField.ORDER_NO, HrField.CHANGE)
)

SILENT: Final[Mapping[FileShape, frozenset[HrField]]] = {
    FileShape.WHOLE_LIST: frozenset((HrField.CHANGE,)),
    FileShape.CHANGES_ONLY: frozenset((HrField.ABSENCE, HrField.ABSENCE_FROM, HrField.ABSENCE_TO)),
}
"""What says nothing in a shape of file: a whole list has no movements, a list of movements names absences by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How one layout of file is read.

    Attributes:
        columns: the words of the header for each field that has a column.
        constants: what stands where a field has no column, or its cell is empty; a code for fields that have codes.
        words: for fields that have codes, the city's own words; they come before the words that everybody uses.
    """

    shape: FileShape
    columns: Mapping[HrField, tuple[str, ...]]
    constants: Mapping[HrField, str] = field(default_factory=dict)
    words: Mapping[HrField, Mapping[str, str]] = field(default_factory=dict)
    dates: DateForm = DateForm.WRITTEN
    leaving_day: LeavingDay = LeavingDay.LAST_IN_OFFICE
