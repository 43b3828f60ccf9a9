"""The permission table itself: complete, readable, and with a reason for each refusal."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import (
    CITY,
    DEFAULT_REASON,
    POLICY,
    REASONS,
    Predicate,
    Subject,
    is_clerk_of_unit,
    is_next_higher_head,
    is_next_signer,
    is_reviewer,
    may,
    not_of_the_unit,
    recorded_nothing,
    require,
    reviewed_nothing,
    verdict,
)
from app.journal.rules import Via
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.ids import PersonId, UnitId, new_id

PREDICATES: list[Predicate] = sorted(
    {
        predicate
        for alternatives in POLICY.values()
        for alternative in alternatives
        for predicate in alternative
    },
    key=lambda predicate: predicate.__name__,
)
UNIT = UnitId(new_id())


def actor(*functions: Function, clerk_of: UnitId | None = None, member_of: UnitId | None = None) -> Actor:
    return Actor(
        person_id=PersonId(new_id()),
        account_id=None,
        staff_no="1",
        name="",
        day=date(2026, 11, 20),
        functions=frozenset(functions),
        clerk_of=frozenset({clerk_of} if clerk_of else ()),
        member_of=frozenset({member_of} if member_of else ()),
    )


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_has_a_row_without_an_empty_alternative(permission: Permission) -> None:
    assert POLICY[permission]
    assert all(POLICY[permission])


def test_the_table_has_no_other_rows_and_is_in_alphabetical_order() -> None:
    assert list(POLICY) == list(Permission) == sorted(Permission, key=lambda permission: permission.name)


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_is_named_after_its_scope_its_thing_and_its_act(permission: Permission) -> None:
    scope, thing, act = permission.value.split(":")
    assert scope in {"city", "unit", "own"}
    assert permission.name == f"{scope}_{thing}_{act}".upper().replace("-", "_")


@pytest.mark.parametrize("predicate", PREDICATES, ids=lambda predicate: predicate.__name__)
def test_every_predicate_says_what_it_means(predicate: Predicate) -> None:
    assert (predicate.__doc__ or "").strip().endswith(".")


def test_predicates_have_names_of_their_own() -> None:
    assert len({predicate.__name__ for predicate in PREDICATES}) == len(PREDICATES)


def test_every_reason_belongs_to_a_predicate_and_ends_with_what_to_do() -> None:
    assert set(REASONS) <= {predicate.__name__ for predicate in PREDICATES}
    assert all(
        sentence.endswith("。") and sentence.count("。") >= 1
        for sentence in (*REASONS.values(), DEFAULT_REASON)
    )


def test_a_verdict_names_the_predicate_that_failed_in_the_closest_alternative() -> None:
    found = actor(Function.REVIEWER)
    subject = Subject(unit_id=UNIT, recorded_by=frozenset({found.person_id}))
    outcome = verdict(Permission.UNIT_INSPECTION_REVIEW, actor=found, subject=subject)
    assert (outcome.allowed, outcome.failed) == (False, recorded_nothing)
    stranger = verdict(Permission.UNIT_INSPECTION_REVIEW, actor=actor(), subject=subject)
    assert stranger.failed is is_reviewer
    assert (
        verdict(Permission.UNIT_INSPECTION_ANSWER, actor=actor(), subject=subject).failed is is_clerk_of_unit
    )


def test_a_verdict_that_allows_names_nothing() -> None:
    outcome = verdict(Permission.OWN_ACCOUNT_USE, actor=actor())
    assert (outcome.allowed, outcome.failed) == (True, None)


def test_what_nobody_may_see_does_not_exist() -> None:
    with pytest.raises(NotFound):
        require(Permission.UNIT_INSPECTION_ANSWER, actor=actor(member_of=UNIT), subject=Subject(unit_id=UNIT))


def test_what_somebody_sees_and_may_not_do_is_refused_with_the_reason() -> None:
    manager = actor(Function.REVIEWER, Function.MANAGER)
    subject = Subject(unit_id=UNIT, reviewed_by=frozenset({manager.person_id}))
    with pytest.raises(NotAllowed) as refused:
        require(Permission.UNIT_INSPECTION_SIGN_OFF, actor=manager, subject=subject)
    assert refused.value.message == REASONS[reviewed_nothing.__name__]


def test_an_administrator_sees_every_account_of_an_inventory_and_is_told_why_the_own_one_is_refused() -> None:
    administrator = actor(Function.ADMINISTRATOR)
    own = Subject(unit_id=UNIT, requested_by=frozenset({administrator.person_id}))
    require(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, actor=administrator, subject=Subject(unit_id=UNIT))
    with pytest.raises(NotAllowed) as refused:
        require(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, actor=administrator, subject=own)
    assert refused.value.message == REASONS["did_not_request"]
    with pytest.raises(NotFound):
        require(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, actor=actor(), subject=Subject(unit_id=UNIT))


def test_a_predicate_without_a_reason_of_its_own_has_the_general_one() -> None:
    with pytest.raises(NotAllowed) as refused:
        require(
            Permission.UNIT_INSPECTION_ANSWER, actor=actor(Function.AUDITOR), subject=Subject(unit_id=UNIT)
        )
    assert refused.value.message == DEFAULT_REASON
    with pytest.raises(NotAllowed) as city:
        require(Permission.CITY_CAMPAIGN_OPEN, actor=actor(), subject=CITY)
    assert city.value.message == DEFAULT_REASON


def test_whoever_may_passes() -> None:
    clerk = actor(clerk_of=UNIT)
    assert may(Permission.UNIT_INSPECTION_ANSWER, actor=clerk, subject=Subject(unit_id=UNIT))
    require(Permission.UNIT_INSPECTION_ANSWER, actor=clerk, subject=Subject(unit_id=UNIT))


def test_the_journal_keeps_ids_of_an_actor_and_no_name() -> None:
    found = actor()
    assert found.mark.person_id == str(found.person_id)
    assert (found.mark.via, found.mark.operator) == (Via.WEB, None)


def with_tie(somebody: Actor, *, tie: str, unit: UnitId) -> Actor:
    changed: dict[str, Any] = {tie: frozenset({unit})}
    return replace(somebody, **changed)


@pytest.mark.parametrize("tie", ["member_of", "head_of", "deputy_of", "clerk_of"])
def test_whoever_is_tied_to_a_unit_in_any_way_is_of_it(tie: str) -> None:
    """A clerk or deputy may be named from another office, and is of the unit all the same."""
    subject = Subject(unit_id=UNIT)
    assert not_of_the_unit(actor(), subject)
    assert not_of_the_unit(with_tie(actor(), tie=tie, unit=UnitId(new_id())), subject)
    assert not not_of_the_unit(with_tie(actor(), tie=tie, unit=UNIT), subject)
    tied = with_tie(actor(Function.REVIEWER, Function.MANAGER), tie=tie, unit=UNIT)
    for permission in (Permission.UNIT_INSPECTION_REVIEW, Permission.UNIT_INSPECTION_SIGN_OFF):
        assert verdict(permission, actor=tied, subject=subject).failed is not_of_the_unit


@pytest.mark.parametrize("permission", [Permission.UNIT_INSPECTION_READ, Permission.UNIT_INSPECTION_REVIEW])
def test_nobody_reads_or_reviews_as_a_stand_in(permission: Permission) -> None:
    """Pages of many sheets ask these two without looking up who stands in (`reviewing_subjects`)."""
    used = {predicate for alternative in POLICY[permission] for predicate in alternative}
    assert not used & {is_next_higher_head, is_next_signer}
