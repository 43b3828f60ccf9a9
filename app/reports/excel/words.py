"""What a cell holds of a text: all of it as typed, what nobody could see made visible, and never cut in silence."""

import re
from typing import Final

from app.kernel.text import BIDI_CONTROLS

LONGEST: Final = 32_767
"""UTF-16 units that a cell holds; a character beyond the basic plane (𠮷, an emoji) takes two."""
CUT: Final = "…（長いため、ここまでを載せました。全文はシステムにあります。）"
_LINE_END: Final = re.compile("\r\n?|\x0b|\x0c")
# Control characters, direction marks, halves of surrogate pairs, and what XML has no place for. The line feed stays.
_UNSEEN: Final = re.compile(
    f"[\x00-\x08\x0e-\x1f\x7f-\x9f{''.join(sorted(BIDI_CONTROLS))}\ud800-\udfff\ufffe\uffff]"
)
_ODD: Final = re.compile(f"{_LINE_END.pattern}|\t|{_UNSEEN.pattern}")


def cell_text(text: str) -> str:
    """Return a text as it stands in a cell.

    Variation selectors, emoji and rare characters stay as they are; 〔U+0007〕 stands for what is not seen,
    and a wide space for a tab, which Excel shows as nothing.
    """
    if text.isprintable() and len(text) <= LONGEST // 2:
        return text
    if _ODD.search(text):
        text = _UNSEEN.sub(
            lambda found: f"〔U+{ord(found[0]):04X}〕", _LINE_END.sub("\n", text.replace("\t", "　"))
        )
    return text if len(text) <= LONGEST // 2 else _cut(text)


def _cut(text: str) -> str:
    if _units(text) <= LONGEST:
        return text
    room = LONGEST - _units(CUT)
    kept = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore")
    return kept + CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
