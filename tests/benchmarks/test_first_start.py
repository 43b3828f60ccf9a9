"""From an empty folder to a sign-in page: migrate, set up the first people, start, first page.

Python keeps its compiled modules in this run's own folder, as an installation does: whether the developer's shell forbids that
(PYTHONDONTWRITEBYTECODE) would otherwise decide the figure. The first round, which compiles, is not counted.
"""

import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

import pytest
from sqlalchemy.engine import make_url

from tests.benchmarks.measuring import Sample, Table, in_turns, name_of
from tests.benchmarks.serving import group_of, serving_bare
from tests.integration.cli.served import Served, environment, free_port, run_to_its_end, serving

ROUNDS: Final = 2
SETUP: Final = (
    "setup",
    "--non-interactive",
    *("--unit", "1010", "情報政策課", "じょうほうせいさくか"),
    *("--administrator", "9001", "中村 直", "なかむら なお"),
    *("--manager", "2002", "木村 恵", "きむら めぐみ"),
    *("--reviewer", "2001", "田中 実", "たなか みのる"),
    *("--chief", "2004", "小川 清", "おがわ きよし"),
)


def test_first_start_of_an_empty_installation(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    numbers = count()

    def fresh() -> Path:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    found = in_turns(
        lambda: _started(_empty_installation(fresh())),
        lambda: _started(serving_bare(folder=fresh())),
        rounds=ROUNDS,
    )
    item = "first start of an empty installation (migrate, setup, start, first page), vs an empty Flask app under waitress"
    table.compare(item, found, goal="≤ 6 s", database=name_of(make_url(_address(tmp_path))))


def _address(folder: Path) -> str:
    return f"sqlite:///{folder / 'city.sqlite3'}"


@contextmanager
def _empty_installation(folder: Path) -> Iterator[Served]:
    own = environment(_address(folder), instance=folder / "instance", port=free_port())
    for command in (("database", "upgrade"), SETUP):
        done = run_to_its_end(*command, environment=own)
        assert done.returncode == 0, done.stderr
    with serving(own, log=folder / "serve.log") as served:
        yield served


def _started(server: AbstractContextManager[Served]) -> Sample:
    """Return the time until the first page, and the CPU of every process that was needed for it."""
    used, began = _children(), perf_counter()
    with server as served:
        wall = perf_counter() - began
        cpu = group_of(served).cpu() + _children() - used
    return Sample(wall, cpu)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
