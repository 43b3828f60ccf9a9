"""Signs and words of documents."""

from typing import Final

from app.reports.rules import LevelMark
from app.reports.rules.requests import BundleKind, RequestState

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

BUNDLE: Final = {
    BundleKind.ALL: "PDFとExcel",
    BundleKind.PDF: "PDFだけ",
    BundleKind.XLSX: "Excelだけ",
}
REQUEST_STATE: Final = {
    RequestState.WAITING: "作成待ち",
    RequestState.MADE: "できました",
    RequestState.FAILED: "作れませんでした",
    RequestState.REMOVED: "保存期間が過ぎた",
}
MAKING: Final = "作成中"
"""A request that a round is at."""
