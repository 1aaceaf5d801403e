"""The code that a transcript's QR carries: who has it was given the transcript, or a look at it.

80 bits in Crockford's base32, which has no letters that are mistaken for each other or for digits. The code is made
from the number under the installation's own key, so a file can be drawn again from what is stored; what the database
keeps of it is a hash.
"""

import re
from io import BytesIO

from app.core.tokens import hash_token, keyed_hash

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LENGTH = 16
_PURPOSE = "transcript verification code"
_CODE = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")
_NUMBER = re.compile(r"[A-Z]{2,4}-\d{4}-\d{6,9}")


def code_for(key: str, number: str) -> str:
    """The code of a number, 16 characters."""
    bits = int(keyed_hash(key, _PURPOSE, number)[: _LENGTH * 5 // 4], 16)
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(_LENGTH)))


def grouped(code: str) -> str:
    """`ABCD-EFGH-JKMN-PQRS`, as it is printed to be typed."""
    return "-".join(code[place : place + 4] for place in range(0, _LENGTH, 4))


def read_code(typed: str) -> str | None:
    """What was typed or scanned, as a code; None for what is none. Case, hyphens, spaces, O, I and L do not matter."""
    plain = re.sub(r"[\s-]", "", typed).upper().translate(_READ_AS)
    return plain if _CODE.fullmatch(plain) else None


def read_number(typed: str) -> str | None:
    """A number as it is printed; None for what is none."""
    plain = re.sub(r"\s", "", typed).upper()
    return plain if _NUMBER.fullmatch(plain) else None


def hash_of(code: str) -> str:
    """What the database keeps of a code, and of a link's secret."""
    return hash_token(code)


def address(verify_at: str, number: str, code: str) -> str:
    """The address in the QR code. What follows the # never leaves the browser, so it stands in no log."""
    return f"{verify_at}#{number}.{code}"


def qr_svg(text: str) -> str:
    """A QR code as SVG on one line, with its quiet zone."""
    import segno  # noqa: PLC0415 - for those who issue alone

    out = BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, nl=False
    )
    return out.getvalue().decode()
