"""SQL that adds statements up, compares what was added up, and reads it.

What a statement is in the charts is said once, in `_FACTS`: verb, quarter hour, tenth of its score, seconds, attempt.
"""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from typing import Any, LiteralString

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.lrs import vocabulary

# Weeks, or days, hours, minutes and seconds; a month or a year is of no exact length. The numbers are short enough for
# an interval of PostgreSQL.
_N: LiteralString = r"\d{1,7}([.,]\d{1,9})?"
EXACT: LiteralString = rf"^P(?=.)(\d{{1,4}}([.,]\d{{1,9}})?W|({_N}D)?(T(?=.)({_N}H)?({_N}M)?({_N}S)?)?)$"

SECONDS: LiteralString = (
    "CASE WHEN s.result ->> 'duration' ~ :exact"
    " THEN extract(epoch FROM replace(s.result ->> 'duration', ',', '.')::interval) ELSE 0 END"
)
# An actor without an account, as the store knows them (`app.lrs.engine.statements.actors.identity`). Statements from
# before have it in their text; a group without a name of its own is known by nothing, and each statement's is another.
ACTOR: LiteralString = (
    "coalesce(s.user_id::text, (SELECT identity FROM xapi_actors a WHERE a.id = s.actor_id),"
    " 'mbox::' || (s.payload #>> '{actor,mbox}'), 'sha1::' || (s.payload #>> '{actor,mbox_sha1sum}'),"
    " 'openid::' || (s.payload #>> '{actor,openid}'), 'account::' || (s.payload #>> '{actor,account,homePage}')"
    " || ' ' || (s.payload #>> '{actor,account,name}'), 'statement ' || s.id)"
)
SCALED: LiteralString = (
    "CASE WHEN jsonb_typeof(s.result #> '{score,scaled}') = 'number'"
    " THEN (s.result #>> '{score,scaled}')::float8 END"
)
FIRST_KEY = -(2**63)
"""Less than the key of every statement."""

# The lengths stand before the texts, so that no two attempts have one text.
_FACTS: LiteralString = f"""
    s.id, s.verb, s.user_id,
    least(greatest(floor(extract(epoch FROM s.timestamp) / 900), -2147483648), 2147483647)::int AS quarter,
    CASE WHEN ({SCALED}) BETWEEN 0 AND 1 THEN least(floor(({SCALED}) * 10), 9) ELSE -1 END::smallint AS tenth,
    {SECONDS} AS seconds,
    md5(concat_ws(' ', length({ACTOR}), length(s.object_id), {ACTOR}, s.object_id, s.registration))::uuid AS key
"""
_PLACE: LiteralString = "coalesce(array_agg(DISTINCT l.activity_id), '{}')"

_STATE = text("SELECT rolled_to FROM xapi_rollup_state")
_BEHIND = text(
    "SELECT coalesce((SELECT rolled_to FROM xapi_rollup_state), :first) < coalesce(max(id), :first)"
    " OR EXISTS (SELECT FROM xapi_rollup_changes) OR NOT EXISTS"
    " (SELECT FROM xapi_rollup_state WHERE rolled_to IS NOT NULL) FROM xapi_statements"
)
_BEGIN = text("INSERT INTO xapi_rollup_state DEFAULT VALUES ON CONFLICT DO NOTHING")
_SET = text("UPDATE xapi_rollup_state SET rolled_to = :rolled")
_TABLES: tuple[LiteralString, ...] = ("changes", "quarters", "parts", "attempts", "places", "verbs")

# One statement, and so one look at the database: a statement that is voided meanwhile is either seen as voided and
# with its change, or as valid and without. The change of a statement that was not added up before means nothing.
_ADD = text(
    f"""
WITH bound AS MATERIALIZED (
  SELECT max(id) AS upto, count(*) AS found FROM
    (SELECT id FROM xapi_statements WHERE id > :rolled ORDER BY id LIMIT :most) upcoming
), gone AS (
  DELETE FROM xapi_rollup_changes c USING bound b WHERE c.statement_id <= coalesce(b.upto, :rolled)
  RETURNING c.statement_id, c.sign
), changed AS MATERIALIZED (
  SELECT statement_id, sum(sign) AS sign FROM gone WHERE statement_id <= :rolled GROUP BY 1 HAVING sum(sign) <> 0
), places_of AS MATERIALIZED (
  SELECT l.statement_id, {_PLACE} AS activities FROM xapi_statement_activities l
  WHERE l.statement_id > :rolled AND l.statement_id <= (SELECT upto FROM bound) AND l.subject_id = l.statement_id
  GROUP BY 1
), facts AS MATERIALIZED (
  SELECT f.*, coalesce(p.activities, '{{}}') AS activities FROM (
    SELECT 1 AS sign, {_FACTS} FROM xapi_statements s
    WHERE s.id > :rolled AND s.id <= (SELECT upto FROM bound) AND NOT s.is_voided
  ) f LEFT JOIN places_of p ON p.statement_id = f.id
  UNION ALL
  SELECT c.sign, {_FACTS}, p.activities FROM changed c
  JOIN xapi_statements s ON s.id = c.statement_id CROSS JOIN LATERAL (
    SELECT {_PLACE} AS activities FROM xapi_statement_activities l
    WHERE l.statement_id = c.statement_id AND l.subject_id = c.statement_id
  ) p
), new_verbs AS (
  INSERT INTO xapi_rollup_verbs (iri) SELECT DISTINCT verb FROM facts f
  WHERE NOT EXISTS (SELECT FROM xapi_rollup_verbs v WHERE v.iri = f.verb) RETURNING id, iri
), verbs AS MATERIALIZED (
  SELECT id, iri FROM new_verbs UNION ALL SELECT id, iri FROM xapi_rollup_verbs
), new_places AS (
  INSERT INTO xapi_rollup_places (activities) SELECT DISTINCT activities FROM facts f
  WHERE NOT EXISTS (SELECT FROM xapi_rollup_places p WHERE p.activities = f.activities) RETURNING id, activities
), places AS MATERIALIZED (
  SELECT id, activities FROM new_places UNION ALL SELECT id, activities FROM xapi_rollup_places
), keys AS MATERIALIZED (
  SELECT key, max(user_id) AS user_id FROM facts GROUP BY 1
), known AS MATERIALIZED (
  SELECT k.key, k.user_id, a.id FROM keys k LEFT JOIN xapi_rollup_attempts a ON a.key = k.key
), new_attempts AS (
  INSERT INTO xapi_rollup_attempts (key, user_id) SELECT key, user_id FROM known WHERE id IS NULL RETURNING id, key
), attempts AS MATERIALIZED (
  SELECT id, key FROM new_attempts UNION ALL SELECT id, key FROM known WHERE id IS NOT NULL
), sums AS MATERIALIZED (
  SELECT a.id AS attempt_id, f.quarter, v.id AS verb_id, f.tenth, p.id AS place_id,
    sum(f.sign)::int AS statements, sum(f.sign * f.seconds) AS seconds
  FROM facts f JOIN verbs v ON v.iri = f.verb JOIN places p ON p.activities = f.activities
  JOIN attempts a ON a.key = f.key GROUP BY 1, 2, 3, 4, 5
), parts AS (
  INSERT INTO xapi_rollup_parts AS t (attempt_id, quarter, verb_id, place_id, statements, tenth, seconds, counted)
  SELECT attempt_id, quarter, verb_id, place_id, statements, tenth, seconds, 0 FROM sums
  ON CONFLICT (attempt_id, quarter, verb_id, tenth, place_id) DO UPDATE
  SET statements = t.statements + excluded.statements, seconds = t.seconds + excluded.seconds
), quarters AS (
  INSERT INTO xapi_rollup_quarters AS t (quarter, verb_id, statements, tenth, seconds, counted)
  SELECT quarter, verb_id, sum(statements), tenth, sum(seconds), 0 FROM sums GROUP BY 1, 2, 4
  ON CONFLICT (quarter, verb_id, tenth) DO UPDATE
  SET statements = t.statements + excluded.statements, seconds = t.seconds + excluded.seconds
)
SELECT upto, found, ARRAY(SELECT DISTINCT attempt_id FROM sums WHERE seconds <> 0) FROM bound
"""
)

_ACCOUNT: LiteralString = "CASE WHEN v.iri = ANY(:ends) THEN '' ELSE v.iri END"


def _winners(rows: LiteralString) -> LiteralString:
    """Of each attempt in `rows` the account that counts, and whether there are others."""
    return f"""
  SELECT DISTINCT ON (attempt_id) attempt_id, account, count(*) OVER (PARTITION BY attempt_id) > 1 AS is_contested
  FROM (SELECT attempt_id, account, sum(seconds) AS total FROM {rows} GROUP BY 1, 2 HAVING sum(seconds) > 0) totals
  ORDER BY attempt_id, account = '' DESC, total DESC, account"""


_DECIDE = text(
    f"""
WITH timed AS MATERIALIZED (
  SELECT p.*, {_ACCOUNT} AS account FROM xapi_rollup_parts p JOIN xapi_rollup_verbs v ON v.id = p.verb_id
  WHERE p.attempt_id = ANY(:attempts) AND v.iri <> :attended AND (p.seconds <> 0 OR p.counted <> 0)
), winners AS MATERIALIZED ({_winners("timed")}
), wanted AS MATERIALIZED (
  SELECT t.*, CASE WHEN w.account = t.account THEN t.seconds ELSE 0 END AS counts
  FROM timed t LEFT JOIN winners w ON w.attempt_id = t.attempt_id
), spans AS MATERIALIZED (
  SELECT given.id, min(t.quarter) FILTER (WHERE t.seconds > 0) AS first,
    max(t.quarter) FILTER (WHERE t.seconds > 0) AS last,
    coalesce(bool_or(w.is_contested), false) AS is_contested
  FROM unnest(CAST(:attempts AS int[])) given (id) LEFT JOIN timed t ON t.attempt_id = given.id
  LEFT JOIN winners w ON w.attempt_id = given.id GROUP BY 1
), parts AS (
  UPDATE xapi_rollup_parts p SET counted = w.counts FROM wanted w
  WHERE w.counts <> w.counted AND p.attempt_id = w.attempt_id AND p.quarter = w.quarter AND p.verb_id = w.verb_id
    AND p.tenth = w.tenth AND p.place_id = w.place_id
), attempts AS (
  UPDATE xapi_rollup_attempts a SET first_quarter = s.first, last_quarter = s.last, is_contested = s.is_contested
  FROM spans s WHERE a.id = s.id AND (a.first_quarter, a.last_quarter, a.is_contested)
    IS DISTINCT FROM (s.first, s.last, s.is_contested)
)
INSERT INTO xapi_rollup_quarters AS t (quarter, verb_id, statements, tenth, seconds, counted)
SELECT quarter, verb_id, 0, tenth, 0, sum(counts - counted) FROM wanted WHERE counts <> counted GROUP BY 1, 2, 4
ON CONFLICT (quarter, verb_id, tenth) DO UPDATE SET counted = t.counted + excluded.counted
"""
)

# What the parts say against the statements, and the quarters against the parts: no rows while they agree. A change
# that is not yet taken in means that the statement still counts as it did.
_DIFFERENCES = text(
    f"""
WITH state AS MATERIALIZED (SELECT coalesce(rolled_to, :first) AS rolled FROM xapi_rollup_state
), pending AS MATERIALIZED (
  SELECT statement_id, sum(sign) AS sign FROM xapi_rollup_changes GROUP BY 1
), places AS MATERIALIZED (
  SELECT l.statement_id, {_PLACE} AS activities FROM xapi_statement_activities l
  WHERE l.subject_id = l.statement_id GROUP BY 1
), stored AS MATERIALIZED (
  SELECT f.key, f.quarter, f.verb, f.tenth, coalesce(l.activities, '{{}}') AS activities,
    sum(f.valid - coalesce(c.sign, 0)) AS statements, sum(f.seconds * (f.valid - coalesce(c.sign, 0))) AS seconds
  FROM (
    SELECT (NOT s.is_voided)::int AS valid, {_FACTS} FROM xapi_statements s
    WHERE s.id <= (SELECT rolled FROM state)
  ) f LEFT JOIN pending c ON c.statement_id = f.id LEFT JOIN places l ON l.statement_id = f.id GROUP BY 1, 2, 3, 4, 5
), ranked AS MATERIALIZED (
  SELECT key AS attempt_id, CASE WHEN verb = ANY(:ends) THEN '' ELSE verb END AS account, seconds FROM stored
  WHERE seconds > 0 AND verb <> :attended
), winners AS MATERIALIZED ({_winners("ranked")}
), expected AS MATERIALIZED (
  SELECT s.*, CASE WHEN s.verb <> :attended
    AND w.account = CASE WHEN s.verb = ANY(:ends) THEN '' ELSE s.verb END THEN s.seconds ELSE 0 END AS counted
  FROM stored s LEFT JOIN winners w ON w.attempt_id = s.key
), kept AS MATERIALIZED (
  SELECT a.key, p.quarter, v.iri AS verb, p.tenth, l.activities, p.statements, p.seconds, p.counted
  FROM xapi_rollup_parts p JOIN xapi_rollup_attempts a ON a.id = p.attempt_id
  JOIN xapi_rollup_verbs v ON v.id = p.verb_id JOIN xapi_rollup_places l ON l.id = p.place_id
), wrong AS (
  SELECT 'part' AS kind, coalesce(k.quarter, e.quarter) AS quarter, coalesce(k.verb, e.verb) AS verb,
    coalesce(k.statements, 0) AS kept, coalesce(e.statements, 0) AS counted,
    coalesce(k.seconds, 0) AS kept_seconds, coalesce(e.seconds, 0) AS counted_seconds
  FROM kept k FULL JOIN expected e USING (key, quarter, verb, tenth, activities)
  WHERE (coalesce(k.statements, 0), coalesce(k.seconds, 0), coalesce(k.counted, 0))
    <> (coalesce(e.statements, 0), coalesce(e.seconds, 0), coalesce(e.counted, 0))
  UNION ALL
  SELECT 'quarter', coalesce(q.quarter, s.quarter), coalesce(q.verb, s.verb), coalesce(q.statements, 0),
    coalesce(s.statements, 0), coalesce(q.seconds, 0), coalesce(s.seconds, 0)
  FROM (SELECT q.*, v.iri AS verb FROM xapi_rollup_quarters q JOIN xapi_rollup_verbs v ON v.id = q.verb_id) q
  FULL JOIN (
    SELECT quarter, verb, tenth, sum(statements) AS statements, sum(seconds) AS seconds, sum(counted) AS counted
    FROM expected GROUP BY 1, 2, 3
  ) s ON s.quarter = q.quarter AND s.verb = q.verb AND s.tenth = q.tenth
  WHERE (coalesce(q.statements, 0), coalesce(q.seconds, 0), coalesce(q.counted, 0))
    <> (coalesce(s.statements, 0), coalesce(s.seconds, 0), coalesce(s.counted, 0))
)
SELECT kind, to_timestamp(quarter * 900.0) AS at, verb, kept, counted, kept_seconds, counted_seconds,
  count(*) OVER () AS total FROM wrong ORDER BY quarter, verb, kind LIMIT :limit
"""
)

NAMES: dict[str, Any] = {
    "attended": vocabulary.ATTENDED.iri,
    "ends": list(vocabulary.SESSION_ENDS),
    "exact": EXACT,
}
_DECIDING = {name: NAMES[name] for name in ("attended", "ends")}


def is_behind(session: Session) -> bool:
    """Whether a statement, or a change of one, is not added up yet."""
    return bool(session.scalar(_BEHIND, {"first": FIRST_KEY}))


def hold(session: Session, *, writing: bool) -> int | None:
    """Hold the state until the transaction ends, and read it: None when all must be added up again.

    Those who read hold it together, and one who writes alone.
    """
    sql: LiteralString = "SELECT rolled_to FROM xapi_rollup_state FOR " + ("UPDATE" if writing else "SHARE")
    row = session.execute(text(sql)).first()
    if row is None:
        session.execute(_BEGIN)
        row = session.execute(text(sql)).one()
    rolled: int | None = row[0]
    return rolled


def empty(session: Session) -> None:
    """Forget everything that was added up."""
    for name in _TABLES:
        session.execute(text(f"DELETE FROM xapi_rollup_{name}"))


def restart(session: Session) -> None:
    """Have everything added up again by the next who adds up."""
    session.execute(_SET, {"rolled": None})


def add(session: Session, rolled: int, most: int) -> int:
    """Add up the next `most` statements after the key `rolled`, and every change; how many statements there were."""
    values = {"rolled": rolled, "most": most, "exact": EXACT}
    upto, found, attempts = session.execute(_ADD, values).one()
    if attempts:
        session.execute(_DECIDE, {"attempts": attempts, **_DECIDING})
    session.execute(_SET, {"rolled": rolled if upto is None else upto})
    return int(found)


def differences(session: Session, most: int) -> tuple[int, list[Any]]:
    """How many sums differ from the statements, and the first `most` of them."""
    rows = session.execute(_DIFFERENCES, {"first": FIRST_KEY, "limit": most, **NAMES}).all()
    return (rows[0].total if rows else 0), list(rows)
