"""Acts on many sheets: the lane 問題なし with its sample, what was done and its undoing, one item across units."""

from typing import Final
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.checklists.rules import Item
from app.db.session import reading
from app.inspections.commands import review_bulk as commands
from app.inspections.commands import review_undo as undoing
from app.inspections.commands.review_bulk import BulkOutcome, ItemVerdict, require_fitting
from app.inspections.commands.review_undo import UndoOutcome
from app.inspections.forms.review_bulk import (
    TOGETHER,
    VerdictForm,
    listed_sheets,
    picked_sheets,
    wanted_filter,
)
from app.inspections.queries import review_across as across
from app.inspections.queries import review_batches as batches
from app.inspections.queries.review_across import ALL_ROWS, PAGE_SIZE, AcrossPage, AcrossRow, Only, Order
from app.inspections.queries.review_batches import LanePage
from app.inspections.queries.review_templates import texts_to_choose
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_campaign_access
from app.inspections.rules import Judgement
from app.inspections.texts import ACROSS_ONLY, ACROSS_ORDER
from app.kernel.errors import InvalidInput, NotNow, Problem
from app.kernel.ids import CampaignId, InspectionId
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, new_key, perform

_WIDEST_PAGE: Final = "all"


# ------------------------------------------------------------------------------------------- the lane


@blueprint.get("/campaigns/<uuid:campaign_id>/review-lane")
@requires(Permission.CITY_REVIEW_READ)
def lane_page(campaign_id: UUID) -> str:
    """The sheets without flags, the sample that is opened first, and the list that would be accepted."""
    return _lane(_lane_page(campaign_id), problems=())


@blueprint.post("/campaigns/<uuid:campaign_id>/review-sample")
@requires(Permission.CITY_REVIEW_READ)
def draw_sample(campaign_id: UUID) -> ResponseReturnValue:
    """Draw the sample."""
    return perform(
        lambda session: commands.draw_sample(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), now=now()
        ),
        to=url_for("inspections.lane_page", campaign_id=campaign_id),
        message="見本を選びました。1所属ずつ開いて確かめてください。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/review-samples/<uuid:sample_id>/accept")
@requires(Permission.CITY_REVIEW_READ)
def accept_lane(campaign_id: UUID, sample_id: UUID) -> ResponseReturnValue:
    """Accept what was listed, all in one act."""

    def accept(session: Session) -> BulkOutcome:
        listed = listed_sheets(request.form)
        return commands.accept_lane(session, actor=actor(), sample_id=sample_id, listed=listed, now=now())

    try:
        return perform(accept, to=_batch_address, message=_accepted)
    except NotNow as refusal:
        page = _lane_page(campaign_id)
        return _lane(page, problems=_lines_of(refusal)), refusal.status


def _lane_page(campaign_id: UUID) -> LanePage:
    with reading() as session:
        return batches.lane_page(session, actor=actor(), campaign_id=CampaignId(campaign_id), now=now())


def _lane(page: LanePage, *, problems: tuple[Problem, ...]) -> str:
    return render_template("inspections/review_lane.html", page=page, problems=problems, key=key_for_page())


def _lines_of(refusal: NotNow) -> tuple[Problem, ...]:
    return tuple(Problem(message=line) for line in refusal.message.split("\n"))


def _batch_address(outcome: BulkOutcome) -> str:
    return url_for("inspections.batch_page", batch_id=outcome.batch_id)


def _accepted(outcome: BulkOutcome) -> str:
    left = f"次の所属は、受理していません。{outcome.left_out}" if outcome.left_out else ""
    return f"{len(outcome.judged)}所属の{outcome.items}項目を受理しました。{left}"


# ------------------------------------------------------------------------------------------- what was done


@blueprint.get("/reviews/batches/<uuid:batch_id>")
@requires(Permission.CITY_REVIEW_READ)
def batch_page(batch_id: UUID) -> str:
    """One act on many sheets."""
    return _batch(batch_id, problems=())


def _batch(batch_id: UUID, *, problems: tuple[Problem, ...]) -> str:
    with reading() as session:
        page = batches.batch_page(session, actor=actor(), batch_id=batch_id, today=today())
    return render_template("inspections/review_batch.html", page=page, problems=problems, key=key_for_page())


@blueprint.post("/reviews/batches/<uuid:batch_id>/undo")
@requires(Permission.CITY_REVIEW_READ)
def undo_batch(batch_id: UUID) -> ResponseReturnValue:
    """Take back what nobody touched since."""
    try:
        return perform(
            lambda session: undoing.undo_batch(session, actor=actor(), batch_id=batch_id, now=now()),
            to=url_for("inspections.batch_page", batch_id=batch_id),
            message=_undone,
        )
    except NotNow as refusal:
        return _batch(batch_id, problems=_lines_of(refusal)), refusal.status


def _undone(outcome: UndoOutcome) -> str:
    left = f"次は、そのままです。{outcome.left_out}" if outcome.left_out else ""
    return f"{len(outcome.cleared)}所属の{outcome.items}項目の判断を取り消しました。{left}"


@blueprint.post("/reviews/batches/<uuid:batch_id>/finish")
@requires(Permission.CITY_REVIEW_READ)
def finish_batch(batch_id: UUID) -> ResponseReturnValue:
    """End the review of every sheet of an act in which everything is judged."""
    try:
        return perform(
            lambda session: undoing.finish_batch(session, actor=actor(), batch_id=batch_id, now=now()),
            to=url_for("inspections.batch_page", batch_id=batch_id),
            message=_finished,
        )
    except NotNow as refusal:
        return _batch(batch_id, problems=_lines_of(refusal)), refusal.status


def _finished(outcome: BulkOutcome) -> str:
    left = f"次の所属は、終えていません。{outcome.left_out}" if outcome.left_out else ""
    return f"{len(outcome.judged)}所属の審査を終えました。確定を待っています。{left}"


# ------------------------------------------------------------------------------------------- one item


@blueprint.get("/campaigns/<uuid:campaign_id>/items/<code>")
@requires(Permission.CITY_REVIEW_READ)
def across_page(campaign_id: UUID, code: str) -> str:
    """One item over all units."""
    page = _across_page(campaign_id, code)
    log_campaign_access(campaign_id=page.campaign.id, act="campaign.item-across")
    return _across(page, form=VerdictForm(formdata=None, due=page.default_due.isoformat()), problems=())


def _across_page(campaign_id: UUID, code: str) -> AcrossPage:
    size = ALL_ROWS if request.args.get("rows") == _WIDEST_PAGE else PAGE_SIZE
    with reading() as session:
        return across.across_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            code=code,
            wanted=wanted_filter(request.args),
            number=request.args.get("page", 1, type=int),
            size=size,
            now=now(),
        )


def _across(page: AcrossPage, *, form: VerdictForm, problems: tuple[Problem, ...]) -> str:
    with reading() as session:
        texts = texts_to_choose(session)
    return render_template(
        "inspections/review_across.html",
        page=page,
        wanted=wanted_filter(request.args),
        onlys=list(Only),
        only_labels=ACROSS_ONLY,
        orders=list(Order),
        order_labels=ACROSS_ORDER,
        wide=request.args.get("rows") == _WIDEST_PAGE,
        picked=set(request.form.getlist("pick")),
        form=form,
        texts=texts,
        problems=problems,
        key=key_for_page(),
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/items/<code>/list")
@requires(Permission.CITY_REVIEW_READ)
def across_list(campaign_id: UUID, code: str) -> ResponseReturnValue:
    """Show the list of what would be judged, before anybody does it. Nothing is written."""
    form = VerdictForm()
    if "insert" in request.form:
        return _across_with_template(campaign_id, code, form)
    if not form.validate():
        return _across(_across_page(campaign_id, code), form=form, problems=tuple(form.problems)), 422
    try:
        seen = picked_sheets(request.form)
        page, rows = _listed(campaign_id, code, seen=seen)
        require_fitting(_verdict(page.item, form), today=today())
    except InvalidInput as refusal:
        return _across(_across_page(campaign_id, code), form=form, problems=refusal.problems), refusal.status
    return _confirmation(page, rows=rows, seen=seen, form=form, problems=())


def _across_with_template(campaign_id: UUID, code: str, form: VerdictForm) -> ResponseReturnValue:
    with reading() as session:
        texts = texts_to_choose(session)
    number = request.form.get("template", "")
    page = _across_page(campaign_id, code)
    if not number.isdecimal() or not number.isascii() or int(number) >= len(texts):
        problem = Problem(field="template", message="入れる定型文を選んでください。")
        return _across(page, form=form, problems=(problem,)), 422
    form.remark.data = f"{(form.remark.data or '').strip()}\n{texts[int(number)].text}".strip()
    return _across(page, form=form, problems=())


def _listed(
    campaign_id: UUID, code: str, *, seen: dict[InspectionId, int]
) -> tuple[AcrossPage, tuple[AcrossRow, ...]]:
    with reading() as session:
        return across.listed_rows(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            code=code,
            inspection_ids=seen,
            now=now(),
        )


def _verdict(item: Item, form: VerdictForm) -> ItemVerdict:
    chosen = form.judgement.data
    return ItemVerdict(
        item_id=item.id,
        judgement=Judgement(chosen) if chosen in list(TOGETHER) else Judgement.ACCEPTED,
        remark=form.remark.data or "",
        return_due=form.return_due,
    )


def _confirmation(
    page: AcrossPage,
    *,
    rows: tuple[AcrossRow, ...],
    seen: dict[InspectionId, int],
    form: VerdictForm,
    problems: tuple[Problem, ...],
) -> str:
    return render_template(
        "inspections/review_across_list.html",
        page=page,
        rows=[row for row in rows if row.refusal is None],
        refused=[row for row in rows if row.refusal is not None],
        seen=seen,
        form=form,
        problems=problems,
        key=new_key(),
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/items/<code>/judge")
@requires(Permission.CITY_REVIEW_READ)
def judge_across(campaign_id: UUID, code: str) -> ResponseReturnValue:
    """Judge what was listed, all in one act."""
    form = VerdictForm()
    form.validate()

    def judge(session: Session) -> BulkOutcome:
        seen = listed_sheets(request.form)
        item = across.item_of(session, campaign_id=CampaignId(campaign_id), code=code)
        return commands.judge_item(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            verdict=_verdict(item, form),
            seen=seen,
            now=now(),
        )

    try:
        return perform(judge, to=_batch_address, message=_judged)
    except (InvalidInput, NotNow) as refusal:
        problems = refusal.problems if isinstance(refusal, InvalidInput) else _lines_of(refusal)
        return _across(_across_page(campaign_id, code), form=form, problems=problems), refusal.status


def _judged(outcome: BulkOutcome) -> str:
    left = f"次の所属は、判断していません。{outcome.left_out}" if outcome.left_out else ""
    return f"{len(outcome.judged)}所属のこの項目を判断しました。{left}"
