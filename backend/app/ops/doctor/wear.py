"""What wears out in a database over the years: indexes, room, numbers, checksums, versions. Asked as its owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from app.ops.doctor.findings import Check, Connection, Finding, Installation, ok, problem, warning
from app.ops.postgres import find_pg17

_SHOWN = 10

_WITHOUT_INDEX: LiteralString = """
SELECT c.conrelid::regclass::text AS "table", string_agg(a.attname, ', ' ORDER BY k.place) AS columns
FROM pg_constraint c
CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(number, place)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
  -- The queue's library knows which of its own keys it looks up.
  AND NOT starts_with(c.conrelid::regclass::text, 'procrastinate_')
  AND NOT EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = c.conrelid AND i.indisvalid
      AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = (
          SELECT format('(%I IS NOT NULL)', attname) FROM pg_attribute
          WHERE attrelid = c.conrelid AND attnum = c.conkey[1] AND cardinality(c.conkey) = 1))
      AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
GROUP BY c.oid, c.conrelid ORDER BY 1, 2
"""
_INVALID: LiteralString = """
SELECT indexrelid::regclass::text AS name FROM pg_index
WHERE NOT (indisvalid AND indisready) ORDER BY 1
"""
_UNUSED: LiteralString = """
SELECT s.indexrelname AS name, s.relname AS "table", pg_relation_size(s.indexrelid) AS size_bytes
FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
WHERE s.idx_scan = 0 AND NOT i.indisunique AND pg_relation_size(s.indexrelid) >= 16 * 1024 * 1024
ORDER BY size_bytes DESC
"""
_COUNTED_DAYS: LiteralString = """
SELECT extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time())) / 86400 AS days
FROM pg_stat_database WHERE datname = current_database()
"""
_DEAD: LiteralString = """
SELECT relname AS "table", n_dead_tup AS dead, n_live_tup AS live, last_autovacuum AS at
FROM pg_stat_user_tables
WHERE n_dead_tup >= 10000 AND n_dead_tup > 0.3 * (n_live_tup + n_dead_tup) ORDER BY n_dead_tup DESC
"""
_NUMBERS: LiteralString = """
SELECT s.sequencename AS name, s.last_value::float8 / least(s.max_value, CASE a.atttypid
         WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE s.max_value END) AS used
FROM pg_sequences s
JOIN pg_class q ON q.relname = s.sequencename AND q.relnamespace = s.schemaname::regnamespace
LEFT JOIN pg_depend d ON d.objid = q.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.last_value IS NOT NULL AND s.schemaname = 'public' ORDER BY used DESC
"""
_CHECKSUMS: LiteralString = """
SELECT current_setting('data_checksums') = 'on' AS on, coalesce(sum(checksum_failures), 0)::bigint AS failures
FROM pg_stat_database
"""
_COLLATION: LiteralString = """
SELECT datcollversion AS made_with, pg_database_collation_actual_version(oid) AS now
FROM pg_database WHERE datname = current_database()
"""
_AGE: LiteralString = "SELECT max(age(datfrozenxid)) AS age FROM pg_database"
_LAST_XID = 2_000_000_000
_DEFAULT_PARTITIONS: LiteralString = """
SELECT i.inhrelid::regclass::text AS name, i.inhparent::regclass::text AS "table"
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' ORDER BY 1
"""


def foreign_keys(known: Installation) -> Iterator[Finding]:
    """Does every foreign key have an index? Without one, removing a row reads the other table whole."""
    bare = [f"{one['table']} ({one['columns']})" for one in _rows(known.database, _WITHOUT_INDEX)]
    if bare:
        yield problem(
            "Foreign keys",
            f"{_count(len(bare), 'foreign key')} without an index: {_listed(bare)}.",
            "Create one for each: CREATE INDEX CONCURRENTLY ON TABLE (COLUMNS)",
        )
    elif known.database is not None:
        yield ok("Foreign keys", "Each has an index.")


def invalid_indexes(known: Installation) -> Iterator[Finding]:
    """Was an index left half built?"""
    broken = [str(one["name"]) for one in _rows(known.database, _INVALID)]
    if broken:
        yield problem(
            "Indexes",
            f"{_listed(broken)} cannot be used: building it was broken off, or goes on at this moment.",
            "If nothing builds it (pg_stat_progress_create_index), build it again: REINDEX INDEX CONCURRENTLY NAME. "
            "One whose name ends in _ccnew or _ccold is left over: DROP INDEX CONCURRENTLY NAME",
        )


def unused_indexes(known: Installation) -> Iterator[Finding]:
    """Is there an index of 16 MB or more that no query has read in a month?"""
    if known.database is None:
        return
    days = float(_rows(known.database, _COUNTED_DAYS)[0]["days"])
    if days < 30:
        yield ok("Unused indexes", f"Their use has been counted for {days:.0f} days, too few to judge.")
        return
    idle = [f"{one['name']} ({one['size_bytes'] // 1024**2} MB)" for one in _rows(known.database, _UNUSED)]
    if idle:
        yield warning(
            "Unused indexes",
            f"No query has read {_listed(idle)} in {days:.0f} days.",
            "They cost room and every write. Those of the system are there for pages of a larger school: keep them. "
            "Those that you made can go.",
        )
    else:
        yield ok("Unused indexes", f"None in {days:.0f} days.")


def dead_rows(known: Installation) -> Iterator[Finding]:
    """Does a table consist of removed rows for the most part?"""
    if known.database is None:
        return
    rows = _rows(known.database, _DEAD)
    for one in rows[:_SHOWN]:
        share = one["dead"] / (one["dead"] + one["live"])
        yield warning(
            "Bloat",
            f"{share:.0%} of the rows of {one['table']} are removed ones ({one['dead']:,}) whose room is not free yet.",
            f"Run: aada db psql -c 'VACUUM (ANALYZE) {one['table']}'. If it stays so, a transaction or a slot "
            "left open holds them: see pg_stat_activity and pg_replication_slots.",
        )
    if not rows:
        yield ok("Bloat", "No table consists of removed rows for a third or more.")


def months(known: Installation) -> Iterator[Finding]:
    """Where a table has partitions by month, does every row have a month of its own?"""
    astray = [
        str(one["table"])
        for one in _rows(known.database, _DEFAULT_PARTITIONS)
        if known.database is not None
        and known.database.execute(
            sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(str(one["name"])))
        ).fetchone()
    ]
    if astray:
        yield warning(
            "Partitions",
            f"{_listed(astray)} {'have' if astray[1:] else 'has'} rows of months without a partition.",
            "Run: aada db psql -c 'SELECT partitions_ahead(3)', and let cron run it each month. For rows of another "
            "month, give the month too: SELECT partitions_ahead(0, '2031-01-01').",
        )


def numbers(known: Installation) -> Iterator[Finding]:
    """Does a sequence come to the end of what its column can hold?"""
    if known.database is None:
        return
    rows = _rows(known.database, _NUMBERS)
    near = [one for one in rows if one["used"] >= 0.5]
    for one in near:
        grave = one["used"] >= 0.9
        says = f"{one['name']} has used {one['used']:.0%} of its numbers."
        do = "Change its column, and those that point to it, to bigint in a quiet hour, before inserts fail."
        yield problem("Sequences", says, do) if grave else warning("Sequences", says, do)
    if not near:
        used = max((one["used"] for one in rows), default=0)
        yield ok("Sequences", f"At most {used:.1%} of the numbers of one are used.")


def checksums(known: Installation) -> Iterator[Finding]:
    """Does the database see when the disk gives back something else than was written?"""
    if known.database is None:
        return
    [row] = _rows(known.database, _CHECKSUMS)
    if row["failures"]:
        yield problem(
            "Checksums",
            f"{_count(row['failures'], 'page')} came back from the disk other than written.",
            "Stop, keep the data directory as it is, and restore to another disk: docs/runbooks/restore.md"
            if known.embedded
            else "Keep the data directory as it is, and restore the server’s own backup to another disk.",
        )
    elif not row["on"]:
        yield warning(
            "Checksums",
            "They are off: what a failing disk changes is not seen.",
            "Stop the server and run pg_checksums --enable on its data directory.",
        )
    else:
        yield ok("Checksums", "They are on, and no page has failed.")


def collation(known: Installation) -> Iterator[Finding]:
    """Was the database sorted by another version of the system's rules than it is read with?"""
    if known.database is None:
        return
    [row] = _rows(known.database, _COLLATION)
    if row["made_with"] is not None and row["made_with"] != row["now"]:
        yield problem(
            "Sort order",
            f"Text was sorted by version {row['made_with']} of the operating system's rules, and is read by "
            f"{row['now']}: indexes on names may miss rows.",
            "Run in a quiet hour: aada db psql -c 'REINDEX DATABASE'. Then the same with ALTER DATABASE … REFRESH "
            "COLLATION VERSION",
        )
    else:
        yield ok("Sort order", "Text is read by the rules that it was sorted by.")


def transactions(known: Installation) -> Iterator[Finding]:
    """Does the database come near the end of its transaction numbers, where it would stop?"""
    if known.database is None:
        return
    age = int(_rows(known.database, _AGE)[0]["age"])
    says = f"{age / _LAST_XID:.0%} of the transaction numbers are used since the oldest row was frozen."
    if age > _LAST_XID // 2:
        yield problem(
            "Transactions",
            says,
            "Run aada db psql -c 'VACUUM (FREEZE)', and look for transactions and replication slots left open.",
        )
    else:
        yield ok("Transactions", says)


def release(known: Installation) -> Iterator[Finding]:
    """Does the server run an older minor release than the programs that come with the system?"""
    if known.database is None:
        return
    number = known.database.info.server_version
    running, here = (number // 10_000, number % 10_000), _pair(find_pg17().version)
    if running[0] == here[0] and running < here:
        yield warning(
            "Release",
            f"The server runs PostgreSQL {running[0]}.{running[1]}; {here[0]}.{here[1]} has its faults mended.",
            "Upgrade and restart the server: a minor release needs no dump."
            if not known.embedded
            else "Restart it: aada db stop, then start the system.",
        )
    else:
        yield ok("Release", f"PostgreSQL {running[0]}.{running[1]}.")


CHECKS: Final[tuple[Check, ...]] = (
    release,
    checksums,
    foreign_keys,
    invalid_indexes,
    unused_indexes,
    dead_rows,
    months,
    numbers,
    transactions,
    collation,
)


def _rows(connection: Connection | None, query: LiteralString) -> list[dict[str, Any]]:
    if connection is None:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else ""
    return ", ".join(names[:_SHOWN]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _pair(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
