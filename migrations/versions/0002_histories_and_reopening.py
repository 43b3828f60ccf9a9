"""Histories of profiles and replies, requests to reopen that end, one current revision, salts that are kept."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FIVE_YEARS = {"retention_class": "five-years"}


def upgrade() -> None:
    """Go up."""
    with op.batch_alter_table("campaign") as batch:
        batch.add_column(sa.Column("salt", sa.String(length=32), nullable=True))
    with op.batch_alter_table("inspection") as batch:
        batch.add_column(sa.Column("added_salt", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_revision_current",
        "revision",
        ["inspection_id"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    _answer_history()
    _profile_history()
    _reopening()


def _answer_history() -> None:
    op.add_column("answer_history", sa.Column("reply", sa.Text(), nullable=True))
    op.add_column("answer_history", sa.Column("origin", sa.String(length=40), nullable=True))
    op.execute("UPDATE answer_history SET origin = 'given'")
    with op.batch_alter_table("answer_history") as batch:
        batch.alter_column("origin", existing_type=sa.String(length=40), nullable=False)


def _profile_history() -> None:
    """Begin the history with the confirmations that stand."""
    history = op.create_table(
        "profile_history",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_profile_history_version_positive")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_profile_history_confirmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_profile_history_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "version", name=op.f("pk_profile_history")),
        info=FIVE_YEARS,
    )
    flag = sa.table(
        "profile_flag",
        sa.column("revision_id", sa.Uuid()),
        sa.column("flag", sa.String()),
        sa.column("is_on", sa.Boolean()),
        sa.column("confirmed_by", sa.Uuid()),
        sa.column("confirmed_at", app.db.types.Instant(timezone=True)),
    )
    confirmed: dict[object, dict[str, object]] = {}
    flags: dict[object, dict[str, bool]] = {}
    for row in op.get_bind().execute(sa.select(flag).where(flag.c.confirmed_at.is_not(None))):
        confirmed[row.revision_id] = {"confirmed_by": row.confirmed_by, "confirmed_at": row.confirmed_at}
        flags.setdefault(row.revision_id, {})[row.flag] = row.is_on
    if confirmed:
        op.bulk_insert(
            history,
            [
                {"revision_id": key, "version": 1, "origin": "given", "flags": _canonical(flags[key]), **row}
                for key, row in confirmed.items()
            ],
        )


def _canonical(value: dict[str, bool]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _reopening() -> None:
    """A request gets a number and an outcome: those that were decided had been granted."""
    op.rename_table("reopening", "reopening_before")
    op.create_table(
        "reopening",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        info=FIVE_YEARS,
    )
    op.execute(
        "INSERT INTO reopening (revision_id, sequence, reason, requested_by, requested_at, outcome, "
        "decision_reason, decided_by, decided_at) SELECT revision_id, 1, reason, requested_by, requested_at, "
        "CASE WHEN decided_at IS NULL THEN NULL ELSE 'granted' END, '', decided_by, decided_at "
        "FROM reopening_before"
    )
    op.drop_table("reopening_before")
    # The names of constraints are free again only now.
    with op.batch_alter_table("reopening") as batch:
        batch.create_primary_key("pk_reopening", ["revision_id", "sequence"])
        for name, target in (
            ("revision_id", "revision"),
            ("requested_by", "person"),
            ("decided_by", "person"),
        ):
            batch.create_foreign_key(f"fk_reopening_{name}", target, [name], ["id"])
        for name, condition in (
            ("sequence_positive", "sequence >= 1"),
            ("decided_pair", "(decided_at IS NULL) = (decided_by IS NULL)"),
            ("decided_outcome", "(decided_at IS NULL) = (outcome IS NULL)"),
            ("two_persons", "outcome = 'withdrawn' OR decided_by <> requested_by"),
        ):
            batch.create_check_constraint(op.f(f"ck_reopening_{name}"), condition)
    op.create_index(
        "ix_reopening_waiting",
        "reopening",
        ["revision_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    """Go down (tests only): requests that were declined or withdrawn have no place before."""
    op.execute("DELETE FROM reopening WHERE outcome IN ('declined', 'withdrawn')")
    op.drop_index("ix_reopening_waiting", table_name="reopening")
    with op.batch_alter_table("reopening") as batch:
        for name in ("sequence_positive", "decided_outcome", "two_persons"):
            batch.drop_constraint(op.f(f"ck_reopening_{name}"), type_="check")
        batch.drop_constraint("pk_reopening", type_="primary")
        for column in ("sequence", "salt", "outcome", "decision_reason"):
            batch.drop_column(column)
        batch.create_primary_key("pk_reopening", ["revision_id"])
        batch.create_check_constraint(
            op.f("ck_reopening_two_persons"), "decided_by IS NULL OR decided_by <> requested_by"
        )
    op.drop_table("profile_history")
    with op.batch_alter_table("answer_history") as batch:
        batch.drop_column("origin")
        batch.drop_column("reply")
    op.drop_index("ix_revision_current", table_name="revision")
    with op.batch_alter_table("inspection") as batch:
        batch.drop_column("added_salt")
    with op.batch_alter_table("campaign") as batch:
        batch.drop_column("salt")
