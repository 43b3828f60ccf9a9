"""What the address of a list or of the board asks for; whatever it does not know is left at its default."""

from typing import cast
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.inspections.queries.board import BoardView
from app.inspections.queries.campaigns import STANDING_LABELS, ProgressFilter
from app.inspections.rules.board import Order
from app.inspections.rules.score_change import Measure
from app.kernel.ids import UnitId


def wanted_rows(asked: MultiDict[str, str]) -> ProgressFilter:
    """Read which rows of the progress are shown (`?state=`, `?department=`, `?overdue=1`)."""
    state = asked.get("state", "")
    return ProgressFilter(
        standing=state if state in STANDING_LABELS else None,
        department=cast("UnitId | None", asked.get("department", type=UUID)),
        overdue_only=asked.get("overdue") == "1",
    )


def board_view(asked: MultiDict[str, str]) -> BoardView:
    """Read how the board is looked at (`?order=`, `?score=`)."""
    order, measure = asked.get("order", ""), asked.get("score", "")
    return BoardView(
        order=Order(order) if order in set(Order) else Order.WEAK,
        measure=Measure(measure) if measure in set(Measure) else Measure.SELF,
    )
