"""The page of one section and the page with all items, last year's answers beside this year's.

The bare counterpart reads the answers of the sheet by the driver and writes everything that the page shows as JSON.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.inspections.queries.answering import answer_page
from app.inspections.queries.whole import whole_page
from app.kernel.clock import business_date
from tests.benchmarks.browsing import expect
from tests.benchmarks.city import CLERKS
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, Work, in_turns, timed
from tests.benchmarks.statements import counted
from tests.people import STORY

ROUNDS: Final = 7
PAGES: Final = 10
OFFICE: Final = 2


def test_page_of_one_section(old_stage: Stage, table: Table) -> None:
    slug = max(old_stage.year.city.edition.sections, key=lambda section: len(section.items)).slug
    sheet, actor = old_stage.year.sheets[OFFICE], old_stage.year.city.actor(CLERKS[OFFICE])

    def load(session: Session) -> object:
        page = answer_page(session, actor=actor, inspection_id=sheet, slug=slug, today=business_date(STORY))
        return page.cards, page.hidden, page.head.unit_name, page.head.steps

    _measure(old_stage, table, f"/inspections/{sheet}/sections/{slug}", "answering page of one section", load)


def test_page_with_all_items(old_stage: Stage, table: Table) -> None:
    sheet, actor = old_stage.year.sheets[OFFICE], old_stage.year.city.actor(CLERKS[OFFICE])

    def load(session: Session) -> object:
        page = whole_page(session, actor=actor, inspection_id=sheet, today=business_date(STORY))
        return page.sections, page.unit_name, page.flags

    _measure(old_stage, table, f"/inspections/{sheet}/all", "page with all 72 items", load)


def _measure(stage: Stage, table: Table, path: str, name: str, load: Callable[[Session], object]) -> None:
    if stage.engine != "SQLite":
        pytest.skip("measured on SQLite only")
    answer = stage.browser(CLERKS[OFFICE]).get(path)
    work: Work = lambda: expect(answer())  # noqa: E731 - one line says it
    size = len(expect(answer()).body)
    with counted() as statements:
        work()
    with stage.database.reading() as session:
        data = plain(load(session))
    bare = json_page(stage, data)
    found = in_turns(lambda: timed([work] * PAGES), lambda: timed([bare] * PAGES), rounds=ROUNDS)
    item = f"{name} ({len(statements)} SQL statements, {size // 1024} KiB), vs one read and json.dumps of its data"
    table.compare(item, found, goal="≤ 7 ×; ≤ 6 statements")


def json_page(stage: Stage, data: Any) -> Work:  # noqa: ANN401 - any JSON value
    """Return the work of reading the sheet's answers by the driver and writing the page's data as JSON."""
    path, sheet = make_url(stage.url).database or "", stage.year.sheets[OFFICE].hex
    query = (
        "SELECT answer.* FROM answer JOIN revision ON revision.id = answer.revision_id "
        "WHERE revision.inspection_id = ? AND revision.current"
    )

    def work() -> str:
        connection = sqlite3.connect(path)
        rows = connection.execute(query, (sheet,)).fetchall()
        connection.close()
        assert rows
        return json.dumps(data, ensure_ascii=False)

    return work


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
