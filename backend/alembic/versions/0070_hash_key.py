"""Hashes that outlive SECRET_KEY have a key of their own, sealed in the row of the installation

Where it is empty, hashes were made with SECRET_KEY itself: the system keeps that value there at its next use.

Revision ID: 0070
Revises: 0065
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("sealed_hash_key", sa.Text()))
    op.execute("GRANT UPDATE (sealed_hash_key) ON installation TO aada_app")
    op.execute(
        """
        DO $$ BEGIN
            IF to_regclass('migration_stash.installation_0070') IS NOT NULL THEN
                UPDATE installation SET sealed_hash_key = stash.sealed_hash_key
                FROM migration_stash.installation_0070 AS stash WHERE stash.id = installation.id;
                DROP TABLE migration_stash.installation_0070;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    # The key of a new installation is random: codes that were made with it are known to nobody afterwards, so it is
    # kept for the way up.
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        "CREATE TABLE migration_stash.installation_0070 AS "
        "SELECT id, sealed_hash_key FROM installation WHERE sealed_hash_key IS NOT NULL"
    )
    op.drop_column("installation", "sealed_hash_key")
