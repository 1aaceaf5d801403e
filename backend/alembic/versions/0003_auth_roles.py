"""Updated user roles and authentication fields

The role becomes an enum and gains `instructor`; the password column gets its documented name; accounts can be
soft-deleted; email addresses are kept in lower case.

The older schema has no instructors and no deleted accounts. Going back, an instructor becomes a student (the
least a role may do) and a deleted account gets a password that nothing matches; what they were is kept in the
schema `migration_stash` and put back on the next upgrade.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE user_role AS ENUM ('student', 'instructor', 'admin')")
    op.drop_constraint("check_users_role", "users", type_="check")
    op.execute("ALTER TABLE users ALTER COLUMN role TYPE user_role USING role::user_role")
    op.alter_column("users", "password_hash", new_column_name="hashed_password")
    op.add_column("users", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.create_index("idx_users_role", "users", ["role"])
    op.execute(
        """
        DO $$
        DECLARE twins text;
        BEGIN
            SELECT string_agg(email, ', ' ORDER BY email) INTO twins
            FROM (SELECT lower(email) AS email FROM users GROUP BY lower(email) HAVING count(*) > 1) AS twice;
            IF twins IS NOT NULL THEN
                RAISE EXCEPTION 'Several accounts have addresses that differ only in capitals: %. '
                                'Change or remove one of each, then migrate again.', twins;
            END IF;
            UPDATE users SET email = lower(email) WHERE email <> lower(email);
        END $$
        """
    )
    op.create_check_constraint("check_users_email_lower", "users", "email = lower(email)")
    op.execute(
        """
        DO $$
        BEGIN
            IF to_regclass('migration_stash.users_0003') IS NOT NULL THEN
                UPDATE users SET role = stash.role::user_role, deleted_at = stash.deleted_at,
                                 hashed_password = stash.hashed_password
                FROM migration_stash.users_0003 AS stash
                WHERE stash.id = users.id AND stash.email = users.email;
                -- Later migrations keep what they took away there, too.
                DROP TABLE migration_stash.users_0003;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM users WHERE role = 'instructor' OR deleted_at IS NOT NULL) THEN
                CREATE SCHEMA IF NOT EXISTS migration_stash;
                CREATE TABLE migration_stash.users_0003 AS
                    SELECT id, email, role::text AS role, deleted_at, hashed_password
                    FROM users WHERE role = 'instructor' OR deleted_at IS NOT NULL;
                UPDATE users SET hashed_password = '!' WHERE deleted_at IS NOT NULL;
                UPDATE users SET role = 'student' WHERE role = 'instructor';
            END IF;
        END $$
        """
    )
    op.drop_constraint("check_users_email_lower", "users", type_="check")
    op.drop_index("idx_users_role", "users")
    op.drop_column("users", "deleted_at")
    op.alter_column("users", "hashed_password", new_column_name="password_hash")
    op.execute("ALTER TABLE users ALTER COLUMN role TYPE varchar(20) USING role::text")
    op.create_check_constraint("check_users_role", "users", "role IN ('student', 'admin')")
    op.execute("DROP TYPE user_role")
