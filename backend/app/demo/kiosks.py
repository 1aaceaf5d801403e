"""The demo school's kiosk: a tablet at the front desk, the punches of the last days, three that wait for the office."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from random import Random

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.attendance.kiosk import keys
from app.compliance.attendance.kiosk import service as kiosks
from app.compliance.attendance.kiosk.reasons import SENTENCES, Reason
from app.core.sealing import box
from app.demo.attendance import Written
from app.demo.desk import Desk
from app.settings import Settings

NAME, PIN = "Front desk", "204815"
"""The PIN of every demo student."""
RECORDS = 40
_SKEW = timedelta(seconds=41)
_REFUSED = (
    (Reason.WRONG_PIN, "in", timedelta(hours=26)),
    (Reason.CLOCK_CHANGED, "out", timedelta(hours=21)),
    (Reason.OLD, "in", timedelta(hours=3)),
)


def write_kiosk(session: Session, desk: Desk, entries: Written, settings: Settings) -> None:
    """One kiosk; the newest records of the clock came from it."""
    random = Random(desk.random.getrandbits(64))
    chosen = [
        (key, item, entry)
        for key, item, entry in entries
        if entry.note is None and entry.clock_out is not None and not entry.forgotten
    ]
    chosen = sorted(chosen, key=lambda one: (one[2].clock_in, one[0]))[-RECORDS:]
    made = sorted(
        (moment, key, kind, item.student.user_id)
        for key, item, entry in chosen
        for kind, moment in (("in", entry.clock_in), ("out", entry.clock_out))
        if moment is not None
    )
    spki = (
        ec.derive_private_key(random.getrandbits(200) | 1, ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (kiosk_id,) = desk.copier.keys("kiosks", 1)
    chain = hashlib.sha256(keys.encode(spki).encode()).hexdigest()
    rows: list[tuple[object, ...]] = []
    for number, (moment, key, kind, user_id) in enumerate(made, 1):
        previous, chain = chain, hashlib.sha256(f"{chain} {number}".encode()).hexdigest()
        rows.append(
            (kiosk_id, number, chain, previous, _signature(random), kind, *_times(moment, moment), "pin", user_id, key,
             "recorded", None, None, False)
        )  # fmt: skip
    for number, (reason, kind, ago) in enumerate(_REFUSED, len(made) + 1):
        previous, chain = chain, hashlib.sha256(f"{chain} {number}".encode()).hexdigest()
        moment, user_id = desk.moment - ago, chosen[-number % len(chosen)][1].student.user_id
        rows.append(
            (kiosk_id, number, chain, previous, _signature(random), kind, *_times(moment, desk.moment), "pin", user_id,
             None, "refused", reason.value, SENTENCES[reason], True)
        )  # fmt: skip
    seal = box(settings, kiosks.KEYS.purpose).seal
    founded = desk.office(desk.today - timedelta(days=60), 0.2)
    desk.copier.copy(
        "kiosks",
        ("id", "name", "public_key", "sealed_key", "registered_at", "browser", "last_seen_at", "skew_ms",
         "next_counter", "chain", "latest_at", "created_by", "created_at"),
        [
            (kiosk_id, NAME, keys.encode(spki), seal(keys.encode(keys.new_private_key()[0])), founded,
             "Chrome on Android", desk.moment, _SKEW // timedelta(milliseconds=1), len(rows) + 1, chain,
             made[-1][0] if made else None, desk.staff_ids[0], founded)
        ],
    )  # fmt: skip
    desk.copier.copy(
        "kiosk_punches",
        ("kiosk_id", "counter", "digest", "previous", "signature", "kind", "made_at", "offset_ms", "measured_ms",
         "punched_at", "received_at", "method", "user_id", "attendance_id", "state", "reason", "sentence", "waits"),
        rows,
    )  # fmt: skip
    session.execute(
        text("UPDATE attendance SET source = 'kiosk' WHERE id = ANY(:keys)"),
        {"keys": [key for key, _, _ in chosen]},
    )
    # Hashed once: each hash is meant to take its time.
    hashed = accounts.hash_pin(settings, PIN)
    people = sorted({item.student.user_id for _, item, _ in entries if item.status == "active"})
    desk.copier.copy(
        "kiosk_pins",
        ("user_id", "sealed_hash", "set_at"),
        [(user_id, box(settings, kiosks.PINS.purpose).seal(hashed), founded) for user_id in people],
    )


def _times(moment: datetime, received: datetime) -> tuple[object, ...]:
    """The tablet's clock, what it was behind then and at arrival, the moment, and when it arrived."""
    behind = _SKEW // timedelta(milliseconds=1)
    return moment - _SKEW, behind, behind, moment, received


def _signature(random: Random) -> str:
    return keys.encode(random.randbytes(64))
