"""One request to another LRS: to an address that was looked at, within a time, without detours.

An administrator types the address, so it may be a store within the school's own network; what no LRS
answers on is refused: link-local addresses (a cloud machine's own secrets), multicast, the unspecified address. The
connection goes to the very address that was looked at, redirects are not followed and no proxy is asked.
"""

import base64
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from app.core import clock

_TIMEOUT_SECONDS = 15
_LONGEST_ANSWER = 64 * 1024
_LONGEST_HOST = 253
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


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
        return "The address contains a character that is not allowed in a web address."
    if parts.username is not None or parts.password is not None:
        return "Leave the key and secret out of the address; they have their own fields."
    if parts.query or parts.fragment:
        return "Enter only the endpoint, without ? or #."
    return _fault_of_host(host)


def _fault_of_host(host: str) -> str | None:
    address = _literal_address(host)
    if address is not None:
        return None if allowed(address) else f"No LRS can be at {host}."
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return f"{host[:80]} is not a valid host name."
    return None


def _literal_address(host: str) -> str | None:
    """The IP address that a host is, however it is written (`169.254.1.1`, `0xa9fe0101`, `[fe80::1]`)."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
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
        with _in_time(connection.sock):
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
    return Answer(answer.status, text, _seconds_to_wait(answer.getheader("Retry-After", "")))


@contextmanager
def _in_time(connected: socket.socket) -> Iterator[None]:
    """Cut an answer off that takes too long as a whole: a socket's own time-out restarts with every piece.

    Raises TimeoutError.
    """
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_TIMEOUT_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if not is_over.is_set():
            raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise TimeoutError


def _seconds_to_wait(after: str) -> int | None:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3); None for anything else."""
    if after.isascii() and after.isdigit():
        return int(after) if len(after) < 7 else None
    try:
        moment = parsedate_to_datetime(after)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return max(0, round((moment - clock.now()).total_seconds()))
    except (ValueError, OverflowError):
        return None


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
    except (socket.gaierror, UnicodeError):
        # The codec that spells foreign names in ASCII has an error of its own.
        raise AwayError(f"There is no host named {host}.") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allowed(address):
            raise AwayError(f"{host} is {address}, where an LRS cannot be; it was not contacted.")
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


# Where clouds keep a machine's own secrets, besides the link-local address that most of them share.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200")
)
_WITHIN_IPV6 = [ipaddress.IPv6Network(text) for text in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")]


def allowed(address: str) -> bool:
    """Whether an LRS may be at this IP address, or at the one that it leads to (RFC 4291, 3056, 6052)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(_may_be_at(one) for one in (ip, *_inside(ip)))


def _inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 address that an IPv6 one stands for, in each of the ways it may."""
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback:
        return []
    found = [ip.ipv4_mapped, ip.sixtofour]
    if any(ip in network for network in _WITHIN_IPV6):
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _may_be_at(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA)
