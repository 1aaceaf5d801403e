"""SQL with which the engine's port is answered: API keys and accounts."""

from typing import LiteralString

KEY: LiteralString = """
SELECT id, secret_hash, scopes, authority, agent, activity, registration::text, rate_limit_per_minute,
       revoked_at IS NOT NULL OR (expires_at IS NOT NULL AND expires_at <= now()) AS has_ended,
       (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') AS is_use_unrecorded
FROM xapi_credentials WHERE key = %s
"""

# At most once a minute for each key, whatever it is used for.
RECORD_KEY_USE: LiteralString = """
UPDATE xapi_credentials SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""

USERS_BY_EMAIL: LiteralString = """
SELECT lower(email), id FROM users WHERE lower(email) = ANY(%s)
"""

USERS_BY_ID: LiteralString = """
SELECT id FROM users WHERE id = ANY(%s)
"""

ALL_EMAILS: LiteralString = """
SELECT id, email FROM users
"""

HOME_PAGE: LiteralString = "SELECT home_page FROM installation"
