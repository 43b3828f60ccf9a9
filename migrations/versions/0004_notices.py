"""Notices and the mails that carry them, the city's closed days, mail addresses, how jobs failed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

THREE_YEARS = {"retention_class": "three-years"}


def upgrade() -> None:
    """Go up."""
    op.add_column("person", sa.Column("mail_address", sa.String(length=254), nullable=True))
    op.add_column("person", sa.Column("mail_refused_at", app.db.types.Instant(timezone=True), nullable=True))
    op.create_table(
        "closing_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_closing_day_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_day")),
        sa.UniqueConstraint("day", name=op.f("uq_closing_day_day")),
        info={"retention_class": "five-years"},
    )
    _mails()
    _notices()
    _job_runs()


def _mails() -> None:
    op.create_table(
        "mail_digest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("settled_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("next_try_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("tries >= 1", name=op.f("ck_mail_digest_tries_positive")),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_try_at IS NOT NULL)", name=op.f("ck_mail_digest_next_try")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_digest_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_digest")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_mail_digest_person_id_day")),
        info=THREE_YEARS,
    )
    op.create_index("ix_mail_digest_state", "mail_digest", ["state", "claimed_at"])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("read_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("digest_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["digest_id"], ["mail_digest.id"], name=op.f("fk_notice_digest_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "person_id",
            "kind",
            "subject_id",
            "occasion",
            name=op.f("uq_notice_person_id_kind_subject_id_occasion"),
        ),
        info=THREE_YEARS,
    )
    op.create_index("ix_notice_own", "notice", ["person_id", "created_at"])
    op.create_index("ix_notice_context", "notice", ["context_id", "created_at"])
    op.create_index("ix_notice_digest", "notice", ["digest_id"])
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["person_id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )


def _job_runs() -> None:
    """A job that never succeeded may have failed: it has a row too."""
    with op.batch_alter_table("job_run") as batch:
        batch.alter_column("succeeded_at", existing_type=app.db.types.Instant(timezone=True), nullable=True)
        batch.add_column(sa.Column("ran_at", app.db.types.Instant(timezone=True), nullable=True))
        batch.add_column(sa.Column("took_ms", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("failed_at", app.db.types.Instant(timezone=True), nullable=True))
        batch.add_column(sa.Column("failure_number", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("failure_name", sa.String(length=80), nullable=True))
        batch.create_check_constraint(
            op.f("ck_job_run_failure"), "(failed_at IS NULL) = (failure_number IS NULL)"
        )


def downgrade() -> None:
    """Go down (tests only): jobs that never succeeded have no row before."""
    op.execute("DELETE FROM job_run WHERE succeeded_at IS NULL")
    with op.batch_alter_table("job_run") as batch:
        batch.drop_constraint(op.f("ck_job_run_failure"), type_="check")
        for column in ("ran_at", "took_ms", "failed_at", "failure_number", "failure_name"):
            batch.drop_column(column)
        batch.alter_column("succeeded_at", existing_type=app.db.types.Instant(timezone=True), nullable=False)
    for name in ("unread", "digest", "context", "own"):
        op.drop_index(f"ix_notice_{name}", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_mail_digest_state", table_name="mail_digest")
    op.drop_table("mail_digest")
    op.drop_table("closing_day")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("mail_refused_at")
        batch.drop_column("mail_address")
