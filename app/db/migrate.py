"""Running migrations: always in one transaction with the guards, so that no step leaves immutable rows unguarded."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.db.session import Database

FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection: there is no ini file, and no URL in one."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, *, target: str = "head") -> None:
    """Bring the database up to a revision."""
    with database.migrating() as connection:
        command.upgrade(configuration(connection), target)


def downgrade(database: Database, *, target: str) -> None:
    """Take the database down to a revision (tests only: a city goes back by restoring a backup)."""
    with database.migrating() as connection:
        command.downgrade(configuration(connection), target)


def current(connection: Connection) -> str | None:
    """Return the revision of the database; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the revision that this code expects."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    if found is None:
        message = "there are no migrations"
        raise RuntimeError(message)
    return found
