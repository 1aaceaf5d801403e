"""What the database says of itself without waiting for anybody: catalogs and statistics, no lock on a table.

Sizes of tables are those of the last VACUUM or ANALYZE, which the server runs by itself: to look at the files, the
table would have to be locked against changes of the schema.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.orm import Session

from app.db.models import MetricSample

_SERVER = text("""
    SELECT pg_database_size(current_database()) AS size_bytes,
           current_setting('max_connections')::int AS connection_limit,
           (SELECT count(*) FROM pg_stat_activity) AS connections,
           locks.waiting, locks.longest AS lock_seconds,
           (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) FROM pg_stat_activity
            WHERE state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()) AS statement_seconds,
           stat.deadlocks, stat.blks_hit, stat.blks_read
    FROM pg_stat_database stat,
         (SELECT count(*) AS waiting, coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0) AS longest
          FROM pg_locks WHERE NOT granted) locks
    WHERE stat.datname = current_database()
""")
_SLOTS = text("""
    SELECT slot_name, active, CASE WHEN NOT pg_is_in_recovery()
           THEN greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn), 0) END AS behind_bytes
    FROM pg_replication_slots WHERE restart_lsn IS NOT NULL ORDER BY 1
""")
_TABLES = text("""
    SELECT stat.relname AS table_name, stat.n_live_tup, stat.n_dead_tup, coalesce(stat.seq_scan, 0) AS seq_scan,
           coalesce(stat.idx_scan, 0) AS idx_scan,
           (class.relpages + coalesce(overflow.relpages, 0) + coalesce(indexes.pages, 0))
               * current_setting('block_size')::bigint AS size_bytes
    FROM pg_stat_user_tables stat JOIN pg_class class ON class.oid = stat.relid
    LEFT JOIN pg_class overflow ON overflow.oid = class.reltoastrelid
    LEFT JOIN (SELECT indrelid, sum(greatest(relpages, 0)) AS pages FROM pg_index JOIN pg_class ON oid = indexrelid
               GROUP BY 1) indexes ON indexes.indrelid = class.oid
    WHERE stat.schemaname = 'public' ORDER BY 1
""")
_UNUSED = text("""
    SELECT count(*) AS indexes, coalesce(sum(class.relpages), 0) * current_setting('block_size')::bigint AS size_bytes
    FROM pg_stat_user_indexes stat JOIN pg_index index USING (indexrelid) JOIN pg_class class ON class.oid = indexrelid
    WHERE stat.idx_scan = 0 AND NOT index.indisunique
""")
_HAS_STATEMENTS = text("""
    SELECT to_regclass('pg_stat_statements') IS NOT NULL
       AND current_setting('shared_preload_libraries') LIKE '%pg\\_stat\\_statements%'
""")
_STATEMENTS = text("""
    SELECT queryid::text AS id, left(regexp_replace(min(query), '\\s+', ' ', 'g'), 120) AS statement,
           sum(calls) AS calls, sum(total_exec_time) / 1000 AS seconds
    FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND queryid IS NOT NULL
    GROUP BY queryid ORDER BY sum(total_exec_time) DESC LIMIT 10
""")

_GROWTH = text("""
    SELECT label, first, last FROM (
        SELECT label, (array_agg(value ORDER BY at))[1] AS first, (array_agg(value ORDER BY at DESC))[1] AS last
        FROM metric_samples WHERE name = :name AND at >= :since GROUP BY label
    ) sizes WHERE last > first ORDER BY last - first DESC, label LIMIT :few
""")


def require_no_wait(session: Session) -> None:
    """Give up soon: whoever asks asks again."""
    session.execute(text("SET LOCAL statement_timeout = '2s'"))


def server(session: Session) -> Row[Any]:
    """The database's size, connections, waits, longest statement, deadlocks, and blocks found in memory or read."""
    return session.execute(_SERVER).one()


def slots(session: Session) -> Sequence[Row[Any]]:
    """Each replication slot, and how much of the log it has not received."""
    return session.execute(_SLOTS).all()


def tables(session: Session) -> Sequence[Row[Any]]:
    """Each table’s size with its indexes, rows, dead rows, and scans."""
    return session.execute(_TABLES).all()


def unused_indexes(session: Session) -> Row[Any]:
    """How many indexes no statement has used since the statistics began, and their size."""
    return session.execute(_UNUSED).one()


def statements(session: Session) -> Sequence[Row[Any]]:
    """The ten statements that took the most time; none without the extension pg_stat_statements."""
    return session.execute(_STATEMENTS).all() if session.scalar(_HAS_STATEMENTS) else []


def keep(session: Session, at: datetime, values: dict[tuple[str, str], float]) -> None:
    """Keep what was measured at an instant: by name, and by what it is of (or nothing)."""
    rows = [
        {"at": at, "name": name, "label": label, "value": value} for (name, label), value in values.items()
    ]
    session.execute(insert(MetricSample), rows)


def last_at(session: Session, name: str) -> datetime | None:
    """When something was last measured."""
    return session.scalar(select(func.max(MetricSample.at)).where(MetricSample.name == name))


def history(session: Session, since: datetime, step: str) -> Sequence[Row[Any]]:
    """The largest value of each step by name, oldest first: name, at, value. Of the figures without a label."""
    start = func.date_bin(
        text(f"interval '{step}'"), MetricSample.at, text("timestamptz '2020-01-01'")
    ).label("start")
    return session.execute(
        select(MetricSample.name, start, func.max(MetricSample.value).label("value"))
        .where(MetricSample.at >= since, MetricSample.label == "")
        .group_by(MetricSample.name, start)
        .order_by(start)
    ).all()


def growth(session: Session, name: str, since: datetime, few: int) -> Sequence[Row[Any]]:
    """What grew most since then: label, the first value and the last."""
    return session.execute(_GROWTH, {"name": name, "since": since, "few": few}).all()
