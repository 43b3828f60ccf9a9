"""Fixtures: a fresh city for each test, a clock that stands, and clients that are signed in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from app import create_app
from app.access.actor import Actor
from app.config import Settings
from app.db.engine import make_engine
from app.db.session import Database, bind, bound
from app.kernel.clock import business_date
from app.people.queries import actor_on
from tests.databases import copy_of, empty, on_postgresql, settle, template
from tests.factories.inspections import Year, running_year
from tests.people import STORY, Cast

# No test fails for being slow on a busy machine, or while its coverage is measured.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other engine: a skip in the summary then always has a reason to look at."""
    other = "only_sqlite" if on_postgresql() else "only_postgresql"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@dataclass(slots=True)
class StandingClock:
    """A clock that shows what it is told."""

    instant: datetime = STORY

    def now(self) -> datetime:
        """Return the instant that is set."""
        return self.instant

    def pass_by(self, duration: timedelta) -> None:
        """Let time pass."""
        self.instant += duration


@pytest.fixture
def cheap_hashes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts of the tests carry cheap hashes; signing in would otherwise renew each at full cost."""
    monkeypatch.setattr(PasswordHasher, "check_needs_rehash", lambda _, __: False)


@pytest.fixture(scope="session")
def city_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The migrated city, made once for each worker."""
    with template(tmp_path_factory.mktemp("template")) as url:
        yield url


@pytest.fixture(scope="session")
def year_template(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Year]]:
    """The city with a running campaign, made once for each worker: opening it took a fifth of a run."""
    with copy_of(city_template, folder=tmp_path_factory.mktemp("year")) as url:
        database = Database(make_engine(url))
        made = running_year(database)
        settle(database)
        database.engine.dispose()
        yield url, made


@pytest.fixture
def city_url(request: pytest.FixtureRequest, city_template: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh copy of the city, with a running campaign where a test asks for `year`."""
    running = "year" in request.fixturenames
    source = request.getfixturevalue("year_template")[0] if running else city_template
    with copy_of(source, folder=tmp_path) as url:
        yield url


@pytest.fixture
def database(city_url: str) -> Iterator[Database]:
    """A fresh city, bound to `transaction()` and `reading()`."""
    found = Database(make_engine(city_url))
    bind(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def year(database: Database, year_template: tuple[str, Year]) -> Year:
    """The running campaign of the test city."""
    made = year_template[1]
    return replace(made, database=database, sheets=dict(made.sheets))


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    with empty(tmp_path) as url:
        yield url


@pytest.fixture
def clock() -> StandingClock:
    """A clock that stands at 9:00 on 令和8年11月20日."""
    return StandingClock()


@pytest.fixture
def settings(city_url: str, tmp_path: Path) -> Settings:
    """The settings of a test's own installation."""
    # Most tests are about something else: a password does, as in the demonstration.
    return Settings(
        database_url=city_url,
        instance_path=tmp_path / "instance",
        secret_key="only for tests" * 3,
        second_factor=frozenset(),
    )


class CompiledTemplates(BytecodeCache):
    """Templates compiled once for each worker, not once for each test's application."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled before, where it is still the same text."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()


@pytest.fixture
def app(settings: Settings, clock: StandingClock, cheap_hashes_stay: None) -> Iterator[Flask]:
    """The whole application on a fresh city (its `create_app` binds the database)."""
    made = create_app(settings)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    made.extensions["clock"] = clock
    made.jinja_env.bytecode_cache = COMPILED
    yield made
    bound().engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody is signed in to."""
    return app.test_client()


ActorOf = Callable[[Cast], Actor]


@pytest.fixture
def actor_of(database: Database, clock: StandingClock) -> ActorOf:
    """Return a person of the cast as an actor of the clock's day."""

    def find(cast: Cast) -> Actor:
        with database.reading() as session:
            return actor_on(session, person_id=cast.id, day=business_date(clock.now()))

    return find
