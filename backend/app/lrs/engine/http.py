"""One request and its answer, without a framework: what the LRS needs of ASGI and nothing more."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from app.lrs.engine import jsonio
from app.lrs.engine.access import REMEMBERED_SECONDS, Access
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.versions import HEADER, Version

LARGEST_JSON = 16 * 1024 * 1024
"""Octets of statements in one request; about 16,000 statements."""
LARGEST_DOCUMENT = 16 * 1024 * 1024
LARGEST_ATTACHMENTS = 512 * 1024 * 1024
"""Octets of one multipart request."""


class Gate(Protocol):
    """A host's own say in the requests of one launch: `scope["lrs.gate"]` of a request that comes through it."""

    async def admit(self, call: "Call") -> None:
        """Let a request in whose key has proved itself, or raise `Refusal`. May widen `call.access`, and name
        the one Agent that it `speaks_for`."""

    def keep(self, submission: Any) -> None:
        """Store what a request submits, in a transaction of the host's; raises `Refusal`. Called in a thread."""


@dataclass(slots=True)
class Call:
    """A request: method, path below the store's root, headers in lower case, parameters, body on demand."""

    method: str
    path: str
    root: str
    headers: dict[str, str]
    parameters: dict[str, str]
    receive: Receive
    version: Version = Version.TWO
    access: Access = field(init=False)
    address: str | None = None
    """The network address it came from."""
    given_body: bytes | None = None
    """A body that came inside a form (alternate request syntax)."""
    check_again: Callable[[], Awaitable[Access]] | None = None
    """Asks again who sends this; None before it was asked at all."""
    gate: "Gate | None" = None
    """Who stands before the LRS for the content of one launch."""
    speaks_for: Mapping[str, Any] | None = None
    """The Agent that all its statements are about, whoever they name; set by a gate."""
    checked_at: float = 0.0
    """When it was asked, on the monotonic clock."""

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self, limit: int) -> bytes:
        """The whole body, unpacked; `Refusal` 413 beyond `limit` octets, before more is read than that."""
        if self.given_body is not None:
            return self.given_body
        chunks = [chunk async for chunk in self.chunks(limit)]
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it arrives, unpacked, never more than `limit` octets in all."""
        if self.given_body is not None:
            yield self.given_body
            return
        announced = self.headers.get("content-length")
        if announced is not None and (not announced.isdecimal() or int(announced) > limit):
            raise _too_large(limit)
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "identity":
            taken = 0
            async for chunk in self._raw():
                taken += len(chunk)
                if taken > limit:
                    raise _too_large(limit)
                yield chunk
        elif encoding in ("gzip", "deflate"):
            async for chunk in _unpacked(self._raw(), limit):
                yield chunk
        else:
            raise Refusal(
                "Only gzip, deflate and identity are understood.", status=415, path="Content-Encoding"
            )
        if self.check_again is not None and monotonic() - self.checked_at > REMEMBERED_SECONDS:
            # The body took its time, and the API key may have been revoked meanwhile.
            self.access, self.checked_at = await self.check_again(), monotonic()

    async def _raw(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refusal("The connection was closed before the body was complete.")
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]


def _too_large(limit: int) -> Refusal:
    return Refusal(
        f"The body is larger than the {limit} octets accepted here.",
        status=413,
        headers={"Connection": "close"},
    )


async def _unpacked(raw: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """Inflate within bounds: a small bomb must not become a large body."""
    inflater = zlib.decompressobj(wbits=47)  # gzip or zlib, recognized by the first bytes
    step, read, taken = 256 * 1024, 0, 0
    try:
        async for chunk in raw:
            read += len(chunk)
            left = chunk
            while left:
                if inflater.eof:
                    raise Refusal(
                        "Something follows the end of the compressed body.", path="Content-Encoding"
                    )
                piece = inflater.decompress(left, step)
                left = inflater.unconsumed_tail or inflater.unused_data
                taken += len(piece)
                if max(read, taken) > limit:
                    raise _too_large(limit)
                yield piece
    except zlib.error:
        raise Refusal("The compressed body cannot be unpacked.", path="Content-Encoding") from None
    if not inflater.eof:
        raise Refusal("The compressed body ends before its time.", path="Content-Encoding")


@dataclass(slots=True)
class Answer:
    """A response; `body` whole or as chunks."""

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; keyword names become header names with their underscores as hyphens."""
    return Answer(status, jsonio.dumps(value), headers={k.replace("_", "-"): v for k, v in headers.items()})


def tagged_answer(value: Any) -> Answer:
    """A JSON answer with the ETag of what it says (1.0.3 Communication 3.1)."""
    body = jsonio.dumps(value)
    tag = hashlib.sha1(body).hexdigest()  # noqa: S324 -- named by the standard, no secret in it
    return Answer(200, body, headers={"ETag": f'"{tag}"'})


def nothing() -> Answer:
    """204 No Content."""
    return Answer(204, content_type=None)


def call_of(scope: Scope, receive: Receive, prefix: str) -> Call:
    """Read an ASGI scope below `prefix`; its parameters are read by `read_parameters`."""
    path = scope["path"]
    root = scope.get("root_path", "") or prefix
    if path.startswith(root):
        path = path[len(root) :]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    # `/xapi//statements` and `/xapistatements`: content joins endpoint and resource with one slash more or less.
    parts = [part for part in path.split("/") if part]
    path = "/" + "/".join(parts) if parts else ""
    client = scope.get("client")
    return Call(scope["method"], path, root, headers, {}, receive, address=client[0] if client else None)


def read_parameters(call: Call, scope: Scope) -> None:
    """Read the query string. Raises `Refusal` 400 when it cannot be read."""
    if scope["query_string"]:
        call.parameters = pairs(scope["query_string"], "the query string")


def pairs(text: bytes, what: str) -> dict[str, str]:
    """URL-encoded pairs; a name may stand once."""
    try:
        found = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Refusal(f"{what[0].upper()}{what[1:]} is not URL-encoded UTF-8.") from None
    result: dict[str, str] = {}
    for name, value in found:
        if name in result:
            raise Refusal(f"The parameter stands twice in {what}.", path=name)
        if "\0" in value:
            raise Refusal("The parameter holds the NUL character.", path=name)
        result[name] = value
    return result


_EXPOSED = f"ETag, Last-Modified, {HEADER}, X-Experience-API-Consistent-Through, Retry-After"
CROSS_ORIGIN: Mapping[str, str] = {
    # Content lives on another host and proves itself by the Authorization header, never by a cookie.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": _EXPOSED,
}
PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": f"Authorization, Content-Type, If-Match, If-None-Match, {HEADER}",
    "Access-Control-Max-Age": "86400",
}
INERT: Mapping[str, str] = {
    # A document comes back under the type it was stored with, also as HTML, and on the school's own host: whoever
    # is led to one must not run it there.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_FIXED = [(name.lower().encode(), value.encode()) for name, value in {**CROSS_ORIGIN, **INERT}.items()]


Headers = list[tuple[bytes, bytes]]


def encoded_headers(answer: Answer) -> Headers:
    """The headers as the wire has them. Raises ValueError for one that it cannot carry."""
    headers = [_encoded(name, value) for name, value in answer.headers.items()]
    headers += _FIXED
    if answer.content_type is not None:
        headers.append(_encoded("content-type", answer.content_type))
    if isinstance(answer.body, bytes) and answer.status != 204:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    return headers


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    if not value.isprintable():
        raise ValueError(f"The header {name} holds a control character.")
    return name.lower().encode("latin-1"), value.encode("latin-1")


async def send(answer: Answer, headers: Headers, call_method: str, send_message: Send) -> None:
    """Put an answer on the wire; HEAD gets the headers of GET."""
    await send_message({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body
    if isinstance(body, bytes):
        await send_message({"type": "http.response.body", "body": b"" if call_method == "HEAD" else body})
        return
    if call_method != "HEAD":
        async for chunk in body:
            await send_message({"type": "http.response.body", "body": chunk, "more_body": True})
    await send_message({"type": "http.response.body", "body": b""})
