"""Sensitive reads leave a trace before the page is sent, and the trace has its readers.

Each is recorded in its own short transaction: one of the two things a GET may record.
"""

from contextlib import suppress
from datetime import date
from typing import Final, cast
from uuid import UUID

from flask import render_template, request

from app.db.session import reading, transaction
from app.inspections.commands.steps import journal_subject
from app.inspections.queries.access_log import READER, AccessLogPage, Wanted, access_log_page
from app.inspections.routes import blueprint
from app.inspections.routes.words import NumberedPage, Paging, page_url
from app.journal.commands import record_access
from app.journal.rules import Subject, SubjectType
from app.kernel.ids import CampaignId, InspectionId, PersonId, UnitId
from app.organisation.commands import INSTALLATION
from app.web.access import actor, now, requires, today

YEARS: Final = range(2000, 2200)
"""Of days that a filter may ask for."""
NEAR: Final = 2
"""How many pages before and after the present one have a link."""


def log_access(*, inspection_id: InspectionId, unit_id: UnitId, act: str) -> None:
    """Record that somebody from outside of the unit looked at its sheet."""
    reader = actor()
    if unit_id in reader.member_of | reader.clerk_of | reader.deputy_of:
        return
    _log(journal_subject(inspection_id), act=act)


def log_campaign_access(*, campaign_id: CampaignId, act: str) -> None:
    """Record that somebody took away what a whole campaign says."""
    _log(Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id)), act=act)


def _log(subject: Subject, *, act: str) -> None:
    with transaction() as session:
        record_access(session, person_id=str(actor().person_id), subject=subject, act=act, now=now())


@blueprint.get("/access-log")
@requires(READER)
def access_log() -> str:
    """Who read what when, by person, sheet and date. Reading this is itself such a read."""
    with reading() as session:
        page = access_log_page(
            session,
            actor=actor(),
            wanted=_wanted(),
            number=request.args.get("page", 1, type=int),
            today=today(),
        )
    _log(INSTALLATION, act="access-log.read")
    return render_template("inspections/access_log.html", page=page, links=_paging(page))


def _wanted() -> Wanted:
    """Read the filter of the address; what it does not know it leaves out."""
    usual = Wanted.usual(today())
    first, last = sorted((_day("from") or usual.first_day, _day("to") or usual.last_day))
    return Wanted(
        person_id=cast("PersonId | None", request.args.get("person", type=UUID)),
        inspection_id=cast("InspectionId | None", request.args.get("sheet", type=UUID)),
        first_day=first,
        last_day=last,
    )


def _day(name: str) -> date | None:
    with suppress(ValueError):
        found = date.fromisoformat(request.args.get(name, ""))
        return found if found.year in YEARS else None
    return None


def _paging(page: AccessLogPage) -> Paging:
    """Return the pagination of a long log: the first, the last and the nearest pages, with gaps between them."""
    near = {1, page.pages, *range(page.number - NEAR, page.number + NEAR + 1)}
    shown = sorted(near & set(range(1, page.pages + 1)))
    links: list[NumberedPage] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number > before + 1:
            links.append(NumberedPage("…", None, current=False))
        links.append(NumberedPage(str(number), page_url(number), current=number == page.number))
    return Paging(
        total=page.total,
        first=(page.number - 1) * page.size + 1 if page.total else 0,
        last=min(page.number * page.size, page.total),
        previous_url=page_url(page.number - 1) if page.number > 1 else None,
        next_url=page_url(page.number + 1) if page.number < page.pages else None,
        links=tuple(links),
    )
