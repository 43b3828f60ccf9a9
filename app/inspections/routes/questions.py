"""Pages of questions between a unit and the lead division, and of the division of work within a unit."""

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands import questions as commands
from app.inspections.commands.assignments import assign_items
from app.inspections.forms.questions import AssignForm, MessageForm, inspection_ids_of, item_ids_of
from app.inspections.queries import questions as queries
from app.inspections.queries.assignments import assignment_page
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access, log_campaign_access
from app.inspections.rules.questions import QuestionState
from app.inspections.texts import QUESTION_STATE
from app.kernel.errors import InvalidInput
from app.kernel.ids import InspectionId, ItemId
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, new_key, perform

UNPROCESSABLE = 422


@blueprint.get("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/question")
@requires(Permission.UNIT_INSPECTION_READ)
def question(inspection_id: UUID, item_id: UUID) -> str:
    """The thread of an item."""
    return _question_page(InspectionId(inspection_id), ItemId(item_id), form=MessageForm(formdata=None))


def _question_page(inspection_id: InspectionId, item_id: ItemId, *, form: MessageForm) -> str:
    with reading() as session:
        page = queries.question_page(
            session, actor=actor(), inspection_id=inspection_id, item_id=item_id, today=today()
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/question.html", page=page, form=form, key=key_for_page(), states=QUESTION_STATE
    )


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/question")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def ask_question(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """The unit writes."""
    sheet_id, asked_id, form = InspectionId(inspection_id), ItemId(item_id), MessageForm()
    if not form.validate():
        return _question_page(sheet_id, asked_id, form=form), UNPROCESSABLE
    return perform(
        lambda session: commands.ask(
            session,
            actor=actor(),
            inspection_id=sheet_id,
            item_id=asked_id,
            text=form.text.data or "",
            now=now(),
        ),
        to=url_for("inspections.question", inspection_id=inspection_id, item_id=item_id),
        message="情報主管課に送りました。返信が来ると、この項目に出ます。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/question/reply")
@requires(Permission.UNIT_QUESTION_ANSWER)
def answer_question(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """The lead division writes."""
    sheet_id, asked_id, form = InspectionId(inspection_id), ItemId(item_id), MessageForm()
    if not form.validate():
        return _question_page(sheet_id, asked_id, form=form), UNPROCESSABLE
    return perform(
        lambda session: commands.answer_questions(
            session,
            actor=actor(),
            item_id=asked_id,
            inspection_ids=[sheet_id],
            text=form.text.data or "",
            now=now(),
        ),
        to=url_for("inspections.question", inspection_id=inspection_id, item_id=item_id),
        message="返信しました。",
    )


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/question/close")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def close_question(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """The unit has understood."""
    return perform(
        lambda session: commands.close_question(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            now=now(),
        ),
        to=url_for("inspections.question", inspection_id=inspection_id, item_id=item_id),
        message="質問を終えました。やり取りは、この項目に残ります。",
    )


@blueprint.get("/questions")
@requires(Permission.CITY_REVIEW_READ)
def question_list() -> str:
    """The questions of the whole city, by item."""
    return _question_list()


def _question_list(
    *, form: MessageForm | None = None, item_id: ItemId | None = None, sentence: str = ""
) -> str:
    wanted = request.args.get("state", "")
    known = {one.value for one in QuestionState}
    state = QuestionState(wanted) if wanted in known else QuestionState.WAITING
    with reading() as session:
        page = queries.question_list(session, actor=actor(), state=state, today=today())
    for campaign_id in dict.fromkeys(one.campaign_id for one in page.items):
        log_campaign_access(campaign_id=campaign_id, act="campaign.questions")
    return render_template(
        "inspections/questions.html",
        page=page,
        form=form or MessageForm(formdata=None),
        answered=item_id,
        chosen=frozenset(inspection_ids_of(request.form.getlist("questions"))),
        sentence=sentence,
        key=new_key(),
        states=QUESTION_STATE,
    )


@blueprint.post("/questions/<uuid:item_id>")
@requires(Permission.CITY_REVIEW_READ)
def answer_many(item_id: UUID) -> ResponseReturnValue:
    """Answer the same question of several units with one reply."""
    form = MessageForm()
    if not form.validate():
        return _question_list(form=form, item_id=ItemId(item_id)), UNPROCESSABLE
    try:
        return perform(
            lambda session: commands.answer_questions(
                session,
                actor=actor(),
                item_id=ItemId(item_id),
                inspection_ids=inspection_ids_of(request.form.getlist("questions")),
                text=form.text.data or "",
                now=now(),
            ),
            to=url_for("inspections.question_list"),
            message=lambda count: f"{count}件の質問に返信しました。",
        )
    except InvalidInput as refusal:
        return _question_list(form=form, item_id=ItemId(item_id), sentence=refusal.message), UNPROCESSABLE


# ------------------------------------------------------------------------------------ the division of work


@blueprint.get("/inspections/<uuid:inspection_id>/assignments")
@requires(Permission.UNIT_INSPECTION_READ)
def assignments(inspection_id: UUID) -> str:
    """Who looks after which items."""
    return _assignments(InspectionId(inspection_id), sentence="")


def _assignments(inspection_id: InspectionId, *, sentence: str) -> str:
    with reading() as session:
        page = assignment_page(session, actor=actor(), inspection_id=inspection_id, today=today())
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/assignments.html",
        page=page,
        sentence=sentence,
        ticked=frozenset(item_ids_of(request.form.getlist("items"))),
        chosen=request.form.get("person", ""),
        key=new_key(),
    )


@blueprint.post("/inspections/<uuid:inspection_id>/assignments")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def assign(inspection_id: UUID) -> ResponseReturnValue:
    """Give the ticked items to somebody."""
    form = AssignForm()
    try:
        return perform(
            lambda session: assign_items(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                item_ids=item_ids_of(request.form.getlist("items")),
                person_id=form.person_id,
                now=now(),
            ),
            to=url_for("inspections.assignments", inspection_id=inspection_id),
            message=lambda count: f"{count}項目の担当を決めました。",
        )
    except InvalidInput as refusal:
        return _assignments(InspectionId(inspection_id), sentence=refusal.message), UNPROCESSABLE
