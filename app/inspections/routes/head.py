"""The head's pages: approve, or give back with a reason."""

import re
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands.hand_over import approve, return_to_clerk
from app.inspections.forms.head import ApproveForm, ReturnForm
from app.inspections.queries.head import head_page
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.texts import CAUSE, MEASURE, signed_points
from app.kernel.ids import InspectionId
from app.web.access import actor, now, requires, today
from app.web.forms import perform


@blueprint.get("/inspections/<uuid:inspection_id>/approval")
@requires(Permission.UNIT_INSPECTION_READ)
def approval(inspection_id: UUID) -> str:
    """What changed since last year, and the decision."""
    return _page(inspection_id, approve_form=ApproveForm(), return_form=ReturnForm())


def _page(inspection_id: UUID, *, approve_form: ApproveForm, return_form: ReturnForm) -> str:
    with reading() as session:
        page = head_page(session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today())
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/approval.html",
        page=page,
        approve_form=approve_form,
        return_form=return_form,
        measures=MEASURE,
        causes=CAUSE,
        signed=signed_points,
    )


@blueprint.post("/inspections/<uuid:inspection_id>/approve")
@requires(Permission.UNIT_INSPECTION_APPROVE)
def approve_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Approve exactly what was shown and pass it on."""
    form = ApproveForm()
    if not form.validate():
        return _page(inspection_id, approve_form=form, return_form=ReturnForm(formdata=None)), 422
    digest, comment = str(form.digest.data), str(form.comment.data or "")
    return perform(
        lambda session: approve(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            seen_digest=digest,
            comment=comment,
            now=now(),
        ),
        to=url_for("inspections.inspection", inspection_id=inspection_id),
        message="承認しました。点検票を情報主管課へ提出しました。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/return")
@requires(Permission.UNIT_INSPECTION_APPROVE)
def return_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Give the sheet back to the clerk with a reason."""
    form = ReturnForm()
    if not form.validate() or not re.fullmatch("[0-9]{1,9}", str(form.version.data)):
        return _page(inspection_id, approve_form=ApproveForm(formdata=None), return_form=form), 422
    seen, reason = int(form.version.data or 0), str(form.reason.data)
    return perform(
        lambda session: return_to_clerk(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            reason=reason,
            seen_version=seen,
            now=now(),
        ),
        to=url_for("inspections.inspection", inspection_id=inspection_id),
        message="担当者へ差し戻しました。",
    )
