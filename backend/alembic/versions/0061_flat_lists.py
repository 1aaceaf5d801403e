"""Lists find their first page without looking at everybody

Revision ID: 0061
Revises: 0060
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

# By table, so that each is locked once: name, columns, condition.
INDEXES = {
    "users": (
        ("idx_users_name_order", "(lower(full_name)), id", "deleted_at IS NULL"),
        ("idx_users_deleted", "id", "deleted_at IS NOT NULL"),
    ),
    "enrollments": (
        ("idx_enrollments_enrolled_at", "enrolled_at, id", ""),
        ("idx_enrollments_done", "user_id, program_id", "status = 'active' AND progress_pct >= 100"),
    ),
    # Who is here and who forgot are few among everything that was ever recorded; one index has both.
    "attendance": (("idx_attendance_unfinished", "clock_in, id", "clock_out IS NULL OR missing_clock_out"),),
    "withdrawals": (("idx_withdrawals_pending", "requested_at, id", "admin_processed_at IS NULL"),),
}


def upgrade() -> None:
    for table, indexes in INDEXES.items():
        for name, columns, condition in indexes:
            where = f" WHERE {condition}" if condition else ""
            op.execute(f"CREATE INDEX {name} ON {table} ({columns}){where}")


def downgrade() -> None:
    for indexes in INDEXES.values():
        for name, _columns, _condition in indexes:
            op.execute(f"DROP INDEX {name}")
