"""What happens to kiosks, and to punches that did not count by themselves."""

from datetime import datetime
from typing import Literal

from app.core.details.base import Details


class KioskNamed(Details):
    kiosk: str
    """Its name."""


class KioskRegistered(KioskNamed):
    browser: str | None
    """The browser that the tablet said it is."""


class KioskPunched(KioskNamed):
    """A punch: which button, for which moment, and why it counted nothing."""

    kind: Literal["in", "out"]
    punched_at: datetime
    received_at: datetime
    why: str


class KioskCardNumbered(Details):
    card: int


KIOSK_ADDED = ("kiosk.added", "kiosks", "Kiosk added", KioskNamed)
KIOSK_CARD_ISSUED = ("kiosk_card.issued", "kiosk_cards", "Kiosk card issued", KioskCardNumbered)
KIOSK_CARD_REVOKED = ("kiosk_card.revoked", "kiosk_cards", "Kiosk card revoked", KioskCardNumbered)
KIOSK_CODE_RENEWED = ("kiosk.code_renewed", "kiosks", "New registration code for a kiosk", KioskNamed)
KIOSK_PIN_CHOSEN = ("kiosk_pin.chosen", "kiosk_pins", "PIN for kiosks chosen")
KIOSK_PUNCH_DISMISSED = (
    "kiosk_punch.dismissed",
    "kiosk_punches",
    "Punch at a kiosk dismissed",
    KioskPunched,
)
KIOSK_PUNCH_REFUSED = ("kiosk_punch.refused", "kiosk_punches", "Punch at a kiosk refused", KioskPunched)
KIOSK_REGISTERED = ("kiosk.registered", "kiosks", "Tablet registered as a kiosk", KioskRegistered)
KIOSK_REVOKED = ("kiosk.revoked", "kiosks", "Kiosk revoked", KioskNamed)
