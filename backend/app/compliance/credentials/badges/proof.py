"""Signing what other systems read: Data Integrity proofs (eddsa-rdfc-2022) and JWTs, and looking at them again.

A proof covers the meaning of a document, not its text: a property that no context defines is left out before it is
hashed, and anybody could change it. So the library's strict verifier reads each badge before it is kept; its contexts
are part of the library, and none is ever fetched.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.compliance.credentials.badges.keys import method_id
from app.documents.service import BadgeKey


@dataclass(frozen=True, slots=True)
class BadgeSigner:
    """The school's key for badges, and whose it is."""

    did: str
    key: BadgeKey

    @property
    def method(self) -> str:
        return method_id(self.did, self.key.id)


class BadBadge(ValueError):
    """A badge that does not hold: what is wrong with it, in the library's words."""


def secured(
    document: Mapping[str, Any], signer: BadgeSigner, at: datetime, *, record: bool = False
) -> dict[str, Any]:
    """The document with its proof; a `record` is a CLR 2.0. Raises BadBadge for what cannot be signed."""
    # The library takes 20 MB, and most processes never look at a badge.
    from openbadgeslib.errors import LibOpenBadgesException  # noqa: PLC0415
    from openbadgeslib.ob3 import add_data_integrity_proof  # noqa: PLC0415

    pem, created = _private_pem(signer.key.key), at.replace(microsecond=0)
    try:
        return add_data_integrity_proof(
            dict(document), pem, signer.method, created=created, extra_contexts=_contexts(record=record)
        )
    except LibOpenBadgesException as error:
        raise BadBadge(str(error)) from error


def as_text(badge: Mapping[str, Any]) -> str:
    """A badge as it is kept and handed out."""
    return json.dumps(badge, sort_keys=True, separators=(",", ":"))


def verify(badge: str, public: bytes) -> None:
    """Raises BadBadge unless the proof covers everything that the badge says, and this key (32 bytes) made it.

    Whether it was revoked is another question: see `status`.
    """
    from openbadgeslib.errors import LibOpenBadgesException  # noqa: PLC0415
    from openbadgeslib.ob3 import OB3LdpVerifier  # noqa: PLC0415

    try:
        OB3LdpVerifier(_public_pem(public)).verify(badge)
    except LibOpenBadgesException as error:
        raise BadBadge(str(error)) from error


def verify_record(record: Mapping[str, Any], public: bytes) -> None:
    """Raises BadBadge unless this key (32 bytes) signed the record, a CLR 2.0, as it is.

    What is in it is verified credential by credential, with `verify`.
    """
    from openbadgeslib.errors import LibOpenBadgesException  # noqa: PLC0415
    from openbadgeslib.ob3 import verify_data_integrity_proof  # noqa: PLC0415

    try:
        verify_data_integrity_proof(dict(record), _public_pem(public), extra_contexts=_contexts(record=True))
    except LibOpenBadgesException as error:
        raise BadBadge(str(error)) from error


def _contexts(*, record: bool) -> dict[str, dict[str, Any]] | None:
    from openbadgeslib.ob3.clr import bundled_clr_contexts  # noqa: PLC0415

    return bundled_clr_contexts() if record else None


def as_jwt(claims: Mapping[str, Any], signer: BadgeSigner) -> str:
    """A signed JWT (EdDSA) that names its key, so that it is found after a rotation."""
    header = {"alg": "EdDSA", "typ": "vc+jwt", "kid": signer.method}
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_base64(signer.key.key.sign(signed.encode()))}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _public_pem(public: bytes) -> bytes:
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
