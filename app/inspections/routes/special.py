"""臨時点検: a few questions to every unit, prepared on one page and opened with one button."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands import special as commands
from app.inspections.forms.campaigns import version_of
from app.inspections.forms.special import ADD, REMOVE, SpecialForm
from app.inspections.queries import campaigns as queries
from app.inspections.queries.campaigns import FormPage
from app.inspections.routes import blueprint
from app.inspections.rules.special import FEWEST, MOST, special_dates
from app.inspections.texts import CAMPAIGN_DATE
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import CampaignId
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, perform

CONFLICT: Final = 409
UNPROCESSABLE: Final = 422
DERIVED: Final = ("approval_due", "grace_until", "review_due")
"""The dates that follow from the day on which answers are due, in their order."""


@blueprint.get("/campaigns/special/new")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def new_special() -> str:
    """Start a 臨時点検: blank rows, every unit, answers by the next working day."""
    form = SpecialForm(formdata=None)
    with reading() as session:
        form.fill(queries.first_special(session, actor=actor(), today=today()))
    return _page(form, _choices(form))


@blueprint.post("/campaigns/special/new")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def prepare_special() -> ResponseReturnValue:
    """Keep a new draft, or only draw the page again with a row more or less."""
    form = _sent()
    page = _choices(form)
    if "redraw" in request.form or not form.validate():
        return _again(form, page)
    draft = form.draft(page)

    def command(session: Session) -> CampaignId:
        return commands.prepare_special(session, actor=actor(), draft=draft, now=now())

    try:
        return perform(
            command,
            to=lambda made: url_for("inspections.campaign", campaign_id=made),
            message="臨時点検の準備を保存しました。情報主管課の長が設問を確かめて始めます。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _again(form, page)


@blueprint.get("/campaigns/<uuid:campaign_id>/special")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def edit_special(campaign_id: UUID) -> str:
    """Show a draft with its questions for changing it."""
    form = SpecialForm(formdata=None)
    with reading() as session:
        form.fill(queries.stored_special(session, actor=actor(), campaign_id=CampaignId(campaign_id)))
    return _page(form, _choices(form), campaign_id=campaign_id)


@blueprint.post("/campaigns/<uuid:campaign_id>/special")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def change_special(campaign_id: UUID) -> ResponseReturnValue:
    """Keep a changed draft, or only draw the page again with a row more or less."""
    form = _sent()
    page = _choices(form)
    if "redraw" in request.form or not form.validate():
        return _again(form, page, campaign_id=campaign_id)
    draft = form.draft(page)

    def command(session: Session) -> None:
        commands.change_special(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            draft=draft,
            seen_version=form.seen_version,
            now=now(),
        )

    try:
        return perform(
            command,
            to=url_for("inspections.campaign", campaign_id=campaign_id),
            message="臨時点検の準備を直しました。情報主管課の長が設問を確かめて始めます。",
        )
    except StaleVersion:
        with reading() as session:
            kept = queries.stored_special(session, actor=actor(), campaign_id=CampaignId(campaign_id))
        form.version.data = str(kept.version)
        both = form.differences(kept)
        return _page(form, page, campaign_id=campaign_id, differences=both), CONFLICT
    except InvalidInput as refusal:
        form.take(refusal)
        return _again(form, page, campaign_id=campaign_id)


@blueprint.post("/campaigns/<uuid:campaign_id>/special/open")
@requires(Permission.CITY_CAMPAIGN_OPEN)
def open_special_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Publish the questions and give every chosen unit its sheet."""
    seen = version_of(request.form.get("version"))

    def command(session: Session) -> int:
        made = commands.open_special(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), seen_version=seen, now=now()
        )
        return len(made)

    return perform(
        command,
        to=url_for("inspections.campaign", campaign_id=campaign_id),
        message=lambda count: f"臨時点検を始めました。{count}所属に点検票を配りました。",
    )


def _sent() -> SpecialForm:
    form = SpecialForm()
    form.read(statements=request.form.getlist("statement"), guidances=request.form.getlist("guidance"))
    return form


def _choices(form: SpecialForm) -> FormPage:
    """Return the units of today and the city's calendar."""
    with reading() as session:
        return queries.form_page(
            session,
            actor=actor(),
            day=today(),
            chosen=form.units.unit_ids,
            below=form.below.unit_ids,
            today=today(),
        )


def _again(form: SpecialForm, page: FormPage, *, campaign_id: UUID | None = None) -> tuple[str, int]:
    wanted = request.form.get("redraw")
    if wanted is not None:
        form.redrawn(wanted)
    return _page(form, page, campaign_id=campaign_id), 200 if wanted is not None else UNPROCESSABLE


def _page(
    form: SpecialForm,
    page: FormPage,
    *,
    campaign_id: UUID | None = None,
    differences: Sequence[tuple[str, str]] = (),
) -> str:
    form.say_dates()
    return render_template(
        "inspections/special_form.html",
        form=form,
        page=page,
        errors=form.error_lines,
        campaign_id=campaign_id,
        differences=differences,
        derived=_derived(form, page),
        closed=_closed(form, page),
        add=ADD,
        remove=REMOVE,
        fewest=FEWEST,
        most=MOST,
        key=key_for_page(),
    )


def _derived(form: SpecialForm, page: FormPage) -> list[tuple[str, date]]:
    due = form.answer_due.data
    if not isinstance(due, date):
        return []
    dates = special_dates(today(), answer_due=due, calendar=page.calendar)
    return [(CAMPAIGN_DATE[name], getattr(dates, name)) for name in DERIVED]


def _closed(form: SpecialForm, page: FormPage) -> str | None:
    due = form.answer_due.data
    return page.calendar.reason_closed(due) if isinstance(due, date) else None
