"""Reorganisations on random cities: on each day every obligation has exactly one responsible unit, and statements say the same as the rules."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.access.scope import Scope
from app.db.base import Base
from app.kernel.errors import InvalidInput
from app.kernel.ids import UnitId, new_id
from app.organisation.models import OpenWorkChoice, UnitHeir
from app.organisation.queries import responsible_unit
from app.organisation.rules import (
    Histories,
    NewTree,
    NewUnit,
    Origin,
    PolicyOwner,
    Succession,
    SuccessionKind,
    Takeover,
    UnitKind,
    UnitSpan,
    heir_spans,
    heirs_on,
    plan_reorganisation,
)

FIRST: Final = date(2024, 4, 1)
FIRST_INSTANT: Final = datetime(2024, 4, 1, tzinfo=UTC)
YEARS: Final = tuple(FIRST.replace(year=FIRST.year + number) for number in range(1, 4))


class Own(DeclarativeBase):
    """A base of its own: this table belongs to no domain."""


class Thing(Own):
    """Something open that began in a unit."""

    __tablename__ = "thing"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID]


def _row(code: str, *, origins: tuple[Origin, ...] = ()) -> NewUnit:
    return NewUnit(
        row=0,
        code=code,
        name=f"課{code}",
        kana="か",
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=None,
        sort_order=0,
        origins=origins,
    )


@st.composite
def new_trees(draw: st.DrawFn, living: tuple[str, ...], year: int) -> NewTree:
    """Draw what becomes of each living unit: it stays, or ends into one or two others, new ones or ones that stay."""
    fates = draw(
        st.lists(
            st.sampled_from(["stays", "stays", "renamed", "merged", "split"]),
            min_size=len(living),
            max_size=len(living),
        )
    )
    rows: dict[str, NewUnit] = {}
    gone = [code for code, fate in zip(living, fates, strict=True) if fate != "stays"]
    if len(gone) == len(living):
        gone = gone[1:]
    staying = [code for code in living if code not in gone]
    rows |= {code: _row(code) for code in staying}
    for number, code in enumerate(gone):
        fate = fates[living.index(code)]
        targets = [f"{year}{number}a"] if fate == "renamed" else [draw(st.sampled_from(staying))]
        if fate == "split":
            targets = [f"{year}{number}a", draw(st.sampled_from([*staying, f"{year}{number}b"]))]
        for place, target in enumerate(targets):
            takeover = Takeover.REST if place == 0 else Takeover.NAMED
            held = rows.get(target, _row(target))
            rows[target] = _row(target, origins=(*held.origins, Origin(code=code, takeover=takeover)))
    return tuple(rows.values())


@st.composite
def cities(draw: st.DrawFn) -> tuple[Histories, tuple[tuple[date, NewTree], ...]]:
    """Draw a city and three reorganisations, each laid over what the one before left."""
    codes = tuple(f"u{number}" for number in range(draw(st.integers(2, 5))))
    histories: dict[str, tuple[UnitSpan, ...]] = {
        code: (_row(code).span(valid_from=FIRST),) for code in codes
    }
    done = []
    for day in YEARS:
        living = tuple(code for code, spans in histories.items() if any(span.covers(day) for span in spans))
        tree = draw(new_trees(living, day.year))
        plan = plan_reorganisation(histories, tree, effective_on=day, last_closed=None)
        histories |= plan.spans
        done.append((day, tree))
    return histories, tuple(done)


def _successions(
    histories: Histories, done: tuple[tuple[date, NewTree], ...], ids: Mapping[str, UnitId]
) -> tuple[Succession, ...]:
    """Return the successions of the three, by id."""
    before = {
        code: tuple(span for span in spans if span.valid_from == FIRST) for code, spans in histories.items()
    }
    stored: dict[str, tuple[UnitSpan, ...]] = {
        code: (_open(spans[0]),) for code, spans in before.items() if spans
    }
    found = []
    for day, tree in done:
        plan = plan_reorganisation(stored, tree, effective_on=day, last_closed=None)
        stored |= plan.spans
        found += [
            Succession(
                predecessor=ids[one.predecessor],
                successor=ids[one.successor],
                kind=one.kind,
                effective_on=day,
                takeover=one.takeover,
            )
            for one in plan.successions
        ]
    return tuple(found)


def _open(span: UnitSpan) -> UnitSpan:
    return UnitSpan(**{name: getattr(span, name) for name in span.__slots__} | {"valid_to": None})


def _living(histories: Histories, ids: Mapping[str, UnitId], day: date) -> frozenset[UnitId]:
    return frozenset(
        ids[code] for code, spans in histories.items() if any(span.covers(day) for span in spans)
    )


DAYS: Final = tuple(day + timedelta(days=shift) for day in YEARS for shift in (-1, 0, 1))


@given(city=cities())
def test_on_each_day_every_obligation_has_exactly_one_living_unit(
    city: tuple[Histories, tuple[tuple[date, NewTree], ...]],
) -> None:
    histories, done = city
    ids = {code: UnitId(new_id()) for code in histories}
    successions = _successions(histories, done, ids)
    for day in DAYS:
        living = _living(histories, ids, day)
        heirs = heirs_on(successions, living=living, day=day)
        begun = {ids[code] for code, spans in histories.items() if spans[0].valid_from <= day}
        # Each unit that ever began answers for itself, or one living unit does.
        assert begun - living == set(heirs)
        assert set(heirs.values()) <= living


@given(city=cities())
def test_each_ended_unit_has_a_successor_that_takes_the_rest(
    city: tuple[Histories, tuple[tuple[date, NewTree], ...]],
) -> None:
    histories, done = city
    ids = {code: UnitId(new_id()) for code in histories}
    rest = {
        (one.predecessor, one.effective_on)
        for one in _successions(histories, done, ids)
        if one.takeover is Takeover.REST and one.kind is not SuccessionKind.TRANSFERRED
    }
    ended = {
        (ids[code], spans[-1].valid_to) for code, spans in histories.items() if spans[-1].valid_to is not None
    }
    assert ended == rest


@given(city=cities())
def test_the_spans_that_are_kept_say_what_the_rule_says_on_every_day(
    city: tuple[Histories, tuple[tuple[date, NewTree], ...]],
) -> None:
    histories, done = city
    ids = {code: UnitId(new_id()) for code in histories}
    successions = _successions(histories, done, ids)
    lives = {
        ids[code]: [(span.valid_from, span.valid_to) for span in spans] for code, spans in histories.items()
    }
    kept = heir_spans(successions, lives=lives)
    for day in DAYS:
        on_day = {
            one.origin: one.heir
            for one in kept
            if one.valid_from <= day and (one.valid_to is None or one.valid_to > day)
        }
        assert on_day == heirs_on(successions, living=_living(histories, ids, day), day=day)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Tables of who answers for whom, and of things, in a real SQLite in memory."""
    made = create_engine("sqlite://")
    tables = [UnitHeir.__table__, OpenWorkChoice.__table__]
    Base.metadata.create_all(made, tables=tables)  # type: ignore[arg-type]
    Own.metadata.create_all(made)
    yield made
    made.dispose()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(city=cities(), data=st.data())
def test_a_scope_contains_what_its_condition_lists_on_any_tree_and_day(
    engine: Engine, city: tuple[Histories, tuple[tuple[date, NewTree], ...]], data: st.DataObject
) -> None:
    histories, done = city
    ids = {code: UnitId(new_id()) for code in histories}
    lives = {
        ids[code]: [(span.valid_from, span.valid_to) for span in spans] for code, spans in histories.items()
    }
    successions = _successions(histories, done, ids)
    things = {new_id(): unit_id for unit_id in ids.values() for _ in range(2)}
    chosen = data.draw(
        st.dictionaries(st.sampled_from(list(things)), st.sampled_from(list(ids.values())), max_size=3)
    )
    chosen_on = data.draw(st.sampled_from(YEARS))
    day = data.draw(st.sampled_from(DAYS))
    with Session(engine) as session:
        session.add_all(
            UnitHeir(origin_id=one.origin, heir_id=one.heir, valid_from=one.valid_from, valid_to=one.valid_to)
            for one in heir_spans(successions, lives=lives)
        )
        session.add_all(Thing(id=thing, unit_id=unit_id) for thing, unit_id in things.items())
        session.add_all(
            OpenWorkChoice(
                reorganisation_id=new_id(),
                kind="thing",
                subject_id=thing,
                unit_code="",
                unit_id=unit_id,
                in_force_from=chosen_on,
                chosen_by=new_id(),
                chosen_at=FIRST_INSTANT,
            )
            for thing, unit_id in chosen.items()
        )
        session.flush()
        heirs = heirs_on(successions, living=_living(histories, ids, day), day=day)
        scope = Scope.units(data.draw(st.frozensets(st.sampled_from(list(ids.values())))))
        holder = responsible_unit(Thing.id, Thing.unit_id, day=day)
        listed = set(session.scalars(select(Thing.id).where(scope.where(holder))))
        session.rollback()
    contained = set()
    for thing, unit_id in things.items():
        origin = chosen.get(thing, unit_id) if chosen_on <= day else unit_id
        if scope.contains(heirs.get(origin, origin)):
            contained.add(thing)
    assert listed == contained


@given(city=cities(), data=st.data())
def test_a_tree_without_an_ended_unit_and_its_successor_is_refused_whole(
    city: tuple[Histories, tuple[tuple[date, NewTree], ...]], data: st.DataObject
) -> None:
    histories, _ = city
    day = date(2028, 4, 1)
    living = [code for code, spans in histories.items() if any(span.covers(day) for span in spans)]
    missing = data.draw(st.sampled_from(living))
    tree = tuple(_row(code) for code in living if code != missing)
    with pytest.raises(InvalidInput, match=f"（{missing}）"):
        plan_reorganisation(histories, tree, effective_on=day, last_closed=None)
