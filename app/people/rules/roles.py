"""What a person does for the city, and for how long."""

from dataclasses import dataclass
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
