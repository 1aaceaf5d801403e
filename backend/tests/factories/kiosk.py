"""A tablet without a browser: it keeps a key, signs and encrypts as the page of a kiosk does, and sends batches."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.attendance.kiosk import keys, queries, service
from app.compliance.attendance.kiosk.schemas import KioskForm, PunchIn, RegisterIn, SyncOut, signed_text
from app.compliance.attendance.kiosk.sync import bound, sync
from app.core import clock
from app.core.permissions import Subject
from app.core.sealing import box
from app.db.models import Kiosk, KioskCard, KioskPunch, User
from app.db.session import Database
from app.settings import Settings

Punch = dict[str, Any]


@dataclass
class Tablet:
    """A registered tablet. `offset` is what it measured last: how many milliseconds the server is ahead of it."""

    id: int
    key: ec.EllipticCurvePrivateKey
    server_key: str
    chain: str
    counter: int = 0
    offset: int = 0
    kept: list[Punch] = field(default_factory=list)

    def punch(self, kind: str, typed: str, made: datetime) -> Punch:
        """Write one punch down, made at this moment of the tablet's clock."""
        self.counter += 1
        row: Punch = {
            "counter": self.counter,
            "previous": self.chain,
            "kind": kind,
            "made_at": service.milliseconds(made),
            "offset": self.offset,
            "typed": self.encrypted(typed, self.counter),
        }
        text = signed_text(self.id, PunchIn(**row, signature="AAAA"))
        row["signature"] = self.signature(text)
        self.chain = keys.digest(text)
        self.kept.append(row)
        return row

    def signature(self, data: bytes) -> str:
        """r and s as WebCrypto gives them."""
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(SHA256())))
        return keys.encode(r.to_bytes(32) + s.to_bytes(32))

    def encrypted(self, typed: str, counter: int) -> str:
        """What was typed, for the server's key and this punch alone."""
        mine = ec.generate_private_key(ec.SECP256R1())
        server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys.decode(self.server_key))
        secret = HKDF(SHA256(), 32, salt=None, info=b"aada kiosk typed").derive(
            mine.exchange(ec.ECDH(), server)
        )
        point = mine.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        nonce = b"\x07" * 12
        closed = AESGCM(secret).encrypt(nonce, typed.ljust(64).encode(), bound(self.id, counter).encode())
        return keys.encode(point + nonce + closed)

    def batch(self, punches: Iterable[Punch], sent: datetime | None = None) -> tuple[bytes, str]:
        """A signed batch: its body and the header's signature."""
        sent_at = service.milliseconds(sent or clock.now())
        body = json.dumps({"kiosk": self.id, "sent_at": sent_at, "punches": list(punches)}).encode()
        return body, self.signature(body)

    def send(
        self,
        database: Database,
        settings: Settings,
        punches: Iterable[Punch] | None = None,
        sent: datetime | None = None,
    ) -> SyncOut:
        """Send these punches, or all that were made."""
        return sync(database, settings, *self.batch(self.kept if punches is None else punches, sent))


def tablet(session: Session, settings: Settings, admin: Subject, name: str = "Front desk") -> Tablet:
    """A new kiosk with its tablet registered."""
    _kiosk, code = service.add_kiosk(session, admin, KioskForm(name=name))
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    answer = service.register(
        session, settings, RegisterIn(code=code, public_key=keys.encode(spki)), "A test", clock.now()
    )
    return Tablet(answer.kiosk, key, answer.server_key, answer.chain)


def give_pin(session: Session, settings: Settings, user: User, pin: str = "204815") -> str:
    """A PIN that the student has chosen, as it is typed with their number."""
    sealed = box(settings, service.PINS.purpose).seal(accounts.hash_pin(settings, pin))
    queries.keep_pin(session, user.id, sealed, clock.now())
    return f"pin {user.id} {pin}"


def walked(session: Session, user_id: int, name: str) -> dict[str, int]:
    """A kiosk that waits for its tablet, and a punch of the student at another one that waits for the staff."""
    waiting = Kiosk(name=name, code_hash=keys.digest(name.encode()), code_expires_at=clock.now())
    used = Kiosk(name=f"Old {name}", revoked_at=clock.now())
    session.add_all([waiting, used])
    session.flush()
    punch = KioskPunch(
        kiosk_id=used.id,
        counter=1,
        digest="a" * 64,
        previous="b" * 64,
        signature="signature",
        kind="in",
        made_at=clock.now(),
        offset_ms=0,
        measured_ms=0,
        punched_at=clock.now(),
        received_at=clock.now(),
        user_id=user_id,
        state="refused",
        reason="old",
        sentence="Too old.",
        waits=True,
    )
    card = KioskCard(user_id=user_id, issued_at=clock.now())
    session.add_all([punch, card])
    session.flush()
    return {"kiosk_id": waiting.id, "punch_id": punch.id, "card_id": card.id}
