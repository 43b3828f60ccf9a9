"""The page of the closed days."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.calendar.commands import add_closing_day, remove_closing_day
from app.calendar.forms import ClosingDayForm
from app.calendar.queries import calendar_page
from app.db.session import reading
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import FiscalYear, long_date
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, perform

blueprint: Final = Blueprint("calendar", __name__, template_folder="templates")
_YEARS: Final = range(2020, 2100)


@blueprint.get("/calendar")
@requires(Permission.CITY_CALENDAR_MANAGE)
def closed_days() -> str:
    """List the closed days of a fiscal year (`?year=`)."""
    return _page(ClosingDayForm(formdata=None))


@blueprint.post("/calendar")
@requires(Permission.CITY_CALENDAR_MANAGE)
def close_day() -> ResponseReturnValue:
    """Close the city on one more day."""
    form = ClosingDayForm()
    if not form.validate():
        return _page(form), 422
    day = form.day.data or today()

    def command(session: Session) -> UUID:
        return add_closing_day(session, actor=actor(), day=day, name=form.name.data or "", now=now())

    try:
        return perform(
            command,
            to=url_for("calendar.closed_days", year=FiscalYear.containing(day).year),
            message=f"{long_date(day)}を閉庁日にしました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _page(form), 422


@blueprint.post("/calendar/<uuid:closing_id>/remove")
@requires(Permission.CITY_CALENDAR_MANAGE)
def open_day(closing_id: UUID) -> ResponseReturnValue:
    """Take a day out of the city's own closed days."""
    return perform(
        lambda session: remove_closing_day(session, actor=actor(), closing_id=closing_id, now=now()),
        to=lambda day: url_for("calendar.closed_days", year=FiscalYear.containing(day).year),
        message=lambda day: f"{long_date(day)}を閉庁日から外しました。",
    )


def _page(form: ClosingDayForm) -> str:
    wanted = request.args.get("year", type=int)
    year = FiscalYear(wanted) if wanted is not None and wanted in _YEARS else FiscalYear.containing(today())
    with reading() as session:
        page = calendar_page(session, actor=actor(), year=year)
    return render_template(
        "calendar/closed_days.html",
        page=page,
        form=form,
        errors=[{"href": f"#{problem.field}", "text": problem.message} for problem in form.problems],
        before=FiscalYear(year.year - 1),
        after=FiscalYear(year.year + 1),
        key=key_for_page(),
    )
