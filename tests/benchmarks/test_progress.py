"""回収状況 of 120 offices on one page, in the first year and in the tenth."""

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
from tests.benchmarks.measuring import Table, Work, in_turns
from tests.people import KIMURA

ROUNDS: Final = 5
PAGES: Final = 4
ICON: Final = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><use href="/static/icons.svg#half"></use></svg>'
BARE: Final = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="ja"><title>回収状況</title><table>
{% for row in rows %}
<tr><th scope="row" class="lead"><a href="/inspections/{{ row.inspection_id }}">{{ row.name }}</a></th>
<td data-label="状態"><div><span class="tag tag--warn">"""
    + ICON
    + """{{ row.state }}</span></div></td>
<td class="center nowrap" data-label="回答"><div>{{ row.answered }}/{{ row.applicable }}</div></td>
<td class="center nowrap" data-label="承認"><div>"""
    + ICON
    + """<span class="visually-hidden">済み</span></div></td>
<td class="center nowrap" data-label="審査"><div>{{ row.decided }}/{{ row.applicable }}</div></td>
<td class="center nowrap" data-label="確定"><div></div></td>
<td class="number nowrap" data-label="自己点検"><div>{{ row.self_earned }} <b>{{ row.self_grade }}</b></div></td>
<td class="number nowrap" data-label="審査後"><div>{{ row.reviewed_earned }} <b>{{ row.reviewed_grade }}</b></div></td>
<td data-label="期限"><div><span class="due"><b>{{ due }}</b> {{ due }}</span></div></td>
<td data-label="所属長"><div><span class="nowrap">{{ row.head }}</span></div></td>
<td data-label="担当者"><div><span class="nowrap">{{ row.clerk }}</span></div></td>
<td data-label="いつから"><div><time datetime="{{ row.state_since.isoformat() }}">{{ row.state_since }}</time></div></td>
<td class="no-print nowrap"><a href="/inspections/{{ row.inspection_id }}/ending">締切・除外<span class="visually-hidden">：{{ row.name }}</span></a></td></tr>
{% endfor %}</table></html>"""
)


def test_progress_of_120_offices(stage: Stage, table: Table) -> None:
    page = progress(stage)
    assert all(office.name in page_text(page) for office in OFFICES)
    number = stage.statements_of(page)
    found = in_turns(
        stage.sampled(page, times=PAGES), stage.sampled(lambda: bare_page(stage), times=PAGES), rounds=ROUNDS
    )
    item = f"progress list of 120 offices ({number} SQL statements), vs a bare Jinja page with the same cells and links (one joined SELECT)"
    table.compare(item, found, goal="≤ 1.5 ×", database=stage.engine)


def test_progress_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    page, old_page = progress(stage), progress(old_stage)
    number = stage.statements_of(page)
    assert old_stage.statements_of(old_page) == number
    found = in_turns(
        old_stage.sampled(old_page, times=PAGES), stage.sampled(page, times=PAGES), rounds=ROUNDS
    )
    item = f"progress list with ten years of campaigns in the database, vs the first year ({number} SQL statements in both)"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def progress(stage: Stage) -> Work:
    """Return the work of the page with all 120 rows, for the manager."""
    work = stage.browser(KIMURA).get(f"/campaigns/{stage.year.campaign_id}?rows=all")
    return lambda: expect(work())


def page_text(work: Work) -> str:
    """Return the page that a work answers with."""
    return bytes(getattr(work(), "body", b"")).decode()


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
