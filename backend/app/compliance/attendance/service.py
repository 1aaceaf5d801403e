"""The clock and the hours it counts: clock in, clock out, look, add up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import enrolled, outside, policies_in_force, policy, queries
from app.compliance.attendance import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.attendance import requirement as _requirement  # noqa: F401 - graduation asks about hours
from app.compliance.attendance import withdrawn as _withdrawn  # noqa: F401 - withdrawals ask for the hours that count
from app.compliance.attendance.absences.service import send_decision as send_absence_decision
from app.compliance.attendance.checks import instant, leave_during
from app.compliance.attendance.clocked_in import clocked_in
from app.compliance.attendance.corrections.service import send_decision
from app.compliance.attendance.presentation import present
from app.compliance.attendance.records import (
    clock_hours_between,
    count_records,
    enrollments_of,
    entries_of,
    get,
    hours_per_student,
    list_records,
    minutes_by_day,
    minutes_of,
    minutes_through,
    open_in,
    recent_records,
    school_weeks,
    totals,
    totals_of,
    transferred_of,
    weeks_chart,
    who_is_here,
)
from app.compliance.attendance.schemas import (
    CLOCK,
    KIOSK,
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentChoice,
    EnrollmentHours,
    KioskMoment,
    Totals,
    WeekTotal,
)
from app.compliance.attendance.standings.service import count_at_risk
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import Attendance
from app.enrollment import service as enrollment
from app.rules import hours
from app.web import formats

__all__ = [
    "AttendanceFilter",
    "AttendanceOut",
    "AttendanceState",
    "ClockState",
    "EnrollmentHours",
    "Totals",
    "WeekTotal",
    "clock_hours_between",
    "clock_in",
    "clock_out",
    "clock_state",
    "count_at_risk",
    "count_records",
    "enrollments_of",
    "entries_of",
    "get",
    "hours_per_student",
    "instant",
    "list_records",
    "minutes_by_day",
    "minutes_of",
    "minutes_through",
    "open_in",
    "recent_records",
    "school_weeks",
    "send_absence_decision",
    "send_decision",
    "totals",
    "totals_of",
    "transferred_of",
    "weeks_chart",
    "who_is_here",
]


enrollment.register_objection("attendance: clocked in", clocked_in, among=queries.with_open)


# The student's clock


@dataclass(frozen=True, slots=True)
class ClockState:
    """A student's clock: the time entry that runs or was forgotten, what the student can clock in for, and the records
    that wait for the staff because nobody knows their end, newest first."""

    entry: AttendanceOut | None
    choices: list[EnrollmentChoice]
    forgotten: list[AttendanceOut]

    @property
    def running(self) -> bool:
        return self.entry is not None and self.entry.state is AttendanceState.OPEN


def clock_state(session: Session, subject: Subject, zone: ZoneInfo) -> ClockState:
    """The student's own clock: two queries, however much they have done."""
    choices = enrolled.enrollments_of(session, subject.user_id)
    rows = queries.unfinished(session, subject.user_id)
    if not rows:
        return ClockState(None, choices, [])
    programs = {item.id: item.program_name for item in choices}
    forgotten = policies_in_force.forgotten_before(session, zone)
    seen = [present(row, subject.full_name, programs[row.enrollment_id], zone, forgotten) for row in rows]
    return ClockState(
        next((entry for entry, row in zip(seen, rows, strict=True) if row.clock_out is None), None),
        choices,
        [entry for entry in seen if entry.state is AttendanceState.NEEDS_CORRECTION],
    )


def clock_in(
    session: Session,
    subject: Subject,
    zone: ZoneInfo,
    enrollment_id: int | None = None,
    *,
    at: KioskMoment | None = None,
) -> AttendanceOut:
    """Begin a time entry now, for the active enrollment; `enrollment_id` chooses when there are several.

    `at` is the moment of a punch at a kiosk, which may have arrived later; of several enrollments it counts for the
    one whose class meets then.

    Two requests at once make one record: the database lets one in, the other is refused. A time entry forgotten on an
    earlier day is closed with no length first and waits for its correction.
    Raises Conflict when the student is clocked in already or has no active enrollment, Invalid when they must choose,
    NotFound for an enrollment that is not theirs.
    """
    policy.require_clock(subject)
    if at is not None and enrollment_id is None:
        enrollment_id = enrolled.meeting_at(session, subject.user_id, at.moment, zone)
    chosen = _enrollment_for(session, subject, enrollment_id)
    now = clock.now() if at is None else at.moment
    _require_not_on_leave(session, chosen, now, zone)
    earlier = queries.open_record(session, subject.user_id, lock=True)
    if earlier is not None:
        if not _was_forgotten(session, earlier, now, zone):
            raise _already_in(earlier.clock_in, zone)
        _close_forgotten(session, subject, earlier)
    source = CLOCK if at is None else KIOSK
    entry = queries.insert_open(session, subject.user_id, chosen.id, now, source)
    if entry is None:
        other = queries.open_record(session, subject.user_id)
        if other is not None:
            raise _already_in(other.clock_in, zone)
        covering = queries.covering(session, subject.user_id, now)
        until = f" until {formats.local_time(covering.clock_out, zone)}" if covering else ""
        raise Conflict(f"Your hours are already recorded{until}. Ask the staff if that is wrong.")
    history.record(
        session,
        subject,
        Action.ATTENDANCE_CLOCKED_IN,
        entry.id,
        student_id=subject.user_id,
        enrollment_id=chosen.id,
        occurred_at=now,
        clock_in=now,
        **_captured(at),
    )
    return present(
        entry, subject.full_name, chosen.program_name, zone, policies_in_force.forgotten_before(session, zone)
    )


def clock_out(
    session: Session, subject: Subject, zone: ZoneInfo, *, at: KioskMoment | None = None
) -> AttendanceOut:
    """End the open time entry now, or at the moment of a punch at a kiosk. Raises Conflict when there is none, and for
    one that began later than the punch.

    A time entry open for longer than any can be was forgotten, and so was one that reaches into a leave of absence: it
    is closed with no length and waits for the staff, because nobody knows when it ended.
    """
    policy.require_clock(subject)
    entry = queries.open_record(session, subject.user_id, lock=True)
    if entry is None:
        raise Conflict("You are not clocked in. Clock in first.")
    now = clock.now() if at is None else at.moment
    if now < entry.clock_in:
        raise Conflict(
            f"You have been clocked in since {formats.local_time(entry.clock_in, zone)}, which is after this clock-out."
        )
    on_leave = leave_during(session, entry.enrollment_id, entry.clock_in, now, zone) is not None
    if on_leave or _was_forgotten(session, entry, now, zone):
        _close_forgotten(session, subject, entry)
    else:
        _close(session, subject, entry, now, zone, at)
    return get(session, subject, entry.id, zone)


def _enrollment_for(session: Session, subject: Subject, enrollment_id: int | None) -> EnrollmentChoice:
    if enrollment_id is None:
        active = [
            item for item in enrolled.enrollments_of(session, subject.user_id) if item.status == "active"
        ]
        if not active:
            raise Conflict("You have no active enrollment to clock in for. Contact the school office.")
        if len(active) > 1:
            sentence = "You are enrolled in several programs. Choose the one these hours count for."
            raise Invalid(sentence, errors=[FieldError("enrollment_id", sentence)])
        enrollment_id = active[0].id
    # Locked, so that a withdrawal or a deletion at this moment comes either before or after.
    chosen = enrolled.enrollment(session, enrollment_id, lock=True)
    if chosen is None or chosen.user_id != subject.user_id or chosen.deleted:
        raise NotFound("You have no such enrollment.")
    if chosen.status != "active":
        raise Conflict(
            f"Your enrollment in {chosen.program_name} is {chosen.status}; hours no longer count toward it."
        )
    return chosen


def _require_not_on_leave(session: Session, chosen: EnrollmentChoice, now: datetime, zone: ZoneInfo) -> None:
    away = leave_during(session, chosen.id, now, now, zone)
    if away is not None:
        raise Conflict(
            f"You are on a leave of absence from {chosen.program_name} until your return on "
            f"{formats.day(away[1].ends_on, zone)}, so no hours are recorded. If you are back earlier, ask the "
            "office to record your return first."
        )


def _was_forgotten(session: Session, entry: Attendance, now: datetime, zone: ZoneInfo) -> bool:
    """By the policy of the day on which the entry began; what follows is written down, so the policy stays."""
    policy_then = policies_in_force.of(session, entry.clock_in, zone, use=True)
    return hours.was_forgotten(entry.clock_in, now, policies_in_force.longest_entry(policy_then))


def _already_in(since: datetime, zone: ZoneInfo) -> Conflict:
    return Conflict(f"You have been clocked in since {formats.local_time(since, zone)}. Clock out first.")


def _captured(at: KioskMoment | None) -> dict[str, Any]:
    """What the history says of how it was captured, where that was not the student's own page."""
    return {} if at is None else {"kiosk": at.kiosk}


def _close(
    session: Session,
    subject: Subject,
    entry: Attendance,
    now: datetime,
    zone: ZoneInfo,
    at: KioskMoment | None,
) -> None:
    """End the open entry now; what counts of it outside class meetings the policy says."""
    further = outside.trim(entry, now, outside.counted_parts(session, entry, now, zone))
    session.flush()
    session.add_all(further)
    session.flush()
    for one in (entry, *further):
        session.refresh(one)
        history.record(
            session,
            subject,
            Action.ATTENDANCE_CLOCKED_OUT,
            one.id,
            student_id=subject.user_id,
            enrollment_id=one.enrollment_id,
            occurred_at=one.clock_out,
            clock_out=one.clock_out,
            total_minutes=one.total_minutes or 0,
            **_captured(at),
        )


def _close_forgotten(session: Session, subject: Subject, entry: Attendance) -> None:
    entry.clock_out = entry.clock_in
    entry.missing_clock_out = True
    session.flush()
    session.refresh(entry)
    history.record(
        session,
        subject,
        Action.ATTENDANCE_CLOCK_OUT_MISSING,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        clock_in=entry.clock_in,
    )
