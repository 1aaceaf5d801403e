"""Alembic's environment: which database, and how carefully.

The database is, in this order: what the calling program passes (`attributes`), DATABASE_URL from the environment
or .env, the embedded server when it runs. One migration at a time (advisory lock), and none waits long behind
a running transaction (lock timeout), so that a migration never stops the school.
"""

import sys
import time

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from app.db.base import Base
from app.db.models import *  # noqa: F403 - the models register themselves
from app.settings import get_settings, normalize_database_url

config = context.config
target_metadata = Base.metadata

# Locks of this number belong to migrations alone.
MIGRATION_LOCK = 0x41414441
# A step that needs longer says so itself: op.execute("SET LOCAL statement_timeout = '2h'").
PATIENCE = (
    f"SET lock_timeout = '{config.attributes.get('lock_timeout', '5s')}'",
    "SET statement_timeout = '15min'",
)


def include_object(_object: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """Leave out what a library owns (the job queue)."""
    return not (kind in ("table", "index") and reflected and (name or "").startswith("procrastinate"))


def database_url() -> str:
    """The URL to migrate, as the owner of the schema."""
    if "url" in config.attributes:
        return str(config.attributes["url"])
    settings = get_settings()
    if settings.database_url is not None:
        return settings.database_url
    from app.ops.postgres import running_url  # noqa: PLC0415 - only when there is no other

    return running_url(settings)


def run(connection: Connection | None) -> None:
    context.configure(
        connection=connection,
        url=None if connection is not None else "postgresql+psycopg://",
        target_metadata=target_metadata,
        include_object=include_object,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        literal_binds=connection is None,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    given = config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = create_engine(normalize_database_url(database_url()), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            # A second migrator waits for the first, however long its tables take, and then finds nothing to do ...
            wait_for_turn(connection)
            # ... but a migration waits only briefly for a table: everybody queues up behind it.
            for setting in PATIENCE:
                connection.execute(text(setting))
            connection.commit()
            run(connection)
    finally:
        engine.dispose()


def wait_for_turn(connection: Connection) -> None:
    """Take the lock of migrators. It is asked for again and again, in a transaction of its own each time: one that
    waits inside a statement is what CREATE INDEX CONCURRENTLY of the other migrator waits for, and both would stop.
    """
    while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": MIGRATION_LOCK}).scalar():
        connection.rollback()
        time.sleep(0.2)


def run_offline() -> None:
    """Print the SQL for somebody else to run, with the same care."""
    for setting in PATIENCE:
        sys.stdout.write(f"{setting};\n\n")
    run(None)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
