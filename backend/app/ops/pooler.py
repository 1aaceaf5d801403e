"""pgbouncer between the system and its server: what each connection needs, where the client may ask for nothing.

In transaction mode a connection of the server serves another client after each transaction. What holds on all of them
is therefore kept with the role, and whatever outlasts a transaction goes to the server itself (`Database.direct`, the
worker's LISTEN, migrations, the record store's connections, backups).
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from app.db.session import SESSION_SETTINGS, libpq_url
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings

Connection = psycopg.Connection[tuple[object, ...]]


def keep_settings(settings: Settings) -> None:
    """Keep the settings of a connection with the role that the pooler signs in as. Nothing without a pooler."""
    url = settings.pooler_database_url
    if url is None or url.username != settings.app_database_url.username:
        return
    with connect(settings, settings.app_database_url) as connection:
        if differing(connection):
            for name, value in SESSION_SETTINGS.items():
                connection.execute(
                    sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(connection.info.dbname), sql.Identifier(name), sql.Literal(value)
                    )
                )


def differing(connection: Connection) -> list[str]:
    """The settings that are not as the system needs them on a connection that asked for none."""
    return [
        name
        for name, value in SESSION_SETTINGS.items()
        if connection.execute("SELECT current_setting(%s)", (name,)).fetchone() != (value,)
    ]


def is_between(connection: Connection) -> bool:
    """Whether a pooler answers in the server's place: the process it names is not the one that works."""
    return connection.execute("SELECT pg_backend_pid()").fetchone() != (connection.info.backend_pid,)


def look(settings: Settings) -> list[str]:
    """The settings that differ on the pooler's connections. Raises OperatorError while it cannot be used."""
    url = settings.pooler_database_url
    if url is None:
        return []
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5, prepare_threshold=None) as connection:
            return differing(connection)
    except psycopg.Error as error:
        reason = " ".join(str(error).split()).rsplit("failed: ", 1)[-1].rstrip(".")
        raise OperatorError(f"Nothing answers as it should at POOLER_URL ({reason[:200]}).") from error
