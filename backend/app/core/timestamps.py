"""Time stamps by an outside authority (RFC 3161): it signs a hash together with the moment at which it saw it.

A time stamp is worth something because neither the school nor its operator could have made it. It is never needed to
go on: an authority that does not answer, or answers anything but a good time stamp, is left alone for a minute, and
what was to be stamped stays without one, with the reason.
"""

import http.client
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from app.core import clock, revocation
from app.core.coroutines import completed
from app.core.revocation import Evidence
from app.settings import Settings

# Loaded with the first time stamp: pyHanko takes 13 MB in each process that has it.
if TYPE_CHECKING:
    from asn1crypto import tsp

SECONDS = 5.0
"""How long an authority may take, from the connection to the end of its answer; for each of these steps."""
LARGEST = 12 * 1024
"""Bytes of a time stamp with the certificates in it. Measured: 3 to 6 KB."""
LEFT_ALONE = timedelta(minutes=1)
"""How long an authority that failed is not asked again, so that a batch does not wait for it a thousand times."""
_GRANTED = ("granted", "granted_with_mods")
log = structlog.get_logger(__name__)


class NoTimeStamp(Exception):
    """There is no time stamp; the message says why, for an operator."""


class UnknownAuthority(NoTimeStamp):
    """The time stamp is whole and of this content, by an authority that leads to none of the certificates."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A time stamp (DER), with the moment and the authority's name in it, and the certificates that it was judged by.

    The certificates (DER) begin with the authority's own and end with the one that is trusted.
    """

    token: bytes
    at: datetime
    authority: str
    chain: tuple[bytes, ...]


class Authority:
    """A time-stamp authority at an address, trusted by the certificates (DER) that it leads to."""

    def __init__(self, url: str, roots: Sequence[bytes], seconds: float = SECONDS) -> None:
        self.url, self.roots, self._seconds = url, tuple(roots), seconds
        self._silent_until: datetime | None = None
        self._lists = revocation.Lists(seconds)

    def stamp(self, digest: bytes) -> TimeStamp:
        """Have a SHA-256 hash stamped. Raises NoTimeStamp, and for a minute after that without asking."""
        now = clock.now()
        if self._silent_until is not None and now < self._silent_until:
            raise NoTimeStamp("The time-stamp authority failed a moment ago and is asked again in a minute.")
        try:
            found = self._asked(digest)
        except NoTimeStamp as error:
            self._silent_until = now + LEFT_ALONE
            log.warning("timestamps.none", reason=str(error))
            raise
        self._silent_until = None
        return found

    def evidence(self, stamp: TimeStamp) -> tuple[Evidence, list[str]]:
        """What a time stamp of this authority is verified by, and why something of it is missing."""
        crls, missing = self._lists.of(stamp.chain)
        return Evidence(stamp.chain, tuple(crls)), missing

    def _asked(self, digest: bytes) -> TimeStamp:
        from asn1crypto import algos, tsp  # noqa: PLC0415 - see above

        nonce = secrets.randbits(63)
        request = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": tsp.MessageImprint(
                    {
                        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                        "hashed_message": digest,
                    }
                ),
                "nonce": nonce,
                "cert_req": True,
            }
        )
        answer = self._answered(request.dump())
        try:
            response = tsp.TimeStampResp.load(answer, strict=True)
            status = response["status"]["status"].native
            token = response["time_stamp_token"].dump() if status in _GRANTED else b""
            given = _info(token)["nonce"].native if token else nonce
        except Exception as error:  # asn1crypto raises many kinds for what is no answer
            raise NoTimeStamp("The answer of the time-stamp authority cannot be read.") from error
        if not token:
            raise NoTimeStamp(f"The time-stamp authority refused: {status}.")
        if given != nonce:
            raise NoTimeStamp("The time-stamp authority answered another request.")
        return _without_others(read(token, digest, self.roots))

    def _answered(self, request: bytes) -> bytes:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection: http.client.HTTPConnection | None = None
        deadline = time.monotonic() + self._seconds
        content = b""
        try:
            connection = kind(parts.hostname or "", parts.port, timeout=self._seconds)
            where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", where, request, {"Content-Type": "application/timestamp-query"})
            answer = connection.getresponse()
            # One deadline for the whole answer: an authority that drips holds nobody.
            while len(content) <= LARGEST and (piece := answer.read1(LARGEST)):
                content += piece
                if time.monotonic() > deadline:
                    raise TimeoutError
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NoTimeStamp(
                f"The time-stamp authority does not answer ({type(error).__name__})."
            ) from error
        finally:
            if connection is not None:
                connection.close()
        if answer.status != http.client.OK:
            raise NoTimeStamp(f"The time-stamp authority answered with status {answer.status}.")
        if len(content) > LARGEST:
            raise NoTimeStamp("The answer of the time-stamp authority is too large.")
        return content


def authority(settings: Settings) -> Authority | None:
    """The authority of the settings; None where there is none."""
    if settings.timestamp_url is None or settings.timestamp_roots is None:
        return None
    return _authority(settings.timestamp_url, settings.timestamp_roots)


def roots(settings: Settings) -> tuple[bytes, ...]:
    """The certificates (DER) that time stamps have to lead to; none where no authority is set."""
    known = authority(settings)
    return known.roots if known is not None else ()


@lru_cache(4)
def _authority(url: str, path: Path) -> Authority:
    # One for each address, which remembers that it failed.
    return Authority(url, certificates(path))


def certificates(path: Path) -> list[bytes]:
    """The certificates (DER) of a PEM file. Raises ValueError for a file that has none."""
    from cryptography import x509  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    try:
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(path.read_bytes())]
    except OSError as error:
        raise ValueError(f"{path} cannot be read") from error


def read(token: bytes, digest: bytes, trusted: Sequence[bytes]) -> TimeStamp:
    """A time stamp, if it is of this SHA-256 hash, whole, and by an authority that leads to one of the certificates.

    It is judged as of its own moment, so that it outlives the authority's certificate. Raises NoTimeStamp.
    """
    from asn1crypto import cms, x509  # noqa: PLC0415 - see above
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data  # noqa: PLC0415
    from pyhanko.sign.validation.status import TimestampSignatureStatus  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        info = _info(token)
        at: datetime = info["gen_time"].native
        if info["message_imprint"]["hash_algorithm"]["algorithm"].native != "sha256":
            raise NoTimeStamp("The time stamp is not of a SHA-256 hash.")
        context = ValidationContext(
            trust_roots=[x509.Certificate.load(der) for der in trusted],
            allow_fetching=False,
            moment=at,
            revocation_mode="soft-fail",
        )
        kwargs = completed(validate_tst_signed_data(signed, context, lambda _algorithm: digest))
        found = TimestampSignatureStatus(**kwargs)
        signer = found.signing_cert
        name = signer.subject.native.get("common_name") or signer.subject.human_friendly
        path = found.validation_path
        chain = tuple(one.dump() for one in path)[::-1] if path is not None else ()
    except NoTimeStamp:
        raise
    except Exception as error:  # any exception means that this is no time stamp; pyHanko raises many kinds
        raise NoTimeStamp("The time stamp is damaged, or not a time stamp.") from error
    if not (found.intact and found.valid):
        raise NoTimeStamp("The time stamp is not of this content.")
    if not found.trusted:
        raise UnknownAuthority("The time stamp is not by an authority of TIMESTAMP_ROOTS.")
    return TimeStamp(token, at, str(name), chain)


def _without_others(stamp: TimeStamp) -> TimeStamp:
    """The time stamp without the certificates that it was not judged by.

    What certificates come with a time stamp is not signed: on the way anybody can add some, and documents carry it.
    """
    from asn1crypto import cms  # noqa: PLC0415 - see above

    token = cms.ContentInfo.load(stamp.token)
    held = token["content"]["certificates"]
    kept = [one for one in held if one.name == "certificate" and one.chosen.dump() in stamp.chain]
    if len(kept) == len(held):
        return stamp
    token["content"]["certificates"] = cms.CertificateSet(kept)
    return replace(stamp, token=token.dump())


def _info(token: bytes) -> "tsp.TSTInfo":
    from asn1crypto import cms  # noqa: PLC0415 - see above

    found: tsp.TSTInfo = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    return found
