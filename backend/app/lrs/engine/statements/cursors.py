"""The `more` link: all filters and the last key, signed, so that it cannot be altered or guessed.

A cursor is self-contained; the server keeps no result list, and a link stays good across restarts.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import replace

import orjson

from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.filters import Filter

_TAG = 16


class Cursors:
    """Makes and reads the `more` tokens of one installation."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"aada lrs cursor\0" + secret.encode()).digest()

    def token(self, query: Filter, last_key: int) -> str:
        """A token for what follows `last_key`."""
        rest = replace(query, after=last_key) if query.ascending else replace(query, before=last_key)
        body = orjson.dumps(rest.as_dict())
        return base64.urlsafe_b64encode(self._tag(body) + body).rstrip(b"=").decode()

    def read(self, token: str) -> Filter:
        """The query of a token; `Refusal` 400 when it was not made here."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        tag, body = raw[:_TAG], raw[_TAG:]
        if not body or not hmac.compare_digest(tag, self._tag(body)):
            raise Refusal(
                "This more link was not made here or has been altered; run the query again.", path="more"
            )
        return Filter(**orjson.loads(body))

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG]
