"""What each person finds first: the student her clock and her lesson, the staff who is here and what waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.service import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentHours,
    WeekTotal,
)
from app.content import service as content
from app.core.permissions import Subject
from app.desks import trail
from app.enrollment import service as enrollment


@dataclass(frozen=True, slots=True)
class Work:
    """What a student has done in a lesson so far."""

    seconds: int
    last: datetime


@dataclass(frozen=True, slots=True)
class NextLesson:
    """The lesson to go on with. `minutes_left` is None where the lesson says nothing about its length."""

    id: int
    title: str
    module: str
    program: str
    begun: bool
    minutes_left: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the person."""

    text: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class Studies:
    """One active enrollment: hours and lessons done."""

    hours: EnrollmentHours
    percent: int
    completed: int
    required: int
    explanation: str
    next_lesson: NextLesson | None


@dataclass(frozen=True, slots=True)
class StudentToday:
    clock: attendance.ClockState
    studies: list[Studies]
    next_lesson: NextLesson | None
    needs: list[Need]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A kind of thing that waits for the staff, and how many there are."""

    label: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class StaffToday:
    here: list[AttendanceOut]
    active_enrollments: int
    waiting: list[Waiting]
    forgotten: list[AttendanceOut]
    activity: list[trail.Event]
    weeks: list[WeekTotal]


def student_today(session: Session, subject: Subject, zone: ZoneInfo) -> StudentToday:
    """The student's first page. The number of queries depends on her active enrollments, not on their lessons."""
    clock_state = attendance.clock_state(session, subject, zone)
    active = [item for item in clock_state.choices if item.status == "active"]
    totals = attendance.totals_of(session, subject.user_id, active, zone)
    work = {
        lesson_id: Work(seconds, last)
        for lesson_id, seconds, last in content.work_by_lesson(session, subject, subject.user_id)
    }
    studies = [_studies(session, subject, hours, work) for hours in totals.enrollments]
    forgotten = attendance.recent_records(
        session, subject, AttendanceFilter(state=AttendanceState.NEEDS_CORRECTION), zone, limit=5
    )
    return StudentToday(
        clock=clock_state,
        studies=studies,
        next_lesson=_first(studies, work),
        needs=[
            Need(
                f"You did not clock out on {entry.clock_in:%B} {entry.clock_in.day}. Let the staff know "
                "when you left so that your hours can be counted.",
                f"/hours?month={entry.clock_in:%Y-%m}",
                "View that day",
            )
            for entry in forgotten
        ],
    )


def _studies(session: Session, subject: Subject, hours: EnrollmentHours, work: Mapping[int, Work]) -> Studies:
    progress, lessons = enrollment.read_progress(session, subject, hours.enrollment_id)
    left = [lesson for lesson in lessons if lesson.completed_at is None]
    # Where she was last; without a lesson begun, the first in the order of the program.
    begun = [lesson for lesson in left if lesson.id in work]
    chosen = max(begun, key=lambda lesson: work[lesson.id].last) if begun else next(iter(left), None)
    return Studies(
        hours=hours,
        percent=progress.percent,
        completed=progress.completed,
        required=progress.required,
        explanation=progress.explanation,
        next_lesson=None
        if chosen is None
        else NextLesson(
            id=chosen.id,
            title=chosen.title,
            module=chosen.module_name,
            program=hours.program,
            begun=chosen.id in work,
            minutes_left=_minutes_left(chosen.estimated_minutes, work.get(chosen.id)),
        ),
    )


def _minutes_left(estimated: int | None, work: Work | None) -> int | None:
    """What is left of the lesson's usual length; never less than a minute while it is not done."""
    if estimated is None:
        return None
    return max(1, estimated - (work.seconds // 60 if work else 0))


def _first(studies: Iterable[Studies], work: Mapping[int, Work]) -> NextLesson | None:
    lessons = [item.next_lesson for item in studies if item.next_lesson is not None]
    begun = [lesson for lesson in lessons if lesson.begun]
    return max(begun, key=lambda lesson: work[lesson.id].last) if begun else next(iter(lessons), None)


def staff_today(session: Session, subject: Subject, zone: ZoneInfo) -> StaffToday:
    """The staff's first page: a fixed number of queries."""
    forgotten = AttendanceFilter(state=AttendanceState.NEEDS_CORRECTION)
    graduates = enrollment.ready_to_graduate(session, subject)
    return StaffToday(
        here=attendance.who_is_here(session, subject, zone),
        active_enrollments=enrollment.active_count(session, subject),
        waiting=[
            Waiting(
                "Records without a clock-out",
                attendance.count_records(session, subject, forgotten, zone),
                "/attendance?state=needs_correction",
            ),
            Waiting("Ready to graduate", len(graduates), "/enrollments/graduation"),
            Waiting(
                "Withdrawals to process",
                len(enrollment.withdrawals_pending(session, subject)),
                "/enrollments/withdrawals",
            ),
        ],
        forgotten=attendance.recent_records(session, subject, forgotten, zone, limit=5),
        activity=trail.recent(session),
        weeks=attendance.school_weeks(session, zone),
    )
