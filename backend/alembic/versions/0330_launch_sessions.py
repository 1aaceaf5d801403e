"""What a standard keeps of a launched session: cmi5 has a registration, a mode, and rules for what follows what

Revision ID: 0330
Revises: 0320
"""

from alembic import op

revision = "0330"
down_revision = "0320"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE launches ADD COLUMN IF NOT EXISTS session_state jsonb DEFAULT '{}'::jsonb NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("launches", "session_state")
