"""The desk of the reviewers: flags and lanes, who has a sheet in hand, samples, acts on many sheets, templates."""

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
    _flags()
    _claims()
    _batches()
    _templates()


def _flags() -> None:
    op.create_table(
        "review_screening",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("red", sa.Integer(), nullable=False),
        sa.Column("amber", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("computed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("red >= 0 AND amber >= 0", name=op.f("ck_review_screening_counts")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_review_screening_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_review_screening")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "review_flag",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("computed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_review_flag_item_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_review_flag_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "sequence", name=op.f("pk_review_flag")),
        info={"retention_class": "five-years"},
    )


def _claims() -> None:
    op.create_table(
        "review_claim",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("active_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_review_claim_ended_pair")
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_review_claim_ended_by")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_claim_reviewer_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_review_claim_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "sequence", name=op.f("pk_review_claim")),
        info={"retention_class": "five-years"},
    )
    op.create_index(
        "ix_review_claim_held",
        "review_claim",
        ["revision_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _batches() -> None:
    op.create_table(
        "review_sample",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("drawn_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_review_sample_campaign_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_sample_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_sample")),
        info={"retention_class": "five-years"},
    )
    op.create_index(
        "ix_review_sample_reviewer", "review_sample", ["reviewer_id", "campaign_id"], unique=False
    )
    op.create_table(
        "review_sample_sheet",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("opened_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("drawn OR opened_at IS NULL", name=op.f("ck_review_sample_sheet_opened_drawn")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_review_sample_sheet_revision_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["review_sample.id"], name=op.f("fk_review_sample_sheet_sample_id")
        ),
        sa.PrimaryKeyConstraint("sample_id", "revision_id", name=op.f("pk_review_sample_sheet")),
        info={"retention_class": "five-years"},
    )
    op.create_index("ix_review_sample_sheet_revision", "review_sample_sheet", ["revision_id"], unique=False)
    op.create_table(
        "review_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("judged_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("(sample_id IS NULL) <> (item_id IS NULL)", name=op.f("ck_review_batch_one_kind")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_review_batch_campaign_id")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_review_batch_item_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_batch_reviewer_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["review_sample.id"], name=op.f("fk_review_batch_sample_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_batch")),
        info={"retention_class": "five-years"},
    )
    op.create_index("ix_review_batch_sample", "review_batch", ["sample_id"], unique=True)
    op.create_table(
        "review_batch_sheet",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_review_batch_sheet_undone_pair")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["review_batch.id"], name=op.f("fk_review_batch_sheet_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_review_batch_sheet_revision_id")
        ),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_review_batch_sheet_undone_by")),
        sa.PrimaryKeyConstraint("batch_id", "revision_id", name=op.f("pk_review_batch_sheet")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "review_batch_item",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["review_batch.id"], name=op.f("fk_review_batch_item_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id", "item_id", "version"],
            ["item_review_history.revision_id", "item_review_history.item_id", "item_review_history.version"],
            name=op.f("fk_review_batch_item_revision_id_item_id_version"),
        ),
        sa.PrimaryKeyConstraint("batch_id", "revision_id", "item_id", name=op.f("pk_review_batch_item")),
        info={"retention_class": "five-years"},
    )


def _templates() -> None:
    op.create_table(
        "review_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_review_template_version_positive")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_review_template_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_template")),
        info={"retention_class": "while-in-force"},
    )


def downgrade() -> None:
    """Go down."""
    op.drop_table("review_batch_item")
    op.drop_table("review_batch_sheet")
    op.drop_table("review_batch")
    op.drop_table("review_sample_sheet")
    op.drop_table("review_sample")
    op.drop_table("review_claim")
    op.drop_table("review_flag")
    op.drop_table("review_screening")
    op.drop_table("review_template")
