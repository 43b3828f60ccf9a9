"""定型文: the page on which reviewers keep the texts that they put into remarks."""

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands import review_templates as commands
from app.inspections.commands.review_templates import TemplateDraft
from app.inspections.forms.review_bulk import TemplateForm
from app.inspections.queries import review_templates as queries
from app.inspections.routes import blueprint
from app.inspections.rules.templates import TemplateKind
from app.kernel.errors import InvalidInput, NotNow, Problem, Refusal, StaleVersion
from app.web.access import actor, now, requires
from app.web.forms import key_for_page, perform


@blueprint.get("/reviews/templates")
@requires(Permission.CITY_REVIEW_READ)
def review_templates() -> str:
    """The texts, with the form for a new one."""
    return _list(TemplateForm(formdata=None), problems=())


def _list(form: TemplateForm, *, problems: tuple[Problem, ...]) -> str:
    with reading() as session:
        page = queries.templates_page(session, actor=actor())
    return render_template(
        "inspections/review_templates.html", page=page, form=form, problems=problems, key=key_for_page()
    )


@blueprint.post("/reviews/templates")
@requires(Permission.CITY_REVIEW_TEMPLATE_MANAGE)
def add_review_template() -> ResponseReturnValue:
    """Add a text."""
    form = TemplateForm()
    try:
        draft = _draft(form)
        return perform(
            lambda session: commands.add_template(session, actor=actor(), draft=draft, now=now()),
            to=url_for("inspections.review_templates"),
            message="定型文を加えました。",
        )
    except InvalidInput as refusal:
        return _list(form, problems=refusal.problems), refusal.status


@blueprint.post("/reviews/templates/shipped")
@requires(Permission.CITY_REVIEW_TEMPLATE_MANAGE)
def add_shipped_templates() -> ResponseReturnValue:
    """Take over the texts that come with the product."""
    try:
        return perform(
            lambda session: commands.add_shipped_templates(session, actor=actor(), now=now()),
            to=url_for("inspections.review_templates"),
            message=lambda count: (
                f"はじめの定型文{count}件を登録しました。市の言い方に直して使ってください。"
            ),
        )
    except NotNow as refusal:
        problems = (Problem(message=refusal.message),)
        return _list(TemplateForm(formdata=None), problems=problems), refusal.status


@blueprint.get("/reviews/templates/<uuid:template_id>")
@requires(Permission.CITY_REVIEW_TEMPLATE_MANAGE)
def review_template(template_id: UUID) -> str:
    """One text, to be changed."""
    with reading() as session:
        row = queries.template_row(session, template_id=template_id)
        form = TemplateForm(
            formdata=None, title=row.title, kind=row.kind, text=row.text, version=str(row.version)
        )
    return _one(template_id, form, problems=())


def _one(template_id: UUID, form: TemplateForm, *, problems: tuple[Problem, ...]) -> str:
    return render_template(
        "inspections/review_template.html",
        template_id=template_id,
        form=form,
        problems=problems,
        key=key_for_page(),
    )


@blueprint.post("/reviews/templates/<uuid:template_id>")
@requires(Permission.CITY_REVIEW_TEMPLATE_MANAGE)
def change_review_template(template_id: UUID) -> ResponseReturnValue:
    """Change a text."""
    form = TemplateForm()
    try:
        draft = _draft(form)
        return perform(
            lambda session: commands.change_template(
                session,
                actor=actor(),
                template_id=template_id,
                draft=draft,
                seen_version=form.seen_version,
                now=now(),
            ),
            to=url_for("inspections.review_templates"),
            message="定型文を直しました。",
        )
    except InvalidInput as refusal:
        return _one(template_id, form, problems=refusal.problems), refusal.status
    except StaleVersion as refusal:
        problems = (Problem(message=refusal.message),)
        return _one(template_id, form, problems=problems), refusal.status


@blueprint.post("/reviews/templates/<uuid:template_id>/switch")
@requires(Permission.CITY_REVIEW_TEMPLATE_MANAGE)
def switch_review_template(template_id: UUID) -> ResponseReturnValue:
    """Switch a text off, or on again."""
    form = TemplateForm()
    try:
        return perform(
            lambda session: commands.switch_template(
                session,
                actor=actor(),
                template_id=template_id,
                seen_version=form.seen_version,
                now=now(),
            ),
            to=url_for("inspections.review_templates"),
            message="定型文の使う・使わないを変えました。",
        )
    except StaleVersion as refusal:
        return _refused(refusal)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    problems = (Problem(message=refusal.message),)
    return _list(TemplateForm(formdata=None), problems=problems), refusal.status


def _draft(form: TemplateForm) -> TemplateDraft:
    if not form.validate():
        raise InvalidInput(form.problems)
    return TemplateDraft(
        title=form.title.data or "", text=form.text.data or "", kind=TemplateKind(request.form["kind"])
    )
