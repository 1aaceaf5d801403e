"""Which edit of a question a corrected key belongs to

A key may be corrected of an older edit, too; the newest edit is still what is asked next.

Revision ID: 0530
Revises: 0521
"""

from alembic import op

revision = "0530"
down_revision = "0521"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE question_versions ADD COLUMN edit_version integer")
    op.execute(
        """
        WITH RECURSIVE edits AS (
            SELECT id, version AS edit_version FROM question_versions WHERE corrects IS NULL
            UNION ALL
            SELECT one.id, edits.edit_version FROM question_versions AS one JOIN edits ON edits.id = one.corrects
        )
        UPDATE question_versions AS one SET edit_version = edits.edit_version
        FROM edits WHERE edits.id = one.id AND one.corrects IS NOT NULL
        """
    )


def downgrade() -> None:
    """Nothing is lost: it follows from what each version corrects."""
    op.execute("ALTER TABLE question_versions DROP COLUMN edit_version")
