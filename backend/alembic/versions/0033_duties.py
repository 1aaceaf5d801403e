"""People are given duties with dates beside their role

Revision ID: 0033
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

DUTIES = [
    "administrator",
    "registrar",
    "admissions",
    "bursar",
    "instructor",
    "evaluator",
    "content_author",
    "auditor",
]


def upgrade() -> None:
    known = ", ".join(f"'{duty}'" for duty in DUTIES)
    op.create_table(
        "user_duties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Integer()),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Integer()),
        sa.Column("end_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_user_duties"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_duties_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["given_by"], ["users.id"], name="fk_user_duties_given_by", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["users.id"], name="fk_user_duties_ended_by", ondelete="SET NULL"
        ),
        sa.CheckConstraint(f"duty IN ({known})", name="check_user_duties_duty"),
        sa.CheckConstraint("ends_on >= starts_on", name="check_user_duties_dates"),
        sa.CheckConstraint("ended_at IS NULL OR end_reason IS NOT NULL", name="check_user_duties_end_reason"),
        postgresql.ExcludeConstraint(
            ("user_id", "="),
            ("duty", "="),
            (sa.func.daterange(sa.text("starts_on"), sa.text("ends_on"), sa.text("'[]'")), "&&"),
            name="ex_user_duties_overlap",
            using="gist",
            where=sa.text("ended_at IS NULL"),
        ),
    )
    op.create_index("idx_user_duties_user_id", "user_duties", ["user_id"])
    op.create_index("idx_user_duties_given_by", "user_duties", ["given_by"])
    op.create_index("idx_user_duties_ended_by", "user_duties", ["ended_by"])
    # Who was allowed what, and when, is asked years later: the rows stay.
    op.execute("REVOKE DELETE ON user_duties FROM aada_app")


def downgrade() -> None:
    op.drop_table("user_duties")
