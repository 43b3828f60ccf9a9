"""The figures of the board, frozen for a document."""

from typing import Final

from app.inspections.queries.board import BoardPage, BoardRow, BoardSection
from app.inspections.queries.campaigns import STANDING_LABELS
from app.inspections.rules.score_change import Measure
from app.inspections.texts import MEASURE, NEED, ORDER
from app.reports.queries import figure_of
from app.reports.rules.campaign import BoardCell, BoardFigures, BoardLine, BoardMean, BoardMiss, BoardStage

MISSED: Final = 10
DROPPED: Final = 10
_NOT_DUE: Final = BoardCell(text="・", tone=None)
_NOT_KEPT: Final = BoardCell(text="―", tone=None)


def board_figures(page: BoardPage) -> BoardFigures:
    """Return what a document shows of a board."""
    lines = {row.inspection_id: _line(row, page=page) for row in page.rows}
    fallen = sorted((row for row in page.rows if (row.points_changed or 0) < 0), key=_by_change)
    return BoardFigures(
        measure=MEASURE[page.view.measure],
        order=ORDER[page.view.order],
        scored=page.scored,
        target=figure_of(page.target).text,
        stages=tuple(
            BoardStage(
                label=bar.label,
                count=bar.count,
                detail="、".join(f"{STANDING_LABELS[code]} {count}" for code, count in bar.parts),
                tone=str(bar.tone),
            )
            for bar in page.counts.bars
        ),
        whole=BoardMean(
            number="",
            title="総合",
            short="総合",
            now=figure_of(page.mean),
            last=figure_of(page.change.before if page.change else None),
            low=page.mean is not None and page.mean < page.target,
        ),
        means=tuple(_mean(section, page=page) for section in page.sections),
        lines=tuple(lines.values()),
        dropped=tuple(lines[row.inspection_id] for row in fallen[:DROPPED]),
        support=tuple(lines[row.inspection_id] for row in page.support),
        support_more=page.support_more,
        missed=tuple(
            BoardMiss(number=one.item.number, statement=one.item.statement, units=len(one.rows))
            for one in page.missed[:MISSED]
        ),
    )


def _by_change(row: BoardRow) -> tuple[int, int]:
    return row.points_changed or 0, row.place


def _mean(section: BoardSection, *, page: BoardPage) -> BoardMean:
    return BoardMean(
        number=str(section.number),
        title=section.title,
        short=section.short,
        now=figure_of(section.now),
        last=figure_of(section.last),
        low=section.now is not None and section.now < page.target,
    )


def _line(row: BoardRow, *, page: BoardPage) -> BoardLine:
    return BoardLine(
        department=row.department,
        name=row.name,
        state=row.label,
        cells=tuple(_cell(row, section.slug, page=page) for section in page.sections),
        score=figure_of(row.share),
        change=_change(row.points_changed),
        points=row.points_changed,
        reasons="・".join(NEED[need] for need in row.needs),
    )


def _cell(row: BoardRow, slug: str, *, page: BoardPage) -> BoardCell:
    if row.share is None:
        return BoardCell(text="未提出" if page.view.measure is Measure.SELF else "審査前", tone=None)
    if not row.cells:
        return _NOT_KEPT
    cell = row.cells.get(slug)
    return BoardCell(text=cell.text, tone=cell.tone) if cell else _NOT_DUE


def _change(points: int | None) -> str:
    if points is None:
        return "―"
    sign = "▲" if points > 0 else "▼" if points < 0 else "±"
    return f"{sign} {abs(points)}"
