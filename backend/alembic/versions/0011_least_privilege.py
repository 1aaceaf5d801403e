"""The program works as `aada_app`: it reads and writes rows, and can do nothing to the schema

It cannot delete a transcript (permanent, GNPEC Standard 6) nor change the audit trail. Tables of later
migrations are covered by default privileges; a migration that adds a table which must not be changed
revokes what it has to.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Roles belong to the whole server: another database's migration may have made it, or be making it now.
    op.execute(
        """
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'aada_app') THEN
                CREATE ROLE aada_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'This user may not create roles; ask the server''s administrator for: '
                                'CREATE ROLE aada_app LOGIN PASSWORD ''...''';
        END $$
        """
    )
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO aada_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO aada_app")
    op.execute("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO aada_app")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO aada_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO aada_app")
    op.execute("REVOKE DELETE ON transcripts FROM aada_app")
    op.execute("REVOKE UPDATE, DELETE ON audit_log FROM aada_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM aada_app")


def downgrade() -> None:
    # The role itself stays: other databases of the server may use it.
    # Not DROP OWNED BY: that asks for the privileges of the role, which an owner who is no superuser lacks.
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM aada_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM aada_app")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM aada_app")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM aada_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM aada_app")
