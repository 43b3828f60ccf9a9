"""Whatever is stored and whatever a list says: what it does is what it says, from its day on, once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, TypeVar

from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.people.rules import (
    ABSENCE_BEGUN,
    KIND_ENDED,
    KIND_GIVEN,
    AbsenceKind,
    AbsenceSpan,
    AbsentPeople,
    Change,
    Coverage,
    EmploymentType,
    FileAbsence,
    FilePost,
    FileShape,
    HrRow,
    KnownPerson,
    PeopleOnDay,
    PersonName,
    PersonOutcome,
    Position,
    PostingKind,
    PostingSpan,
    SpanAct,
    TransferPlan,
    handover_of,
    people_after,
    plan_transfers,
)
from tests.factories.transfers import unit

S = TypeVar("S", PostingSpan, AbsenceSpan)

FIRST: Final = date(2026, 3, 20)
EFFECTIVE: Final = FIRST + timedelta(days=8)
TODAY: Final = FIRST + timedelta(days=10)
DAYS: Final = tuple(FIRST + timedelta(days=n) for n in range(18))
UNITS: Final = {
    "A": (unit("A"),),
    "B": (unit("B"),),
    "C": (unit("C"),),
    "OLD": (unit("OLD", until=EFFECTIVE),),
    "NEW": (unit("NEW", since=EFFECTIVE - timedelta(days=3)),),
}
NUMBERS: Final = ("1001", "1002", "01002")
TYPES: Final = (EmploymentType.REGULAR, EmploymentType.REGULAR, EmploymentType.ANNUAL, None)
NAMES: Final = ("佐藤 花子", "佐藤 花子", "佐藤 花子", "鈴木 花子", "田中 一郎")

days = st.sampled_from(DAYS)
early = st.sampled_from((FIRST, *DAYS[:9]))
late = st.sampled_from((None, None, *DAYS[6:]))
kinds = st.sampled_from((PostingKind.MAIN, PostingKind.MAIN, PostingKind.CONCURRENT, PostingKind.ACTING))
titles = st.sampled_from(("主査", "主査", "課長"))
codes = st.sampled_from(("A", "A", "B", "B", "C", "OLD", "NEW"))


def overlap(one: S, other: S) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


def exclusive(one: PostingSpan, other: PostingSpan) -> bool:
    return one.unit_code == other.unit_code or one.kind is PostingKind.MAIN is other.kind


def possible(spans: Sequence[S], excludes: Callable[[S, S], bool]) -> tuple[S, ...]:
    """The spans, as far as they can stand beside those before them."""
    found: list[S] = []
    for span in spans:
        empty = span.valid_to is not None and span.valid_to <= span.valid_from
        if not empty and not any(overlap(span, other) and excludes(span, other) for other in found):
            found.append(span)
    return tuple(found)


def posts_of(number: str) -> st.SearchStrategy[tuple[PostingSpan, ...]]:
    post = st.builds(
        PostingSpan,
        staff_no=st.just(number),
        unit_code=codes,
        title=titles,
        position=st.just(Position.STAFF),
        kind=kinds,
        valid_from=early | days,
        valid_to=late,
    )
    return st.lists(post, max_size=4).map(lambda spans: possible(spans, exclusive))


def absences_of(number: str) -> st.SearchStrategy[tuple[AbsenceSpan, ...]]:
    absence = st.builds(
        AbsenceSpan,
        staff_no=st.just(number),
        kind=st.sampled_from(AbsenceKind),
        valid_from=days,
        valid_to=late,
    )
    return st.lists(absence, max_size=2).map(lambda spans: possible(spans, lambda _, __: True))


def person(number: str) -> st.SearchStrategy[KnownPerson]:
    return st.builds(
        KnownPerson,
        name=st.sampled_from(NAMES).map(lambda name: PersonName(name=name, kana="さとう はなこ")),
        employment=st.sampled_from(TYPES),
        posts=posts_of(number),
        absences=absences_of(number),
    )


people = st.fixed_dictionaries(
    {number: person(number) for number in NUMBERS[:2]},
    optional={number: person(number) for number in NUMBERS[2:]},
)
numbers = st.sampled_from((*NUMBERS, "1003", "1004"))
plain_rows = st.builds(
    HrRow,
    row=st.just(0),
    staff_no=numbers,
    name=st.just(NAMES[0]),
    kana=st.sampled_from(("さとう はなこ", "ｻﾄｳ ﾊﾅｺ")),
    employment=st.just(EmploymentType.REGULAR),
    change=st.none(),
    post=st.builds(FilePost, unit_code=codes, kind=kinds, title=titles),
    day=st.sampled_from((EFFECTIVE, *DAYS)),
    until=st.sampled_from((None, None, *DAYS[8:])),
    order_no=st.sampled_from((None, "1")),
)
told_absences = st.builds(
    lambda kind, day, until: FileAbsence(kind=kind, day=day, until=until if kind else None),
    st.none() | st.sampled_from(AbsenceKind),
    st.sampled_from((EFFECTIVE, *DAYS)),
    late,
)
list_rows = st.builds(
    lambda row, absence: replace(row, absence=absence), plain_rows, st.none() | told_absences
)


def ordering(row: HrRow, change: Change) -> HrRow:
    """The row as an order: with a post of the kind that it gives or ends."""
    assert row.post is not None
    kind = {**KIND_GIVEN, **KIND_ENDED}.get(change)
    post = replace(row.post, kind=kind or PostingKind.MAIN)
    if change in KIND_ENDED:
        post = FilePost(unit_code=post.unit_code, kind=post.kind)
    named = kind is not None or (change is Change.BACK and row.order_no)
    until = row.until if change in KIND_GIVEN or change in ABSENCE_BEGUN else None
    return replace(row, change=change, post=post if named else None, until=until)


change_rows = st.builds(ordering, plain_rows, st.sampled_from(Change))


def numbered_rows(rows: Sequence[HrRow]) -> tuple[HrRow, ...]:
    return tuple(replace(row, row=n) for n, row in enumerate(rows, start=2))


whole_lists = st.lists(list_rows, min_size=1, max_size=5).map(numbered_rows)
change_lists = st.lists(change_rows, min_size=1, max_size=5).map(numbered_rows)
coverages = st.builds(
    Coverage,
    employment=st.none() | st.frozensets(st.sampled_from(TYPES)),
    kinds=st.none() | st.frozensets(st.sampled_from(PostingKind)),
    absent=st.sampled_from(AbsentPeople),
)


def plan_of(
    known: dict[str, KnownPerson], rows: Sequence[HrRow], coverage: Coverage | None = None
) -> tuple[PeopleOnDay, TransferPlan]:
    before = PeopleOnDay(people=known, units=UNITS)
    shape = FileShape.WHOLE_LIST if coverage else FileShape.CHANGES_ONLY
    plan = plan_transfers(
        before,
        rows,
        effective=EFFECTIVE,
        today=TODAY,
        shape=shape,
        coverage=coverage or Coverage(),
    )
    return before, plan


# --------------------------------------------------------------------------------- what holds of any list


def held_of_any_list(before: PeopleOnDay, rows: Sequence[HrRow], plan: TransferPlan) -> PeopleOnDay:
    """Check what holds whatever the shape, and return everybody afterwards."""
    places = [
        *(row for person in plan.people.values() for row in person.rows),
        *(entry.row for entry in plan.duplicates),
        *(problem.row for problem in plan.problems),
        *(entry.row for entry in plan.not_matched),
    ]
    assert sorted(place for place in places if place) == [row.row for row in rows]
    after = people_after(before, plan)
    assert after.people.keys() - before.people.keys() <= plan.people.keys()
    for number, person in after.people.items():
        stored = before.people.get(number, KnownPerson(name=person.name))
        if number not in plan.people:
            assert person == stored
            continue
        event(f"outcome {plan.people[number].outcome.value}")
        nothing_before_the_first_day(number, stored, person, rows)
        assert possible(person.posts, exclusive) == person.posts
        assert possible(person.absences, lambda _, __: True) == person.absences
        told_as_they_are(number, stored, person, plan)
    return after


def nothing_before_the_first_day(
    number: str, stored: KnownPerson, person: KnownPerson, rows: Sequence[HrRow]
) -> None:
    own = [row for row in rows if row.staff_no == number]
    first = min(
        (EFFECTIVE, *(row.day for row in own), *(row.absence.day for row in own if row.absence)),
    )
    for day in DAYS:
        if day < first:
            assert {replace(s, valid_to=None) for s in stored.posts if s.covers(day)} == {
                replace(s, valid_to=None) for s in person.posts if s.covers(day)
            }
            assert {s.key for s in stored.absences if s.covers(day)} == {
                s.key for s in person.absences if s.covers(day)
            }


def told_as_they_are(number: str, stored: KnownPerson, person: KnownPerson, plan: TransferPlan) -> None:
    told = plan.people[number]
    assert {span for span in stored.posts if span.covers(told.day)} == set(told.before)
    assert {span for span in person.posts if span.covers(told.day)} == set(told.after)
    late = [(e.late, e.day < TODAY) for e in told.posts if e.act is not SpanAct.KEEP]
    late += [(e.late, e.day < TODAY) for e in told.absences if e.act is not SpanAct.KEEP]
    assert all(said == so for said, so in late)
    assert {entry.span.key for entry in told.posts if entry.act is not SpanAct.OPEN} == {
        span.key for span in stored.posts
    }
    if told.outcome is PersonOutcome.UNCHANGED:
        assert (set(person.posts), set(person.absences)) == (set(stored.posts), set(stored.absences))
        assert (person.name, person.employment) == (stored.name, stored.employment)
    if told.outcome is PersonOutcome.LEFT:
        assert (bool(told.before), told.after) == (True, ())
    handover = handover_of(plan, number)
    units = {span.unit_code for span in told.after}
    if handover is not None:
        assert not {given.span.unit_code for given in handover.given_up} & units
    if told.outcome in {PersonOutcome.LEFT, PersonOutcome.ABSENT}:
        assert handover is not None


def nothing_more(
    after: PeopleOnDay, rows: Sequence[HrRow], plan: TransferPlan, coverage: Coverage | None = None
) -> None:
    """Read in again, the list does nothing."""
    _, again = plan_of(dict(after.people), rows, coverage)
    assert {person.outcome for person in again.people.values()} <= {PersonOutcome.UNCHANGED}
    assert (again.duplicates, again.problems) == (plan.duplicates, plan.problems)
    assert [entry.row for entry in again.not_matched] == [entry.row for entry in plan.not_matched]


# -------------------------------------------------------------------------------------------- whole lists


@settings(max_examples=150)
@given(known=people, rows=whole_lists, coverage=coverages)
def test_a_whole_list_says_what_holds_on_its_day(
    known: dict[str, KnownPerson], rows: tuple[HrRow, ...], coverage: Coverage
) -> None:
    before, plan = plan_of(known, rows, coverage)
    after = held_of_any_list(before, rows, plan)
    covered = coverage.kinds
    if covered is None:
        covered = frozenset(row.post.kind for row in rows if row.post)
    for number, made in plan.people.items():
        own = [row for row in rows if row.row in made.rows]
        held = [span for span in after.people[number].posts if span.covers(EFFECTIVE)]
        said = {row.post for row in own if row.post}
        as_file = {
            FilePost(unit_code=s.unit_code, kind=s.kind, title=s.title, position=s.position) for s in held
        }
        assert said <= as_file
        assert not {post.kind for post in as_file - said} & covered or not own
        for row in own:
            away = {span.kind for span in after.people[number].absences if span.covers(EFFECTIVE)}
            if row.absence is not None and row.absence.kind is None:
                assert away == set()
            elif row.absence is not None and row.absence.day <= EFFECTIVE:
                assert away == {row.absence.kind}
        if not own:
            assert not {span.kind for span in held} & covered
    named = {row.staff_no for row in rows}
    assert not named & set(plan.unclear)
    nothing_more(after, rows, plan, coverage)


# --------------------------------------------------------------------------------------- lists of changes


@settings(max_examples=200)
@given(known=people, rows=change_lists)
def test_a_list_of_changes_makes_so_what_it_orders(
    known: dict[str, KnownPerson], rows: tuple[HrRow, ...]
) -> None:
    before, plan = plan_of(known, rows)
    after = held_of_any_list(before, rows, plan)
    planned = {row for made in plan.people.values() for row in made.rows}
    for row in rows:
        if row.row in planned:
            event(f"planned {row.change}")
            done_as_ordered(row, after.people[row.staff_no])
    nothing_more(after, rows, plan)


def done_as_ordered(row: HrRow, person: KnownPerson) -> None:
    posts = [span for span in person.posts if span.covers(row.day)]
    absences = [span for span in person.absences if span.covers(row.day)]
    if row.change in ABSENCE_BEGUN:
        assert posts
        assert [span.kind for span in absences] == [ABSENCE_BEGUN[row.change]]
    if row.change is Change.BACK:
        assert all(span.valid_from == row.day for span in absences)
    if row.change is Change.DEPART:
        assert {*(s.valid_from for s in posts), *(s.valid_from for s in absences)} <= {row.day}
    if row.change in KIND_ENDED and row.post:
        ended = [s for s in posts if (s.unit_code, s.kind) == (row.post.unit_code, row.post.kind)]
        assert all(span.valid_from == row.day for span in ended)
    elif row.post:
        assert row.post in [
            FilePost(unit_code=s.unit_code, kind=s.kind, title=s.title, position=s.position) for s in posts
        ]
