"""The ledger of information systems, sheets for them, and what makes a city's inspection quick and sure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go up."""
    _systems_up()


def downgrade() -> None:
    """Go down."""
    _systems_down()


def _systems_up() -> None:
    op.create_table(
        "information_system",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_information_system_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_information_system")),
        sa.UniqueConstraint("code", name=op.f("uq_information_system_code")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "system_version",
        sa.Column("system_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("classification", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("support_ends_on", sa.Date(), nullable=True),
        sa.Column("contractor", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_system_version_version_positive")),
        sa.ForeignKeyConstraint(
            ["system_id"],
            ["information_system.id"],
            name=op.f("fk_system_version_system_id_information_system"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_system_version_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_system_version_recorded_by_person")
        ),
        sa.PrimaryKeyConstraint("system_id", "version", name=op.f("pk_system_version")),
        info={"retention_class": "permanent"},
    )
    op.create_index("ix_system_version_unit", "system_version", ["unit_id"])


def _systems_down() -> None:
    op.drop_index("ix_system_version_unit", table_name="system_version")
    op.drop_table("system_version")
    op.drop_table("information_system")
