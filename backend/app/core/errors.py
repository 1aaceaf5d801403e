"""Errors that carry their status and the sentence a person reads.

RFC 9457 names the fields: `title` is the kind of problem, `detail` this occurrence, `errors` the fields at fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One field of the input and what is wrong with it."""

    field: str
    message: str


class Problem(Exception):
    """Base of every error a request may end in.

    `detail` is one clear sentence: what is wrong and what to do. `headers` go into the answer, `extra`
    into the problem document.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    slug: ClassVar[str] = "internal"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra


class BadRequest(Problem):
    """The request cannot be understood."""

    status, title, slug = 400, "The request could not be understood", "bad-request"


class Unauthorized(Problem):
    """Nobody is signed in, or the session or token is over."""

    status, title, slug = 401, "Please sign in", "unauthorized"


class Forbidden(Problem):
    """The person is known and may not do this. Other people's records are NotFound instead."""

    status, title, slug = 403, "Not allowed", "forbidden"


class OutOfScope(Forbidden):
    """The owner of an API token may do this, and the token was not given it."""

    title, slug = "Not in the token’s scope", "out-of-scope"


class NotFound(Problem):
    """There is no such thing, or none that this person may know of."""

    status, title, slug = 404, "Not found", "not-found"


class MethodNotAllowed(Problem):
    status, title, slug = 405, "Not supported here", "method-not-allowed"


class RequestTimeout(Problem):
    """The request did not arrive whole in time."""

    status, title, slug = 408, "The request took too long", "request-timeout"


class Conflict(Problem):
    """The request is well formed but does not fit the state of the records."""

    status, title, slug = 409, "This conflicts with existing records", "conflict"


class TooLarge(Problem):
    status, title, slug = 413, "Too large", "too-large"


class UnsupportedMediaType(Problem):
    status, title, slug = 415, "Unsupported content type", "unsupported-media-type"


class Invalid(Problem):
    """The input is understood and wrong."""

    status, title, slug = 422, "Please check what you entered", "invalid"


class TooManyRequests(Problem):
    status, title, slug = 429, "Too many attempts", "too-many-requests"


class Unavailable(Problem):
    """A part the program needs does not answer; nothing was changed."""

    status, title, slug = 503, "Not available right now", "unavailable"
