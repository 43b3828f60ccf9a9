"""The embedded fonts: loaded once for a process, with fallback, and right when text is copied or searched.

Chain: BIZ UDPGothic (Regular, Bold), then Noto Sans JP for the kanji BIZ lacks (𠮷), then 〓. Only these
are ever written to a document. ReportLab keeps fonts in process-wide tables and moves a shared file
position while it writes subsets, so loading and writing hold `WRITING`; measuring text needs no lock.
"""

from __future__ import annotations

import threading
import unicodedata
from enum import Enum
from pathlib import Path
from typing import cast

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument, PDFStream
from reportlab.pdfbase.ttfonts import TTFont

WRITING = threading.RLock()
"""Held while fonts are loaded and while a document is written."""

GETA = "〓"
"""Stands for a character that no embedded font can show, as printers have always done."""

ASCENT = 0.88
"""Height of the em box above the baseline, in em (BIZ UDPGothic: 1802 of 2048 units)."""

_FOLDER = Path(__file__).parent / "fonts"
_CMAP_BLOCK = 100  # the PDF specification allows at most 100 mappings in one bfchar block

Run = tuple[str, str]
"""(font name, text): a stretch of text that one font can show."""


class Weight(Enum):
    """The two weights of the document; the value is the name of the primary font."""

    REGULAR = "BIZUDPGothic"
    BOLD = "BIZUDPGothic-Bold"


_FALLBACK = "NotoSansJP"
_FILES = {
    Weight.REGULAR.value: _FOLDER / "BIZUDPGothic" / "Regular.ttf",
    Weight.BOLD.value: _FOLDER / "BIZUDPGothic" / "Bold.ttf",
    _FALLBACK: _FOLDER / "NotoSansJP" / "Regular.ttf",
}


class EmbeddedFont(TTFont):
    """A TrueType font whose ToUnicode map is right outside the basic plane too.

    ReportLab writes code points as plain numbers there; the format wants UTF-16, so 𠮷 would be copied as
    another character.
    """

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802  # the name ReportLab calls
        """Write the font into the document, then replace each subset's ToUnicode map."""
        subsets = list(self.state[doc].subsets)
        super().addObjects(doc)
        maps = [key for key in doc.idToObject if key.startswith("toUnicodeCMap:") and self._owns(key)]
        for key, subset in zip(maps, subsets, strict=True):
            stream = cast("PDFStream", doc.idToObject[key])
            stream.content = to_unicode_map(key.partition(":")[2], codes=subset)

    def _owns(self, key: str) -> bool:
        family = (
            self.face.name.decode("latin-1") if isinstance(self.face.name, bytes) else str(self.face.name)
        )
        return key.endswith("+" + family)


def to_unicode_map(name: str, *, codes: list[int]) -> str:
    """The ToUnicode CMap of a subset: position in `codes` → UTF-16BE of the code point."""
    entries = [f"<{index:02X}> <{_utf16(code)}>" for index, code in enumerate(codes)]
    blocks = [entries[at : at + _CMAP_BLOCK] for at in range(0, len(entries), _CMAP_BLOCK)]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            f"/CIDSystemInfo << /Registry ({name}) /Ordering ({name}) /Supplement 0 >> def",
            f"/CMapName /{name} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            f"<00> <{len(codes) - 1:02X}>",
            "endcodespacerange",
            *(line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )


def _utf16(code: int) -> str:
    return chr(code).encode("utf-16-be").hex().upper()


class Advances(dict[str, float]):
    """Advance width of a character in em, filled as characters are met."""

    def __init__(self, primary: EmbeddedFont, fallback: EmbeddedFont) -> None:
        super().__init__()
        self._primary, self._fallback = primary.face, fallback.face

    def __missing__(self, char: str) -> float:
        code = ord(char)
        face = self._primary if code in self._primary.charToGlyph else self._fallback
        self[char] = face.charWidths.get(code, face.defaultWidth) / 1000
        return self[char]


class Typeface:
    """One weight with its fallback: what it can show, how wide that is, and which font shows which part."""

    def __init__(self, primary: EmbeddedFont, fallback: EmbeddedFont) -> None:
        self.name = primary.fontName
        self.advances = Advances(primary, fallback)
        self.own = frozenset(map(chr, primary.face.charToGlyph))
        self.shown = self.own | frozenset(map(chr, fallback.face.charToGlyph))
        self._fallback = fallback.fontName

    def width(self, text: str, *, size: float) -> float:
        """Width in points of text without line feeds."""
        return sum(map(self.advances.__getitem__, text)) * size

    def runs(self, text: str) -> tuple[Run, ...]:
        """Split text into runs of one font each; every character must be in `shown`."""
        if self.own.issuperset(text):
            return ((self.name, text),)
        runs: list[Run] = []
        for char in text:
            font = self.name if char in self.own else self._fallback
            if runs and runs[-1][0] == font:
                runs[-1] = (font, runs[-1][1] + char)
            else:
                runs.append((font, char))
        return tuple(runs)


class FontBook:
    """Both typefaces and the set of characters that need no treatment before they are set."""

    def __init__(self, fonts: dict[str, EmbeddedFont]) -> None:
        self.faces = {weight: Typeface(fonts[weight.value], fonts[_FALLBACK]) for weight in Weight}
        shown = frozenset.intersection(*(face.shown for face in self.faces.values()))
        self.shown = frozenset(filter(_stands_alone, shown))


def _stands_alone(char: str) -> bool:
    # Fonts map some format characters and combining marks to glyphs; those still need a decision in context.
    return unicodedata.category(char) not in {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp"}


_loaded: list[FontBook] = []


def font_book() -> FontBook:
    """The fonts of this process; the first call reads and registers the three files (about 0.2 s)."""
    if not _loaded:
        with WRITING:
            if not _loaded:
                _loaded.append(FontBook(_load()))
    return _loaded[0]


def _load() -> dict[str, EmbeddedFont]:
    rl_config.useA85 = 0  # text encoding of the streams: a fifth larger and slow to make
    fonts = {name: EmbeddedFont(name, str(path)) for name, path in _FILES.items()}
    for font in fonts.values():
        pdfmetrics.registerFont(font)
    return fonts
