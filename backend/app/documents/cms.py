"""What stands around the raw signature of a PDF (CMS), put together by pyHanko once for each certificate.

Of two signatures by one certificate only the hash of the file and the signature itself differ. To build and encode the
rest again takes more than twice as long as everything else about signing (measured: 10 of 14 ms), so the rest is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from asn1crypto import cms, x509
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.core.coroutines import completed
from app.documents.signing import Signer

_SEQUENCE, _SET, _OCTETS, _EXPLICIT_0, _UNSIGNED = 0x30, 0x31, 0x04, 0xA0, 0xA1
_TIME_STAMP = cms.CMSAttributeType("signature_time_stamp_token").dump()  # RFC 3161, appendix A
# In the place of a file's hash, until there is a file: nothing else in an envelope has these bytes.
_HASH = b"the SHA-256 of the file goes here"[:32]
_LONGEST_SIGNATURE = 72  # ECDSA on P-256, DER encoded


Stamp = Callable[[bytes], bytes | None]
"""Has the SHA-256 hash of a signature stamped by a time-stamp authority; None where there is no time stamp."""


class PyHankoSigner(signers.Signer):
    """A `Signer` as pyHanko asks for it."""

    def __init__(self, signer: Signer, stamp: Stamp = lambda _digest: None) -> None:
        super().__init__(
            signing_cert=x509.Certificate.load(signer.certificate), cert_registry=_store(signer.issuers)
        )
        self._own, self._stamp = signer, stamp
        self._envelope = _envelope(signer.certificate, tuple(signer.issuers))

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        _require_sha256(digest_algorithm)
        return bytes(_LONGEST_SIGNATURE) if dry_run else self._own.sign(data)

    async def async_sign(
        self, data_digest: bytes, digest_algorithm: str, *_: Any, **options: Any
    ) -> cms.ContentInfo:
        """The signature with all that belongs to it; whatever is not the usual, pyHanko puts together."""
        _require_sha256(digest_algorithm)
        usual = options.get("use_pades") and not (options.get("timestamper") or options.get("dry_run"))
        if not usual:
            return await super().async_sign(data_digest, digest_algorithm, *_, **options)
        return cms.ContentInfo.load(self._envelope.around(data_digest, self._own, self._stamp))


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The DER of all that two signatures by one certificate have in common."""

    kind: bytes
    data: bytes
    """Version, algorithms, kind of content, certificates."""
    before: bytes
    """Version, certificate and hash algorithm of the signer."""
    attributes: bytes
    """What is signed, with `_HASH` where the hash of the file belongs."""
    after: bytes
    """How it is signed."""

    def around(self, digest: bytes, signer: Signer, stamp: Stamp) -> bytes:
        """The whole envelope of a file with this hash; with a time stamp it is PAdES B-T, else B-B."""
        attributes = self.attributes.replace(_HASH, digest)
        # RFC 5652, 5.4: the attributes are signed as a SET, and stand in the envelope under another tag.
        signature = signer.sign(bytes([_SET]) + attributes[1:])
        token = stamp(sha256(signature).digest())
        unsigned = b"" if token is None else _der(_UNSIGNED, _der(_SEQUENCE, _TIME_STAMP + _der(_SET, token)))
        info = _der(_SEQUENCE, self.before + attributes + self.after + _der(_OCTETS, signature) + unsigned)
        return _der(_SEQUENCE, self.kind + _der(_EXPLICIT_0, _der(_SEQUENCE, self.data + _der(_SET, info))))


class _Dry(signers.Signer):
    """Signs nothing, to see what an envelope looks like."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(_LONGEST_SIGNATURE)


@lru_cache(8)
def _envelope(certificate: bytes, issuers: tuple[bytes, ...]) -> _Envelope:
    dry = _Dry(signing_cert=x509.Certificate.load(certificate), cert_registry=_store(issuers))
    made = cms.ContentInfo.load(completed(dry.async_sign(_HASH, "sha256", use_pades=True)).dump())
    signed = made["content"]
    (info,) = signed["signer_infos"]
    attributes = info["signed_attrs"].dump()
    if attributes.count(_HASH) != 1 or info["unsigned_attrs"].native:
        raise ValueError("pyHanko puts signatures together in another way than this module expects")
    return _Envelope(
        made["content_type"].dump(),
        _dumped(signed, "version", "digest_algorithms", "encap_content_info", "certificates"),
        _dumped(info, "version", "sid", "digest_algorithm"),
        attributes,
        _dumped(info, "signature_algorithm"),
    )


def _dumped(whole: Any, *names: str) -> bytes:
    return b"".join(whole[name].dump() for name in names)


def _der(tag: int, content: bytes) -> bytes:
    """Content with its tag and length (X.690, 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def _store(certificates: Sequence[bytes]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([x509.Certificate.load(der) for der in certificates])
    return store


def _require_sha256(algorithm: str) -> None:
    if algorithm != "sha256":
        raise ValueError("documents are signed over SHA-256")
