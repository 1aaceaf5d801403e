"""The keys of a kiosk: it signs what it sends, and only the server opens what was typed.

Signatures are ECDSA over P-256 with SHA-256, in the 64 bytes of WebCrypto (r and s). What a student types is encrypted
on the tablet for the kiosk's key here: an ephemeral P-256 key, HKDF with SHA-256, AES-GCM with 256 bits. Whoever takes
the tablet finds no PIN in it, and nothing to try PINs against.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_POINT, _NONCE, _HALF = 65, 12, 32
_INFO = b"aada kiosk typed"


class Unreadable(Exception):
    """It is no key, or nothing that was encrypted for this one."""


def decode(text: str) -> bytes:
    """Bytes of standard base64. Raises Unreadable."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable from None


def encode(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """The P-256 key in base64 of a SubjectPublicKeyInfo. Raises Unreadable for anything else."""
    try:
        key = serialization.load_der_public_key(decode(text))
    except Exception:  # whatever the library says of bytes from outside
        raise Unreadable from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unreadable
    return key


def is_signed(key: ec.EllipticCurvePublicKey, data: bytes, signature: str) -> bool:
    """Whether the signature is this key's, of these bytes."""
    try:
        raw = decode(signature)
    except Unreadable:
        return False
    if len(raw) != 2 * _HALF:
        return False
    r, s = int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:])
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def new_private_key() -> tuple[bytes, str]:
    """A key for what is typed at one kiosk: to keep (PKCS 8), and the point for the tablet in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    kept = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return kept, encode(point)


def private_key(kept: bytes) -> ec.EllipticCurvePrivateKey:
    """The key behind what `new_private_key` gave to keep."""
    key = serialization.load_der_private_key(kept, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unreadable
    return key


def open_typed(key: ec.EllipticCurvePrivateKey, sealed: str, bound_to: str) -> str:
    """What was encrypted for the key and bound to one punch: the point, the nonce, and what AES-GCM made. Raises
    Unreadable."""
    data = decode(sealed)
    point, nonce, closed = data[:_POINT], data[_POINT : _POINT + _NONCE], data[_POINT + _NONCE :]
    try:
        shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        secret = HKDF(SHA256(), 32, salt=None, info=_INFO).derive(shared)
        return AESGCM(secret).decrypt(nonce, closed, bound_to.encode()).decode()
    except (ValueError, InvalidTag):
        raise Unreadable from None


def digest(data: bytes) -> str:
    """SHA-256 in 64 hex digits."""
    return hashlib.sha256(data).hexdigest()
