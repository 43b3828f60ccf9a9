"""Plain text and CSV: readable in UTF-8 or in the Windows code page of Japan, and not markup in disguise."""

import re
from typing import Final

_ENCODINGS: Final = ("utf-8-sig", "cp932")
_ALLOWED_CONTROLS: Final = frozenset("\t\n\r\f\x1a")
"""0x1A ends texts of old programs."""
_MARKUP: Final = re.compile(
    r"\A\s*+<[a-z!?/]|"
    r"<\s*+(?:!doctype|html|head|body|script|style|i?frame|frameset|object|embed|applet|svg|math|img|meta|base|link|form|\?xml)\b",
    re.IGNORECASE,
)
"""The spaces are never given back: megabytes of them would be tried again and again."""
UNREADABLE: Final = "文字として読めません。文字コードをUTF-8かシフトJISにして保存し直してください。"
MARKUP: Final = "ウェブページやプログラムの書き方（<script> など）が入っているため、付けられません。PDFにして付けてください。"


def text_problem(data: bytes) -> str | None:
    """Return why bytes are no plain text."""
    text = _decoded(data)
    if text is None or any(ord(one) < ord(" ") and one not in _ALLOWED_CONTROLS for one in set(text)):
        return UNREADABLE
    return MARKUP if _MARKUP.search(text) else None


def _decoded(data: bytes) -> str | None:
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
