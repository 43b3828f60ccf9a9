"""Rows of a list from the personnel office, as they are understood. Days are half-open: `until` is the first day after."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.people.rules.roles import AbsenceKind, EmploymentType, Position, PostingKind


class FileShape(StrEnum):
    """Whether a list names everybody who is there on a day, or only what changes."""

    WHOLE_LIST = "whole-list"
    CHANGES_ONLY = "changes-only"


class Change(StrEnum):
    """異動種別: what a row of a list of changes orders."""

    HIRE = "hire"
    MOVE = "move"
    DEPART = "depart"
    LEAVE = "leave"
    PARENTAL = "parental"
    SECONDED = "seconded"
    BACK = "back"
    CONCURRENT = "concurrent"
    CONCURRENT_END = "concurrent-end"
    JOINT = "joint"
    JOINT_END = "joint-end"
    ACTING = "acting"
    ACTING_END = "acting-end"


KIND_GIVEN = {
    Change.HIRE: PostingKind.MAIN,
    Change.MOVE: PostingKind.MAIN,
    Change.CONCURRENT: PostingKind.CONCURRENT,
    Change.JOINT: PostingKind.JOINT,
    Change.ACTING: PostingKind.ACTING,
}
"""The kind of post that a change gives."""

KIND_ENDED = {
    Change.CONCURRENT_END: PostingKind.CONCURRENT,
    Change.JOINT_END: PostingKind.JOINT,
    Change.ACTING_END: PostingKind.ACTING,
}
"""The kind of post that a change ends."""

ABSENCE_BEGUN = {
    Change.LEAVE: AbsenceKind.LEAVE,
    Change.PARENTAL: AbsenceKind.PARENTAL,
    Change.SECONDED: AbsenceKind.SECONDED,
}
"""The kind of absence that a change begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePost:
    """A post as a row names it; of a post that a row ends only the unit and the kind are said."""

    unit_code: str
    kind: PostingKind
    title: str = ""
    position: Position = Position.STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAbsence:
    """An absence as a row names it. `kind` None: the row says that the person is there."""

    kind: AbsenceKind | None
    day: date
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HrRow:
    """One row; `row` counts as Excel does, the header is row 1.

    Attributes:
        name, kana: exactly as typed; without a kana the stored one stays.
        employment: None: the row does not say, the stored one stays.
        change: what is ordered; None in a whole list, where the row says what holds. DEPART there, too, where
            the row itself names a last day that has passed.
        post: the post that is held, given or ended; None where the row only speaks of the person, never in a whole list.
        day: the first day on which it holds: for DEPART the first day without a post.
        until: the first day on which it no longer holds, of a post or of an absence that a change begins.
        absence: what a whole list says about absence; None: it does not speak of it.
    """

    row: int
    staff_no: str
    name: str
    kana: str | None
    employment: EmploymentType | None
    change: Change | None
    post: FilePost | None
    day: date
    until: date | None = None
    absence: FileAbsence | None = None
    order_no: str | None = None

    def __post_init__(self) -> None:
        kind = {**KIND_GIVEN, **KIND_ENDED}.get(self.change) if self.change else None
        told = self.post.kind if self.post else None
        if (self.change is None and told is None) or (kind is not None and told is not kind):
            message = (
                f"row {self.row}: {self.change or 'a whole list'} names a post of the kind {kind or 'any'}"
            )
            raise ValueError(message)

    @property
    def named_post(self) -> FilePost:
        """Return the post of a row that gives or ends one."""
        if self.post is None:
            message = f"row {self.row} names no post"
            raise ValueError(message)
        return self.post


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something to look at before a list is confirmed. It refuses nothing."""

    message: str
    row: int | None = None
    field: str | None = None
