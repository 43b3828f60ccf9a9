"""The board of a campaign and what its figures open to."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

from flask import current_app, render_template, request, url_for
from markupsafe import Markup, escape

from app.access.permissions import Permission
from app.checklists.rules import percent
from app.db.session import reading
from app.inspections.forms.addresses import board_view
from app.inspections.queries import board as queries
from app.inspections.queries.board import BoardPage, BoardRow, BoardSection
from app.inspections.queries.campaigns import STANDING_LABELS
from app.inspections.routes import blueprint
from app.inspections.rules.score_change import Measure
from app.inspections.texts import CAUSE, MEASURE, NEED, ORDER, signed_points
from app.kernel.ids import CampaignId, UnitId
from app.kernel.ports import Ports
from app.web.access import actor, now, requires, today
from app.web.charts import Axis, Radar, Series, radar

_ENOUGH_AXES: Final = 3
_CELL: Final = '<td class="cell risk-%d"><a href="%s" aria-label="%s %s %s点">%s</a></td>'
_EMPTY: Final = Markup(
    '<td class="cell {}"><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span></td>'
)
_NOT_IN: Final = _EMPTY.format("risk-none", "－", "未提出")
_NOT_REVIEWED: Final = _EMPTY.format("risk-none", "－", "審査前")
_NOT_KEPT: Final = _EMPTY.format("muted", "―", "集計なし")
_NOT_DUE: Final = _EMPTY.format("muted", "・", "対象の項目なし")


@blueprint.get("/campaigns/<uuid:campaign_id>/board")
@requires(Permission.CITY_PROGRESS_READ)
def board(campaign_id: UUID) -> str:
    """Show the whole city at a glance."""
    with reading() as session:
        page = queries.board_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            view=board_view(request.args),
            today=today(),
        )
        ports = cast("Ports", current_app.extensions["ports"])
        actions = queries.next_actions(session, actor=actor(), page=page, ports=ports)
    return _rendered(
        "inspections/board.html", page=page, actions=actions, chart=_radar(page), cells=_Cells(page).of
    )


@blueprint.get("/campaigns/<uuid:campaign_id>/board/items")
@requires(Permission.CITY_PROGRESS_READ)
def board_items(campaign_id: UUID) -> str:
    """Show every missed item with the units that miss it."""
    with reading() as session:
        page = queries.board_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            view=board_view(request.args),
            today=today(),
        )
    return _rendered("inspections/board_items.html", page=page)


@blueprint.get("/campaigns/<uuid:campaign_id>/board/change")
@requires(Permission.CITY_PROGRESS_READ)
def board_change(campaign_id: UUID) -> str:
    """Show why the city's score differs from the year before."""
    with reading() as session:
        page = queries.difference_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            view=board_view(request.args),
            today=today(),
        )
    return _rendered("inspections/board_change.html", page=page.board, difference=page)


@blueprint.get("/campaigns/<uuid:campaign_id>/board/units/<uuid:unit_id>")
@requires(Permission.UNIT_INSPECTION_READ)
def board_unit(campaign_id: UUID, unit_id: UUID) -> str:
    """Show one unit beside the city; its own people see the city's mean and no other unit."""
    with reading() as session:
        page = queries.unit_board_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            unit_id=UnitId(unit_id),
            measure=board_view(request.args).measure,
            today=today(),
        )
    return _rendered("inspections/board_unit.html", page=page)


class _Cells:
    """Writes the cells of a row: a city has a thousand of them, and a template takes ten times as long for each."""

    def __init__(self, page: BoardPage) -> None:
        self._sections = [(section.slug, escape(section.short)) for section in page.sections]
        self._sheets = url_for("inspections.inspection_list")
        without = _NOT_IN if page.view.measure is Measure.SELF else _NOT_REVIEWED
        self._without, self._unkept = without * len(self._sections), _NOT_KEPT * len(self._sections)

    def of(self, row: BoardRow) -> Markup:
        """Return the cells of one row, each a link to the lines that made it, named 「税務課 端末 58点」."""
        if row.share is None:
            return self._without
        if not row.cells:
            return self._unkept
        name, address = escape(row.name), f"{self._sheets}/{row.inspection_id}/score#"
        # Every part is escaped above, or is our own: numbers, codes of sections, ids.
        return Markup(  # noqa: S704
            "".join(
                _CELL % (cell.tone, address + slug, name, short, cell.text, cell.text)
                if (cell := row.cells.get(slug))
                else _NOT_DUE
                for slug, short in self._sections
            )
        )


def _rendered(template: str, **values: object) -> str:
    return render_template(
        template,
        measures=MEASURE,
        orders=ORDER,
        needs=NEED,
        causes=CAUSE,
        signed=signed_points,
        standings=STANDING_LABELS,
        shown_at=now(),
        **values,
    )


def _radar(page: BoardPage) -> Radar | None:
    """Return the radar of the sections that have a mean; under three axes there is nothing to see."""
    sections = [section for section in page.sections if section.now is not None]
    if len(sections) < _ENOUGH_AXES:
        return None
    last = [section.last for section in sections]
    series = [
        Series(kind="target", values=[page.target] * len(sections)),
        *([Series(kind="last", values=last)] if any(value is not None for value in last) else []),
        Series(kind="now", values=[section.now for section in sections]),
    ]
    return radar(_axes(sections, page=page), series=series)


def _axes(sections: Sequence[BoardSection], *, page: BoardPage) -> list[Axis]:
    return [
        Axis(
            label=section.short,
            figure=percent(section.now),
            low=section.now is not None and section.now < page.target,
        )
        for section in sections
    ]
