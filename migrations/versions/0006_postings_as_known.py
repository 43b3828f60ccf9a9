"""Postings as they were known: a late file changes what holds from its day on, and nothing of what was done before it came."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go up: what is stored counts since its own first day, recorded when its person was."""
    with op.batch_alter_table("posting") as batch:
        batch.add_column(sa.Column("known_from", sa.Date(), nullable=True))
        batch.add_column(sa.Column("superseded_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=True))
    op.execute(
        "UPDATE posting SET known_from = valid_from, "
        "recorded_at = (SELECT created_at FROM person WHERE person.id = posting.person_id)"
    )
    with op.batch_alter_table("posting") as batch:
        batch.alter_column("known_from", existing_type=sa.Date(), nullable=False)
        batch.alter_column("recorded_at", existing_type=app.db.types.Instant(timezone=True), nullable=False)
        batch.drop_constraint(op.f("uq_posting_person_id_unit_id_valid_from"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_posting_person_id_unit_id_valid_from_known_from"),
            ["person_id", "unit_id", "valid_from", "known_from"],
        )
        batch.create_check_constraint(
            op.f("ck_posting_knowledge"), "superseded_on IS NULL OR superseded_on > known_from"
        )


def downgrade() -> None:
    """Go down: what is known last stays."""
    op.execute("DELETE FROM posting WHERE superseded_on IS NOT NULL")
    with op.batch_alter_table("posting") as batch:
        batch.drop_constraint(op.f("ck_posting_knowledge"), type_="check")
        batch.drop_constraint(op.f("uq_posting_person_id_unit_id_valid_from_known_from"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_posting_person_id_unit_id_valid_from"), ["person_id", "unit_id", "valid_from"]
        )
        batch.drop_column("recorded_at")
        batch.drop_column("superseded_on")
        batch.drop_column("known_from")
