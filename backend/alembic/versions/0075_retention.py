"""How long things are kept: the policy, and runs of the purge that goes by it

The first version of the policy keeps everything for as long as the system has kept it so far, and what it
has kept without an end (raw reports of lessons, ended tokens, reports on imports, failed jobs)
for as long as somebody may ask for it.

Revision ID: 0075
Revises: 0070
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0070"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "purge_runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", STAMP, nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("days", postgresql.JSONB(), nullable=False),
        sa.Column("removed", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("failed", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("finished_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_purge_runs"),
    )
    op.create_index(
        "uq_purge_runs_unfinished",
        "purge_runs",
        [sa.text("(finished_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    # What was removed when is asked later.
    op.execute("REVOKE DELETE ON purge_runs FROM aada_app")
    # An older schema keeps this row: it is there already after a way down and up.
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'retention', 1, DATE '2000-01-01',
               '{"access_log_files": 90, "api_tokens": 365, "challenges": 1, "email": 180, "imports": 180, "jobs": 30,
                 "one_time_links": 90, "scorm_commits": 730, "sessions": 90, "sign_in_attempts": 90,
                 "statement_imports": 180}'::jsonb,
               'System default', 'What the system goes by until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'retention')
        """
    )


def downgrade() -> None:
    op.drop_table("purge_runs")
