"""Who and when: successions and reorganisations, postings as they were known, the second factor, the inventory of accounts, names that are found."""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

import app.db.types
from app.db.search import name_key
from app.kernel.ids import UnitId
from app.organisation.rules import Succession, SuccessionKind, Takeover, heir_spans

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PERMANENT = {"retention_class": "permanent"}
THREE_YEARS = {"retention_class": "three-years"}
TABLES = ("person", "unit_version")
AT_ONCE = 500


def upgrade() -> None:
    """Go up."""
    _reorganisations_up()
    _postings_up()
    _second_factor_up()
    _inventory_up()
    _search_keys_up()


def downgrade() -> None:
    """Go down."""
    _search_keys_down()
    _inventory_down()
    _second_factor_down()
    _postings_down()
    _reorganisations_down()


def _reorganisations_up() -> None:
    op.create_table(
        "reorganisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("file_digest", sa.String(length=64), nullable=True),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL) AND (confirmed_at IS NULL) = (act IS NULL)",
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
    _ends_up()


def _reorganisations_down() -> None:
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


def _ends_up() -> None:
    """Keep on record how units had ended before there was a place for it: what is left goes to the unit above."""
    connection = op.get_bind()
    version = sa.table(
        "unit_version",
        *(sa.column(name, sa.Uuid()) for name in ("unit_id", "parent_id")),
        *(sa.column(name, sa.Date()) for name in ("valid_from", "valid_to")),
    )
    rows = connection.execute(sa.select(version).order_by(version.c.valid_from)).all()
    last = {row.unit_id: row for row in rows}
    ends = [
        Succession(
            predecessor=row.unit_id,
            successor=row.parent_id,
            kind=SuccessionKind.ABOLISHED,
            effective_on=row.valid_to,
            takeover=Takeover.REST,
        )
        for row in last.values()
        if row.valid_to is not None
    ]
    lives: dict[UnitId, list[tuple[date, date | None]]] = {}
    for row in rows:
        lives.setdefault(row.unit_id, []).append((row.valid_from, row.valid_to))
    op.bulk_insert(
        _SUCCESSIONS,
        [
            {
                "id": uuid4(),
                "predecessor_id": one.predecessor,
                "successor_id": one.successor,
                "kind": one.kind.value,
                "takeover": one.takeover.value,
                "subject": "",
                "effective_on": one.effective_on,
            }
            for one in ends
        ],
    )
    op.bulk_insert(
        _HEIRS,
        [
            {
                "origin_id": one.origin,
                "heir_id": one.heir,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
            }
            for one in heir_spans(ends, lives=lives)
        ],
    )


_SUCCESSIONS = sa.table(
    "unit_succession",
    *(sa.column(name, sa.Uuid()) for name in ("id", "predecessor_id", "successor_id")),
    *(sa.column(name, sa.String()) for name in ("kind", "takeover", "subject")),
    sa.column("effective_on", sa.Date()),
)
_HEIRS = sa.table(
    "unit_heir",
    *(sa.column(name, sa.Uuid()) for name in ("origin_id", "heir_id")),
    *(sa.column(name, sa.Date()) for name in ("valid_from", "valid_to")),
)


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


def _postings_up() -> None:
    """What is stored counts since its own first day, recorded when its person was."""
    with op.batch_alter_table("posting") as batch:
        batch.add_column(sa.Column("known_from", sa.Date(), nullable=True))
        batch.add_column(sa.Column("superseded_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("recorded_at", app.db.types.Instant(timezone=True), nullable=True))
    op.execute(
        "UPDATE posting SET known_from = CASE WHEN valid_from > CURRENT_DATE THEN CURRENT_DATE ELSE valid_from END, "
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


def _postings_down() -> None:
    """What is known last stays."""
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


def _second_factor_up() -> None:
    _sessions_up()
    _second_factor()
    _recovery()


def _second_factor_down() -> None:
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


def _inventory_up() -> None:
    _terms_up()
    _rounds_up()
    _lines_up()


def _inventory_down() -> None:
    op.drop_index("ix_inventory_line_account", table_name="inventory_line")
    op.drop_table("inventory_line")
    op.drop_table("inventory_round")
    with op.batch_alter_table("account") as batch:
        batch.drop_constraint(op.f("ck_account_contractor_ends"), type_="check")
        batch.drop_column("expires_on")
        batch.drop_column("kind")


def _terms_up() -> None:
    """Every account from before is an employee's."""
    op.add_column("account", sa.Column("kind", sa.String(length=40), nullable=True))
    op.add_column("account", sa.Column("expires_on", sa.Date(), nullable=True))
    op.execute(sa.update(sa.table("account", sa.column("kind", sa.String()))).values(kind="staff"))
    with op.batch_alter_table("account") as batch:
        batch.alter_column("kind", existing_type=sa.String(length=40), nullable=False)
        batch.create_check_constraint(
            op.f("ck_account_contractor_ends"), "(kind = 'contractor') = (expires_on IS NOT NULL)"
        )


def _rounds_up() -> None:
    op.create_table(
        "inventory_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("suspend_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", app.db.types.Instant(timezone=True), nullable=False),
        sa.Column("closed_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_inventory_round_quarter")),
        sa.CheckConstraint("suspend_on > due_on", name=op.f("ck_inventory_round_days")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_inventory_round_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_round")),
        sa.UniqueConstraint("fiscal_year", "quarter", name=op.f("uq_inventory_round_fiscal_year_quarter")),
        info=THREE_YEARS,
    )


_LINE_CHECKS = (
    ("decided_or_ended", "decision IS NULL OR ending IS NULL"),
    ("decided_pair", "(decided_at IS NULL) = (decided_by IS NULL)"),
    ("decided_together", "(decision IS NULL) = (decided_at IS NULL)"),
    ("stop_has_a_reason", "COALESCE(decision, '') <> 'stop' OR reason <> ''"),
    ("version_positive", "version >= 1"),
)


def _lines_up() -> None:
    op.create_table(
        "inventory_line",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("last_sign_in_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("concerns", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.db.types.Instant(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=40), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_inventory_line_{name}"))
            for name, condition in _LINE_CHECKS
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_inventory_line_{column}"))
            for column, table in (
                ("account_id", "account"),
                ("decided_by", "person"),
                ("person_id", "person"),
                ("round_id", "inventory_round"),
                ("unit_id", "unit"),
            )
        ),
        sa.PrimaryKeyConstraint("round_id", "account_id", name=op.f("pk_inventory_line")),
        info=THREE_YEARS,
    )
    op.create_index("ix_inventory_line_account", "inventory_line", ["account_id"])


def _search_keys_up() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("search_key", sa.Text(), nullable=True))
        _fill(name)
        with op.batch_alter_table(name) as batch:
            batch.alter_column("search_key", existing_type=sa.Text(), nullable=False)


def _fill(name: str) -> None:
    columns = ("id", "name", "kana", "search_key")
    table = sa.table(name, *(sa.column(one) for one in columns))
    connection = op.get_bind()
    rows = connection.execute(sa.select(table.c.id, table.c.name, table.c.kana)).all()
    change = (
        sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(search_key=sa.bindparam("key"))
    )
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        connection.execute(change, [{"row_id": row.id, "key": name_key(row.name, row.kana)} for row in some])


def _search_keys_down() -> None:
    for name in TABLES:
        with op.batch_alter_table(name) as batch:
            batch.drop_column("search_key")
