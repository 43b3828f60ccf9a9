"""Who follows whom: successions of units, and reorganisations as one act."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PERMANENT = {"retention_class": "permanent"}


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "reorganisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("file_digest", sa.String(length=64), nullable=True),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL) AND (confirmed_at IS NULL) = (before IS NULL)",
            name=op.f("ck_reorganisation_confirmed_together"),
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> prepared_by", name=op.f("ck_reorganisation_two_persons")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_reorganisation_ended_together")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR confirmed_at IS NOT NULL", name=op.f("ck_reorganisation_confirmed_state")
        ),
        sa.CheckConstraint(
            "(state IN ('undone', 'discarded')) = (ended_at IS NOT NULL)",
            name=op.f("ck_reorganisation_ended_state"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_reorganisation_version_positive")),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_reorganisation_{name}"))
            for name in ("prepared_by", "confirmed_by", "ended_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation")),
        info=PERMANENT,
    )
    op.create_table(
        "reorganisation_editor",
        sa.Column("reorganisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reorganisation_id"],
            ["reorganisation.id"],
            name=op.f("fk_reorganisation_editor_reorganisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reorganisation_editor_person_id")
        ),
        sa.PrimaryKeyConstraint("reorganisation_id", "person_id", name=op.f("pk_reorganisation_editor")),
        info=PERMANENT,
    )
    _successions_up()
    _choices_up()


def downgrade() -> None:
    """Go down."""
    op.drop_index("ix_open_work_choice_subject", table_name="open_work_choice")
    op.drop_table("open_work_choice")
    op.drop_index("ix_unit_heir_heir", table_name="unit_heir")
    op.drop_table("unit_heir")
    op.drop_index("ix_unit_succession_successor", table_name="unit_succession")
    op.drop_index("ix_unit_succession_rest", table_name="unit_succession")
    op.drop_table("unit_succession")
    op.drop_table("reorganisation_editor")
    op.drop_table("reorganisation")


def _successions_up() -> None:
    op.create_table(
        "unit_succession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("predecessor_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("takeover", sa.String(length=40), nullable=False),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reorganisation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "successor_id IS NULL OR successor_id <> predecessor_id",
            name=op.f("ck_unit_succession_another_unit"),
        ),
        sa.CheckConstraint(
            "successor_id IS NOT NULL OR kind = 'abolished'", name=op.f("ck_unit_succession_recorded_end")
        ),
        sa.CheckConstraint(
            "share IS NULL OR share BETWEEN 1 AND 100", name=op.f("ck_unit_succession_share_range")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["unit.id"], name=op.f("fk_unit_succession_predecessor_id")
        ),
        sa.ForeignKeyConstraint(["successor_id"], ["unit.id"], name=op.f("fk_unit_succession_successor_id")),
        sa.ForeignKeyConstraint(
            ["reorganisation_id"], ["reorganisation.id"], name=op.f("fk_unit_succession_reorganisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_succession")),
        sa.UniqueConstraint(
            "predecessor_id",
            "successor_id",
            "effective_on",
            name=op.f("uq_unit_succession_predecessor_id_successor_id_effective_on"),
        ),
        info=PERMANENT,
    )
    op.create_index(
        "ix_unit_succession_rest",
        "unit_succession",
        ["predecessor_id", "effective_on"],
        unique=True,
        sqlite_where=sa.text("takeover = 'rest'"),
        postgresql_where=sa.text("takeover = 'rest'"),
    )
    op.create_index("ix_unit_succession_successor", "unit_succession", ["successor_id"])
    op.create_table(
        "unit_heir",
        sa.Column("origin_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("heir_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_unit_heir_validity")),
        sa.CheckConstraint("heir_id <> origin_id", name=op.f("ck_unit_heir_another_unit")),
        sa.ForeignKeyConstraint(["origin_id"], ["unit.id"], name=op.f("fk_unit_heir_origin_id")),
        sa.ForeignKeyConstraint(["heir_id"], ["unit.id"], name=op.f("fk_unit_heir_heir_id")),
        sa.PrimaryKeyConstraint("origin_id", "valid_from", name=op.f("pk_unit_heir")),
        info=PERMANENT,
    )
    op.create_index("ix_unit_heir_heir", "unit_heir", ["heir_id"])


def _choices_up() -> None:
    op.create_table(
        "open_work_choice",
        sa.Column("reorganisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=20), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.Column("chosen_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(in_force_from IS NULL) = (unit_id IS NULL)", name=op.f("ck_open_work_choice_in_force_pair")
        ),
        sa.ForeignKeyConstraint(
            ["reorganisation_id"], ["reorganisation.id"], name=op.f("fk_open_work_choice_reorganisation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_open_work_choice_unit_id")),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"], name=op.f("fk_open_work_choice_chosen_by")),
        sa.PrimaryKeyConstraint("reorganisation_id", "kind", "subject_id", name=op.f("pk_open_work_choice")),
        info=PERMANENT,
    )
    op.create_index("ix_open_work_choice_subject", "open_work_choice", ["subject_id", "in_force_from"])
