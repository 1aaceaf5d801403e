"""The code of a transcript's QR, made from its number under the installation's own key.

So a file can be drawn again from what is stored, of which the code itself is no part: the database keeps its hash.
What a code is, and how it is read, is said in `app.documents.codes`.
"""

import re

from app.core.tokens import keyed_hash
from app.documents import service as documents

_PURPOSE = "transcript verification code"
_NUMBER = re.compile(r"[A-Z]{2,4}-[0-9]{4}-[0-9]{6,9}")


def code_for(key: str, number: str) -> str:
    """The code of a number, 80 bits of a keyed hash."""
    bits = int(keyed_hash(key, _PURPOSE, number)[: documents.CODE_LENGTH * 5 // 4], 16)
    places = reversed(range(documents.CODE_LENGTH))
    return "".join(documents.CODE_ALPHABET[bits >> 5 * place & 31] for place in places)


def read_number(typed: str) -> str | None:
    """A number as it is printed; None for what is none."""
    plain = re.sub(r"\s", "", typed).upper()
    return plain if _NUMBER.fullmatch(plain) else None


def address(verify_at: str, number: str, code: str) -> str:
    """The address in the QR code. What follows the # never leaves the browser, so it stands in no log."""
    return f"{verify_at}#{number}.{code}"
