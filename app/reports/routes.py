"""Documents people take away."""

from typing import cast
from uuid import UUID

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.inspections.queries.sealed import sealed_sheet
from app.inspections.routes.access_log import log_access
from app.kernel.ids import InspectionId
from app.reports.commands import kept_document, read_document
from app.reports.queries import document_number, inspection_pdf
from app.web.access import actor, requires
from app.web.addresses import numbered

blueprint = Blueprint("reports", __name__)


@blueprint.get("/inspections/<uuid:inspection_id>/report.pdf")
@requires(Permission.UNIT_INSPECTION_READ)
def inspection_report(inspection_id: UUID) -> ResponseReturnValue:
    """The result of a sealed sheet: the kept bytes; made from the same seal where keeping was cut short."""
    settings = cast("Settings", current_app.extensions["settings"])
    with reading() as session:
        found = sealed_sheet(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), number=numbered("revision")
        )
        kept = kept_document(session, found=found)
    log_access(inspection_id=found.sheet.id, unit_id=found.sheet.unit_id, act="document.read")
    content = (
        read_document(kept, folder=settings.evidence_path)
        if kept
        else inspection_pdf(found, settings=settings)
    )
    headers = {"Content-Disposition": f'attachment; filename="{document_number(found)}.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)
