"""SQL on statements."""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from typing import LiteralString

from app.lrs.engine.statements.packing import KEPT, OCTETS

# One number for all processes: writers take turns, so keys grow in the order of commits.
WRITER_LOCK = 0x78415049

TAKE_TURN: LiteralString = "SELECT pg_advisory_xact_lock(%s)"

# Since when the oldest write runs, of any process; empty without one. What the database does not show (a write on
# another role) counts as running since ever.
WRITING_SINCE: LiteralString = """
SELECT clock_timestamp(),
       (SELECT min(coalesce(a.xact_start, to_timestamp(0)))
        FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s::bigint::oid AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

# In one round trip: the last key, statements that have one of these ids, and references to one of them.
KNOWN: LiteralString = f"""
SELECT 'last', coalesce(max(id), 0), NULL::uuid, NULL::bytea, NULL::boolean, NULL::smallint FROM xapi_statements
UNION ALL
SELECT 'there', id, statement_id, {KEPT}, NULL, NULL FROM xapi_statements s WHERE statement_id = ANY(%s::uuid[])
UNION ALL
SELECT 'referred', statement_id, target, NULL, voids, steps FROM xapi_statement_refs WHERE target = ANY(%s::uuid[])
"""

LOAD_STATEMENTS: LiteralString = """
COPY xapi_statements (id, user_id, verb, object_id, result, context, timestamp, statement_id, stored, packed,
                      octets, actor_id, version, registration, credential_id, is_voided) FROM STDIN
"""

STATEMENT_COLUMNS = (
    "id", "user_id", "verb", "object_id", "result", "context", "timestamp", "statement_id", "stored", "packed",
    "octets", "actor_id", "version", "registration", "credential_id", "is_voided",
)  # fmt: skip
ACTOR_COLUMNS = ("actor_id", "direct", "statement_id", "subject_id", "usage")
ACTIVITY_COLUMNS = ("activity_id", "direct", "statement_id", "subject_id", "usage")

# The same three COPYs as one statement, for a few rows.
INSERT_ALL: LiteralString = """
WITH given AS MATERIALIZED (SELECT %s::json AS rows),
statements AS (
    INSERT INTO xapi_statements (id, user_id, verb, object_id, result, context, timestamp, statement_id, stored,
                                 packed, octets, actor_id, version, registration, credential_id, is_voided)
    SELECT r.id, r.user_id, r.verb, r.object_id, r.result, r.context, r.timestamp, r.statement_id, r.stored,
           r.packed, r.octets, r.actor_id, r.version, r.registration, r.credential_id, r.is_voided
    FROM given, json_populate_recordset(NULL::xapi_statements, rows -> 'statements') r
),
actors AS (
    INSERT INTO xapi_statement_actors (actor_id, direct, statement_id, subject_id, usage)
    SELECT r.actor_id, r.direct, r.statement_id, r.subject_id, r.usage
    FROM given, json_populate_recordset(NULL::xapi_statement_actors, rows -> 'actors') r
)
INSERT INTO xapi_statement_activities (activity_id, direct, statement_id, subject_id, usage)
SELECT r.activity_id, r.direct, r.statement_id, r.subject_id, r.usage
FROM given, json_populate_recordset(NULL::xapi_statement_activities, rows -> 'activities') r
"""

LOAD_ACTORS: LiteralString = """
COPY xapi_statement_actors (actor_id, direct, statement_id, subject_id, usage) FROM STDIN
"""

LOAD_ACTIVITIES: LiteralString = """
COPY xapi_statement_activities (activity_id, direct, statement_id, subject_id, usage) FROM STDIN
"""

# References are rare; their rows may be there already when statements refer to each other in a circle.
ADD_REFS: LiteralString = """
INSERT INTO xapi_statement_refs (statement_id, target, steps, direct, voids, subject_id, verb, registration)
SELECT id, target, steps, steps = 1, voids, subject_id, verb, registration
FROM unnest(%s::bigint[], %s::uuid[], %s::smallint[], %s::bool[], %s::bigint[], %s::text[], %s::uuid[])
     AS new (id, target, steps, voids, subject_id, verb, registration)
ON CONFLICT (statement_id, target) DO UPDATE
SET subject_id = excluded.subject_id, verb = excluded.verb, registration = excluded.registration
WHERE xapi_statement_refs.subject_id IS NULL
"""

ADD_ACTOR_LINKS: LiteralString = """
INSERT INTO xapi_statement_actors (actor_id, direct, statement_id, subject_id, usage)
SELECT * FROM unnest(%s::int[], %s::bool[], %s::bigint[], %s::bigint[], %s::smallint[])
ON CONFLICT DO NOTHING
"""

ADD_ACTIVITY_LINKS: LiteralString = """
INSERT INTO xapi_statement_activities (activity_id, direct, statement_id, subject_id, usage)
SELECT * FROM unnest(%s::int[], %s::bool[], %s::bigint[], %s::bigint[], %s::smallint[])
ON CONFLICT DO NOTHING
"""

# Statements of others among these, and ids that nobody has stored.
NOT_OF: LiteralString = """
SELECT asked.id::text FROM unnest(%s::uuid[]) AS asked (id)
LEFT JOIN xapi_statements s ON s.statement_id = asked.id
WHERE s.credential_id IS DISTINCT FROM %s
"""

# On whose authority statements are that no API key has stored: the host's own, and those of imports.
AUTHORITIES_WITHOUT_KEY: LiteralString = f"""
SELECT statement_id::text, {KEPT} FROM xapi_statements s
WHERE statement_id = ANY(%s::uuid[]) AND credential_id IS NULL
"""

AUTHORITIES_OF: LiteralString = f"""
SELECT {KEPT} FROM xapi_statements s WHERE id = ANY(%s::bigint[]) AND credential_id IS NULL
"""

STORED: LiteralString = """
SELECT statement_id FROM xapi_statements WHERE statement_id = ANY(%s::uuid[])
"""
"""Which of these identifiers are those of statements."""

BY_ID: LiteralString = f"""
SELECT id, {KEPT} FROM xapi_statements s WHERE statement_id = %s
"""

VOID: LiteralString = """
UPDATE xapi_statements SET is_voided = true
WHERE statement_id = ANY(%s::uuid[]) AND verb <> %s AND NOT is_voided
"""

ONE: LiteralString = f"""
SELECT {KEPT}, is_voided, version, credential_id, stored, {OCTETS}
FROM xapi_statements s WHERE statement_id = %s
"""

ADD_ATTACHMENTS: LiteralString = """
INSERT INTO xapi_attachments (sha2, sha256, size_bytes, content_type)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS new (sha2, sha256, size, type)
ORDER BY 1
ON CONFLICT (sha2) DO NOTHING
"""

KNOWN_ATTACHMENTS: LiteralString = """
SELECT sha2, sha256, size_bytes FROM xapi_attachments WHERE sha2 = ANY(%s)
"""
