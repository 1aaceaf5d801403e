"""The clock and the hours it counts: clock in, clock out, look, enter, correct, add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import policy, queries
from app.compliance.attendance.schemas import (
    EARLIEST,
    AttendanceOut,
    EnrollmentChoice,
    EnrollmentHours,
    StayCorrection,
    StayEntry,
    StayFilter,
    StayState,
    StudentHours,
    Totals,
    WeekTotal,
)
from app.core import audit, clock
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import Attendance
from app.rules import hours
from app.web import formats
from app.web.paging import Page, Paging

WEEKS_SHOWN = 12


# The student's clock


@dataclass(frozen=True, slots=True)
class ClockState:
    """What a student's clock shows: the stay that runs or was forgotten, and what she can clock in for."""

    stay: AttendanceOut | None
    choices: list[EnrollmentChoice]

    @property
    def running(self) -> bool:
        return self.stay is not None and self.stay.state is StayState.OPEN


def clock_state(session: Session, subject: Subject, zone: ZoneInfo) -> ClockState:
    """The student's own clock: two queries, whatever she has done so far."""
    choices = queries.enrollments_of(session, subject.user_id)
    stay = queries.open_stay(session, subject.user_id)
    shown = None
    if stay is not None:
        program = next(item.program_name for item in choices if item.id == stay.enrollment_id)
        shown = _shown(stay, subject.full_name, program, zone, clock.now())
    return ClockState(shown, choices)


def clock_in(
    session: Session, subject: Subject, zone: ZoneInfo, enrollment_id: int | None = None
) -> AttendanceOut:
    """Begin a stay now, for the active enrollment; `enrollment_id` chooses when there are several.

    Two requests at once make one record: the database lets one in and the other is told. A stay forgotten on an
    earlier day is closed with no length first and waits for its correction.
    Raises Conflict when she is clocked in already or has no active enrollment, Invalid when she must choose,
    NotFound for an enrollment that is not hers.
    """
    policy.require_clock(subject)
    chosen = _enrollment_for(session, subject, enrollment_id)
    now = clock.now()
    earlier = queries.open_stay(session, subject.user_id, lock=True)
    if earlier is not None:
        if not hours.was_forgotten(earlier.clock_in, now):
            raise _already_in(earlier.clock_in, zone)
        _close_forgotten(session, subject, earlier)
    stay = queries.insert_open(session, subject.user_id, chosen.id, now)
    if stay is None:
        other = queries.open_stay(session, subject.user_id)
        if other is not None:
            raise _already_in(other.clock_in, zone)
        covering = queries.covering(session, subject.user_id, now)
        until = f" until {formats.local_time(covering.clock_out, zone)}" if covering else ""
        raise Conflict(f"Your hours are recorded already{until}. Ask the staff if that is wrong.")
    audit.record(
        session,
        subject,
        "attendance.clocked_in",
        "attendance",
        stay.id,
        user_id=subject.user_id,
        enrollment_id=chosen.id,
        clock_in=now.isoformat(),
    )
    return _shown(stay, subject.full_name, chosen.program_name, zone, now)


def clock_out(session: Session, subject: Subject, zone: ZoneInfo) -> AttendanceOut:
    """End the open stay now. Raises Conflict when there is none.

    A stay open for longer than any stay can be was forgotten: it is closed with no length and waits for the staff,
    because nobody knows when it ended.
    """
    policy.require_clock(subject)
    stay = queries.open_stay(session, subject.user_id, lock=True)
    if stay is None:
        raise Conflict("You are not clocked in, so there is nothing to end. Clock in first.")
    now = clock.now()
    if hours.was_forgotten(stay.clock_in, now):
        _close_forgotten(session, subject, stay)
    else:
        stay.clock_out = max(now, stay.clock_in)
        session.flush()
        session.refresh(stay)
        audit.record(
            session,
            subject,
            "attendance.clocked_out",
            "attendance",
            stay.id,
            user_id=subject.user_id,
            enrollment_id=stay.enrollment_id,
            clock_out=stay.clock_out.isoformat(),
            total_minutes=stay.total_minutes,
        )
    return get(session, subject, stay.id, zone)


def _enrollment_for(session: Session, subject: Subject, enrollment_id: int | None) -> EnrollmentChoice:
    if enrollment_id is None:
        active = [
            item for item in queries.enrollments_of(session, subject.user_id) if item.status == "active"
        ]
        if not active:
            raise Conflict("You have no active enrollment to clock in for. Ask the school's office.")
        if len(active) > 1:
            sentence = "You are enrolled in several programs. Choose the one these hours count for."
            raise Invalid(sentence, errors=[FieldError("enrollment_id", sentence)])
        enrollment_id = active[0].id
    # Locked, so that a withdrawal at this moment comes either before or after.
    chosen = queries.enrollment(session, enrollment_id, lock=True)
    if chosen is None or chosen.user_id != subject.user_id:
        raise NotFound("There is no such enrollment of yours.")
    if chosen.status != "active":
        raise Conflict(
            f"Your enrollment in {chosen.program_name} is {chosen.status}; hours no longer count for it."
        )
    return chosen


def _already_in(since: datetime, zone: ZoneInfo) -> Conflict:
    return Conflict(f"You have been clocked in since {formats.local_time(since, zone)}. Clock out first.")


def _close_forgotten(session: Session, subject: Subject, stay: Attendance) -> None:
    stay.clock_out = stay.clock_in
    stay.missing_clock_out = True
    session.flush()
    session.refresh(stay)
    audit.record(
        session,
        subject,
        "attendance.clock_out_missing",
        "attendance",
        stay.id,
        user_id=stay.user_id,
        enrollment_id=stay.enrollment_id,
        clock_in=stay.clock_in.isoformat(),
    )


# Looking


def get(session: Session, subject: Subject, record_id: int, zone: ZoneInfo) -> AttendanceOut:
    """One record. Raises NotFound for an unknown one and for another student's."""
    row = queries.record(session, record_id)
    if row is None or not (subject.is_staff or row[0].user_id == subject.user_id):
        raise NotFound(policy.NO_RECORD)
    return _row(row, zone, clock.now())


def list_records(
    session: Session, subject: Subject, wanted: StayFilter, paging: Paging, zone: ZoneInfo
) -> Page[AttendanceOut]:
    """A page of records; for a student always of her own. Raises NotFound when she asks for another's."""
    wanted = _visible(subject, wanted)
    now = clock.now()
    return queries.records_page(session, wanted, paging, zone, now).map(lambda row: _row(row, zone, now))


def recent_records(
    session: Session, subject: Subject, wanted: StayFilter, zone: ZoneInfo, *, limit: int = 10
) -> list[AttendanceOut]:
    """The newest records the filter lets through."""
    now = clock.now()
    rows = queries.records(session, _visible(subject, wanted), zone, now, limit=limit)
    return [_row(row, zone, now) for row in rows]


def count_records(session: Session, subject: Subject, wanted: StayFilter, zone: ZoneInfo) -> int:
    """How many records the filter lets through."""
    return queries.count(session, _visible(subject, wanted), zone, clock.now())


def _visible(subject: Subject, wanted: StayFilter) -> StayFilter:
    if subject.is_staff:
        return wanted
    if wanted.user_id is not None:
        policy.require_view(subject, wanted.user_id)
    return wanted.only(subject.user_id)


def who_is_here(
    session: Session, subject: Subject, zone: ZoneInfo, *, limit: int = 200
) -> list[AttendanceOut]:
    """The students who are clocked in, latest first; forgotten stays are not among them."""
    return recent_records(session, subject, StayFilter(state=StayState.OPEN), zone, limit=limit)


# Adding up


def totals(
    session: Session, subject: Subject, user_id: int, zone: ZoneInfo, *, weeks: int = WEEKS_SHOWN
) -> Totals:
    """Minutes of a student in all, by enrollment with the projected date, and by week: three queries.

    Raises NotFound for another student and for a person without enrollments who is not the one asking.
    """
    policy.require_view(subject, user_id)
    enrollments = queries.enrollments_of(session, user_id)
    if not enrollments and user_id != subject.user_id:
        raise NotFound("This person has no enrollment, so there are no hours.")
    return totals_of(session, user_id, enrollments, zone, weeks=weeks)


def totals_of(
    session: Session,
    user_id: int,
    enrollments: Sequence[EnrollmentChoice],
    zone: ZoneInfo,
    *,
    weeks: int = WEEKS_SHOWN,
) -> Totals:
    """The same for enrollments that are known already: two queries."""
    today = clock.today(zone)
    first = hours.week_of(today) - timedelta(weeks=weeks - 1)
    done = queries.minutes_by_enrollment(session, user_id)
    start, end = hours.day_bounds(min(first, today - timedelta(days=hours.PACE_DAYS)), today, zone)
    stays = queries.closed_stays(session, user_id, start, end)
    return Totals(
        user_id=user_id,
        time_zone=zone.key,
        total_minutes=sum(done.values()),
        enrollments=[
            EnrollmentHours.of(
                item,
                hours.project(
                    done_minutes=done.get(item.id, 0),
                    required_hours=item.clock_hours,
                    by_day=hours.totals_by_day((stay for of, stay in stays if of == item.id), zone),
                    enrolled_on=item.enrolled_at,
                    today=today,
                ),
            )
            for item in enrollments
        ],
        weeks=_weeks((stay for _, stay in stays), zone, first, today),
    )


def school_weeks(session: Session, zone: ZoneInfo, *, weeks: int = WEEKS_SHOWN) -> list[WeekTotal]:
    """Minutes of all students by week: one query."""
    today = clock.today(zone)
    first = hours.week_of(today) - timedelta(weeks=weeks - 1)
    start, end = hours.day_bounds(first, today, zone)
    return _weeks(queries.stays_of_all(session, start, end), zone, first, today)


def _weeks(stays: Iterable[hours.Stay], zone: ZoneInfo, first: date, last: date) -> list[WeekTotal]:
    by_week = hours.totals_by_week(hours.totals_by_day(stays, zone), first, last)
    return [WeekTotal(week_of=week, minutes=minutes) for week, minutes in by_week.items()]


def minutes_by_day(
    session: Session, user_id: int, first: date, last: date, zone: ZoneInfo
) -> dict[date, int]:
    """A student's minutes by day at the school, from `first` to `last`; days without are left out."""
    start, end = hours.day_bounds(first, last, zone)
    stays = [stay for _, stay in queries.closed_stays(session, user_id, start, end)]
    return {day: minutes for day, minutes in hours.totals_by_day(stays, zone).items() if first <= day <= last}


def hours_per_student(session: Session, paging: Paging) -> Page[StudentHours]:
    """Total attendance hours of each student who has any record (documented query)."""
    return queries.hours_page(session, paging).map(
        lambda row: StudentHours(
            user_id=row.id, student=row.full_name, email=row.email, total_minutes=int(row.total_minutes)
        )
    )


# Corrections by the staff


def enrollment_choices(
    session: Session, subject: Subject, user_id: int | None = None
) -> list[EnrollmentChoice]:
    """What hours can be entered for: a student's enrollments, or the active ones of every student.

    Raises NotFound for a person without enrollments.
    """
    policy.require_correct(subject)
    if user_id is None:
        return queries.active_enrollments(session)
    found = queries.enrollments_of(session, user_id)
    if not found:
        raise NotFound("There is no such student, or she has no enrollment that hours could count for.")
    return found


def enter(session: Session, subject: Subject, values: StayEntry, zone: ZoneInfo) -> AttendanceOut:
    """Record a stay that the clock missed, with the reason. Raises Invalid, NotFound, Conflict for an overlap."""
    policy.require_correct(subject)
    chosen = queries.enrollment(session, values.enrollment_id)
    if chosen is None:
        sentence = "There is no such enrollment. Choose one from the list."
        raise NotFound(sentence)
    _require_believable(values.clock_in, values.clock_out, zone)
    stay = Attendance(
        user_id=chosen.user_id,
        enrollment_id=chosen.id,
        clock_in=values.clock_in,
        clock_out=values.clock_out,
        notes=_note("Entered", subject, values.reason, zone),
    )
    session.add(stay)
    session.flush()
    session.refresh(stay)
    audit.record(
        session,
        subject,
        "attendance.entered",
        "attendance",
        stay.id,
        user_id=stay.user_id,
        enrollment_id=stay.enrollment_id,
        reason=values.reason,
        after=_times(stay),
    )
    return get(session, subject, stay.id, zone)


def correct(
    session: Session, subject: Subject, record_id: int, values: StayCorrection, zone: ZoneInfo
) -> AttendanceOut:
    """Put a record's times right; the old ones stay in the audit trail, the reason also in the notes.

    Equal times mean that there were no hours. Raises NotFound, Invalid, Conflict for an overlap.
    """
    policy.require_correct(subject)
    stay = queries.find(session, record_id, lock=True)
    if stay is None:
        raise NotFound(policy.NO_RECORD)
    _require_believable(values.clock_in, values.clock_out, zone)
    before = _times(stay)
    stay.clock_in, stay.clock_out, stay.missing_clock_out = values.clock_in, values.clock_out, False
    note = _note("Corrected", subject, values.reason, zone)
    stay.notes = f"{stay.notes}\n{note}" if stay.notes else note
    session.flush()
    session.refresh(stay)
    audit.record(
        session,
        subject,
        "attendance.corrected",
        "attendance",
        stay.id,
        user_id=stay.user_id,
        enrollment_id=stay.enrollment_id,
        reason=values.reason,
        before=before,
        after=_times(stay),
    )
    return get(session, subject, stay.id, zone)


def instant(shown: datetime, field: str, zone: ZoneInfo, *, second: bool) -> datetime:
    """What a typed wall-clock time means. Raises Invalid at `field` for one that clocks skipped that day."""
    if not EARLIEST.year <= shown.year <= clock.now().year + 1:
        raise _wrong(field, f"Enter a date from {EARLIEST.year} until today.")
    found = hours.read_wall_clock(shown, zone, second=second).instant
    if found is None:
        raise _wrong(field, "This time does not exist: clocks were put forward over it that day.")
    return found


def _require_believable(clock_in: datetime, clock_out: datetime, zone: ZoneInfo) -> None:
    now = clock.now()
    if clock_in.year < EARLIEST.year:
        raise _wrong("clock_in", f"Enter a date from {EARLIEST.year} until today.")
    if clock_in > now:
        raise _wrong("clock_in", "The clock-in lies in the future.")
    if clock_out > now:
        raise _wrong(
            "clock_out", f"The clock-out lies in the future; it is {formats.local_time(now, zone)} now."
        )
    if clock_out < clock_in:
        raise _wrong("clock_out", "The clock-out lies before the clock-in.")
    if clock_out - clock_in > hours.LONGEST_STAY:
        longest = hours.LONGEST_STAY // timedelta(hours=1)
        raise _wrong("clock_out", f"A stay lasts {longest} hours at most. Check both dates.")


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])


def _note(what: str, subject: Subject, reason: str, zone: ZoneInfo) -> str:
    return f"{what} {formats.local_time(clock.now(), zone)} by {subject.full_name}: {reason}"


def _times(stay: Attendance) -> dict[str, Any]:
    return {
        "clock_in": stay.clock_in.isoformat(),
        "clock_out": stay.clock_out.isoformat() if stay.clock_out else None,
        "total_minutes": stay.total_minutes,
    }


def _row(row: Any, zone: ZoneInfo, now: datetime) -> AttendanceOut:
    stay, full_name, program = row
    return _shown(stay, full_name, program, zone, now)


def _shown(stay: Attendance, full_name: str, program: str, zone: ZoneInfo, now: datetime) -> AttendanceOut:
    if stay.missing_clock_out or (stay.clock_out is None and hours.was_forgotten(stay.clock_in, now)):
        state = StayState.NEEDS_CORRECTION
    else:
        state = StayState.OPEN if stay.clock_out is None else StayState.COMPLETE
    # A clock-out that was never made is not shown as one.
    ended = None if stay.missing_clock_out or stay.clock_out is None else clock.local(stay.clock_out, zone)
    return AttendanceOut(
        id=stay.id,
        user_id=stay.user_id,
        student=full_name,
        enrollment_id=stay.enrollment_id,
        program=program,
        clock_in=clock.local(stay.clock_in, zone),
        clock_out=ended,
        total_minutes=None if ended is None else stay.total_minutes,
        state=state,
        notes=stay.notes,
    )
