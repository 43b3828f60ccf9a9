"""Memory of the whole service after it has served, and of an empty Flask application under the same server."""

from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.clients import answering
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, ratio_of
from tests.benchmarks.serving import group_of, serving_bare, serving_product
from tests.benchmarks.test_answers_per_second import people_at
from tests.integration.cli.served import Browser
from tests.people import OGAWA

FIRST: Final = 20
"""The first of the offices whose clerks answer here."""


def test_memory_after_serving(stage: Stage, table: Table, tmp_path: Path) -> None:
    if stage.engine != "SQLite":
        pytest.skip("measured on SQLite only")
    campaign = f"/campaigns/{stage.year.campaign_id}?rows=all"
    pages = ["/", campaign, *(f"/inspections/{sheet}/all" for sheet in stage.year.sheets[:20])]
    with serving_product(stage.url, folder=tmp_path) as product, serving_bare(folder=tmp_path) as bare:
        fresh = group_of(product).memory()
        # Who signs in here by the machine's clock ends the sessions that the other measurements began by the story's.
        chief = Browser(product.port)
        chief.sign_in(OGAWA)
        for page in pages:
            assert chief.get(page).status == 200
        with people_at(product, stage=stage, first=FIRST) as clerks:
            answering(clerks, server=None)
        for _ in pages:
            Browser(bare.port).get("/login")
        after, empty = group_of(product).memory(), group_of(bare).memory()
    item = "memory of the whole service (RSS) after pages and answers, vs an empty Flask app under waitress"
    text = f"{after:.0f} MiB ({fresh:.0f} MiB after the start)"
    table.add(
        item,
        product=text,
        bare=f"{empty:.0f} MiB",
        ratio=ratio_of([after], [empty]),
        goal="≤ 2 ×",
        database=stage.engine,
    )
