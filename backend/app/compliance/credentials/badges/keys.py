"""Who the issuer is, as others read it: a did:web of the school's own address, and its keys as Multikey."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from app.documents.service import PublicBadgeKey

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # multicodec ed25519-pub


def issuer_id(app_origin: str) -> str:
    """`did:web:lms.aada.edu`; a port is part of the host, and its colon is escaped."""
    return f"did:web:{quote(urlsplit(app_origin).netloc, safe='.-')}"


def method_id(did: str, key_id: int) -> str:
    """What a proof names its key by."""
    return f"{did}#key-{key_id}"


def did_document(did: str, keys: Sequence[PublicBadgeKey]) -> dict[str, Any]:
    """What stands at `/.well-known/did.json`: the newest key first, old ones for good.

    A revoked key stays listed and may assert nothing any more.
    """
    newest = sorted(keys, key=lambda key: -key.id)
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {
                "id": method_id(did, key.id),
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multibase(_ED25519 + key.raw),
            }
            for key in newest
        ],
        "assertionMethod": [method_id(did, key.id) for key in newest if key.trusted],
    }


def multibase(data: bytes) -> str:
    """Base 58 of Bitcoin with the letter that says so."""
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        letters = _ALPHABET[rest] + letters
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + letters
