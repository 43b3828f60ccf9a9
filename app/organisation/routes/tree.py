"""The tree of a day. What names people (units, persons, searching) is in the room above."""

from typing import Final, cast

from flask import current_app, render_template, request

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.ports import Ports
from app.organisation import texts
from app.organisation.files import asked_day
from app.organisation.queries.outline import tree_page
from app.organisation.routes import blueprint
from app.web.access import actor, requires, today

UNPROCESSABLE: Final = 422


@blueprint.get("/organisation")
@requires(Permission.CITY_ORGANISATION_READ)
def tree() -> tuple[str, int]:
    """Show the tree of a day."""
    asked = asked_day(request.args.get("on", ""), today=today())
    ports = cast("Ports", current_app.extensions["ports"])
    with reading() as session:
        page = tree_page(session, actor=actor(), day=asked.day, today=today(), ports=ports)
    shown = render_template("organisation/tree.html", page=page, asked=asked, today=today(), texts=texts)
    return shown, UNPROCESSABLE if asked.problem else 200
