"""The roster of a class meeting, and where the times of an attendance record come from

Revision ID: 0130
Revises: 0120
"""

import sqlalchemy as sa
from alembic import op

revision = "0130"
down_revision = "0120"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)


def _fk(column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_class_attendance_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.add_column("attendance", sa.Column("source", sa.String(10), server_default="clock", nullable=False))
    op.add_column("attendance", sa.Column("punched_in", STAMP))
    op.add_column("attendance", sa.Column("punched_out", STAMP))
    # What the staff wrote says so in its notes; there are few of them.
    op.execute(
        "UPDATE attendance SET source = 'staff' WHERE notes LIKE 'Entered %' OR notes LIKE '%Corrected %'"
    )
    op.create_table(
        "class_attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", STAMP, nullable=False),
        sa.Column("ends_at", STAMP, nullable=False),
        sa.Column("mark", sa.String(10)),
        sa.Column("arrived_at", STAMP),
        sa.Column("left_at", STAMP),
        sa.Column("attendance_id", sa.Integer()),
        sa.Column("note", sa.Text()),
        sa.Column("marked_by", sa.Integer()),
        sa.Column("marked_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("settled_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_class_attendance"),
        _fk("class_id", "classes", "RESTRICT"),
        _fk("enrollment_id", "enrollments", "CASCADE"),
        _fk("attendance_id", "attendance", "SET NULL"),
        _fk("marked_by", "users", "SET NULL"),
        sa.CheckConstraint("ends_at > starts_at", name="check_class_attendance_times"),
        sa.CheckConstraint(
            "mark IN ('present', 'late', 'left_early', 'absent', 'excused')",
            name="check_class_attendance_mark",
        ),
        sa.CheckConstraint(
            "arrived_at BETWEEN starts_at AND ends_at AND left_at IS NULL"
            " OR left_at BETWEEN starts_at AND ends_at AND coalesce(arrived_at BETWEEN starts_at AND left_at, true)"
            " OR arrived_at IS NULL AND left_at IS NULL",
            name="check_class_attendance_within",
        ),
        sa.CheckConstraint(
            "CASE mark WHEN 'late' THEN arrived_at IS NOT NULL AND left_at IS NULL"
            " WHEN 'left_early' THEN left_at IS NOT NULL"
            " ELSE arrived_at IS NULL AND left_at IS NULL END",
            name="check_class_attendance_shape",
        ),
    )
    op.create_index(
        "uq_class_attendance_class_id_enrollment_id_starts_at",
        "class_attendance",
        ["class_id", "enrollment_id", "starts_at"],
        unique=True,
    )
    op.create_index("idx_class_attendance_enrollment_id", "class_attendance", ["enrollment_id", "starts_at"])
    for column in ("attendance_id", "marked_by"):
        op.create_index(f"idx_class_attendance_{column}", "class_attendance", [column])
    op.create_index(
        "idx_class_attendance_unsettled",
        "class_attendance",
        ["ends_at"],
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    # A mark that was taken back stays, empty: who was in a class is asked for years later.
    op.execute("REVOKE DELETE ON class_attendance FROM aada_app")


def downgrade() -> None:
    op.drop_table("class_attendance")
    for column in ("punched_out", "punched_in", "source"):
        op.drop_column("attendance", column)
