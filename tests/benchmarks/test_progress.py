"""回収状況 of 120 offices on one page, in the first year and in the tenth."""

from collections.abc import Callable
from datetime import date
from typing import Final

from jinja2 import Environment
from sqlalchemy import Row, and_, select
from sqlalchemy.orm import aliased

from app.inspections.models import Inspection, Revision
from app.organisation.models import UnitVersion
from app.people.models import Person, Posting
from tests.benchmarks.browsing import expect
from tests.benchmarks.city import OFFICES
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Sample, Table, Work, in_turns, timed
from tests.people import KIMURA

ROUNDS: Final = 5
PAGES: Final = 4
BARE: Final = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="ja"><title>回収状況</title><table>
{% for row in rows %}<tr><th>{{ row.name }}</th><td>{{ row.state }}</td>
<td>{{ row.answered }}／{{ row.applicable }}</td><td>{{ row.state }}</td><td>{{ row.decided }}／{{ row.applicable }}</td><td></td>
<td>{{ row.self_earned }} {{ row.self_grade }}</td><td>{{ row.reviewed_earned }} {{ row.reviewed_grade }}</td>
<td>{{ due }}</td><td>{{ row.head }}</td><td>{{ row.clerk }}</td><td>{{ row.state_since.isoformat() }}</td></tr>
{% endfor %}</table></html>"""
)


def test_progress_of_120_offices(stage: Stage, table: Table) -> None:
    page = progress(stage)
    assert all(office.name in page_text(page) for office in OFFICES)
    found = in_turns(_sampled(stage, page), _sampled(stage, lambda: bare_page(stage)), rounds=ROUNDS)
    item = "progress list of 120 offices, vs a bare Jinja page with the same cells (one joined SELECT)"
    table.compare(item, found, goal="≤ 1.5 ×", database=stage.engine)


def test_progress_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    found = in_turns(
        _sampled(old_stage, progress(old_stage)), _sampled(stage, progress(stage)), rounds=ROUNDS
    )
    item = "progress list with ten years of campaigns in the database, vs the first year"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def progress(stage: Stage) -> Work:
    """Return the work of the page with all 120 rows, for the manager."""
    work = stage.browser(KIMURA).get(f"/campaigns/{stage.year.campaign_id}?rows=all")
    return lambda: expect(work())


def page_text(work: Work) -> str:
    """Return the page that a work answers with."""
    return bytes(getattr(work(), "body", b"")).decode()


def _sampled(stage: Stage, work: Work) -> Callable[[], Sample]:
    def sample() -> Sample:
        stage.enter()
        return timed([work] * PAGES)

    return sample


def bare_page(stage: Stage) -> str:
    """Render the same cells from the summary rows, with nothing around them."""
    return BARE.render(rows=_summary_rows(stage), due=date(2026, 11, 27))


def _summary_rows(stage: Stage) -> list[Row[str]]:
    head, clerk = aliased(Posting), aliased(Posting)
    head_person, clerk_person = aliased(Person), aliased(Person)
    query = (
        select(
            UnitVersion.name,
            Revision.__table__,
            head_person.name.label("head"),
            clerk_person.name.label("clerk"),
        )
        .select_from(Inspection)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
        .join(head, and_(head.unit_id == Inspection.unit_id, head.position == "head"))
        .join(head_person, head_person.id == head.person_id)
        .join(clerk, and_(clerk.unit_id == Inspection.unit_id, clerk.position == "staff"))
        .join(clerk_person, clerk_person.id == clerk.person_id)
        .where(Inspection.campaign_id == stage.year.campaign_id, Revision.current.is_(True))
        .order_by(UnitVersion.sort_order)
    )
    with stage.database.engine.connect() as connection:
        return list(connection.execute(query).all())
