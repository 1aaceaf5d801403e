"""An inspection keeps whom it was drawn from, so that anybody can repeat the draw

Revision ID: 0300
Revises: 0290
"""

from alembic import op

revision = "0300"
down_revision = "0290"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE inspection_packets ADD COLUMN IF NOT EXISTS candidates integer[]")
    op.execute(
        "ALTER TABLE inspection_packets ADD CONSTRAINT check_inspection_packets_candidates"
        " CHECK (cardinality(candidates) = drawn_from) NOT VALID"
    )
    op.execute("ALTER TABLE inspection_packets VALIDATE CONSTRAINT check_inspection_packets_candidates")


def downgrade() -> None:
    op.drop_column("inspection_packets", "candidates")
