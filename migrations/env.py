"""Alembic's environment: one transaction, guards removed before and installed after every run."""

from alembic import context
from sqlalchemy import Connection, inspect

from app.db.guards import install, remove
from app.db.registry import GUARDS, METADATA


def run(connection: Connection) -> None:
    """Run the migrations on a connection; the caller owns the transaction."""
    context.configure(
        connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True
    )
    remove(connection)
    context.run_migrations()
    # A revision on the way has the guards of the tables that it has; the newest has them all (checked at every start).
    tables = set(inspect(connection).get_table_names())
    install(connection, tuple(guard for guard in GUARDS if guard.table in tables))


run(context.config.attributes["connection"])
