"""The `more` link: all filters and the last key, signed, so that it cannot be altered or guessed.

A cursor is self-contained; the server keeps no result list, and a link stays good across restarts. It names the
secret that signed it, so that another one can take over while links of the former are still followed.
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
_NAME = 4


class Cursors:
    """Makes and reads the `more` tokens of one installation."""

    def __init__(self, *secrets: str) -> None:
        """The first of the secrets signs; links that the others signed are followed."""
        keys = [hashlib.sha256(b"aada lrs cursor\0" + secret.encode()).digest() for secret in secrets]
        self._keys = {hashlib.sha256(b"name\0" + key).digest()[:_NAME]: key for key in keys}

    def token(self, query: Filter, last_key: int) -> str:
        """A token for what follows `last_key`."""
        rest = replace(query, after=last_key) if query.ascending else replace(query, before=last_key)
        body = orjson.dumps(rest.as_dict())
        name, key = next(iter(self._keys.items()))
        return base64.urlsafe_b64encode(name + _tag(key, body) + body).rstrip(b"=").decode()

    def read(self, token: str) -> Filter:
        """The query of a token; `Refusal` 400 when it was not made here."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        body = self._body(raw)
        if body is None:
            raise Refusal(
                "This more link was not made here or has been altered; run the query again.", path="more"
            )
        return Filter(**orjson.loads(body))

    def _body(self, raw: bytes) -> bytes | None:
        """What was signed; None unless one of the secrets signed it."""
        named = self._keys.get(raw[:_NAME])
        # Links from before the secrets had names begin with the tag.
        tries = [(_NAME, named)] if named is not None else [(0, key) for key in self._keys.values()]
        for begin, key in tries:
            tag, body = raw[begin : begin + _TAG], raw[begin + _TAG :]
            if body and hmac.compare_digest(tag, _tag(key, body)):
                return body
        return None


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_TAG]
