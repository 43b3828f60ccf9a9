"""What the board says of figures: tones, means, needs, likeness; a difference by hand; the words for its parts."""

from fractions import Fraction

import pytest

from app.checklists.rules import Band, ScoringMethod
from app.inspections.queries.board.city import short_title
from app.inspections.rules.board import (
    Likeness,
    Mean,
    Need,
    alike,
    median_of,
    needs,
    target_of,
    tone_of,
    whole_percent,
)
from app.inspections.rules.score_change import (
    Cause,
    Counting,
    Line,
    Pairing,
    ScoreChange,
    apportioned,
    explained,
)
from app.inspections.texts import signed_points
from app.kernel.ids import InspectionId, new_id


@pytest.mark.parametrize(
    ("earned", "possible", "percent", "tone"),
    [
        (10, 10, 100, 0),
        (899, 1000, 89, 1),
        (9, 10, 90, 0),
        (8, 10, 80, 1),
        (7, 10, 70, 2),
        (6, 10, 60, 3),
        (599, 1000, 59, 4),
        (0, 10, 0, 4),
    ],
)
def test_a_cell_never_says_more_than_its_tone(earned: int, possible: int, percent: int, tone: int) -> None:
    assert whole_percent(earned, possible) == percent
    assert tone_of(percent) == tone


def test_a_mean_is_exact_and_of_nothing_there_is_none() -> None:
    mean = Mean.empty()
    assert mean.value is None
    for earned, possible in ((1, 3), (2, 3), (1, 7), (0, 0)):
        mean.add(earned, possible)
    assert mean.value == (Fraction(1, 3) + Fraction(2, 3) + Fraction(1, 7)) / 3
    assert median_of([]) is None
    assert median_of([Fraction(1, 3), Fraction(1, 2)]) == Fraction(5, 12)


def test_support_has_reasons() -> None:
    good = {"share": Fraction(95, 100), "target": Fraction(9, 10), "points_changed": 1}
    assert needs(**good, mandatory_missed=0, weak_sections=0) == ()  # type: ignore[arg-type]
    every = needs(
        share=Fraction(1, 2), target=Fraction(9, 10), points_changed=-5, mandatory_missed=1, weak_sections=1
    )
    assert every == (Need.MANDATORY, Need.SECTION, Need.DROPPED, Need.BELOW_TARGET)


def test_the_target_is_the_best_grade_of_the_edition() -> None:
    bands = (Band(grade="A", at_least=85), Band(grade="B", at_least=0))
    method = ScoringMethod(name="", full_points=2, bands=bands, mandatory_cap="B")
    assert target_of(method) == Fraction(85, 100)


def test_similar_units_have_the_same_profile_or_else_the_same_department() -> None:
    own = Likeness(kind="division", department="A", flags=frozenset({"PI"}))
    ids = [InspectionId(new_id()) for _ in range(5)]
    same = [Likeness(kind="division", department=f"B{n}", flags=own.flags) for n in range(3)]
    neighbour = Likeness(kind="division", department="A", flags=frozenset())
    other_kind = Likeness(kind="branch", department="A", flags=own.flags)
    everybody = dict(zip(ids, [*same, neighbour, other_kind], strict=True))
    assert list(alike(own, others=everybody)) == ids[:3]
    few = {one: likeness for one, likeness in everybody.items() if one not in ids[:2]}
    assert list(alike(own, others=few)) == ids[2:4]


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("体制と責任", "体制"),
        ("事故への備え", "事故"),
        ("メール・ウェブ・生成AI", "メール"),
        ("端末", "端末"),
    ],
)
def test_a_section_is_called_by_its_first_theme(title: str, short: str) -> None:
    assert short_title(title) == short


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Fraction(21, 1000), "+2.1"),
        (Fraction(-4, 1000), "−0.4"),
        (Fraction(1, 5000), "±0.0"),
        (Fraction(5, 10000), "+0.1"),
        (Fraction(-5, 10000), "−0.1"),
        (Fraction(0), "±0.0"),
    ],
)
def test_parts_are_shown_with_their_sign(share: Fraction, words: str) -> None:
    assert signed_points(share) == words


@pytest.mark.parametrize(
    ("parts", "total", "shown"),
    [
        ([], 0, []),
        ([520, -6], 52, [52, 0]),  # +5.20 and -0.06 beside +5.2, not -0.1
        ([246, 65], 31, [25, 6]),  # the section: 2.5 and 0.6, not 0.7
        ([-12, 24, -6], 1, [-1, 3, -1]),  # not -0.1, +0.2 and -0.1 beside +0.1
        ([5, 5], 1, [1, 0]),  # the earlier one where two lost the same
        ([5, 5], 0, [0, 0]),  # the total itself was rounded down
        ([-5, -5], -1, [0, -1]),
        ([40, 0], 4, [4, 0]),
        ([4, 0, 8], 2, [1, 0, 1]),  # the total itself was rounded up; nothing stays nothing
    ],
)
def test_shown_parts_add_up_to_the_shown_total(parts: list[int], total: int, shown: list[int]) -> None:
    """Parts in hundredths of a point, for people; totals and what is shown in tenths."""
    assert apportioned([Fraction(part, 10000) for part in parts], total=total) == shown


def test_the_shown_difference_is_that_of_the_shown_scores() -> None:
    """84.86 to 88.94 is shown as 84.9 to 88.9: +4.0, although the exact difference would read +4.1."""
    change = ScoreChange(
        before=Fraction(8486, 10000),
        now=Fraction(8894, 10000),
        work=Fraction(424, 10000),
        ruler={Cause.NEW: Fraction(-22, 10000), Cause.WEIGHT: Fraction(6, 10000)},
    )
    shown = change.shown
    assert signed_points(change.difference) == "+4.1"
    assert [signed_points(part) for part in (shown.difference, shown.work, shown.ruler_total)] == [
        "+4.0",
        "+4.2",
        "−0.2",
    ]
    assert [signed_points(part) for part in shown.ruler.values()] == ["−0.2", "±0.0"]


def line(key: str, points: int, *, weight: int = 1, counting: Counting = Counting.COUNTED) -> Line:
    return Line(key=key, section="a", counting=counting, points=points, full=2, weight=weight)


def test_a_difference_by_hand() -> None:
    """A got better, B became heavier, C was retired, D is new, E became 対象外, F reads differently."""
    before = [line("A", 1), line("B", 2), line("C", 0), line("E", 1), line("F", 2)]
    now = [
        line("A", 2),
        line("B", 2, weight=2),
        line("D", 0),
        line("E", 0, counting=Counting.EXCLUDED),
        line("F", 1),
    ]
    pairing = Pairing(comparable={"A": "A", "B": "B", "E": "E"}, succeeded={"F": ("F",)})
    change = explained(before=before, now=now, pairing=pairing)
    assert change is not None
    assert (change.before, change.now) == (Fraction(6, 10), Fraction(7, 10))
    # Common: A and B. Last year 3/4 under the old weights, 5/6 under the new ones; this year 6/6.
    assert change.work == Fraction(1, 6)
    assert change.ruler == {
        Cause.NEW: Fraction(2, 10) * (0 - 1),
        Cause.RETIRED: Fraction(2, 10) * Fraction(3, 4),
        Cause.WEIGHT: Fraction(5, 6) - Fraction(3, 4),
        Cause.APPLICABILITY: Fraction(2, 10) * (Fraction(3, 4) - Fraction(1, 2)),
        Cause.WORDING: Fraction(2, 10) * (Fraction(3, 4) - 1) + Fraction(2, 10) * (Fraction(1, 2) - 1),
    }


def test_an_item_that_applies_again_comes_in_by_applicability() -> None:
    """E was 対象外 last year and counts now; F is asked elsewhere now, so for this scope it moved in."""
    before = [line("A", 1), line("E", 0, counting=Counting.EXCLUDED)]
    now = [line("A", 1), line("E", 2), line("F", 2)]
    pairing = Pairing(comparable={"A": "A", "E": "E", "F": "F"})
    change = explained(before=before, now=now, pairing=pairing)
    assert change is not None
    assert {part.key: part.cause for part in change.items if part.was is None} == {
        "E": Cause.APPLICABILITY,
        "F": Cause.MOVED,
    }
    assert change.ruler[Cause.APPLICABILITY] == change.ruler[Cause.MOVED] == Fraction(1, 6)


def test_nothing_to_divide_by_explains_nothing() -> None:
    pairing = Pairing(comparable={"A": "A"})
    excluded = [line("A", 0, counting=Counting.EXCLUDED)]
    assert explained(before=excluded, now=[line("A", 1)], pairing=pairing) is None
    assert explained(before=[line("A", 1)], now=[], pairing=pairing) is None
