"""Codes that people type: those of an authenticator app (RFC 6238), and recovery codes."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyotp

from app.core.tokens import keyed_hash

STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the present one whose codes are good: clocks differ, and typing takes a while."""
REMEMBERED = 20
"""Steps back for which a code is said to have expired, and not to be wrong: ten minutes."""
RECOVERY_CODES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like a digit."""
_RECOVERY_LENGTH = 12


class Verdict(StrEnum):
    """What a code is for the authenticator whose key it was held against."""

    GOOD = "good"
    USED = "used"
    LATE = "late"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict, and the step whose code it is."""

    verdict: Verdict
    step: int = 0


def new_key() -> str:
    """A key of 160 bits as authenticator apps take it: 32 letters and digits."""
    return pyotp.random_base32()


def spaced(key: str) -> str:
    """The key in groups of four, to be typed."""
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


def address_of(key: str, email: str, school: str) -> str:
    """The `otpauth://` address that a QR code carries."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=school)


def qr_code(address: str) -> str:
    """The address as an image to stand in a page: an SVG in a `data:` address, dark on light in either theme."""
    import segno  # noqa: PLC0415 - for the one page that shows a code

    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def step_of(moment: datetime) -> int:
    """The 30-second step of a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def tidy(code: str) -> str:
    """A typed code without what people put between its signs."""
    return re.sub(r"[\s\-–.]", "", code).upper()


def looks_like_app_code(code: str) -> bool:
    """Whether it is meant as the six digits of an app, some missing perhaps; anything else is a recovery code."""
    return re.fullmatch(r"[0-9]{1,8}", code) is not None


def check(key: str, code: str, last_step: int, now: datetime) -> Checked:
    """Hold a tidy code against a key. A code is good once: its step must come after `last_step`."""
    if not looks_like_app_code(code):
        return Checked(Verdict.WRONG)
    present = step_of(now)
    totp = pyotp.TOTP(key)
    good = range(present + WINDOW, present - WINDOW - 1, -1)
    late = range(present - WINDOW - 1, present - REMEMBERED - 1, -1)
    for steps in (good, late):
        for step in steps:
            if hmac.compare_digest(totp.generate_otp(step), code):
                if step <= last_step and steps is good:
                    return Checked(Verdict.USED, step)
                return Checked(Verdict.GOOD if steps is good else Verdict.LATE, step)
    return Checked(Verdict.WRONG)


def new_recovery_code() -> str:
    """A recovery code of 60 bits as it is shown: `7XK2-9QPD-M4TA`."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(signs[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))


def recovery_hash(hash_key: str, user_id: int, code: str) -> str:
    """What is kept of a recovery code: a hash that only this installation can make."""
    plain = tidy(code).replace("O", "0").replace("I", "1").replace("L", "1")
    return keyed_hash(hash_key, "recovery code", f"{user_id}:{plain}")
