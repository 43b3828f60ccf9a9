"""Work and ruler add up to the difference of the shares, exactly, at every level, for random editions and answers."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from app.checklists.rules import percent
from app.inspections.rules.score_change import (
    Cause,
    Counting,
    Line,
    Pairing,
    ScoreChange,
    apportioned,
    by_section,
    explained,
    mean_of,
)

SECTIONS = ("a", "b", "c")
Sheet = tuple[list[Line], list[Line], Pairing]


def share(lines: list[Line]) -> Fraction | None:
    """Return a share, written a second time and in the plainest way."""
    earned = possible = 0
    for line in lines:
        if line.counting is Counting.COUNTED:
            earned += line.points * line.weight
            possible += line.full * line.weight
    return Fraction(earned, possible) if possible else None


def drawn_line(key: str) -> st.SearchStrategy[Line]:
    def of(full: int) -> st.SearchStrategy[Line]:
        return st.builds(
            Line,
            key=st.just(key),
            section=st.sampled_from(SECTIONS),
            counting=st.sampled_from(Counting),
            points=st.integers(0, full),
            full=st.just(full),
            weight=st.integers(1, 5),
        )

    return st.integers(1, 3).flatmap(of)


def drawn_lines(prefix: str) -> st.SearchStrategy[list[Line]]:
    return st.integers(0, 8).flatmap(
        lambda count: st.tuples(*(drawn_line(f"{prefix}{number}") for number in range(count))).map(list)
    )


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    before, now = draw(drawn_lines("B")), draw(drawn_lines("N"))
    keys = [line.key for line in before]
    comparable, succeeded = {}, {}
    for line in now:
        kind = draw(st.sampled_from(("new", "comparable", "not")))
        if keys and kind == "comparable":
            comparable[line.key] = draw(st.sampled_from(keys))
        elif keys and kind == "not":
            succeeded[line.key] = (draw(st.sampled_from(keys)),)
    return before, now, Pairing(comparable=comparable, succeeded=succeeded)


def adds_up(change: ScoreChange | None, *, before: list[Line], now: list[Line]) -> None:
    first, second = share(before), share(now)
    if first is None or second is None:
        assert change is None
        return
    assert change is not None
    assert (change.before, change.now) == (first, second)
    assert change.work + change.ruler_total == second - first == change.difference
    assert sum((part.work for part in change.items), Fraction(0)) == change.work
    assert sum((part.ruler for part in change.items), Fraction(0)) == change.ruler_total


def counted(key: str, *, points: int, weight: int) -> Line:
    return Line(key=key, section="a", counting=Counting.COUNTED, points=points, full=2, weight=weight)


A_SPLIT: Sheet = (
    [counted("B0", points=1, weight=3), counted("B1", points=2, weight=1)],
    [counted("N0", points=2, weight=2), counted("N1", points=0, weight=3), counted("N2", points=2, weight=5)],
    Pairing(comparable={"N0": "B0", "N1": "B0", "N2": "B1"}, succeeded={}),
)
"""An item that was split: its heirs carry its old weight together. Chance alone draws one in which that shows too seldom."""


@given(sheets())
@example(A_SPLIT)
def test_a_sheet_adds_up_exactly(sheet: Sheet) -> None:
    before, now, pairing = sheet
    adds_up(explained(before=before, now=now, pairing=pairing), before=before, now=now)


@given(sheets())
def test_every_section_adds_up_exactly(sheet: Sheet) -> None:
    before, now, pairing = sheet
    found = by_section(before=before, now=now, pairing=pairing)
    for section in SECTIONS:
        own = [line for line in before if line.section == section]
        other = [line for line in now if line.section == section]
        adds_up(found.get(section), before=own, now=other)


@given(st.lists(sheets(), max_size=4))
def test_the_city_adds_up_exactly(drawn: list[Sheet]) -> None:
    changes = [
        change
        for before, now, pairing in drawn
        if (change := explained(before=before, now=now, pairing=pairing)) is not None
    ]
    city = mean_of(changes)
    if not changes:
        assert city is None
        return
    assert city is not None
    assert city.work + city.ruler_total == city.difference
    assert city.difference * len(changes) == sum((one.difference for one in changes), Fraction(0))


@given(drawn_lines("B"), st.data())
def test_the_same_ruler_leaves_nothing_to_it(before: list[Line], data: st.DataObject) -> None:
    now = [replace(line, points=data.draw(st.integers(0, line.full))) for line in before]
    pairing = Pairing(comparable={line.key: line.key for line in before})
    change = explained(before=before, now=now, pairing=pairing)
    if change is not None:
        assert change.ruler == {}
        assert all(part.ruler == 0 for part in change.items)
        assert change.work == change.difference


@given(drawn_lines("B"), drawn_lines("N"))
def test_the_same_answers_and_new_items_are_no_work(before: list[Line], new: list[Line]) -> None:
    pairing = Pairing(comparable={line.key: line.key for line in before})
    change = explained(before=before, now=[*before, *new], pairing=pairing)
    if change is not None:
        assert change.work == 0
        assert set(change.ruler) <= {Cause.NEW}


@given(sheets())
def test_only_items_of_both_years_are_work(sheet: Sheet) -> None:
    before, now, pairing = sheet
    change = explained(before=before, now=now, pairing=pairing)
    for part in change.items if change else ():
        assert part.work == 0 or (part.key is not None and pairing.comparable[part.key] == part.was)


TENTH = Fraction(1, 1000)


def reads_well(change: ScoreChange | None) -> None:
    """What is shown adds up at every level, and no part is shown a whole tenth away from what it is."""
    if change is None:
        return
    shown = change.shown
    read = Fraction(percent(change.now)) - Fraction(percent(change.before))
    assert shown.difference * 100 == read
    assert shown.work + shown.ruler_total == shown.difference
    assert sum(shown.ruler.values(), Fraction(0)) == shown.ruler_total
    assert list(shown.ruler) == list(change.ruler)
    pairs = [(shown.work, change.work), (shown.ruler_total, change.ruler_total)]
    for seen, exact in (*pairs, *((shown.ruler[cause], part) for cause, part in change.ruler.items())):
        assert abs(seen - exact) < TENTH
        assert seen * exact >= 0, "never the other sign"
        assert seen == 0 or exact != 0, "nothing is shown as nothing"


@given(st.lists(sheets(), max_size=4))
def test_what_is_shown_adds_up(drawn: list[Sheet]) -> None:
    changes = []
    for before, now, pairing in drawn:
        whole = explained(before=before, now=now, pairing=pairing)
        for change in (whole, *by_section(before=before, now=now, pairing=pairing).values()):
            reads_well(change)
        changes += [whole] if whole else []
    reads_well(mean_of(changes))


@given(st.lists(st.fractions(-1, 1, max_denominator=5000), max_size=8), st.data())
def test_parts_are_rounded_to_any_total_that_is_near(parts: list[Fraction], data: st.DataObject) -> None:
    exact = sum(parts, Fraction(0)) * 1000
    total = data.draw(st.sampled_from(sorted({exact.__floor__(), exact.__ceil__()})))
    made = apportioned(parts, total=total)
    assert sum(made) == total
    assert all(abs(seen - part * 1000) < 1 for seen, part in zip(made, parts, strict=True))
    assert made == apportioned(parts, total=total)
