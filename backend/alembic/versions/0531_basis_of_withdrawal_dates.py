"""What gave a withdrawal its date

What the older schema cannot hold is kept in the schema `migration_stash`, and comes back on the way up.

Revision ID: 0531
Revises: 0530
"""

from alembic import op

revision = "0531"
down_revision = "0530"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows from before say nothing: the policy of their day, and the attendance, may have changed since."""
    op.execute("ALTER TABLE withdrawals ADD COLUMN date_basis text")
    op.execute(
        "ALTER TABLE withdrawals ADD CONSTRAINT check_withdrawals_date_basis CHECK"
        " (date_basis IN ('receipt_of_request', 'last_attendance', 'notice', 'determination')) NOT VALID"
    )
    op.execute(
        """
        DO $$
        BEGIN
            IF to_regclass('migration_stash.withdrawals_0531') IS NOT NULL THEN
                UPDATE withdrawals w SET date_basis = s.date_basis
                FROM migration_stash.withdrawals_0531 s WHERE s.id = w.id AND s.withdrawn_at = w.withdrawn_at;
                DROP TABLE migration_stash.withdrawals_0531;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END
        $$
        """
    )
    op.execute("ALTER TABLE withdrawals VALIDATE CONSTRAINT check_withdrawals_date_basis")


def downgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        "CREATE TABLE migration_stash.withdrawals_0531 AS"
        " SELECT id, withdrawn_at, date_basis FROM withdrawals WHERE date_basis IS NOT NULL"
    )
    op.execute("ALTER TABLE withdrawals DROP COLUMN date_basis")
