"""Migrations: numbered, one head, and after each step the guards of the tables that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from app.db.engine import make_engine
from app.db.guards import check
from app.db.migrate import FOLDER, current, downgrade, head, upgrade
from app.db.registry import GUARDS, METADATA
from app.db.session import Database

SCRIPTS = ScriptDirectory(str(FOLDER))
STEPS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
def bare(empty_url: str) -> Iterator[Database]:
    """A database without any table."""
    made = Database(make_engine(empty_url))
    yield made
    made.engine.dispose()


def guard_problems(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        return check(connection, tuple(guard for guard in GUARDS if guard.table in there))


def test_revisions_are_numbered_without_a_gap_and_there_is_one_head() -> None:
    files = sorted(path.name for path in Path(FOLDER, "versions").glob("*.py"))
    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in files)
    assert [name[:4] for name in files] == STEPS
    assert SCRIPTS.get_heads() == [head()]


def test_the_migrated_schema_is_the_models_schema(bare: Database) -> None:
    upgrade(bare)
    with bare.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_check_constraints_are_the_models_check_constraints(bare: Database) -> None:
    """Alembic compares no CHECK constraints, so they are compared by name."""
    upgrade(bare)
    found = inspect(bare.engine)
    for table in METADATA.sorted_tables:
        declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        assert {c["name"] for c in found.get_check_constraints(table.name)} == declared, table.name


def test_foreign_keys_are_the_models_foreign_keys(bare: Database) -> None:
    """Alembic compares no keys that are added after both tables on SQLite, so they are compared by column."""
    upgrade(bare)
    found = inspect(bare.engine)
    for table in METADATA.sorted_tables:
        declared = {
            (tuple(element.parent.name for element in key.elements), key.referred_table.name)
            for key in table.foreign_key_constraints
        }
        migrated = {
            (tuple(k["constrained_columns"]), k["referred_table"]) for k in found.get_foreign_keys(table.name)
        }
        assert migrated == declared, table.name


def test_the_guards_are_there_after_each_step_up(bare: Database) -> None:
    for step in STEPS:
        upgrade(bare, target=step)
        with bare.engine.connect() as connection:
            assert current(connection) == step
        assert guard_problems(bare) == []


def test_the_guards_are_there_after_each_round_trip(bare: Database) -> None:
    upgrade(bare)
    for step in [*reversed(STEPS[:-1]), "base"]:
        downgrade(bare, target=step)
        assert guard_problems(bare) == []
        upgrade(bare)
        assert guard_problems(bare) == []


def test_going_down_to_nothing_leaves_no_table_behind(bare: Database) -> None:
    upgrade(bare)
    downgrade(bare, target="base")
    assert set(inspect(bare.engine).get_table_names()) <= {"alembic_version"}


def test_a_failing_migration_leaves_everything_as_it_was(
    bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.migrate.command.upgrade", _fails_halfway)
    with pytest.raises(RuntimeError, match="halfway"):
        upgrade(bare)
    assert inspect(bare.engine).get_table_names() == []


def _fails_halfway(config: object, target: str) -> None:
    connection = config.attributes["connection"]  # type: ignore[attr-defined]
    connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
    raise RuntimeError("halfway")


@pytest.mark.only_sqlite("PostgreSQL checks foreign keys with every statement")
def test_a_migration_that_breaks_foreign_keys_is_undone(database: Database) -> None:
    with pytest.raises(RuntimeError, match="foreign keys"), database.migrating() as connection:
        connection.exec_driver_sql("DELETE FROM unit")
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM unit").scalar_one() > 0
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
