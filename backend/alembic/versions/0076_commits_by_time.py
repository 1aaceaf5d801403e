"""Raw reports of lessons are found by their time

Through a block index: a few kilobytes for millions of them, because they lie in the order in which they came.

Revision ID: 0076
Revises: 0075
"""

from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_scorm_commits_received_at ON scorm_commits"
            " USING brin (received_at)"
        )


def downgrade() -> None:
    op.execute("DROP INDEX idx_scorm_commits_received_at")
