"""The difference from the year before, opened: for the city, each section and each unit, in work and ruler."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import Inspection, Revision, ScoreChangeSummary
from app.inspections.queries.board.city import BoardPage, BoardRow, BoardView, board_page
from app.inspections.queries.board.figures import change_of
from app.inspections.rules.score_change import Cause, Measure, ScoreChange, mean_of
from app.kernel.ids import CampaignId, InspectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One line: a section or a unit, with the number of sheets that it is the mean of."""

    name: str
    change: ScoreChange
    sheets: int
    row: BoardRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferencePage:
    """Why the city's score differs from the year before. `causes`: those that have a part in anything shown."""

    board: BoardPage
    causes: tuple[Cause, ...]
    sections: tuple[ChangeLine, ...]
    units: tuple[ChangeLine, ...]


_CHANGES: Final = ScoreChangeSummary.__table__.c
_REVISIONS: Final = Revision.__table__.c
_INSPECTIONS: Final = Inspection.__table__.c
_OF_SECTIONS: Final = (
    select(_INSPECTIONS.id.label("inspection_id"), *_CHANGES)
    .join_from(ScoreChangeSummary.__table__, Revision.__table__, _REVISIONS.id == _CHANGES.revision_id)
    .join(Inspection.__table__, _INSPECTIONS.id == _REVISIONS.inspection_id)
    .where(
        _INSPECTIONS.campaign_id == bindparam("campaign"),
        _REVISIONS.current.is_(True),
        _CHANGES.measure == bindparam("measure"),
        _CHANGES.section != "",
    )
)


def difference_page(
    session: Session, *, actor: Actor, campaign_id: CampaignId, view: BoardView, today: date
) -> DifferencePage:
    """Return the difference of a campaign in its parts: the statements of the board and one more.

    Raises:
        NotAllowed, NotFound, NotNow: as the board does.
    """
    board = board_page(session, actor=actor, campaign_id=campaign_id, view=view, today=today)
    compared = {row.inspection_id for row in board.rows if row.change is not None}
    by_section = _by_section(session, campaign_id=campaign_id, measure=view.measure, compared=compared)
    sections = tuple(
        ChangeLine(name=f"{section.number}　{section.title}", change=change, sheets=len(found))
        for section in board.sections
        if (found := by_section.get(section.slug)) and (change := mean_of(found)) is not None
    )
    units = tuple(
        ChangeLine(name=row.name, change=row.change, sheets=1, row=row)
        for row in board.rows
        if row.change is not None
    )
    shown = {cause for line in (*sections, *units) for cause in line.change.ruler}
    return DifferencePage(
        board=board,
        causes=tuple(cause for cause in Cause if cause in shown),
        sections=sections,
        units=units,
    )


def _by_section(
    session: Session, *, campaign_id: CampaignId, measure: Measure, compared: set[InspectionId]
) -> dict[str, list[ScoreChange]]:
    found: dict[str, list[ScoreChange]] = {}
    rows: list[Row[*tuple[Any, ...]]] = list(
        session.connection().execute(_OF_SECTIONS, {"campaign": campaign_id, "measure": measure.value})
    )
    for row in rows:
        change = change_of(row)
        if change is not None and row.inspection_id in compared:
            found.setdefault(row.section, []).append(change)
    return found
