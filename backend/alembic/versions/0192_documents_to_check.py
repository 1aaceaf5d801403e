"""Admission documents that wait to be checked are found by an index

Documents are received meanwhile, and what was interrupted is run again.

Revision ID: 0192
Revises: 0191
"""

from alembic import op

revision = "0192"
down_revision = "0191"
branch_labels = None
depends_on = None

INDEX = "idx_admission_documents_waiting"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON admission_documents (received_at, id)"
            " WHERE state = 'received'"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
