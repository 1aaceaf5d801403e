"""SQL on credentials, for the record store's own requests."""

from typing import LiteralString

BY_KEY: LiteralString = """
SELECT id, secret_hash, scopes, authority, agent, activity, registration::text, rate_limit_per_minute,
       (expires_at IS NOT NULL AND expires_at <= now()) AS is_over, revoked_at IS NOT NULL AS is_revoked, kind
FROM xapi_credentials WHERE key = %s
"""
