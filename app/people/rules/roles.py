"""What a person does for the city, and for how long."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.kernel.ids import PersonId


class Position(StrEnum):
    """The place in a unit: 所属長 or a member of staff."""

    HEAD = "head"
    STAFF = "staff"


class PostingKind(StrEnum):
    """How a post is held. 事務取扱 means that somebody of a higher rank acts in it."""

    MAIN = "main"
    CONCURRENT = "concurrent"
    JOINT = "joint"
    ACTING = "acting"


class EmploymentType(StrEnum):
    """On what terms somebody works for the city.

    Basis: 地方公務員法 第3条 (特別職), 第22条の2 (会計年度任用職員), 第22条の4 (定年前再任用短時間勤務職員).
    """

    REGULAR = "regular"
    REAPPOINTED = "reappointed"
    FIXED_TERM = "fixed-term"
    ANNUAL = "annual"
    DISPATCHED_IN = "dispatched-in"
    SPECIAL = "special"
    CONTRACTOR = "contractor"


class AbsenceKind(StrEnum):
    """Why somebody who is still employed is away for a time: 休職, 育休, 派遣(出向)."""

    LEAVE = "leave"
    PARENTAL = "parental"
    SECONDED = "seconded"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceSpan:
    """A time away, `[valid_from, valid_to)`. The posts stay; the rights that come with them rest meanwhile."""

    staff_no: str
    kind: AbsenceKind
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> tuple[str, date]:
        """Return what tells one absence from another: nobody is away for two reasons at once."""
        return self.staff_no, self.valid_from

    def covers(self, day: date) -> bool:
        """Return whether the person is away on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Duty(StrEnum):
    """What a head names somebody for, with dates."""

    CLERK = "clerk"
    DEPUTY = "deputy"


class PersonFunction(StrEnum):
    """Functions that a named person holds for a time."""

    CHIEF = "chief"
    CIO = "cio"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person as pages name them."""

    id: PersonId
    staff_no: str
    name: str
    kana: str
