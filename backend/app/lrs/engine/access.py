"""Who is asking: HTTP Basic against the host's API keys, remembered for a second.

The secret is 256 random bits, so one SHA-256 is enough and a slow password hash on each request would only cost.
A revoked key stops within a second on every process.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from time import monotonic

from app.core.shared import Buckets
from app.core.tokens import hash_token
from app.lrs.engine import jsonio
from app.lrs.engine.operations import Operation
from app.lrs.engine.port import KeyRecord, Port
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.scopes import allows, is_within, require
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author

REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 5_000
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="xAPI", charset="UTF-8"'}


@dataclass(slots=True, frozen=True)
class Access:
    """An API key that has proved itself."""

    key_id: int
    scopes: frozenset[str]
    author: Author
    agent: str | None
    """The only actor it may write about (launches)."""
    activity: str | None
    """What its content was launched for: it may keep State of this activity and those below it."""
    registration: str | None
    """The only registration whose State it may name."""
    limit: int | None

    def require(self, deed: str) -> None:
        """Raise `Refusal` 403 unless the scopes allow this."""
        require(self.scopes, deed)

    def may(self, deed: str) -> bool:
        return allows(self.scopes, deed)

    def require_agent(self, agent: str) -> None:
        """Raise `Refusal` 403 for another agent than a launch is for."""
        if self.agent is not None and agent != self.agent:
            raise Refusal(
                "This launch may only write about the student it was created for.", path="agent", status=403
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


class WrongKey(Refusal):
    """A key or a secret that opens nothing."""


class AccessChecker:
    """The process's memory of API keys, and the server's count of their requests."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._known: dict[str, tuple[float, Access]] = {}
        # Made before the processes are forked: they count together.
        self._buckets = Buckets()

    def remembered(self, header: str | None) -> Access | None:
        """The access that this Authorization header has proved within the last second."""
        found = self._known.get(header or "")
        if found is None or found[0] < monotonic():
            return None
        self._count(found[1])
        return found[1]

    def check(self, header: str | None, address: str | None) -> Operation[Access]:
        """Check an Authorization header that came from a network address. Raises `Refusal` 401, or 429 beyond the
        rate limit of the key or the address's limit of wrong ones. A key that is right is never refused for others
        that are wrong: a class shares its address with whatever is set up wrongly beside it."""
        try:
            access = yield from self.check_again(header)
        except WrongKey:
            wait = yield from self._port.count_failure(address)
            if wait is None:
                raise
            raise Refusal(wait[1], status=429, headers={"Retry-After": str(wait[0])}) from None
        self._count(access)
        return access

    def check_again(self, header: str | None) -> Operation[Access]:
        """Check the Authorization header of a request that has been counted. Raises `Refusal` 401."""
        key, secret = _basic(header)
        found = yield from self._port.find_key(key)
        presented = hash_token(secret)
        expected = found.secret_hash if found else "0" * 64
        if not hmac.compare_digest(presented, expected) or found is None:
            raise WrongKey("The key or the secret is wrong.", status=401, headers=_CHALLENGE)
        if found.has_ended:
            raise WrongKey("This API key is no longer valid.", status=401, headers=_CHALLENGE)
        if found.is_use_unrecorded:
            yield from self._port.record_key_use(found.id)
        access = _access(found)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[header or ""] = (monotonic() + REMEMBERED_SECONDS, access)
        return access

    def _count(self, access: Access) -> None:
        if access.limit is None:
            return
        wait = self._buckets.take(access.key_id, access.limit)
        if wait:
            raise Refusal(
                f"This API key may make {access.limit} requests a minute.",
                status=429,
                headers={"Retry-After": str(int(wait) + 1)},
            )


def _access(found: KeyRecord) -> Access:
    author = Author(
        credential_id=found.id,
        authority=jsonio.dumps(found.authority),
        identity=identity(found.authority) or "",
        person=found.authority,
        may_define=allows(found.scopes, "define activities"),
        voids_own_only=found.agent is not None,
    )
    return Access(
        found.id, found.scopes, author, found.agent, found.activity, found.registration, found.limit
    )


def _basic(header: str | None) -> tuple[str, str]:
    if not header:
        raise Refusal("Send the key and secret of an API key by HTTP Basic.", status=401, headers=_CHALLENGE)
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
