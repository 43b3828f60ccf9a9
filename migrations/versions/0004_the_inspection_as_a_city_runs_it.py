"""The ledger of information systems, sheets for them, and what makes a city's inspection quick and sure."""

from collections.abc import Sequence
from enum import Enum

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FIVE_YEARS = {"retention_class": "five-years"}


class First(Enum):
    """What rows from before have in a new column that is on or off."""

    ON = "on"
    OFF = "off"


def upgrade() -> None:
    """Go up."""
    _systems_up()
    _sheets_of_systems_up()
    _answers_up()
    _questions_up()
    _accounts_up()
    _evidence_up()
    _notices_up()
    _desk_up()
    _board_up()
    _document_requests_up()
    _disposal_up()
    _campaigns_up()
    _extensions_up()


def downgrade() -> None:
    """Go down."""
    _extensions_down()
    _campaigns_down()
    _disposal_down()
    _document_requests_down()
    _board_down()
    _desk_down()
    _notices_down()
    _evidence_down()
    _accounts_down()
    _questions_down()
    _answers_down()
    _sheets_of_systems_down()
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
            name=op.f("fk_system_version_system_id"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_system_version_unit_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_system_version_recorded_by")),
        sa.PrimaryKeyConstraint("system_id", "version", name=op.f("pk_system_version")),
        info={"retention_class": "permanent"},
    )
    op.create_index("ix_system_version_unit", "system_version", ["unit_id"])


def _systems_down() -> None:
    op.drop_index("ix_system_version_unit", table_name="system_version")
    op.drop_table("system_version")
    op.drop_table("information_system")


def _sheets_of_systems_up() -> None:
    with op.batch_alter_table("inspection") as batch:
        batch.add_column(sa.Column("system_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("system_name", sa.String(length=100), nullable=True))
        batch.create_foreign_key(op.f("fk_inspection_system_id"), "information_system", ["system_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_inspection_system_pair"), "(system_id IS NULL) = (system_name IS NULL)"
        )
        batch.drop_constraint(op.f("uq_inspection_campaign_id_unit_id"), type_="unique")
    for name, column, condition in _ONE_SHEET:
        op.create_index(
            name,
            "inspection",
            ["campaign_id", column],
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


_ONE_SHEET = (
    ("ix_inspection_one_of_unit", "unit_id", "system_id IS NULL"),
    ("ix_inspection_one_of_system", "system_id", "system_id IS NOT NULL"),
)


def _sheets_of_systems_down() -> None:
    for name, _, _ in _ONE_SHEET:
        op.drop_index(name, table_name="inspection")
    with op.batch_alter_table("inspection") as batch:
        batch.create_unique_constraint(op.f("uq_inspection_campaign_id_unit_id"), ["campaign_id", "unit_id"])
        batch.drop_constraint(op.f("ck_inspection_system_pair"), type_="check")
        batch.drop_constraint(op.f("fk_inspection_system_id"), type_="foreignkey")
        batch.drop_column("system_name")
        batch.drop_column("system_id")


def _answers_up() -> None:
    for table in ("answer", "answer_history"):
        op.add_column(table, sa.Column("action_due", sa.Date(), nullable=True))
        _add_switch(table, "taken_over", first=First.OFF)
    # Campaigns from before offered nothing to take over; those still to come start with the offer.
    _add_switch("campaign", "taking_over", first=First.OFF)
    op.create_table(
        "taken_over",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (outcome IS NULL)", name=op.f("ck_taken_over_settled_outcome")
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL)", name=op.f("ck_taken_over_settled_pair")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_taken_over_item_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_taken_over_revision_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["person.id"], name=op.f("fk_taken_over_settled_by")),
        sa.ForeignKeyConstraint(["source_id"], ["revision.id"], name=op.f("fk_taken_over_source_id")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_taken_over_taken_by")),
        sa.PrimaryKeyConstraint("revision_id", "item_id", name=op.f("pk_taken_over")),
        info=FIVE_YEARS,
    )
    op.create_table(
        "item_assignment",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assigned_by"], ["person.id"], name=op.f("fk_item_assignment_assigned_by")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_item_assignment_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_item_assignment_person_id")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_item_assignment_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "item_id", name=op.f("pk_item_assignment")),
        info=FIVE_YEARS,
    )


def _add_switch(table: str, column: str, *, first: First) -> None:
    """Add a column that is on or off, with the value that earlier rows have."""
    op.add_column(table, sa.Column(column, sa.Boolean(), nullable=True))
    op.execute(
        sa.update(sa.table(table, sa.column(column, sa.Boolean()))).values({column: first is First.ON})
    )
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, existing_type=sa.Boolean(), nullable=False)


def _answers_down() -> None:
    op.drop_table("item_assignment")
    op.drop_table("taken_over")
    with op.batch_alter_table("campaign") as batch:
        batch.drop_column("taking_over")
    for table in ("answer_history", "answer"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("taken_over")
            batch.drop_column("action_due")


def _questions_up() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_question_closed_pair")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_question_closed_by")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_question_inspection_id")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_question_item_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_question_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("inspection_id", "item_id", name=op.f("uq_question_inspection_id_item_id")),
        info=FIVE_YEARS,
    )
    op.create_index("ix_question_state", "question", ["state"])
    op.create_table(
        "question_message",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_question_message_sequence_positive")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_question_message_question_id")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_question_message_written_by")),
        sa.PrimaryKeyConstraint("question_id", "sequence", name=op.f("pk_question_message")),
        info=FIVE_YEARS,
    )


def _questions_down() -> None:
    op.drop_table("question_message")
    op.drop_index("ix_question_state", table_name="question")
    op.drop_table("question")


def _accounts_up() -> None:
    _add_switch("account", "single_keys", first=First.ON)


def _accounts_down() -> None:
    with op.batch_alter_table("account") as batch:
        batch.drop_column("single_keys")


def _evidence_up() -> None:
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


def _evidence_down() -> None:
    op.drop_table("answer_evidence")
    op.drop_table("evidence_file")
    op.drop_table("evidence")


THREE_YEARS = {"retention_class": "three-years"}


def _notices_up() -> None:
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


def _notices_down() -> None:
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


def _desk_up() -> None:
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


def _desk_down() -> None:
    op.drop_table("review_batch_item")
    op.drop_table("review_batch_sheet")
    op.drop_table("review_batch")
    op.drop_table("review_sample_sheet")
    op.drop_table("review_sample")
    op.drop_table("review_claim")
    op.drop_table("review_flag")
    op.drop_table("review_screening")
    op.drop_table("review_template")


def _board_up() -> None:
    """Rows of before get no summary: sealed ones never change, and the others get theirs with their next step."""
    op.create_index("ix_inspection_campaign", "inspection", ["campaign_id"])
    op.create_table(
        "section_summary",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("missed", sa.Text(), nullable=False),
        sa.Column("reviewed_earned", sa.Integer(), nullable=True),
        sa.Column("reviewed_possible", sa.Integer(), nullable=True),
        sa.Column("reviewed_missed", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_section_summary_{name}"))
            for name, condition in _SUMMARY_CHECKS
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_section_summary_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "section", name=op.f("pk_section_summary")),
        info=FIVE_YEARS,
    )
    op.create_table(
        "score_change_summary",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _PARTS),
        sa.CheckConstraint(
            "share_now - share_before = work + new_items + retired + weight + applicability + wording + moved",
            name=op.f("ck_score_change_summary_adds_up"),
        ),
        sa.CheckConstraint("denominator >= 1", name=op.f("ck_score_change_summary_denominator_positive")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_score_change_summary_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "measure", "section", name=op.f("pk_score_change_summary")),
        info=FIVE_YEARS,
    )


_COUNTS = (
    "number",
    "applicable",
    "answered",
    "unknown",
    "mandatory_missed",
    "self_earned",
    "self_possible",
)
_PARTS = (
    "denominator",
    "share_before",
    "share_now",
    "work",
    "new_items",
    "retired",
    "weight",
    "applicability",
    "wording",
    "moved",
)
_SUMMARY_CHECKS = (
    ("answered_range", "answered <= applicable"),
    ("reviewed_missed", "(reviewed_possible IS NULL) = (reviewed_missed IS NULL)"),
    ("reviewed_pair", "(reviewed_possible IS NULL) = (reviewed_earned IS NULL)"),
    ("reviewed_range", "reviewed_earned <= reviewed_possible"),
    ("self_range", "self_earned <= self_possible"),
    ("unknown_range", "unknown <= answered"),
)


def _board_down() -> None:
    op.drop_table("score_change_summary")
    op.drop_table("section_summary")
    op.drop_index("ix_inspection_campaign", table_name="inspection")


def _document_requests_up() -> None:
    op.create_table(
        "document_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("claimed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("archive_digest", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_document_request_failures_counted")),
        sa.CheckConstraint(
            "(made_at IS NOT NULL) = (state IN ('made', 'removed'))",
            name=op.f("ck_document_request_made_state"),
        ),
        sa.CheckConstraint(
            "(made_at IS NULL) = (archive_digest IS NULL)", name=op.f("ck_document_request_made_archive")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_document_request_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_document_request_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_request")),
        info=FIVE_YEARS,
    )
    op.create_index("ix_document_request_campaign", "document_request", ["campaign_id"])
    op.create_index(
        "ix_document_request_waiting",
        "document_request",
        ["campaign_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _document_requests_down() -> None:
    op.drop_index("ix_document_request_waiting", table_name="document_request")
    op.drop_index("ix_document_request_campaign", table_name="document_request")
    op.drop_table("document_request")


def _disposal_up() -> None:
    op.create_table(
        "disposal_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("journal_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_disposal_batch_decided_together"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome <> 'approved' OR decided_by <> prepared_by",
            name=op.f("ck_disposal_batch_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by"], ["person.id"], name=op.f("fk_disposal_batch_prepared_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_disposal_batch_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_batch")),
        sa.UniqueConstraint("journal_id", name=op.f("uq_disposal_batch_journal_id")),
        info={"retention_class": "permanent"},
    )
    op.create_index(
        "ix_disposal_batch_open",
        "disposal_batch",
        ["subject_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "disposal_subject",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["disposal_batch.id"], name=op.f("fk_disposal_subject_batch_id_disposal_batch")
        ),
        sa.PrimaryKeyConstraint("batch_id", "kind", "subject_id", name=op.f("pk_disposal_subject")),
        info={"retention_class": "permanent"},
    )
    op.create_index("ix_disposal_subject_named", "disposal_subject", ["subject_id", "kind"])
    op.create_table(
        "disposal_count",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.CheckConstraint("deleted >= 1", name=op.f("ck_disposal_count_deleted_positive")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["disposal_batch.id"], name=op.f("fk_disposal_count_batch_id_disposal_batch")
        ),
        sa.PrimaryKeyConstraint("batch_id", "table_name", name=op.f("pk_disposal_count")),
        info={"retention_class": "permanent"},
    )


def _disposal_down() -> None:
    op.drop_table("disposal_count")
    op.drop_table("disposal_subject")
    op.drop_table("disposal_batch")


def _campaigns_up() -> None:
    with op.batch_alter_table("campaign") as batch:
        batch.add_column(sa.Column("prepared_from_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("questions_by", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_campaign_prepared_from_id"), "campaign", ["prepared_from_id"], ["id"]
        )
        batch.create_foreign_key(op.f("fk_campaign_questions_by"), "person", ["questions_by"], ["id"])


def _campaigns_down() -> None:
    with op.batch_alter_table("campaign") as batch:
        batch.drop_constraint(op.f("fk_campaign_questions_by"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_campaign_prepared_from_id"), type_="foreignkey")
        batch.drop_column("questions_by")
        batch.drop_column("prepared_from_id")


def _extensions_up() -> None:
    op.add_column("revision", sa.Column("extended_to", sa.Date(), nullable=True))
    op.create_table(
        "extension",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_before", sa.Date(), nullable=False),
        sa.Column("wished_until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("granted_until", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_extension_{name}"))
            for name, condition in _EXTENSION_CHECKS
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_extension_{column}"))
            for column, table in (
                ("decided_by", "person"),
                ("requested_by", "person"),
                ("revision_id", "revision"),
            )
        ),
        sa.PrimaryKeyConstraint("revision_id", "sequence", name=op.f("pk_extension")),
        info=FIVE_YEARS,
    )
    op.create_index(
        "ix_extension_waiting",
        "extension",
        ["revision_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )


_EXTENSION_CHECKS = (
    ("decided_outcome", "(decided_at IS NULL) = (outcome IS NULL)"),
    ("decided_pair", "(decided_at IS NULL) = (decided_by IS NULL)"),
    ("granted_later", "granted_until > due_before"),
    ("granted_until", "(COALESCE(outcome, '') = 'granted') = (granted_until IS NOT NULL)"),
    ("sequence_positive", "sequence >= 1"),
    ("two_persons", "outcome IN ('withdrawn', 'lapsed') OR decided_by <> requested_by"),
    ("wished_later", "wished_until > due_before"),
)


def _extensions_down() -> None:
    op.drop_table("extension")
    with op.batch_alter_table("revision") as batch:
        batch.drop_column("extended_to")
