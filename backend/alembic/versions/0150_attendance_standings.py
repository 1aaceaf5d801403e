"""How each active enrollment stands in attendance, worked out every hour

Revision ID: 0150
Revises: 0140
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0150"
down_revision = "0140"
branch_labels = None
depends_on = None

TABLE = "attendance_standings"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("last_attended_on", sa.Date()),
        sa.Column("attended_minutes", sa.Integer(), nullable=False),
        sa.Column("scheduled_minutes", sa.Integer(), nullable=False),
        sa.Column("attendance_pct", sa.Numeric(7, 1)),
        sa.Column("absences", sa.Integer(), nullable=False),
        sa.Column("consecutive_absences", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Integer(), nullable=False),
        sa.Column("tardies", sa.Integer(), nullable=False),
        sa.Column("reasons", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=f"fk_{TABLE}_enrollment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["school_policies.id"], name=f"fk_{TABLE}_policy_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"idx_{TABLE}_attendance_pct", TABLE, ["attendance_pct", "enrollment_id"])
    op.create_index(
        f"idx_{TABLE}_at_risk",
        TABLE,
        ["attendance_pct", "enrollment_id"],
        postgresql_where=sa.text("reasons <> '{}'"),
    )
    op.create_index(f"idx_{TABLE}_policy_id", TABLE, ["policy_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
