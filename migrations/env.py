"""Alembic's environment: one transaction, guards removed before and installed after every run."""

from alembic import context
from sqlalchemy import Connection

from app.db.guards import install, remove
from app.db.registry import GUARDS, METADATA


def run(connection: Connection) -> None:
    """Run the migrations on a connection; the caller owns the transaction."""
    context.configure(
        connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True
    )
    remove(connection)
    context.run_migrations()
    if context.get_context().get_current_revision() is not None:
        install(connection, GUARDS)


run(context.config.attributes["connection"])
