"""Reading in a list of units: each row says how one unit is from one day to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from app.kernel.errors import InvalidInput, Problem
from app.kernel.fiscal_year import plain_date
from app.kernel.ids import UnitId
from app.organisation.rules.units import PolicyOwner, UnitKind


class Outcome(StrEnum):
    """What a row of an imported list does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpan:
    """A unit by its code, as it is from one day to another."""

    code: str
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_code: str | None
    sort_order: int
    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        """Return whether the span is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or self.valid_to > day)

    def says_the_same_as(self, other: "UnitSpan") -> bool:
        """Return whether everything but the validity is equal."""
        return replace(self, valid_from=other.valid_from, valid_to=other.valid_to) == other


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUnit:
    """A unit of a day for a list that is taken away: its version of that day with its whole validity."""

    id: UnitId
    parent_id: UnitId | None
    depth: int
    span: UnitSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One row of an imported list; `row` counts as Excel does, the header is row 1."""

    row: int
    span: UnitSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """What an import would do: the whole history of every code that it touches, and the outcome for each."""

    spans: Mapping[str, tuple[UnitSpan, ...]]
    outcomes: Mapping[str, Outcome]


Histories = Mapping[str, tuple[UnitSpan, ...]]


def plan_units(stored: Histories, rows: Sequence[UnitRow], *, last_closed: date | None) -> UnitPlan:
    """Lay a list over the stored organisation, or refuse with every problem at once.

    A row with changed attributes closes the version of its first day there and opens a new one; an end date
    closes; an equal row does nothing, so the same list can be read in again.

    Raises:
        InvalidInput: a code twice, overlapping validity, an unknown parent, a circle, a change on or before the last closed act.
    """
    problems = _doubled(rows)
    spans: dict[str, tuple[UnitSpan, ...]] = {}
    outcomes: dict[str, Outcome] = {}
    for entry in rows:
        code = entry.span.code
        if code not in spans:
            spans[code], outcomes[code] = _merged(stored.get(code, ()), entry.span)
            problems += _overlaps(spans[code], row=entry.row)
    problems += _before_the_last_closed(rows, outcomes, last_closed=last_closed)
    if not problems:
        problems = _tree_problems({**stored, **spans}, rows)
    if problems:
        raise InvalidInput(sorted(problems, key=lambda problem: problem.row or 0))
    return UnitPlan(spans=spans, outcomes=outcomes)


def _doubled(rows: Sequence[UnitRow]) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for entry in rows:
        earlier = first.setdefault(entry.span.code, entry.row)
        if earlier != entry.row:
            message = (
                f"所属コード「{entry.span.code}」は{earlier}行目にもあります。どちらかを消してください。"
            )
            problems.append(Problem(message=message, field="所属コード", row=entry.row))
    return problems


def _before_the_last_closed(
    rows: Sequence[UnitRow], outcomes: Mapping[str, Outcome], *, last_closed: date | None
) -> list[Problem]:
    """What was closed for good relies on the organisation of its day: that does not change any more."""
    if last_closed is None:
        return []
    return [
        Problem(
            message=f"{plain_date(last_closed)}までの組織は、もう締めた点検があるので変えられません。その後の日付にしてください。",
            field="有効終了日" if outcomes[entry.span.code] is Outcome.ENDED else "有効開始日",
            row=entry.row,
        )
        for entry in rows
        if outcomes[entry.span.code] is not Outcome.UNCHANGED
        and _changes_on(entry.span, outcome=outcomes[entry.span.code]) <= last_closed
    ]


def _changes_on(span: UnitSpan, *, outcome: Outcome) -> date:
    return span.valid_to if outcome is Outcome.ENDED and span.valid_to else span.valid_from


def _merged(history: tuple[UnitSpan, ...], wanted: UnitSpan) -> tuple[tuple[UnitSpan, ...], Outcome]:
    held = next((span for span in history if span.covers(wanted.valid_from)), None)
    if held is None:
        return _in_order((*history, wanted)), Outcome.CHANGED if history else Outcome.NEW
    followed = any(span.valid_from == held.valid_to for span in history)
    until = held.valid_to if wanted.valid_to is None and followed else wanted.valid_to
    others = tuple(span for span in history if span is not held)
    if held.says_the_same_as(wanted):
        if until == held.valid_to:
            return history, Outcome.UNCHANGED
        return _in_order(
            (*others, replace(held, valid_to=until))
        ), Outcome.ENDED if until else Outcome.CHANGED
    if held.valid_from == wanted.valid_from:
        return _in_order((*others, replace(wanted, valid_to=until))), Outcome.CHANGED
    closed = replace(held, valid_to=wanted.valid_from)
    return _in_order((*others, closed, wanted)), Outcome.CHANGED


def _in_order(spans: tuple[UnitSpan, ...]) -> tuple[UnitSpan, ...]:
    return tuple(sorted(spans, key=lambda span: span.valid_from))


def _overlaps(spans: tuple[UnitSpan, ...], *, row: int) -> list[Problem]:
    return [
        Problem(
            message=f"有効期間が、{later.valid_from.isoformat()}から始まる登録済みの期間と重なります。日付を確かめてください。",
            field="有効開始日",
            row=row,
        )
        for earlier, later in pairwise(spans)
        if earlier.valid_to is None or earlier.valid_to > later.valid_from
    ]


def _tree_problems(histories: Histories, rows: Sequence[UnitRow]) -> list[Problem]:
    """Check the tree on each day on which the list begins or ends something."""
    row_of = {entry.span.code: entry.row for entry in rows}
    days = {entry.span.valid_from for entry in rows} | {e.span.valid_to for e in rows if e.span.valid_to}
    found: dict[int, Problem] = {}
    for day in sorted(days):
        parents = {
            code: span.parent_code for code, spans in histories.items() for span in spans if span.covers(day)
        }
        for code, parent in parents.items():
            problem = _parent_problem(code, parent, parents, row_of=row_of, day=day)
            if problem is not None and problem.row is not None:
                found.setdefault(problem.row, problem)
    return list(found.values())


def _parent_problem(
    code: str, parent: str | None, parents: Mapping[str, str | None], *, row_of: Mapping[str, int], day: date
) -> Problem | None:
    if parent is None:
        return None
    if parent not in parents and code in row_of:
        message = (
            f"上位所属コード「{parent}」は、{day.isoformat()}にはありません。コードと日付を確かめてください。"
        )
        return Problem(message=message, field="上位所属コード", row=row_of[code])
    if parent not in parents and parent in row_of:
        message = (
            f"{day.isoformat()}に終わりますが、下に所属「{code}」が残ります。「{code}」の行も加えてください。"
        )
        return Problem(message=message, field="有効終了日", row=row_of[parent])
    if code in row_of and _circular(code, parents):
        message = f"上位の所属をたどると、「{code}」に戻ってしまいます。上位所属コードを確かめてください。"
        return Problem(message=message, field="上位所属コード", row=row_of[code])
    return None


def _circular(code: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    current = parents.get(code)
    while current is not None and current not in seen:
        if current == code:
            return True
        seen.add(current)
        current = parents.get(current)
    return False
