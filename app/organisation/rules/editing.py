"""One change after another on a new tree, as people name them: alter, create, merge, split, abolish, hand a task over.

Each gives a whole new tree; whether that fits the organisation is said by `plan_reorganisation`. What stood below a unit that goes stands below the one that
takes its rest.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from app.kernel.errors import InvalidInput
from app.organisation.rules.reorganisation import EndingUnit, NewTree, NewUnit, Origin
from app.organisation.rules.succession import SuccessionKind, Takeover


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterUnit:
    """A unit gets another name, place, kind or order; under another code it is a new unit that takes over from it (改称)."""

    code: str
    unit: NewUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUnit:
    """A unit that follows nobody."""

    unit: NewUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeUnits:
    """Units become one: a new one, or one of them that takes the others in."""

    codes: tuple[str, ...]
    unit: NewUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the units into which another is split, with what goes there in words."""

    unit: NewUnit
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitUnit:
    """A unit is split; it goes on where one of the parts has its code, else the part named by `rest` takes what nobody is named for."""

    code: str
    parts: tuple[Part, ...]
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbolishUnit:
    """A unit ends; another takes what is left."""

    code: str
    handed_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTaskOver:
    """A task goes from one unit to another; both go on."""

    code: str
    to: str
    subject: str


Edit = AlterUnit | CreateUnit | MergeUnits | SplitUnit | AbolishUnit | HandTaskOver


def edited(tree: NewTree, edit: Edit, *, known: Collection[str]) -> NewTree:
    """Return the tree after a change. `known` are the codes of the units of the day before: only those can be followed.

    Raises:
        InvalidInput: a unit that is not in the tree, or a change that says nothing.
    """
    editing = _Editing(tuple(tree), frozenset(known))
    match edit:
        case AlterUnit():
            rows = editing.altered(edit)
        case CreateUnit():
            rows = (*editing.rows, edit.unit)
        case MergeUnits():
            rows = editing.merged(edit)
        case SplitUnit():
            rows = editing.split(edit)
        case AbolishUnit():
            rows = editing.abolished(edit)
        case HandTaskOver():
            rows = editing.with_task(edit)
    return _numbered(rows)


def _numbered(rows: Iterable[NewUnit | EndingUnit]) -> NewTree:
    return tuple(replace(one, row=row) for row, one in enumerate(rows, start=2))


@dataclass(frozen=True, slots=True)
class _Editing:
    """A tree that is being changed."""

    rows: tuple[NewUnit | EndingUnit, ...]
    known: frozenset[str]

    def unit(self, code: str) -> NewUnit:
        found = next((one for one in self.rows if isinstance(one, NewUnit) and one.code == code), None)
        if found is None:
            raise InvalidInput.of(
                f"所属コード「{code}」は、改正後の組織にありません。選び直してください。", field="unit"
            )
        return found

    def altered(self, edit: AlterUnit) -> tuple[NewUnit | EndingUnit, ...]:
        before = self.unit(edit.code)
        if edit.unit.code == edit.code:
            return self.replaced(edit.code, replace(edit.unit, origins=before.origins))
        return self.replaced(edit.code, replace(edit.unit, origins=self.origins_of(before)))

    def merged(self, edit: MergeUnits) -> tuple[NewUnit | EndingUnit, ...]:
        taken = [self.unit(code) for code in dict.fromkeys(edit.codes)]
        others = [one for one in taken if one.code != edit.unit.code]
        if len(taken) < 2 or not others:  # noqa: PLR2004 - two make one
            raise InvalidInput.of("まとめる所属を二つ以上選んでください。", field="units")
        goes_on = next((one for one in taken if one.code == edit.unit.code), None)
        origins = (goes_on.origins if goes_on else ()) + tuple(
            origin for one in others for origin in self.origins_of(one)
        )
        # What it had handed over comes back with the unit to which it went.
        origins = tuple(one for one in origins if one.code != edit.unit.code)
        new = replace(edit.unit, origins=_once(origins))
        place = goes_on.code if goes_on else taken[0].code
        return self.replaced(place, new, *(one.code for one in others if one.code != place))

    def split(self, edit: SplitUnit) -> tuple[NewUnit | EndingUnit, ...]:
        before, goes_on = self.unit(edit.code), any(part.unit.code == edit.code for part in edit.parts)
        if len(edit.parts) < 2:  # noqa: PLR2004 - one makes two
            raise InvalidInput.of("分けた後の所属を二つ以上入れてください。", field="parts")
        if not goes_on and edit.rest not in {part.unit.code for part in edit.parts}:
            raise InvalidInput.of("残りの仕事を引き継ぐ所属を一つ選んでください。", field="rest")
        heir = edit.code if goes_on else edit.rest
        made = tuple(self._part(part, before=before, heir=heir) for part in edit.parts)
        rows = tuple(row for one in self.rows for row in (made if one is before else (one,)))
        return _under(rows, {edit.code: heir})

    def _part(self, part: Part, *, before: NewUnit, heir: str) -> NewUnit:
        if part.unit.code == before.code:
            return replace(part.unit, origins=before.origins)
        # Where the unit itself goes on, nobody takes its rest.
        takeover = None
        if heir != before.code:
            takeover = Takeover.REST if part.unit.code == heir else Takeover.NAMED
        own = Origin(code=before.code, takeover=takeover, subject=part.subject)
        if before.code not in self.known:
            # Only this reorganisation makes the unit: its parts follow what it would have followed.
            came = tuple(replace(one, takeover=takeover, subject=part.subject) for one in before.origins)
            return replace(part.unit, origins=came)
        return replace(part.unit, origins=(own, *(before.origins if part.unit.code == heir else ())))

    def abolished(self, edit: AbolishUnit) -> tuple[NewUnit | EndingUnit, ...]:
        gone, heir = self.unit(edit.code), self.unit(edit.handed_to)
        if gone is heir:
            raise InvalidInput.of("廃止する所属とは別の所属に引き継いでください。", field="handed_to")
        kept = tuple(_without_origin(one, code=gone.code) for one in self.rows if one is not gone)
        ending = EndingUnit(row=0, code=gone.code, handed_to=heir.code)
        return (*_under(kept, {gone.code: heir.code}), *((ending,) if gone.code in self.known else ()))

    def with_task(self, edit: HandTaskOver) -> tuple[NewUnit | EndingUnit, ...]:
        source, target = self.unit(edit.code), self.unit(edit.to)
        if source is target:
            raise InvalidInput.of("別の所属を選んでください。", field="to")
        if source.code not in self.known:
            raise InvalidInput.of("この改正で作る所属からは移管できません。", field="unit")
        origin = Origin(code=source.code, kind=SuccessionKind.TRANSFERRED, subject=edit.subject)
        return self.replaced(target.code, replace(target, origins=_once((*target.origins, origin))))

    def origins_of(self, unit: NewUnit) -> tuple[Origin, ...]:
        """Return what follows a unit: itself, or, where this reorganisation only makes it, what it would have followed."""
        return (Origin(code=unit.code), *unit.origins) if unit.code in self.known else unit.origins

    def replaced(self, code: str, new: NewUnit, *gone: str) -> tuple[NewUnit | EndingUnit, ...]:
        """Put a unit in the place of another and take others out; what stood below any of them stands below it."""
        rows = tuple(
            new if isinstance(one, NewUnit) and one.code == code else one
            for one in self.rows
            if not (isinstance(one, NewUnit) and one.code in gone)
        )
        return _under(rows, dict.fromkeys((code, *gone), new.code))


def _without_origin(one: NewUnit | EndingUnit, *, code: str) -> NewUnit | EndingUnit:
    """An abolished unit leaves everything to one other: what it had handed over by name is a part of that."""
    if isinstance(one, EndingUnit):
        return one
    return replace(one, origins=tuple(origin for origin in one.origins if origin.code != code))


def _under(rows: Iterable[NewUnit | EndingUnit], heirs: dict[str, str]) -> tuple[NewUnit | EndingUnit, ...]:
    return tuple(_led(one, heirs=heirs) for one in rows)


def _led(one: NewUnit | EndingUnit, *, heirs: dict[str, str]) -> NewUnit | EndingUnit:
    if isinstance(one, EndingUnit):
        return replace(one, handed_to=heirs.get(one.handed_to, one.handed_to))
    above = heirs.get(one.parent_code, one.code) if one.parent_code is not None else one.code
    return one if above == one.code else replace(one, parent_code=above)


def _once(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Name each origin once, with all that goes over from it."""
    found: dict[str, Origin] = {}
    for one in origins:
        held = found.get(one.code)
        words = [held.subject, one.subject] if held else [one.subject]
        found[one.code] = replace(one, subject="、".join(dict.fromkeys(word for word in words if word)))
    return tuple(found.values())
