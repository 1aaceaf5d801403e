"""SCORM and xAPI tables

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "scorm_data",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("cmi_core_lesson_status", sa.String(50)),
        sa.Column("cmi_core_score_raw", sa.Integer()),
        sa.Column("cmi_core_score_max", sa.Integer()),
        sa.Column("cmi_suspend_data", sa.Text()),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scorm_data"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_scorm_data_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name="fk_scorm_data_lesson_id", ondelete="RESTRICT"
        ),
    )
    op.create_index("idx_scorm_data_user_id", "scorm_data", ["user_id"])
    op.create_index("idx_scorm_data_lesson_id", "scorm_data", ["lesson_id"])

    op.create_table(
        "xapi_statements",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("user_id", sa.Integer()),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("context", postgresql.JSONB()),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_statements"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_xapi_statements_user_id", ondelete="SET NULL"
        ),
    )
    op.create_index("idx_xapi_user_id", "xapi_statements", ["user_id"])
    op.create_index("idx_xapi_timestamp", "xapi_statements", ["timestamp"])


def downgrade() -> None:
    op.drop_table("xapi_statements")
    op.drop_table("scorm_data")
