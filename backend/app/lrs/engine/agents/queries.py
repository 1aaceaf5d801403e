"""SQL on actors and activities."""

from typing import LiteralString

FIND_ACTORS: LiteralString = """
SELECT identity, id, user_id, names FROM xapi_actors WHERE identity = ANY(%s)
"""

# Sorted, so that two transactions never wait for each other crosswise.
ADD_ACTORS: LiteralString = """
INSERT INTO xapi_actors (identity, agent, names, user_id)
SELECT identity, agent, names, user_id
FROM unnest(%s::text[], %s::jsonb[], %s::jsonb[], %s::int[]) AS new (identity, agent, names, user_id)
ORDER BY identity
ON CONFLICT (identity) DO NOTHING
"""

RENAME_ACTOR: LiteralString = """
UPDATE xapi_actors SET names = names || %s::jsonb
WHERE identity = %s AND NOT names @> %s::jsonb AND jsonb_array_length(names) < 20
"""

KNOW_ACCOUNT: LiteralString = """
UPDATE xapi_actors SET user_id = %s WHERE identity = %s
"""

FIND_ACTIVITIES: LiteralString = """
SELECT iri, id, definition FROM xapi_activities WHERE iri = ANY(%s)
"""

ADD_ACTIVITIES: LiteralString = """
INSERT INTO xapi_activities (iri)
SELECT iri FROM unnest(%s::text[]) AS new (iri) ORDER BY iri
ON CONFLICT (iri) DO NOTHING
"""

DEFINE_ACTIVITY: LiteralString = """
UPDATE xapi_activities SET definition = %s::jsonb, updated_at = now() WHERE iri = %s
"""

ACTOR_BY_IDENTITY: LiteralString = """
SELECT agent, names FROM xapi_actors WHERE identity = %s
"""

DEFINITIONS: LiteralString = """
SELECT iri, definition::text FROM xapi_activities WHERE iri = ANY(%s) AND definition IS NOT NULL
"""
