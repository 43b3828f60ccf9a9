"""Saving one answer by the autosave: CSRF checked, rights, version, history, journal chain, counts, committed."""

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
from tests.benchmarks.measuring import Sample, Table, Work, in_turns, timed

ROUNDS: Final = 5
SAVES: Final = 40
BARE_SAVES: Final = 120
OFFICE: Final = 1


def test_save_one_answer(stage: Stage, table: Table, tmp_path: Path) -> None:
    saves = autosaves(stage)
    numbers = count()

    def product() -> Sample:
        works = [next_save(saves) for _ in range(SAVES)]
        return timed(works)

    url = stage.url if stage.engine == "PostgreSQL" else f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    with filled_store(url) as store:
        driver = in_turns(
            product, lambda: timed([lambda: store.save(next(numbers) * 7)] * BARE_SAVES), rounds=ROUNDS
        )
        view = bare_view(store)
        flask = in_turns(product, lambda: timed([view] * BARE_SAVES), rounds=ROUNDS)
    item = "save one answer (PUT through WSGI, CSRF on)"
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


def autosaves(stage: Stage) -> Callable[[], Callable[[], Page]]:
    """Return a maker of autosaves: item after item of one sheet, each on the version before it."""
    sheet, items = stage.year.sheets[OFFICE], item_ids(stage.year.city)
    browser = stage.browser(CLERKS[OFFICE], form_page=f"/inspections/{sheet}/profile")
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
