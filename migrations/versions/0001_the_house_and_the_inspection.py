"""The first tables: organisation, people, checklists, campaigns, sheets, journal, documents."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import app.db.types

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        info={"retention_class": "three-years"},
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_log_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_log_recorded_at"), ["recorded_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_log_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "checklist",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist")),
        sa.UniqueConstraint("code", name=op.f("uq_checklist_code")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("story_start", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'demo') = (story_start IS NOT NULL)", name=op.f("ck_installation_story")),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "journal_entry",
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_journal_entry_sequence_positive")),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", "sequence", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("digest", name=op.f("uq_journal_entry_digest")),
        info={"retention_class": "ten-years"},
    )
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_entry_recorded_at"), ["recorded_at"], unique=False)

    op.create_table(
        "journal_head",
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", name=op.f("pk_journal_head")),
        info={"retention_class": "ten-years"},
    )
    op.create_table(
        "journal_seal",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("lines_digest", sa.String(length=64), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_journal_seal")),
        sa.UniqueConstraint("digest", name=op.f("uq_journal_seal_digest")),
        info={"retention_class": "ten-years"},
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_no", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=200), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_person_staff_no")),
        info={"retention_class": "ten-years"},
    )
    op.create_table(
        "sent_form",
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("sent_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_sent_form")),
        info={"retention_class": "technical"},
    )
    with op.batch_alter_table("sent_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_form_sent_at"), ["sent_at"], unique=False)

    op.create_table(
        "sign_in_throttle",
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_sign_in_throttle")),
        info={"retention_class": "technical"},
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("disabled_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("disabled_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_by IS NULL)", name=op.f("ck_account_disabled_pair")
        ),
        sa.ForeignKeyConstraint(["disabled_by"], ["person.id"], name=op.f("fk_account_disabled_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        info={"retention_class": "three-years"},
    )
    op.create_table(
        "checklist_edition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("published_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(published_at IS NULL) = (state = 'draft')", name=op.f("ck_checklist_edition_published_state")
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (confirmed_by IS NULL)",
            name=op.f("ck_checklist_edition_confirmed_pair"),
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_checklist_edition_published_pair"),
        ),
        sa.CheckConstraint(
            "published_by IS NULL OR published_by <> confirmed_by",
            name=op.f("ck_checklist_edition_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_edition_checklist_id")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_checklist_edition_confirmed_by")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["person.id"], name=op.f("fk_checklist_edition_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_edition")),
        sa.UniqueConstraint("checklist_id", "label", name=op.f("uq_checklist_edition_checklist_id_label")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "duty_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("named_by", sa.Uuid(), nullable=False),
        sa.Column("named_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_duty_assignment_validity")
        ),
        sa.ForeignKeyConstraint(["named_by"], ["person.id"], name=op.f("fk_duty_assignment_named_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_assignment_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_assignment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_assignment")),
        sa.UniqueConstraint(
            "unit_id",
            "person_id",
            "duty",
            "valid_from",
            name=op.f("uq_duty_assignment_unit_id_person_id_duty_valid_from"),
        ),
        info={"retention_class": "five-years"},
    )
    with op.batch_alter_table("duty_assignment", schema=None) as batch_op:
        batch_op.create_index("ix_duty_assignment_person", ["person_id", "valid_from"], unique=False)

    op.create_table(
        "journal_seal_line",
        sa.Column("seal_sequence", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["seal_sequence"], ["journal_seal.sequence"], name=op.f("fk_journal_seal_line_seal_sequence")
        ),
        sa.PrimaryKeyConstraint(
            "seal_sequence", "subject_type", "subject_id", name=op.f("pk_journal_seal_line")
        ),
        info={"retention_class": "ten-years"},
    )
    op.create_table(
        "person_function",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_person_function_validity")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_function_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_function")),
        sa.UniqueConstraint(
            "person_id",
            "function",
            "valid_from",
            name=op.f("uq_person_function_person_id_function_valid_from"),
        ),
        info={"retention_class": "ten-years"},
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_posting_validity")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_posting_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_posting_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint(
            "person_id", "unit_id", "valid_from", name=op.f("uq_posting_person_id_unit_id_valid_from")
        ),
        info={"retention_class": "ten-years"},
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index("ix_posting_person", ["person_id", "valid_from"], unique=False)
        batch_op.create_index("ix_posting_unit", ["unit_id", "valid_from"], unique=False)

    op.create_table(
        "unit_function",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_unit_function_validity")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_function_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_function")),
        sa.UniqueConstraint(
            "unit_id", "function", "valid_from", name=op.f("uq_unit_function_unit_id_function_valid_from")
        ),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "unit_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("policy_owner", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "parent_id IS NULL OR parent_id <> unit_id", name=op.f("ck_unit_version_not_own_parent")
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_unit_version_validity")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_version_parent_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_version_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_version")),
        sa.UniqueConstraint("unit_id", "valid_from", name=op.f("uq_unit_version_unit_id_valid_from")),
        info={"retention_class": "permanent"},
    )
    with op.batch_alter_table("unit_version", schema=None) as batch_op:
        batch_op.create_index("ix_unit_version_days", ["valid_from", "valid_to"], unique=False)

    op.create_table(
        "account_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("done_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_act_account_id")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_account_act_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_act")),
        info={"retention_class": "three-years"},
    )
    with op.batch_alter_table("account_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_act_account_id"), ["account_id"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("base_date", sa.Date(), nullable=False),
        sa.Column("answer_from", sa.Date(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=False),
        sa.Column("approval_due", sa.Date(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=False),
        sa.Column("grace_until", sa.Date(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(opened_at IS NULL) = (state = 'draft')", name=op.f("ck_campaign_opened_state")),
        sa.CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name=op.f("ck_campaign_opened_pair")),
        sa.CheckConstraint("answer_due >= answer_from", name=op.f("ck_campaign_answer_dates")),
        sa.CheckConstraint("approval_due >= answer_due", name=op.f("ck_campaign_approval_date")),
        sa.CheckConstraint("grace_until >= approval_due", name=op.f("ck_campaign_grace_date")),
        sa.CheckConstraint("review_due >= approval_due", name=op.f("ck_campaign_review_date")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["checklist_edition.id"], name=op.f("fk_campaign_edition_id")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_campaign_opened_by")),
        sa.ForeignKeyConstraint(["prepared_by"], ["person.id"], name=op.f("fk_campaign_prepared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "checklist_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("item_key", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["checklist_edition.id"], name=op.f("fk_checklist_item_edition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_item")),
        sa.UniqueConstraint("edition_id", "item_key", name=op.f("uq_checklist_item_edition_id_item_key")),
        sa.UniqueConstraint("edition_id", "position", name=op.f("uq_checklist_item_edition_id_position")),
        info={"retention_class": "permanent"},
    )
    op.create_table(
        "sign_in_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("last_seen_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("proved_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("ended_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_sign_in_session_ended_pair")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_session_account_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sign_in_session_public_id")),
        info={"retention_class": "three-years"},
    )
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "campaign_unit",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_unit_campaign_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_campaign_unit_unit_id")),
        sa.PrimaryKeyConstraint("campaign_id", "unit_id", name=op.f("pk_campaign_unit")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("previous_revision_id", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("added_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_inspection_added_by")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_inspection_campaign_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_inspection_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("campaign_id", "unit_id", name=op.f("uq_inspection_campaign_id_unit_id")),
        info={"retention_class": "five-years"},
    )
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.create_index("ix_inspection_unit", ["unit_id"], unique=False)

    op.create_table(
        "revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("return_round", sa.Integer(), nullable=False),
        sa.Column("applicable", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("self_earned", sa.Integer(), nullable=True),
        sa.Column("self_possible", sa.Integer(), nullable=True),
        sa.Column("self_grade", sa.String(length=4), nullable=True),
        sa.Column("reviewed_earned", sa.Integer(), nullable=True),
        sa.Column("reviewed_possible", sa.Integer(), nullable=True),
        sa.Column("reviewed_grade", sa.String(length=4), nullable=True),
        sa.CheckConstraint(
            "(reviewed_possible IS NULL) = (reviewed_earned IS NULL)", name=op.f("ck_revision_reviewed_pair")
        ),
        sa.CheckConstraint(
            "(self_possible IS NULL) = (self_earned IS NULL)", name=op.f("ck_revision_self_pair")
        ),
        sa.CheckConstraint("answered <= applicable", name=op.f("ck_revision_answered_range")),
        sa.CheckConstraint("decided <= applicable", name=op.f("ck_revision_decided_range")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_revision_number_positive")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_revision_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("inspection_id", "number", name=op.f("uq_revision_inspection_id_number")),
        info={"retention_class": "five-years"},
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index("ix_revision_state", ["state"], unique=False)

    op.create_table(
        "answer",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=False),
        sa.Column("answered_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_answer_version_positive")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_answer_answered_by")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_answer_item_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_answer_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "item_id", name=op.f("pk_answer")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "answer_history",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=False),
        sa.Column("answered_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_answer_history_answered_by")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_answer_history_item_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_answer_history_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "item_id", "version", name=op.f("pk_answer_history")),
        sa.UniqueConstraint(
            "revision_id",
            "item_id",
            "client_id",
            name=op.f("uq_answer_history_revision_id_item_id_client_id"),
        ),
        info={"retention_class": "five-years"},
    )
    with op.batch_alter_table("answer_history", schema=None) as batch_op:
        batch_op.create_index("ix_answer_history_person", ["revision_id", "answered_by"], unique=False)

    op.create_table(
        "approval",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=False),
        sa.Column("approved_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_approval_approved_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_approval_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "sequence", name=op.f("pk_approval")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "item_return",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answer_version", sa.Integer(), nullable=False),
        sa.Column("returned_by", sa.Uuid(), nullable=False),
        sa.Column("returned_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_by", sa.Uuid(), nullable=True),
        sa.Column("replied_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(replied_at IS NULL) = (replied_by IS NULL)", name=op.f("ck_item_return_replied_pair")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_item_return_item_id")),
        sa.ForeignKeyConstraint(["replied_by"], ["person.id"], name=op.f("fk_item_return_replied_by")),
        sa.ForeignKeyConstraint(["returned_by"], ["person.id"], name=op.f("fk_item_return_returned_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_item_return_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "item_id", "round", name=op.f("pk_item_return")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "item_review_history",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("judgement", sa.String(length=40), nullable=False),
        sa.Column("reviewed_level", sa.String(length=40), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("reviewed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["checklist_item.id"], name=op.f("fk_item_review_history_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["person.id"], name=op.f("fk_item_review_history_reviewed_by")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_item_review_history_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "item_id", "version", name=op.f("pk_item_review_history")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "profile_flag",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("flag", sa.String(length=40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_profile_flag_confirmed_pair")
        ),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_profile_flag_confirmed_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_profile_flag_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "flag", name=op.f("pk_profile_flag")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "reopening",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_reopening_decided_pair")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_reopening_two_persons")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_reopening_decided_by")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_reopening_requested_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_reopening_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_reopening")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "sealed_revision",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_by", sa.Uuid(), nullable=False),
        sa.Column("sealed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("journal_seal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journal_seal"], ["journal_seal.sequence"], name=op.f("fk_sealed_revision_journal_seal")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_sealed_revision_revision_id")
        ),
        sa.ForeignKeyConstraint(["sealed_by"], ["person.id"], name=op.f("fk_sealed_revision_sealed_by")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_sealed_revision")),
        sa.UniqueConstraint("digest", name=op.f("uq_sealed_revision_digest")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "sheet_step",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=False),
        sa.Column("done_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_sheet_step_done_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_sheet_step_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "sequence", name=op.f("pk_sheet_step")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "item_review",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("judgement", sa.String(length=40), nullable=False),
        sa.Column("reviewed_level", sa.String(length=40), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("return_due", sa.Date(), nullable=True),
        sa.Column("answer_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("reviewed_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(judgement = 'changed') = (reviewed_level IS NOT NULL)",
            name=op.f("ck_item_review_changed_level"),
        ),
        sa.CheckConstraint(
            "judgement = 'accepted' OR remark <> ''", name=op.f("ck_item_review_remark_given")
        ),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_item_review_reviewed_by")),
        sa.ForeignKeyConstraint(
            ["revision_id", "item_id"],
            ["answer.revision_id", "answer.item_id"],
            name=op.f("fk_item_review_revision_id_item_id"),
        ),
        sa.PrimaryKeyConstraint("revision_id", "item_id", name=op.f("pk_item_review")),
        info={"retention_class": "five-years"},
    )
    op.create_table(
        "kept_document",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["sealed_revision.revision_id"], name=op.f("fk_kept_document_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_kept_document")),
        sa.UniqueConstraint("number", name=op.f("uq_kept_document_number")),
        info={"retention_class": "five-years"},
    )

    # The two tables point at each other: this key comes when both are there.
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.create_foreign_key(
            op.f("fk_inspection_previous_revision_id"), "revision", ["previous_revision_id"], ["id"]
        )


def downgrade() -> None:
    """Go down."""
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_inspection_previous_revision_id"), type_="foreignkey")

    op.drop_table("kept_document")
    op.drop_table("item_review")
    op.drop_table("sheet_step")
    op.drop_table("sealed_revision")
    op.drop_table("reopening")
    op.drop_table("profile_flag")
    op.drop_table("item_review_history")
    op.drop_table("item_return")
    op.drop_table("approval")
    with op.batch_alter_table("answer_history", schema=None) as batch_op:
        batch_op.drop_index("ix_answer_history_person")

    op.drop_table("answer_history")
    op.drop_table("answer")
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_index("ix_revision_state")

    op.drop_table("revision")
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.drop_index("ix_inspection_unit")

    op.drop_table("inspection")
    op.drop_table("campaign_unit")
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_session_account_id"))

    op.drop_table("sign_in_session")
    op.drop_table("checklist_item")
    op.drop_table("campaign")
    with op.batch_alter_table("account_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_act_account_id"))

    op.drop_table("account_act")
    with op.batch_alter_table("unit_version", schema=None) as batch_op:
        batch_op.drop_index("ix_unit_version_days")

    op.drop_table("unit_version")
    op.drop_table("unit_function")
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.drop_index("ix_posting_unit")
        batch_op.drop_index("ix_posting_person")

    op.drop_table("posting")
    op.drop_table("person_function")
    op.drop_table("journal_seal_line")
    with op.batch_alter_table("duty_assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_duty_assignment_person")

    op.drop_table("duty_assignment")
    op.drop_table("checklist_edition")
    op.drop_table("account")
    op.drop_table("unit")
    op.drop_table("sign_in_throttle")
    with op.batch_alter_table("sent_form", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sent_form_sent_at"))

    op.drop_table("sent_form")
    op.drop_table("person")
    op.drop_table("journal_seal")
    op.drop_table("journal_head")
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_entry_recorded_at"))

    op.drop_table("journal_entry")
    op.drop_table("installation")
    op.drop_table("checklist")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_log_subject_id"))
        batch_op.drop_index(batch_op.f("ix_access_log_recorded_at"))
        batch_op.drop_index(batch_op.f("ix_access_log_person_id"))

    op.drop_table("access_log")
