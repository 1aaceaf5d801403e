"""Lists of revoked certificates that other authorities publish (RFC 5280), fetched where their certificates say.

They are wanted beside a time stamp, so that both can be verified when the authority is gone. They are never needed to
go on: what cannot be had is left out, with the reason, and not asked for again for a minute.
"""

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from app.core import clock

SECONDS = 5.0
"""How long a list may take, from the connection to the end."""
LARGEST = 256 * 1024
"""Bytes of a list: each document that is stamped carries it."""
FRESH = timedelta(hours=12)
"""So long a list is used again, unless the next one is due before."""
LEFT_ALONE = timedelta(minutes=1)
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for a certificate or list that others have taken, often not before it is asked."""
log = structlog.get_logger(__name__)


class NoList(Exception):
    """There is no list; the message says why, for an operator."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a signature is verified by when its authorities are gone: certificates and lists of revoked ones, DER."""

    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]


class Lists:
    """The lists that belong to certificates, each kept until it is no longer fresh."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[datetime, bytes | NoList]] = {}

    def of(self, certificates: Sequence[bytes]) -> tuple[list[bytes], list[str]]:
        """The lists (DER) that say whether these certificates (DER) are revoked, and why others are missing.

        A certificate that is signed by itself is on no list.
        """
        found: list[bytes] = []
        missing: list[str] = []
        known: list[x509.Certificate] = []
        for der in certificates:
            try:
                known.append(x509.load_der_x509_certificate(der))
            except _UNREADABLE as error:
                missing.append(
                    f"A certificate cannot be read ({type(error).__name__}), so its list is missing."
                )
        for one in known:
            try:
                if one.subject == one.issuer:
                    continue
                content = self._list(one, known)
            except NoList as error:
                missing.append(str(error))
            except _UNREADABLE as error:
                missing.append(
                    f"A certificate cannot be read ({type(error).__name__}), so its list is missing."
                )
            else:
                if content not in found:
                    found.append(content)
        return found, missing

    def _list(self, certificate: x509.Certificate, known: Sequence[x509.Certificate]) -> bytes:
        addresses = _addresses(certificate)
        if not addresses:
            raise NoList(f"{_name(certificate)} names no list of revoked certificates.")
        reason = NoList("There is no list.")
        for address in addresses:
            try:
                return self._at(address, certificate, known)
            except NoList as error:
                reason = error
        raise reason

    def _at(self, address: str, certificate: x509.Certificate, known: Sequence[x509.Certificate]) -> bytes:
        now = clock.now()
        until, kept = self._kept.get(address, (now, b""))
        if until <= now:
            try:
                content = self._fetched(address)
                until, kept = min(_judged(content, certificate, known, now), now + FRESH), content
            except NoList as error:
                log.warning("revocation.none", address=address, reason=str(error))
                until, kept = now + LEFT_ALONE, error
            self._kept[address] = (until, kept)
        if isinstance(kept, NoList):
            raise kept
        return kept

    def _fetched(self, address: str) -> bytes:
        parts = urlsplit(address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection: http.client.HTTPConnection | None = None
        deadline = time.monotonic() + self._seconds
        content = bytearray()
        try:
            connection = kind(parts.hostname or "", parts.port, timeout=self._seconds)
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            # Closed by itself: of a list that is too large the end is never read.
            with connection.getresponse() as answer:
                while len(content) <= LARGEST and (piece := answer.read1(LARGEST)):
                    content += piece
                    if time.monotonic() > deadline:
                        raise TimeoutError
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NoList(f"The list at {address} does not come ({type(error).__name__}).") from error
        finally:
            if connection is not None:
                connection.close()
        if answer.status != http.client.OK:
            raise NoList(f"The list at {address} was refused with status {answer.status}.")
        if len(content) > LARGEST:
            raise NoList(f"The list at {address} is too large to be put into documents.")
        return bytes(content)


def _judged(
    content: bytes, certificate: x509.Certificate, known: Sequence[x509.Certificate], now: datetime
) -> datetime:
    """Until when a list holds, if it is the issuer's own. Raises NoList."""
    who = _name(certificate)
    try:
        found = x509.load_der_x509_crl(content)
        keys = [one.public_key() for one in known if one.subject == certificate.issuer]
        good = any(
            isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and found.is_signature_valid(key)
            for key in keys
        )
        issuer, until = found.issuer, found.next_update_utc
        revoked = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except _UNREADABLE as error:
        raise NoList(f"What is at the address of the list for {who} is no list.") from error
    if not good or issuer != certificate.issuer:
        raise NoList(f"The list for {who} is not signed by the authority that issued it.")
    if until is None or until <= now:
        raise NoList(f"The list for {who} is out of date.")
    if revoked is not None:
        raise NoList(f"{who} is on the list of revoked certificates.")
    return until


def _addresses(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return [
        name.value
        for point in points
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://"))
    ]


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def der(pem: str) -> bytes:
    """A list as it stands in a PDF, from the text that it is kept as."""
    return x509.load_pem_x509_crl(pem.encode()).public_bytes(Encoding.DER)
