"""Initial schema (users, programs, modules, lessons, enrollments)

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("full_name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("role IN ('student', 'admin')", name="check_users_role"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_index("idx_users_email", "users", ["email"], unique=True)

    op.create_table(
        "programs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("total_credits", sa.Numeric(5, 2)),
        sa.Column("duration_weeks", sa.Integer()),
        sa.Column("tuition_amount_cents", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("tuition_amount_cents >= 0", name="check_programs_tuition"),
        sa.PrimaryKeyConstraint("id", name="pk_programs"),
    )

    op.create_table(
        "modules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("order_num", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_modules"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_modules_program_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_modules_program_id", "modules", ["program_id"])

    op.create_table(
        "lessons",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column(
            "content_type",
            sa.Enum("h5p", "scorm", "video", "document", name="lesson_content_type"),
            nullable=False,
        ),
        sa.Column("content_url", sa.String(512)),
        sa.Column("order_num", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        sa.ForeignKeyConstraint(
            ["module_id"], ["modules.id"], name="fk_lessons_module_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_lessons_module_id", "lessons", ["module_id"])

    op.create_table(
        "enrollments",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("active", "completed", "withdrawn", name="enrollment_status"),
            nullable=False,
        ),
        sa.Column("enrolled_at", sa.Date(), nullable=False),
        sa.Column("completed_at", sa.Date()),
        sa.Column("progress_pct", sa.Integer(), server_default=sa.text("0")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrollments"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_enrollments_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_enrollments_program_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("progress_pct >= 0 AND progress_pct <= 100", name="check_progress_pct"),
    )
    op.create_index("idx_enrollments_user_id", "enrollments", ["user_id"])
    op.create_index("idx_enrollments_program_id", "enrollments", ["program_id"])
    op.create_index("idx_enrollments_status", "enrollments", ["status"])


def downgrade() -> None:
    op.drop_table("enrollments")
    op.drop_table("lessons")
    op.drop_table("modules")
    op.drop_table("programs")
    op.drop_table("users")
    op.execute("DROP TYPE enrollment_status")
    op.execute("DROP TYPE lesson_content_type")
