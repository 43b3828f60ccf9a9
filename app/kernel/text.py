"""What people type: kept as typed, made harmless, and folded only for a search key.

Names are never normalised where they are stored: NFC changes U+FA19 (a form of 神), NFKC changes ㈱ and ①.
"""

import unicodedata

from app.kernel.errors import Problem

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, half width and full."""
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of text: they can make a sentence read as another one."""


def clean(text: str) -> str:
    """Return the text as it is kept: line ends as LF, no white space at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def text_problems(text: str, *, field: str, label: str, longest: int) -> list[Problem]:
    """Return why a text cannot be kept: control characters, direction marks, lone surrogates, length in characters."""
    problems = []
    if has_control_character(text):
        problems.append(
            Problem(
                field=field,
                message=f"{label}に、画面に出ない制御文字が入っています。消してからもう一度送ってください。",
            )
        )
    if any(character in BIDI_CONTROLS for character in text):
        problems.append(
            Problem(
                field=field,
                message=f"{label}に、文字の向きを変える記号が入っています。消してからもう一度送ってください。",
            )
        )
    if len(text) > longest:
        problems.append(
            Problem(
                field=field,
                message=f"{label}は{longest}文字までです（いま{len(text)}文字）。短くしてください。",
            )
        )
    return problems


def has_control_character(text: str) -> bool:
    """Return whether a text holds what nobody can see and some databases cannot keep; line ends and tabs are fine."""
    return any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t"


def harmless_cell(cell: str) -> str:
    """Keep a spreadsheet from reading a cell of a CSV file as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def cell_as_typed(cell: str) -> str:
    """Undo `harmless_cell`, so that a list that was taken away and read in again says the same."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def half_width(typed: str) -> str:
    """Fold a code, number or date to half width; never done to a name."""
    return unicodedata.normalize("NFKC", typed).strip()


def search_key(text: str) -> str:
    """Fold a text for searching: width, case, kana height and the usual variants of surname characters.

    The result is only ever compared with other keys; it is never shown and never stored in place of the text.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        _VARIANTS.get(character, _hiragana(character)) for character in folded if not character.isspace()
    )


def _hiragana(character: str) -> str:
    return chr(ord(character) - 0x60) if "ァ" <= character <= "ヶ" else character


_VARIANTS = {
    **dict.fromkeys("邉邊", "辺"),
    **dict.fromkeys("髙", "高"),
    **dict.fromkeys("﨑嵜", "崎"),
    **dict.fromkeys("𠮷", "吉"),
    **dict.fromkeys("齋齊斎", "斉"),
    **dict.fromkeys("濵濱", "浜"),
    **dict.fromkeys("澤", "沢"),
    **dict.fromkeys("﨔", "欅"),
    **dict.fromkeys("塚", "塚"),
    **dict.fromkeys("-‐–—―−", "ー"),
}
