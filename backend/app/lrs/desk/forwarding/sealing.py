"""Secrets that have to be used again: encrypted under a key made from SECRET_KEY, never shown."""

from cryptography.fernet import InvalidToken

from app.core.sealing import box

_PURPOSE = "aada lrs forwarding"


class SealBrokenError(Exception):
    """The secret was sealed under another SECRET_KEY."""


def seal(secret_key: str, text: str) -> str:
    """The text as it may be stored."""
    return box(secret_key, _PURPOSE).encrypt(text.encode()).decode()


def unseal(secret_key: str, sealed: str) -> str:
    """The text again. Raises SealBrokenError."""
    try:
        return box(secret_key, _PURPOSE).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBrokenError from None
