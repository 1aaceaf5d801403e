"""The job queue: procrastinate's own tables

The library carries its schema as SQL. Later versions of the library change it by migrations of their own, which
then become migrations here.

Revision ID: 0010
Revises: 0009
"""

from alembic import context, op
from procrastinate.schema import SchemaManager

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def run_script(sql: str) -> None:
    """Run a script of several statements as it stands: no parameters, no colons read as such."""
    if context.is_offline_mode():
        op.execute(sql)
        return
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(sql.encode())


def upgrade() -> None:
    run_script(SchemaManager.get_schema())


def downgrade() -> None:
    run_script(
        """
        DROP TABLE IF EXISTS procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
                             procrastinate_workers CASCADE;
        DO $$
        DECLARE item record;
        BEGIN
            FOR item IN SELECT oid::regprocedure AS name FROM pg_proc
                        WHERE proname LIKE 'procrastinate%' AND pronamespace = 'public'::regnamespace LOOP
                EXECUTE format('DROP FUNCTION %s CASCADE', item.name);
            END LOOP;
            FOR item IN SELECT typname AS name FROM pg_type
                        WHERE typname LIKE 'procrastinate%' AND typnamespace = 'public'::regnamespace LOOP
                EXECUTE format('DROP TYPE IF EXISTS public.%I CASCADE', item.name);
            END LOOP;
        END $$;
        """
    )
