"""A reorganisation: the tree of a city from one day on, and how each unit of the day before goes on in it.

Basis: 地方自治法 第158条第1項 (内部組織の設置), 市 部設置条例・行政組織規則: 施行日 changes the organisation as a whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from app.kernel.errors import InvalidInput, Problem
from app.kernel.fiscal_year import plain_date
from app.organisation.rules.succession import SuccessionKind, Takeover
from app.organisation.rules.unit_list import Histories, UnitSpan
from app.organisation.rules.units import PolicyOwner, UnitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A unit from which another one takes over, as a row of the new tree names it; what is left out follows from the rest of the tree."""

    code: str
    kind: SuccessionKind | None = None
    takeover: Takeover | None = None
    share: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """A unit of the new tree; `row` counts as Excel does, the header is row 1."""

    row: int
    code: str
    name: str
    kana: str
    kind: UnitKind
    policy_owner: PolicyOwner
    parent_code: str | None
    sort_order: int
    origins: tuple[Origin, ...] = ()

    def span(self, *, valid_from: date) -> UnitSpan:
        """Return the unit as it is from a day on."""
        return UnitSpan(
            code=self.code,
            name=self.name,
            kana=self.kana,
            kind=self.kind,
            policy_owner=self.policy_owner,
            parent_code=self.parent_code,
            sort_order=self.sort_order,
            valid_from=valid_from,
            valid_to=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingUnit:
    """A unit that is abolished, with the unit that takes what is left over."""

    row: int
    code: str
    handed_to: str


_WHOLE = 100
"""Percent."""

NewTree = Sequence[NewUnit | EndingUnit]


class Change(StrEnum):
    """What happens to a unit."""

    CREATED = "created"
    RENAMED = "renamed"
    MOVED = "moved"
    ALTERED = "altered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """A unit before and after. One unit may be renamed and moved at once."""

    code: str
    changes: tuple[Change, ...]
    before: UnitSpan | None
    after: UnitSpan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSuccession:
    """One unit follows another, by code."""

    predecessor: str
    successor: str
    kind: SuccessionKind
    takeover: Takeover
    share: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationPlan:
    """What a reorganisation would do.

    Attributes:
        spans: the whole history of every unit that it touches, as it would be afterwards.
        changes: the units that it touches, in the order of the new tree, those that end behind.
    """

    effective_on: date
    spans: Mapping[str, tuple[UnitSpan, ...]] = field(default_factory=dict)
    changes: tuple[UnitChange, ...] = ()
    successions: tuple[PlannedSuccession, ...] = ()

    def successors(self, code: str) -> tuple[PlannedSuccession, ...]:
        """Return who follows a unit, in the order of the new tree."""
        return tuple(one for one in self.successions if one.predecessor == code)

    @property
    def ended(self) -> frozenset[str]:
        """Return the codes of the units that end."""
        return frozenset(one.code for one in self.changes if one.after is None)

    def heirs_to_choose(self, code: str) -> tuple[str, ...]:
        """Return between whom the open things of a unit are shared out; empty where there is nothing to choose.

        A unit that goes on and hands something over is among them: what nobody decides otherwise stays with it.
        """
        found = [one.successor for one in self.successors(code)]
        if not found or (code in self.ended and len(found) == 1):
            return ()
        return tuple(found) if code in self.ended else (code, *found)

    def has_to_be_chosen(self, code: str) -> bool:
        """Return whether each open thing of a unit needs a word: where it is split, and not where it only hands a task over."""
        found = self.successors(code)
        if code in self.ended:
            return len(found) > 1
        return any(one.kind is SuccessionKind.SPLIT for one in found)

    def heir(self, code: str) -> str:
        """Return the unit that answers from the day on for what nobody is named for."""
        rest = (one.successor for one in self.successors(code) if one.takeover is Takeover.REST)
        return next(rest, code)

    @property
    def predecessors(self) -> tuple[str, ...]:
        """Return the codes of the units from which something goes to another, each once."""
        return tuple(dict.fromkeys(one.predecessor for one in self.successions))


def plan_reorganisation(
    stored: Histories, tree: NewTree, *, effective_on: date, last_closed: date | None
) -> ReorganisationPlan:
    """Lay the tree of a day over the stored organisation, or refuse it whole with every problem at once.

    A unit that is missing from the new tree ends; it has to be the origin of a unit in it, or to have a row of its own that says who
    takes what is left. A code that has been used up never comes back.

    Raises:
        InvalidInput: a day on or before the last closed act, a code twice, an unknown or ended parent, a circle, an overlap with
            what is registered for later, a used-up code, an unknown origin, an end without a successor, no clear heir.
    """
    if last_closed is not None and effective_on <= last_closed:
        raise InvalidInput.of(
            f"施行日{plain_date(effective_on)}には、その日より後の組織で締めたもの（最後は{plain_date(last_closed)}）があります。"
            "締めた後の日にしてください。",
            field="effective_on",
        )
    draft = _Draft.of(stored, tree, effective_on=effective_on)
    problems = [
        *draft.doubled(),
        *draft.overlaps(),
        *draft.used_up(),
        *draft.parents(),
        *draft.circles(),
        *draft.unknown_origins(),
        *draft.unknown_endings(),
        *draft.ends_without_successor(),
    ]
    if not problems:
        problems = draft.unclear_heirs()
    if problems:
        raise InvalidInput(sorted(problems, key=lambda problem: problem.row or 0))
    return draft.plan()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A new tree beside the organisation that it changes."""

    stored: Histories
    effective_on: date
    new: tuple[NewUnit, ...]
    ending: tuple[EndingUnit, ...]
    before: Mapping[str, UnitSpan]
    after: Mapping[str, NewUnit]

    @classmethod
    def of(cls, stored: Histories, tree: NewTree, *, effective_on: date) -> "_Draft":
        new = tuple(one for one in tree if isinstance(one, NewUnit))
        before = {code: span for code, spans in stored.items() for span in spans if span.covers(effective_on)}
        return cls(
            stored,
            effective_on,
            new,
            tuple(one for one in tree if isinstance(one, EndingUnit)),
            before,
            {one.code: one for one in reversed(new)},
        )

    @property
    def rows(self) -> tuple[NewUnit | EndingUnit, ...]:
        return (*self.new, *self.ending)

    @property
    def gone(self) -> tuple[str, ...]:
        return tuple(code for code in self.before if code not in self.after)

    # --------------------------------------------------------------------------------- what can be wrong

    def doubled(self) -> list[Problem]:
        first: dict[str, int] = {}
        problems = []
        for one in self.rows:
            earlier = first.setdefault(one.code, one.row)
            if earlier != one.row:
                message = f"所属コード「{one.code}」は{earlier}行目にもあります。どちらかを消してください。"
                problems.append(Problem(message=message, field="所属コード", row=one.row))
        return problems

    def overlaps(self) -> list[Problem]:
        rows = {one.code: one.row for one in self.rows}
        problems = []
        for code, spans in self.stored.items():
            later = [span.valid_from for span in spans if span.valid_from > self.effective_on]
            later += [span.valid_to for span in spans if span.valid_to and span.valid_to > self.effective_on]
            if later:
                message = (
                    f"所属「{spans[-1].name}」（{code}）には、{plain_date(min(later))}からの変更がもう登録されていて、期間が重なります。"
                    "そちらを先に取り消すか、施行日を確かめてください。"
                )
                problems.append(Problem(message=message, field="所属コード", row=rows.get(code)))
        return problems

    def used_up(self) -> list[Problem]:
        return [
            Problem(
                message=f"所属コード「{one.code}」は、前に「{self.stored[one.code][-1].name}」で使い終えたものです。新しいコードにしてください。",
                field="所属コード",
                row=one.row,
            )
            for one in self.new
            if one.code in self.stored and one.code not in self.before
        ]

    def parents(self) -> list[Problem]:
        problems = []
        for one in self.new:
            if one.parent_code is None or one.parent_code in self.after:
                continue
            reason = (
                "この改正で終わる所属です" if one.parent_code in self.before else "新しい一覧にありません"
            )
            message = f"上位所属コード「{one.parent_code}」は、{reason}。コードを確かめてください。"
            problems.append(Problem(message=message, field="上位所属コード", row=one.row))
        return problems

    def circles(self) -> list[Problem]:
        return [
            Problem(
                message=f"上位の所属をたどると、「{one.code}」に戻ってしまいます。上位所属コードを確かめてください。",
                field="上位所属コード",
                row=one.row,
            )
            for one in self.new
            if self._circular(one.code)
        ]

    def _circular(self, code: str) -> bool:
        seen: set[str] = set()
        current = self.after[code].parent_code
        while current is not None and current in self.after and current not in seen:
            if current == code:
                return True
            seen.add(current)
            current = self.after[current].parent_code
        return False

    def unknown_origins(self) -> list[Problem]:
        problems = []
        for one in self.new:
            for code, times in Counter(origin.code for origin in one.origins).items():
                if code == one.code:
                    message = "自分自身を前身にはできません。消してください。"
                elif code not in self.before:
                    message = f"前身の所属コード「{code}」は、{plain_date(self.effective_on)}の前日にはありません。コードを確かめてください。"
                elif times > 1:
                    message = f"前身の所属コード「{code}」が、同じ行に二つあります。一つにまとめてください。"
                else:
                    continue
                problems.append(Problem(message=message, field="前身", row=one.row))
        return problems

    def unknown_endings(self) -> list[Problem]:
        problems = []
        for one in self.ending:
            if one.code not in self.before:
                message = f"廃止する所属コード「{one.code}」は、{plain_date(self.effective_on)}の前日にはありません。コードを確かめてください。"
                problems.append(Problem(message=message, field="所属コード", row=one.row))
            if one.handed_to not in self.after:
                message = f"引継先の所属コード「{one.handed_to}」は、新しい一覧にありません。コードを確かめてください。"
                problems.append(Problem(message=message, field="廃止後の引継先", row=one.row))
        return problems

    def ends_without_successor(self) -> list[Problem]:
        followed = {origin.code for one in self.new for origin in one.origins}
        followed |= {one.code for one in self.ending}
        return [
            Problem(
                message=f"所属「{self.before[code].name}」（{code}）が、新しい一覧にありません。どれかの所属の前身に書くか、"
                "この所属の行を加えて「廃止後の引継先」を書いてください。",
                field="所属コード",
            )
            for code in self.gone
            if code not in followed
        ]

    def unclear_heirs(self) -> list[Problem]:
        rows = {(origin.code, one.code): one.row for one in self.new for origin in one.origins}
        found: dict[str, list[PlannedSuccession]] = {}
        for one in self._successions():
            found.setdefault(one.predecessor, []).append(one)
        return [
            Problem(message=sentence, field="前身", row=rows.get((code, followers[-1].successor)))
            for code, followers in found.items()
            for sentence in self._unclear(code, followers)
        ]

    def _unclear(self, code: str, followers: Sequence[PlannedSuccession]) -> Iterable[str]:
        name = f"「{self.before[code].name}」（{code}）"
        rest = sum(one.takeover is Takeover.REST for one in followers)
        if code in self.gone and rest != 1:
            yield (
                f"{name}を引き継ぐ所属が{len(followers)}つあります。残りの仕事を引き継ぐ所属一つだけに「主」と書いてください。"
            )
        if code not in self.gone and rest:
            yield f"{name}は続くので、「主」も廃止も書けません。消してください。"
        if len({one.successor for one in followers}) < len(followers):
            yield f"{name}が、同じ所属の前身にも、廃止後の引継先にも書かれています。どちらか一つにしてください。"
        if sum(one.share or 0 for one in followers) > _WHOLE:
            yield f"{name}の割合を足すと、100%を超えます。割合を確かめてください。"

    # --------------------------------------------------------------------------------- what it does

    def plan(self) -> ReorganisationPlan:
        changes = tuple(self._changes())
        return ReorganisationPlan(
            effective_on=self.effective_on,
            spans={one.code: self._history(one) for one in changes},
            changes=changes,
            successions=self._successions(),
        )

    def _changes(self) -> Iterable[UnitChange]:
        for one in self.new:
            before, after = self.before.get(one.code), one.span(valid_from=self.effective_on)
            found = _changes_of(before, after)
            if found:
                yield UnitChange(code=one.code, changes=found, before=before, after=after)
        for code in self.gone:
            yield UnitChange(code=code, changes=(Change.ENDED,), before=self.before[code], after=None)

    def _history(self, change: UnitChange) -> tuple[UnitSpan, ...]:
        held = self.stored.get(change.code, ())
        kept = tuple(span for span in held if span is not change.before)
        if change.before is not None and change.before.valid_from < self.effective_on:
            kept = (*kept, replace(change.before, valid_to=self.effective_on))
        return kept if change.after is None else (*kept, change.after)

    def _successions(self) -> tuple[PlannedSuccession, ...]:
        followers = Counter(origin.code for one in self.new for origin in one.origins)
        followers.update(one.code for one in self.ending)
        named = tuple(
            self._succession(one, origin, followers=followers[origin.code])
            for one in self.new
            for origin in one.origins
        )
        return named + tuple(
            PlannedSuccession(
                predecessor=one.code,
                successor=one.handed_to,
                kind=SuccessionKind.ABOLISHED,
                takeover=Takeover.REST,
            )
            for one in self.ending
        )

    def _succession(self, unit: NewUnit, origin: Origin, *, followers: int) -> PlannedSuccession:
        takeover = origin.takeover
        if takeover is None:
            alone = origin.code in self.gone and followers == 1
            takeover = Takeover.REST if alone else Takeover.NAMED
        return PlannedSuccession(
            predecessor=origin.code,
            successor=unit.code,
            kind=origin.kind or self._kind(unit, origin, followers=followers),
            takeover=takeover,
            share=origin.share,
            subject=origin.subject,
        )

    def _kind(self, unit: NewUnit, origin: Origin, *, followers: int) -> SuccessionKind:
        if origin.code not in self.gone:
            return SuccessionKind.TRANSFERRED if unit.code in self.before else SuccessionKind.SPLIT
        if followers > 1:
            return SuccessionKind.SPLIT
        if len(unit.origins) > 1 or unit.code in self.before:
            return SuccessionKind.MERGED
        return SuccessionKind.RENAMED


def changes_of_histories(
    before: Histories, after: Histories, *, order: Sequence[str], day: date
) -> tuple[UnitChange, ...]:
    """Return what happened to each unit on a day, from its histories before and after."""
    found = []
    for code in order:
        was, now = (
            next((span for span in histories.get(code, ()) if span.covers(day)), None)
            for histories in (before, after)
        )
        changes = (Change.ENDED,) if now is None else _changes_of(was, now)
        found.append(UnitChange(code=code, changes=changes, before=was, after=now))
    return tuple(found)


def _changes_of(before: UnitSpan | None, after: UnitSpan) -> tuple[Change, ...]:
    if before is None:
        return (Change.CREATED,)
    found = []
    if (before.name, before.kana) != (after.name, after.kana):
        found.append(Change.RENAMED)
    if before.parent_code != after.parent_code:
        found.append(Change.MOVED)
    rest = ("kind", "policy_owner", "sort_order")
    if any(getattr(before, name) != getattr(after, name) for name in rest):
        found.append(Change.ALTERED)
    return tuple(found)
