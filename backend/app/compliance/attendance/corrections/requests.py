"""Asking for a correction: of a record, for hours that no record has, for hours from another school."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import checks, enrolled, policy
from app.compliance.attendance import queries as records
from app.compliance.attendance.corrections import queries
from app.compliance.attendance.corrections.schemas import CorrectionOut, TransferIn, from_row
from app.compliance.attendance.schemas import CorrectionIn, EnrollmentChoice, HoursIn
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import Actor, Subject
from app.db.models import AttendanceCorrection, Enrollment
from app.rules import hours
from app.web import formats, scans

ROOM = "compliance.attendance_corrections"
Evidence = tuple[FileStore, bytes]
"""The store, and what was uploaded."""


def enrollment_choices(
    session: Session, subject: Subject, user_id: int | None = None
) -> list[EnrollmentChoice]:
    """What hours can be asked for: a student's enrollments (their own, for a student), or the active ones of everybody.

    Raises NotFound for a person without enrollments.
    """
    if subject.is_student:
        return enrolled.enrollments_of(session, subject.user_id)
    policy.require_correct(subject)
    if user_id is None:
        return enrolled.active_enrollments(session, policy.visible(session, subject, Enrollment.user_id))
    found = enrolled.enrollments_of(session, user_id) if policy.may_read(session, subject, user_id) else []
    if not found:
        raise NotFound("There is no such student, or none with an enrollment that hours could count for.")
    return found


def request_change(
    session: Session,
    subject: Subject,
    record_id: int,
    values: CorrectionIn,
    zone: ZoneInfo,
    evidence: Evidence | None = None,
) -> CorrectionOut:
    """Ask for other times of a record; it stays as it is until somebody else decides. Equal times mean no hours.

    Raises NotFound, Invalid, Conflict for an overlap and while another request for the record waits.
    """
    entry = records.find(session, record_id)
    if entry is None:
        raise NotFound(policy.NO_RECORD)
    policy.require_ask(session, subject, entry.user_id, policy.NO_RECORD)
    # The enrollment before the record, as whoever ends it does: in the other order they could wait for each other.
    chosen = enrolled.enrollment(session, entry.enrollment_id, alone=True)
    entry = records.find(session, record_id, lock=True)
    if chosen is None or entry is None:
        raise NotFound(policy.NO_RECORD)
    if (entry.clock_in, entry.clock_out) == (
        values.clock_in,
        values.clock_out,
    ) and not entry.missing_clock_out:
        raise checks.wrong("clock_out", "These are the times of the record already.")
    was = hours.TimeEntry(entry.clock_in, entry.clock_out or entry.clock_in)
    require_possible(
        session, chosen, values.clock_in, values.clock_out, zone, instead_of=was, record_id=record_id
    )
    return _ask(
        session,
        subject,
        AttendanceCorrection(
            user_id=entry.user_id,
            enrollment_id=entry.enrollment_id,
            attendance_id=entry.id,
            kind="change",
            old_clock_in=entry.clock_in,
            old_clock_out=entry.clock_out,
            old_missing=entry.missing_clock_out,
            clock_in=values.clock_in,
            clock_out=values.clock_out,
            reason=values.reason,
        ),
        evidence,
    )


def request_hours(
    session: Session,
    subject: Subject,
    values: HoursIn,
    zone: ZoneInfo,
    evidence: Evidence | None = None,
    kind: Literal["add", "make_up"] = "add",
) -> CorrectionOut:
    """Ask for hours that no record has: missed by the clock, or made up.

    Raises NotFound, Invalid, Conflict for an overlap with a record or with hours that another request asks for.
    """
    missing = "There is no such enrollment. Choose one from the list."
    # Locked, so that the end of the enrollment and other hours of the same day come either before or after.
    chosen = enrolled.enrollment(session, values.enrollment_id, alone=True)
    if chosen is None:
        raise NotFound(missing)
    policy.require_ask(session, subject, chosen.user_id, missing)
    require_possible(session, chosen, values.clock_in, values.clock_out, zone)
    if values.clock_in == values.clock_out:
        raise checks.wrong("clock_out", "The clock-out is the same as the clock-in, so there are no hours.")
    waiting = queries.asked_for(session, chosen.user_id, values.clock_in, values.clock_out)
    if waiting is not None:
        raise Conflict(
            "Another request for hours at this time is waiting for a decision: "
            f"{formats.local_time(waiting.clock_in, zone)} to {formats.local_time(waiting.clock_out, zone)}. "
            "Nothing was saved."
        )
    return _ask(
        session,
        subject,
        AttendanceCorrection(
            user_id=chosen.user_id,
            enrollment_id=chosen.id,
            kind=kind,
            clock_in=values.clock_in,
            clock_out=values.clock_out,
            reason=values.reason,
        ),
        evidence,
    )


def request_transfer(
    session: Session, subject: Subject, values: TransferIn, evidence: Evidence | None = None
) -> CorrectionOut:
    """Ask for hours from another school to count; they are no attendance. The staff ask, with the document.

    Raises NotFound, Forbidden, Invalid for no hours, for more than the program requires, for taking back more than
    was transferred, and without a document.
    """
    policy.require_correct(subject)
    missing = "There is no such enrollment. Choose one from the list."
    chosen = enrolled.enrollment(session, values.enrollment_id, alone=True)
    if chosen is None:
        raise NotFound(missing)
    policy.require_correct_for(session, subject, chosen.user_id, missing)
    minutes = int(values.hours * Decimal(60))
    require_transferable(session, chosen, minutes)
    if evidence is None:
        raise checks.wrong(
            "file", "Choose the document that shows these hours, such as the other school’s transcript."
        )
    return _ask(
        session,
        subject,
        AttendanceCorrection(
            user_id=chosen.user_id,
            enrollment_id=chosen.id,
            kind="transfer",
            minutes=minutes,
            origin=values.origin,
            reason=values.reason,
        ),
        evidence,
    )


def require_possible(
    session: Session,
    chosen: EnrollmentChoice,
    clock_in: datetime,
    clock_out: datetime,
    zone: ZoneInfo,
    *,
    instead_of: hours.TimeEntry | None = None,
    record_id: int | None = None,
) -> None:
    """Raise Invalid or Conflict for times that no record of the enrollment can have."""
    checks.require_believable(session, clock_in, clock_out, zone)
    checks.require_within_day(session, chosen.user_id, clock_in, clock_out, zone, instead_of=instead_of)
    if clock_in == clock_out:
        # Taking hours away is always possible: that is how those outside the enrollment are put right.
        return
    checks.require_countable(session, chosen, clock_in, clock_out, zone)
    other = queries.overlapping(session, chosen.user_id, clock_in, clock_out, record_id)
    if other is not None:
        until = (
            f" to {formats.local_time(other.clock_out, zone)}" if other.clock_out else ", still clocked in"
        )
        raise Conflict(
            "These hours overlap another attendance record of the same student: "
            f"{formats.local_time(other.clock_in, zone)}{until}. Nothing was saved."
        )


def require_transferable(session: Session, chosen: EnrollmentChoice, minutes: int) -> None:
    """Raise Invalid for transferred hours that no enrollment can have."""
    if minutes == 0:
        raise checks.wrong("hours", "Enter how many hours are transferred.")
    there = queries.transferred(session, [chosen.id]).get(chosen.id, 0)
    if there + minutes < 0:
        raise checks.wrong(
            "hours", f"Only {formats.duration_minutes(there)} were transferred, so no more can be removed."
        )
    if chosen.clock_hours is not None and there + minutes > chosen.clock_hours * 60:
        raise checks.wrong(
            "hours",
            f"With {formats.duration_minutes(there)} transferred before, this is more than the "
            f"{chosen.clock_hours:,} hours that the program requires.",
        )


def _ask(
    session: Session, subject: Actor, row: AttendanceCorrection, evidence: Evidence | None
) -> CorrectionOut:
    row.asked_by = subject.user_id
    if evidence is not None:
        store, content = evidence
        stored, media_type = scans.take_in(store, content, "file")
        row.evidence_sha256, row.evidence_type, row.evidence_bytes = stored.sha256, media_type, stored.size
    queries.add(session, row)
    if evidence is not None:
        # What hours rest on stays as long as they do.
        claims.claim(
            session, stored, room=ROOM, row=row.id, retention=Retention.PERMANENT, media_type=media_type
        )
    record(session, subject, Action.ATTENDANCE_CORRECTION_REQUESTED, row, row.reason)
    return from_row(queries.shown(session, row.id))


def record(
    session: Session, subject: Actor, action: Action, row: AttendanceCorrection, reason: str | None
) -> None:
    """Write what happened to a request into the history, with the times before and asked for."""
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        kind=row.kind,
        record_id=row.attendance_id,
        before=None if row.old_clock_in is None else [row.old_clock_in, row.old_clock_out],
        asked=None if row.clock_in is None else [row.clock_in, row.clock_out],
        minutes=row.minutes,
    )
