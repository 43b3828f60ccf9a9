"""Scoring, for every edition, profile and set of answers that hypothesis can think of."""

from dataclasses import replace
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checklists.rules import (
    Ask,
    Band,
    Basis,
    CommentRule,
    Edition,
    Item,
    Level,
    Lineage,
    LineageKind,
    LineKind,
    Score,
    ScoringMethod,
    Section,
    Symbol,
    capped_grade,
    grade_of,
    percent,
    score,
)
from app.kernel.ids import EditionId, ItemId

FLAGS = ("MN", "PI", "CL")
GRADES = "ABCDEF"
LEVELS = (
    Level(code="implemented", label="実施", symbol=Symbol.CIRCLE, points=2, comment=CommentRule.OPTIONAL),
    Level(code="partial", label="一部実施", symbol=Symbol.TRIANGLE, points=1, comment=CommentRule.REQUIRED),
    Level(
        code="not_implemented", label="未実施", symbol=Symbol.CROSS, points=0, comment=CommentRule.REQUIRED
    ),
    Level(
        code="not_applicable", label="対象外", symbol=Symbol.DASH, points=None, comment=CommentRule.REQUIRED
    ),
    Level(code="unknown", label="わからない", symbol=Symbol.QUESTION, points=0, comment=CommentRule.OPTIONAL),
)
CODES = tuple(level.code for level in LEVELS)
ORDER = ({None, "unknown", "not_implemented"}, {"partial"}, {"implemented"})
"""未回答 = わからない = 未実施 < 一部実施 < 実施."""

Answers = dict[ItemId, str]


@st.composite
def methods(draw: st.DrawFn) -> ScoringMethod:
    lowest = draw(st.lists(st.integers(1, 100), unique=True, max_size=5))
    bounds = [*sorted(lowest, reverse=True), 0]
    bands = tuple(Band(grade=grade, at_least=bound) for grade, bound in zip(GRADES, bounds, strict=False))
    cap = draw(st.sampled_from([band.grade for band in bands]))
    return ScoringMethod(name="weighted-share-1", full_points=2, bands=bands, mandatory_cap=cap)


def item_of(
    number: int, *, weight: int = 1, mandatory: bool = False, applies_if: tuple[str, ...] = ()
) -> Item:
    return Item(
        id=ItemId(UUID(int=number)),
        key=f"D{number:02d}",
        number=f"1-{number}",
        position=number,
        statement="行った。",
        why="困る。",
        how_to_check="見る。",
        criteria={},
        evidence=("控え",),
        evidence_demanded=False,
        misreading="違う。",
        mandatory=mandatory,
        weight=weight,
        guideline=(),
        measure=None,
        iso27002=(),
        applies_if=applies_if,
        ask=Ask.HEAD,
        lineage=Lineage(kind=LineageKind.NEW),
    )


def edition_of(items: tuple[Item, ...], method: ScoringMethod) -> Edition:
    return Edition(
        id=EditionId(UUID(int=0)),
        code="department",
        label="2026.1",
        title="点検票",
        description="見本",
        digest="0" * 64,
        published=True,
        basis=Basis(
            guideline_name="ガイドライン",
            guideline_edition="版",
            regulation_name="規則",
            regulation_effective_on="2027-07-01",
        ),
        levels=LEVELS,
        scoring=method,
        flags=(),
        sections=(Section(number=1, slug="all", title="すべて", items=items),),
    )


@st.composite
def editions(draw: st.DrawFn, smallest: int = 0) -> Edition:
    shapes = draw(
        st.lists(
            st.tuples(st.integers(1, 3), st.booleans(), st.lists(st.sampled_from(FLAGS), unique=True)),
            min_size=smallest,
            max_size=12,
        )
    )
    items = tuple(
        item_of(number, weight=weight, mandatory=mandatory, applies_if=tuple(flags))
        for number, (weight, mandatory, flags) in enumerate(shapes, start=1)
    )
    return edition_of(items, draw(methods()))


@st.composite
def answered(draw: st.DrawFn, smallest: int = 0) -> tuple[Edition, Answers]:
    edition = draw(editions(smallest))
    given_codes = {item: draw(st.sampled_from([None, *CODES])) for item in edition.items}
    return edition, {item: code for item, code in given_codes.items() if code is not None}


def scored(edition: Edition, answers: Answers) -> Score:
    return score(edition.items.values(), answers=answers, edition=edition)


def with_answer(answers: Answers, item: ItemId, code: str | None) -> Answers:
    rest = {other: given_code for other, given_code in answers.items() if other != item}
    return rest if code is None else {**rest, item: code}


# -------------------------------------------------------------------------------------- figures and lines


@given(answered())
def test_a_score_lies_between_nothing_and_everything(case: tuple[Edition, Answers]) -> None:
    outcome = scored(*case)
    assert 0 <= outcome.earned <= outcome.possible
    assert outcome.share is None or 0 <= outcome.share <= 1


@given(answered())
def test_the_lines_add_up_exactly(case: tuple[Edition, Answers]) -> None:
    edition, answers = case
    outcome = scored(edition, answers)
    assert [line.item_id for line in outcome.lines] == list(edition.items)
    assert outcome.earned == sum(line.points * line.weight for line in outcome.lines)
    assert outcome.possible == sum(line.full * line.weight for line in outcome.lines)
    if outcome.share is not None:
        parts = [Fraction(line.points * line.weight, outcome.possible) for line in outcome.lines]
        assert sum(parts, Fraction(0)) == outcome.share


@given(answered())
def test_every_item_is_counted_in_exactly_one_way(case: tuple[Edition, Answers]) -> None:
    edition, answers = case
    outcome = scored(edition, answers)
    counted = sum(1 for line in outcome.lines if line.kind is LineKind.COUNTED)
    assert counted + outcome.unanswered + outcome.excluded == len(edition.items)
    assert outcome.unanswered == len(edition.items) - len(answers)
    assert outcome.unknown == list(answers.values()).count("unknown")
    assert outcome.excluded == list(answers.values()).count("not_applicable")


@given(answered(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(case: tuple[Edition, Answers], chance: Random) -> None:
    edition, answers = case
    shuffled = list(edition.items.values())
    chance.shuffle(shuffled)
    straight, mixed = scored(edition, answers), score(shuffled, answers=answers, edition=edition)
    assert replace(straight, lines=(), mandatory_missed=()) == replace(mixed, lines=(), mandatory_missed=())
    assert set(straight.lines) == set(mixed.lines)
    assert set(straight.mandatory_missed) == set(mixed.mandatory_missed)


# ------------------------------------------------------------------------------------ the order of answers


@given(answered(smallest=1), st.data())
def test_a_better_answer_never_lowers_a_score(case: tuple[Edition, Answers], data: st.DataObject) -> None:
    edition, answers = case
    item = data.draw(st.sampled_from(list(edition.items)))
    shares: list[Fraction] = []
    for step in ORDER:
        alike = {scored(edition, with_answer(answers, item, code)).share for code in step}
        assert len(alike) == 1
        shares += [share for share in alike if share is not None]
    assert shares[0] < shares[1] < shares[2]


@given(answered(smallest=1), st.data())
def test_a_better_answer_never_lowers_a_grade(case: tuple[Edition, Answers], data: st.DataObject) -> None:
    edition, answers = case
    item = data.draw(st.sampled_from(list(edition.items)))
    grades = [band.grade for band in edition.scoring.bands]
    ranks = []
    for code in ("not_implemented", "partial", "implemented"):
        grade = scored(edition, with_answer(answers, item, code)).grade
        assert grade is not None
        ranks.append(grades.index(grade))
    assert ranks[0] >= ranks[1] >= ranks[2]


@given(answered(smallest=1), st.data())
def test_what_is_not_applicable_leaves_numerator_and_denominator(
    case: tuple[Edition, Answers], data: st.DataObject
) -> None:
    edition, answers = case
    gone = data.draw(st.sampled_from(list(edition.items)))
    excluded = scored(edition, with_answer(answers, gone, "not_applicable"))
    rest = [item for item in edition.items.values() if item.id != gone]
    without = score(rest, answers=answers, edition=edition)
    assert (excluded.earned, excluded.possible, excluded.grade) == (
        without.earned,
        without.possible,
        without.grade,
    )
    assert gone not in excluded.mandatory_missed


@given(editions())
def test_where_nothing_is_left_to_count_there_is_no_figure(edition: Edition) -> None:
    outcome = scored(edition, dict.fromkeys(edition.items, "not_applicable"))
    assert (outcome.earned, outcome.possible, outcome.share, outcome.grade) == (0, 0, None, None)
    assert not outcome.capped
    assert percent(outcome.share) == "―"


@given(editions(smallest=1))
def test_everything_done_is_everything(edition: Edition) -> None:
    outcome = scored(edition, dict.fromkeys(edition.items, "implemented"))
    assert outcome.share == 1
    assert outcome.mandatory_missed == ()
    assert outcome.grade == edition.scoring.bands[0].grade


# ------------------------------------------------------------------------------------------ bands and cap


@given(answered())
def test_a_missed_mandatory_item_caps_the_grade(case: tuple[Edition, Answers]) -> None:
    edition, answers = case
    outcome = scored(edition, answers)
    missed = {
        item.id
        for item in edition.items.values()
        if item.mandatory and answers.get(item.id) not in {"implemented", "not_applicable"}
    }
    assert set(outcome.mandatory_missed) == missed
    grades = [band.grade for band in edition.scoring.bands]
    raw = grade_of(outcome.share, method=edition.scoring)
    if raw is None or outcome.grade is None:
        assert not missed
        return
    cap = grades.index(edition.scoring.mandatory_cap)
    wanted = max(grades.index(raw), cap) if missed else grades.index(raw)
    assert grades.index(outcome.grade) == wanted
    assert outcome.capped == (outcome.grade != raw)


@given(methods(), st.fractions(0, 1))
def test_a_share_falls_into_the_best_band_that_it_reaches(method: ScoringMethod, share: Fraction) -> None:
    reached = [band.grade for band in method.bands if share * 100 >= band.at_least]
    assert grade_of(share, method=method) == reached[0]


@given(methods())
def test_a_bound_belongs_to_the_band_above_it(method: ScoringMethod) -> None:
    for band in method.bands:
        assert grade_of(Fraction(band.at_least, 100), method=method) == band.grade


def test_without_a_figure_there_is_no_grade_to_cap() -> None:
    method = ScoringMethod(
        name="weighted-share-1", full_points=2, bands=(Band(grade="A", at_least=0),), mandatory_cap="A"
    )
    assert grade_of(None, method=method) is None
    assert capped_grade(None, method=method) is None


def test_below_the_lowest_band_the_lowest_grade_remains() -> None:
    bands = (Band(grade="A", at_least=90), Band(grade="B", at_least=10))
    method = ScoringMethod(name="weighted-share-1", full_points=2, bands=bands, mandatory_cap="B")
    assert grade_of(Fraction(1, 100), method=method) == "B"


# ------------------------------------------------------------------------------------------- what applies


@given(editions(), st.dictionaries(st.sampled_from(FLAGS), st.booleans()))
def test_an_item_applies_always_or_when_any_of_its_flags_is_on(
    edition: Edition, flags: dict[str, bool]
) -> None:
    on = {flag for flag, is_on in flags.items() if is_on}
    applicable = edition.applicable(flags)
    for item in edition.items.values():
        assert (item in applicable) == (not item.applies_if or bool(on & set(item.applies_if)))
    assert [item.position for item in applicable] == sorted(item.position for item in applicable)


def test_an_edition_finds_its_sections_and_levels() -> None:
    method = ScoringMethod(
        name="weighted-share-1", full_points=2, bands=(Band(grade="A", at_least=0),), mandatory_cap="A"
    )
    edition = edition_of((item_of(1),), method)
    assert edition.section("all") is edition.sections[0]
    assert edition.section("none") is None
    assert edition.level("partial") is LEVELS[1]
    assert edition.level("perfect") is None
    assert edition.level(None) is None


# ------------------------------------------------------------------------------------------ shown figures


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, "―"),
        (Fraction(0), "0.0"),
        (Fraction(1), "100.0"),
        (Fraction(2, 3), "66.7"),
        (Fraction(1, 3), "33.3"),
        (Fraction(1, 2000), "0.1"),
        (Fraction(1, 2001), "0.0"),
        (Fraction(1999, 2000), "100.0"),
        (Fraction(89_949, 100_000), "89.9"),
        (Fraction(8995, 10_000), "90.0"),
    ],
)
def test_percentages_are_rounded_half_up_to_one_decimal(share: Fraction | None, shown: str) -> None:
    assert percent(share) == shown


@given(st.fractions(0, 1))
def test_a_shown_percentage_is_within_half_a_tenth(share: Fraction) -> None:
    difference = Fraction(percent(share)) - share * 100
    assert -Fraction(1, 20) < difference <= Fraction(1, 20)
