"""Evidence: pieces with their files, and their links to items."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FIVE_YEARS = {"retention_class": "five-years"}


def upgrade() -> None:
    """Go up."""
    _evidence()
    _evidence_file()
    _answer_evidence()


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("search_key", sa.String(length=1000), nullable=False),
        sa.Column("stands_for", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_evidence_version_positive")),
        sa.CheckConstraint(
            "expires_on IS NULL OR expires_on >= stands_for", name=op.f("ck_evidence_expiry_date")
        ),
        sa.CheckConstraint(
            "(kind = 'reference' AND (document_number <> '' OR place <> '')) "
            "OR (kind = 'file' AND document_number = '' AND place = '')",
            name=op.f("ck_evidence_kind_words"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_evidence_withdrawn_pair")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_evidence_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_evidence_unit_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_evidence_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        info=FIVE_YEARS,
    )
    op.create_index("ix_evidence_unit", "evidence", ["unit_id", "stands_for"])


def _evidence_file() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("file_kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_evidence_file_size_positive")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_file_evidence_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence_file")),
        info=FIVE_YEARS,
    )
    op.create_index("ix_evidence_file_digest", "evidence_file", ["file_digest"])


def _answer_evidence() -> None:
    op.create_table(
        "answer_evidence",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_linked", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=False),
        sa.Column("done_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_answer_evidence_version_positive")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_answer_evidence_done_by")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_answer_evidence_evidence_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_answer_evidence_item_id")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_answer_evidence_revision_id")
        ),
        sa.PrimaryKeyConstraint(
            "revision_id", "item_id", "evidence_id", "version", name=op.f("pk_answer_evidence")
        ),
        info=FIVE_YEARS,
    )
    op.create_index("ix_answer_evidence_evidence", "answer_evidence", ["evidence_id"])


def downgrade() -> None:
    """Go down."""
    op.drop_table("answer_evidence")
    op.drop_table("evidence_file")
    op.drop_table("evidence")
