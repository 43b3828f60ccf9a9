"""Preparing and opening a campaign, following its sheets, ending what does not come in."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.access.policy import may
from app.checklists import texts as checklist_texts
from app.config import Settings
from app.db.session import reading
from app.inspections.commands import campaign as commands
from app.inspections.commands.sign_off import close_unsubmitted, exclude
from app.inspections.commands.special import WROTE_IT
from app.inspections.files import progress_csv
from app.inspections.forms.addresses import wanted_rows
from app.inspections.forms.campaigns import (
    AddUnitForm,
    CampaignForm,
    EndingForm,
    ErrorLine,
    error_lines,
    version_of,
)
from app.inspections.queries import campaigns as queries
from app.inspections.queries.access_log import READER
from app.inspections.queries.campaigns import FormPage, Preparation, ProgressFilter, ProgressPage
from app.inspections.queries.sheet import find_sheet
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_campaign_access
from app.inspections.routes.sealing import follow_sealing
from app.inspections.rules import Action, CampaignState
from app.inspections.texts import CAMPAIGN_DATE, CAMPAIGN_KIND, CAMPAIGN_STATE, moved
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import CampaignId, InspectionId
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, new_key, perform

Ending = Callable[..., None]
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422
BUSINESS_DAYS: Final = "business-days"
"""What the button sends that moves deadlines from closed days."""


@blueprint.get("/campaigns")
@requires(Permission.CITY_PROGRESS_READ)
def campaign_list() -> str:
    """List the campaigns, the newest first."""
    number = request.args.get("page", 1, type=int)
    with reading() as session:
        page = queries.campaign_list(session, actor=actor(), today=today(), number=number)
    links = _links(
        page.total,
        number=page.number,
        size=queries.PAGE_SIZE,
        address=lambda one: url_for("inspections.campaign_list", page=one),
    )
    return render_template(
        "inspections/campaigns.html",
        page=page,
        links=links,
        kinds=CAMPAIGN_KIND,
        states=CAMPAIGN_STATE,
        may_read_log=may(READER, actor=actor()),
    )


# ------------------------------------------------------------------------------------------- preparing


@blueprint.get("/campaigns/new")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def new_campaign() -> str:
    """Start a campaign with the usual dates and units."""
    with reading() as session:
        start = queries.first_preparation(session, actor=actor(), today=today())
    return _fresh_form(start)


@blueprint.post("/campaigns/new")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def prepare_campaign() -> ResponseReturnValue:
    """Keep a new draft, or only draw the tree of another base date."""
    form = CampaignForm()
    page = _choices(form)
    if "redraw" in request.form or not form.validate():
        return _form_again(form, page)
    draft = form.draft(page)

    def command(session: Session) -> CampaignId:
        return commands.prepare_campaign(session, actor=actor(), draft=draft, now=now())

    try:
        return perform(
            command,
            to=lambda made: url_for("inspections.campaign", campaign_id=made),
            message="準備中の点検を保存しました。対象を確かめてください。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _form_again(form, page)


@blueprint.get("/campaigns/<uuid:campaign_id>/edit")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def edit_campaign(campaign_id: UUID) -> str:
    """Show a draft for changing it."""
    with reading() as session:
        start = queries.stored_preparation(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    return _fresh_form(start, campaign_id=campaign_id)


@blueprint.post("/campaigns/<uuid:campaign_id>/edit")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def change_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Keep a changed draft, or only draw the tree of another base date."""
    form = CampaignForm()
    page = _choices(form)
    if "redraw" in request.form or not form.validate():
        return _form_again(form, page, campaign_id=campaign_id)
    draft = form.draft(page)

    def command(session: Session) -> None:
        commands.change_campaign(
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
            message="準備中の点検を直しました。対象を確かめてください。",
        )
    except StaleVersion:
        return _both_texts(form, page, campaign_id=campaign_id)
    except InvalidInput as refusal:
        form.take(refusal)
        return _form_again(form, page, campaign_id=campaign_id)


def _both_texts(form: CampaignForm, page: FormPage, *, campaign_id: UUID) -> tuple[str, int]:
    """Show what was typed beside what somebody else saved meanwhile; saving again is then a decision."""
    with reading() as session:
        kept = queries.stored_preparation(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    form.version.data = str(kept.version)
    differences = form.differences(kept, page=page)
    return _form_page(form, page, campaign_id=campaign_id, differences=differences), CONFLICT


def _fresh_form(start: Preparation, *, campaign_id: UUID | None = None) -> str:
    form = CampaignForm(formdata=None)
    form.fill(start)
    page = _choices(form)
    return _form_page(form, page, campaign_id=campaign_id)


def _choices(form: CampaignForm) -> FormPage:
    """Give the form its closed lists; the tree is that of the base date, or of today while there is none."""
    with reading() as session:
        page = queries.form_page(
            session,
            actor=actor(),
            day=form.base_date.data or today(),
            chosen=form.units.unit_ids,
            below=form.below.unit_ids,
            today=today(),
        )
    if request.form.get("redraw") == BUSINESS_DAYS:
        form.move_to_business_days(page.calendar)
    form.offer(page)
    return page


def _form_again(form: CampaignForm, page: FormPage, *, campaign_id: UUID | None = None) -> tuple[str, int]:
    redrawn = "redraw" in request.form and not form.base_date.errors
    return _form_page(form, page, campaign_id=campaign_id), 200 if redrawn else UNPROCESSABLE


def _form_page(
    form: CampaignForm,
    page: FormPage,
    *,
    campaign_id: UUID | None = None,
    differences: Sequence[tuple[str, str]] = (),
) -> str:
    return render_template(
        "inspections/campaign_form.html",
        form=form,
        page=page,
        errors=error_lines(form),
        campaign_id=campaign_id,
        differences=differences,
        closed=form.closed_days(page.calendar),
        key=key_for_page(),
    )


# ------------------------------------------------------------------------------------ opening, following


@blueprint.get("/campaigns/<uuid:campaign_id>")
@requires(Permission.CITY_PROGRESS_READ)
def campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Show a draft with everybody who would get a sheet; from the opening on, the progress of every sheet; at last what is left."""
    with reading() as session:
        state = queries.campaign_state(session, campaign_id=CampaignId(campaign_id))
        if state is CampaignState.DISPOSED:
            return redirect(url_for("inspections.disposal", campaign_id=campaign_id))
        if state is CampaignState.DRAFT:
            return _draft(session, campaign_id)
    return _progress(campaign_id, form=AddUnitForm(formdata=None))


def draft_again(campaign_id: UUID, *, refused: Sequence[str]) -> str:
    """Show a draft whose units could not be added, with the reason."""
    with reading() as session:
        return _draft(session, campaign_id, refused=refused)


def _draft(session: Session, campaign_id: UUID, *, refused: Sequence[str] = ()) -> str:
    """Show whom a draft reaches, and what differs from the year before where it was made from that."""
    page = queries.preview_page(session, actor=actor(), campaign_id=CampaignId(campaign_id), today=today())
    own = queries.questions_of_draft(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    last = queries.next_year_page(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    return render_template(
        "inspections/campaign.html",
        page=page,
        last=last,
        own=own,
        wrote_it=WROTE_IT,
        refused=refused,
        errors=[ErrorLine("#newcomers", words) for words in refused],
        kinds=CAMPAIGN_KIND,
        checklist_words=checklist_texts,
        date_labels=CAMPAIGN_DATE,
        moved=moved,
        key=key_for_page(),
        units_key=new_key(),
        discard_key=new_key(),
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/open")
@requires(Permission.CITY_CAMPAIGN_OPEN)
def open_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Give every chosen unit its sheet."""
    seen = version_of(request.form.get("version"))

    def command(session: Session) -> int:
        return len(
            commands.open_campaign(
                session, actor=actor(), campaign_id=CampaignId(campaign_id), seen_version=seen, now=now()
            )
        )

    return perform(
        command,
        to=url_for("inspections.campaign", campaign_id=campaign_id),
        message=lambda count: f"点検を始めました。{count}所属に点検票を配りました。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/discard")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def discard_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    seen = version_of(request.form.get("version"))
    return perform(
        lambda session: commands.discard_campaign(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), seen_version=seen, now=now()
        ),
        to=url_for("inspections.campaign_list"),
        message="点検の準備を消しました。所属には何も届いていません。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/units")
@requires(Permission.CITY_CAMPAIGN_OPEN)
def add_unit(campaign_id: UUID) -> ResponseReturnValue:
    """Give one more unit a sheet, with the reason."""
    form = AddUnitForm()
    page = _progress_query(campaign_id, wanted=ProgressFilter())
    form.offer(page.addable)
    if not form.validate():
        return _progress(campaign_id, form=form), UNPROCESSABLE

    def command(session: Session) -> None:
        commands.add_unit(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            unit_id=form.unit_id,
            reason=form.reason.data or "",
            now=now(),
        )

    try:
        return perform(
            command,
            to=url_for("inspections.campaign", campaign_id=campaign_id),
            message="所属を対象に加え、点検票を配りました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _progress(campaign_id, form=form), UNPROCESSABLE


@blueprint.post("/campaigns/<uuid:campaign_id>/close")
@requires(Permission.CITY_CAMPAIGN_OPEN)
def close_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """End a campaign whose sheets are all sealed."""
    return perform(
        lambda session: commands.close_campaign(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), now=now()
        ),
        to=url_for("inspections.campaign", campaign_id=campaign_id),
        message="点検を終えました。",
    )


def _parameters(wanted: ProgressFilter) -> dict[str, str]:
    """Return what an address needs to show the same rows."""
    given = {
        "state": wanted.standing or "",
        "department": str(wanted.department or ""),
        "overdue": "1" if wanted.overdue_only else "",
    }
    return {name: value for name, value in given.items() if value}


def _progress_query(campaign_id: UUID, *, wanted: ProgressFilter) -> ProgressPage:
    with reading() as session:
        return queries.progress_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), wanted=wanted, today=today()
        )


def _progress(campaign_id: UUID, *, form: AddUnitForm) -> str:
    wanted = wanted_rows(request.args)
    with reading() as session:
        page = queries.progress_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), wanted=wanted, today=today()
        )
        offer = queries.next_year_offer(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    form.offer(page.addable)
    for_print = request.args.get("rows") == "all"
    size = queries.PRINT_SIZE if for_print else queries.PAGE_SIZE
    chosen = _parameters(wanted)
    number = min(max(request.args.get("page", 1, type=int), 1), max(1, -(-len(page.rows) // size)))
    rows = page.rows[(number - 1) * size : number * size]

    def address(one: int) -> str:
        query = {**chosen, **({"rows": "all"} if for_print else {}), "page": str(one)}
        return f"{url_for('inspections.campaign', campaign_id=campaign_id)}?{urlencode(query)}"

    return render_template(
        "inspections/progress.html",
        page=page,
        groups=page.groups(rows),
        links=_links(len(page.rows), number=number, size=size, address=address),
        wanted=wanted,
        chosen=chosen,
        form=form,
        errors=error_lines(form),
        states=CAMPAIGN_STATE,
        printed_at=now(),
        offer=offer,
        key=key_for_page(),
        closing_key=new_key(),
        next_key=new_key(),
    )


def _links(total: int, *, number: int, size: int, address: Callable[[int], str]) -> dict[str, Any]:
    """Return what the pagination macro shows."""
    last = max(1, -(-total // size))
    return {
        "total": total,
        "first": (number - 1) * size + 1 if total else 0,
        "last": min(number * size, total),
        "previous_url": address(number - 1) if number > 1 else None,
        "next_url": address(number + 1) if number < last else None,
        "links": [
            {"label": str(one), "url": address(one), "current": one == number} for one in range(1, last + 1)
        ],
    }


# ---------------------------------------------------------------------------------------- taking it away


@blueprint.get("/campaigns/<uuid:campaign_id>/progress.csv")
@requires(Permission.CITY_PROGRESS_READ)
def progress_file(campaign_id: UUID) -> Response:
    """Give the filtered progress list as a file for a spreadsheet."""
    page = _progress_query(campaign_id, wanted=wanted_rows(request.args))
    log_campaign_access(campaign_id=page.campaign.id, act="campaign.progress-file")
    name = f"progress-{page.campaign.fiscal_year.year}-{today().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(progress_csv(page.rows), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.get("/campaigns/<uuid:campaign_id>/notice")
@requires(Permission.CITY_CAMPAIGN_READ)
def notice(campaign_id: UUID) -> str:
    """Show the notice to the offices as plain text."""
    sender = cast("Settings", current_app.extensions["settings"]).lead_division_name
    with reading() as session:
        page = queries.notice_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), sender=sender, today=today()
        )
    return render_template("inspections/campaign_notice.html", page=page)


# ------------------------------------------------------------------------------ ending before its time


@blueprint.get("/inspections/<uuid:inspection_id>/ending")
@requires(Permission.UNIT_INSPECTION_CLOSE)
def ending(inspection_id: UUID) -> str:
    """Show what closing or excluding a sheet means, and ask for the reason."""
    return _ending_page(inspection_id, forms=_reason_forms())


@blueprint.post("/inspections/<uuid:inspection_id>/close-unsubmitted")
@requires(Permission.UNIT_INSPECTION_CLOSE)
def close_unsubmitted_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Close the sheet of a department that did not hand it in."""
    return _end(
        inspection_id,
        action=Action.CLOSE_UNSUBMITTED,
        command=close_unsubmitted,
        message="未提出で締め切りました。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/exclude")
@requires(Permission.UNIT_INSPECTION_CLOSE)
def exclude_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Take a unit out of a running campaign."""
    return _end(inspection_id, action=Action.EXCLUDE, command=exclude, message="対象から外しました。")


def _end(inspection_id: UUID, *, action: Action, command: Ending, message: str) -> ResponseReturnValue:
    form = EndingForm.anchored(action.value)
    forms = {**_reason_forms(), action: form}
    if not form.validate():
        return _ending_page(inspection_id, forms=forms), UNPROCESSABLE

    def act(session: Session) -> CampaignId:
        command(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            reason=form.reason.data or "",
            seen_version=form.seen_version,
            now=now(),
        )
        return find_sheet(session, actor=actor(), inspection_id=InspectionId(inspection_id)).campaign.id

    try:
        reply = perform(
            act, to=lambda found: url_for("inspections.campaign", campaign_id=found), message=message
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _ending_page(inspection_id, forms=forms), UNPROCESSABLE
    follow_sealing(InspectionId(inspection_id))
    return reply


def _reason_forms() -> dict[Action, EndingForm]:
    return {
        action: EndingForm.anchored(action.value, formdata=None)
        for action in (Action.CLOSE_UNSUBMITTED, Action.EXCLUDE)
    }


def _ending_page(inspection_id: UUID, *, forms: dict[Action, EndingForm]) -> str:
    with reading() as session:
        page = queries.ending_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    for form in forms.values():
        form.show_version(page.sheet.version)
    return render_template(
        "inspections/campaign_ending.html",
        page=page,
        forms=forms,
        errors=[line for form in forms.values() for line in error_lines(form)],
        keys={action: new_key() for action in forms},
    )
