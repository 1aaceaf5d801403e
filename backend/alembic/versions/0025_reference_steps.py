"""A reference to a statement knows how many steps lie between, so that a chain ends where it should

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "xapi_statement_refs",
        sa.Column("steps", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("xapi_statement_refs", "steps")
