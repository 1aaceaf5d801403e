"""Punches that arrived, for the staff: looked at, dismissed, or turned into a request for a correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.compliance.attendance import enrolled, policy
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import CorrectionOut
from app.compliance.attendance.kiosk import queries
from app.compliance.attendance.kiosk.schemas import PunchLine, State
from app.compliance.attendance.schemas import CorrectionIn, EnrollmentChoice, HoursIn
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import Attendance, KioskPunch
from app.rules import hours
from app.web.listing import Listing
from app.web.paging import Paging

NO_PUNCH = "There is no such punch, or you don’t have access to it."


@dataclass(frozen=True, slots=True)
class PunchView:
    """A punch, with what a correction of it can be about: the student's records of that day, and their enrollments."""

    line: PunchLine
    records: Sequence[Attendance]
    enrollments: Sequence[EnrollmentChoice]
    may_decide: bool


def list_punches(
    session: Session,
    subject: Subject,
    paging: Paging,
    state: State = State.WAITING,
    kiosk_id: int | None = None,
) -> Listing[PunchLine]:
    """Punches of the students whose hours the person sees; those of nobody for who sees everybody's. Sorts: punched,
    received, student, kiosk."""
    policy.require_list(subject)
    return queries.listing(session, _visible(session, subject), paging, state, kiosk_id).map(
        lambda row: PunchLine(*row)
    )


def _visible(session: Session, subject: Subject) -> ColumnElement[bool]:
    visible = policy.visible(session, subject, KioskPunch.user_id)
    return queries.visible_punches(session, visible, everybody=policy.may_list_all(subject))


@views.opens(Part.ATTENDANCE, student=lambda found, _given: found.line.punch.user_id)
def read(session: Session, subject: Subject, punch_id: int, zone: ZoneInfo) -> PunchView:
    """One punch and what can be done with it. Raises NotFound."""
    row = _readable(session, subject, punch_id)
    line = PunchLine(*queries.shown(session, punch_id))
    records: Sequence[Attendance] = ()
    choices: Sequence[EnrollmentChoice] = ()
    if row.user_id is not None:
        day = clock.local(row.punched_at, zone).date()
        start, end = hours.day_bounds(day, day, zone)
        records = queries.records_near(session, row.user_id, start, end)
        choices = enrolled.enrollments_of(session, row.user_id)
    return PunchView(line, records, choices, row.decided_at is None and _may_decide(subject, row))


def of_record(session: Session, subject: Subject, record_id: int, user_id: int) -> Sequence[Any]:
    """The punches that made an attendance record, each with the name of its kiosk. Raises NotFound."""
    policy.require_read(session, subject, user_id)
    return queries.of_record(session, record_id)


def dismiss(session: Session, subject: Subject, punch_id: int, note: str) -> None:
    """A punch is not counted; it is kept, with the reason. Raises NotFound, Forbidden, and Conflict for one that
    is decided."""
    row = _to_decide(session, subject, punch_id)
    _decide(session, subject, row, "dismissed")
    row.note = note
    session.flush()
    line = PunchLine(*queries.shown(session, punch_id))
    history.record(
        session,
        subject,
        Action.KIOSK_PUNCH_DISMISSED,
        row.id,
        student_id=row.user_id,
        reason=note,
        kiosk=line.kiosk,
        kind=row.kind,
        punched_at=row.punched_at,
        received_at=row.received_at,
        why=row.sentence or "",
    )


def request_correction(
    session: Session,
    subject: Subject,
    punch_id: int,
    values: CorrectionIn | HoursIn,
    zone: ZoneInfo,
    record_id: int | None = None,
) -> CorrectionOut:
    """Ask for the hours that a punch is about: other times of a record, or hours that no record has. Somebody else
    decides, as of every correction.

    Raises NotFound, Forbidden, Conflict for a punch that is decided, and whatever the request itself is refused for.
    """
    row = _to_decide(session, subject, punch_id)
    if row.user_id is None:
        raise Conflict(
            "Nobody knows whose punch this is. Enter the student’s hours under Attendance, and dismiss it."
        )
    if isinstance(values, HoursIn):
        chosen = enrolled.enrollment(session, values.enrollment_id)
        if chosen is None or chosen.user_id != row.user_id:
            raise _wrong("enrollment_id", "Choose one of this student’s programs.")
        made = corrections.request_hours(session, subject, values, zone)
    else:
        near = (row.punched_at - timedelta(days=2), row.punched_at + timedelta(days=2))
        if record_id not in {one.id for one in queries.records_near(session, row.user_id, *near)}:
            raise _wrong("record_id", "Choose one of this student’s records of these days.")
        made = corrections.request_change(session, subject, record_id or 0, values, zone)
    _decide(session, subject, row, "requested")
    row.correction_id = made.id
    session.flush()
    return made


# Helpers


def _readable(session: Session, subject: Subject, punch_id: int, *, lock: bool = False) -> KioskPunch:
    row = queries.lock_punch(session, punch_id) if lock else queries.find_punch(session, punch_id)
    if row is None:
        raise NotFound(NO_PUNCH)
    seen = (
        policy.may_list_all(subject)
        if row.user_id is None
        else policy.may_list(subject) and policy.may_read(session, subject, row.user_id)
    )
    if not seen:
        raise NotFound(NO_PUNCH)
    return row


def _may_decide(subject: Subject, row: KioskPunch) -> bool:
    return (row.waits or row.state == "refused") and policy.may_correct(subject, row.user_id)


def _to_decide(session: Session, subject: Subject, punch_id: int) -> KioskPunch:
    row = _readable(session, subject, punch_id, lock=True)
    policy.require_correct(subject, row.user_id)
    if row.decided_at is not None:
        raise Conflict("Somebody has decided this already. Nothing was changed.")
    if row.state == "held":
        raise Conflict("This punch still waits for earlier ones of its kiosk. Nothing was changed.")
    if row.state == "recorded" and not row.waits:
        raise Conflict("This punch is recorded. If the record is wrong, request a correction of the record.")
    return row


def _decide(session: Session, subject: Subject, row: KioskPunch, outcome: str) -> None:
    row.outcome, row.decided_by, row.decided_at = outcome, subject.user_id, clock.now()
    session.flush()


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
