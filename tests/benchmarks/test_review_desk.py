"""The reviewers' queue and one item over all units: 120 sheets in the first year, 1,200 after ten."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment
from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.orm import aliased

from app.inspections.commands.review_flags import screen
from app.inspections.commands.review_many import load_many
from app.inspections.models import (
    Answer,
    Campaign,
    Inspection,
    ItemReview,
    ReviewFlag,
    ReviewScreening,
    Revision,
)
from app.inspections.rules.flags import RULES_BY_CODE, FlagCode
from app.kernel.ids import ItemId
from app.organisation.models import UnitVersion
from tests.benchmarks.browsing import expect
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, Work, in_turns
from tests.people import KIMURA, STORY, TANAKA

ROUNDS: Final = 5
PAGES: Final = 4
TO_JUDGE: Final = ("submitted", "under_review")
WAITING: Final = ("submitted", "under_review", "returned", "awaiting_reapproval", "reviewed")
DRAWING: Final = "/static/icons.svg"
ENVIRONMENT: Final = Environment(autoescape=True)
TAG: Final = (
    '<span class="tag tag--{{ one.tone }}"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    '<use href="{{ drawing }}#{{ one.symbol }}"></use></svg>{{ one.label }}</span>'
)
QUEUE: Final = ENVIRONMENT.from_string(
    """<!doctype html><html lang="ja"><title>審査</title><form method="post"><table>
{% for row in rows %}<tr><th scope="row">
{%- if row.waiting %}<button class="btn-link" type="submit" formaction="/inspections/{{ row.id }}/open-review?lane={{ row.lane }}">{{ row.name }}
<span class="visually-hidden">を審査する</span></button>
{%- else %}<a href="/inspections/{{ row.id }}/review">{{ row.name }}<span class="visually-hidden">の審査を見る</span></a>{% endif %}
<span class="table__beside">{{ row.department }}</span></th>
<td data-label="状態・印"><div class="tags">{% for one in row.tags %}"""
    + TAG
    + """{% endfor %}{% if row.more %}<span class="nowrap">ほか{{ row.more }}件</span>{% endif %}</div></td>
<td class="number" data-label="自己点検"><span><b>{{ row.earned }}／{{ row.possible }}</b>　{{ row.grade }}</span></td>
<td class="number" data-label="前回との差"><span><span class="muted">―</span></span></td>
<td class="number" data-label="判断">{{ row.decided }}/{{ row.applicable }}</td>
<td data-label="期限"><span class="due"><b>{{ row.due }}</b> {{ row.since }}</span></td>
<td data-label="審査担当"><span class="muted">{{ row.state }}</span></td></tr>
{% endfor %}</table></form></html>"""
)
ITEM: Final = ENVIRONMENT.from_string(
    """<!doctype html><html lang="ja"><title>横並び</title><form method="post"><table>
{% for row in rows %}<tr><td class="table__pick">{% if row.waiting %}
<input class="judgement__select" type="checkbox" name="pick" value="{{ row.id }}" aria-label="{{ row.name }}を選ぶ">
<input type="hidden" name="sheet-{{ row.id }}" value="{{ row.version }}">{% endif %}</td>
<th scope="row"><a href="/inspections/{{ row.id }}">{{ row.name }}</a><span class="table__beside">{{ row.department }}</span></th>
<td data-label="今年度"><span class="level"><svg class="symbol symbol--{{ row.level }}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
<path d="M12 4 21 19.5H3Z"></path></svg>{{ row.level }}</span></td>
<td data-label="理由・状況"><div class="prewrap">{{ row.comment }}</div></td>
<td data-label="前回"><span class="muted">なし</span></td>
<td data-label="印"><div class="tags">{% for one in row.tags %}"""
    + TAG
    + """{% endfor %}</div></td>
<td data-label="判断"><div><b>{{ row.judgement }}</b><p class="prewrap">{{ row.remark }}</p></div></td></tr>
{% endfor %}</table></form></html>"""
)
ACROSS: Final = "one item across 120 units"
CELLS: Final = ("<td", '<th scope="row"', "<svg", '<span class="tag', 'name="pick"', "formaction=")
"""What both pages of a comparison hold equally often; the frame of the product's page is counted off."""


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
    _measure(stage, table, name="review queue, 120 sheets", page=queue(stage), bare=lambda: bare_queue(stage))


def test_item_across_120_units(stage: Stage, table: Table) -> None:
    _measure(
        stage,
        table,
        name=ACROSS,
        page=item_table(stage),
        bare=lambda: bare_item_table(stage),
    )


def test_queue_after_ten_years(stage: Stage, old_stage: Stage, table: Table) -> None:
    _grown(stage, old_stage, table, name="review queue", page=queue, before="the first year")


def test_item_across_after_ten_years(
    stage: Stage, second_stage: Stage, old_stage: Stage, table: Table
) -> None:
    """The first year has nothing in the column of the year before; from the second year on the page is the same."""
    _grown(second_stage, old_stage, table, name=ACROSS, page=item_table, before="the second year")
    found = in_turns(
        old_stage.sampled(item_table(old_stage), times=PAGES),
        stage.sampled(item_table(stage), times=PAGES),
        rounds=ROUNDS,
    )
    item = f"{ACROSS} with 1,200 sheets of ten years in the database, vs the first year (no column of last year's answers to fill)"
    table.compare(item, found, goal="―", database=stage.engine)


def _grown(
    stage: Stage, old_stage: Stage, table: Table, *, name: str, page: Callable[[Stage], Work], before: str
) -> None:
    """Compare a page after ten years with the page of an early year: the same statements, about the same cost."""
    early, late = page(stage), page(old_stage)
    number = stage.statements_of(early)
    assert old_stage.statements_of(late) == number
    found = in_turns(old_stage.sampled(late, times=PAGES), stage.sampled(early, times=PAGES), rounds=ROUNDS)
    item = f"{name} with 1,200 sheets of ten years in the database, vs {before} ({number} SQL statements in both)"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def _measure(stage: Stage, table: Table, *, name: str, page: Work, bare: Callable[[], str]) -> None:
    number = stage.statements_of(page)
    real, plain = _rows_of(bytes(getattr(page(), "body", b"")).decode()), _rows_of(bare())
    assert [real.count(cell) for cell in CELLS] == [plain.count(cell) for cell in CELLS]
    found = in_turns(stage.sampled(page, times=PAGES), stage.sampled(bare, times=PAGES), rounds=ROUNDS)
    sizes = f"{len(real.encode()) // 1024} KiB of rows, vs {len(plain.encode()) // 1024} KiB"
    item = f"{name} ({number} SQL statements, {sizes} of a bare Jinja page with the same cells and forms from dicts)"
    table.compare(item, found, goal="≤ 2 ×", database=stage.engine)


def _rows_of(page: str) -> str:
    """Return the rows of the one table of a page, its heading left out."""
    return page[
        page.index("<tr><t", page.index("</thead>") if "</thead>" in page else 0) : page.index("</table>")
    ]


def bare_queue(stage: Stage) -> str:
    """Render the queue from the driver's rows, with nothing around it."""
    flags = _flags(stage, counted=True)
    rows = []
    for row in _queued(stage):
        waiting = row.state in TO_JUDGE
        own = (
            flags.get(row.id_1, []) if waiting else [{"tone": "good", "symbol": "check", "label": row.state}]
        )
        rows.append(
            {
                "id": row.id,
                "name": row.name,
                "department": row.department,
                "waiting": waiting,
                "lane": row.lane,
                "tags": own[:3],
                "more": len(own[3:]),
                "earned": row.self_earned,
                "possible": row.self_possible,
                "grade": row.self_grade,
                "decided": row.decided,
                "applicable": row.applicable,
                "due": row.review_due.isoformat(),
                "since": row.state_since.isoformat(),
                "state": row.state,
            }
        )
    return QUEUE.render(rows=rows, drawing=DRAWING)


def bare_item_table(stage: Stage) -> str:
    """Render one item over all units from the driver's rows, with nothing around it."""
    item_id = _item_id(stage)
    flags = _flags(stage, counted=False, item_id=item_id)
    rows = [
        {
            "id": row.id,
            "name": row.name,
            "department": row.department,
            "waiting": row.state in TO_JUDGE,
            "version": row.version,
            "level": row.level,
            "comment": row.comment,
            "tags": flags.get(row.revision_id, []),
            "judgement": row.judgement or "",
            "remark": row.remark or "",
        }
        for row in _answered(stage, item_id=item_id)
    ]
    return ITEM.render(rows=rows, drawing=DRAWING)


def _flags(stage: Stage, *, counted: bool, item_id: ItemId | None = None) -> dict[UUID, list[dict[str, str]]]:
    """Return the tags of every sheet, in the order of the rules."""
    query = select(ReviewFlag.revision_id, ReviewFlag.rule, func.count().label("times")).group_by(
        ReviewFlag.revision_id, ReviewFlag.rule
    )
    if item_id is not None:
        query = query.where(ReviewFlag.item_id == item_id)
    order = {code.value: place for place, code in enumerate(RULES_BY_CODE)}
    found: dict[UUID, list[dict[str, str]]] = {}
    with stage.database.engine.connect() as connection:
        for row in sorted(connection.execute(query), key=lambda row: order[row.rule]):
            rule = RULES_BY_CODE[FlagCode(row.rule)]
            tag = {
                "tone": "bad" if rule.severity == "red" else "warn",
                "symbol": "alert",
                "label": f"{rule.label} {row.times}" if counted else rule.label,
            }
            found.setdefault(row.revision_id, []).append(tag)
    return found


def _queued(stage: Stage) -> list[Row[*tuple[Any, ...]]]:
    above = aliased(UnitVersion)
    query = (
        select(
            Inspection.id,
            UnitVersion.name,
            above.name.label("department"),
            Campaign.review_due,
            Revision.__table__,
            ReviewScreening.lane,
        )
        .select_from(Inspection)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
        .join(above, above.unit_id == UnitVersion.parent_id)
        .outerjoin(ReviewScreening, ReviewScreening.revision_id == Revision.id)
        .where(
            Inspection.campaign_id == stage.year.campaign_id,
            Revision.current.is_(True),
            Revision.state.in_(WAITING),
        )
        .order_by(
            case((Revision.state.in_(TO_JUDGE), 0), else_=1),
            case({"alert": 0, "check": 1}, value=ReviewScreening.lane, else_=2),
            Revision.state_since,
            Inspection.id,
        )
        .limit(50)
    )
    with stage.database.engine.connect() as connection:
        return list(connection.execute(query).all())


def _item_id(stage: Stage) -> ItemId:
    return next(one.id for one in stage.year.city.edition.items.values() if one.key == "D08")


def _answered(stage: Stage, *, item_id: ItemId) -> list[Row[*tuple[Any, ...]]]:
    above = aliased(UnitVersion)
    query = (
        select(
            Inspection.id,
            Revision.id.label("revision_id"),
            Revision.state,
            UnitVersion.name,
            above.name.label("department"),
            Answer.level,
            Answer.comment,
            Answer.version,
            ItemReview.judgement,
            ItemReview.remark,
        )
        .select_from(Inspection)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(UnitVersion, UnitVersion.unit_id == Inspection.unit_id)
        .join(above, above.unit_id == UnitVersion.parent_id)
        .join(Answer, and_(Answer.revision_id == Revision.id, Answer.item_id == item_id))
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
