"""The alternate request syntax of 1.0.3 (Communication 1.3): a POST form that stands for another request.

Browsers of its time could not send headers across origins. Version 2.0 forbids it.
"""

from app.lrs.engine.http import LARGEST_JSON, Call, pairs
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.versions import HEADER, negotiate

SMALL_FORM = 64 * 1024
"""Octets of a form that is read before its sender is known: who it is may stand inside."""
_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
_HEADERS = (
    "authorization",
    HEADER.lower(),
    "content-type",
    "content-length",
    "if-match",
    "if-none-match",
    "accept-language",
)


def asked_for(call: Call) -> bool:
    """Whether a request uses this syntax."""
    return call.method == "POST" and "method" in call.parameters


async def unfold(runtime: Runtime, call: Call) -> None:
    """Turn the call into the one it stands for. Raises `Refusal` 400, 401, 413 or 415."""
    method = call.parameters["method"]
    if len(call.parameters) > 1:
        raise Refusal("With ?method= all other parameters belong into the form.", path="method")
    if method not in _METHODS:
        raise Refusal(f"One of {', '.join(_METHODS)} belongs here.", path="method")
    if call.content_type not in ("application/x-www-form-urlencoded", ""):
        raise Refusal("With ?method= the body is a URL-encoded form.", path="Content-Type")
    fields = await _fields(runtime, call)
    headers = {
        name: value for name, value in call.headers.items() if name not in ("content-type", "content-length")
    }
    parameters = {}
    content = None
    for name, value in fields.items():
        if name != "content" and len(value) > SMALL_FORM:
            raise Refusal("Only the content of a form may be that long.", path=name, status=413)
        if name.lower() in _HEADERS:
            headers[name.lower()] = value
        elif name == "content":
            content = value
        else:
            parameters[name] = value
    if method in ("PUT", "POST") and "content-type" not in headers:
        headers["content-type"] = "application/json"
    if negotiate(headers.get(HEADER.lower())).second:
        raise Refusal("Version 2.0 has no alternate request syntax; send the request itself.", path="method")
    call.method, call.headers, call.parameters = method, headers, parameters
    call.given_body = (content or "").encode()


async def _fields(runtime: Runtime, call: Call) -> dict[str, str]:
    """The form's fields. Beyond a small form its sender must authenticate first, by the request's own header."""
    if call.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal("With ?method= the form is sent as it is.", status=415, path="Content-Encoding")
    form = bytearray()
    known = False
    async for chunk in call.chunks(LARGEST_JSON):
        form += chunk
        if len(form) > SMALL_FORM and not known:
            await _known(runtime, call)
            known = True
    if len(form) <= SMALL_FORM:
        return pairs(bytes(form), "the form")
    return await runtime.in_thread(lambda: pairs(bytes(form), "the form"))


async def _known(runtime: Runtime, call: Call) -> None:
    header = call.headers.get("authorization")
    if header is None:
        raise Refusal(
            f"A form of more than {SMALL_FORM} octets needs the Authorization header on the request itself.",
            status=413,
            headers={"Connection": "close"},
        )
    await runtime.access(header, call.address)
