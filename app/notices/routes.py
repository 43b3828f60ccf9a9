"""One's own notices."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.errors import InvalidInput
from app.kernel.ports import Ports
from app.notices import queries
from app.notices.commands import mark_all_read, mark_read
from app.web.access import actor, local_path, now, requires, today
from app.web.forms import new_key, perform

blueprint: Final = Blueprint("notices", __name__, template_folder="templates")


@blueprint.get("/notices")
@requires(Permission.OWN_ACCOUNT_USE)
def own_notices() -> str:
    """List the own notices, the unread ones first."""
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = queries.notice_page(
            session,
            actor=actor(),
            ports=cast("Ports", current_app.extensions["ports"]),
            number=number,
            today=today(),
        )
    return render_template(
        "notices/notices.html", page=page, links=_links(page), shown_at=now().isoformat(), key=new_key()
    )


def _links(page: queries.NoticePage) -> dict[str, object]:
    def address(number: int) -> str:
        return url_for("notices.own_notices", page=number)

    near = range(max(1, page.number - 2), min(page.last_number, page.number + 2) + 1)
    first = (page.number - 1) * queries.PAGE_SIZE
    return {
        "total": page.total,
        "first": first + 1,
        "last": first + len(page.lines),
        "previous_url": address(page.number - 1) if page.number > 1 else None,
        "next_url": address(page.number + 1) if page.number < page.last_number else None,
        "links": [
            {"label": str(n), "url": address(n), "current": n == page.number}
            for n in sorted({1, page.last_number, *near})
        ],
    }


@blueprint.post("/notices/<uuid:notice_id>/read")
@requires(Permission.OWN_ACCOUNT_USE)
def read_notice(notice_id: UUID) -> ResponseReturnValue:
    """Note one as read and lead on to the page that it is about."""
    on = local_path(request.form.get("to")) or url_for("notices.own_notices")
    return perform(lambda session: mark_read(session, actor=actor(), notice_id=notice_id, now=now()), to=on)


@blueprint.post("/notices/read")
@requires(Permission.OWN_ACCOUNT_USE)
def read_all() -> ResponseReturnValue:
    """Note everything as read that was there when the page was shown."""
    until = _instant(request.form.get("until", ""))
    return perform(
        lambda session: mark_all_read(session, actor=actor(), until=until, now=now()),
        to=url_for("notices.own_notices"),
        message=lambda count: f"{count}件を既読にしました。",
    )


def _instant(typed: str) -> datetime:
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput.of("画面が古くなっています。開き直してから、もう一度送ってください。")
    return found
