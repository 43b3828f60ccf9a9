"""Fixtures: the table of the run, the databases, the city with one year and with ten."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest
from flask import Flask

from app import create_app
from app.config import Settings
from app.db.engine import make_engine
from app.db.migrate import upgrade
from app.db.session import Database, bind, bound
from tests.benchmarks.browsing import DirectBrowser
from tests.benchmarks.city import City, RunningYear, add_earlier_years, found_city, running_year
from tests.benchmarks.measuring import Sample, Table, Work, count_of, machine, name_of, timed
from tests.conftest import StandingClock
from tests.databases import empty, on_postgresql
from tests.people import Cast

ENGINES: Final = ("SQLite", "PostgreSQL") if on_postgresql() else ("SQLite",)
"""PostgreSQL joins in where DATABASE_URL names a server."""


class Past(StrEnum):
    """How much lies before this year's campaign."""

    NONE = "none"
    ONE_YEAR = "one year"
    NINE_YEARS = "nine years"


EARLIER_YEARS: Final = {Past.NONE: 0, Past.ONE_YEAR: 1, Past.NINE_YEARS: 9}


@dataclass(frozen=True, slots=True)
class Stage:
    """A running year and the whole application on its database."""

    url: str
    year: RunningYear
    app: Flask
    database: Database

    @property
    def engine(self) -> str:
        """The name of its database engine, as the engine itself says."""
        return name_of(self.database.engine.url)

    def enter(self) -> None:
        """Make this the database of the process: two applications take turns in some measurements."""
        bind(self.database)

    def browser(self, cast: Cast, *, form_page: str = "/") -> DirectBrowser:
        """Return a browser in which somebody is signed in."""
        self.enter()
        return DirectBrowser.of(self.app, cast=cast, form_page=form_page)

    def sampled(self, work: Work, *, times: int) -> Callable[[], Sample]:
        """Return how one round of a work that is done here is measured."""

        def sample() -> Sample:
            self.enter()
            return timed([work] * times)

        return sample

    def statements_of(self, work: Work) -> int:
        """Return how many SQL statements a work that is done here sends, once what is kept for a process is kept."""
        self.enter()
        work()
        return count_of(work)


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    """The table of this run: printed and kept at its end."""
    server = make_engine(os.environ["DATABASE_URL"]) if on_postgresql() else None
    made = Table(machine(server))
    if server is not None:
        server.dispose()
    yield made
    made.write()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of a database engine."""
    return str(request.param)


@contextmanager
def _city(engine: str, folder: Path) -> Iterator[tuple[City, str]]:
    with _url(engine, folder) as url:
        database = Database(make_engine(url))
        upgrade(database)
        yield found_city(database), url
        database.engine.dispose()


@contextmanager
def _url(engine: str, folder: Path) -> Iterator[str]:
    if engine == "PostgreSQL":
        with empty(folder) as url:
            yield url
        return
    yield f"sqlite:///{folder / 'city.sqlite3'}"


@contextmanager
def _stage(engine: str, folder: Path, *, past: Past) -> Iterator[Stage]:
    with _city(engine, folder) as (city, url):
        add_earlier_years(city, years=EARLIER_YEARS[past])
        year = running_year(city)
        app = create_app(
            Settings(
                database_url=url,
                instance_path=folder / "instance",
                secret_key="benchmark" * 5,
                second_factor=frozenset(),
            )
        )
        app.extensions["clock"] = StandingClock()
        # Not `bound()` again at the end: another stage may have entered meanwhile.
        database = bound()
        yield Stage(url, year, app, database)
        database.engine.dispose()


@pytest.fixture
def city(engine: str, tmp_path: Path) -> Iterator[City]:
    """A city without any campaign."""
    with _city(engine, tmp_path) as (made, _):
        yield made


@pytest.fixture(scope="session")
def stage(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A city in its first year."""
    with _stage(engine, tmp_path_factory.mktemp("one"), past=Past.NONE) as made:
        yield made


@pytest.fixture(scope="session")
def second_stage(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A city in its second year: its pages show last year's answers, as they do in the tenth."""
    with _stage(engine, tmp_path_factory.mktemp("two"), past=Past.ONE_YEAR) as made:
        yield made


@pytest.fixture(scope="session")
def old_stage(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A city in its tenth year."""
    with _stage(engine, tmp_path_factory.mktemp("ten"), past=Past.NINE_YEARS) as made:
        yield made
