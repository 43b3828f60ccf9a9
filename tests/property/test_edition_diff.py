"""Differences between editions, for every text, edition and lineage that hypothesis can think of."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.checklists.rules import (
    Edition,
    EntryKind,
    Facet,
    Mark,
    by_key,
    descent,
    edition_diff,
    marked,
    tokens,
    unchanged,
)
from tests.property.editions import pairs

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
