"""Skills check-offs: lists of skills with their rubrics, attempts, and attempts that do not count

Versions of a rubric, attempts and voids are never changed or removed by the system: what a student was rated by, and
how, is asked for years later. A mistake is voided by a row of its own.

Revision ID: 0120
Revises: 0110
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0120"
down_revision = "0110"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOW = sa.func.now()


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def upgrade() -> None:
    _lists()
    _attempts()
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON skill_versions, skill_attempts, skill_voids FROM aada_app")


def _lists() -> None:
    op.create_table(
        "skills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(120), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("order_num", sa.Integer(), nullable=False),
        sa.Column("archived_at", STAMP),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skills"),
        _fk("skills", "program_id", "programs", "CASCADE"),
        sa.CheckConstraint("version >= 1", name="check_skills_version"),
    )
    op.create_index(
        "uq_skills_program_id_name",
        "skills",
        ["program_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index("idx_skills_program_id", "skills", ["program_id", "order_num"])
    op.create_table(
        "skill_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("instructions", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("criteria", postgresql.JSONB(), nullable=False),
        sa.Column("pass_pct", sa.SmallInteger(), nullable=False),
        sa.Column("required_passes", sa.SmallInteger(), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill_versions"),
        _fk("skill_versions", "skill_id", "skills", "CASCADE"),
        _fk("skill_versions", "created_by", "users", "SET NULL"),
        sa.CheckConstraint(
            "jsonb_typeof(criteria) = 'array' AND jsonb_array_length(criteria) > 0",
            name="check_skill_versions_criteria",
        ),
        sa.CheckConstraint("pass_pct BETWEEN 1 AND 100", name="check_skill_versions_pass_pct"),
        sa.CheckConstraint("required_passes BETWEEN 1 AND 20", name="check_skill_versions_required_passes"),
    )
    op.create_index(
        "uq_skill_versions_skill_id_version", "skill_versions", ["skill_id", "version"], unique=True
    )
    op.create_index("idx_skill_versions_created_by", "skill_versions", ["created_by"])


def _attempts() -> None:
    op.create_table(
        "skill_attempts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=False),
        sa.Column("marks", postgresql.JSONB(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("points_possible", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("photo_sha256", sa.String(64)),
        sa.Column("photo_type", sa.Text()),
        sa.Column("signature_sha256", sa.String(64)),
        sa.Column("evaluator_id", sa.Integer()),
        sa.Column("evaluator_name", sa.Text(), nullable=False),
        sa.Column("request", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill_attempts"),
        _fk("skill_attempts", "enrollment_id", "enrollments", "CASCADE"),
        _fk("skill_attempts", "skill_id", "skills", "RESTRICT"),
        _fk("skill_attempts", "version_id", "skill_versions", "RESTRICT"),
        _fk("skill_attempts", "class_id", "classes", "RESTRICT"),
        _fk("skill_attempts", "evaluator_id", "users", "SET NULL"),
        sa.CheckConstraint(
            "jsonb_typeof(marks) = 'array' AND jsonb_array_length(marks) > 0",
            name="check_skill_attempts_marks",
        ),
        sa.CheckConstraint("points BETWEEN 0 AND points_possible", name="check_skill_attempts_points"),
        sa.CheckConstraint("photo_sha256 ~ '^[0-9a-f]{64}$'", name="check_skill_attempts_photo_sha256"),
        sa.CheckConstraint(
            "signature_sha256 ~ '^[0-9a-f]{64}$'", name="check_skill_attempts_signature_sha256"
        ),
        sa.CheckConstraint(
            "(photo_sha256 IS NULL) = (photo_type IS NULL)", name="check_skill_attempts_photo_type"
        ),
    )
    op.create_index("uq_skill_attempts_request", "skill_attempts", ["request"], unique=True)
    op.create_index("idx_skill_attempts_enrollment_id", "skill_attempts", ["enrollment_id", "skill_id"])
    op.create_index("idx_skill_attempts_recorded_at", "skill_attempts", ["recorded_at", "id"])
    for column in ("skill_id", "version_id", "class_id", "evaluator_id"):
        op.create_index(f"idx_skill_attempts_{column}", "skill_attempts", [column])
    op.create_table(
        "skill_voids",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("voided_by", sa.Integer()),
        sa.Column("voided_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill_voids"),
        _fk("skill_voids", "attempt_id", "skill_attempts", "CASCADE"),
        _fk("skill_voids", "voided_by", "users", "SET NULL"),
    )
    op.create_index("uq_skill_voids_attempt_id", "skill_voids", ["attempt_id"], unique=True)
    op.create_index("idx_skill_voids_voided_by", "skill_voids", ["voided_by"])


def downgrade() -> None:
    for table in ("skill_voids", "skill_attempts", "skill_versions", "skills"):
        op.drop_table(table)
