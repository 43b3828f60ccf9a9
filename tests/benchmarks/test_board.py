"""The board of 120 sheets, in the first year and in the tenth, against the same cells from the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from jinja2 import Environment
from sqlalchemy import Row, delete, select, update

from app.checklists.rules import Edition
from app.inspections.models import Inspection, Revision, ScoreChangeSummary, SectionSummary
from app.inspections.rules import State
from app.kernel.ids import RevisionId
from app.organisation.models import UnitVersion
from tests.benchmarks.browsing import expect
from tests.benchmarks.city import OFFICES, add_summaries
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, Work, in_turns
from tests.people import KIMURA

ROUNDS: Final = 7
PAGES: Final = 4
BARE: Final = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="ja"><title>全庁の状況</title><table>
{% for name, row, cells in rows %}<tr><th><a href="/units/{{ row.unit_id }}">{{ name }}</a></th><td>{{ row.state }}</td>
{% for cell in cells %}{% set share = 100 * cell.self_earned // cell.self_possible %}
<td class="risk-{{ share // 25 }}"><a href="/inspections/{{ row.inspection_id }}/score#{{ cell.section }}"
 aria-label="{{ name }} {{ cell.section }} {{ share }}点">{{ share }}</a></td>
{% endfor %}
<td>{{ row.self_earned }}</td><td>{{ row.self_grade }}</td></tr>
{% endfor %}</table></html>"""
)


@contextmanager
def scored(stage: Stage) -> Iterator[None]:
    """Give each of this year's sheets its figures for the time of a measurement."""
    stage.enter()
    edition: Edition = stage.year.city.edition
    with stage.database.transaction() as session:
        before = {
            RevisionId(row.id): {name: getattr(row, name) for name in _CHANGED}
            for row in session.execute(
                select(Revision.__table__)
                .join(Inspection, Inspection.id == Revision.inspection_id)
                .where(Inspection.campaign_id == stage.year.campaign_id)
            )
        }
        handed_in = {
            "state": State.SUBMITTED.value,
            "self_earned": 150,
            "self_possible": 200,
            "self_grade": "B",
        }
        session.execute(update(Revision).where(Revision.id.in_(before)).values(handed_in))
        add_summaries(session, edition, revisions=before)
    yield
    stage.enter()
    with stage.database.transaction() as session:
        for table in (SectionSummary, ScoreChangeSummary):
            session.execute(delete(table).where(table.revision_id.in_(before)))
        for revision_id, values in before.items():
            session.execute(update(Revision).where(Revision.id == revision_id).values(values))


_CHANGED: Final = ("state", "self_earned", "self_possible", "self_grade")


def test_board_of_120_sheets(stage: Stage, table: Table) -> None:
    with scored(stage):
        page = board(stage)
        text = bytes(getattr(page(), "body", b"")).decode()
        assert text.count('<td class="cell risk-') == len(OFFICES) * len(stage.year.city.edition.sections)
        number = stage.statements_of(page)
        found = in_turns(
            stage.sampled(page, times=PAGES),
            stage.sampled(lambda: bare_page(stage), times=PAGES),
            rounds=ROUNDS,
        )
    item = f"board of 120 sheets ({number} SQL statements), vs a bare Jinja page with the same cells from summary rows (two SELECTs)"
    table.compare(item, found, goal="≤ 1.5 ×", database=stage.engine)


def test_board_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    with scored(stage), scored(old_stage):
        page, old_page = board(stage), board(old_stage)
        number = stage.statements_of(page)
        assert old_stage.statements_of(old_page) == number
        found = in_turns(
            old_stage.sampled(old_page, times=PAGES), stage.sampled(page, times=PAGES), rounds=ROUNDS
        )
    item = f"board with ten years of campaigns (1,200 sheets) in the database, vs the first year ({number} SQL statements in both)"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def board(stage: Stage) -> Work:
    """Return the work of the whole board, for the manager."""
    work = stage.browser(KIMURA).get(f"/campaigns/{stage.year.campaign_id}/board")
    return lambda: expect(work())


def bare_page(stage: Stage) -> str:
    """Render the cells from the summary rows, with nothing around them."""
    with stage.database.engine.connect() as connection:
        sheets: list[Row[str]] = list(
            connection.execute(
                select(UnitVersion.name, Inspection.unit_id, Revision.__table__)
                .select_from(Inspection)
                .join(Revision, Revision.inspection_id == Inspection.id)
                .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
                .where(Inspection.campaign_id == stage.year.campaign_id, Revision.current.is_(True))
                .order_by(UnitVersion.sort_order)
            )
        )
        cells: dict[object, list[Row[*tuple[Any, ...]]]] = {}
        for cell in connection.execute(
            select(
                SectionSummary.revision_id,
                SectionSummary.section,
                SectionSummary.self_earned,
                SectionSummary.self_possible,
            )
            .join(Revision, Revision.id == SectionSummary.revision_id)
            .join(Inspection, Inspection.id == Revision.inspection_id)
            .where(Inspection.campaign_id == stage.year.campaign_id, Revision.current.is_(True))
            .order_by(SectionSummary.number)
        ):
            cells.setdefault(cell.revision_id, []).append(cell)
    return BARE.render(rows=[(row.name, row, cells.get(row.id, [])) for row in sheets])
