"""What a cell holds of a text: as typed, the unseen made visible, never cut in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.excel.words import CUT, LONGEST, cell_text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("=1+1", "=1+1", id="a formula is a text like any other"),
        pytest.param("一\r\n二\r三", "一\n二\n三", id="every line end is one"),
        pytest.param("一\t二", "一　二", id="a tab is a wide space"),
        pytest.param("a\x07b\x1f\x7f", "a〔U+0007〕b〔U+001F〕〔U+007F〕", id="controls become visible"),
        pytest.param("a\u202ec", "a〔U+202E〕c", id="direction marks become visible"),
        pytest.param("\ufffe\uffff", "〔U+FFFE〕〔U+FFFF〕", id="what XML has no place for"),
        pytest.param("\ud800x", "〔U+D800〕x", id="half a character"),
        pytest.param(
            "𠮷葛\U000e0100👨\u200d👩\u200d👧", "𠮷葛\U000e0100👨\u200d👩\u200d👧", id="rare but whole"
        ),
        pytest.param("_x0041_", "_x0041_", id="the format's own escape"),
    ],
)
def test_cell_text(typed: str, expected: str) -> None:
    assert cell_text(typed) == expected


@given(st.text())
def test_a_cell_text_stays_as_it_is(text: str) -> None:
    assert cell_text(cell_text(text)) == cell_text(text)


@given(st.sampled_from(["a", "あ", "𠮷"]), st.integers(-3, 3))
def test_a_long_text_is_cut_with_words_and_at_no_half_character(character: str, more: int) -> None:
    units = len(character.encode("utf-16-le")) // 2
    count = LONGEST // units + more
    found = cell_text(character * count)
    if count * units <= LONGEST:
        assert found == character * count
    else:
        assert found.endswith(CUT)
        assert found.removesuffix(CUT).strip(character) == ""
        assert LONGEST - 1 <= len(found.encode("utf-16-le")) // 2 <= LONGEST
