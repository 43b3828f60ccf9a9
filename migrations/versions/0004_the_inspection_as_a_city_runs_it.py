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
    _document_requests_up()


def downgrade() -> None:
    """Go down."""
    _document_requests_down()
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
