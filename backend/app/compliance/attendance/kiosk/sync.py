"""Punches that arrive from a kiosk: each is kept once, in the kiosk's own order, and counts or says why not.

A tablet sends what it has kept until it is answered, so the same punch may come again, in another batch, or after later
ones. Its number and the hash of what was signed tell it apart; a later one waits until those before it are there. Each
punch is a transaction of its own: a batch that breaks off has settled what it has settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.compliance.attendance.kiosk import keys, queries, settling
from app.compliance.attendance.kiosk.reasons import Reason, said_at_kiosk
from app.compliance.attendance.kiosk.schemas import BatchIn, PunchIn, PunchOut, SyncOut, signed_text
from app.compliance.attendance.kiosk.service import KEYS, milliseconds
from app.compliance.attendance.kiosk.typed import Checker, Typed, Verdict, read
from app.core import clock, limits
from app.core.errors import Invalid, TooLarge, Unauthorized
from app.core.limits import Limit
from app.core.sealing import Unsealable, box
from app.db.models import KioskPunch, User
from app.db.session import Database
from app.rules.externships import short_name
from app.rules.kiosk import TOLERANCE, moment_of
from app.settings import Settings
from app.web import formats

LARGEST = 96 * 1024
"""Bytes of a batch: twice what fifty punches take."""
PUNCHES = Limit(
    "punches of a kiosk",
    3000,
    timedelta(days=1),
    "This kiosk has sent more punches today than any school has. The rest are kept on the tablet; try again in {wait}.",
)
NOT_SIGNED = (
    "This tablet is not registered here as a kiosk, or its signature is wrong. Nothing was recorded. An administrator "
    "registers it under Attendance › Kiosks."
)


@dataclass(frozen=True, slots=True)
class Sender:
    """The kiosk that a batch is from, as it was when the batch came."""

    id: int
    name: str
    revoked: bool
    public_key: ec.EllipticCurvePublicKey
    private_key: ec.EllipticCurvePrivateKey | None
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A punch as it arrived, before it is settled."""

    item: PunchIn
    digest: str
    genuine: bool
    verdict: Verdict
    measured_ms: int
    received: datetime

    @property
    def moment(self) -> datetime:
        return moment_of(self.item.made_at, self.item.offset)


def sync(database: Database, settings: Settings, body: bytes, signature: str) -> SyncOut:
    """Take in a batch; what it holds that arrived before is answered again and counted no more.

    Raises Unauthorized for what no registered kiosk has signed, Invalid and TooLarge for what is no batch, and
    TooManyRequests when a kiosk sends more than any school has.
    """
    received = clock.now()
    if len(body) > LARGEST:
        raise TooLarge("This batch is too large. Nothing was recorded; send fewer punches at a time.")
    try:
        batch = BatchIn.model_validate_json(body)
    except ValidationError:
        raise Invalid("This is not a batch of punches. Nothing was recorded.") from None
    measured = milliseconds(received) - batch.sent_at
    items = sorted(batch.punches, key=lambda one: one.counter)
    texts = [signed_text(batch.kiosk, one) for one in items]
    digests = [keys.digest(text) for text in texts]
    sender = _sender(database, settings, batch, body, signature, digests, measured, received)
    genuine = [
        digest in sender.known or keys.is_signed(sender.public_key, text, item.signature)
        for item, text, digest in zip(items, texts, digests, strict=True)
    ]
    typed: list[Typed | None] = [
        read(sender.private_key, item.typed, bound(batch.kiosk, item.counter))
        if real and digest not in sender.known
        else None
        for item, digest, real in zip(items, digests, genuine, strict=True)
    ]
    checker = Checker(database, settings, sender.id, [one for one in typed if one is not None])
    answers = []
    for item, text, digest, real, said in zip(items, texts, digests, genuine, typed, strict=True):
        if not real:
            # Of what the kiosk did not sign, the signature tells one from the next.
            forged = keys.digest(text + item.signature.encode())
            arrived = Arrived(item, forged, real, Verdict(None, None, Reason.FORGED), measured, received)
        else:
            verdict = Verdict(None, None, None) if digest in sender.known else checker.check(said)
            arrived = Arrived(item, digest, real, verdict, measured, received)
        with database.begin() as session:
            row, student = _settle(session, sender.id, arrived, settings.zone)
            answers.append(_answer(item.counter, row, student, received, settings.zone))
    return SyncOut(
        punches=answers,
        name=sender.name,
        revoked=sender.revoked,
        received_at=milliseconds(received),
        answered_at=milliseconds(clock.now()),
    )


def bound(kiosk_id: int, counter: int) -> str:
    """What the encryption of what was typed is bound to: it fits no other punch."""
    return f"{kiosk_id}:{counter}"


def _sender(
    database: Database,
    settings: Settings,
    batch: BatchIn,
    body: bytes,
    signature: str,
    digests: Sequence[str],
    measured: int,
    received: datetime,
) -> Sender:
    with database.begin() as session:
        kiosk = queries.find(session, batch.kiosk)
        if kiosk is None or kiosk.public_key is None or kiosk.sealed_key is None:
            raise Unauthorized(NOT_SIGNED)
        public = keys.public_key(kiosk.public_key)
        if not keys.is_signed(public, body, signature):
            raise Unauthorized(NOT_SIGNED)
        known = frozenset(queries.known(session, kiosk.id, digests)) if digests else frozenset()
        queries.seen(session, kiosk.id, received, measured)
        try:
            kept = box(settings, KEYS.purpose).open(kiosk.sealed_key).decode()
            private = keys.private_key(keys.decode(kept)) if digests else None
        except Unsealable:
            private = None
        return Sender(kiosk.id, kiosk.name, kiosk.revoked_at is not None, public, private, known)


def _settle(
    session: Session, kiosk_id: int, arrived: Arrived, zone: ZoneInfo
) -> tuple[KioskPunch, User | None]:
    """Keep one punch, unless it is there already, and settle what can be settled by now."""
    kiosk = queries.find(session, kiosk_id, lock=True)
    assert kiosk is not None  # noqa: S101 -- kiosks are never deleted
    row = queries.known(session, kiosk_id, [arrived.digest]).get(arrived.digest)
    if row is not None:
        if row.state == "refused" and row.decided_at is None:
            # Sent again, so the tablet never got the answer, and no student read that it was refused.
            row.waits = True
        return row, None if row.user_id is None else session.get(User, row.user_id)
    wait = limits.take(session, [(PUNCHES, str(kiosk_id))])
    if wait is not None:
        raise wait.problem()
    item, verdict = arrived.item, arrived.verdict
    reason = verdict.reason
    counter = item.counter if arrived.genuine else None
    if counter is not None and queries.by_counter(session, kiosk_id, counter) is not None:
        counter, reason = None, Reason.REUSED
    elif counter is not None and kiosk.revoked_at is not None:
        reason = Reason.REVOKED
    row = KioskPunch(
        kiosk_id=kiosk_id,
        counter=counter,
        digest=arrived.digest,
        previous=item.previous,
        signature=item.signature,
        kind=item.kind,
        made_at=datetime.fromtimestamp(item.made_at / 1000, UTC),
        offset_ms=item.offset,
        measured_ms=arrived.measured_ms,
        punched_at=arrived.moment,
        received_at=arrived.received,
        method=verdict.method,
        user_id=None if verdict.student is None else verdict.student.id,
        state="held",
        reason=reason,
    )
    queries.add(session, row)
    if counter is None:
        settling.refuse(session, kiosk, row, reason or Reason.FORGED)
    elif counter < kiosk.next_counter:
        settling.settle(session, kiosk, row, zone, note=Reason.LATE)
    else:
        settling.advance(session, kiosk, zone)
    return row, None if row.user_id is None else session.get(User, row.user_id)


def _answer(
    counter: int, row: KioskPunch, student: User | None, received: datetime, zone: ZoneInfo
) -> PunchOut:
    """What the tablet shows. Names and reasons are for who stands there now, and for nobody later."""
    here = received - row.punched_at <= TOLERANCE
    reason = None if row.reason is None else Reason(row.reason)
    if row.state == "recorded" and reason is Reason.FORGOTTEN:
        sentence = (
            "Clocked out. You had not clocked out before, so no hours count until the school corrects it."
        )
    elif row.state == "recorded":
        verb = "Clocked in" if row.kind == "in" else "Clocked out"
        sentence = f"{verb} at {formats.clock_time(row.punched_at, zone)}."
    elif row.state == "held":
        sentence = "Saved. It is recorded when the earlier punches of this tablet have arrived."
    else:
        sentence = (
            said_at_kiosk(reason, row.sentence)
            if here
            else "Not recorded. The school office has it on its list."
        )
    name = short_name(student.full_name) if student is not None and here and row.state == "recorded" else None
    return PunchOut(
        counter=counter,
        state=row.state,
        kind=row.kind,
        at=clock.local(row.punched_at, zone),
        sentence=sentence,
        student=name,
    )
