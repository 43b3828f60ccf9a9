"""More time for one sheet: asked for by its unit, decided by the lead division."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands import extension as commands
from app.inspections.forms.extension import DeclineExtensionForm, ExtensionForm, GrantExtensionForm
from app.inspections.forms.review import problems_of
from app.inspections.queries import extension as queries
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.texts import EXTENSION_OUTCOME
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import long_date
from app.kernel.ids import InspectionId
from app.web.access import actor, now, requires, today
from app.web.addresses import numbered
from app.web.forms import Form, key_for_page, perform

FROM_LIST = "list"
"""What a decision sends along that was made in the list: it leads back there."""


@blueprint.get("/extensions")
@requires(Permission.CITY_PROGRESS_READ)
def extension_list() -> str:
    """Every request for more time, those that wait on top."""
    with reading() as session:
        page = queries.extension_list(session, actor=actor(), number=numbered("page") or 1, today=today())
    return render_template(
        "inspections/extensions.html",
        page=page,
        outcomes=EXTENSION_OUTCOME,
        key=key_for_page(),
    )


@blueprint.get("/inspections/<uuid:inspection_id>/extension")
@requires(Permission.UNIT_INSPECTION_READ)
def extension_page(inspection_id: UUID) -> str:
    """The dates of a sheet, the request that waits, and those that ended."""
    return _page(inspection_id)


@blueprint.post("/inspections/<uuid:inspection_id>/request-extension")
@requires(Permission.UNIT_EXTENSION_REQUEST)
def request_extension(inspection_id: UUID) -> ResponseReturnValue:
    """Ask for more time."""
    form = ExtensionForm()

    def ask(session: Session) -> None:
        commands.request_extension(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            until=form.day,
            reason=form.reason.data or "",
            now=now(),
        )

    return _sent(
        inspection_id,
        form=form,
        command=ask,
        message="期限の延長を申し出ました。決まると、お知らせします。",
        again=lambda: _page(inspection_id, ask=form),
    )


@blueprint.post("/inspections/<uuid:inspection_id>/withdraw-extension")
@requires(Permission.UNIT_EXTENSION_REQUEST)
def withdraw_extension(inspection_id: UUID) -> ResponseReturnValue:
    """Take the unit's request back while nobody has decided."""
    return perform(
        lambda session: commands.withdraw_extension(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=url_for("inspections.extension_page", inspection_id=inspection_id),
        message="期限の延長の申し出を取り下げました。期限は変わりません。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/grant-extension")
@requires(Permission.UNIT_EXTENSION_DECIDE)
def grant_extension(inspection_id: UUID) -> ResponseReturnValue:
    """Give the sheet more time."""
    form = GrantExtensionForm()

    def grant(session: Session) -> None:
        commands.grant_extension(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            until=form.day,
            now=now(),
        )

    return _sent(
        inspection_id,
        form=form,
        command=grant,
        message=lambda _: f"期限の延長を認めました。新しい期限は{long_date(form.day)}です。",
        again=lambda: _page(inspection_id, grant=form),
    )


@blueprint.post("/inspections/<uuid:inspection_id>/decline-extension")
@requires(Permission.UNIT_EXTENSION_DECIDE)
def decline_extension(inspection_id: UUID) -> ResponseReturnValue:
    """Give no more time, with the reason."""
    form = DeclineExtensionForm()

    def decline(session: Session) -> None:
        commands.decline_extension(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            reason=form.decline_reason.data or "",
            now=now(),
        )

    return _sent(
        inspection_id,
        form=form,
        command=decline,
        message="期限の延長の申し出を断りました。期限は変わりません。",
        again=lambda: _page(inspection_id, decline=form),
    )


def _sent(
    inspection_id: UUID,
    *,
    form: Form,
    command: Callable[[Session], None],
    message: str | Callable[[None], str],
    again: Callable[[], str],
) -> ResponseReturnValue:
    """Carry a form out and lead back to where it was sent from; `again` shows what is to be mended on the sheet's own page."""
    if not form.validate():
        return again(), 422
    own = url_for("inspections.extension_page", inspection_id=inspection_id)
    back = url_for("inspections.extension_list") if request.form.get("from") == FROM_LIST else own
    try:
        return perform(command, to=back, message=message)
    except InvalidInput as refusal:
        form.take(refusal)
        return again(), 422


def _page(
    inspection_id: UUID,
    *,
    ask: ExtensionForm | None = None,
    grant: GrantExtensionForm | None = None,
    decline: DeclineExtensionForm | None = None,
) -> str:
    with reading() as session:
        page = queries.extension_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.extension")
    sent = ask or grant or decline
    return render_template(
        "inspections/extension.html",
        page=page,
        form=ask or _starting(ExtensionForm(formdata=None), page=page),
        grant=grant or _starting(GrantExtensionForm(formdata=None), page=page),
        decline=decline or DeclineExtensionForm(formdata=None),
        outcomes=EXTENSION_OUTCOME,
        problems=problems_of(sent) if sent else (),
        key=key_for_page(),
    )


F = TypeVar("F", ExtensionForm, GrantExtensionForm)


def _starting(form: F, *, page: queries.ExtensionPage) -> F:
    form.until.data = page.request.wished if page.request else page.suggested
    return form
