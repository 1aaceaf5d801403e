"""The alternate request syntax of 1.0.3 (Communication 1.3): a POST form that stands for another request.

Browsers of its time could not send headers across origins. Version 2.0 forbids it.
"""

from app.lrs.http import LARGEST_JSON, Call, pairs
from app.lrs.refusal import Refusal
from app.lrs.versions import HEADER, negotiate

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


async def unfold(call: Call) -> None:
    """Turn the call into the one it stands for. Raises `Refusal` 400."""
    method = call.parameters["method"]
    if len(call.parameters) > 1:
        raise Refusal("With ?method= all other parameters belong into the form.", path="method")
    if method not in _METHODS:
        raise Refusal(f"One of {', '.join(_METHODS)} belongs here.", path="method")
    if call.content_type not in ("application/x-www-form-urlencoded", ""):
        raise Refusal("With ?method= the body is a URL-encoded form.", path="Content-Type")
    fields = pairs(await call.body(LARGEST_JSON), "the form")
    headers = {
        name: value for name, value in call.headers.items() if name not in ("content-type", "content-length")
    }
    parameters = {}
    content = None
    for name, value in fields.items():
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
