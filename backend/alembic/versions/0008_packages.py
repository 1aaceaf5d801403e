"""Content packages, launches, and all that a SCORM attempt reports

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "content_packages",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("standard", sa.String(20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("manifest", postgresql.JSONB(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("uploaded_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_content_packages"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name="fk_content_packages_lesson_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["users.id"], name="fk_content_packages_uploaded_by", ondelete="SET NULL"
        ),
        sa.CheckConstraint("version >= 1", name="check_content_packages_version"),
    )
    op.create_index("uq_content_packages_version", "content_packages", ["lesson_id", "version"], unique=True)
    op.create_index(
        "uq_content_packages_current",
        "content_packages",
        ["lesson_id"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_index("idx_content_packages_uploaded_by", "content_packages", ["uploaded_by"])

    op.create_table(
        "content_files",
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("package_id", "path", name="pk_content_files"),
        sa.ForeignKeyConstraint(
            ["package_id"], ["content_packages.id"], name="fk_content_files_package_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_content_files_sha256", "content_files", ["sha256"])

    op.create_table(
        "launches",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer()),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("sco_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("attempt_no", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("preview", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), server_default=sa.text("'open'"), nullable=False),
        sa.Column("last_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("session_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_launches"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_launches_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_launches_enrollment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name="fk_launches_lesson_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["package_id"], ["content_packages.id"], name="fk_launches_package_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("state IN ('open', 'closed', 'replaced')", name="check_launches_state"),
        sa.CheckConstraint("preview OR enrollment_id IS NOT NULL", name="check_launches_enrollment"),
    )
    op.create_index("uq_launches_token_hash", "launches", ["token_hash"], unique=True)
    for column in ("user_id", "enrollment_id", "lesson_id", "package_id"):
        op.create_index(f"idx_launches_{column}", "launches", [column])

    op.add_column("scorm_data", sa.Column("enrollment_id", sa.Integer()))
    op.add_column("scorm_data", sa.Column("package_id", sa.Integer()))
    op.add_column("scorm_data", sa.Column("sco_id", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "scorm_data", sa.Column("attempt_no", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column("scorm_data", sa.Column("score_min", sa.Numeric(10, 4)))
    op.add_column("scorm_data", sa.Column("score_pct", sa.Numeric(5, 2)))
    op.add_column("scorm_data", sa.Column("location", sa.Text()))
    op.add_column("scorm_data", sa.Column("exit", sa.String(20)))
    op.add_column(
        "scorm_data", sa.Column("total_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "scorm_data",
        sa.Column("cmi", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    op.add_column("scorm_data", sa.Column("started_at", sa.DateTime(timezone=True)))
    op.alter_column("scorm_data", "started_at", server_default=NOW)
    op.add_column("scorm_data", sa.Column("finished_at", sa.DateTime(timezone=True)))
    op.create_check_constraint("check_scorm_data_attempt_no", "scorm_data", "attempt_no >= 1")
    op.create_check_constraint("check_scorm_data_total_seconds", "scorm_data", "total_seconds >= 0")
    # The documented table let one student have several rows for a lesson: they become attempts.
    op.execute(
        """
        UPDATE scorm_data SET attempt_no = numbered.n
        FROM (SELECT id, row_number() OVER (PARTITION BY user_id, lesson_id ORDER BY id) AS n FROM scorm_data)
             AS numbered
        WHERE numbered.id = scorm_data.id AND numbered.n > 1
        """
    )
    op.create_foreign_key(
        "fk_scorm_data_enrollment_id",
        "scorm_data",
        "enrollments",
        ["enrollment_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_foreign_key(
        "fk_scorm_data_package_id",
        "scorm_data",
        "content_packages",
        ["package_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index("idx_scorm_data_enrollment_id", "scorm_data", ["enrollment_id"])
    op.create_index("idx_scorm_data_package_id", "scorm_data", ["package_id"])
    op.create_index(
        "uq_scorm_data_attempt",
        "scorm_data",
        ["user_id", "enrollment_id", "lesson_id", "package_id", "sco_id", "attempt_no"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )

    op.create_table(
        "scorm_commits",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("launch_id", sa.String(36), nullable=False),
        sa.Column("scorm_data_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("finish", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scorm_commits"),
        sa.ForeignKeyConstraint(
            ["launch_id"], ["launches.id"], name="fk_scorm_commits_launch_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scorm_data_id"], ["scorm_data.id"], name="fk_scorm_commits_scorm_data_id", ondelete="CASCADE"
        ),
    )
    op.create_index("uq_scorm_commits_launch_seq", "scorm_commits", ["launch_id", "seq"], unique=True)
    op.create_index("idx_scorm_commits_scorm_data_id", "scorm_commits", ["scorm_data_id"])


def downgrade() -> None:
    op.drop_table("scorm_commits")
    op.drop_index("uq_scorm_data_attempt", "scorm_data")
    for column in (
        "finished_at",
        "started_at",
        "cmi",
        "total_seconds",
        "exit",
        "location",
        "score_pct",
        "score_min",
        "attempt_no",
        "sco_id",
        "package_id",
        "enrollment_id",
    ):
        op.drop_column("scorm_data", column)
    op.drop_table("launches")
    op.drop_table("content_files")
    op.drop_table("content_packages")
