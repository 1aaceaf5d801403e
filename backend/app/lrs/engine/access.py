"""Who is asking: HTTP Basic against the credentials, remembered for a second.

The secret is 256 random bits, so one SHA-256 is enough and a slow password hash would only cost (lesson of
every slow store). A revoked credential stops within a second on every process.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from time import monotonic
from typing import Any

from app.core.tokens import hash_token
from app.lrs.desk.keys import queries
from app.lrs.engine import jsonio
from app.lrs.engine.operations import Ask, Do, Script
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.scopes import allows, is_within, require
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.storage import Author

REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 5_000
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="xAPI", charset="UTF-8"'}


@dataclass(slots=True)
class Bucket:
    """A rate limit: `limit` requests a minute, a minute's worth at once at most."""

    limit: int
    tokens: float
    at: float

    def take(self) -> float:
        """Count one request; the seconds to wait when there is none left, else 0."""
        now = monotonic()
        self.tokens = min(self.limit, self.tokens + (now - self.at) * self.limit / 60)
        self.at = now
        if self.tokens < 1:
            return (1 - self.tokens) * 60 / self.limit
        self.tokens -= 1
        return 0.0


@dataclass(slots=True, frozen=True)
class Access:
    """A credential that has proved itself."""

    credential_id: int
    scopes: frozenset[str]
    author: Author
    agent: str | None
    """The only actor it may speak of (launch tokens)."""
    activity: str | None
    """What its content was launched for: this activity and those below it are what it may keep State of."""
    registration: str | None
    """The only registration whose State it may name."""
    limit: int | None

    def require(self, deed: str) -> None:
        """Raise `Refusal` 403 unless the scopes allow the deed."""
        require(self.scopes, deed)

    def may(self, deed: str) -> bool:
        return allows(self.scopes, deed)

    def require_agent(self, agent: str) -> None:
        """Raise `Refusal` 403 for another agent than a launch is for."""
        if self.agent is not None and agent != self.agent:
            raise Refusal(
                "This launch may only tell of the learner it was made for.", path="agent", status=403
            )

    def require_state(self, activity: str, registration: str | None) -> None:
        """Raise `Refusal` 403 for State that a launch has no part in: of another activity or registration."""
        if self.activity is not None and not is_within(activity, self.activity):
            raise Refusal(
                "This launch may only keep State of its own activity and of those below it.",
                path="activityId",
                status=403,
            )
        if self.registration is not None and registration not in (None, self.registration):
            raise Refusal("This launch has another registration.", path="registration", status=403)

    def require_activity_profile(self, activity: str, *, reading: bool) -> None:
        """Raise `Refusal` 403 unless a launch reads the profile of its own activity: all learners share it."""
        if self.activity is not None and not (reading and activity == self.activity):
            raise Refusal(
                "This launch may only read the profile of its own activity.", path="activityId", status=403
            )


class Accesses:
    """The process's memory of credentials, and its count of their requests."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Access]] = {}
        self._buckets: dict[int, Bucket] = {}

    def remembered(self, header: str | None) -> Access | None:
        """The access that this Authorization header proved within the last second."""
        found = self._known.get(header or "")
        if found is None or found[0] < monotonic():
            return None
        self._count(found[1])
        return found[1]

    def script(self, header: str | None) -> Script[Access]:
        """Check an Authorization header. Raises `Refusal` 401, or 429 beyond the rate limit."""
        access = yield from self.again(header)
        self._count(access)
        return access

    def again(self, header: str | None) -> Script[Access]:
        """Check the Authorization header of a request that has been counted. Raises `Refusal` 401."""
        key, secret = _basic(header)
        row: tuple[Any, ...] | None = None
        for found in (yield Ask(queries.BY_KEY, (key,))):
            row = found
        presented = hash_token(secret)
        expected = row[1] if row else "0" * 64
        if not hmac.compare_digest(presented, expected) or row is None:
            raise Refusal("The key or the secret is wrong.", status=401, headers=_CHALLENGE)
        if row[8] or row[9]:
            raise Refusal("This credential is no longer valid.", status=401, headers=_CHALLENGE)
        if row[11]:
            yield Do(queries.NOTE_USE, (row[0],))
        access = _access(row)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[header or ""] = (monotonic() + REMEMBERED_SECONDS, access)
        return access

    def _count(self, access: Access) -> None:
        if access.limit is None:
            return
        bucket = self._buckets.get(access.credential_id)
        if bucket is None or bucket.limit != access.limit:
            bucket = self._buckets[access.credential_id] = Bucket(access.limit, access.limit, monotonic())
        wait = bucket.take()
        if wait:
            raise Refusal(
                f"This credential may make {access.limit} requests a minute.",
                status=429,
                headers={"Retry-After": str(int(wait) + 1)},
            )


def _access(row: tuple[Any, ...]) -> Access:
    scopes = frozenset(row[2])
    author = Author(
        credential_id=row[0],
        authority=jsonio.dumps(row[3]),
        identity=identity(row[3]) or "",
        person=row[3],
        may_define=allows(scopes, "define activities"),
        voids_own_only=row[4] is not None,
    )
    return Access(row[0], scopes, author, row[4], row[5], row[6], row[7])


def _basic(header: str | None) -> tuple[str, str]:
    if not header:
        raise Refusal(
            "Send the key and secret of a credential by HTTP Basic.", status=401, headers=_CHALLENGE
        )
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise Refusal("Only HTTP Basic is understood here.", status=401, headers=_CHALLENGE)
    try:
        key, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        key = colon = secret = ""
    if not colon or "\0" in key:
        raise Refusal("The Authorization header cannot be read.", status=401, headers=_CHALLENGE)
    return key, secret
