"""An attendance record without a clock-out is marked as such, and counts nothing until it is corrected

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "attendance",
        sa.Column("missing_clock_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        "check_attendance_missing_clock_out", "attendance", "NOT missing_clock_out OR clock_out = clock_in"
    )
    op.create_index(
        "idx_attendance_missing_clock_out",
        "attendance",
        ["clock_in"],
        postgresql_where=sa.text("missing_clock_out"),
    )


def downgrade() -> None:
    op.drop_column("attendance", "missing_clock_out")
