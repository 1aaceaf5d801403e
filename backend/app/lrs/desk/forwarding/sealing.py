"""Secrets of targets that have to be used again: sealed under SECRET_KEY, never shown."""

from app.core.sealing import SealedColumn, Unsealable, box
from app.db.models import XapiForwarder
from app.settings import Settings

_PURPOSE = "aada lrs forwarding"
SECRETS = SealedColumn(
    "Secrets of forwarding targets",
    XapiForwarder.password_sealed,
    XapiForwarder.id,
    _PURPOSE,
    "Statements are not sent to these targets. Enter each secret again under Learning record store › Forwarding; "
    "sending then goes on where it stopped.",
)


class SealBrokenError(Exception):
    """The secret was sealed under another SECRET_KEY."""


def seal(settings: Settings, text: str) -> str:
    """The text as it may be stored."""
    return box(settings, _PURPOSE).seal(text)


def unseal(settings: Settings, sealed: str) -> str:
    """The text again. Raises SealBrokenError."""
    try:
        return box(settings, _PURPOSE).open(sealed).decode()
    except Unsealable:
        raise SealBrokenError from None
