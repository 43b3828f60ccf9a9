"""What a unit is. Validity is half-open: `[valid_from, valid_to)`, an open end is None."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import PersonId, UnitId


class UnitKind(StrEnum):
    """What sort of office a unit is."""

    BODY = "body"
    DEPARTMENT = "department"
    DIVISION = "division"
    SUBSECTION = "subsection"
    BRANCH = "branch"


class PolicyOwner(StrEnum):
    """Whose security policy binds the unit: each of them decides its own.

    Basis: 地方自治法 第244条の6第1項 (議会及び長その他の執行機関が、それぞれ方針を定める).
    """

    MAYOR = "mayor"
    EDUCATION = "education"
    ASSEMBLY = "assembly"
    UTILITY = "utility"
    HOSPITAL = "hospital"
    FIRE = "fire"


class InstallationKind(StrEnum):
    """Whether a database belongs to a city or to the demonstration. One never becomes the other."""

    CITY = "city"
    DEMO = "demo"


class UnitFunction(StrEnum):
    """Functions that a unit as a whole holds for a time."""

    LEAD_DIVISION = "lead-division"
    SUBSTITUTE_REVIEW = "substitute-review"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """A unit as it was on one day."""

    id: UnitId
    code: str
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_id: UnitId | None
    sort_order: int


@dataclass(frozen=True, slots=True)
class UnitTree:
    """All units of one day, in the order in which lists show them (parents before children)."""

    day: date
    units: tuple[UnitView, ...]
    by_id: Mapping[UnitId, UnitView]

    @classmethod
    def of(cls, units: Iterable[UnitView], *, day: date) -> "UnitTree":
        """Arrange units as a tree: siblings by their order, then by code."""
        found = list(units)
        children: dict[UnitId | None, list[UnitView]] = {}
        known = {unit.id for unit in found}
        for unit in sorted(found, key=lambda unit: (unit.sort_order, unit.code)):
            children.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
        ordered: list[UnitView] = []
        stack = list(reversed(children.get(None, [])))
        while stack:
            unit = stack.pop()
            ordered.append(unit)
            stack.extend(reversed(children.get(unit.id, [])))
        return cls(day, tuple(ordered), {unit.id: unit for unit in ordered})

    def path(self, unit_id: UnitId) -> tuple[UnitView, ...]:
        """Return the unit and everything above it, from the top down."""
        found: dict[UnitId, UnitView] = {}
        current = self.by_id.get(unit_id)
        while current is not None and current.id not in found:
            found[current.id] = current
            current = self.by_id.get(current.parent_id) if current.parent_id else None
        return tuple(reversed(found.values()))

    def depth(self, unit_id: UnitId) -> int:
        """Return how many units stand above."""
        return len(self.path(unit_id)) - 1

    def below(self, unit_ids: Iterable[UnitId]) -> frozenset[UnitId]:
        """Return the units and everything below them."""
        roots, found = frozenset(unit_ids), set[UnitId]()
        for unit in self.units:
            if unit.id in roots or unit.parent_id in found:
                found.add(unit.id)
        return frozenset(found)


# ------------------------------------------------------------------------------- showing the tree of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineLine:
    """A unit with what stands below it. `people` is None where people are not counted.

    Attributes:
        units: how many units stand below.
        people: who holds a post in it or below, each person once.
    """

    unit: UnitView
    units: int
    people: int | None
    below: tuple["OutlineLine", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerGroup:
    """All units that one policy binds, as trees."""

    owner: PolicyOwner
    lines: tuple[OutlineLine, ...]
    units: int
    people: int | None


Staff = Mapping[UnitId, frozenset[PersonId]]


def outline(tree: UnitTree, *, staff: Staff | None) -> tuple[OwnerGroup, ...]:
    """Arrange the units of a day by whose policy binds them; each unit stands in exactly one group.

    A unit that another policy binds than the one above it begins a tree of its own in its group.
    """
    below: dict[UnitId, list[OutlineLine]] = {}
    tops: dict[PolicyOwner, list[OutlineLine]] = {}
    working: dict[UnitId | PolicyOwner, set[PersonId]] = {}
    for unit in reversed(tree.units):
        people = working.setdefault(unit.id, set())
        people.update((staff or {}).get(unit.id, ()))
        lines = tuple(reversed(below.get(unit.id, [])))
        line = OutlineLine(
            unit=unit,
            units=sum(1 + one.units for one in lines),
            people=None if staff is None else len(people),
            below=lines,
        )
        above = tree.by_id.get(unit.parent_id) if unit.parent_id else None
        if above is not None and above.policy_owner is unit.policy_owner:
            below.setdefault(above.id, []).append(line)
            working.setdefault(above.id, set()).update(people)
        else:
            tops.setdefault(unit.policy_owner, []).append(line)
            working.setdefault(unit.policy_owner, set()).update(people)
    return tuple(
        OwnerGroup(
            owner=owner,
            lines=tuple(reversed(tops[owner])),
            units=sum(1 + line.units for line in tops[owner]),
            people=None if staff is None else len(working[owner]),
        )
        for owner in PolicyOwner
        if owner in tops
    )


class Standing(StrEnum):
    """Whether something is there on a day."""

    IN_FORCE = "in-force"
    TO_COME = "to-come"
    ENDED = "ended"


def standing_on(day: date, *, valid_from: date, valid_to: date | None) -> Standing:
    """Return how a validity stands to a day."""
    if day < valid_from:
        return Standing.TO_COME
    return Standing.IN_FORCE if valid_to is None or day < valid_to else Standing.ENDED


class UnitAspect(StrEnum):
    """What of a unit can be another from one day to the next."""

    NAME = "name"
    KANA = "kana"
    KIND = "kind"
    POLICY_OWNER = "policy-owner"
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVersionView:
    """A unit as it is for a time, `[valid_from, valid_to)`."""

    unit_id: UnitId
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_id: UnitId | None
    valid_from: date
    valid_to: date | None

    @property
    def last_day(self) -> date | None:
        """Return the last day on which it holds; None while it has no end."""
        return self.valid_to - timedelta(days=1) if self.valid_to else None

    def standing(self, day: date) -> Standing:
        """Return how it stands to a day."""
        return standing_on(day, valid_from=self.valid_from, valid_to=self.valid_to)

    def differs_in(self, before: "UnitVersionView") -> tuple[UnitAspect, ...]:
        """Return what is another than in the version before; its place among its siblings is no change."""
        pairs = {
            UnitAspect.NAME: self.name == before.name,
            UnitAspect.KANA: self.kana == before.kana,
            UnitAspect.KIND: self.kind is before.kind,
            UnitAspect.POLICY_OWNER: self.policy_owner is before.policy_owner,
            UnitAspect.PARENT: self.parent_id == before.parent_id,
        }
        return tuple(aspect for aspect, same in pairs.items() if not same)


def version_to_show(versions: Sequence[UnitVersionView], *, day: date) -> UnitVersionView | None:
    """Return what a unit is shown as on a day: what it was then, or what it was last, or what it begins as.

    Args:
        versions: of one unit, oldest first.
        day: the day.
    """
    begun = [version for version in versions if version.valid_from <= day]
    return begun[-1] if begun else next(iter(versions), None)


# ------------------------------------------------------------------------------- reading in a list of units


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


def plan_units(stored: Histories, rows: Sequence[UnitRow]) -> UnitPlan:
    """Lay a list over the stored organisation, or refuse with every problem at once.

    A row with changed attributes closes the version of its first day there and opens a new one; an end date
    closes; an equal row does nothing, so the same list can be read in again.

    Raises:
        InvalidInput: a code twice, overlapping validity, an unknown parent, a circle.
    """
    problems = _doubled(rows)
    spans: dict[str, tuple[UnitSpan, ...]] = {}
    outcomes: dict[str, Outcome] = {}
    for entry in rows:
        code = entry.span.code
        if code not in spans:
            spans[code], outcomes[code] = _merged(stored.get(code, ()), entry.span)
            problems += _overlaps(spans[code], row=entry.row)
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
