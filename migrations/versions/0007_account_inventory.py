"""Accounts that end with a contract, and the quarterly inventory of accounts (アカウント棚卸し)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0007"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

THREE_YEARS = {"retention_class": "three-years"}


def upgrade() -> None:
    """Go up."""
    _terms_up()
    _rounds_up()
    _lines_up()


def downgrade() -> None:
    """Go down."""
    op.drop_index("ix_inventory_line_account", table_name="inventory_line")
    op.drop_table("inventory_line")
    op.drop_table("inventory_round")
    with op.batch_alter_table("account") as batch:
        batch.drop_constraint(op.f("ck_account_contractor_ends"), type_="check")
        batch.drop_column("expires_on")
        batch.drop_column("kind")


def _terms_up() -> None:
    """Every account from before is an employee's."""
    op.add_column("account", sa.Column("kind", sa.String(length=40), nullable=True))
    op.add_column("account", sa.Column("expires_on", sa.Date(), nullable=True))
    op.execute(sa.update(sa.table("account", sa.column("kind", sa.String()))).values(kind="staff"))
    with op.batch_alter_table("account") as batch:
        batch.alter_column("kind", existing_type=sa.String(length=40), nullable=False)
        batch.create_check_constraint(
            op.f("ck_account_contractor_ends"), "(kind = 'contractor') = (expires_on IS NOT NULL)"
        )


def _rounds_up() -> None:
    op.create_table(
        "inventory_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("suspend_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("closed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_inventory_round_quarter")),
        sa.CheckConstraint("suspend_on > due_on", name=op.f("ck_inventory_round_days")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_inventory_round_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_round")),
        sa.UniqueConstraint("fiscal_year", "quarter", name=op.f("uq_inventory_round_fiscal_year_quarter")),
        info=THREE_YEARS,
    )


_LINE_CHECKS = (
    ("decided_or_ended", "decision IS NULL OR ending IS NULL"),
    ("decided_pair", "(decided_at IS NULL) = (decided_by IS NULL)"),
    ("decided_together", "(decision IS NULL) = (decided_at IS NULL)"),
    ("stop_has_a_reason", "COALESCE(decision, '') <> 'stop' OR reason <> ''"),
    ("version_positive", "version >= 1"),
)


def _lines_up() -> None:
    op.create_table(
        "inventory_line",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("last_sign_in_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("concerns", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=40), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_inventory_line_{name}"))
            for name, condition in _LINE_CHECKS
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_inventory_line_{column}"))
            for column, table in (
                ("account_id", "account"),
                ("decided_by", "person"),
                ("person_id", "person"),
                ("round_id", "inventory_round"),
                ("unit_id", "unit"),
            )
        ),
        sa.PrimaryKeyConstraint("round_id", "account_id", name=op.f("pk_inventory_line")),
        info=THREE_YEARS,
    )
    op.create_index("ix_inventory_line_account", "inventory_line", ["account_id"])
