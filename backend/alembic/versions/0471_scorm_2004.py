"""What SCORM 2004 reports beside what SCORM 1.2 does

What the older schema cannot hold is kept in the schema `migration_stash` and put back on the next upgrade.

Revision ID: 0471
Revises: 0470
"""

from alembic import op

revision = "0471"
down_revision = "0470"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("score_scaled", "numeric"),
    ("completion_status", "varchar(20)"),
    ("success_status", "varchar(20)"),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_STASH = "migration_stash.scorm_data_0471"


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.execute(f"ALTER TABLE scorm_data ADD COLUMN {name} {kind}")
    op.execute(
        f"""
        DO $$
        BEGIN
            IF to_regclass('{_STASH}') IS NOT NULL THEN
                UPDATE scorm_data d SET ({_NAMES}) = (SELECT {_NAMES} FROM {_STASH} s WHERE s.id = d.id)
                WHERE d.id IN (SELECT id FROM {_STASH});
                DROP TABLE {_STASH};
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        f"CREATE TABLE {_STASH} AS SELECT id, {_NAMES} FROM scorm_data"
        " WHERE completion_status IS NOT NULL OR score_scaled IS NOT NULL"
    )
    for name, _ in reversed(_COLUMNS):
        op.execute(f"ALTER TABLE scorm_data DROP COLUMN {name}")
