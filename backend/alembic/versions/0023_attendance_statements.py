"""An attendance record knows its statement, so that a correction can void it

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attendance", sa.Column("statement_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("attendance", "statement_id")
