"""Signed statements (1.0.3 Data 2.6; 2.0 4.2.6): a JWS in an attachment, checked before storing.

What can be known is checked: the JWS is well-formed, its algorithm is RS256, RS384 or RS512, its payload is
the statement it is attached to, and, when it brings its certificate (`x5c`), the signature is that key's.
"""

import base64
import binascii
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from app.lrs.engine import jsonio
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.checks import JsonObject, fail
from app.lrs.engine.statements.equality import same

USAGE = "http://adlnet.gov/expapi/attachments/signature"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}


def check(statement: JsonObject, jws: bytes, content_type: str, path: str) -> None:
    """Raise `Refusal` 400 at `path` unless `jws` signs `statement`."""
    if content_type.partition(";")[0].strip().lower() != "application/octet-stream":
        raise fail(f"{path}.contentType", "A signature is application/octet-stream.")
    parts = jws.strip().split(b".")
    if len(parts) != 3:
        raise fail(path, "A signature is a JWS in compact form: three parts divided by points.")
    header_raw, payload_raw, signature = (_decoded(part, path) for part in parts)
    header, payload = _json(header_raw, path, "header"), _json(payload_raw, path, "payload")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _HASHES:
        raise fail(path, "A signature's algorithm is RS256, RS384 or RS512.")
    _same_statement(payload, statement, path)
    if "x5c" in header:
        _verify(header["x5c"], _HASHES[algorithm], signature, parts[0] + b"." + parts[1], path)


def _same_statement(payload: JsonObject, statement: JsonObject, path: str) -> None:
    sent = _unsigned(statement)
    if "id" not in payload:
        sent.pop("id", None)
    if "timestamp" not in payload:
        sent.pop("timestamp", None)
    try:
        # Nobody has checked the payload: whatever cannot be compared is not the statement.
        equal = same(sent, _unsigned(payload))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        equal = False
    if not equal:
        raise fail(path, "What the signature signs is not this statement.")


def _unsigned(statement: JsonObject) -> JsonObject:
    result = dict(statement)
    others = [item for item in result.pop("attachments", []) if item.get("usageType") != USAGE]
    if others:
        result["attachments"] = others
    return result


def _decoded(part: bytes, path: str) -> bytes:
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise fail(path, "A part of the signature is not base64url.") from None


def _json(raw: bytes, path: str, what: str) -> JsonObject:
    try:
        found = jsonio.loads(raw)
    except Refusal:
        found = None
    if not isinstance(found, dict):
        raise fail(path, f"The signature's {what} is not a JSON object.")
    return found


def _verify(chain: Any, algorithm: hashes.HashAlgorithm, signature: bytes, signed: bytes, path: str) -> None:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0]))
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        raise fail(
            path, "The key in the signature's x5c header is of a kind that is not known here."
        ) from None
    except (ValueError, TypeError, LookupError):
        raise fail(path, "The certificate in the signature's x5c header cannot be read.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise fail(path, "The certificate in the signature's x5c header has no RSA key.")
    try:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):  # the latter for a key too short for the hash
        raise fail(path, "The signature does not match its certificate.") from None
