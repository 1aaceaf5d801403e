"""SQL on documents. Keys are given as the names of their agent and activity; NULL is a key's part too."""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from typing import LiteralString

LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"

_WHERE: LiteralString = """
kind = %(kind)s
AND actor_id IS NOT DISTINCT FROM (SELECT id FROM xapi_actors WHERE identity = %(agent)s)
AND activity_id IS NOT DISTINCT FROM (SELECT id FROM xapi_activities WHERE iri = %(activity)s)
AND (%(agent)s::text IS NULL) = (actor_id IS NULL)
AND (%(activity)s::text IS NULL) = (activity_id IS NULL)
"""

GET: LiteralString = f"""
SELECT content, content_type, etag, updated_at FROM xapi_documents
WHERE {_WHERE} AND registration IS NOT DISTINCT FROM %(registration)s::uuid AND document_id = %(document_id)s
"""

LIST: LiteralString = f"""
SELECT document_id, max(updated_at) FROM xapi_documents
WHERE {_WHERE} AND (%(registration)s::uuid IS NULL OR registration = %(registration)s::uuid)
AND (%(since)s::timestamptz IS NULL OR updated_at > %(since)s::timestamptz)
GROUP BY document_id ORDER BY document_id
"""

# The clock, not now(): the transaction began before it waited for the lock, and `since` must miss nothing.
PUT: LiteralString = """
INSERT INTO xapi_documents (kind, actor_id, activity_id, registration, document_id, content, content_type, etag,
                            updated_at)
VALUES (%(kind)s, %(actor_id)s, %(activity_id)s, %(registration)s::uuid, %(document_id)s, %(content)s,
        %(content_type)s, %(etag)s, clock_timestamp())
ON CONFLICT (kind, actor_id, activity_id, registration, document_id) DO UPDATE
SET content = excluded.content, content_type = excluded.content_type, etag = excluded.etag,
    updated_at = clock_timestamp()
"""

DELETE: LiteralString = f"""
DELETE FROM xapi_documents
WHERE {_WHERE} AND registration IS NOT DISTINCT FROM %(registration)s::uuid AND document_id = %(document_id)s
"""

DELETE_ALL: LiteralString = f"""
DELETE FROM xapi_documents
WHERE {_WHERE} AND (%(registration)s::uuid IS NULL OR registration = %(registration)s::uuid)
"""
