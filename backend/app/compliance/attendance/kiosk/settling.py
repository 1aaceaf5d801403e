"""What becomes of a punch: it goes the way of the student's own clock, or counts nothing and says why."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import policies_in_force
from app.compliance.attendance import service as attendance
from app.compliance.attendance.kiosk import queries
from app.compliance.attendance.kiosk.reasons import SENTENCES, SUSPICIOUS, Reason
from app.compliance.attendance.schemas import AttendanceState, KioskMoment
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Problem
from app.core.permissions import Subject
from app.db.models import Kiosk, KioskPunch, User
from app.rules.kiosk import SEEN_WITHIN, doubt
from app.web.errors import problem_of

GIVEN_UP_AFTER = timedelta(minutes=15)
"""Tablets send in order: an earlier punch that did not come for so long is not there any more."""


def advance(session: Session, kiosk: Kiosk, zone: ZoneInfo, note: Reason | None = None) -> None:
    """Settle the punches of a kiosk, locked, that follow on those settled so far; `note` is for the first of them."""
    while True:
        row = queries.by_counter(session, kiosk.id, kiosk.next_counter)
        if row is None or row.state != "held":
            return
        if row.reason is None and row.previous != kiosk.chain:
            row.reason = Reason.CHAIN
        settle(session, kiosk, row, zone, note=note)
        kiosk.chain, kiosk.next_counter = row.digest, kiosk.next_counter + 1
        session.flush()
        note = None


def give_up_gap(session: Session, kiosk_id: int, zone: ZoneInfo) -> None:
    """Go on without the punches that never arrived; the first one after them says so, and waits for the staff."""
    kiosk = queries.find(session, kiosk_id, lock=True)
    row = queries.first_held(session, kiosk_id)
    if kiosk is None or row is None or row.counter is None or row.counter <= kiosk.next_counter:
        return
    kiosk.next_counter, kiosk.chain = row.counter, row.previous
    advance(session, kiosk, zone, Reason.GAP)


def settle(
    session: Session, kiosk: Kiosk, row: KioskPunch, zone: ZoneInfo, *, note: Reason | None = None
) -> None:
    """Record a punch, or refuse it. What the database or attendance refuses undoes nothing but its own attempt."""
    reason = None if row.reason is None else Reason(row.reason)
    if reason is None:
        policy = policies_in_force.of(session, row.received_at, zone)
        unsure = doubt(
            row.punched_at,
            row.received_at,
            offset_ms=row.offset_ms,
            measured_ms=row.measured_ms,
            latest=None if note is Reason.LATE else kiosk.latest_at,
            oldest=timedelta(hours=policy.kiosk_offline_hours),
        )
        reason = None if unsure is None else Reason(unsure.value)
    if reason is not None:
        refuse(session, kiosk, row, reason)
        return
    student = session.get(User, row.user_id) if row.user_id is not None else None
    if student is None:
        refuse(session, kiosk, row, Reason.UNKNOWN)
        return
    kiosk.latest_at = max(row.punched_at, kiosk.latest_at or row.punched_at)
    subject = Subject(student.id, student.email, student.full_name, student.role)
    # What the clocks differ by may put the punch a moment ahead of the server's.
    moment = KioskMoment(min(row.punched_at, row.received_at), kiosk.name)
    try:
        with session.begin_nested():
            act = attendance.clock_in if row.kind == "in" else attendance.clock_out
            entry = act(session, subject, zone, at=moment)
    except (Problem, DBAPIError) as error:
        problem = problem_of(error)
        # What came only of two at once is no refusal: the tablet sends the punch again.
        passing = isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError)
        if problem is None or problem.status >= 500 or passing:
            raise
        refuse(session, kiosk, row, Reason.RULE, problem.detail)
        return
    row.state, row.attendance_id = "recorded", entry.id
    if note is None and entry.state is AttendanceState.NEEDS_CORRECTION:
        note = Reason.FORGOTTEN
    if note is None and row.kind == "in" and _lacks_class(session, entry.enrollment_id, moment.moment, zone):
        note = Reason.NO_CLASS
    if note is not None:
        row.reason, row.sentence, row.waits = note, SENTENCES[note], True
    session.flush()


def refuse(
    session: Session, kiosk: Kiosk, row: KioskPunch, reason: Reason, sentence: str | None = None
) -> None:
    """Keep a punch as one that counts nothing. The staff look at what no student saw, and at what is suspicious."""
    seen_at_once = abs(row.received_at - row.punched_at) <= SEEN_WITHIN
    row.state, row.reason, row.sentence = "refused", reason, sentence or SENTENCES[reason]
    row.waits = not seen_at_once or reason in SUSPICIOUS
    session.flush()
    history.record(
        session,
        None,
        Action.KIOSK_PUNCH_REFUSED,
        row.id,
        student_id=row.user_id,
        kiosk=kiosk.name,
        kind=row.kind,
        punched_at=row.punched_at,
        received_at=row.received_at,
        why=row.sentence,
    )


def _lacks_class(session: Session, enrollment_id: int, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether only scheduled hours count, and nothing says which of this enrollment's are."""
    if policies_in_force.of(session, moment, zone).outside_meetings == "counts_in_full":
        return False
    day = clock.local(moment, zone).date()
    return not classes.sits_in_class(session, enrollment_id, day, day)
