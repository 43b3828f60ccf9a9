"""The manager's pages: sign-off, giving back to the reviewers, reopening; and the score, for every reader."""

from collections.abc import Callable
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from app.access.permissions import Permission
from app.db.session import reading, transaction
from app.inspections.commands import reopening
from app.inspections.commands import sign_off as commands
from app.inspections.commands.review import resume_review as give_back
from app.inspections.forms.review import ReasonForm, problems_of
from app.inspections.forms.sign_off import DeclineForm, ReopeningForm, SignOffForm
from app.inspections.queries import sign_off as queries
from app.inspections.queries.score import score_page
from app.inspections.queries.sign_off import SignOffPage
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.routes.sealing import follow_sealing
from app.inspections.texts import CAUSE, MEASURE, signed_points
from app.kernel.errors import InvalidInput
from app.kernel.ids import InspectionId
from app.people.commands import prove_again
from app.people.routes import origin
from app.web.access import actor, now, requires, today, visitor
from app.web.addresses import numbered
from app.web.forms import Form, key_for_page, perform


@blueprint.get("/inspections/<uuid:inspection_id>/score")
@requires(Permission.UNIT_INSPECTION_READ)
def score(inspection_id: UUID) -> str:
    """Every figure, opened to the lines that made it."""
    with reading() as session:
        page = score_page(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            today=today(),
            number=numbered("revision"),
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.score")
    return render_template(
        "inspections/sign_off_score.html",
        page=page,
        measures=MEASURE,
        causes=CAUSE,
        signed=signed_points,
    )


@blueprint.get("/inspections/<uuid:inspection_id>/sign-off")
@requires(Permission.UNIT_INSPECTION_SIGN_OFF)
def sign_off_page(inspection_id: UUID) -> str:
    """What is signed off: scores, misses, changes, and who took part."""
    page = _page(inspection_id)
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.sign-off")
    return _render(page)


@blueprint.post("/inspections/<uuid:inspection_id>/sign-off")
@requires(Permission.UNIT_INSPECTION_SIGN_OFF)
def confirm_sign_off(inspection_id: UUID) -> ResponseReturnValue:
    """Prove again who is there, then sign off and seal."""
    form = SignOffForm()
    if not form.validate():
        return _render(_page(inspection_id), form=form), 422
    try:
        prove_again(
            transaction,
            actor=actor(),
            token=visitor().token,
            proof=form.proof,
            origin=origin(),
            now=now(),
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _render(_page(inspection_id), form=form), 422
    reply = perform(
        lambda session: commands.sign_off(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            seen_version=form.seen_version,
            now=now(),
        ),
        to=url_for("inspections.inspection", inspection_id=inspection_id),
        message="確定しました。点検票を封印し、点検結果を記録しました。",
    )
    follow_sealing(InspectionId(inspection_id))
    return reply


@blueprint.post("/inspections/<uuid:inspection_id>/resume-review")
@requires(Permission.UNIT_INSPECTION_SIGN_OFF)
def resume_review(inspection_id: UUID) -> ResponseReturnValue:
    """Give the sheet back to the reviewers, with the reason."""
    form = ReasonForm()
    if not form.validate():
        return _render(_page(inspection_id), reason=form), 422
    try:
        return perform(
            lambda session: give_back(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                reason=form.reason.data or "",
                seen_version=form.seen_version,
                now=now(),
            ),
            to=url_for("inspections.review_queue"),
            message="審査に戻しました。理由は審査担当に見えます。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _render(_page(inspection_id), reason=form), 422


@blueprint.get("/inspections/<uuid:inspection_id>/reopening")
@requires(Permission.UNIT_INSPECTION_REOPEN_REQUEST)
def reopening_page(inspection_id: UUID) -> str:
    """Ask to open a sealed sheet again, or see who asked and why."""
    return _reopening(inspection_id)


@blueprint.post("/inspections/<uuid:inspection_id>/reopening")
@requires(Permission.UNIT_INSPECTION_REOPEN_REQUEST)
def request_reopening(inspection_id: UUID) -> ResponseReturnValue:
    """Ask to open a sealed sheet again; somebody else agrees."""
    form = ReopeningForm()
    return _with_reason(
        inspection_id,
        form=form,
        reason=form.reason,
        command=reopening.request_reopening,
        again=lambda: _reopening(inspection_id, form=form),
        message="再開を申し出ました。もう一人が認めると、所属が回答を直せます。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/confirm-reopening")
@requires(Permission.UNIT_INSPECTION_REOPEN_CONFIRM)
def confirm_reopening(inspection_id: UUID) -> ResponseReturnValue:
    """Agree to open a sealed sheet again: the next revision begins."""
    return perform(
        lambda session: reopening.confirm_reopening(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=url_for("inspections.inspection", inspection_id=inspection_id),
        message="点検票を再開しました。確定した版はそのまま残り、新しい版で回答を直します。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/decline-reopening")
@requires(Permission.UNIT_INSPECTION_REOPEN_CONFIRM)
def decline_reopening(inspection_id: UUID) -> ResponseReturnValue:
    """Refuse a request to open a sealed sheet again, with the reason."""
    form = DeclineForm()
    return _with_reason(
        inspection_id,
        form=form,
        reason=form.decline_reason,
        command=reopening.decline_reopening,
        again=lambda: _reopening(inspection_id, decline=form),
        message="再開の申し出を断りました。点検票は封印されたままです。",
    )


def _with_reason(
    inspection_id: UUID,
    *,
    form: Form,
    reason: Field,
    command: Callable[..., None],
    again: Callable[[], str],
    message: str,
) -> ResponseReturnValue:
    """Carry out an act that needs a reason, and lead back to the page; `again` shows the form with what is to be mended."""
    if not form.validate():
        return again(), 422
    try:
        return perform(
            lambda session: command(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                reason=reason.data or "",
                now=now(),
            ),
            to=url_for("inspections.reopening_page", inspection_id=inspection_id),
            message=message,
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return again(), 422


@blueprint.post("/inspections/<uuid:inspection_id>/withdraw-reopening")
@requires(Permission.UNIT_INSPECTION_REOPEN_REQUEST)
def withdraw_reopening(inspection_id: UUID) -> ResponseReturnValue:
    """Take the own request back while nobody has decided."""
    return perform(
        lambda session: reopening.withdraw_reopening(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=url_for("inspections.reopening_page", inspection_id=inspection_id),
        message="再開の申し出を取り下げました。",
    )


def _page(inspection_id: UUID) -> SignOffPage:
    with reading() as session:
        return queries.sign_off_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )


def _render(page: SignOffPage, *, form: SignOffForm | None = None, reason: ReasonForm | None = None) -> str:
    version = str(page.sheet.version)
    sent = form or reason
    return render_template(
        "inspections/sign_off.html",
        page=page,
        form=form or SignOffForm(formdata=None, version=version),
        reason=reason or ReasonForm(formdata=None, version=version),
        problems=problems_of(sent) if sent else (),
        key=key_for_page(),
        asks_for_code=visitor().second_factor,
    )


def _reopening(
    inspection_id: UUID, *, form: ReopeningForm | None = None, decline: DeclineForm | None = None
) -> str:
    with reading() as session:
        page = queries.reopening_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.reopening")
    return render_template(
        "inspections/reopening.html",
        page=page,
        form=form or ReopeningForm(formdata=None),
        decline=decline or DeclineForm(formdata=None),
        problems=problems_of(sent) if (sent := form or decline) else (),
        key=key_for_page(),
    )
