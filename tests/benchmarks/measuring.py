"""Measuring: product and bare counterpart in turns, several rounds, the ratio of medians with its spread.

Nothing here passes or fails by time. A ratio from one run says more than a time: both sides met the same machine in the
same minute.
"""

import gc
import os
import platform
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Final

from sqlalchemy import URL, Engine, text

from tests.statements import statements

Work = Callable[[], object]
TABLE: Final = Path(__file__).resolve().parents[2] / ".cache" / "benchmarks" / "table.md"
HEADINGS: Final = ("item", "database", "product", "bare", "ratio", "spread of the rounds", "goal")


NO_DATABASE: Final = "―"
_ENGINES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def name_of(url: URL) -> str:
    """Return which database an address is of, for the table: a label written by hand was wrong once."""
    return _ENGINES[url.get_backend_name()]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one piece of work cost in one round, in seconds; `cpu` is that of the process doing it, all threads."""

    wall: float
    cpu: float


def timed(works: Sequence[Work]) -> Sample:
    """Run pieces of the same work one after the other in this process; return the mean cost of one."""
    gc.collect()
    wall, cpu = perf_counter(), process_time()
    for work in works:
        work()
    return Sample((perf_counter() - wall) / len(works), (process_time() - cpu) / len(works))


def count_of(work: Work) -> int:
    """Return how many SQL statements a piece of work sends."""
    with statements() as sent:
        work()
    return len(sent)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of medians, and the smallest and largest ratio of a single round."""

    middle: float
    low: float
    high: float


def ratio_of(products: Sequence[float], bares: Sequence[float]) -> Ratio:
    """Compare figures of the same rounds: the first of `products` with the first of `bares`, and so on."""
    singles = [product / bare for product, bare in zip(products, bares, strict=True)]
    return Ratio(median(products) / median(bares), min(singles), max(singles))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of both sides, round by round."""

    product: tuple[Sample, ...]
    bare: tuple[Sample, ...]

    @property
    def cpu(self) -> Ratio:
        """The ratio of CPU time."""
        return ratio_of([sample.cpu for sample in self.product], [sample.cpu for sample in self.bare])

    @property
    def wall(self) -> Ratio:
        """The ratio of wall time."""
        return ratio_of([sample.wall for sample in self.product], [sample.wall for sample in self.bare])


def in_turns(product: Callable[[], Sample], bare: Callable[[], Sample], *, rounds: int) -> Comparison:
    """Measure both sides in every round, each of them first in every other round.

    A first round is not counted: it fills caches that a running service has filled.
    """
    pairs = [_pair(product, bare, number=number) for number in range(rounds + 1)]
    return Comparison(tuple(one for one, _ in pairs[1:]), tuple(other for _, other in pairs[1:]))


def _pair(product: Callable[[], Sample], bare: Callable[[], Sample], *, number: int) -> tuple[Sample, Sample]:
    if number % 2:
        other = bare()
        return product(), other
    return product(), bare()


def medians(samples: Sequence[Sample]) -> str:
    """Return the medians of CPU and wall time for the table."""
    cpu, wall = median(sample.cpu for sample in samples), median(sample.wall for sample in samples)
    return f"{_readable(cpu)} CPU, {_readable(wall)} wall"


def _readable(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    item: str
    database: str
    product: str
    bare: str
    ratio: str
    spread: str
    goal: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells in the order of the headings."""
        return self.item, self.database, self.product, self.bare, self.ratio, self.spread, self.goal


@dataclass(slots=True)
class Table:
    """What was measured in this run."""

    began: str
    lines: list[Line] = field(default_factory=list)

    def compare(self, item: str, found: Comparison, *, goal: str, database: str) -> None:
        """Add a line for a comparison by CPU time; the ratio of wall times stands beside it."""
        spread = f"CPU {_range(found.cpu)}, wall ×{found.wall.middle:.2f} ({_range(found.wall)})"
        both = medians(found.product), medians(found.bare)
        self.lines.append(Line(item, database, *both, f"×{found.cpu.middle:.2f}", spread, goal))

    def add(
        self, item: str, *, product: str, bare: str, ratio: Ratio | None, goal: str, database: str
    ) -> None:
        """Add a line whose figures are not times of one piece of work."""
        middle, spread = (f"×{ratio.middle:.2f}", _range(ratio)) if ratio else ("―", "―")
        self.lines.append(Line(item, database, product, bare, middle, spread, goal))

    def text(self) -> str:
        """Return the table in Markdown, with what has to be known of the machine."""
        rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells for line in self.lines)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return f"{self.began}\nAt the end: {load()}\n\n{table}\n"

    def write(self) -> None:
        """Print the table and keep it where git does not look."""
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(self.text(), encoding="utf-8")
        print(f"\n\n{self.text()}")


def _range(ratio: Ratio) -> str:
    return f"{ratio.low:.2f}–{ratio.high:.2f}"


def machine(server: Engine | None) -> str:
    """Return one line on the machine at the beginning of a run, with the PostgreSQL that takes part."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    if server is not None:
        versions += f", {_server(server)}"
    return f"{os.cpu_count()} cores, {versions}. At the beginning: {load()}"


def _server(engine: Engine) -> str:
    """Name the server with how it writes: one that does not wait for the disk makes both sides quicker."""
    with engine.connect() as connection:
        version, *settings = (
            connection.scalar(text(f"SHOW {name}"))
            for name in ("server_version", "synchronous_commit", "fsync")
        )
    return "PostgreSQL {} (synchronous_commit {}, fsync {})".format(str(version).split()[0], *settings)


def load() -> str:
    """Return the load of the last minute: above the number of cores, times are worth less than ratios."""
    return f"load {os.getloadavg()[0]:.1f}"
