"""What stands out about an account, and on which lists it stands."""

from datetime import date, timedelta

import pytest

from app.access.actor import Function
from app.kernel.errors import InvalidInput
from app.kernel.ids import AccountId, PersonId, UnitId, new_id
from app.people.rules import AccountKind, PersonView, contractor_term, is_over
from app.people.rules.standing import (
    CONFLICTS,
    AccountFacts,
    AccountList,
    CityRoles,
    Concern,
    HeldRole,
    Holding,
    concerns_of,
    conflicts_of,
    listed,
)
from app.people.texts import ACCOUNT_LIST, ACCOUNT_LIST_HINT, CONCERN, CONCERN_ADVICE, HELD_ROLE

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
ME, OTHER = PersonId(new_id()), PersonId(new_id())
OFFICE, LEAD, SUBSTITUTE, AUDIT = (UnitId(new_id()) for _ in range(4))
CITY = CityRoles(
    lead=frozenset({LEAD}),
    substitutes=frozenset({SUBSTITUTE}),
    audit=frozenset({AUDIT}),
    heads=frozenset({(OFFICE, ME), (LEAD, ME), (LEAD, OTHER)}),
)


def holding(
    *functions: Function,
    member: tuple[UnitId, ...] = (),
    head: tuple[UnitId, ...] = (),
    clerk: tuple[UnitId, ...] = (),
    deputy: tuple[UnitId, ...] = (),
) -> Holding:
    return Holding(
        person_id=ME,
        unit_id=member[0] if member else None,
        member_of=frozenset(member),
        head_of=frozenset(head),
        clerk_of=frozenset(clerk),
        deputy_of=frozenset(deputy),
        functions=frozenset(functions),
    )


A, F = Function.ADMINISTRATOR, Concern


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (holding(), set()),
        (holding(member=(OFFICE,)), set()),
        (holding(A), set()),
        (holding(A, member=(OFFICE,)), set()),
        (holding(A, member=(LEAD,)), {F.ADMINISTRATOR_AT_WORK}),
        (holding(A, member=(SUBSTITUTE,)), {F.ADMINISTRATOR_AT_WORK}),
        (holding(A, member=(AUDIT,)), {F.ADMINISTRATOR_AT_WORK}),
        (holding(A, Function.CHIEF), {F.ADMINISTRATOR_AT_WORK}),
        (holding(A, head=(OFFICE,), member=(OFFICE,)), {F.ADMINISTRATOR_IN_CHARGE}),
        (holding(A, clerk=(OFFICE,)), {F.ADMINISTRATOR_IN_CHARGE}),
        (holding(A, deputy=(OFFICE,)), {F.ADMINISTRATOR_IN_CHARGE}),
        (holding(Function.AUDITOR, member=(LEAD,)), {F.AUDITOR_IN_LEAD}),
        (holding(member=(LEAD, AUDIT)), {F.AUDITOR_IN_LEAD}),
        (holding(Function.AUDITOR, member=(OFFICE,)), set()),
        (holding(member=(LEAD,)), set()),
        (holding(clerk=(OFFICE,), head=(OFFICE,), member=(OFFICE,)), {F.CLERK_AND_SOLE_HEAD}),
        (holding(clerk=(LEAD,), head=(LEAD,), member=(LEAD,)), set()),
        (holding(clerk=(OFFICE,), head=(LEAD,), member=(LEAD,)), set()),
    ],
)
def test_roles_that_are_kept_apart(held: Holding, found: set[Concern]) -> None:
    assert conflicts_of(held, city=CITY) == found
    assert found <= CONFLICTS


def facts(
    *,
    last: date | None = TODAY,
    kind: AccountKind = AccountKind.STAFF,
    expires_on: date | None = None,
) -> AccountFacts:
    return AccountFacts(
        account_id=AccountId(new_id()),
        person=PersonView(id=ME, staff_no="1", name="", kana=""),
        kind=kind,
        created_on=TODAY - 400 * DAY,
        last_sign_in_on=last,
        expires_on=expires_on,
    )


CONTRACT = AccountKind.CONTRACTOR


@pytest.mark.parametrize(
    ("account", "held", "found"),
    [
        (facts(), holding(member=(OFFICE,)), ()),
        (facts(), holding(), (F.NO_POST,)),
        (facts(last=TODAY - 89 * DAY), holding(member=(OFFICE,)), ()),
        (facts(last=TODAY - 90 * DAY), holding(member=(OFFICE,)), (F.UNUSED,)),
        (facts(last=None), holding(member=(OFFICE,)), (F.NEVER_USED,)),
        (
            facts(kind=CONTRACT, expires_on=TODAY + 61 * DAY),
            holding(member=(OFFICE,)),
            (F.CONTRACTOR,),
        ),
        (
            facts(kind=CONTRACT, expires_on=TODAY + 60 * DAY),
            holding(A, member=(LEAD,)),
            (F.ADMINISTRATOR_AT_WORK, F.CONTRACTOR, F.ENDS_SOON),
        ),
    ],
)
def test_what_stands_out(account: AccountFacts, held: Holding, found: tuple[Concern, ...]) -> None:
    assert concerns_of(account, held, city=CITY, today=TODAY) == found


def test_roles_are_named_by_what_is_held() -> None:
    held = holding(
        Function.CIO, member=(LEAD, SUBSTITUTE, AUDIT), head=(LEAD,), clerk=(LEAD,), deputy=(OFFICE,)
    )
    assert held.roles(CITY) == (
        HeldRole.HEAD,
        HeldRole.CLERK,
        HeldRole.DEPUTY,
        HeldRole.REVIEWER,
        HeldRole.MANAGER,
        HeldRole.SUBSTITUTE,
        HeldRole.CIO,
        HeldRole.AUDITOR,
    )
    assert holding(member=(OFFICE,)).roles(CITY) == ()


def why(chosen: AccountList, *concerns: Concern, ends: date | None = None) -> tuple[Concern, ...]:
    return listed(chosen, concerns=concerns, expires_on=ends, today=TODAY)


def test_each_list_names_its_own_reasons() -> None:
    everything = tuple(Concern)
    assert why(AccountList.NO_POST, *everything) == (F.NO_POST,)
    assert why(AccountList.UNUSED, *everything) == (F.UNUSED, F.NEVER_USED)
    assert set(why(AccountList.CONFLICTS, *everything)) == CONFLICTS
    assert why(AccountList.NO_POST, F.UNUSED) == ()


def test_an_end_is_listed_thirty_days_before_and_after() -> None:
    assert why(AccountList.ENDING) == ()
    assert why(AccountList.ENDING, ends=TODAY + 31 * DAY) == ()
    assert why(AccountList.ENDING, ends=TODAY + 30 * DAY) == (F.ENDS_SOON,)
    assert why(AccountList.ENDING, ends=TODAY - DAY) == (F.ENDS_SOON,)


def test_everything_has_its_words() -> None:
    assert set(CONCERN) == set(CONCERN_ADVICE) == set(Concern)
    assert set(ACCOUNT_LIST) == set(ACCOUNT_LIST_HINT) == set(AccountList)
    assert set(HELD_ROLE) == set(HeldRole)
    assert all(advice.endswith("。") for advice in CONCERN_ADVICE.values())


def test_a_contractors_account_lasts_at_most_until_the_end_of_the_next_fiscal_year() -> None:
    assert contractor_term(TODAY, today=TODAY).expires_on == TODAY
    assert contractor_term(date(2028, 3, 31), today=TODAY).kind is CONTRACT
    for until in (TODAY - DAY, date(2028, 4, 1)):
        with pytest.raises(InvalidInput):
            contractor_term(until, today=TODAY)
    assert not is_over(TODAY, today=TODAY)
    assert is_over(TODAY, today=TODAY + DAY)
    assert not is_over(None, today=TODAY)
