"""How much of a film or document completes its lesson

Revision ID: 0410
Revises: 0400
"""

from alembic import op

revision = "0410"
down_revision = "0400"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE lessons ADD COLUMN required_percent integer")
    op.execute(
        "ALTER TABLE lessons ADD CONSTRAINT check_lessons_required_percent"
        " CHECK (required_percent BETWEEN 1 AND 100) NOT VALID"
    )
    op.execute("ALTER TABLE lessons VALIDATE CONSTRAINT check_lessons_required_percent")


def downgrade() -> None:
    """What instructors set is lost; the shares that hold without it come back with the column."""
    op.execute("ALTER TABLE lessons DROP COLUMN required_percent")
