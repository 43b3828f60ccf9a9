"""Pages of the ledger: the list, one system, a list read in."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import SystemId
from app.organisation.files import RowsRefused
from app.organisation.queries import tree_on
from app.systems import commands, queries, texts
from app.systems.files import ledger_csv, one_code, system_rows
from app.systems.forms import SystemForm, error_lines
from app.systems.queries import SystemListPage, Wanted
from app.systems.rules import Classification, EntryRow, Outcome, Planned, Support, Zone
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, new_key, perform

E = TypeVar("E", bound=StrEnum)
UNPROCESSABLE: Final = 422

blueprint = Blueprint("systems", __name__, template_folder="templates")


_FILTERS: Final = ("q", "zone", "classification", "support", "retired")


@blueprint.get("/systems")
@requires(Permission.CITY_SYSTEM_READ)
def system_list() -> str:
    """List the systems in one's scope."""
    wanted = Wanted(
        words=request.args.get("q", "")[:100],
        zone=_chosen(Zone, "zone"),
        classification=_chosen(Classification, "classification"),
        support=_chosen(Support, "support"),
        retired="shown" if request.args.get("retired") == "shown" else "",
    )
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = queries.system_list(session, actor=actor(), wanted=wanted, number=number, today=today())
    return render_template("systems/systems.html", page=page, links=_links(page), texts=texts)


def _chosen(kind: type[E], name: str) -> E | None:
    typed = request.args.get(name, "")
    return kind(typed) if typed in {one.value for one in kind} else None


def _links(page: SystemListPage) -> dict[str, object]:
    kept = {name: value for name in _FILTERS if (value := request.args.get(name))}
    base = url_for("systems.system_list")

    def address(number: int) -> str:
        return f"{base}?{urlencode({**kept, 'page': number})}"

    last = page.last_number
    shown = sorted({1, last, *range(max(1, page.number - 2), min(last, page.number + 2) + 1)})
    first = (page.number - 1) * queries.PAGE_SIZE
    return {
        "total": page.total,
        "first": first + 1,
        "last": first + len(page.lines),
        "previous_url": address(page.number - 1) if page.number > 1 else None,
        "next_url": address(page.number + 1) if page.number < last else None,
        "links": [{"label": str(n), "url": address(n), "current": n == page.number} for n in shown],
    }


@blueprint.get("/systems/ledger.csv")
@requires(Permission.CITY_SYSTEM_MANAGE)
def ledger() -> Response:
    """Give the whole ledger in the form in which it is read in again."""
    with reading() as session:
        rows = queries.ledger_rows(session, actor=actor(), today=today())
    return Response(
        ledger_csv(rows),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=systems.csv"},
    )


@blueprint.get("/systems/new")
@requires(Permission.CITY_SYSTEM_MANAGE)
def new_system() -> str:
    """Show the form of a new entry."""
    return _form_page(SystemForm(formdata=None))


@blueprint.post("/systems/new")
@requires(Permission.CITY_SYSTEM_MANAGE)
def add_system() -> ResponseReturnValue:
    """Enter a system in the ledger."""
    form = _offered(SystemForm())
    if form.validate():
        try:
            return perform(
                lambda session: commands.add_system(
                    session,
                    actor=actor(),
                    code=one_code(form.code.data or ""),
                    entry=form.entry,
                    now=now(),
                ),
                to=lambda system_id: url_for("systems.system", system_id=system_id),
                message="台帳に追加しました。",
            )
        except InvalidInput as refusal:
            _beside_fields(form, refusal)
    return _form_page(form), UNPROCESSABLE


def _beside_fields(form: SystemForm, refusal: InvalidInput) -> None:
    """Problems of the number come with the name of its column in lists."""
    for problem in refusal.problems:
        name = "code" if problem.field == "台帳番号" else problem.field
        if name and name in form:
            form[name].errors = [*form[name].errors, problem.message]
        else:
            form.form_errors.append(problem.message)


def _offered(form: SystemForm) -> SystemForm:
    with reading() as session:
        form.offer(tree_on(session, day=today()).units)
    return form


def _form_page(form: SystemForm) -> str:
    return render_template(
        "systems/system_form.html", form=_offered(form), errors=error_lines(form), key=key_for_page()
    )


@blueprint.get("/systems/<uuid:system_id>")
@requires(Permission.CITY_SYSTEM_READ)
def system(system_id: UUID) -> str:
    """Show one system with its history."""
    return _system_page(SystemId(system_id), form=None)


def _system_page(system_id: SystemId, *, form: SystemForm | None, refusal: str = "") -> str:
    with reading() as session:
        page = queries.system_page(session, actor=actor(), system_id=system_id, today=today())
    shown = form or SystemForm(formdata=None)
    if form is None:
        shown.show(page.line.entry, version=page.version)
    return render_template(
        "systems/system.html",
        page=page,
        form=_offered(shown),
        errors=error_lines(shown),
        refusal=refusal,
        key=new_key(),
        texts=texts,
    )


@blueprint.post("/systems/<uuid:system_id>")
@requires(Permission.CITY_SYSTEM_MANAGE)
def change_system(system_id: UUID) -> ResponseReturnValue:
    """Change what the ledger says of a system."""
    form = _offered(SystemForm())
    if not form.validate():
        return _system_page(SystemId(system_id), form=form), UNPROCESSABLE
    try:
        return perform(
            lambda session: commands.change_system(
                session,
                actor=actor(),
                system_id=SystemId(system_id),
                entry=form.entry,
                seen_version=request.form.get("version", -1, type=int),
                now=now(),
            ),
            to=url_for("systems.system", system_id=system_id),
            message="台帳を保存しました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _system_page(SystemId(system_id), form=form), UNPROCESSABLE
    except StaleVersion as refusal:
        # What was typed stays; the page's version is now the newer one, so that saving again decides.
        with reading() as session:
            form.version.data = str(
                queries.system_at(session, system_id=SystemId(system_id), day=today()).version
            )
        return _system_page(SystemId(system_id), form=form, refusal=refusal.message), refusal.status


# --------------------------------------------------------------------------------------- a list read in


@blueprint.get("/systems/import")
@requires(Permission.CITY_SYSTEM_MANAGE)
def import_page() -> str:
    """Ask for the list."""
    return _import_page()


def _import_page(
    *, plan: tuple[Planned, ...] = (), rows: str = "", refusal: InvalidInput | None = None
) -> str:
    counts = {one: sum(1 for line in plan if line.outcome is one) for one in Outcome}
    return render_template(
        "systems/import.html",
        plan=plan,
        counts=counts,
        rows=rows,
        problems=refusal.problems if refusal else (),
        key=new_key(),
        texts=texts,
    )


@blueprint.post("/systems/import")
@requires(Permission.CITY_SYSTEM_MANAGE)
def check_import() -> ResponseReturnValue:
    """Say what a list would do; nothing is changed yet. The rows travel on with the page, so that the file is chosen once."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise InvalidInput.of("ファイルを選んでから「確かめる」を押してください。", field="file")
        rows = system_rows(sent.read())
        plan = _planned(rows)
    except RowsRefused as refusal:
        return _import_page(refusal=refusal.with_problems_of(_planned)), UNPROCESSABLE
    except InvalidInput as refusal:
        return _import_page(refusal=refusal), UNPROCESSABLE
    return _import_page(plan=plan, rows=ledger_csv(rows).decode("utf-8-sig"))


def _planned(rows: Sequence[EntryRow]) -> tuple[Planned, ...]:
    with reading() as session:
        return queries.planned_systems(session, actor=actor(), rows=rows, today=today())


@blueprint.post("/systems/import/confirm")
@requires(Permission.CITY_SYSTEM_MANAGE)
def confirm_import() -> ResponseReturnValue:
    """Read the list in, all of it or nothing."""
    try:
        rows = system_rows(request.form.get("rows", "").encode())
        return perform(
            lambda session: commands.import_systems(session, actor=actor(), rows=rows, now=now()),
            to=url_for("systems.system_list"),
            message=lambda plan: (
                f"台帳に取り込みました（追加 {_count(plan, Outcome.NEW)}件、変更 {_count(plan, Outcome.CHANGED)}件）。"
            ),
        )
    except InvalidInput as refusal:
        return _import_page(refusal=refusal), UNPROCESSABLE


def _count(plan: tuple[Planned, ...], outcome: Outcome) -> int:
    return sum(1 for one in plan if one.outcome is outcome)
