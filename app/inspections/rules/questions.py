"""Questions of a unit about an item: asked of the lead division, answered there, and kept on the item.

Basis: 市 情報セキュリティ対策基準 (自己点検): わからない is an honest answer; it is worth a reply, and tells what next year's training is about.
"""

from enum import StrEnum
from typing import Final

LONGEST_MESSAGE: Final = 2000
"""Characters in one message."""


class Side(StrEnum):
    """Who speaks: the unit, or the lead division (for its own sheet, whoever reviews in its place)."""

    UNIT = "unit"
    LEAD = "lead"


class QuestionState(StrEnum):
    """Where a question stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


def after_message(side: Side) -> QuestionState:
    """Return the state after somebody has written: a word of the unit opens a closed question again."""
    return QuestionState.WAITING if side is Side.UNIT else QuestionState.ANSWERED
