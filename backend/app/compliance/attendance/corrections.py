"""What the staff put right: hours the clock missed, and records that are wrong."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import policies_in_force, policy, queries
from app.compliance.attendance.records import get
from app.compliance.attendance.schemas import (
    AttendanceOut,
    CorrectionIn,
    EnrollmentChoice,
    HoursIn,
)
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject, internal
from app.db.models import Attendance, Enrollment
from app.rules import hours
from app.rules.enrollment import may_count_hours
from app.web import formats
from app.web.field_types import EARLIEST_DAY


def enrollment_choices(
    session: Session, subject: Subject, user_id: int | None = None
) -> list[EnrollmentChoice]:
    """What hours can be entered for: a student's enrollments, or the active ones of every student.

    Raises NotFound for a person without enrollments.
    """
    policy.require_correct(subject)
    if user_id is None:
        return queries.active_enrollments(session, policy.visible(session, subject, Enrollment.user_id))
    found = queries.enrollments_of(session, user_id) if policy.may_read(session, subject, user_id) else []
    if not found:
        raise NotFound("There is no such student, or none with an enrollment that hours could count for.")
    return found


def enter(session: Session, subject: Subject, values: HoursIn, zone: ZoneInfo) -> AttendanceOut:
    """Record a time entry that the clock missed, with the reason. Raises Invalid, NotFound, Conflict for an overlap."""
    policy.require_correct(subject)
    # Locked, so that the end of the enrollment and other hours of the same day come either before or after.
    chosen = queries.enrollment(session, values.enrollment_id, alone=True)
    missing = "There is no such enrollment. Choose one from the list."
    if chosen is None:
        raise NotFound(missing)
    policy.require_correct_for(session, subject, chosen.user_id, missing)
    _require_believable(session, values.clock_in, values.clock_out, zone)
    _require_within_day(session, chosen.user_id, values.clock_in, values.clock_out, zone)
    _require_countable(chosen, values.clock_in, values.clock_out, zone)
    entry = Attendance(
        user_id=chosen.user_id,
        enrollment_id=chosen.id,
        clock_in=values.clock_in,
        clock_out=values.clock_out,
        notes=_note("Entered", subject, values.reason, zone),
    )
    session.add(entry)
    session.flush()
    session.refresh(entry)
    history.record(
        session,
        subject,
        Action.ATTENDANCE_ENTERED,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        reason=values.reason,
        after=_times(entry),
    )
    return get(session, subject, entry.id, zone)


def correct(
    session: Session, subject: Subject, record_id: int, values: CorrectionIn, zone: ZoneInfo
) -> AttendanceOut:
    """Put a record's times right; the old ones stay in the audit trail, the reason also in the notes.

    Equal times mean that there were no hours. Raises NotFound, Invalid, Conflict for an overlap.
    """
    policy.require_correct(subject)
    entry = queries.find(session, record_id)
    if entry is None:
        raise NotFound(policy.NO_RECORD)
    policy.require_correct_for(session, subject, entry.user_id, policy.NO_RECORD)
    # The enrollment before the record, as whoever ends it does: in the other order they could wait for each other.
    chosen = queries.enrollment(session, entry.enrollment_id, alone=True)
    entry = queries.find(session, record_id, lock=True)
    if chosen is None or entry is None:
        raise NotFound(policy.NO_RECORD)
    _require_believable(session, values.clock_in, values.clock_out, zone)
    was = hours.TimeEntry(entry.clock_in, entry.clock_out or entry.clock_in)
    _require_within_day(session, entry.user_id, values.clock_in, values.clock_out, zone, instead_of=was)
    # Taking hours away is always possible: that is how those outside the enrollment are put right.
    if values.clock_in != values.clock_out:
        _require_countable(chosen, values.clock_in, values.clock_out, zone)
    before = _times(entry)
    entry.clock_in, entry.clock_out, entry.missing_clock_out = values.clock_in, values.clock_out, False
    note = _note("Corrected", subject, values.reason, zone)
    entry.notes = f"{entry.notes}\n{note}" if entry.notes else note
    session.flush()
    session.refresh(entry)
    history.record(
        session,
        subject,
        Action.ATTENDANCE_CORRECTED,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        reason=values.reason,
        before=before,
        after=_times(entry),
    )
    return get(session, subject, entry.id, zone)


@internal("reads what was typed")
def instant(present: datetime, field: str, zone: ZoneInfo, *, second: bool) -> datetime:
    """What a typed wall-clock time means. Raises Invalid at `field` for one that clocks skipped that day."""
    if not EARLIEST_DAY.year <= present.year <= clock.now().year + 1:
        raise _wrong(field, f"Enter a date between {EARLIEST_DAY.year} and today.")
    found = hours.read_wall_clock(present, zone, second=second).instant
    if found is None:
        raise _wrong(field, "This time does not exist: the clocks went forward over it that day.")
    return found


def _require_within_day(
    session: Session,
    user_id: int,
    clock_in: datetime,
    clock_out: datetime,
    zone: ZoneInfo,
    instead_of: hours.TimeEntry | None = None,
) -> None:
    """Raise Invalid for more minutes in a day than the policy of that day lets the staff enter."""
    entered = hours.minutes_by_day(hours.TimeEntry(clock_in, clock_out), zone)
    for day, minutes in entered.items():
        start, end = hours.day_bounds(day, day, zone)
        most = policies_in_force.of(session, start, zone).daily_maximum_minutes
        if most >= hours.minutes_between(start, end):
            continue
        others = [entry for _, entry in queries.closed_entries(session, user_id, start, end)]
        there = hours.totals_by_day(others, zone).get(day, 0)
        if instead_of is not None:
            there -= hours.minutes_by_day(instead_of, zone).get(day, 0)
        if there + minutes > most:
            raise _wrong(
                "clock_out",
                f"{formats.day(day, zone)} would have {formats.duration_minutes(there + minutes)}; "
                f"the attendance policy allows {formats.duration_minutes(most)} a day.",
            )


def _require_believable(session: Session, clock_in: datetime, clock_out: datetime, zone: ZoneInfo) -> None:
    now = clock.now()
    if clock_in.year < EARLIEST_DAY.year:
        raise _wrong("clock_in", f"Enter a date between {EARLIEST_DAY.year} and today.")
    if clock_in > now:
        raise _wrong("clock_in", "The clock-in is in the future.")
    if clock_out > now:
        raise _wrong(
            "clock_out", f"The clock-out is in the future; it is {formats.local_time(now, zone)} now."
        )
    if clock_out < clock_in:
        raise _wrong("clock_out", "The clock-out is before the clock-in.")
    longest = policies_in_force.longest_entry(policies_in_force.of(session, clock_in, zone, use=True))
    if clock_out - clock_in > longest:
        whole, rest = divmod(longest, timedelta(hours=1))
        most = formats.duration_minutes(longest // timedelta(minutes=1)) if rest else f"{whole} hours"
        raise _wrong("clock_out", f"A time entry lasts {most} at most. Check both dates.")


def _require_countable(
    chosen: EnrollmentChoice, clock_in: datetime, clock_out: datetime, zone: ZoneInfo
) -> None:
    """Raises Conflict for the hours of a deleted student, Invalid for hours outside the enrollment."""
    if chosen.deleted:
        raise Conflict(
            f"The account of {chosen.full_name} is deleted, so no hours are added to it. Restore the account first."
        )
    decision = may_count_hours(
        clock_in,
        clock_out,
        status=chosen.status,
        begins=chosen.enrolled_at,
        ended_on=chosen.ended_on(zone),
        zone=zone,
    )
    if not decision.allowed:
        before = clock_in.astimezone(zone).date() < chosen.enrolled_at
        raise _wrong("clock_in" if before else "clock_out", decision.reason)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])


def _note(what: str, subject: Subject, reason: str, zone: ZoneInfo) -> str:
    return f"{what} {formats.local_time(clock.now(), zone)} by {subject.full_name}: {reason}"


def _times(entry: Attendance) -> dict[str, Any]:
    return {
        "clock_in": entry.clock_in,
        "clock_out": entry.clock_out,
        "total_minutes": entry.total_minutes,
    }
