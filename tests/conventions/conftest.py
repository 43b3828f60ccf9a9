"""A town with a year under way, made once: pages of every kind have something to show."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.db.engine import make_engine
from app.db.session import Database
from app.inspections.rules import State
from tests.conventions.addresses import Town, town_of
from tests.databases import copy_of
from tests.factories.inspections import running_year
from tests.people import AFFAIRS, COUNTER


@pytest.fixture(scope="session")
def town_template(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a city with a sealed sheet, a returned one, and two that were just begun."""
    with copy_of(city_template, folder=tmp_path_factory.mktemp("town")) as url:
        database = Database(make_engine(url))
        year = running_year(database)
        year.bring(AFFAIRS, to=State.SIGNED_OFF)
        year.bring(COUNTER, to=State.RETURNED)
        with database.engine.connect() as connection:
            if database.is_sqlite:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.engine.dispose()
        yield url


@pytest.fixture
def city_url(town_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a fresh copy of the town, in place of the empty city."""
    with copy_of(town_template, folder=tmp_path_factory.mktemp("copy")) as url:
        yield url


@pytest.fixture
def town(app: Flask) -> Town:
    """The application with the town."""
    return town_of(app)
