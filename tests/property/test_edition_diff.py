"""Differences between editions, for every text, edition and lineage that hypothesis can think of."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.checklists.rules import (
    Edition,
    EntryKind,
    Facet,
    Item,
    Lineage,
    LineageKind,
    Mark,
    ScoringMethod,
    Section,
    by_key,
    descent,
    edition_diff,
    marked,
    tokens,
    unchanged,
)
from app.kernel.ids import EditionId, ItemId
from tests.property.test_scoring import edition_of, item_of, methods

WORDS = st.sampled_from(
    (
        "台帳",
        "課",
        "の",
        "を",
        "、",
        "。",
        "3",
        "件",
        "見直した",
        "見直している",
        "アクセス",
        "D02",
        "（",
        "）",
        "から",
        " ",
        "ー",
        "𠮷",
    )
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=30).map("".join))


@given(TEXTS, TEXTS)
def test_the_parts_are_both_texts(old: str, new: str) -> None:
    marking = marked(old, new=new)
    assert (marking.old, marking.new) == (old, new)
    assert "".join(part.text for part in marking.old_parts) == old
    assert "".join(part.text for part in marking.new_parts) == new


@given(TEXTS, TEXTS)
def test_no_two_neighbours_have_the_same_mark(old: str, new: str) -> None:
    marks = [part.mark for part in marked(old, new=new).parts]
    assert all(one is not other for one, other in pairwise(marks))
    # What came stands directly behind what went.
    assert (Mark.NEW, Mark.OLD) not in set(pairwise(marks))
    assert all(part.text for part in marked(old, new=new).parts)


@given(TEXTS)
def test_a_text_is_its_tokens(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert {part.mark for part in marked(text, new=text).parts} <= {Mark.SAME}


@st.composite
def items(draw: st.DrawFn, keys: range) -> tuple[Item, ...]:
    chosen = sorted(draw(st.sets(st.sampled_from(keys), min_size=1, max_size=8)))
    return tuple(
        replace(
            item_of(key, weight=draw(st.integers(1, 3)), mandatory=draw(st.booleans())),
            statement=draw(st.sampled_from(("台帳を見た。", "台帳を見直した。", "鍵をかけた。"))),
        )
        for key in chosen
    )


def edition(made: tuple[Item, ...], method: ScoringMethod, *, number: int) -> Edition:
    """Put items into an edition whose rows are its own."""
    own = tuple(
        replace(item, id=ItemId(UUID(int=number * 1000 + place)), number=f"1-{place}", position=place)
        for place, item in enumerate(made, start=1)
    )
    half = len(own) // 2
    sections = tuple(
        Section(number=place, slug=f"s{place}", title=f"分野{place}", items=part)
        for place, part in enumerate((own[:half], own[half:]), start=1)
        if part
    )
    base = edition_of(own, method)
    return replace(base, id=EditionId(UUID(int=number)), label=f"{2024 + number}.1", sections=sections)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Edition, Edition]:
    """Return an edition and a successor with any lineage that names items of it."""
    method = draw(methods())
    old = draw(items(range(1, 12)))
    known = [item.key for item in old]
    new = []
    for item in draw(items(range(1, 24))):
        of = tuple(draw(st.lists(st.sampled_from(known), unique=True, max_size=3)))
        kinds = (
            [LineageKind.MERGED]
            if len(of) > 1
            else [LineageKind.REWORDED, LineageKind.SPLIT, LineageKind.SAME]
        )
        kind = draw(st.sampled_from(kinds)) if of else LineageKind.NEW
        new.append(replace(item, lineage=Lineage(kind=kind, of=of, comparable=draw(st.booleans()))))
    return edition(old, method, number=1), edition(tuple(new), method, number=2)


@given(pairs())
def test_every_item_of_both_editions_is_told_once(pair: tuple[Edition, Edition]) -> None:
    old, new = pair
    found = edition_diff(old, new, along=descent(old, through=(new,))).entries
    assert Counter(item.id for one in found for item in one.before) == Counter(list(old.items))
    assert Counter(item.id for one in found for item in one.after) == Counter(list(new.items))


@given(pairs())
def test_entries_hold_together_what_lineage_connects(pair: tuple[Edition, Edition]) -> None:
    old, new = pair
    for one in edition_diff(old, new, along=descent(old, through=(new,))).entries:
        keys = {item.key for item in one.before}
        assert all(keys.issuperset(item.lineage.of) for item in one.after)
        assert {change.before.key for change in one.changes} == (keys if one.after else set())
        assert set(one.decisions) == {item.key for item in one.after}
        assert (one.kind is EntryKind.ADDED) == (not one.before)
        assert (one.kind is EntryKind.RETIRED) == (not one.after)
        assert (one.kind is EntryKind.SAME) == (one.facets <= {Facet.SAME, Facet.NOT_COMPARABLE})


@given(pairs())
def test_an_edition_never_differs_from_itself(pair: tuple[Edition, Edition]) -> None:
    for one in pair:
        assert edition_diff(one, one, along=unchanged(one)).is_empty


@given(pairs())
def test_there_and_back_count_alike(pair: tuple[Edition, Edition]) -> None:
    """Along the keys alone: what came one way went the other, and every field that changed changed back."""
    old, new = pair
    there = edition_diff(old, new, along=by_key(old, after=new))
    back = edition_diff(new, old, along=by_key(new, after=old))
    swapped = {Facet.ADDED: Facet.RETIRED, Facet.RETIRED: Facet.ADDED}
    for facet in Facet:
        assert len(there.having(facet)) == len(back.having(swapped.get(facet, facet)))
    assert len(there.edition) == len(back.edition)
