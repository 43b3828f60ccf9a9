"""Checklists of one 臨時点検: a few questions asked once, each time under a code of their own, so that nothing goes on from them."""

from typing import Final

_PREFIX: Final = "special_"


def is_special(code: str) -> bool:
    """Return whether a checklist was made for one 臨時点検."""
    return code.startswith(_PREFIX)


def special_code(year: int, *, number: int) -> str:
    """Return the code of the so-and-so-many-th 臨時点検 of a fiscal year."""
    return f"{_PREFIX}{year}_{number:02d}"
