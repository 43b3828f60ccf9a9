"""Checklists of one 臨時点検: a few questions asked once, each time under a code of their own, so that nothing goes on from them."""

import re
from dataclasses import dataclass
from typing import Final

from app.checklists.rules.edition import Edition
from app.kernel.text import clean

MODEL: Final = "department"
"""The standing checklist whose scale, scoring and grades they take, so that every score means the same."""
HOW_TO_CHECK: Final = "書類や画面、現場を見て確かめます。"
"""What stands where nobody wrote how to check."""
LONGEST_STATEMENT: Final = 80
LONGEST_TEXT: Final = 600
_PREFIX: Final = "special_"
_BREAKS: Final = re.compile(r"[ \t]*[\n\t\u2028\u2029]+[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question: what is asked, and how to check it, which may be left out."""

    statement: str
    guidance: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written."""
        return not (clean(self.statement) or clean(self.guidance))


def questions_of(edition: Edition) -> tuple[Question, ...]:
    """Return the questions that an edition was made of."""
    return tuple(
        Question(
            statement=item.statement,
            guidance="" if item.how_to_check == HOW_TO_CHECK else item.how_to_check,
        )
        for item in edition.items.values()
    )


def is_special(code: str) -> bool:
    """Return whether a checklist was made for one 臨時点検."""
    return code.startswith(_PREFIX)


def special_code(year: int, *, number: int) -> str:
    """Return the code of the so-and-so-many-th 臨時点検 of a fiscal year."""
    return f"{_PREFIX}{year}_{number:02d}"


def special_number(code: str, *, year: int) -> int:
    """Return which 臨時点検 of a fiscal year a code stands for; 0 where it is none of that year."""
    found = re.fullmatch(rf"{_PREFIX}{year}_([0-9]{{2,4}})", code)
    return int(found[1]) if found else 0


def one_line(text: str) -> str:
    """Return a text as an edition keeps it: its lines behind one another."""
    return _BREAKS.sub("　", clean(text))
