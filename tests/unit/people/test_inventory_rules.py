"""The account inventory's rules: quarters, days, who is asked, and what stays open in the end."""

from datetime import date, timedelta

import pytest

from app.kernel.errors import InvalidInput
from app.kernel.ids import AccountId, PersonId, UnitId, new_id
from app.people.rules.inventory import (
    LONGEST_REASON,
    Asked,
    Decision,
    LineAnswer,
    Occasion,
    Quarter,
    Responsible,
    Step,
    TopAccount,
    asked_for,
    occasion_on,
    offered_quarters,
    reason_problem,
    refuse_days,
    spared,
)

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
OWN, ABOVE, TOP = (UnitId(new_id()) for _ in range(3))
PATH = (OWN, ABOVE, TOP)
ME, HEAD, DEPUTY, HIGHER, HIGHEST, CHIEF, ADMIN, SECOND_ADMIN = (PersonId(new_id()) for _ in range(8))


# ----------------------------------------------------------------------------------------------- quarters


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 4, 1), Quarter(2026, 1)),
        (date(2026, 6, 30), Quarter(2026, 1)),
        (date(2026, 7, 1), Quarter(2026, 2)),
        (date(2026, 12, 31), Quarter(2026, 3)),
        (date(2027, 1, 1), Quarter(2026, 4)),
        (date(2027, 3, 31), Quarter(2026, 4)),
    ],
)
def test_a_day_lies_in_a_quarter_of_its_fiscal_year(day: date, quarter: Quarter) -> None:
    assert Quarter.containing(day) == quarter


def test_quarters_are_named_by_their_months() -> None:
    assert [Quarter(2026, number).months for number in (1, 2, 3, 4)] == [
        "4〜6月",
        "7〜9月",
        "10〜12月",
        "1〜3月",
    ]
    assert Quarter(2026, 3).label == "令和8年度 第3四半期（10〜12月）"
    assert Quarter(2026, 3).code == "2026-3"


def test_this_quarter_and_the_one_before_are_offered_once_each() -> None:
    this, before = Quarter(2026, 3), Quarter(2026, 2)
    assert offered_quarters(TODAY, done=()) == (this, before)
    assert offered_quarters(TODAY, done=[this]) == (before,)
    assert offered_quarters(TODAY, done=[this, before]) == ()
    assert offered_quarters(date(2026, 4, 1), done=()) == (Quarter(2026, 1), Quarter(2025, 4))


# --------------------------------------------------------------------------------------------------- days


def refused(*, due_on: date, suspend_on: date) -> list[str | None]:
    with pytest.raises(InvalidInput) as found:
        refuse_days(due_on=due_on, suspend_on=suspend_on, today=TODAY)
    return [problem.field for problem in found.value.problems]


def test_days_of_a_round_leave_time() -> None:
    refuse_days(due_on=TODAY + DAY, suspend_on=TODAY + 2 * DAY, today=TODAY)
    refuse_days(due_on=TODAY + DAY, suspend_on=TODAY + 92 * DAY, today=TODAY)
    assert refused(due_on=TODAY, suspend_on=TODAY + DAY) == ["due_on"]
    assert refused(due_on=TODAY + DAY, suspend_on=TODAY + DAY) == ["suspend_on"]
    assert refused(due_on=TODAY + DAY, suspend_on=TODAY + 93 * DAY) == ["suspend_on"]
    assert refused(due_on=TODAY, suspend_on=TODAY) == ["due_on", "suspend_on"]


@pytest.mark.parametrize(
    ("today", "occasion"),
    [
        (TODAY, None),
        (TODAY + 6 * DAY, None),
        (TODAY + 7 * DAY, Occasion.BEFORE),
        (TODAY + 10 * DAY, Occasion.BEFORE),
        (TODAY + 11 * DAY, Occasion.AFTER),
        (TODAY + 16 * DAY, Occasion.AFTER),
        (TODAY + 17 * DAY, None),
    ],
)
def test_people_are_reminded_three_days_before_and_after_the_due_day(
    today: date, occasion: Occasion | None
) -> None:
    found = occasion_on(today, opened_on=TODAY, due_on=TODAY + 10 * DAY, suspend_on=TODAY + 17 * DAY)
    assert found == occasion


def test_a_round_that_is_due_at_once_is_not_told_of_twice_on_its_first_days() -> None:
    days = {"opened_on": TODAY, "due_on": TODAY + 3 * DAY, "suspend_on": TODAY + 5 * DAY}
    assert occasion_on(TODAY + DAY, **days) is None
    assert occasion_on(TODAY + 4 * DAY, **days) is Occasion.AFTER


# --------------------------------------------------------------------------------------------- who is asked


def who(**given: object) -> Responsible:
    everything: dict[str, object] = {
        "able": frozenset({ME, HEAD, DEPUTY, HIGHER, HIGHEST, CHIEF, ADMIN, SECOND_ADMIN}),
        "heads": {OWN: frozenset({HEAD}), ABOVE: frozenset({HIGHER}), TOP: frozenset({HIGHEST})},
        "deputies": {OWN: frozenset({DEPUTY})},
        "chiefs": frozenset({CHIEF}),
        "administrators": frozenset({ADMIN, SECOND_ADMIN}),
        **given,
    }
    return Responsible(**everything)  # type: ignore[arg-type]  # written out above


def asked(person: PersonId, *, path: tuple[UnitId, ...] = PATH, **given: object) -> Asked:
    return asked_for(person, path=path, who=who(**given))


def test_head_and_deputy_are_asked_for_whom_they_lead() -> None:
    assert asked(ME) == Asked(step=Step.UNIT, people=frozenset({HEAD, DEPUTY}))


def test_a_deputys_own_account_is_the_heads_matter() -> None:
    assert asked(DEPUTY) == Asked(step=Step.UNIT, people=frozenset({HEAD}))


def test_a_deputy_alone_is_asked_where_there_is_no_head() -> None:
    assert asked(ME, heads={ABOVE: frozenset({HIGHER})}).people == {DEPUTY}


def test_a_heads_own_account_goes_to_the_head_above_never_to_the_own_deputy() -> None:
    assert asked(HEAD) == Asked(step=Step.ABOVE, people=frozenset({HIGHER}))


def test_where_a_unit_has_nobody_the_nearest_head_above_is_asked() -> None:
    assert asked(ME, heads={TOP: frozenset({HIGHEST})}, deputies={}) == Asked(
        step=Step.ABOVE, people=frozenset({HIGHEST})
    )


def test_who_leads_several_units_in_a_row_is_not_asked_for_the_own_account() -> None:
    heads = {OWN: frozenset({HEAD}), ABOVE: frozenset({HEAD}), TOP: frozenset({HIGHEST})}
    assert asked(HEAD, heads=heads).people == {HIGHEST}


def test_at_the_top_the_chief_is_asked_and_then_an_administrator() -> None:
    assert asked(HIGHEST, path=(TOP,)) == Asked(step=Step.CHIEF, people=frozenset({CHIEF}))
    own_chief = {"heads": {TOP: frozenset({CHIEF})}, "chiefs": frozenset({CHIEF})}
    assert asked(CHIEF, path=(TOP,), **own_chief) == Asked(
        step=Step.ADMINISTRATOR, people=frozenset({ADMIN, SECOND_ADMIN})
    )


def test_an_account_without_a_unit_is_an_administrators_matter() -> None:
    assert asked(ME, path=()) == Asked(step=Step.ADMINISTRATOR, people=frozenset({ADMIN, SECOND_ADMIN}))
    assert asked(ADMIN, path=()).people == {SECOND_ADMIN}


def test_the_only_administrators_own_account_without_a_unit_goes_to_the_chief() -> None:
    assert asked(ADMIN, path=(), administrators=frozenset({ADMIN})) == Asked(
        step=Step.CHIEF, people=frozenset({CHIEF})
    )


def test_who_cannot_sign_in_is_never_asked() -> None:
    assert asked(ME, able=frozenset({HIGHER, CHIEF})) == Asked(step=Step.ABOVE, people=frozenset({HIGHER}))


def test_nobody_is_asked_only_where_nobody_is_left() -> None:
    assert asked(ME, able=frozenset({ME})) == Asked(step=Step.NOBODY)


@pytest.mark.parametrize("person", [ME, HEAD, DEPUTY, HIGHER, HIGHEST, CHIEF, ADMIN])
@pytest.mark.parametrize("path", [PATH, (TOP,), ()])
def test_nobody_is_ever_asked_for_the_own_account(person: PersonId, path: tuple[UnitId, ...]) -> None:
    assert person not in asked(person, path=path).people


# ------------------------------------------------------------------------------------------------ reasons


@pytest.mark.parametrize(
    ("decision", "unit_id", "reason", "wrong"),
    [
        (Decision.KEEP, OWN, "", ""),
        (Decision.STOP, OWN, "", "止める理由"),
        (Decision.STOP, OWN, "退職", ""),
        (Decision.KEEP, None, "", "使い続ける理由"),
        (Decision.KEEP, None, "休職中", ""),
        (Decision.KEEP, OWN, "あ" * (LONGEST_REASON + 1), "300文字まで"),
    ],
)
def test_a_reason_is_wanted_where_somebody_is_stopped_or_no_unit_answers(
    decision: Decision, unit_id: UnitId | None, reason: str, wrong: str
) -> None:
    answer = LineAnswer(account_id=AccountId(new_id()), decision=decision, reason=reason, seen_version=1)
    problem = reason_problem(answer, unit_id=unit_id)
    assert wrong in problem
    assert bool(problem) is bool(wrong)


# ---------------------------------------------------------------------------------------- what stays open


def account(*, administers: bool, last: date | None = None) -> TopAccount:
    return TopAccount(account_id=AccountId(new_id()), administers=administers, last_sign_in_on=last)


def test_where_somebody_of_the_top_stays_nobody_is_spared() -> None:
    first, second, chief = account(administers=True), account(administers=True), account(administers=False)
    top = (first, second, chief)
    other = AccountId(new_id())
    assert spared([other], top=top) == frozenset()
    assert spared([other, first.account_id, chief.account_id], top=top) == frozenset()
    assert spared([other], top=()) == frozenset()


def test_of_all_administrators_the_one_stays_who_signed_in_last() -> None:
    old, new = account(administers=True, last=TODAY - 90 * DAY), account(administers=True, last=TODAY)
    never, chief = account(administers=True), account(administers=False)
    doomed = [old.account_id, new.account_id, never.account_id]
    assert spared(doomed, top=(old, new, never, chief)) == {new.account_id}
    assert spared([never.account_id], top=(never, chief)) == {never.account_id}


def test_where_everybody_of_the_top_would_go_all_of_them_stay() -> None:
    top = (account(administers=True, last=TODAY), account(administers=True), account(administers=False))
    everybody = frozenset(one.account_id for one in top)
    assert spared([*everybody, AccountId(new_id())], top=top) == everybody
    chief = account(administers=False)
    assert spared([chief.account_id], top=(chief,)) == {chief.account_id}
