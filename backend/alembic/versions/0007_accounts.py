"""Sessions, one-time links, API tokens, the record of sign-in attempts

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.func.now()


def moment(name: str, *, required: bool = False, default: bool = False) -> sa.Column:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        nullable=not (required or default),
        server_default=NOW if default else None,
    )


def upgrade() -> None:
    op.add_column("users", moment("last_sign_in_at"))
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        moment("created_at", default=True),
        moment("last_seen_at", default=True),
        moment("expires_at", required=True),
        moment("revoked_at"),
        sa.Column("ip", sa.String(45)),
        sa.Column("user_agent", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_user_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_sessions_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("uq_user_sessions_token_hash", "user_sessions", ["token_hash"], unique=True)
    op.create_index("idx_user_sessions_user_id", "user_sessions", ["user_id"])

    op.create_table(
        "account_links",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Integer()),
        moment("created_at", default=True),
        moment("expires_at", required=True),
        moment("used_at"),
        sa.PrimaryKeyConstraint("id", name="pk_account_links"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_account_links_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_account_links_created_by", ondelete="SET NULL"
        ),
        sa.CheckConstraint("purpose IN ('invite', 'reset')", name="check_account_links_purpose"),
    )
    op.create_index("uq_account_links_token_hash", "account_links", ["token_hash"], unique=True)
    op.create_index("idx_account_links_user_id", "account_links", ["user_id"])
    op.create_index("idx_account_links_created_by", "account_links", ["created_by"])

    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("email_key", sa.String(64), nullable=False),
        sa.Column("ip", sa.String(45)),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        moment("attempted_at", default=True),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempts"),
    )
    op.create_index("idx_sign_in_attempts_email_key", "sign_in_attempts", ["email_key", "attempted_at"])
    op.create_index("idx_sign_in_attempts_ip", "sign_in_attempts", ["ip", "attempted_at"])

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(12), nullable=False),
        moment("created_at", default=True),
        moment("expires_at"),
        moment("last_used_at"),
        moment("revoked_at"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id", ondelete="CASCADE"),
    )
    op.create_index("uq_api_tokens_token_hash", "api_tokens", ["token_hash"], unique=True)
    op.create_index("idx_api_tokens_user_id", "api_tokens", ["user_id"])


def downgrade() -> None:
    op.drop_table("api_tokens")
    op.drop_table("sign_in_attempts")
    op.drop_table("account_links")
    op.drop_table("user_sessions")
    op.drop_column("users", "last_sign_in_at")
