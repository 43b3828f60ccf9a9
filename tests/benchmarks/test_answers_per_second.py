"""Eight people save answers at the same time: real HTTP to `flask serve` in a process of its own, eight threads.

The clients run in the process of the benchmark, on the same cores.
"""

import http.client
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.bare_store import filled_store
from tests.benchmarks.city import CLERKS, item_ids
from tests.benchmarks.clients import Caller, Clerk, Load, Saver, Stranger, answering
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table, ratio_of
from tests.benchmarks.serving import group_of, serving_bare, serving_product
from tests.integration.cli.served import Browser, Served

ROUNDS: Final = 3
PEOPLE: Final = 8
FIRST: Final = 8
"""The first of the offices whose clerks answer here; those before are used by other measurements."""


def test_answers_per_second(stage: Stage, table: Table, tmp_path: Path) -> None:
    stage.database.engine.dispose()
    url = stage.url if stage.engine == "PostgreSQL" else f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    with ExitStack() as open_now:
        store = open_now.enter_context(filled_store(url))
        product = open_now.enter_context(serving_product(stage.url, folder=tmp_path))
        bare = open_now.enter_context(serving_bare(url, folder=tmp_path))
        clerks = open_now.enter_context(people_at(product, stage=stage, first=FIRST))
        strangers = open_now.enter_context(strangers_at(bare))
        callers = [Caller(store.save, number) for number in range(PEOPLE)]
        answering(clerks, server=None)
        products, served, called = [], [], []
        for _ in range(ROUNDS):
            products.append(answering(clerks, server=group_of(product)))
            served.append(answering(strangers, server=group_of(bare)))
            called.append(answering(callers, server=None))
    work = "one read and one committed write"
    _line(
        table,
        f"{work} in a bare WSGI function under the same server",
        products,
        served,
        goal="―",
        engine=stage.engine,
    )
    _line(
        table,
        f"{work} by the driver, 8 threads, no HTTP",
        products,
        called,
        goal="≥ 0.33 ×, p99 ≤ 50 ms",
        engine=stage.engine,
    )


def _line(
    table: Table, bare: str, products: Sequence[Load], bares: Sequence[Load], *, goal: str, engine: str
) -> None:
    table.add(
        f"answers per second, 8 people over HTTP, vs {bare}",
        product=_middle(products).text,
        bare=_middle(bares).text,
        ratio=ratio_of([one.rate for one in products], [one.rate for one in bares]),
        goal=goal,
        database=engine,
    )


def _middle(loads: Sequence[Load]) -> Load:
    """Return all rounds as one: percentiles over every answer, the median of the times."""
    latencies = tuple(sorted(one for load in loads for one in load.latencies))
    return Load(
        latencies, sum(load.seconds for load in loads), median(load.cpu for load in loads) * len(loads)
    )


@contextmanager
def people_at(served: Served, *, stage: Stage, first: int) -> Iterator[list[Saver]]:
    """Yield eight clerks who are signed in, each of an office of its own whose answers nobody has changed yet."""
    items = tuple(str(item) for item in item_ids(stage.year.city))
    clerks = [
        Clerk(CLERKS[number], str(stage.year.sheets[number]), items, Browser(served.port))
        for number in range(first, first + PEOPLE)
    ]
    try:
        for clerk in clerks:
            clerk.enter()
        yield list(clerks)
    finally:
        for clerk in clerks:
            clerk.leave()


@contextmanager
def strangers_at(served: Served) -> Iterator[list[Saver]]:
    """Yield eight open connections to the bare server."""
    connections = [http.client.HTTPConnection("127.0.0.1", served.port, timeout=30) for _ in range(PEOPLE)]
    try:
        yield [Stranger(connection, number) for number, connection in enumerate(connections)]
    finally:
        for connection in connections:
            connection.close()
