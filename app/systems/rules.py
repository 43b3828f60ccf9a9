"""The ledger of information systems: what one entry says, and how a list of entries meets the ledger.

Basis: 市 情報セキュリティ対策基準 (情報資産の管理, 情報システムの管理): each system has an owner unit, a classification and a place in the
three separated networks; what the maker no longer supports is replaced or protected in time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import SystemId, UnitId

NOTE_LENGTH: Final = 1000
"""Characters in the note of an entry."""


class Classification(StrEnum):
    """自治体機密性 of the information in it, the most sensitive first (令和6年10月改定: class 3 was split into 3A, 3B, 3C)."""

    C3A = "3A"
    C3B = "3B"
    C3C = "3C"
    C2 = "2"
    C1 = "1"


class Zone(StrEnum):
    """The part of the separated networks in which it stands (三層の対策)."""

    MYNUMBER = "mynumber"
    LGWAN = "lgwan"
    INTERNET = "internet"
    SEPARATE = "separate"


class Support(StrEnum):
    """How its maker's support stands on a day, the most pressing first."""

    ENDED = "ended"
    SOON = "soon"
    UNKNOWN = "unknown"
    FINE = "fine"


SOON: Final = timedelta(days=365)
"""A support that ends within this time is pressing: replacing a system takes a budget year."""


def support_on(day: date, *, ends_on: date | None) -> Support:
    """Return how a support that lasts to a day (inclusive) stands on another."""
    if ends_on is None:
        return Support.UNKNOWN
    if ends_on < day:
        return Support.ENDED
    return Support.SOON if ends_on - day <= SOON else Support.FINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the ledger says of a system. `retired_on` is its first day out of use."""

    name: str
    kana: str
    unit_id: UnitId
    classification: Classification
    zone: Zone
    support_ends_on: date | None
    contractor: str
    note: str
    retired_on: date | None = None

    def active_on(self, day: date) -> bool:
        """Return whether it is in use."""
        return self.retired_on is None or day < self.retired_on


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One row of a list: the entry with its ledger number, and its unit by code."""

    row: int
    code: str
    unit_code: str
    name: str
    kana: str
    classification: Classification
    zone: Zone
    support_ends_on: date | None
    contractor: str
    note: str
    retired_on: date | None

    def entry(self, unit_id: UnitId) -> Entry:
        """Return the entry with its unit found."""
        return Entry(
            name=self.name,
            kana=self.kana,
            unit_id=unit_id,
            classification=self.classification,
            zone=self.zone,
            support_ends_on=self.support_ends_on,
            contractor=self.contractor,
            note=self.note,
            retired_on=self.retired_on,
        )


class Outcome(StrEnum):
    """What a row does to the ledger."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An entry as the ledger holds it."""

    id: SystemId
    code: str
    version: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A row that fits, with what it does, the names of the columns that change, and what the ledger held of it before."""

    row: EntryRow
    entry: Entry
    outcome: Outcome
    changed: tuple[str, ...] = ()
    stored: Stored | None = None


def plan_entries(
    rows: Sequence[EntryRow], *, stored: Mapping[str, Stored], units: Mapping[str, UnitId]
) -> tuple[Planned, ...]:
    """Compare a list with the ledger. Systems that the list leaves out stay as they are: a list may hold one unit's only.

    Args:
        rows: the list.
        stored: the ledger, by number.
        units: the units of today, by code.

    Raises:
        InvalidInput: a unit that does not exist, or a number twice; every problem with its row.
    """
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for row in rows:
        if row.unit_code not in units:
            message = (
                f"所属コード「{row.unit_code}」の所属は、きょう存在しません。所属の一覧で確かめてください。"
            )
            problems.append(Problem(message=message, field="所管所属コード", row=row.row))
        if row.code in first:
            message = (
                f"台帳番号「{row.code}」は、{first[row.code]}行目にもあります。どちらかを消してください。"
            )
            problems.append(Problem(message=message, field="台帳番号", row=row.row))
        first.setdefault(row.code, row.row)
    if problems:
        raise InvalidInput(problems)
    return tuple(_planned(row, stored=stored.get(row.code), unit_id=units[row.unit_code]) for row in rows)


def _planned(row: EntryRow, *, stored: Stored | None, unit_id: UnitId) -> Planned:
    entry = row.entry(unit_id)
    if stored is None:
        return Planned(row=row, entry=entry, outcome=Outcome.NEW)
    changed = differences(stored.entry, entry)
    outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
    return Planned(row=row, entry=entry, outcome=outcome, changed=changed, stored=stored)


FIELDS: Final = tuple(Entry.__dataclass_fields__)


def differences(before: Entry, after: Entry) -> tuple[str, ...]:
    """Return the names of the fields in which two entries differ, in their order."""
    return tuple(name for name in FIELDS if getattr(before, name) != getattr(after, name))
