"""Compliance tables (attendance, transcripts, credentials, externships)

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("clock_in", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_out", sa.DateTime(timezone=True)),
        sa.Column(
            "total_minutes",
            sa.Integer(),
            sa.Computed(
                "(floor((EXTRACT(epoch FROM (clock_out - clock_in)) / (60)::numeric)))::integer",
                persisted=True,
            ),
        ),
        sa.Column("notes", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attendance"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_attendance_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_attendance_enrollment_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("clock_out >= clock_in", name="check_attendance_clock_out"),
    )
    op.create_index("idx_attendance_user_id", "attendance", ["user_id"])
    op.create_index("idx_attendance_enrollment_id", "attendance", ["enrollment_id"])

    op.create_table(
        "transcripts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("gpa", sa.Numeric(3, 2)),
        sa.Column("total_credits", sa.Numeric(5, 2)),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf_url", sa.String(512)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transcripts"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_transcripts_user_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_transcripts_program_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("gpa >= 0.0 AND gpa <= 4.0", name="check_gpa"),
    )
    op.create_index("idx_transcripts_user_id", "transcripts", ["user_id"])
    op.create_index("idx_transcripts_program_id", "transcripts", ["program_id"])

    op.create_table(
        "credentials",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("credential_type", sa.String(255), nullable=False),
        sa.Column("cert_serial", sa.String(100)),
        sa.Column("issued_at", sa.Date()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_credentials_user_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_credentials_program_id", ondelete="RESTRICT"
        ),
    )
    op.create_index("idx_credentials_user_id", "credentials", ["user_id"])
    op.create_index("idx_credentials_program_id", "credentials", ["program_id"])

    op.create_table(
        "externships",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("site_name", sa.String(255), nullable=False),
        sa.Column("site_address", sa.Text()),
        sa.Column("supervisor_name", sa.String(255)),
        sa.Column("supervisor_email", sa.String(255)),
        sa.Column("total_hours", sa.Integer(), server_default=sa.text("0")),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("verification_doc_url", sa.String(512)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_externships"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_externships_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("total_hours >= 0", name="check_externships_total_hours"),
    )
    op.create_index("idx_externships_user_id", "externships", ["user_id"])
    op.create_index("idx_externships_verified", "externships", ["verified"])


def downgrade() -> None:
    op.drop_table("externships")
    op.drop_table("credentials")
    op.drop_table("transcripts")
    op.drop_table("attendance")
