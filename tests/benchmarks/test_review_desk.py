"""The reviewers' queue and one item over all units: 120 sheets in the first year, 1,200 after ten."""

from collections.abc import Callable
from typing import Any, Final

from jinja2 import Environment
from sqlalchemy import Row, and_, func, select

from app.inspections.commands.review_flags import screen
from app.inspections.commands.review_many import load_many
from app.inspections.models import Answer, Inspection, ItemReview, ReviewFlag, ReviewScreening, Revision
from app.organisation.models import UnitVersion
from tests.benchmarks.browsing import expect
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Sample, Table, Work, in_turns, timed
from tests.people import KIMURA, STORY, TANAKA

ROUNDS: Final = 5
PAGES: Final = 4
WAITING: Final = ("submitted", "under_review", "returned", "awaiting_reapproval", "reviewed")
QUEUE: Final = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="ja"><title>審査</title><table>
{% for row in rows %}<tr><th>{{ row.name }}</th><td>{{ row.lane }} {{ row.red }} {{ row.amber }} {{ row.flags }}</td>
<td>{{ row.self_earned }}／{{ row.self_possible }} {{ row.self_grade }}</td><td></td><td>{{ row.decided }}／{{ row.applicable }}</td>
<td>{{ row.state_since.isoformat() }}</td><td>{{ row.state }}</td></tr>
{% endfor %}</table></html>"""
)
ITEM: Final = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="ja"><title>横並び</title><table>
{% for row in rows %}<tr><td><input type="checkbox" name="pick" value="{{ row.id }}"><input type="hidden" name="sheet-{{ row.id }}" value="{{ row.version }}"></td>
<th>{{ row.name }}</th><td>{{ row.level }}</td><td>{{ row.comment }}</td><td></td><td>{{ row.rule or "" }}</td>
<td>{{ row.judgement or "" }} {{ row.remark or "" }}</td></tr>
{% endfor %}</table></html>"""
)


def screened(stage: Stage) -> None:
    """Let the rules look at every sheet that waits, once."""
    stage.enter()
    with stage.database.transaction() as session:
        if session.scalar(select(func.count()).select_from(ReviewScreening)):
            return
        loaded = load_many(
            session, actor=stage.year.city.actor(KIMURA), inspection_ids=stage.year.sheets, now=STORY
        )
        for one in loaded.values():
            screen(session, loaded=one, now=STORY)


def queue(stage: Stage) -> Work:
    """Return the work of the queue, for a reviewer."""
    screened(stage)
    work = stage.browser(TANAKA).get("/reviews")
    return lambda: expect(work())


def item_table(stage: Stage) -> Work:
    """Return the work of one item over all units on one page."""
    screened(stage)
    work = stage.browser(TANAKA).get(f"/campaigns/{stage.year.campaign_id}/items/D08?rows=all")
    return lambda: expect(work())


def test_queue_of_120_sheets(stage: Stage, table: Table) -> None:
    found = in_turns(
        _sampled(stage, queue(stage)),
        _sampled(stage, lambda: QUEUE.render(rows=_queued(stage))),
        rounds=ROUNDS,
    )
    item = "review queue, 120 sheets, vs a bare Jinja page with the same cells (one joined SELECT)"
    table.compare(item, found, goal="≤ 2 ×", database=stage.engine)


def test_item_across_120_units(stage: Stage, table: Table) -> None:
    found = in_turns(
        _sampled(stage, item_table(stage)),
        _sampled(stage, lambda: ITEM.render(rows=_answered(stage))),
        rounds=ROUNDS,
    )
    item = "one item across 120 units, vs a bare Jinja page with the same cells (one joined SELECT)"
    table.compare(item, found, goal="≤ 2 ×", database=stage.engine)


def test_queue_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    found = in_turns(_sampled(old_stage, queue(old_stage)), _sampled(stage, queue(stage)), rounds=ROUNDS)
    item = "review queue with 1,200 sheets of ten years in the database, vs the first year"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def test_item_across_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    found = in_turns(
        _sampled(old_stage, item_table(old_stage)), _sampled(stage, item_table(stage)), rounds=ROUNDS
    )
    item = "one item across 120 units with 1,200 sheets of ten years in the database, vs the first year"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def _sampled(stage: Stage, work: Work) -> Callable[[], Sample]:
    def sample() -> Sample:
        stage.enter()
        return timed([work] * PAGES)

    return sample


def _queued(stage: Stage) -> list[Row[*tuple[Any, ...]]]:
    flags = (
        select(func.count())
        .where(ReviewFlag.revision_id == Revision.id)
        .correlate(Revision)
        .scalar_subquery()
        .label("flags")
    )
    query = (
        select(
            UnitVersion.name,
            Revision.__table__,
            ReviewScreening.lane,
            ReviewScreening.red,
            ReviewScreening.amber,
            flags,
        )
        .select_from(Inspection)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
        .outerjoin(ReviewScreening, ReviewScreening.revision_id == Revision.id)
        .where(
            Inspection.campaign_id == stage.year.campaign_id,
            Revision.current.is_(True),
            Revision.state.in_(WAITING),
        )
        .order_by(Revision.state_since)
        .limit(50)
    )
    with stage.database.engine.connect() as connection:
        return list(connection.execute(query).all())


def _answered(stage: Stage) -> list[Row[*tuple[Any, ...]]]:
    item_id = next(one.id for one in stage.year.city.edition.items.values() if one.key == "D08")
    query = (
        select(
            Inspection.id,
            UnitVersion.name,
            Answer.level,
            Answer.comment,
            Answer.version,
            ReviewFlag.rule,
            ItemReview.judgement,
            ItemReview.remark,
        )
        .select_from(Inspection)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
        .join(Answer, and_(Answer.revision_id == Revision.id, Answer.item_id == item_id))
        .outerjoin(ReviewFlag, and_(ReviewFlag.revision_id == Revision.id, ReviewFlag.item_id == item_id))
        .outerjoin(ItemReview, and_(ItemReview.revision_id == Revision.id, ItemReview.item_id == item_id))
        .where(
            Inspection.campaign_id == stage.year.campaign_id,
            Revision.current.is_(True),
            Revision.state.in_(WAITING),
        )
        .order_by(UnitVersion.sort_order)
    )
    with stage.database.engine.connect() as connection:
        return list(connection.execute(query).all())
