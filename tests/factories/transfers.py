"""People, posts and rows of a list from the personnel office, for tests of what the list would do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from app.organisation.rules import PolicyOwner, UnitKind, UnitSpan
from app.people.rules import (
    KIND_ENDED,
    KIND_GIVEN,
    AbsenceKind,
    AbsenceSpan,
    Change,
    EmploymentType,
    FileAbsence,
    FilePost,
    FileShape,
    HrRow,
    KnownPerson,
    PeopleOnDay,
    PersonName,
    PersonPlan,
    Position,
    PostingKind,
    PostingSpan,
    TransferPlan,
    plan_transfers,
)

HIRED: Final = date(2020, 4, 1)
APRIL: Final = date(2026, 4, 1)
MAY: Final = date(2026, 5, 1)
NAME: Final = PersonName(name="佐藤 花子", kana="さとう はなこ")
TITLE: Final = "主査"


def unit(code: str, *, since: date = date(2019, 4, 1), until: date | None = None) -> UnitSpan:
    return UnitSpan(
        code=code,
        name=code,
        kana=code,
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=None,
        sort_order=1,
        valid_from=since,
        valid_to=until,
    )


UNITS: Final = {
    **{code: (unit(code),) for code in ("A", "B", "C", "D")},
    "OLD": (unit("OLD", until=APRIL),),
    "NEW": (unit("NEW", since=MAY),),
}


def post(code: str = "A", **changes: Any) -> PostingSpan:  # noqa: ANN401 - any field of a post
    plain = PostingSpan(
        staff_no="1001",
        unit_code=code,
        title=TITLE,
        position=Position.STAFF,
        kind=PostingKind.MAIN,
        valid_from=HIRED,
        valid_to=None,
    )
    return replace(plain, **changes)


def away(kind: AbsenceKind = AbsenceKind.LEAVE, **changes: Any) -> AbsenceSpan:  # noqa: ANN401 - as above
    plain = AbsenceSpan(staff_no="1001", kind=kind, valid_from=date(2026, 1, 1), valid_to=None)
    return replace(plain, **changes)


def known(
    *posts: PostingSpan,
    absences: Sequence[AbsenceSpan] = (),
    name: PersonName = NAME,
    employment: EmploymentType | None = EmploymentType.REGULAR,
) -> KnownPerson:
    return KnownPerson(name=name, employment=employment, posts=posts, absences=tuple(absences))


def listed(row: int = 2, code: str = "A", **changes: Any) -> HrRow:  # noqa: ANN401 - as above
    """A row of a whole list. `title`, `position` and `kind` are those of its post."""
    kind = changes.pop("kind", PostingKind.MAIN)
    said = FilePost(
        unit_code=code,
        kind=kind,
        title=changes.pop("title", TITLE),
        position=changes.pop("position", Position.STAFF),
    )
    plain = HrRow(
        row=row,
        staff_no="1001",
        name=NAME.name,
        kana=NAME.kana,
        employment=EmploymentType.REGULAR,
        change=None,
        post=said,
        day=APRIL,
    )
    return replace(plain, **changes)


def ordered(change: Change, code: str | None = None, row: int = 2, **changes: Any) -> HrRow:  # noqa: ANN401 - as above
    """A row of a list of changes."""
    kind = {**KIND_GIVEN, **KIND_ENDED}.get(change, PostingKind.MAIN)
    made = listed(row, code or "", kind=kind, **changes)
    if change in KIND_ENDED and made.post is not None:
        made = replace(made, post=FilePost(unit_code=made.post.unit_code, kind=kind))
    return replace(made, change=change, post=made.post if code else None)


def present(day: date = APRIL) -> FileAbsence:
    return FileAbsence(kind=None, day=day)


def stored(*people: tuple[str, KnownPerson] | KnownPerson) -> PeopleOnDay:
    named = [("1001", one) if isinstance(one, KnownPerson) else one for one in people]
    return PeopleOnDay(people=dict(named), units=UNITS)


def planned(before: PeopleOnDay, *rows: HrRow, **options: Any) -> TransferPlan:  # noqa: ANN401 - options of the plan
    """Plan a list; whole unless a row orders a change."""
    changes = any(row.change for row in rows)
    shape = FileShape.CHANGES_ONLY if changes else FileShape.WHOLE_LIST
    return plan_transfers(before, rows, **{"effective": APRIL, "today": APRIL, "shape": shape, **options})


def one(before: PeopleOnDay, *rows: HrRow, **options: Any) -> PersonPlan:  # noqa: ANN401 - as above
    """Plan a list that does something to 1001, and nothing else."""
    plan = planned(before, *rows, **options)
    assert (plan.problems, plan.not_matched) == ((), ())
    return plan.people["1001"]


def numbered(staff_no: str, person: KnownPerson) -> tuple[str, KnownPerson]:
    """The same person under another number."""
    posts = tuple(replace(span, staff_no=staff_no) for span in person.posts)
    absences = tuple(replace(span, staff_no=staff_no) for span in person.absences)
    return staff_no, replace(person, posts=posts, absences=absences)
