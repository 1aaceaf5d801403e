"""An amendment request knows the form it came from, so that one sent twice is one request

Revision ID: 0310
Revises: 0300
"""

from alembic import op

revision = "0310"
down_revision = "0300"
branch_labels = None
depends_on = None

INDEX = "uq_amendment_requests_request"


def upgrade() -> None:
    op.execute("ALTER TABLE amendment_requests ADD COLUMN IF NOT EXISTS request uuid")
    with op.get_context().autocommit_block():
        op.execute(f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON amendment_requests (request)")


def downgrade() -> None:
    op.drop_index(INDEX, table_name="amendment_requests")
    op.drop_column("amendment_requests", "request")
