"""Documents people take away."""

import hashlib
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.inspections.forms.addresses import board_view, wanted_rows
from app.inspections.queries.campaigns import progress_page
from app.inspections.queries.sealed import SealedSheet, sealed_sheet
from app.inspections.routes.access_log import log_access, log_campaign_access
from app.kernel.clock import business_date
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, InspectionId
from app.kernel.ports import Ports
from app.reminders.queries.pages import reminder_page
from app.reports.commands import kept_document, read_document
from app.reports.commands.requests import bundle_path, request_documents
from app.reports.forms import BundleForm
from app.reports.models import KeptDocument
from app.reports.queries import document_number, inspection_pdf, inspection_workbook
from app.reports.queries.campaign import campaign_report, imprint
from app.reports.queries.requests import documents_page, made_bundle
from app.reports.texts import BUNDLE, MAKING, REQUEST_STATE
from app.web.access import actor, now, requires, today
from app.web.addresses import numbered
from app.web.forms import key_for_page, perform

blueprint = Blueprint("reports", __name__, template_folder="templates")
UNPROCESSABLE: Final = 422
WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def _attachment(content: bytes, *, name: str, mimetype: str, shown: str = "") -> Response:
    """Give a file; `shown` is its Japanese name, where it has one, and `name` what stands in for it in old programs."""
    japanese = f"; filename*=UTF-8''{quote(shown)}" if shown else ""
    headers = {"Content-Disposition": f'attachment; filename="{name}"{japanese}'}
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
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            wanted=wanted_rows(request.args),
            today=today(),
        )
    log_campaign_access(campaign_id=page.campaign.id, act="campaign.progress-workbook")
    content = render(
        page.rows, imprint=imprint(settings=_settings(), now=now()), campaign=page.campaign.title
    )
    name = f"progress-{page.campaign.fiscal_year.year}-{today().isoformat()}.xlsx"
    return _attachment(content, name=name, mimetype=WORKBOOK)


@blueprint.get("/campaigns/<uuid:campaign_id>/reminders.xlsx")
@requires(Permission.CITY_PROGRESS_READ)
def reminder_workbook(campaign_id: UUID) -> ResponseReturnValue:
    """督促リスト as a workbook; only late departments with `?late=1`."""
    from app.reports.excel.reminder_list import render  # noqa: PLC0415 - as above

    with reading() as session:
        page = reminder_page(session, actor=actor(), campaign_id=CampaignId(campaign_id), today=today())
    campaign = page.campaign.line
    log_campaign_access(campaign_id=campaign.id, act="campaign.reminder-file")
    content = render(
        page.shown(late=request.args.get("late") == "1"),
        imprint=imprint(settings=_settings(), now=now()),
        campaign=campaign.title,
    )
    # Under the name that its CSV has too.
    shown = f"督促リスト-{today().isoformat()}.xlsx"
    return _attachment(content, name="list.xlsx", mimetype=WORKBOOK, shown=shown)


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


@blueprint.get("/campaigns/<uuid:campaign_id>/board.pdf")
@requires(Permission.CITY_PROGRESS_READ)
def board_document(campaign_id: UUID) -> ResponseReturnValue:
    """The board as a document of that moment, looked at as the page was (`?score=`, `?order=`)."""
    from app.reports.pdf.board import render  # noqa: PLC0415 - as above

    with reading() as session:
        report = campaign_report(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            settings=_settings(),
            now=now(),
            view=board_view(request.args),
        )
    log_campaign_access(campaign_id=CampaignId(campaign_id), act="campaign.board-document")
    return _attachment(render(report), name=f"board-{today().isoformat()}.pdf", mimetype="application/pdf")


# ------------------------------------------------------------------- the documents of many sheets at once


@blueprint.get("/campaigns/<uuid:campaign_id>/documents")
@requires(Permission.CITY_PROGRESS_READ)
def campaign_documents(campaign_id: UUID) -> str:
    """Show what can be taken away of a campaign, and what was asked for."""
    return _documents_page(campaign_id, form=BundleForm(formdata=None))


@blueprint.post("/campaigns/<uuid:campaign_id>/documents")
@requires(Permission.CITY_PROGRESS_READ)
def ask_for_documents(campaign_id: UUID) -> ResponseReturnValue:
    """Have the documents of all sealed sheets made by the regular jobs."""
    form = BundleForm()
    if not form.validate():
        return _documents_page(campaign_id, form=form), UNPROCESSABLE
    reply = perform(
        lambda session: request_documents(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), kind=form.chosen, now=now()
        ),
        to=url_for("reports.campaign_documents", campaign_id=campaign_id),
        message=lambda fresh: (
            "書類を作り始めます。できると、下の表から取り出せます。"
            if fresh
            else "同じ書類を、いま作っています。できるまでお待ちください。"
        ),
    )
    for hurry in cast("Ports", current_app.extensions["ports"]).hurry:
        hurry()
    return reply


@blueprint.get("/campaigns/<uuid:campaign_id>/documents/<uuid:request_id>.zip")
@requires(Permission.CITY_PROGRESS_READ)
def documents_archive(campaign_id: UUID, request_id: UUID) -> ResponseReturnValue:
    """Give a finished archive."""
    with reading() as session:
        bundle = made_bundle(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), request_id=request_id
        )
    path = bundle_path(bundle.id, folder=_settings().documents_path)
    if not path.is_file() or _digest(path) != bundle.digest:
        raise NotNow("この書類のファイルが、なくなっているか壊れています。もう一度作ってください。")
    log_campaign_access(campaign_id=CampaignId(campaign_id), act="campaign.documents-file")
    name = f"documents-{bundle.kind.value}-{business_date(bundle.made_at).isoformat()}.zip"
    return send_file(path, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _documents_page(campaign_id: UUID, *, form: BundleForm) -> str:
    settings = _settings()
    with reading() as session:
        page = documents_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), days=settings.documents_days
        )
    return render_template(
        "reports/campaign_documents.html",
        page=page,
        form=form,
        kinds=BUNDLE,
        states=REQUEST_STATE,
        making=MAKING,
        days=settings.documents_days,
        key=key_for_page(),
    )
