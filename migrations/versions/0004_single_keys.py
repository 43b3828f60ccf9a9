"""Whether somebody answers by single keys: a setting of the account."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go up."""
    op.add_column("account", sa.Column("single_keys", sa.Boolean(), nullable=True))
    op.execute("UPDATE account SET single_keys = true")
    with op.batch_alter_table("account") as batch:
        batch.alter_column("single_keys", existing_type=sa.Boolean(), nullable=False)


def downgrade() -> None:
    """Go down."""
    with op.batch_alter_table("account") as batch:
        batch.drop_column("single_keys")
