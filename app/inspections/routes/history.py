"""The auditor's pages: the history of a sheet and of one item, and the whole sheet on one page."""

from uuid import UUID

from flask import render_template, request

from app.access.permissions import Permission
from app.access.policy import may
from app.db.session import reading
from app.inspections.queries.access_log import READER
from app.inspections.queries.history import (
    checked_chain,
    history_page,
    item_history_page,
)
from app.inspections.queries.whole import whole_page
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.kernel.ids import InspectionId, ItemId
from app.web.access import actor, requires, today
from app.web.addresses import numbered


@blueprint.get("/inspections/<uuid:inspection_id>/history")
@requires(Permission.UNIT_INSPECTION_HISTORY)
def history(inspection_id: UUID) -> str:
    """Everything that happened to a sheet; with `check=1` its chain in the journal is verified as well."""
    sheet_id, number = InspectionId(inspection_id), request.args.get("page", 1, type=int)
    with reading() as session:
        page = history_page(session, actor=actor(), inspection_id=sheet_id, number=number, today=today())
        wanted = request.args.get("check") == "1"
        check = checked_chain(session, actor=actor(), inspection_id=sheet_id) if wanted else None
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.history")
    return render_template(
        "inspections/history.html", page=page, check=check, may_read_log=may(READER, actor=actor())
    )


@blueprint.get("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/history")
@requires(Permission.UNIT_INSPECTION_HISTORY)
def item_history(inspection_id: UUID, item_id: UUID) -> str:
    """Every version of one answer, every judgement and every return of it."""
    with reading() as session:
        page = item_history_page(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            today=today(),
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.item-history")
    return render_template("inspections/history_item.html", page=page)


@blueprint.get("/inspections/<uuid:inspection_id>/all")
@requires(Permission.UNIT_INSPECTION_READ)
def sheet_all(inspection_id: UUID) -> str:
    """The whole sheet on one page, to be read and printed."""
    with reading() as session:
        page = whole_page(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            today=today(),
            number=numbered("revision"),
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.all")
    return render_template("inspections/sheet_all.html", page=page, revision=numbered("revision"))
