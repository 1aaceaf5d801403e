"""What the documented tables must not hold: two active enrollments in one program, overlapping hours

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_index(
        "uq_enrollments_one_active",
        "enrollments",
        ["user_id", "program_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index("idx_attendance_clock_in", "attendance", ["clock_in"])
    op.create_index(
        "uq_attendance_one_open",
        "attendance",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("clock_out IS NULL"),
    )
    op.execute(
        "ALTER TABLE attendance ADD CONSTRAINT ex_attendance_overlap "
        "EXCLUDE USING gist (user_id WITH =, tstzrange(clock_in, clock_out) WITH &&)"
    )
    op.add_column("programs", sa.Column("clock_hours", sa.Integer()))
    op.create_check_constraint("check_programs_clock_hours", "programs", "clock_hours >= 0")
    op.add_column("lessons", sa.Column("estimated_minutes", sa.Integer()))
    op.add_column("lessons", sa.Column("passing_score_pct", sa.Integer()))
    op.create_check_constraint("check_lessons_estimated_minutes", "lessons", "estimated_minutes > 0")
    op.create_check_constraint(
        "check_lessons_passing_score", "lessons", "passing_score_pct BETWEEN 0 AND 100"
    )
    op.create_table(
        "lesson_completions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(50), nullable=False),
        sa.Column("score_pct", sa.Numeric(5, 2)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_completions"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name="fk_lesson_completions_enrollment_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name="fk_lesson_completions_lesson_id", ondelete="RESTRICT"
        ),
        sa.UniqueConstraint("enrollment_id", "lesson_id", name="uq_lesson_completions_once"),
        sa.CheckConstraint("score_pct BETWEEN 0 AND 100", name="check_lesson_completions_score"),
    )
    op.create_index("idx_lesson_completions_lesson_id", "lesson_completions", ["lesson_id"])


def downgrade() -> None:
    op.drop_table("lesson_completions")
    op.drop_column("lessons", "passing_score_pct")
    op.drop_column("lessons", "estimated_minutes")
    op.drop_column("programs", "clock_hours")
    op.drop_constraint("ex_attendance_overlap", "attendance")
    op.drop_index("uq_attendance_one_open", "attendance")
    op.drop_index("idx_attendance_clock_in", "attendance")
    op.drop_index("uq_enrollments_one_active", "enrollments")
    op.execute("DROP EXTENSION IF EXISTS btree_gist")
