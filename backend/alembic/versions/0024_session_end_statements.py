"""A lesson session knows whether its end has been stated in the LRS

Sessions that are there already count as stated.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "launches", sa.Column("end_told", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.alter_column("launches", "end_told", server_default=sa.text("false"))
    op.create_index(
        "idx_launches_end_untold",
        "launches",
        ["last_seen_at"],
        postgresql_where=sa.text("NOT end_told AND session_seconds > 0"),
    )


def downgrade() -> None:
    op.drop_column("launches", "end_told")
