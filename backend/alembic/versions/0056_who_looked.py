"""The history says for which purpose, and by which duty, somebody looked; a session keeps the purpose

`history_folds` knows what was written lately, so that looking at the same thing again is one row. It is UNLOGGED: it
costs no write-ahead log, and a crash empties it.

Revision ID: 0056
Revises: 0054
"""

from alembic import op

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE audit_log
            ADD COLUMN IF NOT EXISTS purpose character varying(20),
            ADD COLUMN IF NOT EXISTS actor_duty character varying(20)
        """
    )
    op.execute("GRANT INSERT (purpose, actor_duty) ON audit_log TO aada_app")
    op.execute("ALTER TABLE user_sessions ADD COLUMN IF NOT EXISTS purpose character varying(20)")
    op.execute(
        """
        CREATE UNLOGGED TABLE IF NOT EXISTS history_folds (
            key text CONSTRAINT pk_history_folds PRIMARY KEY,
            written_at timestamptz NOT NULL,
            times bigint DEFAULT 1 NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX IF NOT EXISTS idx_history_folds_written_at ON history_folds (written_at)")
    op.execute(
        """
        DO $$ BEGIN
            IF to_regclass('migration_stash.audit_log_0056') IS NOT NULL THEN
                UPDATE audit_log a SET purpose = s.purpose, actor_duty = s.actor_duty
                FROM migration_stash.audit_log_0056 s WHERE s.id = a.id;
                DROP TABLE migration_stash.audit_log_0056;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_audit_log_views ON audit_log (student_id, at, id)"
            " WHERE purpose IS NOT NULL"
        )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS idx_audit_log_views")
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        """
        CREATE TABLE migration_stash.audit_log_0056 AS
        SELECT id, purpose, actor_duty FROM audit_log WHERE purpose IS NOT NULL OR actor_duty IS NOT NULL
        """
    )
    op.execute("ALTER TABLE audit_log DROP COLUMN purpose, DROP COLUMN actor_duty")
    op.execute("ALTER TABLE user_sessions DROP COLUMN purpose")
    op.execute("DROP TABLE history_folds")
