"""Japanese text in lines: what may be shown, where a line may end, and how lines are drawn.

Line breaking follows the classes of JIS X 4051 in the strict form: 行頭禁則 and 行末禁則 by moving the
break back (追い出し), Latin words and numbers kept whole, a number kept with its sign and its counter
(第4版, 30人, 10%). Punctuation does not hang, so that the right edge of a table cell stays clean; spaces at
a line end do, because they are not seen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.fonts import ASCENT, GETA, FontBook, Run, Typeface, Weight, font_book

NOT_AT_START = frozenset(
    "、。，．・：；？！゛゜´｀¨ヽヾゝゞ々〻ー’”）〕］｝〉》」』】｠〙〗〟»°′″℃％‰‐゠–〜～…‥―—"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    ")]},.:;?!%‼⁇⁈⁉｡､･｣ﾞﾟｰｧｨｩｪｫｬｭｮｯ"
)
"""行頭禁則: these never begin a line."""

NOT_AT_END = frozenset("‘“（〔［｛〈《「『【｟〘〖〝«￥＄£＃№([{｢¥$#")
"""行末禁則: these never end a line."""

COUNTERS = frozenset("年月日時分秒点件人名台回本枚個倍割歳号章条項版課所円位度")
"""A number stays with the counter that follows it."""

_PREFIXES = frozenset("第約")
_SPACES = frozenset(" \u3000\u00a0")
_LINE_FEEDS = {"\r\n": "\n", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_TAB = "\u3000"


@lru_cache(maxsize=1 << 16)
def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two neighbours; spaces belong to what stands before them."""
    if after in _SPACES:
        return False
    if not _is_permitted(before, after):
        return False
    if before in _SPACES:
        return before != "\u00a0"
    return not (_is_western(before) and _is_western(after)) and not _is_counted(before, after)


def _is_permitted(before: str, after: str) -> bool:
    return before not in NOT_AT_END and after not in NOT_AT_START and unicodedata.category(after)[0] != "M"


def _is_western(char: str) -> bool:
    return char < "\u0590"


def _is_counted(before: str, after: str) -> bool:
    return (before.isdigit() and after in COUNTERS) or (before in _PREFIXES and after.isdigit())


def words(text: str) -> Iterator[str]:
    """Split one paragraph into the pieces that stay whole; joined they are the text again."""
    start = 0
    for at in range(1, len(text)):
        if may_break(text[at - 1], text[at]):
            yield text[start:at]
            start = at
    if start < len(text):
        yield text[start:]


def break_lines(text: str, *, measure: float, width: Callable[[str], float]) -> list[str]:
    """Break one paragraph into lines no wider than `measure`, not counting trailing spaces.

    Joined, the lines are the text again. `width` gives the width of one character in the unit of
    `measure`. A piece wider than the whole line (a long address) is cut where it must be, still at a
    permitted neighbour if there is one. An empty paragraph is one empty line.
    """
    lines: list[str] = []
    line, used = "", 0.0
    for word in words(text):
        advance = sum(map(width, word))
        visible = advance if word[-1] not in _SPACES else sum(map(width, word.rstrip(" \u3000\u00a0")))
        if line and used + visible > measure:
            lines.append(line)
            line, used = "", 0.0
        if visible > measure:
            *full, line = _cut(word, measure=measure, width=width)
            lines.extend(full)
            used = sum(map(width, line))
        else:
            line, used = line + word, used + advance
    return [*lines, line]


def _cut(word: str, *, measure: float, width: Callable[[str], float]) -> list[str]:
    pieces: list[str] = []
    while word:
        fit = _fitting(word, measure=measure, width=width)
        if fit < len(word):
            fit = _permitted(word, fit=fit)
        pieces.append(word[:fit])
        word = word[fit:]
    return pieces


def _fitting(word: str, *, measure: float, width: Callable[[str], float]) -> int:
    used = 0.0
    for at, char in enumerate(word):
        used += width(char)
        if used > measure and char not in _SPACES:
            return max(at, 1)
    return len(word)


def _permitted(word: str, *, fit: int) -> int:
    for at in range(fit, 0, -1):
        if word[at] not in _SPACES and _is_permitted(word[at - 1], word[at]):
            return at
    return fit


def shown_text(text: str, *, book: FontBook, missing: set[str]) -> str:
    """Turn what a person typed into what can be set: nothing is interpreted, nothing acts.

    Line feeds of every kind become one kind, a tab one wide space. Variation selectors and zero-width
    characters are dropped (they stay in the data). A kana or letter with a combining mark becomes its
    composed form. Controls and direction overrides become visible (〔U+202E〕). What no font has becomes 〓
    and is added to `missing`.
    """
    if book.shown.issuperset(text):
        return text
    for feed, plain in _LINE_FEEDS.items():
        text = text.replace(feed, plain)
    shown: list[str] = []
    for char in text:
        _append_shown(shown, char, book=book, missing=missing)
    return "".join(shown)


def _append_shown(shown: list[str], char: str, *, book: FontBook, missing: set[str]) -> None:
    if char in book.shown or char == "\n":
        shown.append(char)
    elif char == "\t":
        shown.append(_TAB)
    elif char in _UNSEEN or _is_variation_selector(char):
        return
    elif unicodedata.combining(char) and shown and len(_composed(shown[-1], char)) == 1:
        shown[-1] = _composed(shown[-1], char)
    else:
        shown.append(_substitute(char, book=book, missing=missing))


def _composed(base: str, mark: str) -> str:
    return unicodedata.normalize("NFC", base + mark)


def _is_variation_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _substitute(char: str, *, book: FontBook, missing: set[str]) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Cf"}:
        return f"〔U+{ord(char):04X}〕"
    if category == "Zs":
        return " "
    if category[0] == "M" and all(char in face.shown for face in book.faces.values()):
        return char
    missing.add(char)
    return GETA


class Align(Enum):
    """Where lines stand in their measure."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


Colour = tuple[float, float, float]
"""Red, green, blue from 0 to 1."""

BLACK: Colour = (0.0, 0.0, 0.0)
INK: Colour = (0.1, 0.1, 0.1)
QUIET: Colour = (0.36, 0.36, 0.36)
WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Style:
    """How text is set; size and leading (distance of baselines) in points."""

    size: float
    leading: float
    weight: Weight = Weight.REGULAR
    colour: Colour = INK
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Line:
    """One line ready to draw, its visible width in points."""

    runs: tuple[Run, ...]
    width: float

    @property
    def text(self) -> str:
        """The characters of the line."""
        return "".join(text for _font, text in self.runs)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines in a measure (points): a block that divides between its lines."""

    lines: tuple[Line, ...]
    style: Style
    measure: float

    @property
    def height(self) -> float:
        """Height in points."""
        return len(self.lines) * self.style.leading

    @property
    def width(self) -> float:
        """Width of the widest line in points."""
        return max((line.width for line in self.lines), default=0.0)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw with the left edge of the measure at x and the upper edge at top."""
        style = self.style
        baseline = top - (style.leading - style.size) / 2 - ASCENT * style.size
        text = canvas.beginText()
        text.setFillColorRGB(*style.colour)
        current = ""
        for line in self.lines:
            text.setTextOrigin(x + (self.measure - line.width) * style.align.value, baseline)
            for font, run in line.runs:
                if font != current:
                    text.setFont(font, style.size)
                    current = font
                text.textOut(run)
            baseline -= style.leading
        canvas.drawText(text)

    def divide(self, room: float) -> tuple[Paragraph, Paragraph] | None:
        """The part that fits into `room` points and the rest; None if not one line fits or all do."""
        fit = int(room / self.style.leading + 1e-6)
        if not 0 < fit < len(self.lines):
            return None
        first, rest = self.lines[:fit], self.lines[fit:]
        return Paragraph(first, self.style, self.measure), Paragraph(rest, self.style, self.measure)


_LABEL_LINES = 2
_NARROWER = (0.9, 0.8, 0.7, 0.6, 0.5)


class Typesetter:
    """Sets the texts of one document and collects the characters it could not show."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._book = font_book()
        self._set: dict[tuple[str, Style, float], Paragraph] = {}

    def paragraph(self, text: str, *, style: Style, measure: float) -> Paragraph:
        """Set text as typed, one paragraph for each line feed; the same label is set only once."""
        key = (text, style, measure)
        found = self._set.get(key)
        if found is None:
            found = self._set[key] = self._paragraph(text, style=style, measure=measure)
        return found

    def single(self, text: str, *, style: Style, measure: float) -> Paragraph:
        """Set text as one line, shortened with … where it does not fit (headers, footers, chart labels)."""
        face = self._book.faces[style.weight]
        plain = " ".join(self._shown(text).split("\n"))
        if face.width(plain, size=style.size) > measure:
            room = measure / style.size - face.advances["…"]
            plain = plain[: _fitting(plain, measure=room, width=face.advances.__getitem__)] + "…"
        return Paragraph((_line(plain, face=face, size=style.size),), style, measure)

    def label(self, text: str, *, style: Style, measure: float) -> Paragraph:
        """Set a short text in one line, or two of about the same length; a longer one is shortened to one."""
        found = self.paragraph(text, style=style, measure=measure)
        if len(found.lines) == 1:
            return found
        if len(found.lines) > _LABEL_LINES:
            return self.single(text, style=style, measure=measure)
        narrower = [self._paragraph(text, style=style, measure=measure * share) for share in _NARROWER]
        balanced = [each for each in narrower if len(each.lines) == _LABEL_LINES]
        return replace(balanced[-1], measure=measure) if balanced else found

    def _shown(self, text: str) -> str:
        return shown_text(text, book=self._book, missing=self.missing)

    def _paragraph(self, text: str, *, style: Style, measure: float) -> Paragraph:
        face = self._book.faces[style.weight]
        lines = _broken(self._shown(text).split("\n"), face=face, measure=measure / style.size)
        return Paragraph(tuple(_line(line, face=face, size=style.size) for line in lines), style, measure)


def _broken(paragraphs: Iterable[str], *, face: Typeface, measure: float) -> Iterator[str]:
    for paragraph in paragraphs:
        if face.width(paragraph, size=1.0) <= measure:
            yield paragraph
        else:
            yield from break_lines(paragraph, measure=measure, width=face.advances.__getitem__)


def _line(text: str, *, face: Typeface, size: float) -> Line:
    seen = text.rstrip(" \u3000")
    return Line(face.runs(seen) if seen else (), face.width(seen, size=size))
