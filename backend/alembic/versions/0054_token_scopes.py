"""API tokens have scopes, may be limited to reading, and always end

Those that had no end, or one that was further away, get a year from now. They keep all that their owner may do.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

PERMISSIONS = (
    "academics.change",
    "academics.read",
    "accounts.manage",
    "accounts.read",
    "admin",
    "attendance.correct",
    "attendance.read_all",
    "attendance.read_own_classes",
    "classes.manage",
    "content.change",
    "content.read",
    "documents.issue",
    "documents.read_all",
    "duties.manage",
    "enrollments.change",
    "enrollments.end",
    "enrollments.mark_lessons",
    "enrollments.read_all",
    "enrollments.read_own_classes",
    "history.read",
    "imports.run",
    "instructor",
    "lrs.manage",
    "lrs.read_all",
    "mail.manage",
    "mail.read",
    "operations.change",
    "operations.read",
    "reports.read",
    "school.change",
    "school.read",
    "student",
    "students.manage",
    "students.read_all",
    "students.read_own_classes",
    "withdrawals.read",
)
"""Everything that anybody could be allowed when this was written."""


def upgrade() -> None:
    op.add_column(
        "api_tokens",
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column(
        "api_tokens", sa.Column("read_only", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    everything = ", ".join(f"'{permission}'" for permission in PERMISSIONS)
    op.execute(f"UPDATE api_tokens SET scopes = ARRAY[{everything}]")
    op.execute(
        "UPDATE api_tokens SET expires_at = now() + interval '365 days' "
        "WHERE expires_at IS NULL OR expires_at > now() + interval '365 days'"
    )
    # Proved by a check first, so that NOT NULL need not read the table under its lock.
    op.execute(
        "ALTER TABLE api_tokens ADD CONSTRAINT check_api_tokens_expires CHECK (expires_at IS NOT NULL) NOT VALID"
    )
    op.execute("ALTER TABLE api_tokens VALIDATE CONSTRAINT check_api_tokens_expires")
    op.execute("ALTER TABLE api_tokens ALTER COLUMN expires_at SET NOT NULL")
    op.execute("ALTER TABLE api_tokens DROP CONSTRAINT check_api_tokens_expires")


def downgrade() -> None:
    op.execute("ALTER TABLE api_tokens ALTER COLUMN expires_at DROP NOT NULL")
    op.drop_column("api_tokens", "read_only")
    op.drop_column("api_tokens", "scopes")
