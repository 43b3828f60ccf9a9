"""The page of one section and the page with all items, in the first year and in the tenth: then with last year's answers beside.

The bare counterpart reads the answers of the sheet by the driver and writes everything that the page shows as JSON.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.inspections.queries.answering import answer_page
from app.inspections.queries.whole import whole_page
from app.kernel.clock import business_date
from tests.benchmarks.browsing import expect
from tests.benchmarks.city import CLERKS
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, Work, in_turns, timed
from tests.people import STORY

ROUNDS: Final = 7
PAGES: Final = 10
OFFICE: Final = 2
FIRST: Final = "in the first year"
TENTH: Final = "in the tenth year"
OF_ALL: Final = "≤ 7 ×; ≤ 6 statements"
OF_SOME: Final = "≤ 6 statements (≤ 7 × is for a page with all questions)"
QUERY: Final = (
    "SELECT answer.* FROM answer JOIN revision ON revision.id = answer.revision_id "
    "WHERE revision.inspection_id = {} AND revision.current"
)


def test_page_of_one_section(stage: Stage, table: Table) -> None:
    _section(stage, table, year=FIRST)


def test_page_of_one_section_after_ten_years(old_stage: Stage, table: Table) -> None:
    _section(old_stage, table, year=TENTH)


def test_page_with_all_items(stage: Stage, table: Table) -> None:
    _whole(stage, table, year=FIRST)


def test_page_with_all_items_after_ten_years(old_stage: Stage, table: Table) -> None:
    _whole(old_stage, table, year=TENTH)


def test_years_add_no_statement(second_stage: Stage, old_stage: Stage) -> None:
    """A page beside which last year's answers stand asks the same, however many years lie before."""
    for path in (section_path, whole_path):
        assert _statements(second_stage, path(second_stage)) == _statements(old_stage, path(old_stage))


def section_path(stage: Stage) -> str:
    """Return the address of the longest section."""
    return f"/inspections/{stage.year.sheets[OFFICE]}/sections/{_longest(stage)}"


def whole_path(stage: Stage) -> str:
    """Return the address of the page with all items."""
    return f"/inspections/{stage.year.sheets[OFFICE]}/all"


def _longest(stage: Stage) -> str:
    return max(stage.year.city.edition.sections, key=lambda section: len(section.items)).slug


def _section(stage: Stage, table: Table, *, year: str) -> None:
    sheet, actor, slug = stage.year.sheets[OFFICE], stage.year.city.actor(CLERKS[OFFICE]), _longest(stage)

    def load(session: Session) -> object:
        page = answer_page(session, actor=actor, inspection_id=sheet, slug=slug, today=business_date(STORY))
        return page.cards, page.hidden, page.head.unit_name, page.head.steps

    _measure(stage, table, section_path(stage), f"answering page of one section {year}", load, goal=OF_SOME)


def _whole(stage: Stage, table: Table, *, year: str) -> None:
    sheet, actor = stage.year.sheets[OFFICE], stage.year.city.actor(CLERKS[OFFICE])

    def load(session: Session) -> object:
        page = whole_page(session, actor=actor, inspection_id=sheet, today=business_date(STORY))
        return page.sections, page.unit_name, page.flags

    _measure(stage, table, whole_path(stage), f"page with all 72 items {year}", load, goal=OF_ALL)


def _statements(stage: Stage, path: str) -> int:
    return stage.statements_of(stage.browser(CLERKS[OFFICE]).get(path))


def _measure(
    stage: Stage, table: Table, path: str, name: str, load: Callable[[Session], object], *, goal: str
) -> None:
    answer = stage.browser(CLERKS[OFFICE]).get(path)
    work: Work = lambda: expect(answer())  # noqa: E731 - one line says it
    size, statements = len(expect(answer()).body), stage.statements_of(work)
    with stage.database.reading() as session:
        data = plain(load(session))
    with json_page(stage, data) as bare:
        found = in_turns(lambda: timed([work] * PAGES), lambda: timed([bare] * PAGES), rounds=ROUNDS)
    item = f"{name} ({statements} SQL statements, {size // 1024} KiB), vs one read and json.dumps of its data"
    table.compare(item, found, goal=goal, database=stage.engine)


@contextmanager
def json_page(stage: Stage, data: Any) -> Iterator[Work]:  # noqa: ANN401 - any JSON value
    """Yield the work of reading the sheet's answers by the driver and writing the page's data as JSON."""
    with answers_by_the_driver(stage) as read:

        def work() -> str:
            assert read()
            return json.dumps(data, ensure_ascii=False)

        yield work


@contextmanager
def answers_by_the_driver(stage: Stage) -> Iterator[Callable[[], list[Any]]]:
    """Yield a read of the sheet's answers on a connection that is open: the product's lie in a pool."""
    sheet = stage.year.sheets[OFFICE]
    if stage.engine == "SQLite":
        lite = sqlite3.connect(make_url(stage.url).database or "")
        yield lambda: lite.execute(QUERY.format("?"), (sheet.hex,)).fetchall()
        lite.close()
        return
    url = make_url(stage.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as server:
        yield lambda: list(server.execute(QUERY.format("%s"), (sheet,)).fetchall())


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of a page
    """Return a view object as JSON values."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID | date | datetime | Fraction) else value
