"""The ledger's rules: support on a day, use on a day, and how a list meets the ledger."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import InvalidInput
from app.kernel.ids import SystemId, UnitId, new_id
from app.systems.rules import (
    FIELDS,
    Classification,
    Entry,
    EntryRow,
    Outcome,
    Stored,
    Support,
    Zone,
    differences,
    plan_entries,
    support_on,
)
from tests.factories.systems import entry_of
from tests.people import AFFAIRS, COUNTER

TODAY = date(2026, 11, 20)
UNITS = {AFFAIRS.code: AFFAIRS.id, COUNTER.code: COUNTER.id}


def row(number: int = 2, *, code: str = "S-1", unit: str = AFFAIRS.code, name: str = "文書管理") -> EntryRow:
    return EntryRow(
        row=number,
        code=code,
        unit_code=unit,
        name=name,
        kana="ぶんしょかんり",
        classification=Classification.C3C,
        zone=Zone.LGWAN,
        support_ends_on=None,
        contractor="",
        note="",
        retired_on=None,
    )


def stored(entry: Entry, *, code: str = "S-1") -> dict[str, Stored]:
    return {code: Stored(id=SystemId(new_id()), code=code, version=3, entry=entry)}


@pytest.mark.parametrize(
    ("ends_on", "standing"),
    [
        (None, Support.UNKNOWN),
        (TODAY - timedelta(days=1), Support.ENDED),
        (TODAY, Support.SOON),
        (TODAY + timedelta(days=365), Support.SOON),
        (TODAY + timedelta(days=366), Support.FINE),
    ],
)
def test_support_stands_by_its_last_day(ends_on: date | None, standing: Support) -> None:
    assert support_on(TODAY, ends_on=ends_on) is standing


def test_a_system_is_in_use_until_the_day_before_it_is_retired() -> None:
    entry = entry_of(retired_on=TODAY)
    assert entry.active_on(TODAY - timedelta(days=1))
    assert not entry.active_on(TODAY)
    assert entry_of().active_on(TODAY)


def test_a_row_of_an_unknown_number_is_new() -> None:
    (planned,) = plan_entries([row()], stored={}, units=UNITS)
    assert (planned.outcome, planned.entry.unit_id, planned.changed) == (Outcome.NEW, AFFAIRS.id, ())


def test_a_row_that_says_the_same_changes_nothing() -> None:
    (planned,) = plan_entries([row()], stored=stored(row().entry(AFFAIRS.id)), units=UNITS)
    assert planned.outcome is Outcome.UNCHANGED


def test_a_row_that_differs_names_what_changes() -> None:
    before = row().entry(COUNTER.id)
    (planned,) = plan_entries([row(name="新文書管理")], stored=stored(before), units=UNITS)
    assert (planned.outcome, planned.changed) == (Outcome.CHANGED, ("name", "unit_id"))


def test_every_problem_of_a_list_is_named_with_its_row() -> None:
    rows = [row(2), row(3, code="S-2", unit="9999"), row(4)]
    with pytest.raises(InvalidInput) as refusal:
        plan_entries(rows, stored={}, units=UNITS)
    named = [(problem.row, problem.field) for problem in refusal.value.problems]
    assert named == [(3, "所管所属コード"), (4, "台帳番号")]
    assert "2行目にもあります" in refusal.value.problems[1].message


@given(st.sampled_from(FIELDS))
def test_each_field_that_differs_is_named_alone(name: str) -> None:
    other = {
        "name": "別",
        "kana": "べつ",
        "unit_id": UnitId(new_id()),
        "classification": Classification.C1,
        "zone": Zone.INTERNET,
        "support_ends_on": None,
        "contractor": "別",
        "note": "別",
        "retired_on": TODAY,
    }
    entry = entry_of()
    values = {field: getattr(entry, field) for field in FIELDS}
    assert differences(entry, Entry(**{**values, name: other[name]})) == (name,)
    assert differences(entry, entry) == ()
