"""Reorganisations: the list, preparing by a file or step by step, the preview, confirming and undoing."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, cast
from uuid import UUID

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.ports import Ports
from app.organisation import texts
from app.organisation.commands import reorganisations as commands
from app.organisation.commands.reorganisations import ReorganisationDraft
from app.organisation.files import new_tree, new_tree_csv
from app.organisation.forms import EDIT_FORMS, EditForm, ReorganisationForm, SplitForm, UnitForm
from app.organisation.queries import reorganisations as queries
from app.organisation.queries.reorganisations import ReorganisationPage
from app.organisation.routes import blueprint
from app.organisation.rules import NewUnit
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, new_key, perform

UNPROCESSABLE: Final = 422


def _ports() -> Ports:
    return cast("Ports", current_app.extensions["ports"])


@blueprint.get("/reorganisations")
@requires(Permission.CITY_REORGANISATION_READ)
def reorganisation_list() -> str:
    """List the reorganisations, the latest day first."""
    number = max(1, request.args.get("page", default=1, type=int))
    with reading() as session:
        page = queries.reorganisation_list(session, actor=actor(), ports=_ports(), page=number)
    return render_template("organisation/reorganisations.html", page=page, texts=texts)


@blueprint.get("/reorganisations/new")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def new_reorganisation() -> str:
    """Ask for the name, the day and the file."""
    return _new_page(ReorganisationForm(formdata=None))


def _new_page(form: ReorganisationForm, *, refusal: InvalidInput | None = None) -> str:
    return render_template(
        "organisation/reorganisation_form.html",
        form=form,
        problems=_problems(form, refusal),
        key=key_for_page(),
        texts=texts,
    )


def _problems(form: ReorganisationForm | EditForm, refusal: InvalidInput | None) -> list[object]:
    return [*form.problems, *(refusal.problems if refusal else ())]


@blueprint.post("/reorganisations/new")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def prepare_reorganisation() -> ResponseReturnValue:
    """Keep a new tree until somebody else confirms it."""
    form = ReorganisationForm()
    if not form.validate():
        return _new_page(form), UNPROCESSABLE
    try:
        draft = _draft(form)
        return perform(
            lambda session: commands.prepare_reorganisation(
                session, actor=actor(), draft=draft, ports=_ports(), now=now()
            ),
            to=lambda made: url_for("organisation.reorganisation", reorganisation_id=made),
            message="組織改正を準備しました。内容を確かめ、もう一人が確定すると、施行日から効きます。",
            beside=[draft.file_digest] if draft.file_digest else (),
        )
    except InvalidInput as refusal:
        return _new_page(form, refusal=refusal), UNPROCESSABLE


def _draft(form: ReorganisationForm) -> ReorganisationDraft:
    """Read the file, or begin with the organisation of the day.

    Raises:
        InvalidInput: the file cannot be read; every problem with its row.
    """
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        data = sent.read()
        return ReorganisationDraft(
            title=form.title.data or "",
            effective_on=form.day,
            tree=new_tree(data),
            file_digest=sha256(data).hexdigest(),
        )
    with reading() as session:
        tree = queries.tree_of_day(session, day=form.day)
    return ReorganisationDraft(title=form.title.data or "", effective_on=form.day, tree=tree)


@blueprint.get("/reorganisations/<uuid:reorganisation_id>")
@requires(Permission.CITY_REORGANISATION_READ)
def reorganisation(reorganisation_id: UUID) -> str:
    """Show what a reorganisation does."""
    return _page(reorganisation_id)


def _loaded(reorganisation_id: UUID) -> ReorganisationPage:
    with reading() as session:
        return queries.reorganisation_page(
            session, actor=actor(), reorganisation_id=reorganisation_id, ports=_ports(), today=today()
        )


def _page(
    reorganisation_id: UUID, *, refusal: InvalidInput | None = None, form: ReorganisationForm | None = None
) -> str:
    page = _loaded(reorganisation_id)
    shown = form or ReorganisationForm(formdata=None)
    if form is None:
        shown.title.data, shown.effective_on.data = page.line.title, page.line.effective_on
    return render_template(
        "organisation/reorganisation.html",
        page=page,
        form=shown,
        problems=_problems(shown, refusal),
        key=new_key(),
        texts=texts,
    )


@blueprint.get("/reorganisations/<uuid:reorganisation_id>/tree.csv")
@requires(Permission.CITY_REORGANISATION_READ)
def reorganisation_tree(reorganisation_id: UUID) -> Response:
    """Give the new tree in the form in which it is read in again."""
    page = _loaded(reorganisation_id)
    return Response(
        new_tree_csv(page.tree),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f"attachment; filename=reorganisation-{page.line.effective_on.isoformat()}.csv"
        },
    )


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/tree")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def revise_reorganisation(reorganisation_id: UUID) -> ResponseReturnValue:
    """Put another file, name or day in place; without a file the tree stays and is laid over the organisation of now again."""
    form = ReorganisationForm()
    if not form.validate():
        return _page(reorganisation_id, form=form), UNPROCESSABLE
    try:
        draft = _revised(form, reorganisation_id)
        return _act(
            reorganisation_id,
            lambda session, version: commands.revise_reorganisation(
                session,
                actor=actor(),
                reorganisation_id=reorganisation_id,
                seen_version=version,
                draft=draft,
                ports=_ports(),
                now=now(),
            ),
            message="保存しました。",
            beside=[draft.file_digest] if draft.file_digest else (),
        )
    except InvalidInput as refusal:
        return _page(reorganisation_id, form=form, refusal=refusal), UNPROCESSABLE


def _revised(form: ReorganisationForm, reorganisation_id: UUID) -> ReorganisationDraft:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return _draft(form)
    return ReorganisationDraft(
        title=form.title.data or "", effective_on=form.day, tree=_loaded(reorganisation_id).tree
    )


def _act(
    reorganisation_id: UUID,
    command: Callable[[Session, int], object],
    *,
    message: str,
    beside: list[str] | tuple[str, ...] = (),
) -> ResponseReturnValue:
    version = request.form.get("version", -1, type=int)
    return perform(
        lambda session: command(session, version),
        to=url_for("organisation.reorganisation", reorganisation_id=reorganisation_id),
        message=message,
        beside=beside,
    )


# ------------------------------------------------------------------------------------------- one change more


@blueprint.get("/reorganisations/<uuid:reorganisation_id>/<any(alter,create,merge,split,abolish,task):kind>")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def edit_page(reorganisation_id: UUID, kind: str) -> str:
    """Ask for one change more."""
    page = _loaded(reorganisation_id)
    form = EDIT_FORMS[kind](formdata=None)
    unit = _unit(page, request.args.get("unit", ""))
    if kind == "alter" and isinstance(form, UnitForm) and unit is not None:
        form.show(unit)
    return _edit_page(page, kind, form, unit=unit)


def _unit(page: ReorganisationPage, code: str) -> NewUnit | None:
    return next((one for one in page.tree if isinstance(one, NewUnit) and one.code == code), None)


_ABOUT_ONE: Final = frozenset({"alter", "split", "abolish", "task"})
"""Changes of one unit, which the address names."""


def _edit_page(
    page: ReorganisationPage,
    kind: str,
    form: EditForm,
    *,
    unit: NewUnit | None,
    refusal: InvalidInput | None = None,
) -> str:
    if kind in _ABOUT_ONE and unit is None:
        raise NotFound
    form.offer(one for one in page.tree if isinstance(one, NewUnit))
    return render_template(
        "organisation/reorganisation_edit.html",
        page=page,
        kind=kind,
        form=form,
        unit=unit,
        problems=_problems(form, refusal),
        key=key_for_page(),
        texts=texts,
    )


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/<any(alter,create,merge,split,abolish,task):kind>")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def edit_reorganisation(reorganisation_id: UUID, kind: str) -> ResponseReturnValue:
    """Make one change more in the new tree."""
    page = _loaded(reorganisation_id)
    form, code = EDIT_FORMS[kind](), request.args.get("unit", "")
    unit = _unit(page, code)
    if isinstance(form, SplitForm) and unit is not None:
        form.parts_from(unit)
    form.offer(one for one in page.tree if isinstance(one, NewUnit))
    if not form.validate():
        return _edit_page(page, kind, form, unit=unit), UNPROCESSABLE
    try:
        edit = form.edit(code)
        return _act(
            reorganisation_id,
            lambda session, version: commands.edit_reorganisation(
                session,
                actor=actor(),
                reorganisation_id=reorganisation_id,
                seen_version=version,
                edit=edit,
                ports=_ports(),
                now=now(),
            ),
            message="改正の内容に加えました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _edit_page(page, kind, form, unit=unit, refusal=refusal), UNPROCESSABLE


# ------------------------------------------------------------------------------------------- deciding


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/choices")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def choose_successors(reorganisation_id: UUID) -> ResponseReturnValue:
    """Say to whom each open thing goes."""
    choices = _choices()
    return _act(
        reorganisation_id,
        lambda session, version: commands.choose_successors(
            session,
            actor=actor(),
            reorganisation_id=reorganisation_id,
            seen_version=version,
            choices=choices,
            ports=_ports(),
            now=now(),
        ),
        message="引き継ぐ所属を保存しました。",
    )


def _choices() -> dict[tuple[str, UUID], str]:
    """Return what was chosen: a field for each thing, named by its kind and id."""
    found = {}
    for name, chosen in request.form.items():
        part, _, named = name.partition(":")
        kind, _, subject_id = named.partition(":")
        if part == "thing" and chosen:
            try:
                found[kind, UUID(subject_id)] = chosen
            except ValueError as odd:
                sentence = "画面が古いか、途中で切れています。開き直してから、選び直してください。"
                raise InvalidInput.of(sentence) from odd
    return found


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/confirmation")
@requires(Permission.CITY_REORGANISATION_CONFIRM)
def confirm_reorganisation(reorganisation_id: UUID) -> ResponseReturnValue:
    """Write the new tree: the second of two people."""
    return _act(
        reorganisation_id,
        lambda session, version: commands.confirm_reorganisation(
            session,
            actor=actor(),
            reorganisation_id=reorganisation_id,
            seen_version=version,
            ports=_ports(),
            now=now(),
        ),
        message="組織改正を確定しました。施行日から新しい組織になります。",
    )


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/undoing")
@requires(Permission.CITY_REORGANISATION_CONFIRM)
def undo_reorganisation(reorganisation_id: UUID) -> ResponseReturnValue:
    """Take a confirmed reorganisation back before its day."""
    return _act(
        reorganisation_id,
        lambda session, version: commands.undo_reorganisation(
            session, actor=actor(), reorganisation_id=reorganisation_id, seen_version=version, now=now()
        ),
        message="確定を取り消しました。組織は、確定する前と同じです。",
    )


@blueprint.post("/reorganisations/<uuid:reorganisation_id>/discarding")
@requires(Permission.CITY_REORGANISATION_PREPARE)
def discard_reorganisation(reorganisation_id: UUID) -> ResponseReturnValue:
    """Throw a prepared reorganisation away."""
    return _act(
        reorganisation_id,
        lambda session, version: commands.discard_reorganisation(
            session, actor=actor(), reorganisation_id=reorganisation_id, seen_version=version, now=now()
        ),
        message="準備した改正を破棄しました。",
    )
