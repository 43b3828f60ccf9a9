"""Saving one answer by the autosave, in the first year and in the tenth: CSRF, rights, version, history, chain, counts, committed."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from flask import Flask, jsonify
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.benchmarks.bare_store import BareStore, filled_store
from tests.benchmarks.browsing import Page, expect
from tests.benchmarks.city import CLERKS, item_ids
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Sample, Table, Work, count_of, in_turns, timed

ROUNDS: Final = 5
SAVES: Final = 40
BARE_SAVES: Final = 120
OFFICE: Final = 1
FOR_THE_YEARS: Final = 4
"""The office whose sheet is answered where the years are compared: each sheet is answered from its first version on, once."""


def test_save_one_answer(stage: Stage, table: Table, tmp_path: Path) -> None:
    _compare(stage, table, tmp_path, year="in the first year (120 sheets)")


def test_save_one_answer_after_ten_years(old_stage: Stage, table: Table, tmp_path: Path) -> None:
    _compare(old_stage, table, tmp_path, year="in the tenth year (1,200 sheets)")


def test_years_do_not_slow_a_save(stage: Stage, old_stage: Stage, table: Table) -> None:
    saves, old_saves = autosaves(stage, office=FOR_THE_YEARS), autosaves(old_stage, office=FOR_THE_YEARS)
    number = _statements(stage, saves)
    assert _statements(old_stage, old_saves) == number
    found = in_turns(_round(old_stage, old_saves), _round(stage, saves), rounds=ROUNDS)
    item = f"save one answer in the tenth year, vs in the first year ({number} SQL statements in both)"
    table.compare(item, found, goal="≤ 1.2 ×", database=stage.engine)


def _statements(stage: Stage, saves: Callable[[], Callable[[], Page]]) -> int:
    stage.enter()
    next_save(saves)()
    return count_of(next_save(saves))


def _round(stage: Stage, saves: Callable[[], Callable[[], Page]]) -> Callable[[], Sample]:
    def measured() -> Sample:
        stage.enter()
        return timed([next_save(saves) for _ in range(SAVES)])

    return measured


def _compare(stage: Stage, table: Table, tmp_path: Path, *, year: str) -> None:
    saves = autosaves(stage, office=OFFICE)
    numbers = count()
    product = _round(stage, saves)
    statements = _statements(stage, saves)
    url = stage.url if stage.engine == "PostgreSQL" else f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    with filled_store(url) as store:
        driver = in_turns(
            product, lambda: timed([lambda: store.save(next(numbers) * 7)] * BARE_SAVES), rounds=ROUNDS
        )
        view = bare_view(store)
        flask = in_turns(product, lambda: timed([view] * BARE_SAVES), rounds=ROUNDS)
    item = f"save one answer {year} (PUT through WSGI, CSRF on, {statements} SQL statements)"
    work = "one indexed read and one committed write by the driver"
    table.compare(f"{item}, vs {work}", driver, goal="≤ 4 ×", database=stage.engine)
    table.compare(f"{item}, vs {work} in an empty Flask view", flask, goal="―", database=stage.engine)


def bare_view(store: BareStore) -> Work:
    """Return the work of a Flask application that does nothing but the read and the write."""
    app, numbers = Flask("bare"), count()
    app.add_url_rule(
        "/answers/<int:number>", "save", lambda number: jsonify(version=store.save(number)), methods=["PUT"]
    )

    def work() -> object:
        environ = EnvironBuilder(
            path=f"/answers/{next(numbers) * 7}", method="PUT", json={"level": "partial"}
        ).get_environ()
        return run_wsgi_app(app, environ, buffered=True)

    return work


def autosaves(stage: Stage, *, office: int) -> Callable[[], Callable[[], Page]]:
    """Return a maker of autosaves: item after item of one sheet, each on the version before it."""
    sheet, items = stage.year.sheets[office], item_ids(stage.year.city)
    browser = stage.browser(CLERKS[office], form_page=f"/inspections/{sheet}/profile")
    numbers = count()

    def make() -> Callable[[], Page]:
        number = next(numbers)
        data = {
            "level": ("implemented", "partial")[number // len(items) % 2],
            "comment": f"控えを確かめた（{number}回目）。",
            "reply": "",
            "version": 1 + number // len(items),
            "client": f"benchmark-{number}",
        }
        return browser.put(f"/inspections/{sheet}/answers/{items[number % len(items)]}", data=data)

    return make


def next_save(saves: Callable[[], Callable[[], Page]]) -> Callable[[], Page]:
    """Return the work of one save that has to succeed."""
    work = saves()
    return lambda: expect(work())
