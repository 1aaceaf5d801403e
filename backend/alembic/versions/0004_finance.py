"""Financial tables (withdrawals, refunds)

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("progress_pct_at_withdrawal", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.Column("admin_notes", sa.Text()),
        sa.Column("admin_processed_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_withdrawals_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_withdrawals_enrollment_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "progress_pct_at_withdrawal BETWEEN 0 AND 100", name="check_withdrawals_progress_pct"
        ),
    )
    op.create_index("idx_withdrawals_user_id", "withdrawals", ["user_id"])
    op.create_index("idx_withdrawals_enrollment_id", "withdrawals", ["enrollment_id"])

    op.create_table(
        "refunds",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("withdrawal_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("policy_basis", sa.Text()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.Integer()),
        sa.Column("remitted_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"], ["withdrawals.id"], name="fk_refunds_withdrawal_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["users.id"], name="fk_refunds_approved_by", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("amount_cents >= 0", name="check_refunds_amount"),
    )
    op.create_index("idx_refunds_withdrawal_id", "refunds", ["withdrawal_id"])
    op.create_index("idx_refunds_approved_by", "refunds", ["approved_by"])


def downgrade() -> None:
    op.drop_table("refunds")
    op.drop_table("withdrawals")
