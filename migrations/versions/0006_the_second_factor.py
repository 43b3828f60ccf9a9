"""The second factor of accounts, its recovery by two persons, and what a sign-in says about where it came from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0006"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go up."""
    _sessions_up()
    _second_factor()
    _recovery()


def downgrade() -> None:
    """Go down."""
    op.drop_table("second_factor_recovery")
    op.drop_table("second_factor")
    with op.batch_alter_table("sign_in_session") as batch:
        for column in ("oddities", "device_digest", "address", "second_factor_at", "code_wanted"):
            batch.drop_column(column)


def _sessions_up() -> None:
    """What was signed in before goes on: no code was wanted of it, and nothing is known of its place."""
    with op.batch_alter_table("sign_in_session") as batch:
        batch.add_column(sa.Column("code_wanted", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("second_factor_at", app.db.types.Instant(timezone=True), nullable=True))
        batch.add_column(sa.Column("address", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("device_digest", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("oddities", sa.String(length=120), nullable=True))
    sessions = sa.table(
        "sign_in_session", sa.column("code_wanted", sa.Boolean()), sa.column("oddities", sa.String())
    )
    op.execute(sa.update(sessions).values(code_wanted=sa.false(), oddities=""))
    with op.batch_alter_table("sign_in_session") as batch:
        batch.alter_column("code_wanted", existing_type=sa.Boolean(), nullable=False)
        batch.alter_column("oddities", existing_type=sa.String(length=120), nullable=False)


def _second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("last_use", sa.String(length=64), nullable=True),
        sa.Column("enrolled_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("last_step >= 0", name=op.f("ck_second_factor_last_step_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
        info={"retention_class": "while-in-force"},
    )


_RECOVERY_CHECKS = (
    ("ended_outcome", "(ended_at IS NULL) = (outcome IS NULL)"),
    ("decided_by_somebody", "(COALESCE(outcome, 'lapsed') = 'lapsed') = (decided_by IS NULL)"),
    ("asked_for_another", "requested_by <> person_id"),
    (
        "two_persons",
        "outcome <> 'confirmed' OR (decided_by <> requested_by AND decided_by <> person_id)",
    ),
)


def _recovery() -> None:
    op.create_table(
        "second_factor_recovery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", app.db.types.Instant(timezone=True), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_second_factor_recovery_{name}"))
            for name, condition in _RECOVERY_CHECKS
        ),
        *(
            sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_second_factor_recovery_{column}"))
            for column in ("decided_by", "person_id", "requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor_recovery")),
        info={"retention_class": "three-years"},
    )
    op.create_index(
        "ix_second_factor_recovery_open",
        "second_factor_recovery",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
