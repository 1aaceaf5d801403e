"""Encryption of what the program itself must read again, under keys made from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def box(secret_key: str, purpose: str) -> Fernet:
    """What seals and unseals for one purpose; what was sealed for another purpose does not open."""
    key = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))
