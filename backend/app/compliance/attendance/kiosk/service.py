"""Kiosks and what students punch with: a tablet is added and registered once, a PIN is chosen."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.attendance.kiosk import keys, policy, queries
from app.compliance.attendance.kiosk.schemas import KioskForm, PinForm, RegisteredOut, RegisterIn
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject, internal
from app.core.sealing import SealedColumn, box
from app.core.tokens import hash_token
from app.db.models import Kiosk, KioskPin
from app.rules.kiosk import PIN_DIGITS, is_weak_pin
from app.settings import Settings

CODE_SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
CODE_LENGTH = 10
"""49 random bits, for a code that is good for half an hour and guessed at by a few tries a minute."""
CODE_LASTS = timedelta(minutes=30)
QUIET_AFTER = timedelta(minutes=10)
"""A kiosk that was not in contact for so long is shown as offline."""
NO_KIOSK = "There is no such kiosk. Go back to the list of kiosks."

KEYS = SealedColumn(
    "Keys of kiosks",
    Kiosk.sealed_key,
    Kiosk.id,
    "aada kiosk key",
    "Punches of these kiosks cannot be read and wait for the staff. Revoke each kiosk under Attendance › Kiosks, and "
    "register the tablet again.",
)
PINS = SealedColumn(
    "PINs for kiosks",
    KioskPin.sealed_hash,
    KioskPin.user_id,
    "aada kiosk pin",
    "These students’ PINs are refused at kiosks. They choose a new one under Hours › Kiosk PIN.",
)


@dataclass(frozen=True, slots=True)
class KioskLine:
    """A kiosk as the list shows it. `waiting` punches are for the staff to look at."""

    kiosk: Kiosk
    waiting: int
    state: str
    """new, expired (its code), online, offline or revoked."""


def list_kiosks(session: Session, subject: Subject) -> Sequence[KioskLine]:
    """Every kiosk, those in use first. Raises Forbidden."""
    policy.require_read(subject)
    now = clock.now()
    return [KioskLine(kiosk, waiting, _state(kiosk, now)) for kiosk, waiting in queries.kiosks(session)]


def _state(kiosk: Kiosk, now: datetime) -> str:
    if kiosk.revoked_at is not None:
        return "revoked"
    if kiosk.registered_at is None:
        return "new" if kiosk.code_expires_at is not None and kiosk.code_expires_at > now else "expired"
    seen = kiosk.last_seen_at
    return "online" if seen is not None and now - seen <= QUIET_AFTER else "offline"


def add_kiosk(session: Session, subject: Subject, values: KioskForm) -> tuple[Kiosk, str]:
    """A kiosk, and the code that one tablet is registered with within half an hour. Raises Forbidden, and Conflict
    for a name that another kiosk has."""
    policy.require_manage(subject)
    kiosk = Kiosk(name=values.name, created_by=subject.user_id)
    code = _give_code(kiosk)
    queries.add(session, kiosk)
    history.record(session, subject, Action.KIOSK_ADDED, kiosk.id, kiosk=kiosk.name)
    return kiosk, code


def renew_code(session: Session, subject: Subject, kiosk_id: int) -> tuple[Kiosk, str]:
    """Another code for a kiosk that no tablet is registered as yet; the one before is void."""
    policy.require_manage(subject)
    kiosk = _kiosk(session, kiosk_id)
    if kiosk.registered_at is not None or kiosk.revoked_at is not None:
        raise Conflict(
            "A tablet is registered as this kiosk already. For another tablet, add another kiosk. Nothing was changed."
        )
    code = _give_code(kiosk)
    session.flush()
    history.record(session, subject, Action.KIOSK_CODE_RENEWED, kiosk.id, kiosk=kiosk.name)
    return kiosk, code


def _give_code(kiosk: Kiosk) -> str:
    code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    kiosk.code_hash, kiosk.code_expires_at = hash_token(code), clock.now() + CODE_LASTS
    return f"{code[:5]}-{code[5:]}"


def revoke_kiosk(session: Session, subject: Subject, kiosk_id: int) -> None:
    """From now on nothing of this kiosk counts: what still arrives waits for the staff."""
    policy.require_manage(subject)
    kiosk = _kiosk(session, kiosk_id)
    if kiosk.revoked_at is not None:
        raise Conflict("This kiosk is revoked already. Nothing was changed.")
    kiosk.revoked_at, kiosk.revoked_by = clock.now(), subject.user_id
    kiosk.code_hash = kiosk.code_expires_at = None
    session.flush()
    history.record(session, subject, Action.KIOSK_REVOKED, kiosk.id, kiosk=kiosk.name)


def _kiosk(session: Session, kiosk_id: int) -> Kiosk:
    kiosk = queries.find(session, kiosk_id, lock=True)
    if kiosk is None:
        raise NotFound(NO_KIOSK)
    return kiosk


@internal("whoever has the code of a kiosk may register one tablet with it")
def register(
    session: Session, settings: Settings, values: RegisterIn, browser: str | None, received: datetime
) -> RegisteredOut:
    """Make the tablet with this key the kiosk that the code is for. Raises Invalid for a code that is unknown, used or
    expired, and for what is no P-256 key."""
    code = "".join(sign for sign in values.code.upper() if sign in CODE_SIGNS)
    kiosk = queries.by_code(session, hash_token(code))
    if kiosk is None or kiosk.code_expires_at is None or kiosk.code_expires_at <= received:
        raise _wrong(
            "code",
            "This code is not known, was used, or has expired. Nothing was registered. Check it, or have an "
            "administrator show a new one under Attendance › Kiosks.",
        )
    try:
        keys.public_key(values.public_key)
    except keys.Unreadable:
        raise _wrong("public_key", "This is not a P-256 key. Nothing was registered.") from None
    kept, point = keys.new_private_key()
    kiosk.code_hash = kiosk.code_expires_at = None
    kiosk.public_key = values.public_key
    kiosk.sealed_key = box(settings, KEYS.purpose).seal(keys.encode(kept))
    kiosk.chain = keys.digest(values.public_key.encode())
    kiosk.registered_at = kiosk.last_seen_at = received
    kiosk.browser = (browser or "")[:200] or None
    session.flush()
    history.record(session, None, Action.KIOSK_REGISTERED, kiosk.id, kiosk=kiosk.name, browser=kiosk.browser)
    return RegisteredOut(
        kiosk=kiosk.id,
        name=kiosk.name,
        server_key=point,
        chain=kiosk.chain,
        received_at=milliseconds(received),
        answered_at=milliseconds(clock.now()),
    )


@internal("a number as the tablets have it")
def milliseconds(moment: datetime) -> int:
    """A moment in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


# A student's PIN


def pin_chosen_at(session: Session, subject: Subject) -> datetime | None:
    """When the student chose the PIN they have; None without one. Raises Forbidden for the staff."""
    policy.require_pin(subject)
    kept = queries.pin(session, subject.user_id)
    return None if kept is None else kept.set_at


def choose_pin(session: Session, settings: Settings, subject: Subject, values: PinForm) -> None:
    """Set the student's own PIN. Raises Forbidden for the staff, Invalid for one that is too easy or typed otherwise
    the second time."""
    policy.require_pin(subject)
    if is_weak_pin(values.pin):
        raise _wrong("pin", "This PIN is too easy to guess. Do not use a row of digits or one that repeats.")
    if int(values.pin) == subject.user_id:
        raise _wrong("pin", "This PIN is your number. Choose another one.")
    if values.pin != values.again:
        raise _wrong("again", f"This is not the same PIN. Enter the same {PIN_DIGITS} digits twice.")
    sealed = box(settings, PINS.purpose).seal(accounts.hash_pin(settings, values.pin))
    queries.keep_pin(session, subject.user_id, sealed, clock.now())
    history.record(session, subject, Action.KIOSK_PIN_CHOSEN, subject.user_id)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
