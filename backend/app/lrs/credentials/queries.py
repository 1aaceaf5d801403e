"""SQL on credentials, for the record store's own requests."""

from typing import LiteralString

BY_KEY: LiteralString = """
SELECT id, secret_hash, scopes, authority, agent, activity, registration::text, rate_limit_per_minute,
       (expires_at IS NOT NULL AND expires_at <= now()) AS is_over, revoked_at IS NOT NULL AS is_revoked, kind,
       (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') AS is_use_unnoted
FROM xapi_credentials WHERE key = %s
"""

# At most once a minute for each credential, whatever it is used for.
NOTE_USE: LiteralString = """
UPDATE xapi_credentials SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""
