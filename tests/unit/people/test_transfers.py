"""What a list of the personnel office would do: each outcome, each reason why a row waits, each caution."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.organisation.files import read_sheet
from app.people.files import hr_file, proposed_mapping
from app.people.rules import (
    AbsenceKind,
    AbsentPeople,
    Change,
    Coverage,
    EmploymentType,
    FileAbsence,
    FilePost,
    FileShape,
    HrRow,
    NotMatchedReason,
    PeopleOnDay,
    PersonName,
    PersonOutcome,
    PersonPlan,
    Position,
    PostingKind,
    SpanAct,
    TransferPlan,
    handover_of,
    people_after,
    plan_transfers,
)
from tests.factories.transfers import (
    APRIL,
    HIRED,
    MAY,
    NAME,
    UNITS,
    away,
    known,
    listed,
    numbered,
    one,
    ordered,
    planned,
    post,
    present,
    stored,
    unit,
)

JUNE = date(2026, 6, 1)
MARCH = date(2026, 3, 1)


def acts(person: PersonPlan) -> list[tuple[str, str, date]]:
    """What happens to posts and absences, without what stays."""
    posts = [(e.act.value, e.span.unit_code, e.day) for e in person.posts if e.act is not SpanAct.KEEP]
    return posts + [
        (e.act.value, e.span.kind.value, e.day) for e in person.absences if e.act is not SpanAct.KEEP
    ]


def waiting(plan: TransferPlan) -> list[tuple[int, str]]:
    return [(entry.row, entry.reason.value) for entry in plan.not_matched]


# -------------------------------------------------------------------------------------------- whole lists


def test_a_list_that_says_what_is_stored_changes_nothing() -> None:
    person = one(stored(known(post())), listed())
    assert (person.outcome, acts(person), person.rows) == (PersonOutcome.UNCHANGED, [], (2,))
    assert [entry.act for entry in person.posts] == [SpanAct.KEEP]


def test_somebody_new_begins_on_the_day_of_the_list() -> None:
    person = one(stored(), listed(order_no="人第12号"))
    assert (person.outcome, acts(person)) == (PersonOutcome.NEW, [("open", "A", APRIL)])
    assert (person.known, person.name, person.employment) == (None, NAME, EmploymentType.REGULAR)
    assert (person.posts[0].row, person.posts[0].order_no, person.posts[0].late) == (2, "人第12号", False)


def test_who_is_known_without_a_post_is_new_and_who_had_one_returns() -> None:
    assert one(stored(known()), listed()).outcome is PersonOutcome.NEW
    gone = post(valid_to=date(2024, 4, 1))
    assert one(stored(known(gone)), listed()).outcome is PersonOutcome.RETURNED
    assert one(stored(known(post("B", valid_from=MAY))), listed()).outcome is PersonOutcome.NEW


def test_a_move_ends_the_old_post_and_begins_the_new_one_on_one_day() -> None:
    person = one(stored(known(post())), listed(code="B"))
    assert person.outcome is PersonOutcome.MOVED
    assert acts(person) == [("close", "A", APRIL), ("open", "B", APRIL)]
    assert [span.unit_code for span in person.before] == ["A"]
    assert [span.unit_code for span in person.after] == ["B"]


@pytest.mark.parametrize(
    "row",
    [
        listed(title="係長"),
        listed(position=Position.HEAD),
        listed(kind=PostingKind.JOINT),
    ],
)
def test_another_title_position_or_kind_in_one_unit_is_a_change(row: HrRow) -> None:
    person = one(stored(known(post())), row)
    assert person.outcome is PersonOutcome.CHANGED
    assert acts(person) == [("close", "A", APRIL), ("open", "A", APRIL)]


def test_name_and_employment_type_are_changes_without_a_post() -> None:
    named = one(stored(known(post())), listed(name="鈴木 花子", kana="すずき はなこ"))
    assert (named.outcome, acts(named), named.name.name) == (PersonOutcome.CHANGED, [], "鈴木 花子")
    assert named.known == (NAME, EmploymentType.REGULAR)
    typed = one(stored(known(post(), employment=None)), listed(employment=EmploymentType.ANNUAL))
    assert (typed.outcome, typed.employment) == (PersonOutcome.CHANGED, EmploymentType.ANNUAL)


@pytest.mark.parametrize("kana", ["サトウ ハナコ", "ｻﾄｳ ﾊﾅｺ", "さとう　はなこ", None])
def test_a_reading_in_other_kana_changes_nothing(kana: str | None) -> None:
    person = one(stored(known(post())), listed(kana=kana))
    assert (person.outcome, person.name.kana) == (PersonOutcome.UNCHANGED, NAME.kana)


@pytest.mark.parametrize("name", ["髙﨑 花子", "佐藤 花\U000e0100子", "\ufa19 花子"])
def test_a_name_is_taken_as_it_is_given(name: str) -> None:
    assert one(stored(known(post())), listed(name=name)).name.name == name


def test_a_concurrent_post_comes_beside_the_main_one_and_goes_when_it_is_missing() -> None:
    beside = listed(3, "B", kind=PostingKind.CONCURRENT)
    person = one(stored(known(post())), listed(), beside)
    assert (person.outcome, acts(person)) == (PersonOutcome.CHANGED, [("open", "B", APRIL)])
    double = stored(known(post(), post("C", kind=PostingKind.CONCURRENT)))
    assert acts(one(double, listed(), beside)) == [("close", "C", APRIL), ("open", "B", APRIL)]


def test_a_list_of_main_posts_only_ends_no_other_kind() -> None:
    double = stored(known(post(), post("B", kind=PostingKind.CONCURRENT)))
    assert one(double, listed()).outcome is PersonOutcome.UNCHANGED
    every = Coverage(kinds=frozenset(PostingKind))
    assert acts(one(double, listed(), coverage=every)) == [("close", "B", APRIL)]


def test_main_and_concurrent_posts_can_change_places() -> None:
    before = stored(known(post(), post("B", kind=PostingKind.CONCURRENT)))
    rows = [listed(code="B"), listed(3, "A", kind=PostingKind.CONCURRENT)]
    for each in (rows, rows[::-1]):
        person = one(before, *each)
        assert person.outcome is PersonOutcome.MOVED
        assert {(span.unit_code, span.kind) for span in person.after} == {
            ("A", PostingKind.CONCURRENT),
            ("B", PostingKind.MAIN),
        }


def test_a_head_may_act_in_another_unit() -> None:
    acting = listed(3, "B", kind=PostingKind.ACTING, position=Position.HEAD, title="課長")
    person = one(stored(known(post())), listed(), acting)
    assert [(s.unit_code, s.kind, s.position) for s in person.after][1:] == [
        ("B", PostingKind.ACTING, Position.HEAD)
    ]


def test_the_day_of_a_row_is_taken_and_marked_as_late() -> None:
    day = APRIL - timedelta(days=10)
    person = one(stored(known(post())), listed(code="B", day=day), today=APRIL)
    assert acts(person) == [("close", "A", day), ("open", "B", day)]
    assert [entry.late for entry in person.posts] == [True, True]
    assert not any(entry.late for entry in one(stored(known(post())), listed(code="B")).posts)


def test_what_began_on_that_very_day_is_cancelled() -> None:
    begun = stored(known(post(valid_to=APRIL), post("B", valid_from=APRIL)))
    assert acts(one(begun, listed(code="C"))) == [("cancel", "B", APRIL), ("open", "C", APRIL)]
    person = one(begun, listed(code="B", title="係長"))
    assert acts(person) == [("cancel", "B", APRIL), ("open", "B", APRIL)]
    assert people_after(begun, planned(begun, listed(code="B", title="係長"))).people["1001"].posts == (
        post(valid_to=APRIL),
        post("B", valid_from=APRIL, title="係長"),
    )


def test_a_new_post_never_runs_into_one_that_is_stored_for_later() -> None:
    before = stored(known(post(valid_to=JUNE), post("C", valid_from=JUNE)))
    person = one(before, listed(code="B"))
    assert person.posts[-1].span == post("B", valid_from=APRIL, valid_to=JUNE)


def test_what_is_stored_for_later_beside_a_new_post_does_not_end_it() -> None:
    later = post("C", kind=PostingKind.CONCURRENT, valid_from=JUNE)
    person = one(stored(known(post(), later)), listed(code="B"))
    assert person.posts[-1].span == post("B", valid_from=APRIL)
    beside = one(stored(known(post(), later)), ordered(Change.JOINT, "C"))
    assert beside.posts[-1].span.valid_to == JUNE


def test_an_end_on_the_list_moves_the_end_of_the_post() -> None:
    assert acts(one(stored(known(post())), listed(until=MAY))) == [("close", "A", MAY)]
    longer = one(stored(known(post(valid_to=MAY))), listed(until=JUNE))
    assert (longer.outcome, acts(longer)) == (PersonOutcome.CHANGED, [("close", "A", JUNE)])
    assert one(stored(known(post(valid_to=MAY))), listed()).outcome is PersonOutcome.UNCHANGED


def test_who_goes_on_leave_keeps_the_post_and_comes_back() -> None:
    absence = FileAbsence(kind=AbsenceKind.PARENTAL, day=APRIL, until=JUNE)
    person = one(stored(known(post())), listed(absence=absence))
    assert (person.outcome, acts(person)) == (PersonOutcome.ABSENT, [("open", "parental", APRIL)])
    assert person.absent == away(AbsenceKind.PARENTAL, valid_from=APRIL, valid_to=JUNE)
    back = one(stored(known(post(), absences=[away()])), listed(absence=present()))
    assert (back.outcome, acts(back)) == (PersonOutcome.RETURNED, [("close", "leave", APRIL)])
    assert back.absent is None


def test_absences_are_left_alone_by_a_list_that_does_not_speak_of_them() -> None:
    person = one(stored(known(post(), absences=[away()])), listed())
    assert (person.outcome, [e.act for e in person.absences]) == (PersonOutcome.UNCHANGED, [SpanAct.KEEP])


def test_one_absence_follows_another() -> None:
    before = stored(known(post(), absences=[away()]))
    same = one(before, listed(absence=FileAbsence(kind=AbsenceKind.LEAVE, day=APRIL)))
    assert same.outcome is PersonOutcome.UNCHANGED
    longer = one(before, listed(absence=FileAbsence(kind=AbsenceKind.LEAVE, day=APRIL, until=JUNE)))
    assert acts(longer) == [("close", "leave", JUNE)]
    earlier = FileAbsence(kind=AbsenceKind.LEAVE, day=date(2025, 12, 1))
    assert one(before, listed(absence=earlier)).outcome is PersonOutcome.UNCHANGED
    other = one(before, listed(absence=FileAbsence(kind=AbsenceKind.PARENTAL, day=MARCH)))
    assert (other.outcome, acts(other)) == (
        PersonOutcome.CHANGED,
        [("close", "leave", MARCH), ("open", "parental", MARCH)],
    )
    ahead = one(stored(known(post())), listed(absence=FileAbsence(kind=AbsenceKind.LEAVE, day=MAY)))
    assert (ahead.outcome, acts(ahead)) == (PersonOutcome.CHANGED, [("open", "leave", MAY)])


# ---------------------------------------------------------------------------------------- who is missing


def test_who_is_missing_has_left_with_posts_and_absences() -> None:
    leaver = numbered("1002", known(post(), post("B", kind=PostingKind.CONCURRENT), absences=[away()]))
    plan = planned(stored(known(post()), leaver), listed())
    person = plan.people["1002"]
    assert (person.outcome, person.rows, person.name) == (PersonOutcome.LEFT, (), NAME)
    assert acts(person) == [("close", "A", APRIL), ("close", "B", APRIL), ("close", "leave", APRIL)]
    assert {(entry.row, entry.order_no) for entry in person.posts} == {(None, None)}
    assert plan.counts[PersonOutcome.LEFT] == 1
    assert plan.counts[PersonOutcome.MOVED] == 0


def test_what_would_have_begun_that_day_for_who_is_missing_is_cancelled() -> None:
    plan = planned(stored(known(post()), numbered("1002", known(post(valid_from=APRIL)))), listed())
    assert acts(plan.people["1002"]) == [("cancel", "A", APRIL)]


def test_a_list_of_concurrent_posts_lets_nobody_leave() -> None:
    other = numbered("1002", known(post(), post("B", kind=PostingKind.CONCURRENT)))
    plan = planned(stored(known(post()), other), listed(code="C", kind=PostingKind.CONCURRENT))
    assert (plan.people["1002"].outcome, acts(plan.people["1002"])) == (
        PersonOutcome.CHANGED,
        [("close", "B", APRIL)],
    )


def test_a_list_of_main_posts_says_nothing_about_who_has_none() -> None:
    guest = numbered("1002", known(post("B", kind=PostingKind.JOINT), absences=[away()]))
    assert "1002" not in planned(stored(known(post()), guest), listed()).people


def test_only_the_employment_types_of_the_list_are_covered() -> None:
    yearly = numbered("1002", known(post(), employment=EmploymentType.ANNUAL))
    plan = planned(stored(known(post()), yearly), listed())
    assert (list(plan.people), plan.unclear) == (["1001"], ())
    both = Coverage(employment=frozenset((EmploymentType.REGULAR, EmploymentType.ANNUAL)))
    assert planned(stored(known(post()), yearly), listed(), coverage=both).counts[PersonOutcome.LEFT] == 1


def test_who_was_never_said_to_be_of_a_type_stays_and_is_named() -> None:
    nameless = numbered("1002", known(post(), employment=None))
    plan = planned(stored(known(post()), nameless), listed())
    assert (list(plan.people), plan.unclear) == (["1001"], ("1002",))
    assert "任用区分の登録がない1人" in plan.cautions[0].message
    unsaid = stored(known(post(), employment=None), nameless)
    assert planned(unsaid, listed(employment=None)).people["1002"].outcome is PersonOutcome.LEFT


def test_who_is_away_may_be_left_out_of_a_list() -> None:
    before = stored(known(post()), numbered("1002", known(post(), absences=[away()])))
    left_out = Coverage(absent=AbsentPeople.LEFT_OUT)
    assert planned(before, listed()).counts[PersonOutcome.LEFT] == 1
    assert planned(before, listed(), coverage=left_out).counts[PersonOutcome.LEFT] == 0


def test_who_left_before_or_comes_later_is_not_missing() -> None:
    before = stored(
        known(post()),
        numbered("1002", known(post(valid_to=MARCH))),
        numbered("1003", known(post(valid_from=MAY))),
    )
    assert list(planned(before, listed()).people) == ["1001"]


@pytest.mark.parametrize(("leaving", "warned"), [(0, False), (3, False), (4, True)])
def test_more_than_thirty_percent_leaving_is_said_loudly(leaving: int, warned: bool) -> None:  # noqa: FBT001 - a column of the table
    crowd = stored(*(numbered(f"20{n:02}", known(post())) for n in range(10)))
    rows = [listed(n, staff_no=f"20{n:02}") for n in range(leaving, 10)]
    plan = planned(crowd, *rows)
    assert plan.counts[PersonOutcome.LEFT] == leaving
    assert [f"10人のうち{leaving}人" in caution.message for caution in plan.cautions] == [True] * warned


def test_posts_that_begin_after_somebody_left_are_named() -> None:
    leaver = numbered("1002", known(post(valid_to=MAY), post("B", valid_from=JUNE)))
    plan = planned(stored(known(post()), leaver), listed())
    assert [span.unit_code for span in plan.people["1002"].later] == ["B"]
    assert "令和8年6月1日からの発令" in plan.cautions[-1].message
    order = ordered(Change.DEPART, row=5)
    changes = planned(stored(known(post(valid_to=MAY), post("B", valid_from=JUNE))), order)
    assert [caution.row for caution in changes.cautions] == [5]


def test_a_list_of_changes_lets_nobody_leave_who_is_missing() -> None:
    before = stored(known(post()), numbered("1002", known(post())))
    assert list(planned(before, ordered(Change.MOVE, "B")).people) == ["1001"]


def test_a_row_of_a_whole_list_may_say_that_somebody_left() -> None:
    plan = plan_transfers(
        stored(known(post())),
        [ordered(Change.DEPART, "A", day=MARCH)],
        effective=APRIL,
        today=APRIL,
        shape=FileShape.WHOLE_LIST,
    )
    assert (plan.people["1001"].outcome, acts(plan.people["1001"])) == (
        PersonOutcome.LEFT,
        [("close", "A", MARCH)],
    )


# ---------------------------------------------------------------------------------------- lists of changes


def test_hired_moved_and_departed() -> None:
    assert one(stored(), ordered(Change.HIRE, "A")).outcome is PersonOutcome.NEW
    assert one(stored(known(post())), ordered(Change.MOVE, "B")).outcome is PersonOutcome.MOVED
    left = one(stored(known(post(), absences=[away()])), ordered(Change.DEPART))
    assert (left.outcome, acts(left)) == (
        PersonOutcome.LEFT,
        [("close", "A", APRIL), ("close", "leave", APRIL)],
    )
    again = one(stored(known(post(valid_to=MARCH))), ordered(Change.HIRE, "B"))
    assert again.outcome is PersonOutcome.RETURNED


def test_who_retires_and_is_reappointed_keeps_the_new_post_in_any_order() -> None:
    rows = [
        ordered(Change.HIRE, "B", 2, employment=EmploymentType.REAPPOINTED),
        ordered(Change.DEPART, None, 3),
    ]
    before = stored(known(post()))
    person = one(before, *rows)
    assert acts(person) == [("close", "A", APRIL), ("open", "B", APRIL)]
    assert person.employment is EmploymentType.REAPPOINTED
    one_by_one = people_after(before, planned(before, rows[0]))
    assert one(one_by_one, rows[1]).outcome is PersonOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("begins", "ends", "kind"),
    [
        (Change.CONCURRENT, Change.CONCURRENT_END, PostingKind.CONCURRENT),
        (Change.JOINT, Change.JOINT_END, PostingKind.JOINT),
        (Change.ACTING, Change.ACTING_END, PostingKind.ACTING),
    ],
)
def test_posts_beside_the_main_one_come_and_go(begins: Change, ends: Change, kind: PostingKind) -> None:
    before = stored(known(post()))
    plan = planned(before, ordered(begins, "B", until=JUNE))
    assert plan.people["1001"].posts[-1].span == post("B", kind=kind, valid_from=APRIL, valid_to=JUNE)
    during = people_after(before, plan)
    end = ordered(ends, "B", day=MAY)
    ended = one(during, end)
    assert (ended.outcome, acts(ended)) == (PersonOutcome.CHANGED, [("close", "B", MAY)])
    assert one(people_after(during, planned(during, end)), end).outcome is PersonOutcome.UNCHANGED


@pytest.mark.parametrize("change", [Change.LEAVE, Change.PARENTAL, Change.SECONDED])
def test_who_is_sent_away_comes_back(change: Change) -> None:
    before = stored(known(post()))
    gone = planned(before, ordered(change, until=JUNE))
    assert gone.people["1001"].outcome is PersonOutcome.ABSENT
    during = people_after(before, gone)
    assert one(during, ordered(change)).outcome is PersonOutcome.UNCHANGED
    back = one(during, ordered(Change.BACK, day=MAY))
    assert (back.outcome, acts(back)) == (PersonOutcome.RETURNED, [("close", change.value, MAY)])


def test_who_comes_back_may_come_back_elsewhere() -> None:
    before = stored(known(post(), absences=[away()]))
    back = ordered(Change.BACK, "B")
    person = one(before, back)
    assert acts(person) == [("close", "A", APRIL), ("open", "B", APRIL), ("close", "leave", APRIL)]
    assert one(people_after(before, planned(before, back)), back).outcome is PersonOutcome.UNCHANGED
    former = stored(known(post(valid_to=MARCH)))
    assert one(former, back).outcome is PersonOutcome.RETURNED


def test_coming_back_twice_and_leaving_twice_do_nothing() -> None:
    before = stored(known(post(), absences=[away(valid_to=MARCH)]))
    assert one(before, ordered(Change.BACK)).outcome is PersonOutcome.UNCHANGED
    assert one(stored(known(post(valid_to=APRIL))), ordered(Change.DEPART)).outcome is PersonOutcome.UNCHANGED


def test_a_late_order_goes_in_between_and_leaves_what_follows() -> None:
    before = stored(known(post(valid_to=MAY), post("C", valid_from=MAY)))
    person = one(before, ordered(Change.MOVE, "B"), effective=JUNE, today=JUNE)
    assert (person.outcome, acts(person)) == (
        PersonOutcome.CHANGED,
        [("close", "A", APRIL), ("open", "B", APRIL)],
    )
    assert [entry.late for entry in person.posts if entry.act is not SpanAct.KEEP] == [True, True]
    assert person.posts[-1].span.valid_to == MAY
    assert [span.unit_code for span in person.after] == ["C"]


def test_a_late_order_of_somebody_long_gone_is_a_change_of_the_past() -> None:
    gone = stored(known(post(valid_to=date(2024, 4, 1))))
    person = one(gone, ordered(Change.HIRE, "B", day=date(2025, 4, 1), until=date(2025, 10, 1)))
    assert (person.outcome, person.before, person.after) == (PersonOutcome.CHANGED, (), ())


def test_orders_of_one_file_follow_their_days_not_their_rows() -> None:
    rows = [ordered(Change.MOVE, "C", 2, day=JUNE), ordered(Change.MOVE, "B", 3, day=MAY)]
    person = one(stored(known(post())), *rows)
    assert acts(person) == [("close", "A", MAY), ("open", "B", MAY), ("open", "C", JUNE)]
    assert person.day == JUNE


def test_a_concurrent_post_may_follow_the_move_away_from_the_unit() -> None:
    rows = [ordered(Change.CONCURRENT, "A", 2), ordered(Change.MOVE, "B", 3)]
    assert {span.unit_code for span in one(stored(known(post())), *rows).after} == {"A", "B"}


def test_the_last_name_and_type_of_a_person_count() -> None:
    rows = [
        ordered(Change.MOVE, "B", 2, name="鈴木 花子", employment=EmploymentType.REAPPOINTED, day=MAY),
        ordered(Change.CONCURRENT, "C", 3, name="佐藤 花子"),
    ]
    person = one(stored(known(post())), *rows)
    assert (person.name.name, person.employment) == ("鈴木 花子", EmploymentType.REAPPOINTED)


# -------------------------------------------------------------------------------- rows against each other


def test_identical_rows_count_once_and_are_listed() -> None:
    plan = planned(stored(known(post())), listed(2), listed(3), listed(4))
    assert [(entry.row, entry.same_as) for entry in plan.duplicates] == [(3, 2), (4, 2)]
    assert plan.people["1001"].rows == (2,)


def test_the_same_said_under_another_number_is_no_contradiction() -> None:
    plan = planned(
        stored(known(post())), ordered(Change.MOVE, "B", 2), ordered(Change.MOVE, "B", 3, order_no="人第3号")
    )
    assert (plan.problems, plan.people["1001"].rows) == ((), (2, 3))


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ((listed(2), listed(3, "B")), "所属コード"),
        ((listed(2), listed(3, title="係長")), "発令"),
        ((listed(2), listed(3, kind=PostingKind.CONCURRENT)), "発令"),
        ((listed(2), listed(3, until=MAY)), "発令"),
        ((listed(2), listed(3, "B", kind=PostingKind.JOINT, name="佐藤 華子")), "氏名"),
        ((listed(2), listed(3, "B", kind=PostingKind.JOINT, kana="さとう はな")), "かな"),
        ((listed(2), listed(3, "B", kind=PostingKind.JOINT, employment=EmploymentType.ANNUAL)), "任用区分"),
        (
            (listed(2, absence=present()), listed(3, "B", kind=PostingKind.JOINT, absence=present(MAY))),
            "休職等",
        ),
        ((ordered(Change.DEPART, row=2), ordered(Change.DEPART, row=3, day=MAY)), "退職日"),
        ((ordered(Change.DEPART, row=2), ordered(Change.MOVE, "B", 3)), "異動種別"),
        ((ordered(Change.JOINT, "B", 2), ordered(Change.JOINT_END, "B", 3)), "異動種別"),
        ((ordered(Change.LEAVE, row=2), ordered(Change.PARENTAL, row=3)), "異動種別"),
        ((ordered(Change.MOVE, "B", 2), ordered(Change.MOVE, "C", 3)), "所属コード"),
        ((ordered(Change.MOVE, "B", 2), ordered(Change.BACK, "C", 3)), "所属コード"),
    ],
)
def test_rows_that_contradict_each_other_name_each_other(rows: tuple[HrRow, HrRow], field: str) -> None:
    plan = planned(stored(known(post())), *rows)
    assert [(problem.row, problem.field) for problem in plan.problems] == [(2, field), (3, field)]
    assert "3行目と" in plan.problems[0].message
    assert "2行目と" in plan.problems[1].message
    assert plan.people == {}


def test_the_other_rows_of_a_contradicted_person_wait() -> None:
    rows = [listed(2), listed(3, "B"), listed(4, "C", kind=PostingKind.CONCURRENT)]
    plan = planned(stored(known(post()), numbered("1002", known(post()))), *rows, listed(5, staff_no="1002"))
    assert waiting(plan) == [(4, "same-person")]
    assert "2行目" in plan.not_matched[0].message
    assert list(plan.people) == ["1002"]


def test_kana_and_type_of_other_days_do_not_contradict() -> None:
    rows = [
        ordered(Change.MOVE, "B", 2, kana="サトウ ハナコ"),
        ordered(Change.CONCURRENT, "C", 3, kana="ｻﾄｳ ﾊﾅｺ"),
        ordered(Change.MOVE, "D", 4, kana=None, employment=EmploymentType.ANNUAL, day=MAY),
    ]
    assert planned(stored(known(post())), *rows).problems == ()


# ------------------------------------------------------------------------------------------- rows that wait


@pytest.mark.parametrize(
    ("row", "reason", "part"),
    [
        (listed(code="Z"), "unknown-unit", "「Z」は登録されていません"),
        (
            listed(code="OLD"),
            "ended-unit",
            "「OLD」は、令和8年4月1日にはもうありません。引き継いだ所属は「B」「C」です。",
        ),
        (listed(code="NEW"), "unit-not-yet", "「NEW」は、令和8年4月1日にはまだありません"),
        (listed(code="NEW", day=MARCH), "unit-not-yet", "令和8年4月1日"),
        (listed(day=MAY), "other-day", "基準日（令和8年4月1日）より後"),
        (listed(until=APRIL), "other-day", "終わりの日"),
        (listed(absence=FileAbsence(kind=AbsenceKind.LEAVE, day=MAY, until=MAY)), "other-day", "終わりの日"),
        (
            listed(absence=FileAbsence(kind=AbsenceKind.LEAVE, day=MARCH, until=APRIL)),
            "other-day",
            "終わりの日",
        ),
        (ordered(Change.MOVE, "B", until=APRIL), "other-day", "終わりの日"),
        (ordered(Change.MOVE, "NEW"), "unit-not-yet", "令和8年4月1日"),
        (ordered(Change.JOINT_END, "Z"), "unknown-unit", "「Z」"),
        (ordered(Change.JOINT_END, "B"), "nothing-to-end", "所属コード「B」に、終わらせる発令がありません"),
        (ordered(Change.DEPART, day=HIRED), "nothing-to-end", "令和2年4月1日より前の発令"),
        (ordered(Change.BACK), "nothing-to-end", "休職等がありません"),
        (ordered(Change.LEAVE, day=date(2020, 1, 1)), "not-in-office", "令和2年1月1日には発令がない"),
        (ordered(Change.CONCURRENT, "A"), "same-unit", "本務があります"),
    ],
)
def test_a_row_that_fits_nothing_waits(row: HrRow, reason: str, part: str) -> None:
    before = stored(known(post()))
    plan = planned(before, row, successors={"OLD": ("B", "C")})
    assert waiting(plan) == [(2, reason)]
    assert part in plan.not_matched[0].message
    assert "日付の列を使わずに" not in plan.not_matched[0].message
    assert plan.people == {}
    assert people_after(before, plan) == before


def test_an_ended_unit_without_a_known_successor_is_named_alone() -> None:
    (entry,) = planned(stored(known(post())), listed(code="OLD")).not_matched
    assert "引き継いだ" not in entry.message
    assert entry.suggestion == ()


def test_a_unit_that_has_ended_can_still_end_a_post() -> None:
    before = stored(known(post(), post("OLD", kind=PostingKind.JOINT)))
    assert one(before, ordered(Change.JOINT_END, "OLD", day=MAY)).outcome is PersonOutcome.CHANGED


def test_nothing_is_done_to_a_person_by_halves() -> None:
    rows = [listed(2), listed(3, "Z", kind=PostingKind.CONCURRENT)]
    plan = planned(stored(), *rows)
    assert waiting(plan) == [(2, "same-person"), (3, "unknown-unit")]
    orders = [ordered(Change.MOVE, "B", 2), ordered(Change.JOINT_END, "C", 3)]
    assert waiting(planned(stored(known(post())), *orders)) == [(2, "same-person"), (3, "nothing-to-end")]


def test_the_day_of_a_row_before_the_unit_began_waits() -> None:
    plan = planned(stored(known(post())), listed(code="NEW", day=APRIL), effective=JUNE)
    assert waiting(plan) == [(2, "unit-not-yet")]
    assert "日付の列を使わずに" in plan.not_matched[0].message


def test_a_row_older_than_what_is_stored_waits() -> None:
    before = stored(known(post(valid_to=MARCH), post("B", valid_from=MARCH)))
    assert waiting(planned(before, listed(code="C", day=date(2026, 2, 1)))) == [(2, "later-post")]
    same = planned(before, listed(code="B", day=HIRED))
    assert same.people["1001"].outcome is PersonOutcome.UNCHANGED
    away_since = stored(known(post(), absences=[away(AbsenceKind.PARENTAL, valid_from=MARCH)]))
    older = FileAbsence(kind=AbsenceKind.LEAVE, day=date(2026, 1, 1))
    assert waiting(planned(away_since, listed(absence=older))) == [(2, "later-post")]


@pytest.mark.parametrize(("number", "held"), [("1048", "01048"), ("01048", "1048"), ("1048", "0001048")])
def test_a_lost_zero_is_suspected_and_never_guessed(number: str, held: str) -> None:
    before = stored(known(post()), numbered(held, known(post())))
    plan = planned(before, listed(), listed(3, staff_no=number))
    assert waiting(plan) == [(3, "lost-zero")]
    assert plan.not_matched[0].suggestion == (held,)
    assert list(plan.people) == ["1001"]
    sure = planned(before, listed(), listed(3, staff_no=number), confirmed=[number])
    assert sure.people[number].outcome is PersonOutcome.NEW


def test_numbers_with_letters_lose_no_zero() -> None:
    before = stored(known(post()), numbered("0A1", known(post())))
    assert planned(before, listed(), listed(3, staff_no="A1")).people["A1"].outcome is PersonOutcome.NEW


@pytest.mark.parametrize("change", [Change.MOVE, Change.DEPART, Change.BACK, Change.LEAVE, Change.JOINT_END])
def test_only_who_is_hired_is_new(change: Change) -> None:
    code = "A" if change in {Change.MOVE, Change.JOINT_END} else None
    assert waiting(planned(stored(), ordered(change, code))) == [(2, "unknown-person")]


def test_who_is_hired_may_get_a_second_post_at_once() -> None:
    rows = [ordered(Change.HIRE, "A", 2), ordered(Change.CONCURRENT, "B", 3)]
    assert one(stored(), *rows).outcome is PersonOutcome.NEW


@pytest.mark.parametrize(
    ("row", "lacking"),
    [
        (listed(kana=None), "かながありません"),
        (listed(employment=None), "任用区分がありません"),
        (listed(kana=None, employment=None), "かなと任用区分がありません"),
    ],
)
def test_somebody_new_needs_a_reading_and_a_type(row: HrRow, lacking: str) -> None:
    (entry,) = planned(stored(), row).not_matched
    assert entry.reason is NotMatchedReason.INCOMPLETE
    assert lacking in entry.message


@pytest.mark.parametrize(
    ("name", "kana", "waits"),
    [
        ("佐藤 花子", "さとう はなこ", False),
        ("鈴木 花子", "すずき はなこ", False),
        ("鈴木花子", None, False),
        ("佐藤 華", None, False),
        ("佐籐はな子", "ｻﾄｳ ﾊﾅｺ", False),
        ("佐\U000e0100藤花子", None, False),
        ("田中 一郎", "さとう はなこ", False),
        ("田中 一郎", "たなか いちろう", True),
        ("田中 一郎", None, True),
        ("林", None, True),
        ("田中洋子", None, True),
    ],
)
def test_a_number_with_a_wholly_other_name_waits_for_somebody(
    name: str,
    kana: str | None,
    waits: bool,  # noqa: FBT001 - a column of the table
) -> None:
    row = listed(name=name, kana=kana)
    plan = planned(stored(known(post())), row)
    assert waiting(plan) == ([(2, "other-name")] if waits else [])
    sure = planned(stored(known(post())), row, confirmed=["1001"])
    assert sure.people["1001"].name.name == name


def test_a_surname_alone_is_compared_as_a_whole() -> None:
    held = known(post(), name=PersonName(name="森", kana="もり"))
    assert waiting(planned(stored(held), listed(name="林", kana="はやし"))) == [(2, "other-name")]
    assert waiting(planned(stored(held), listed(name="森", kana="もり"))) == []


# ---------------------------------------------------------------------------------------------- handovers


def test_a_move_hands_over_the_old_post_and_names_the_new_one() -> None:
    plan = planned(stored(known(post(), post("C", kind=PostingKind.CONCURRENT))), ordered(Change.MOVE, "B"))
    handover = handover_of(plan, "1001")
    assert handover is not None
    assert [(given.span.unit_code, given.day) for given in handover.given_up] == [("A", APRIL)]
    assert [span.unit_code for span in handover.taken_up] == ["B"]
    assert (handover.outcome, handover.resting, handover.absent) == (PersonOutcome.MOVED, (), None)


def test_who_leaves_hands_over_every_post() -> None:
    plan = planned(stored(known(post(), post("C", kind=PostingKind.CONCURRENT))), ordered(Change.DEPART))
    handover = handover_of(plan, "1001")
    assert handover is not None
    assert {given.span.unit_code for given in handover.given_up} == {"A", "C"}
    assert handover.taken_up == ()


def test_who_goes_away_keeps_the_post_and_hands_over_all_the_same() -> None:
    handover = handover_of(planned(stored(known(post())), ordered(Change.PARENTAL, until=JUNE)), "1001")
    assert handover is not None
    assert (handover.given_up, [span.unit_code for span in handover.resting]) == ((), ["A"])
    assert handover.absent == away(AbsenceKind.PARENTAL, valid_from=APRIL, valid_to=JUNE)


def test_who_keeps_every_place_hands_nothing_over() -> None:
    plan = planned(stored(known(post())), ordered(Change.MOVE, "A", title="係長"))
    assert plan.people["1001"].outcome is PersonOutcome.CHANGED
    assert handover_of(plan, "1001") is None
    assert handover_of(plan, "9999") is None


# ------------------------------------------------------------------------------------ from the file to the plan


def test_a_file_is_read_planned_and_read_again() -> None:
    data = (Path(__file__).parent / "layouts" / "changes_utf8.csv").read_bytes()
    mapping = proposed_mapping(read_sheet(data)).mapping
    rows = hr_file(data, mapping=mapping, effective=APRIL).rows
    people = {
        "01048": ("髙﨑 花子", "たかさき はなこ"),
        "01102": ("渡邊 一郎", "わたなべ いちろう"),
        "01203": ("葛城 次郎", "かつらぎ じろう"),
    }
    before = PeopleOnDay(
        people=dict(
            numbered(number, known(post("2010"), name=PersonName(name=name, kana=kana)))
            for number, (name, kana) in people.items()
        ),
        units={code: (unit(code),) for code in ("2010", "3010")},
    )
    plan = planned(before, *rows)
    assert (plan.problems, plan.not_matched, plan.duplicates) == ((), (), ())
    assert {number: person.outcome for number, person in plan.people.items()} == {
        "01301": PersonOutcome.NEW,
        "01048": PersonOutcome.MOVED,
        "01102": PersonOutcome.LEFT,
        "01203": PersonOutcome.ABSENT,
    }
    assert plan.people["01203"].name == PersonName(name="葛\U000e0100城 次郎", kana="かつらぎ じろう")
    again = planned(people_after(before, plan), *rows)
    assert again.counts[PersonOutcome.UNCHANGED] == len(again.people) == 4


# ------------------------------------------------------------------------------------------- what it costs


def test_a_row_that_gives_a_post_names_one_of_its_kind() -> None:
    with pytest.raises(ValueError, match="a post of the kind main"):
        replace(ordered(Change.MOVE, "A"), post=None)
    with pytest.raises(ValueError, match="a post of the kind any"):
        replace(listed(), post=None)
    with pytest.raises(ValueError, match="a post of the kind joint"):
        replace(ordered(Change.JOINT_END, "A"), post=FilePost(unit_code="A", kind=PostingKind.MAIN))
    with pytest.raises(ValueError, match="names no post"):
        _ = ordered(Change.DEPART).named_post


def calls_of(crowd: PeopleOnDay, rows: list[HrRow]) -> int:
    """How many functions planning calls."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        planned(crowd, *rows)
    finally:
        sys.setprofile(None)
    return count


def crowd_of(size: int) -> tuple[PeopleOnDay, list[HrRow]]:
    numbers = [f"{n:05}" for n in range(size)]
    crowd = PeopleOnDay(people=dict(numbered(number, known(post())) for number in numbers), units=UNITS)
    kinds: tuple[Callable[[int, str], list[HrRow]], ...] = (
        lambda n, no: [listed(n, staff_no=no)],
        lambda n, no: [listed(n, "B", staff_no=no), listed(n + 1, "C", staff_no=no, kind=PostingKind.JOINT)],
        lambda n, no: [listed(n, staff_no=no.lstrip("0") or "0")],
        lambda n, no: [listed(n, staff_no=no), listed(n + 1, staff_no=no)],
        lambda n, no: [listed(n, staff_no=no), listed(n + 1, "D", staff_no=no)],
        lambda _, __: [],
    )
    rows = [row for n, no in enumerate(numbers) for row in kinds[n % len(kinds)](2 * n + 2, no)]
    return crowd, rows


def test_three_thousand_rows_cost_twice_what_half_of_them_do() -> None:
    half, whole = crowd_of(1_500), crowd_of(3_000)
    assert len(whole[1]) == 4_000
    assert calls_of(*whole) / calls_of(*half) < 2.1
