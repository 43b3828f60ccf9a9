"""The board: the whole city at a glance, every figure from rows that were kept with the sheets."""

from app.inspections.queries.board.city import (
    BoardPage,
    BoardRow,
    BoardSection,
    BoardView,
    Cell,
    MissedItem,
    RatingLine,
    board_page,
)
from app.inspections.queries.board.differences import ChangeLine, DifferencePage, difference_page
from app.inspections.queries.board.next_actions import NextActions, next_actions
from app.inspections.queries.board.units import Comparison, ComparisonLine, UnitBoardPage, unit_board_page

__all__ = [
    "BoardPage",
    "BoardRow",
    "BoardSection",
    "BoardView",
    "Cell",
    "ChangeLine",
    "Comparison",
    "ComparisonLine",
    "DifferencePage",
    "MissedItem",
    "NextActions",
    "RatingLine",
    "UnitBoardPage",
    "board_page",
    "difference_page",
    "next_actions",
    "unit_board_page",
]
