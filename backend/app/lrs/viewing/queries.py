"""SQL behind the staff's view of statements: newest first, by keys, never by offset."""

from sqlalchemy import text

# ruff: noqa: S608 -- the pieces are written here

_COLUMNS = """
s.id, s.statement_id, s.timestamp, s.stored, s.verb, s.payload, s.is_voided, s.user_id, s.version, u.full_name
"""
_WHERE = """
(CAST(:before AS bigint) IS NULL OR s.id < :before)
AND (CAST(:after AS bigint) IS NULL OR s.id > :after)
AND (CAST(:verb AS text) IS NULL OR s.verb = :verb)
"""
_BY_ACTIVITY = """
s.id IN (
    SELECT v.statement_id FROM xapi_statement_activities v
    WHERE v.activity_id = (SELECT id FROM xapi_activities WHERE iri = :activity) AND v.subject_id = v.statement_id
)
"""
_BY_PERSON = """
s.id IN (
    SELECT a.statement_id FROM xapi_statement_actors a
    WHERE a.actor_id = ANY(CAST(:actors AS int[])) AND a.direct AND a.subject_id = a.statement_id
)
"""


def page(*, by_person: bool, by_activity: bool, ascending: bool = False) -> str:
    """SQL for one page of statements that match."""
    where = _WHERE
    if by_person:
        where += f" AND {_BY_PERSON}"
    if by_activity:
        where += f" AND {_BY_ACTIVITY}"
    order = "ASC" if ascending else "DESC"
    return f"""
    SELECT {_COLUMNS} FROM xapi_statements s LEFT JOIN users u ON u.id = s.user_id
    WHERE {where} ORDER BY s.id {order} LIMIT :limit
    """


ONE = text(f"""
SELECT {_COLUMNS} FROM xapi_statements s LEFT JOIN users u ON u.id = s.user_id WHERE s.statement_id = :statement_id
""")

PEOPLE = text("""
SELECT a.id FROM xapi_actors a LEFT JOIN users u ON u.id = a.user_id
WHERE a.identity ILIKE :pattern OR a.names::text ILIKE :pattern OR u.full_name ILIKE :pattern OR u.email ILIKE :pattern
ORDER BY a.id LIMIT 200
""")

ACTORS_OF_USER = text("SELECT id FROM xapi_actors WHERE user_id = :user_id")

# The planner walks the index on (verb, id) once for each verb there is, not once for each statement.
VERBS = text("""
WITH RECURSIVE found AS (
    (SELECT verb FROM xapi_statements ORDER BY verb LIMIT 1)
    UNION ALL
    SELECT (SELECT s.verb FROM xapi_statements s WHERE s.verb > found.verb ORDER BY s.verb LIMIT 1)
    FROM found WHERE found.verb IS NOT NULL
)
SELECT verb FROM found WHERE verb IS NOT NULL LIMIT 200
""")

VERBS_BY_DAY = text("""
SELECT date_trunc('day', s.stored AT TIME ZONE :zone)::date AS day, s.verb, count(*)
FROM xapi_statements s WHERE s.id >= :after AND NOT s.is_voided GROUP BY 1, 2 ORDER BY 1, 2
""")
