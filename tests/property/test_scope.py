"""What somebody sees in lists is what the permission table lets through, for any actor and any unit."""

from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import Subject, may, scope_of
from app.access.scope import Scope
from app.kernel.ids import PersonId, UnitId, new_id

UNITS: Final = tuple(UnitId(new_id()) for _ in range(5))
ME: Final = PersonId(new_id())
unit_sets = st.frozensets(st.sampled_from(UNITS))


class Base(DeclarativeBase):
    """A base of its own: this table belongs to no domain."""


class Thing(Base):
    """Something that belongs to a unit."""

    __tablename__ = "thing"

    unit_id: Mapped[UUID] = mapped_column(primary_key=True)


@pytest.fixture(scope="module")
def things() -> Iterator[Engine]:
    """One thing for each unit, in a real SQLite in memory."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Thing(unit_id=unit) for unit in UNITS)
        session.commit()
    yield engine
    engine.dispose()


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    """Anybody: also combinations that no city has."""
    return Actor(
        person_id=ME,
        account_id=None,
        staff_no="1",
        name="",
        day=date(2026, 11, 20),
        member_of=draw(unit_sets),
        head_of=draw(unit_sets),
        deputy_of=draw(unit_sets),
        clerk_of=draw(unit_sets),
        oversees=draw(unit_sets),
        substitutes_for=draw(unit_sets),
        functions=draw(st.frozensets(st.sampled_from(Function), max_size=2)),
    )


scopes = st.builds(Scope, whole_city=st.booleans(), unit_ids=unit_sets) | st.just(Scope.city())


@given(scope=scopes)
def test_a_scope_says_the_same_of_one_unit_and_as_a_condition(things: Engine, scope: Scope) -> None:
    with Session(things) as session:
        listed = set(session.scalars(select(Thing.unit_id).where(scope.where(Thing.unit_id))))
    assert listed == {unit for unit in UNITS if scope.contains(unit)}


@given(actor=actors(), lead=unit_sets)
def test_lists_show_exactly_what_may_be_read(things: Engine, actor: Actor, lead: frozenset[UnitId]) -> None:
    readable = {
        unit
        for unit in UNITS
        if may(
            Permission.UNIT_INSPECTION_READ,
            actor=actor,
            subject=Subject(unit_id=unit, belongs_to_lead=unit in lead),
        )
    }
    scope = scope_of(actor)
    assert {unit for unit in UNITS if scope.contains(unit)} == readable
    with Session(things) as session:
        assert set(session.scalars(select(Thing.unit_id).where(scope.where(Thing.unit_id)))) == readable


@given(actor=actors(), unit=st.sampled_from(UNITS))
def test_whoever_may_do_anything_with_a_sheet_may_read_it(actor: Actor, unit: UnitId) -> None:
    """Except as stand-in, who is always above or 統括, and heads, who always oversee their unit."""
    consistent = actor.head_of <= actor.oversees
    given_ = {
        permission
        for permission in Permission
        if permission.value.startswith("unit:")
        and may(permission, actor=actor, subject=Subject(unit_id=unit))
    }
    assert not (consistent and given_) or Permission.UNIT_INSPECTION_READ in given_


def test_the_two_ways_to_make_a_scope() -> None:
    assert Scope.units([UNITS[0], UNITS[0]]) == Scope(unit_ids=frozenset({UNITS[0]}))
    assert Scope.city().contains(UNITS[4])
    assert not Scope.units([]).contains(UNITS[0])
