"""Reviews of satisfactory academic progress, appeals, and the policy they go by

The policy's first version has the usual values of Title IV: pace 67%, 150% of the time, GPA 2.0, a review at each
quarter of the program.

Revision ID: 0101
Revises: 0100
"""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOW = sa.func.now()


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "progress_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint_pct", sa.Integer(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attended_minutes", sa.Integer(), nullable=False),
        sa.Column("scheduled_minutes", sa.Integer(), nullable=False),
        sa.Column("elapsed_days", sa.Integer(), nullable=False),
        sa.Column("pace_pct", sa.Numeric(7, 2)),
        sa.Column("gpa", sa.Numeric(3, 2)),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_progress_reviews"),
        _fk("progress_reviews", "enrollment_id", "enrollments", "CASCADE"),
        _fk("progress_reviews", "policy_id", "school_policies", "RESTRICT"),
        _fk("progress_reviews", "reviewed_by", "users", "SET NULL"),
        sa.CheckConstraint("state IN ('good', 'warning', 'not_met')", name="check_progress_reviews_state"),
        sa.CheckConstraint("checkpoint_pct BETWEEN 1 AND 100", name="check_progress_reviews_checkpoint"),
        sa.CheckConstraint("gpa BETWEEN 0 AND 4", name="check_progress_reviews_gpa"),
    )
    op.create_index(
        "uq_progress_reviews_enrollment_id_checkpoint",
        "progress_reviews",
        ["enrollment_id", "checkpoint_pct"],
        unique=True,
    )
    op.create_index("idx_progress_reviews_policy_id", "progress_reviews", ["policy_id"])
    op.create_index("idx_progress_reviews_reviewed_by", "progress_reviews", ["reviewed_by"])
    op.create_table(
        "progress_appeals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer()),
        sa.Column("asked_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", STAMP),
        sa.Column("outcome", sa.String(10)),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_progress_appeals"),
        _fk("progress_appeals", "review_id", "progress_reviews", "CASCADE"),
        _fk("progress_appeals", "asked_by", "users", "SET NULL"),
        _fk("progress_appeals", "decided_by", "users", "SET NULL"),
        sa.CheckConstraint("outcome IN ('granted', 'denied')", name="check_progress_appeals_outcome"),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_progress_appeals_decided"),
        sa.CheckConstraint("decided_by <> asked_by", name="check_progress_appeals_two_people"),
    )
    op.create_index("uq_progress_appeals_review_id", "progress_appeals", ["review_id"], unique=True)
    op.create_index("idx_progress_appeals_asked_by", "progress_appeals", ["asked_by"])
    op.create_index("idx_progress_appeals_decided_by", "progress_appeals", ["decided_by"])
    # How a student stood is asked for years later; the system takes nothing of it back.
    op.execute("REVOKE UPDATE, DELETE ON progress_reviews FROM aada_app")
    op.execute("REVOKE DELETE ON progress_appeals FROM aada_app")
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'academic_progress', 1, DATE '2000-01-01', '{
            "checkpoints_measured_in": "scheduled_hours", "checkpoints_every_pct": 25, "minimum_pace_pct": 67,
            "maximum_time_frame_pct": 150, "minimum_gpa_hundredths": 200, "appeal_days": 14
        }'::jsonb, 'System default', 'The usual values, until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'academic_progress')
        """
    )


def downgrade() -> None:
    op.drop_table("progress_appeals")
    op.drop_table("progress_reviews")
