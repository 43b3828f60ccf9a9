"""What reading in a list from the personnel office would do: for each person one outcome, and the spans that make it so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final, Generic, TypeVar

from app.kernel.errors import Problem
from app.organisation.rules import Histories
from app.people.rules.postings import PersonName, PostingSpan
from app.people.rules.roles import AbsenceSpan, EmploymentType, PostingKind
from app.people.rules.transfers.rows import Caution, FileShape

S = TypeVar("S", PostingSpan, AbsenceSpan)


# ----------------------------------------------------------------------------------------- what is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """Somebody who is stored, with every post and absence of all days; nobody ever said the employment type of None."""

    name: PersonName
    employment: EmploymentType | None = None
    posts: tuple[PostingSpan, ...] = ()
    absences: tuple[AbsenceSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOnDay:
    """Everybody by staff number, and every unit by code with its spans."""

    people: Mapping[str, KnownPerson]
    units: Histories


# ---------------------------------------------------------------------------------- what is to be decided


class AbsentPeople(StrEnum):
    """Whether a whole list names those who are away (休職, 育休, 派遣)."""

    LISTED = "listed"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of whom a whole list speaks: who is of these and missing from it has left.

    Attributes:
        employment: the types that it covers, None among them for people whose type nobody said; by default those
            that occur in it.
        kinds: the kinds of posts that it covers: a list with 本務 only ends no 兼務; by default those that occur.
    """

    employment: frozenset[EmploymentType | None] | None = None
    kinds: frozenset[PostingKind] | None = None
    absent: AbsentPeople = AbsentPeople.LISTED


AS_IT_OCCURS: Final = Coverage()


# ------------------------------------------------------------------------------------- what would be done


class PersonOutcome(StrEnum):
    """What a list does to a person. The first that fits, in the order of `outcome_of`."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    RETURNED = "returned"
    LEFT = "left"
    ABSENT = "absent"
    UNCHANGED = "unchanged"


class SpanAct(StrEnum):
    """What happens to a span. CANCEL: it never began, since another one begins on its first day instead."""

    OPEN = "open"
    CLOSE = "close"
    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanOperation(Generic[S]):
    """One thing to do to one post or absence.

    Attributes:
        span: as it is stored; for OPEN as it is to be stored.
        day: from when it makes a difference: the first day, or for CLOSE the new end (the first day after).
        late: that day lies before the day of the import: the change is accepted, with its time of recording.
        row, order_no: the row that orders it; None when somebody is missing from a whole list.
    """

    act: SpanAct
    span: S
    day: date
    late: bool
    row: int | None
    order_no: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """What a list does to one person.

    Attributes:
        day: the day on which `before` and `after` are told: the effective day, or that of the person's last row.
        before, after: the posts held on that day without and with the list, in the order of their first days.
        known: the name and employment type as stored, None for somebody new.
        later: posts that begin after somebody left, and stay.
    """

    staff_no: str
    outcome: PersonOutcome
    day: date
    known: tuple[PersonName, EmploymentType | None] | None
    name: PersonName
    employment: EmploymentType | None
    posts: tuple[SpanOperation[PostingSpan], ...]
    absences: tuple[SpanOperation[AbsenceSpan], ...]
    before: tuple[PostingSpan, ...]
    after: tuple[PostingSpan, ...]
    later: tuple[PostingSpan, ...]
    rows: tuple[int, ...]

    @property
    def absent(self) -> AbsenceSpan | None:
        """Return the absence that begins with the list."""
        return next((entry.span for entry in self.absences if entry.act is SpanAct.OPEN), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A row that says word for word what an earlier one says: it is counted once."""

    row: int
    same_as: int


class NotMatchedReason(StrEnum):
    """Why a row is left out until somebody has looked at it."""

    UNKNOWN_UNIT = "unknown-unit"
    ENDED_UNIT = "ended-unit"
    UNIT_NOT_YET = "unit-not-yet"
    LOST_ZERO = "lost-zero"
    OTHER_NAME = "other-name"
    UNKNOWN_PERSON = "unknown-person"
    INCOMPLETE = "incomplete"
    OTHER_DAY = "other-day"
    NOTHING_TO_END = "nothing-to-end"
    NOT_IN_OFFICE = "not-in-office"
    LATER_POST = "later-post"
    SAME_UNIT = "same-unit"
    SAME_PERSON = "same-person"


CONFIRMABLE: Final = frozenset((NotMatchedReason.LOST_ZERO, NotMatchedReason.OTHER_NAME))
"""What somebody may say is right as it stands, by staff number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMatched:
    """A row that is left out, with the other rows of the person: nothing is done to a person by halves.

    `suggestion` holds codes or numbers that may be meant; none is ever taken by itself.
    """

    row: int
    staff_no: str
    reason: NotMatchedReason
    message: str
    suggestion: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPlan:
    """What reading in a list would do. Each row is in exactly one of: a person's rows, duplicates, problems, not matched.

    Attributes:
        people: by staff number, in the order of the list; then who left by missing from it.
        problems: rows that contradict each other. While there are any, nothing may be read in.
        unclear: staff numbers missing from a whole list of whom nobody said the employment type: they stay.
        cautions: what is to be looked at before somebody confirms.
    """

    shape: FileShape
    effective: date
    people: Mapping[str, PersonPlan]
    duplicates: tuple[Duplicate, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_matched: tuple[NotMatched, ...] = ()
    unclear: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    counts: Mapping[PersonOutcome, int] = field(init=False)

    def __post_init__(self) -> None:
        found = Counter(person.outcome for person in self.people.values())
        object.__setattr__(self, "counts", {outcome: found[outcome] for outcome in PersonOutcome})


# --------------------------------------------------------------------------------------------- doing it


def spans_after(spans: Sequence[S], operations: Sequence[SpanOperation[S]]) -> tuple[S, ...]:
    """Return spans as the operations leave them, in the order of their first days."""
    held = {span.key: span for span in spans}
    for entry in operations:
        if entry.act is SpanAct.CANCEL:
            del held[entry.span.key]
        elif entry.act is SpanAct.CLOSE:
            held[entry.span.key] = replace(entry.span, valid_to=entry.day)
        else:
            held[entry.span.key] = entry.span
    return in_order(tuple(held.values()))


def people_after(stored: PeopleOnDay, plan: TransferPlan) -> PeopleOnDay:
    """Return everybody as the plan leaves them."""
    people = dict(stored.people)
    for staff_no, made in plan.people.items():
        before = people.get(staff_no, KnownPerson(name=made.name))
        people[staff_no] = KnownPerson(
            name=made.name,
            employment=made.employment,
            posts=spans_after(before.posts, made.posts),
            absences=spans_after(before.absences, made.absences),
        )
    return replace(stored, people=people)


def in_order(spans: Sequence[S]) -> tuple[S, ...]:
    """Return spans by their first days; of one day by what tells them apart."""
    return tuple(sorted(spans, key=lambda span: (span.valid_from, span.key)))
