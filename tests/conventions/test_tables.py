"""Every table says how long it is kept, and every constraint can be found by its name."""

from typing import Final

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table, UniqueConstraint

from app.db.base import RetentionClass
from app.db.registry import METADATA
from app.db.types import Instant

CLASSES: Final = {value for name, value in vars(RetentionClass).items() if name.isupper()}
TABLES: Final = METADATA.sorted_tables
# A cookie, a hash and a throttle are gone soon; what proves something is kept for years.
TECHNICAL: Final = {"job_run", "sent_form", "sign_in_throttle"}

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def names(columns: object) -> str:
    return "_".join(column.name for column in columns if isinstance(column, Column))  # type: ignore[attr-defined]


@every_table
def test_a_table_names_its_retention_class(table: Table) -> None:
    assert table.info.get("retention_class") in CLASSES


def test_only_what_proves_nothing_is_technical() -> None:
    assert {t.name for t in TABLES if t.info["retention_class"] == RetentionClass.TECHNICAL} == TECHNICAL


@every_table
def test_constraint_names_follow_the_convention(table: Table) -> None:
    assert table.primary_key.name == f"pk_{table.name}"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert constraint.name == f"uq_{table.name}_{names(constraint.columns)}"
        elif isinstance(constraint, ForeignKeyConstraint):
            assert constraint.name == f"fk_{table.name}_{names(constraint.columns)}"
        elif isinstance(constraint, CheckConstraint):
            assert str(constraint.name).startswith(f"ck_{table.name}_")
    assert all(str(index.name).startswith(f"ix_{table.name}_") for index in table.indexes)


@every_table
def test_names_fit_into_what_both_engines_take(table: Table) -> None:
    found = [str(c.name) for c in table.constraints] + [str(index.name) for index in table.indexes]
    assert all(len(name) <= 63 for name in [table.name, *found])
    assert len(set(found)) == len(found)


@every_table
def test_instants_go_through_the_type_that_refuses_naive_ones(table: Table) -> None:
    for column in table.columns:
        if column.name.endswith(("_at", "_since")):
            assert isinstance(column.type, Instant), f"{table.name}.{column.name}"


@every_table
def test_who_and_when_stand_together(table: Table) -> None:
    """A nullable …_at beside a nullable …_by is held together by a CHECK."""
    checks = " ".join(str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint))
    for column in table.columns:
        partner = table.columns.get(column.name.removesuffix("_at") + "_by")
        if column.name.endswith("_at") and column.nullable and partner is not None:
            assert f"({column.name} IS NULL) = ({partner.name} IS NULL)" in checks


def test_nothing_is_deleted_along_with_something_else() -> None:
    for table in TABLES:
        for key in table.foreign_keys:
            assert (key.ondelete, key.onupdate) == (None, None), f"{table.name}.{key.parent.name}"
