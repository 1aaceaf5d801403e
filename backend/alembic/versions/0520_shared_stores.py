"""What the parts of a SCORM 2004 course keep for each other

Revision ID: 0520
Revises: 0490
"""

from alembic import op

revision = "0520"
down_revision = "0490"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE scorm_courses ADD COLUMN stores jsonb NOT NULL DEFAULT '{}'::jsonb")


def downgrade() -> None:
    """Courses begin with empty stores again; every attempt has what it has put in, in its data model."""
    op.execute("ALTER TABLE scorm_courses DROP COLUMN stores")
