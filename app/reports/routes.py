"""Documents people take away."""

from collections.abc import Iterable
from typing import Final, cast
from uuid import UUID

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.inspections.queries.campaigns import progress_page
from app.inspections.queries.sealed import SealedSheet, sealed_sheet
from app.inspections.routes.access_log import log_access, log_campaign_access
from app.inspections.routes.campaigns import wanted_rows
from app.kernel.ids import CampaignId, InspectionId
from app.reports.commands import kept_document, read_document
from app.reports.models import KeptDocument
from app.reports.queries import document_number, inspection_pdf, inspection_workbook
from app.reports.queries.campaign import campaign_report, imprint
from app.web.access import actor, now, requires, today
from app.web.addresses import numbered

blueprint = Blueprint("reports", __name__, template_folder="templates")
WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def _attachment(content: bytes | Iterable[bytes], *, name: str, mimetype: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=mimetype, headers=headers)


# --------------------------------------------------------------------------------------------- one sheet


@blueprint.get("/inspections/<uuid:inspection_id>/report.pdf")
@requires(Permission.UNIT_INSPECTION_READ)
def inspection_report(inspection_id: UUID) -> ResponseReturnValue:
    """The result of a sealed sheet: the kept bytes; made from the same seal where keeping was cut short."""
    found, kept = _sealed(inspection_id)
    log_access(inspection_id=found.sheet.id, unit_id=found.sheet.unit_id, act="document.read")
    content = (
        read_document(kept, folder=_settings().evidence_path)
        if kept
        else inspection_pdf(found, settings=_settings())
    )
    return _attachment(content, name=f"{document_number(found)}.pdf", mimetype="application/pdf")


@blueprint.get("/inspections/<uuid:inspection_id>/report.xlsx")
@requires(Permission.UNIT_INSPECTION_READ)
def inspection_workbook_file(inspection_id: UUID) -> ResponseReturnValue:
    """The same result as a workbook: made anew from the seal, which always gives the same bytes."""
    found, _ = _sealed(inspection_id)
    log_access(inspection_id=found.sheet.id, unit_id=found.sheet.unit_id, act="document.workbook-read")
    content = inspection_workbook(found, settings=_settings())
    return _attachment(content, name=f"{document_number(found)}.xlsx", mimetype=WORKBOOK)


def _sealed(inspection_id: UUID) -> tuple[SealedSheet, KeptDocument | None]:
    with reading() as session:
        found = sealed_sheet(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), number=numbered("revision")
        )
        return found, kept_document(session, found=found)


# -------------------------------------------------------------------------------------- a whole campaign


@blueprint.get("/campaigns/<uuid:campaign_id>/progress.xlsx")
@requires(Permission.CITY_PROGRESS_READ)
def progress_workbook(campaign_id: UUID) -> ResponseReturnValue:
    """The filtered progress list as a workbook."""
    # Here, because the library takes long to import, and the command line mostly makes no workbook.
    from app.reports.excel.progress_list import render  # noqa: PLC0415

    with reading() as session:
        page = progress_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), wanted=wanted_rows(), today=today()
        )
    log_campaign_access(campaign_id=page.campaign.id, act="campaign.progress-workbook")
    content = render(
        page.rows, imprint=imprint(settings=_settings(), now=now()), campaign=page.campaign.title
    )
    name = f"progress-{page.campaign.fiscal_year.year}-{today().isoformat()}.xlsx"
    return _attachment(content, name=name, mimetype=WORKBOOK)


@blueprint.get("/campaigns/<uuid:campaign_id>/results.xlsx")
@requires(Permission.CITY_PROGRESS_READ)
def results_workbook(campaign_id: UUID) -> ResponseReturnValue:
    """The results of all units as a workbook, as they are now."""
    from app.reports.excel.campaign_result import render  # noqa: PLC0415 - as above

    with reading() as session:
        report = campaign_report(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), settings=_settings(), now=now()
        )
    log_campaign_access(campaign_id=CampaignId(campaign_id), act="campaign.results-workbook")
    return _attachment(render(report), name=f"results-{today().isoformat()}.xlsx", mimetype=WORKBOOK)
