"""What was typed or scanned at a kiosk, and whether it is a student's: number and PIN, or a card.

Each wrong PIN counts toward two limits, the student's and the kiosk's. They hold for what a tablet sends after a day
offline as well: whoever lets it collect guesses learns no more than from a tablet that is online.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from app.accounts import service as accounts
from app.compliance.attendance.kiosk import keys, queries
from app.compliance.attendance.kiosk.reasons import Reason
from app.compliance.attendance.kiosk.service import PINS
from app.core import limits
from app.core.limits import Limit
from app.core.sealing import Unsealable, box, is_signed, sign
from app.db.models import KioskCard, User
from app.db.session import Database
from app.rules.kiosk import PIN_DIGITS
from app.settings import Settings
from app.web.field_types import LARGEST_ID

_PIN = re.compile(rf"pin (\d{{1,10}}) (\d{{{PIN_DIGITS}}}) *", re.ASCII)
_CARD = re.compile(r"card AK1-(\d{1,10})-([0-9a-f-]{32,41}) *", re.ASCII)
_CARDS = "kiosk card"
WRONG_FOR_STUDENT = Limit("wrong PINs for a student", 6, timedelta(minutes=30), "")
"""At most 288 guesses a day of a million PINs."""
WRONG_AT_KIOSK = Limit("wrong PINs at a kiosk", 60, timedelta(minutes=30), "")


@dataclass(frozen=True, slots=True)
class Typed:
    """Number and PIN, or the number and signature of a card."""

    method: str
    number: int
    secret: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose number or card it was, if anybody's; and why it proves nothing, None where it does."""

    method: str | None
    student: User | None
    reason: Reason | None


def read(key: ec.EllipticCurvePrivateKey | None, sealed: str, bound_to: str) -> Typed | None:
    """What was typed; None for what cannot be read. `key` is None for one that is lost."""
    try:
        text = "" if key is None else keys.open_typed(key, sealed, bound_to)
    except keys.Unreadable:
        return None
    for method, pattern in (("pin", _PIN), ("card", _CARD)):
        found = pattern.fullmatch(text)
        if found is not None and int(found[1]) <= LARGEST_ID:
            return Typed(method, int(found[1]), found[2])
    return None


def card_text(settings: Settings, card: KioskCard) -> str:
    """What the QR code of a card says: its number, signed, so that no card can be made up."""
    return f"AK1-{card.id}-{sign(settings, _CARDS, str(card.id))}"


class Checker:
    """Checks what was typed, each number and PIN once: bcrypt takes a twentieth of a second for each.

    No transaction is open meanwhile.
    """

    def __init__(self, database: Database, settings: Settings, kiosk_id: int, typed: Iterable[Typed]) -> None:
        wanted = list(typed)
        self.database, self.settings, self.kiosk_id = database, settings, kiosk_id
        with database.begin() as session:
            self._cards = queries.cards(session, {one.number for one in wanted if one.method == "card"})
            numbers = {one.number for one in wanted if one.method == "pin"}
            numbers |= {card.user_id for card in self._cards.values()}
            self._students: Mapping[int, tuple[User, str | None]] = queries.students(session, numbers)
            session.expunge_all()
        self._seen: dict[Typed, Reason | None] = {}

    def check(self, typed: Typed | None) -> Verdict:
        """Whether it is a student's."""
        if typed is None:
            return Verdict(None, None, Reason.UNREADABLE)
        if typed.method == "card":
            return self._check_card(typed)
        student, sealed = self._students.get(typed.number, (None, None))
        if student is None:
            return Verdict("pin", None, Reason.UNKNOWN)
        if sealed is None:
            return Verdict("pin", student, Reason.NO_PIN)
        if typed not in self._seen:
            self._seen[typed] = self._check_pin(student, typed.secret, sealed)
        return Verdict("pin", student, self._seen[typed])

    def _check_card(self, typed: Typed) -> Verdict:
        card = self._cards.get(typed.number)
        if card is None or not is_signed(self.settings, _CARDS, str(card.id), typed.secret):
            return Verdict("card", None, Reason.CARD)
        student = self._students.get(card.user_id, (None, None))[0]
        valid = card.revoked_at is None and student is not None
        return Verdict("card", student, None if valid else Reason.CARD)

    def _check_pin(self, student: User, pin: str, sealed: str) -> Reason | None:
        try:
            stored = box(self.settings, PINS.purpose).open(sealed).decode()
        except Unsealable:
            return Reason.NO_PIN
        claims: Any = [(WRONG_FOR_STUDENT, str(student.id)), (WRONG_AT_KIOSK, str(self.kiosk_id))]
        # Counted as wrong until it proves right, so that many tries at once do not slip under the limit.
        if self._count(claims) is not None:
            return Reason.TOO_MANY
        if not accounts.is_pin(pin, stored):
            return Reason.WRONG_PIN
        with self.database.begin() as session:
            limits.give_back(session, claims)
        return None

    def _count(self, claims: Any) -> limits.Wait | None:
        with self.database.begin() as session:
            return limits.take(session, claims)
