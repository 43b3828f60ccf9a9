"""Line breaking (行頭・行末禁則). Widths here are 2 for kanji and kana, 1 for Latin."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.pdf.typesetting import NOT_AT_END, NOT_AT_START, break_lines, may_break, words


def width(char: str) -> float:
    """Full-width characters are 2 wide, the others 1."""
    return 1.0 if char < "\u2000" else 2.0


def broken(text: str, measure: float) -> list[str]:
    return break_lines(text, measure=measure, width=width)


@pytest.mark.parametrize(
    ("text", "measure", "lines"),
    [
        pytest.param("", 8, [""], id="an empty text is one empty line"),
        pytest.param("点検する", 8, ["点検する"], id="fits exactly"),
        pytest.param("点検を行う所属", 8, ["点検を行", "う所属"], id="plain"),
        pytest.param("点検した、記録", 8, ["点検し", "た、記録"], id="、 never starts a line"),
        pytest.param("記録した。次に", 8, ["記録し", "た。次に"], id="。 never starts a line"),
        pytest.param("所属（税務）課", 10, ["所属（税", "務）課"], id="） never starts a line"),
        pytest.param("これは「例」だ", 8, ["これは", "「例」だ"], id="「 never ends a line"),
        pytest.param("前の文（「例」）", 10, ["前の文", "（「例」）"], id="（「 stay with what follows"),
        pytest.param("かぎ」）、と書く", 8, ["か", "ぎ」）、", "と書く"], id="」）、 stay together"),
        pytest.param("センターへ", 4, ["セン", "ター", "へ"], id="ー never starts a line"),
        pytest.param("記録しょう", 6, ["記録", "しょう"], id="small kana never start a line"),
        pytest.param(
            "人々の", 2, ["人", "々", "の"], id="a pair wider than the line is cut where it must be"
        ),
        pytest.param(
            "参加率は96.4%だった", 10, ["参加率は", "96.4%だっ", "た"], id="a number stays with its sign"
        ),
        pytest.param("職員が30人いる", 8, ["職員が", "30人いる"], id="a number stays with its counter"),
        pytest.param("点検票の第4版で", 10, ["点検票の", "第4版で"], id="第 stays with its number"),
        pytest.param("費用は¥1,200だ", 8, ["費用は", "¥1,200だ"], id="a prefix stays with its number"),
        pytest.param("use password now", 8, ["use ", "password ", "now"], id="Latin words stay whole"),
        pytest.param(
            "端末のWindows更新", 10, ["端末の", "Windows更", "新"], id="Latin in Japanese stays whole"
        ),
        pytest.param("abcdefghij", 4, ["abcd", "efgh", "ij"], id="a word wider than the line is cut"),
        pytest.param("点abcdefghij", 4, ["点", "abcd", "efgh", "ij"], id="… and begins on its own line"),
        pytest.param("𠮷田𠮷田𠮷", 4, ["𠮷田", "𠮷田", "𠮷"], id="kanji beyond the basic plane"),
        pytest.param(
            "か\u3099き\u3099く", 4, ["か\u3099", "き\u3099", "く"], id="a combining mark stays with its base"
        ),
        pytest.param(
            "葛\U000e0100城市", 4, ["葛\U000e0100", "城市"], id="a variation selector stays with its base"
        ),
        pytest.param("だが……続く", 6, ["だ", "が……", "続く"], id="…… is not divided from what it follows"),
        pytest.param("点検　　所属", 4, ["点検　　", "所属"], id="spaces hang at the end"),
        pytest.param("12\u00a0月と", 4, ["12\u00a0", "月と"], id="a hard space is cut only when it must be"),
    ],
)
def test_breaks(text: str, measure: float, lines: list[str]) -> None:
    assert broken(text, measure) == lines


@pytest.mark.parametrize("char", sorted(NOT_AT_START))
def test_no_break_before_a_character_that_may_not_start_a_line(char: str) -> None:
    assert not may_break("点", char)


@pytest.mark.parametrize("char", sorted(NOT_AT_END))
def test_no_break_after_a_character_that_may_not_end_a_line(char: str) -> None:
    assert not may_break(char, "点")


TEXTS = st.text(
    alphabet=st.sampled_from("点検票あいうっー、。）（「」『』abcXYZ019.-% 　第月人𠮷々…々ょ"), max_size=120
)


@given(text=TEXTS, measure=st.integers(min_value=2, max_value=24))
def test_lines_joined_are_the_text(text: str, measure: int) -> None:
    assert "".join(broken(text, measure)) == text


@given(text=TEXTS, measure=st.integers(min_value=2, max_value=24))
def test_only_spaces_stand_out(text: str, measure: int) -> None:
    for line in broken(text, measure):
        seen = line.rstrip(" 　")
        assert sum(map(width, seen)) <= measure or len(seen) == 1


@given(text=TEXTS, measure=st.integers(min_value=2, max_value=24))
def test_prohibited_characters_stand_at_an_edge_only_where_no_break_is_permitted(
    text: str, measure: int
) -> None:
    at = 0
    for before, after in pairwise(broken(text, measure)):
        at += len(before)
        if not may_break(before[-1], after[0]):
            assert sum(map(width, word_around(text, at).rstrip(" 　"))) > measure


def word_around(text: str, at: int) -> str:
    """The unbreakable piece of the text that reaches over a position."""
    ends = accumulate(map(len, words(text)))
    return next(word for word, end in zip(words(text), ends, strict=True) if end > at)
