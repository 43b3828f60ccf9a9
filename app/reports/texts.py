"""Signs and words of documents."""

from typing import Final

from app.reports.rules import LevelMark

SIGN: Final = {
    LevelMark.DONE: "○",
    LevelMark.PARTLY: "△",
    LevelMark.NOT_DONE: "×",
    LevelMark.NOT_APPLICABLE: "―",
    LevelMark.EXCEPTION: "例",
    LevelMark.UNKNOWN: "？",
    LevelMark.UNANSWERED: "未",
}
"""One character for each meaning, for tables in which a word has no room."""
