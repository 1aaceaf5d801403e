"""A transcript request knows the form it came from, so that one sent twice is one request

Revision ID: 0250
Revises: 0240
"""

from alembic import op

revision = "0250"
down_revision = "0240"
branch_labels = None
depends_on = None

INDEX = "uq_transcript_requests_request"


def upgrade() -> None:
    op.execute("ALTER TABLE transcript_requests ADD COLUMN IF NOT EXISTS request uuid")
    with op.get_context().autocommit_block():
        op.execute(f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON transcript_requests (request)")


def downgrade() -> None:
    op.drop_index(INDEX, table_name="transcript_requests")
    op.drop_column("transcript_requests", "request")
