"""The reviewers' pages: the queue, judging one department, returning items, ending the review."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.access.policy import may
from app.db.session import reading
from app.inspections.commands import review as commands
from app.inspections.commands import review_claims as claims
from app.inspections.commands.review import PageOfJudgements
from app.inspections.forms.review import (
    JudgementFields,
    ReasonForm,
    StepForm,
    TakeOverForm,
    accepted_page,
    fields_of_page,
    page_of,
    problems_of,
    sent_fields,
    stored_fields,
    with_rest,
    with_template,
)
from app.inspections.queries import review as queries
from app.inspections.queries.review import JudgedItem, ReviewPage, Show
from app.inspections.queries.review_batches import recent_batches
from app.inspections.queries.review_flags import rules_page
from app.inspections.queries.review_queue import QUEUED, TO_JUDGE
from app.inspections.queries.review_queue import review_queue as queue_page
from app.inspections.queries.review_templates import texts_to_choose
from app.inspections.queries.working import time_spent
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.rules import State, whole_minutes
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.texts import (
    APPROVAL_KIND,
    CAPACITY,
    JUDGEMENT,
    LANE,
    REVIEW_SHOW,
    SEVERITY,
    STATE,
    TEMPLATE_KIND,
)
from app.kernel.errors import InvalidInput, NotNow, Problem, Refusal, StaleVersion
from app.kernel.ids import CampaignId, InspectionId
from app.web.access import actor, now, requires
from app.web.forms import key_for_page, new_key, perform

Sent = dict[str, JudgementFields]
_LIST_CHANGED: Final = (
    "一覧の項目が、画面を開いたあとに変わりました。何も受理していません。開き直してください。"
)

_MET: Final = "は、画面を開いたあとに、ほかの人が変えました。どちらの判断を残すか選んでください。"
_MOVED: Final = (
    "この点検票は、画面を開いたあとに、ほかの人が変えました。"
    "下はいまの内容です。あなたの判断も残っています。確かめてから、もう一度押してください。"
)


@blueprint.context_processor
def review_words() -> dict[str, object]:
    """Give the pages of a sheet the words of its review."""
    return {
        "judgement_labels": JUDGEMENT,
        "lane_labels": LANE,
        "severity_labels": SEVERITY,
        "template_labels": TEMPLATE_KIND,
        "show_labels": REVIEW_SHOW,
        "state_labels": STATE,
        "capacity_labels": CAPACITY,
        "approval_labels": APPROVAL_KIND,
    }


@blueprint.get("/reviews")
@requires(Permission.CITY_REVIEW_READ)
def review_queue() -> str:
    """The queue of sheets that lie with the lead division; the query limits it to what the reader follows."""
    wanted = request.args.get("state", "")
    state = State(wanted) if wanted in QUEUED else None
    number = request.args.get("page", 1, type=int)
    campaign = request.args.get("campaign", type=UUID)
    with reading() as session:
        page = queue_page(
            session,
            actor=actor(),
            state=state,
            number=number,
            now=now(),
            lane=_lane(request.args),
            campaign_id=CampaignId(campaign) if campaign else None,
        )
        batches = recent_batches(session, actor=actor())
    return render_template(
        "inspections/review_queue.html",
        page=page,
        batches=batches,
        lanes=list(Lane),
        tabs=[one for one in QUEUED if one not in TO_JUDGE],
        rules_version=FLAG_RULES_VERSION,
        here=actor(),
        may_follow=may(Permission.CITY_PROGRESS_READ, actor=actor()),
        only={"campaign": campaign} if campaign else {},
        key=new_key(),
    )


@blueprint.get("/reviews/rules")
@requires(Permission.CITY_REVIEW_READ)
def review_rules() -> str:
    """The flag rules in words, with their version."""
    return render_template("inspections/review_rules.html", page=rules_page(actor=actor()))


@blueprint.get("/inspections/<uuid:inspection_id>/review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def review_page(inspection_id: UUID) -> str:
    """Judge one department, item by item."""
    page = _page(inspection_id)
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.review")
    return _render(page, sent={}, problems=())


@blueprint.post("/inspections/<uuid:inspection_id>/open-review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def open_review(inspection_id: UUID) -> ResponseReturnValue:
    """Take a sheet in hand and go to it; sent by who has it already, it stays there."""
    return perform(
        lambda session: claims.open_for_review(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=_way_to(inspection_id),
    )


@blueprint.post("/inspections/<uuid:inspection_id>/release-review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def release_review(inspection_id: UUID) -> ResponseReturnValue:
    """Let a sheet go, so that somebody else can judge it at once."""
    return perform(
        lambda session: claims.release(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=url_for("inspections.review_queue", lane=_lane_value()),
        message="手放しました。ほかの審査担当が、すぐに開けます。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/take-over-review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def take_over_review(inspection_id: UUID) -> ResponseReturnValue:
    """Take a sheet from somebody who still has it in hand, with the reason."""
    form = TakeOverForm()
    form.validate()
    try:
        return perform(
            lambda session: claims.take_over(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                reason=form.reason.data or "",
                now=now(),
            ),
            to=_way_to(inspection_id),
            message="引き継ぎました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _render(_page(inspection_id), sent={}, problems=problems_of(form), taking=form), 422


@blueprint.post("/inspections/<uuid:inspection_id>/review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def save_review(inspection_id: UUID) -> ResponseReturnValue:
    """Save every judgement that was given; items left untouched stay as they are. Or put a text into what is being written."""
    if "insert" in request.form:
        return _with_template(inspection_id)

    def save(session: Session, judged: PageOfJudgements) -> tuple[int, str]:
        hold(session, inspection_id)
        count = commands.save_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), page=judged, now=now()
        )
        return count, _onwards(session) or _address(inspection_id)

    return _judged(
        inspection_id,
        act=save,
        to=lambda done: done[1],
        message=lambda done: _saved_message(done[0]),
    )


def hold(session: Session, inspection_id: UUID) -> None:
    """Keep the sheet in hand, or take it where nobody has it: who judges has it."""
    claims.hold(session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now())


def _onwards(session: Session) -> str | None:
    """Open the sheet to which the reviewer goes on, and return its address; None where nobody goes on.

    One that somebody else took meanwhile is no reason to lose what was judged here: the way then leads to the queue.
    """
    way = request.form.get("then")
    if not way:
        return None
    wanted = request.form.get(way, "") if way in {"next", "previous"} else way
    try:
        following = UUID(wanted)
        claims.open_for_review(session, actor=actor(), inspection_id=InspectionId(following), now=now())
    except (ValueError, Refusal):
        return url_for("inspections.review_queue", lane=_lane_value())
    return _way_to(following)


def _with_template(inspection_id: UUID) -> ResponseReturnValue:
    """Show the page as it was typed, with a text in the remarks of the picked items. Nothing is saved."""
    page = _page(inspection_id)
    items = [one.item for one in page.items]
    try:
        with reading() as session:
            texts = texts_to_choose(session)
        return _render(page, sent=with_template(request.form, items=items, texts=texts), problems=())
    except InvalidInput as refusal:
        return (
            _render(page, sent=sent_fields(request.form, items=items), problems=refusal.problems),
            refusal.status,
        )


def _saved_message(count: int) -> str:
    return f"{count}件の判断を保存しました。" if count else "新しい判断はありませんでした。"


@blueprint.post("/inspections/<uuid:inspection_id>/return-items")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def return_items(inspection_id: UUID) -> ResponseReturnValue:
    """Save the page, then send every marked item back to the department."""
    seen = _seen_version()

    def send(session: Session, judged: PageOfJudgements) -> int:
        hold(session, inspection_id)
        return commands.save_and_return(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            page=judged,
            seen_version=seen,
            now=now(),
        )

    return _judged(
        inspection_id,
        act=send,
        to=_address(inspection_id),
        message=lambda count: f"{count}件を所属へ差し戻しました。ほかの項目は変わりません。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/finish-review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def finish_review(inspection_id: UUID) -> ResponseReturnValue:
    """Save the page, accept what was listed with it, then end the review; on to the next sheet where that was asked."""
    seen = _seen_version()

    def finish(session: Session, judged: PageOfJudgements) -> str:
        hold(session, inspection_id)
        commands.save_and_finish(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            page=judged,
            seen_version=seen,
            now=now(),
        )
        return _onwards(session) or url_for("inspections.review_queue", lane=_lane_value())

    return _judged(
        inspection_id, act=finish, to=lambda where: where, message="審査を終えました。確定を待っています。"
    )


@blueprint.post("/inspections/<uuid:inspection_id>/retake-review")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def retake_review(inspection_id: UUID) -> ResponseReturnValue:
    """Take the end of the review back, to judge once more."""
    seen = _seen_version()
    return perform(
        lambda session: commands.retake_review(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            seen_version=seen,
            now=now(),
        ),
        to=_address(inspection_id),
        message="審査の終了を取り消しました。項目を判断できます。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/cancel-return")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def cancel_return(inspection_id: UUID) -> ResponseReturnValue:
    """Take a return back, with the reason."""
    form = ReasonForm()
    if not form.validate():
        return _render(_page(inspection_id), sent={}, problems=(), form=form), 422
    try:
        return perform(
            lambda session: commands.cancel_return(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                reason=form.reason.data or "",
                seen_version=form.seen_version,
                now=now(),
            ),
            to=_address(inspection_id),
            message="差戻しを取りやめました。項目を判断できます。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _render(_page(inspection_id), sent={}, problems=(), form=form), 422


@blueprint.get("/inspections/<uuid:inspection_id>/review/plain")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def plain_items(inspection_id: UUID) -> str:
    """The list of items that would be accepted together, before anybody does it."""
    page = _page(inspection_id)
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.review")
    return render_template("inspections/review_plain.html", page=page, key=new_key())


@blueprint.post("/inspections/<uuid:inspection_id>/accept-plain")
@requires(Permission.UNIT_INSPECTION_REVIEW)
def accept_plain(inspection_id: UUID) -> ResponseReturnValue:
    """Accept exactly the items that were on the list, or none."""

    def accept(session: Session) -> int:
        hold(session, inspection_id)
        page = _read(session, inspection_id)
        accepted = accepted_page(request.form, items=[one.item for one in page.plain])
        if len(accepted.drafts) != sum(1 for name in request.form if name.startswith("accept-")):
            raise StaleVersion(_LIST_CHANGED)
        return commands.save_page(
            session, actor=actor(), inspection_id=page.sheet.id, page=accepted, now=now()
        )

    return perform(
        accept,
        to=url_for("inspections.review_page", inspection_id=inspection_id, show=Show.UNJUDGED.value),
        message=lambda count: f"{count}件を受理しました。確定まで、1件ずつ取り消せます。",
    )


def _judged(
    inspection_id: UUID,
    *,
    act: Callable[[Session, PageOfJudgements], object],
    to: str | Callable[..., str],
    message: str | Callable[..., str],
) -> ResponseReturnValue:
    """Carry out an act with the judgements of the page; refused, nothing that was typed is lost."""
    page = _page(inspection_id)
    items = [one.item for one in page.items]
    sent = sent_fields(request.form, items=items)
    try:
        judged = with_rest(page_of(sent, items=items), request.form, items=items)
        return perform(lambda session: act(session, judged), to=to, message=message)
    except InvalidInput as refusal:
        return _render(page, sent=sent, problems=refusal.problems), refusal.status
    except (NotNow, StaleVersion) as refusal:
        now_there = _page(inspection_id)
        problems = _what_happened(refusal, page=now_there, sent=sent)
        return _render(now_there, sent=sent, problems=problems), refusal.status


def _what_happened(refusal: NotNow | StaleVersion, *, page: ReviewPage, sent: Sent) -> tuple[Problem, ...]:
    """Return what kept an act back, in words that fit a page on which everything typed still stands."""
    stored = {one.item.key: stored_fields(one, default_due=page.default_due) for one in page.items}
    met = [one for one in page.items if (key := one.item.key) in sent and sent[key].seen != stored[key].seen]
    if page.editable and met:
        return tuple(Problem(field=f"q{one.item.number}", message=f"{one.item.number}{_MET}") for one in met)
    moved = page.editable and isinstance(refusal, StaleVersion)
    return (Problem(message=_MOVED if moved else refusal.message),)


def _page(inspection_id: UUID) -> ReviewPage:
    with reading() as session:
        return _read(session, inspection_id)


def _read(session: Session, inspection_id: UUID) -> ReviewPage:
    return queries.review_page(
        session,
        actor=actor(),
        inspection_id=InspectionId(inspection_id),
        now=now(),
        lane=_lane(request.args),
    )


def _show() -> Show | None:
    wanted = request.args.get("show", "")
    return Show(wanted) if wanted in list(Show) else None


def _lane(given: Mapping[str, str]) -> Lane | None:
    wanted = given.get("lane", "")
    return Lane(wanted) if wanted in list(Lane) else None


def _lane_value() -> str | None:
    lane = _lane(request.args)
    return lane.value if lane else None


def _address(inspection_id: UUID) -> str:
    show = _show()
    return url_for(
        "inspections.review_page",
        inspection_id=inspection_id,
        show=show.value if show else None,
        lane=_lane_value(),
    )


def _way_to(inspection_id: UUID) -> str:
    """Return the address of a sheet in the lane in which the reviewer is."""
    return url_for("inspections.review_page", inspection_id=inspection_id, lane=_lane_value())


def _groups(
    page: ReviewPage, *, show: Show, also: frozenset[str]
) -> list[tuple[str, tuple[JudgedItem, ...]]]:
    """Return the items under the headings of their sections; what needs a look stands in one list."""
    if show is Show.FLAGGED:
        found = page.findings(also=also)
        return [("", found)] if found else []
    return [(f"{one.section.number}　{one.section.title}", one.items) for one in page.shown(show, also=also)]


def _seen_version() -> int:
    form = StepForm()
    form.validate()
    return form.seen_version


def _render(
    page: ReviewPage,
    *,
    sent: Sent,
    problems: tuple[Problem, ...],
    form: ReasonForm | None = None,
    taking: TakeOverForm | None = None,
) -> str:
    show = _show() or page.default_show
    typed = [(one.item, sent[one.item.key]) for one in page.items if one.item.key in sent]
    with reading() as session:
        texts = texts_to_choose(session)
        spent = time_spent(session, revision_id=page.sheet.revision_id)
    return render_template(
        "inspections/review.html",
        minutes=whole_minutes(spent),
        page=page,
        show=show,
        shows=list(Show),
        lanes=list(Lane),
        groups=_groups(page, show=show, also=frozenset(sent)),
        fields=fields_of_page(page.items, default_due=page.default_due, sent=sent, problems=problems),
        unsaved=[] if page.editable else typed,
        problems=problems_of(form) if form else problems,
        picked=set(request.form.getlist("pick")),
        texts=texts,
        form=form or ReasonForm(formdata=None, version=str(page.sheet.version)),
        taking=taking or TakeOverForm(formdata=None),
        rules_version=FLAG_RULES_VERSION,
        key=key_for_page(),
    )
