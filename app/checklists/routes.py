"""Pages of checklists: which editions there are, and one of them to be read, printed or taken away."""

from datetime import date
from typing import Final, cast

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.checklists import queries, texts
from app.checklists.rules import Facet
from app.db.session import reading
from app.kernel.ids import EditionId
from app.kernel.ports import Ports
from app.web.access import actor, requires

blueprint: Final = Blueprint("checklists", __name__, url_prefix="/checklists", template_folder="templates")


@blueprint.get("")
@requires(Permission.CITY_CHECKLIST_READ)
def checklist_list() -> str:
    """List the checklists with their editions."""
    with reading() as session:
        groups = queries.editions(session, actor=actor(), answers=_answers(session))
    return render_template("checklists/list.html", groups=groups, texts=texts)


@blueprint.get("/<code>/editions/<label>")
@requires(Permission.CITY_CHECKLIST_READ)
def edition(code: str, label: str) -> str:
    """Show one edition with everything that it says; `?form=short` leaves what that form asks."""
    page = _page(code, label)
    effective_on = date.fromisoformat(page.edition.basis.regulation_effective_on)
    return render_template("checklists/edition.html", page=page, effective_on=effective_on, texts=texts)


@blueprint.get("/<code>/editions/<label>/paper")
@requires(Permission.CITY_CHECKLIST_READ)
def edition_paper(code: str, label: str) -> str:
    """Show an answer sheet to be printed, with the items of the edition or of one form."""
    return render_template("checklists/paper.html", page=_page(code, label), texts=texts)


def _page(code: str, label: str) -> queries.EditionPage:
    with reading() as session:
        return queries.edition_page(
            session,
            actor=actor(),
            code=code,
            label=label,
            answers=_answers(session),
            form=request.args.get("form"),
        )


@blueprint.get("/<code>/editions/<label>/diff/<old>")
@requires(Permission.CITY_CHECKLIST_READ)
def edition_diff(code: str, label: str, old: str) -> str:
    """Show one edition beside an earlier one: a draft too, before it is published."""
    with reading() as session:
        page = queries.diff_page(session, actor=actor(), code=code, old=old, new=label, ports=_ports())
    wanted = request.args.get("show", "")
    show = Facet(wanted) if wanted in {facet.value for facet in page.counts} else None
    return render_template("checklists/diff.html", page=page, show=show, texts=texts)


@blueprint.get("/<code>/editions/<label>/file")
@requires(Permission.CITY_CHECKLIST_READ)
def edition_file(code: str, label: str) -> Response:
    """Give one edition as a file that can be imported again."""
    # Here, because reading and writing files takes as long to import as half of all else together.
    from app.checklists.files import to_yaml  # noqa: PLC0415

    with reading() as session:
        content = queries.edition_content(session, actor=actor(), code=code, label=label)
    headers = {"Content-Disposition": f'attachment; filename="{code}-{label}.yaml"'}
    return Response(to_yaml(content), mimetype="application/yaml", headers=headers)


def _answers(session: Session) -> dict[EditionId, int]:
    return _ports().answers_by_edition(session, edition_ids=queries.edition_ids(session))


def _ports() -> Ports:
    return cast("Ports", current_app.extensions["ports"])
