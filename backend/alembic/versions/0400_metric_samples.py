"""Figures of the system itself, measured again and again

Revision ID: 0400
Revises: 0390
"""

from alembic import op

revision = "0400"
down_revision = "0390"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE metric_samples (
            id BIGSERIAL NOT NULL,
            name TEXT NOT NULL,
            label TEXT DEFAULT '' NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            value DOUBLE PRECISION NOT NULL,
            CONSTRAINT pk_metric_samples PRIMARY KEY (id)
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_metric_samples_name ON metric_samples (name, label, at)")
    op.execute("CREATE INDEX idx_metric_samples_at ON metric_samples (at)")


def downgrade() -> None:
    op.execute("DROP TABLE metric_samples")
