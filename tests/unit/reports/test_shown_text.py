"""What a person typed is shown literally: nothing is interpreted, nothing acts, nothing vanishes unseen."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.pdf.fonts import GETA, Weight, font_book, to_unicode_map
from app.reports.pdf.typesetting import Style, Typesetter, shown_text


def shown(text: str) -> tuple[str, set[str]]:
    missing: set[str] = set()
    return shown_text(text, book=font_book(), missing=missing), missing


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("<b>{{7*7}}</b> &amp; ${x} %s", "<b>{{7*7}}</b> &amp; ${x} %s", id="markup is text"),
        pytest.param("一\r\n二\r三\u2028四", "一\n二\n三\n四", id="every line feed"),
        pytest.param("一\t二", "一　二", id="tab"),
        pytest.param("\x00\x07", "〔U+0000〕〔U+0007〕", id="controls become visible"),
        pytest.param("a\u202ecba\u202c", "a〔U+202E〕cba〔U+202C〕", id="direction overrides become visible"),
        pytest.param("\u2066x\u2069\u200f", "〔U+2066〕x〔U+2069〕〔U+200F〕", id="isolates and marks too"),
        pytest.param("葛\U000e0100城 神\ufe00", "葛城 神", id="variation selectors are dropped"),
        pytest.param("a\u200bb\ufeff", "ab", id="zero width is dropped"),
        pytest.param("か\u3099ハ\u309a", "がパ", id="combining marks are composed"),
        pytest.param(
            "髙﨑𠮷①㈱㋿～－", "髙﨑𠮷①㈱㋿～－", id="difficult but known characters stay themselves"
        ),
        pytest.param("\ufa19", "\ufa19", id="compatibility kanji are not exchanged"),
        pytest.param("a\u2007b", "a b", id="rare spaces are spaces"),
    ],
)
def test_shown(typed: str, expected: str) -> None:
    assert shown(typed) == (expected, set())


@pytest.mark.parametrize("char", ["🔒", "\ue000", "\U00030ede\u0bb9"[-1], "\ud800", "\uffff", "א"])
def test_what_no_font_has_is_replaced_and_reported(char: str) -> None:
    assert shown(f"前{char}後") == (f"前{GETA}後", {char})


@given(st.text(max_size=60))
def test_everything_shown_can_be_drawn(text: str) -> None:
    result, _missing = shown(text)
    for weight in Weight:
        assert font_book().faces[weight].shown.issuperset(result.replace("\n", ""))
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in result.replace("\n", ""))


def test_runs_change_the_font_only_where_needed() -> None:
    face = font_book().faces[Weight.BOLD]
    assert face.runs("𠮷田髙志") == (("NotoSansJP", "𠮷"), ("BIZUDPGothic-Bold", "田髙志"))


def test_unicode_map_is_utf_16_and_in_blocks_of_at_most_100() -> None:
    cmap = to_unicode_map("X", codes=[0x20BB7, *range(0x3041, 0x3041 + 150)])
    assert "<00> <D842DFB7>" in cmap
    assert [line.split()[0] for line in cmap.splitlines() if "beginbfchar" in line] == ["100", "51"]


def test_paragraph_divides_between_lines() -> None:
    paragraph = Typesetter().paragraph("あ" * 100, style=Style(10, 12), measure=100)
    halves = paragraph.divide(36)
    assert halves is not None
    assert [len(half.lines) for half in halves] == [3, len(paragraph.lines) - 3]
    assert paragraph.divide(11) is None
    assert paragraph.divide(paragraph.height) is None


def test_single_line_is_shortened() -> None:
    line = Typesetter().single("情報政策課\n" * 20, style=Style(10, 12), measure=80)
    assert line.lines[0].text.endswith("…")
    assert line.width <= 80


def test_label_is_balanced_over_two_lines() -> None:
    label = Typesetter().label("執務室と機器の物理的な保護", style=Style(10, 12), measure=120)
    first, second = (line.width for line in label.lines)
    assert abs(first - second) < 30


def test_fonts_are_loaded_once_by_many_threads() -> None:
    books: list[int] = []
    threads = [threading.Thread(target=lambda: books.append(id(font_book()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(books)) == 1
