"""The connection under a session, for SQL that the store's engine runs by itself."""

from typing import Any

import psycopg
from sqlalchemy.orm import Session


def driver(session: Session) -> psycopg.Connection[tuple[Any, ...]]:
    """The psycopg connection of the session's transaction."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("statements are kept in PostgreSQL through psycopg 3")
    return connection
