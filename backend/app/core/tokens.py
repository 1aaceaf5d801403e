"""Random secrets and what is stored of them.

A secret of 256 random bits needs no slow hash: SHA-256 keeps it from being read back out of the database,
and costs nothing on each request.
"""

import hashlib
import hmac
import secrets


def new_token() -> tuple[str, str]:
    """A fresh secret and its hash: (clear text of 43 URL-safe characters, 64 hex digits)."""
    clear = secrets.token_urlsafe(32)
    return clear, hash_token(clear)


def hash_token(clear: str) -> str:
    """SHA-256 of a random secret as 64 hex digits."""
    return hashlib.sha256(clear.encode("utf-8", "surrogatepass")).hexdigest()


def keyed_hash(secret_key: str, purpose: str, value: str) -> str:
    """HMAC-SHA-256 of `value` under the program's key, bound to one purpose; 64 hex digits."""
    message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()
