"""Fixtures of the integration tests: on SQLite, and the same tests on PostgreSQL."""

import pytest

from app.db.session import Database
from tests.factories.inspections import Year, running_year


@pytest.fixture
def year(database: Database) -> Year:
    """A running campaign of the test city."""
    return running_year(database)
