"""A folded key beside the names of people and units, by which they are found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.db.search import name_key

revision: str = "0008"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("person", "unit_version")
AT_ONCE = 500


def upgrade() -> None:
    """Go up."""
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


def downgrade() -> None:
    """Go down."""
    for name in TABLES:
        with op.batch_alter_table(name) as batch:
            batch.drop_column("search_key")
