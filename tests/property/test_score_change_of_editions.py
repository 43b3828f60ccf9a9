"""Work and ruler of whole editions and answers, through the product's own lineage, pairing and lines, beside the plainest arithmetic."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from app.checklists.commands import DraftItem, ancestry_faults
from app.checklists.models import Checklist, ChecklistEdition
from app.checklists.queries import Ancestry, loading
from app.checklists.rules import Edition, EditionState, Item, LineageKind
from app.db.base import Base
from app.inspections.queries.score_change import lines_of, pairing_of
from app.inspections.rules.score_change import (
    Cause,
    ItemPart,
    Line,
    Pairing,
    ScoreChange,
    by_section,
    explained,
    mean_of,
)
from app.kernel.ids import ItemId, PersonId, new_id
from tests.people import STORY
from tests.property.editions import (
    MEANS_THE_SAME,
    Chain,
    Ruler,
    chains,
    coming_from,
    conditions,
    edition,
    items,
    on_scale,
    same,
)
from tests.property.test_scoring import FLAGS, methods

Published = Callable[[Sequence[Edition]], AbstractContextManager[Session]]


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    """A way to publish editions for one example: their rows in a database, their values on a shelf of its own."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, tables=[Checklist.__table__, ChecklistEdition.__table__])  # type: ignore[list-item]
    publisher, confirmer = PersonId(new_id()), PersonId(new_id())

    @contextmanager
    def publish(editions: Sequence[Edition]) -> Iterator[Session]:
        with Session(engine) as session, pytest.MonkeyPatch.context() as patch:
            shelf = loading._Shelf(size=len(editions))
            patch.setattr(loading, "_SHELF", shelf)
            checklist = new_id()
            session.execute(insert(Checklist).values(id=checklist, code=editions[0].code, created_at=STORY))
            for one in editions:
                shelf.put(one)
            rows = [
                {
                    "id": one.id,
                    "checklist_id": checklist,
                    "label": one.label,
                    "state": EditionState.PUBLISHED.value,
                    "content": "",
                    "digest": one.digest,
                    "imported_at": STORY,
                    "published_at": STORY,
                    "published_by": publisher,
                    "confirmed_by": confirmer,
                }
                for one in editions
            ]
            session.execute(insert(ChecklistEdition), rows)
            yield session
            session.rollback()

    yield publish
    engine.dispose()


# ------------------------------------------------------------------------------------- years and sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A sheet of one year: what applies to the unit, and what it answered."""

    edition: Edition
    flags: Mapping[str, bool]
    answers: Mapping[ItemId, str]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines as the product makes them."""
        applicable = [item.id for item in self.edition.applicable(self.flags)]
        return lines_of(self.edition, applicable=applicable, levels=self.answers)

    def worth(self, item: Item) -> tuple[int, int] | None:
        """Return points and full points of an item, weighted; None where it does not count. Written a second time."""
        if item.applies_if and not any(self.flags.get(flag) for flag in item.applies_if):
            return None
        code = self.answers.get(item.id)
        points = {level.code: level.points for level in self.edition.levels}[code] if code else 0
        if points is None:
            return None
        return points * item.weight, self.edition.scoring.full_points * item.weight

    def counted(self, *, section: str | None = None) -> dict[str, tuple[int, int]]:
        """Return what counts, by key."""
        found = (item for one in self.edition.sections if section in {None, one.slug} for item in one.items)
        return {item.key: worth for item in found if (worth := self.worth(item)) is not None}

    def share(self, *, section: str | None = None) -> Fraction | None:
        """Return the share of the sheet, or of one of its sections."""
        counted = self.counted(section=section).values()
        possible = sum(full for _, full in counted)
        return Fraction(sum(points for points, _ in counted), possible) if possible else None


profiles: Final = st.fixed_dictionaries(dict.fromkeys(FLAGS, st.booleans()))


@st.composite
def answered(draw: st.DrawFn, asked: Edition, *, flags: Mapping[str, bool] | None = None) -> Answered:
    """Return a sheet of an edition; an item may be left open."""
    codes = [level.code for level in asked.levels]
    given_codes = {item_id: draw(st.sampled_from([*codes, None])) for item_id in asked.items}
    return Answered(
        edition=asked,
        flags=draw(profiles) if flags is None else flags,
        answers={item_id: code for item_id, code in given_codes.items() if code is not None},
    )


Years = tuple[Answered, Answered]


@st.composite
def cities(draw: st.DrawFn) -> tuple[Chain, list[Years]]:
    """Return editions, and sheets of some units in the first and in the last year."""
    chain = draw(chains())
    first, last = chain.editions[0], chain.editions[-1]
    units = draw(st.integers(1, 3))
    return chain, [(draw(answered(first)), draw(answered(last))) for _ in range(units)]


# ------------------------------------------------------------------------- the lineage, in the plainest way


def roots(key: str, editions: Sequence[Edition]) -> tuple[frozenset[str], bool]:
    """Return the items of the first edition that an item of the last goes on from, and whether every step was comparable."""
    *earlier, last = editions
    if not earlier:
        return frozenset({key}), True
    (lineage,) = (item.lineage for item in last.items.values() if item.key == key)
    found = [roots(one, earlier) for one in lineage.of]
    comparable = lineage.comparable and bool(found) and all(fine for _, fine in found)
    return frozenset[str]().union(*(keys for keys, _ in found)), comparable


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """Which items go on from which: `comparable` with one whose answer may stand beside theirs, `apart` with others."""

    comparable: Mapping[str, str]
    apart: Mapping[str, frozenset[str]]

    def why_in(self, key: str) -> Cause:
        """Return why an item counts this year and had no counted counterpart."""
        if key in self.comparable:
            return Cause.APPLICABILITY
        return Cause.WORDING if self.apart.get(key) else Cause.NEW

    def why_out(self, was: str) -> Cause:
        """Return why an item counted last year and has no counted counterpart."""
        if was in self.comparable.values():
            return Cause.APPLICABILITY
        return Cause.WORDING if any(was in keys for keys in self.apart.values()) else Cause.RETIRED


def kin_of(chain: Chain) -> Kin:
    kept = (chain.rulers[0], chain.rulers[-1]) in MEANS_THE_SAME
    comparable, apart = {}, {}
    for item in chain.editions[-1].items.values():
        keys, fine = roots(item.key, chain.editions)
        if fine and kept and len(keys) == 1:
            (comparable[item.key],) = keys
        else:
            apart[item.key] = keys
    return Kin(comparable=comparable, apart=apart)


# ------------------------------------------------------------------------------------------ what holds


def adds_up(change: ScoreChange | None, *, before: Fraction | None, now: Fraction | None) -> None:
    if before is None or now is None:
        assert change is None
        return
    assert change is not None
    assert (change.before, change.now) == (before, now)
    assert change.work + change.ruler_total == now - before == change.difference
    assert sum((part.work + part.ruler for part in change.items), Fraction(0)) == now - before


def only_comparable_work(change: ScoreChange, *, years: Years, kin: Kin, section: str | None = None) -> None:
    """The work is the better or worse answers to common items, each by its weight of this year among the common ones."""
    before, now = (year.counted(section=section) for year in years)
    common = {key: was for key, was in kin.comparable.items() if key in now and was in before}
    possible = sum(now[key][1] for key in common)
    work = {
        (key, was): (Fraction(*now[key]) - Fraction(*before[was])) * Fraction(now[key][1], possible)
        for key, was in common.items()
    }
    assert {(part.key, part.was): part.work for part in change.items if part.key and part.was} == work
    assert change.work == sum(work.values(), Fraction(0))
    assert all(part.work == 0 for part in change.items if part.key is None or part.was is None)


def importable(chain: Chain) -> None:
    """What is drawn is what there is: the importer finds no fault in the lineage of any edition of a chain."""
    used: set[str] = set()
    keys: frozenset[str] = frozenset()
    label = None
    for one in chain.editions:
        drafts = [DraftItem(key=item.key, lineage=item.lineage) for item in one.items.values()]
        of = Ancestry(label=label, keys=keys, used=frozenset(used))
        assert list(ancestry_faults(drafts, retired=[gone.key for gone in one.retired], of=of)) == []
        label, keys = one.label, frozenset(item.key for item in drafts)
        used |= keys


def cause_of(part: ItemPart, *, kin: Kin) -> Cause:
    if part.key is not None:
        return Cause.WEIGHT if part.was is not None else kin.why_in(part.key)
    return kin.why_out(str(part.was))


@given(cities())
@settings(max_examples=45)
def test_every_sheet_section_and_city_adds_up(published: Published, drawn: tuple[Chain, list[Years]]) -> None:
    chain, city = drawn
    importable(chain)
    kin = kin_of(chain)
    with published(chain.editions) as session:
        pairing = pairing_of(session, edition=chain.editions[-1], before=chain.editions[0])
    changes = []
    for years in city:
        before, now = years
        whole = explained(before=before.lines, now=now.lines, pairing=pairing)
        adds_up(whole, before=before.share(), now=now.share())
        if whole is None:
            continue
        changes.append(whole)
        only_comparable_work(whole, years=years, kin=kin)
        for part in whole.items:
            assert part.cause is cause_of(part, kin=kin)
        sections = by_section(before=before.lines, now=now.lines, pairing=pairing)
        for section in ("s1", "s2"):
            found = sections.get(section)
            adds_up(found, before=before.share(section=section), now=now.share(section=section))
            if found is not None:
                only_comparable_work(found, years=years, kin=kin, section=section)
    mean = mean_of(changes)
    assert (mean is None) == (not changes)
    if mean is not None:
        assert mean.work + mean.ruler_total == mean.difference
        assert mean.difference * len(changes) == sum((one.difference for one in changes), Fraction(0))
        assert mean.work * len(changes) == sum((one.work for one in changes), Fraction(0))


# --------------------------------------------------------------------------------- one cause at a time


@st.composite
def settled(draw: st.DrawFn) -> Answered:
    """Return a sheet of at least three items."""
    made = edition(draw(items(range(1, 12), smallest=3)), draw(methods()), number=1)
    return draw(answered(made))


@st.composite
def some(draw: st.DrawFn, before: Answered) -> frozenset[str]:
    """Return some of the keys, and never all."""
    keys = [item.key for item in before.edition.items.values()]
    return frozenset(draw(st.sets(st.sampled_from(keys), min_size=1, max_size=len(keys) - 1)))


def going_on(
    before: Answered,
    made: Sequence[Item],
    *,
    cut: int | None = None,
    flags: Mapping[str, bool] | None = None,
    fresh: Mapping[str, str | None] | None = None,
) -> Answered:
    """Return the year after: other items, the same answers by key, and `fresh` ones by key."""
    asked = edition(made, before.edition.scoring, number=2, cut=cut)
    earlier = {before.edition.items[item_id].key: code for item_id, code in before.answers.items()}
    codes = {**earlier, **(fresh or {})}
    answers = {item.id: code for item in asked.items.values() if (code := codes.get(item.key)) is not None}
    return Answered(edition=asked, flags=before.flags if flags is None else flags, answers=answers)


def items_of(before: Answered) -> list[Item]:
    return [same(item) for item in before.edition.items.values()]


POINTED: Final = ("implemented", "partial", "not_implemented", "unknown")


@st.composite
def with_new_items(draw: st.DrawFn, before: Answered) -> Answered:
    new = draw(items(range(50, 60)))
    codes = {item.key: draw(st.sampled_from((*POINTED, None))) for item in new}
    return going_on(before, [*items_of(before), *new], fresh=codes)


@st.composite
def with_retired_items(draw: st.DrawFn, before: Answered) -> Answered:
    gone = draw(some(before))
    return going_on(before, [item for item in items_of(before) if item.key not in gone])


@st.composite
def with_other_weights(draw: st.DrawFn, before: Answered) -> Answered:
    return going_on(before, [replace(item, weight=draw(st.integers(1, 3))) for item in items_of(before)])


@st.composite
def with_other_items_that_apply(draw: st.DrawFn, before: Answered) -> Answered:
    """The conditions of items, the profile of the unit, or an answer that says 対象外."""
    if draw(st.booleans()):
        gone = draw(some(before))
        return going_on(before, items_of(before), fresh=dict.fromkeys(gone, "not_applicable"))
    made = [replace(item, applies_if=draw(conditions)) for item in items_of(before)]
    return going_on(before, made, flags=draw(profiles))


@st.composite
def with_other_words(draw: st.DrawFn, before: Answered) -> Answered:
    """Reworded beyond comparison, merged, or on another scale."""
    how = draw(st.sampled_from(("reworded", "merged", "scale")))
    kept, gone = items_of(before), draw(some(before))
    if how == "scale":
        made = going_on(before, kept)
        return replace(made, edition=on_scale(made.edition, Ruler.FINER))
    if how == "merged" and len(gone) > 1:
        parts = [item for item in kept if item.key in gone]
        whole = replace(parts[0], key="D90")
        rest = [item for item in kept if item.key not in gone]
        made_of = coming_from(whole, *parts, kind=LineageKind.MERGED, comparable=draw(st.booleans()))
        return going_on(before, [*rest, made_of], fresh={"D90": draw(st.sampled_from(POINTED))})
    return going_on(
        before,
        [
            coming_from(item, item, kind=LineageKind.REWORDED, comparable=item.key not in gone)
            for item in kept
        ],
    )


ALONE: Final[Mapping[Cause, Callable[[Answered], st.SearchStrategy[Answered]]]] = {
    Cause.NEW: with_new_items,
    Cause.RETIRED: with_retired_items,
    Cause.WEIGHT: with_other_weights,
    Cause.APPLICABILITY: with_other_items_that_apply,
    Cause.WORDING: with_other_words,
}


def pairing_between(published: Published, before: Answered, now: Answered) -> Pairing:
    with published([before.edition, now.edition]) as session:
        return pairing_of(session, edition=now.edition, before=before.edition)


def change_between(published: Published, before: Answered, now: Answered) -> ScoreChange | None:
    pairing = pairing_between(published, before, now)
    return explained(before=before.lines, now=now.lines, pairing=pairing)


@pytest.mark.parametrize("cause", list(ALONE))
def test_a_cause_alone_is_called_by_its_name(published: Published, cause: Cause) -> None:
    moved: list[Fraction] = []

    @given(settled(), st.data())
    @settings(max_examples=18)
    def hold(before: Answered, data: st.DataObject) -> None:
        now = data.draw(ALONE[cause](before))
        change = change_between(published, before, now)
        if change is None:
            return
        assert change.work == 0
        assert set(change.ruler) <= {cause}
        assert change.ruler_total == change.difference
        moved.append(change.difference)

    hold()
    assert any(moved), "a cause that never moves a score is not looked at"


@given(settled(), st.data())
@settings(max_examples=18)
def test_other_answers_to_the_same_items_are_work_alone(
    published: Published, before: Answered, data: st.DataObject
) -> None:
    counts = {
        before.edition.items[item_id].key for item_id, code in before.answers.items() if code in POINTED
    }
    codes = {key: data.draw(st.sampled_from(POINTED)) for key in sorted(counts)}
    change = change_between(published, before, going_on(before, items_of(before), fresh=codes))
    if change is not None:
        assert change.ruler == {}
        assert change.work == change.difference


@given(settled(), st.data())
@settings(max_examples=18)
def test_an_item_that_changes_its_section_moves_sections_and_no_sheet(
    published: Published, before: Answered, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(before.edition.items)))
    now = going_on(before, items_of(before), cut=cut)
    pairing = pairing_between(published, before, now)
    whole = explained(before=before.lines, now=now.lines, pairing=pairing)
    assume(whole is not None)
    assert whole is not None
    assert whole.work == 0
    assert whole.ruler == {}
    for section, change in by_section(before=before.lines, now=now.lines, pairing=pairing).items():
        assert change.work == 0
        assert set(change.ruler) <= {Cause.MOVED}
        stays = now.counted(section=section).keys() == before.counted(section=section).keys()
        assert not (stays and change.ruler)
        assert change.ruler_total == change.difference


@given(settled(), st.data())
@settings(max_examples=18)
def test_an_item_split_into_parts_of_its_weight_moves_nothing(
    published: Published, before: Answered, data: st.DataObject
) -> None:
    """The heirs carry the old weight together: the same answer to each of them is no difference."""
    split = data.draw(some(before))
    made: list[Item] = []
    codes: dict[str, str | None] = {}
    given_codes = {before.edition.items[item_id].key: code for item_id, code in before.answers.items()}
    for item in items_of(before):
        if item.key not in split:
            made.append(item)
            continue
        for number in range(item.weight):
            part = replace(item, key=f"{item.key}{number}", weight=1)
            made.append(coming_from(part, item, kind=LineageKind.SPLIT, comparable=True))
            codes[part.key] = given_codes.get(item.key)
    change = change_between(published, before, going_on(before, made, fresh=codes))
    assume(change is not None)
    assert change is not None
    assert change.difference == change.work == 0
    assert change.ruler == {}
