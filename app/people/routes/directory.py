"""Finding units and people, and the page of each."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from flask import render_template, request, url_for

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.ids import PersonId, UnitId
from app.organisation import texts as organisation_texts
from app.organisation.files import asked_day
from app.people import texts
from app.people.queries.person_page import person_page
from app.people.queries.search import FOUND_AT_ONCE, search_page
from app.people.queries.unit_page import MEMBERS_AT_ONCE, unit_page
from app.people.routes import blueprint
from app.web.access import actor, requires, today

LONGEST_WORDS: Final = 100
UNPROCESSABLE: Final = 422


@blueprint.get("/organisation/search")
@requires(Permission.CITY_ORGANISATION_READ)
def search() -> str:
    """Show what is called so, or was."""
    words = request.args.get("q", "")[:LONGEST_WORDS].strip()
    with reading() as session:
        page = search_page(session, actor=actor(), words=words, number=_wanted_page(), today=today())
    links = _pages(
        page.number,
        last=page.last_number,
        total=page.total,
        size=FOUND_AT_ONCE,
        address=lambda number: url_for("people.search", q=words, page=number),
    )
    return render_template(
        "people/search.html", page=page, links=links, texts=texts, organisation_texts=organisation_texts
    )


@blueprint.get("/units/<uuid:unit_id>")
@requires(Permission.CITY_ORGANISATION_READ)
def unit(unit_id: UUID) -> tuple[str, int]:
    """Show a unit as it was on a day, and who was there."""
    asked = asked_day(request.args.get("on", ""), today=today())
    with reading() as session:
        page = unit_page(
            session,
            actor=actor(),
            unit_id=UnitId(unit_id),
            day=asked.day,
            today=today(),
            number=_wanted_page(),
        )
    on = asked.day.isoformat() if asked.day != today() else None
    staff = page.staff
    links = staff and _pages(
        staff.number,
        last=staff.last_number,
        total=staff.total,
        size=MEMBERS_AT_ONCE,
        address=lambda number: url_for("people.unit", unit_id=unit_id, on=on, page=number),
    )
    shown = render_template(
        "people/unit.html",
        page=page,
        asked=asked,
        on=on,
        today=today(),
        links=links,
        texts=texts,
        organisation_texts=organisation_texts,
    )
    return shown, UNPROCESSABLE if asked.problem else 200


@blueprint.get("/people/<uuid:person_id>")
@requires(Permission.CITY_ORGANISATION_READ)
def person(person_id: UUID) -> str:
    """Show what somebody does for the city today, and did before."""
    with reading() as session:
        page = person_page(session, actor=actor(), person_id=PersonId(person_id), today=today())
    return render_template("people/person.html", page=page, texts=texts)


def _wanted_page() -> int:
    return request.args.get("page", default=1, type=int)


def _pages(
    number: int, *, last: int, total: int, size: int, address: Callable[[int], str]
) -> dict[str, object]:
    shown = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})
    first = (number - 1) * size
    return {
        "total": total,
        "first": first + 1,
        "last": min(first + size, total),
        "previous_url": address(number - 1) if number > 1 else None,
        "next_url": address(number + 1) if number < last else None,
        "links": [{"label": str(n), "url": address(n), "current": n == number} for n in shown],
    }
