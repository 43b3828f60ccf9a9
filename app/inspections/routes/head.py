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
from app.inspections.queries.lists import sheets_to_approve
from app.inspections.queries.working import time_spent
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.rules import whole_minutes
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
        spent = time_spent(session, revision_id=page.head.sheet.revision_id)
        queue = sheets_to_approve(session, actor=actor(), today=today()) if page.may_decide else ()
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/approval.html",
        page=page,
        approve_form=approve_form,
        return_form=return_form,
        minutes=whole_minutes(spent),
        others=[line for line in queue if line.id != page.head.sheet.id],
        measures=MEASURE,
        causes=CAUSE,
        signed=signed_points,
    )


def _following(inspection_id: UUID) -> tuple[str, str]:
    """Return the page that follows a decision and what to say of it: the next sheet of the queue, or else the decided one."""
    with reading() as session:
        queue = sheets_to_approve(session, actor=actor(), today=today())
    others = [line for line in queue if line.id != inspection_id]
    if not others:
        return url_for("inspections.inspection", inspection_id=inspection_id), ""
    following = others[0]
    words = f"つづいて、{following.unit_name}の点検票です（残り{len(others)}件）。"
    return url_for("inspections.approval", inspection_id=following.id), words


@blueprint.post("/inspections/<uuid:inspection_id>/approve")
@requires(Permission.UNIT_INSPECTION_APPROVE)
def approve_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Approve exactly what was shown and pass it on."""
    form = ApproveForm()
    if not form.validate():
        return _page(inspection_id, approve_form=form, return_form=ReturnForm(formdata=None)), 422
    digest, comment = str(form.digest.data), str(form.comment.data or "")
    to, words = _following(inspection_id)
    return perform(
        lambda session: approve(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            seen_digest=digest,
            comment=comment,
            now=now(),
        ),
        to=to,
        message="承認しました。点検票を情報主管課へ提出しました。" + words,
    )


@blueprint.post("/inspections/<uuid:inspection_id>/return")
@requires(Permission.UNIT_INSPECTION_APPROVE)
def return_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Give the sheet back to the clerk with a reason."""
    form = ReturnForm()
    if not form.validate() or not re.fullmatch("[0-9]{1,9}", str(form.version.data)):
        return _page(inspection_id, approve_form=ApproveForm(formdata=None), return_form=form), 422
    seen, reason = int(form.version.data or 0), str(form.reason.data)
    to, words = _following(inspection_id)
    return perform(
        lambda session: return_to_clerk(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            reason=reason,
            seen_version=seen,
            now=now(),
        ),
        to=to,
        message="担当者へ差し戻しました。" + words,
    )
