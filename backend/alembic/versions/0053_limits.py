"""What may be done only so often is counted in one table, for all processes

UNLOGGED: counting costs no write-ahead log, and a crash of the server forgets counts alone.

Revision ID: 0053
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_counters",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_limit_counters"),
        prefixes=["UNLOGGED"],
    )
    # Room in each page for the next version of its rows: counting again touches no index.
    op.execute("ALTER TABLE limit_counters SET (fillfactor = 70)")


def downgrade() -> None:
    op.drop_table("limit_counters")
