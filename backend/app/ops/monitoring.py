"""What PostgreSQL says of itself: the documented monitoring queries, for the operations page and its API."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session


def table_sizes(session: Session) -> Sequence[Row[Any]]:
    """The documented "Table sizes", largest first: schemaname, tablename, pg_size_pretty, and size_bytes."""
    return session.execute(
        text(
            """
            SELECT schemaname, tablename, pg_size_pretty(size_bytes), size_bytes
            FROM pg_tables
            CROSS JOIN LATERAL pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass)
                       AS sized (size_bytes)
            WHERE schemaname = 'public'
            ORDER BY size_bytes DESC, tablename
            """
        )
    ).all()


def index_usage(session: Session) -> Sequence[Row[Any]]:
    """The documented "Index usage", most used first: schemaname, tablename, indexname, idx_scan, idx_tup_read,
    idx_tup_fetch, and size_bytes. PostgreSQL calls the second and third column relname and indexrelname.
    """
    return session.execute(
        text(
            """
            SELECT schemaname, relname AS tablename, indexrelname AS indexname, idx_scan, idx_tup_read,
                   idx_tup_fetch, pg_relation_size(indexrelid) AS size_bytes
            FROM pg_stat_user_indexes
            ORDER BY idx_scan DESC, schemaname, relname, indexrelname
            """
        )
    ).all()


def active_connections(session: Session) -> int:
    """The documented "Active connections": every process of the server, its background workers included."""
    return session.scalar(text("SELECT count(*) FROM pg_stat_activity")) or 0


def connection_limit(session: Session) -> int:
    """How many connections the server allows."""
    return int(session.scalar(text("SELECT current_setting('max_connections')")) or 0)


def database_size_bytes(session: Session) -> int:
    """The size of this database on disk."""
    return session.scalar(text("SELECT pg_database_size(current_database())")) or 0
