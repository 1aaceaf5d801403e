"""From which servers lessons may load: the first version of the lesson content policy, which allows none

Revision ID: 0280
Revises: 0270
"""

from alembic import op

revision = "0280"
down_revision = "0270"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An older schema keeps this row: it is there already after a way down and up.
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'lesson_content', 1, DATE '2000-01-01', '{"outside_hosts": []}'::jsonb,
               'System default', 'What the system goes by until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'lesson_content')
        """
    )


def downgrade() -> None:
    """The row stays: the older schema has the table, and its code asks for kinds by name."""
