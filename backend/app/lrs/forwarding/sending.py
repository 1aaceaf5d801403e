"""One request to another record store: to an address that was looked at, within a time, without detours.

An administrator types the address, so it may be a store within the school's own network; what no record store
answers on is refused: link-local addresses (a cloud machine's own secrets), multicast, the unspecified address. The
connection goes to the very address that was looked at, redirects are not followed and no proxy is asked.
"""

import base64
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 15
_LONGEST_ANSWER = 64 * 1024


class AwayError(Exception):
    """The other store could not be asked; the message is a sentence for people."""


class BrokenOffError(AwayError):
    """The other store closed the connection before it had answered."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: its media type, its length in octets, and its bytes, which are read once."""

    content_type: str
    length: int
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    retry_after_seconds: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and as whom."""

    endpoint: str
    username: str
    password: str
    version: str


def fault_of(endpoint: str) -> str | None:
    """Why this cannot be an endpoint; None when it can."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a web address."
    if parts.scheme not in ("http", "https") or not host:
        return "Enter a web address that begins with https:// (or http:// within the school's own network)."
    if not endpoint.isascii() or any(sign <= " " for sign in endpoint) or "\\" in endpoint:
        return "The address contains a character that no web address has."
    if parts.username is not None or parts.password is not None:
        return "Leave the key and secret out of the address; they have fields of their own."
    if parts.query or parts.fragment:
        return "Enter the endpoint alone, without ? or #."
    return None


def ask(target: Target, method: str, resource: str, body: Body | None = None) -> Answer:
    """Send a request to a resource (`/statements`) of the endpoint. Raises AwayError."""
    fault = fault_of(target.endpoint)
    if fault is not None:
        raise AwayError(fault)
    parts = urlsplit(target.endpoint)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.sock = _connected(host, port, tls=parts.scheme == "https")
        connection.putrequest(method, parts.path.rstrip("/") + resource, skip_accept_encoding=True)
        for name, value in _headers(target, body).items():
            connection.putheader(name, value)
        connection.endheaders()
        # A store that refuses a large body answers before it has read it, and closes: the answer counts.
        with suppress(BrokenPipeError, ConnectionResetError):
            for chunk in () if body is None else body.chunks:
                connection.send(chunk)
        answer = connection.getresponse()
        text = answer.read(_LONGEST_ANSWER).decode("utf-8", "replace")
    except (ConnectionResetError, BrokenPipeError, http.client.BadStatusLine):
        raise BrokenOffError(f"{host} closed the connection without an answer.") from None
    except ssl.SSLCertVerificationError as error:
        raise AwayError(f"The certificate of {host} is not valid: {error.verify_message}.") from None
    except TimeoutError:
        raise AwayError(f"{host} did not answer within {_TIMEOUT_SECONDS} seconds.") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise AwayError(f"{host} cannot be reached: {reason}.") from None
    finally:
        connection.close()
    after = answer.getheader("Retry-After", "")
    wait = int(after) if after.isascii() and after.isdigit() and len(after) < 7 else None
    return Answer(answer.status, text, wait)


def _headers(target: Target, body: Body | None) -> dict[str, str]:
    pair = base64.b64encode(f"{target.username}:{target.password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {pair}",
        "X-Experience-API-Version": target.version,
        "User-Agent": "AADA-LMS",
        "Connection": "close",
    }
    if body is not None:
        headers |= {"Content-Type": body.content_type, "Content-Length": str(body.length)}
    return headers


def _connected(host: str, port: int, *, tls: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise AwayError(f"There is no machine called {host}.") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allowed(address):
            raise AwayError(f"{host} is {address}, where no record store can be; it was not asked.")
    fault: OSError | None = None
    for address in addresses:
        try:
            plain = socket.create_connection((address, port), _TIMEOUT_SECONDS)
        except OSError as error:
            fault = error
            continue
        if not tls:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    raise fault or OSError("no address")


def allowed(address: str) -> bool:
    """Whether a record store may be at this IP address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None)
    if inner is not None:
        ip = inner
    metadata = ipaddress.ip_address("fd00:ec2::254")
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip == metadata)
