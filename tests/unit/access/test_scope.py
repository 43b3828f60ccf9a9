"""What somebody sees, as a value and as a condition; that both agree is held by tests/property/test_scope.py."""

from datetime import date
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Column, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import InstrumentedAttribute

from app.access.actor import Actor, Function
from app.access.policy import scope_of
from app.access.scope import Scope
from app.kernel.ids import PersonId, UnitId, new_id

OWN, BELOW, REVIEWED, OTHER = (UnitId(new_id()) for _ in range(4))


def actor(*functions: Function) -> Actor:
    return Actor(
        person_id=PersonId(new_id()),
        account_id=None,
        staff_no="1",
        name="",
        day=date(2026, 11, 20),
        member_of=frozenset({OTHER}),
        clerk_of=frozenset({OWN}),
        deputy_of=frozenset({OWN}),
        oversees=frozenset({BELOW}),
        substitutes_for=frozenset({REVIEWED}),
        functions=frozenset(functions),
    )


def test_somebody_sees_the_units_for_which_there_is_something_to_do() -> None:
    scope = scope_of(actor())
    assert scope == Scope.units([OWN, BELOW, REVIEWED])
    assert [scope.contains(unit) for unit in (OWN, BELOW, REVIEWED, OTHER)] == [True, True, True, False]


@pytest.mark.parametrize("function", sorted(set(Function) - {Function.ADMINISTRATOR}))
def test_who_works_for_the_whole_city_sees_all_of_it(function: Function) -> None:
    assert scope_of(actor(function)) == Scope.city()
    assert Scope.city().contains(OTHER)


def test_an_administrator_sees_no_more_for_being_one() -> None:
    assert scope_of(actor(Function.ADMINISTRATOR)) == scope_of(actor())


@pytest.mark.parametrize(
    ("scope", "condition"),
    [
        (Scope.city(), "1"),
        (Scope.units([]), "0"),
        (Scope.units([OWN]), f"unit_id IN ('{OWN.hex}')"),
    ],
    ids=["city", "nothing", "one unit"],
)
def test_a_scope_is_also_a_condition(scope: Scope, condition: str) -> None:
    column = cast("InstrumentedAttribute[UUID]", Column("unit_id", Uuid()))
    where = scope.where(column)
    compiled = where.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    assert str(compiled) == condition
