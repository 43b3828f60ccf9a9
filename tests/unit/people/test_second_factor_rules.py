"""Codes by time, what is missing on the way in, and what is unusual about a sign-in."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access.actor import Function
from app.kernel.clock import JST
from app.people.rules import (
    CODE_SENTENCES,
    RECOVERY_LASTS,
    REQUIRED_BY_SETTING,
    CodeRefused,
    DayKind,
    Demand,
    Enrolment,
    Familiarity,
    FirstPassword,
    Missing,
    Oddity,
    Verdict,
    demand,
    judge,
    lapses_at,
    missing,
    oddities,
    packed,
    step_of,
    typed_code,
    unpacked,
)

NOW = datetime(2026, 11, 20, 0, 0, 10, tzinfo=UTC)
AT = step_of(NOW)


def judged(step: int, *, last: int = -1) -> tuple[Verdict, int | None]:
    found = judge(is_code_of=lambda one: one == step, now=NOW, last_step=last)
    return found.verdict, found.step


def test_a_step_is_half_a_minute_since_1970() -> None:
    assert step_of(datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)) == 1
    assert step_of(datetime(1970, 1, 1, 0, 1, 0, tzinfo=UTC)) == 2


@pytest.mark.parametrize(
    ("away", "verdict"),
    [
        (0, Verdict.RIGHT),
        (-1, Verdict.RIGHT),
        (1, Verdict.RIGHT),
        (-2, Verdict.LATE),
        (2, Verdict.EARLY),
        (-11, Verdict.LATE),
        (11, Verdict.EARLY),
        (-12, Verdict.WRONG),
        (12, Verdict.WRONG),
    ],
)
def test_a_code_opens_within_one_step_and_is_recognised_a_little_further(away: int, verdict: Verdict) -> None:
    assert judged(AT + away)[0] is verdict


@pytest.mark.parametrize("last", [AT, AT + 1])
def test_a_step_counts_once_and_none_before_one_that_was_taken(last: int) -> None:
    assert judged(AT, last=last) == (Verdict.USED, AT)


def test_the_next_step_counts_after_the_one_before() -> None:
    assert judged(AT, last=AT - 1) == (Verdict.RIGHT, AT)


def test_every_step_is_compared_whichever_matches() -> None:
    compared: list[int] = []

    def watched(step: int) -> bool:
        compared.append(step)
        return step == AT

    judge(is_code_of=watched, now=NOW, last_step=-1)
    assert compared == list(range(AT - 11, AT + 12))


def test_a_clock_that_is_off_is_told_and_a_wrong_code_is_not_blamed_on_it() -> None:
    for verdict in (Verdict.EARLY, Verdict.LATE):
        assert "時計がずれています" in CodeRefused(verdict).message
    assert "時計" not in CODE_SENTENCES[Verdict.WRONG] + CODE_SENTENCES[Verdict.USED]


def test_blanks_and_hyphens_of_a_code_do_not_matter() -> None:
    assert typed_code("123 456") == typed_code("123-456") == "123456"


# ------------------------------------------------------------------------------------------------ the way in

GIVEN = [None, NOW]


@pytest.mark.parametrize("wanted", Demand)
@pytest.mark.parametrize("first", FirstPassword)
def test_whoever_has_a_factor_gives_a_code_before_anything_else(wanted: Demand, first: FirstPassword) -> None:
    def lacking(given: datetime | None) -> Missing:
        return missing(enrolment=Enrolment.ENROLLED, wanted=wanted, given_at=given, first_password=first)

    assert [lacking(given) for given in GIVEN] == [Missing.CODE, Missing.NOTHING]


@pytest.mark.parametrize("given", GIVEN)
def test_where_one_is_required_nothing_opens_before_it_is_enrolled(given: datetime | None) -> None:
    def lacking(first: FirstPassword, wanted: Demand = Demand.REQUIRED) -> Missing:
        return missing(enrolment=Enrolment.NONE, wanted=wanted, given_at=given, first_password=first)

    assert lacking(FirstPassword.CHANGED) is Missing.ENROLMENT
    assert lacking(FirstPassword.IN_PLACE) is Missing.PASSWORD
    assert lacking(FirstPassword.CHANGED, Demand.FREE) is Missing.NOTHING


def test_a_function_of_the_setting_demands_a_factor_and_another_does_not() -> None:
    for function in REQUIRED_BY_SETTING.values():
        assert demand(functions={function}, required_for={function}) is Demand.REQUIRED
        assert demand(functions={function}, required_for=set(Function) - {function}) is Demand.FREE
    assert demand(functions=set(), required_for=set(Function)) is Demand.FREE


def test_the_manager_belongs_to_the_lead_division() -> None:
    held = {Function.REVIEWER, Function.MANAGER}
    assert demand(functions=held, required_for={REQUIRED_BY_SETTING["lead-division"]}) is Demand.REQUIRED


def test_a_request_lapses_after_a_day() -> None:
    assert lapses_at(NOW) - NOW == RECOVERY_LASTS == timedelta(hours=24)


# ---------------------------------------------------------------------------------------------- unusual ones


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=JST)


def odd(
    *,
    when: datetime | None = None,
    device: Familiarity = Familiarity.KNOWN,
    day: DayKind = DayKind.OPEN,
    failures: int = 0,
) -> tuple[Oddity, ...]:
    return oddities(at=when or at(9), device=device, day=day, failures=failures)


def test_a_usual_sign_in_has_nothing_odd() -> None:
    assert odd() == odd(device=Familiarity.FIRST_OF_ALL) == odd(failures=4) == ()


@pytest.mark.parametrize(
    ("when", "is_odd"),
    [(at(5, 59), True), (at(6), False), (at(21, 59), False), (at(22), True), (at(0), True)],
)
def test_night_is_from_ten_to_six(when: datetime, *, is_odd: bool) -> None:
    assert odd(when=when) == ((Oddity.AT_NIGHT,) if is_odd else ())


def test_each_oddity_is_named_and_stored() -> None:
    found = odd(when=at(23), device=Familiarity.NEW, day=DayKind.CLOSED, failures=5)
    assert found == tuple(Oddity)
    assert unpacked(packed(found)) == found
    assert unpacked("") == ()
    assert len(packed(found)) <= 120
