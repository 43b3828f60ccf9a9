"""Duties of a unit, for its head."""

from datetime import timedelta
from uuid import UUID

from flask import (
    render_template,
    request,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import plain_date
from app.kernel.ids import UnitId
from app.people import commands, queries, texts
from app.people.forms import (
    DutyForm,
    error_links,
)
from app.people.routes import blueprint
from app.people.rules import (
    Duty,
)
from app.web.access import (
    actor,
    now,
    requires,
    today,
)
from app.web.forms import key_for_page, perform

Page = str | Response | tuple[str, int]


@blueprint.route("/units/<uuid:unit_id>/duties", methods=["GET", "POST"])
@requires(Permission.UNIT_DUTY_NAME)
def duties(unit_id: UUID) -> Page:
    """Name 点検担当者 and 代決者 of a unit."""
    form = DutyForm()
    with reading() as session:
        page = queries.duty_page(session, actor=actor(), unit_id=UnitId(unit_id), day=today())
    form.offer(members=page.members, today=today())
    if request.method != "POST":
        return _duties_page(page, form)
    if not form.validate():
        return _duties_page(page, form), 422
    duty = Duty(form.duty.data)

    def command(session: Session) -> None:
        commands.name_for_duty(
            session,
            actor=actor(),
            unit_id=UnitId(unit_id),
            staff_no=form.chosen,
            duty=duty,
            valid_from=form.first_day.data or today(),
            valid_to=form.day_after,
            now=now(),
        )

    try:
        message = f"{texts.DUTY[duty]}を指名しました（{plain_date(form.first_day.data or today())}から）。"
        return perform(command, to=url_for("people.duties", unit_id=unit_id), message=message)
    except InvalidInput as refusal:
        form.take(refusal)
        return _duties_page(page, form), 422


def _duties_page(page: queries.DutyPage, form: DutyForm) -> str:
    return render_template(
        "people/duties.html", page=page, form=form, errors=error_links(form), key=key_for_page(), texts=texts
    )


@blueprint.post("/units/<uuid:unit_id>/duties/<uuid:duty_id>/end")
@requires(Permission.UNIT_DUTY_NAME)
def end_duty(unit_id: UUID, duty_id: UUID) -> Response:
    """Let a duty end with this day; one that has not begun is taken back."""

    def command(session: Session) -> None:
        tomorrow = today() + timedelta(days=1)
        commands.end_duty(session, actor=actor(), duty_id=duty_id, valid_to=tomorrow, now=now())

    return perform(
        command, to=url_for("people.duties", unit_id=unit_id), message="きょうで終わりにしました。"
    )
