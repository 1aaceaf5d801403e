"""Codes that stand on a document, so that somebody who holds it may ask whether it is valid.

Sixteen characters of Crockford's alphabet, 80 random bits: nobody guesses one. Only their hash is kept. In an address
they stand behind the `#`, which browsers send to nobody: no log, no proxy and no other site sees them.
"""

import hashlib
import secrets
from typing import TYPE_CHECKING

from app.core.later import later

if TYPE_CHECKING:
    import segno
else:
    segno = later("segno")


__internal__ = "holds nothing of anybody’s"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
# What people read for something else (https://www.crockford.com/base32.html).
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": "", "-": ""})


SAMPLE_QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path d="M4 4h7v7h-7zM18 4h7v7h-7z"/></svg>'
)
"""Where a QR code stands when a layout is tried."""


def make_code() -> str:
    """A new code, such as `7K3MWQ2PZ8RA4TNC`."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def as_printed(code: str) -> str:
    """The code in groups of four, to be typed."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def read_code(typed: str) -> str | None:
    """The code that somebody typed, however they spaced it; None for what is none."""
    code = typed.strip().upper().translate(_READ_AS)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def hash_code(code: str) -> str:
    """What is kept of a code, in hex."""
    return hashlib.sha256(code.encode()).hexdigest()


def qr_svg(address: str) -> str:
    """The address as a QR code of error level M or better, an SVG on one line."""
    drawn = segno.make(address, error="m", micro=False)
    return drawn.svg_inline(border=4, omitsize=True).replace("\n", "")
