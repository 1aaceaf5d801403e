"""Details of what students do and what is done for them."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from app.core.details.base import Details, Percent

# Enrollment


class Enrolled(Details):
    program_id: int
    enrolled_at: date


class Required(Details):
    """A requirement for graduation as it stood."""

    name: str
    title: str
    state: Literal["met", "missing", "unknown"]
    sentence: str
    number: str


class EnrollmentCompleted(Details):
    completed_at: date
    derivation: str
    """Why the rule allowed it."""
    checklist: list[Required] = Field(default_factory=list)
    """What the student needed; empty in entries from before there was a checklist."""


class Outcome(Details):
    """What was learned of a graduate’s employment, and the record that it takes the place of."""

    status: str
    supersedes: int | None = None


class EnrollmentWithdrawn(Details):
    withdrawal_id: int
    requested_at: datetime
    derivation: str
    """How the progress at withdrawal was computed."""


class WithdrawalAsked(Details):
    """A withdrawal as it came in: by the student's form, or recorded by the staff."""

    kind: str
    requested_at: datetime
    withdrawn_at: datetime
    derivation: str
    """By which rule the moment of the withdrawal is what it is."""
    acknowledged: str | None = None
    """What the student agreed to."""


class WithdrawalCanceled(Details):
    kind: str
    requested_at: datetime


class WithdrawalNoticed(Details):
    method: str
    notified_on: date


class WithdrawalProcessed(Details):
    """Empty in entries from before figures were frozen."""

    kind: str | None = None
    withdrawn_at: datetime | None = None
    date_basis: str | None = None
    """What gave `withdrawn_at`."""
    progress_pct: int | None = None
    completed_minutes: int | None = None
    total_minutes: int | None = None


class LeaveAsked(Details):
    """A leave of absence as it came in, or as it is extended; `days` of it are calendar days."""

    starts_on: date
    return_on: date
    days: int
    before: date | None = None
    """The day of the return before an extension."""


class LeaveDecided(Details):
    starts_on: date
    return_on: date


class LeaveReturned(Details):
    returned_on: date
    return_on: date
    """The day on which the student was expected."""


class LessonCompleted(Details):
    lesson_id: int
    source: Literal["content", "student", "staff", "grade"]
    score_pct: Percent
    progress_pct: list[int]
    """The enrollment's progress before and after, in whole percent."""


class LessonScored(Details):
    lesson_id: int
    score_pct: list[Percent]
    """Before and after."""


class LessonWithdrawn(Details):
    lesson_id: int
    progress_pct: list[int]
    """The enrollment's progress before and after, in whole percent."""


class ProgressRewritten(Details):
    enrollments: int
    lessons: int


# Attendance


class ClockedIn(Details):
    clock_in: datetime
    kiosk: str | None = None
    """The kiosk it was made at; none for the student's own page."""


class ClockedOut(Details):
    clock_out: datetime
    total_minutes: int
    kiosk: str | None = None
    """The kiosk it was made at; none for the student's own page."""


class Hours(Details):
    """An attendance record's times."""

    clock_in: datetime
    clock_out: datetime | None
    total_minutes: int | None


class HoursEntered(Details):
    after: Hours


class HoursCorrected(Details):
    before: Hours
    after: Hours


class HoursRequested(Details):
    """A request about hours: the times that counted, those asked for, and of transferred hours the minutes."""

    kind: str
    record_id: int | None
    before: list[datetime | None] | None
    asked: list[datetime] | None
    minutes: int | None


class PeriodClosed(Details):
    through: date
    """The last day whose hours are final."""


class AbsenceReported(Details):
    """An absence: its days, both included, and of one class meeting the class and the start."""

    starts_on: date
    ends_on: date
    class_id: int | None
    meeting_at: datetime | None


class AttendanceMarked(Details):
    """What the roster of a class meeting says of a student: `mark` before and after."""

    class_id: int
    code: str
    starts_at: datetime
    mark: list[str | None]
    arrived_at: datetime | None
    left_at: datetime | None


# Content


class PackageImported(Details):
    lesson_id: int
    version: int
    sha256: str
    files: int


class LessonOpened(Details):
    lesson_id: int
    sco_id: str
    title: str
    attempt_no: int


class PartReported(Details):
    """What a course has just said about one part of a lesson, beside what was known before.

    Statuses are SCORM 1.2's; scores are percentages, the best of the attempt so far.
    """

    lesson_id: int
    sco_id: str
    title: str
    status_before: str
    status: str
    score_pct_before: Percent
    score_pct: Percent
    session_seconds: int
    """What counts of this session so far."""
    first: bool
    """Whether nothing had been reported in this session yet."""
    begun: bool
    """Whether an earlier session of the attempt had reported something."""
    ending: Literal["terminated", "suspended"] | None
    """How the course ended the session, if it did."""


class PartWaived(Details):
    """A part that a student need not do."""

    lesson_id: int
    sco_id: str
    title: str
    status_before: str
    status: str


class PartLeft(Details):
    """A session that ended without the course saying so."""

    lesson_id: int
    sco_id: str
    title: str
    session_seconds: int


ABSENCE_DOCUMENT_OPENED = (
    "absence.document_opened",
    "absence_requests",
    "Document of an absence opened",
    AbsenceReported,
)
ABSENCE_EXCUSED = ("absence.excused", "absence_requests", "Absence excused", AbsenceReported)
ABSENCE_NOT_EXCUSED = ("absence.not_excused", "absence_requests", "Absence not excused", AbsenceReported)
ABSENCE_REQUESTED = ("absence.requested", "absence_requests", "Absence reported", AbsenceReported)
ABSENCE_WITHDRAWN = ("absence.withdrawn", "absence_requests", "Reported absence withdrawn", AbsenceReported)
ATTENDANCE_CLOCK_OUT_MISSING = (
    "attendance.clock_out_missing",
    "attendance",
    "Clock-out missing",
    ClockedIn,
)

ATTENDANCE_CORRECTION_APPROVED = (
    "attendance_correction.approved",
    "attendance_corrections",
    "Correction of hours approved",
    HoursRequested,
)

ATTENDANCE_CORRECTION_DECLINED = (
    "attendance_correction.declined",
    "attendance_corrections",
    "Correction of hours declined",
    HoursRequested,
)

ATTENDANCE_CORRECTION_DOCUMENT_OPENED = (
    "attendance_correction.document_opened",
    "attendance_corrections",
    "Document of a correction opened",
    HoursRequested,
)

ATTENDANCE_CORRECTION_ENDORSED = (
    "attendance_correction.endorsed",
    "attendance_corrections",
    "Correction of closed hours approved by the first of two",
    HoursRequested,
)

ATTENDANCE_CORRECTION_REQUESTED = (
    "attendance_correction.requested",
    "attendance_corrections",
    "Correction of hours requested",
    HoursRequested,
)

ATTENDANCE_PERIOD_CLOSED = (
    "attendance.period_closed",
    "attendance_closings",
    "Hours of a period closed",
    PeriodClosed,
)

CLASS_ATTENDANCE_MARKED = (
    "class_attendance.marked",
    "class_attendance",
    "Attendance marked in class",
    AttendanceMarked,
)

CONTENT_PACKAGE_IMPORTED = (
    "content.package_imported",
    "content_packages",
    "Course package uploaded",
    PackageImported,
)

ENROLLMENT_COMPLETED = (
    "enrollment.completed",
    "enrollments",
    "Enrollment completed",
    EnrollmentCompleted,
)

LESSON_COMPLETION_IMPROVED = (
    "lesson_completion.improved",
    "lesson_completions",
    "Lesson score improved",
    LessonScored,
)

LESSON_COMPLETION_WITHDRAWN = (
    "lesson_completion.withdrawn",
    "lesson_completions",
    "Lesson completion withdrawn",
    LessonWithdrawn,
)
LEAVE_APPROVED = ("leave.approved", "leaves_of_absence", "Leave of absence approved", LeaveDecided)
LEAVE_CANCELED = ("leave.canceled", "leaves_of_absence", "Leave of absence canceled", LeaveDecided)
LEAVE_DECLINED = ("leave.declined", "leaves_of_absence", "Leave of absence declined", LeaveDecided)
LEAVE_ENDED = (
    "leave.ended",
    "leaves_of_absence",
    "Leave of absence ended with the enrollment",
    LeaveDecided,
)
LEAVE_EXTENDED = ("leave.extended", "leaves_of_absence", "Leave of absence extended", LeaveAsked)
LEAVE_RECORDED = ("leave.recorded", "leaves_of_absence", "Leave of absence recorded", LeaveAsked)
LEAVE_REMINDED = ("leave.reminded", "leaves_of_absence", "Reminded to return from leave", LeaveDecided)
LEAVE_REQUESTED = ("leave.requested", "leaves_of_absence", "Leave of absence requested", LeaveAsked)
LEAVE_RETURNED = ("leave.returned", "leaves_of_absence", "Returned from leave of absence", LeaveReturned)
WITHDRAWAL_CANCELED = (
    "withdrawal.canceled",
    "withdrawals",
    "Withdrawal request canceled",
    WithdrawalCanceled,
)
WITHDRAWAL_NOTICED = (
    "withdrawal.noticed",
    "withdrawals",
    "Notice of the withdrawal sent to the student",
    WithdrawalNoticed,
)
WITHDRAWAL_PROCESSED = (
    "withdrawal.processed",
    "withdrawals",
    "Withdrawal processed",
    WithdrawalProcessed,
)
WITHDRAWAL_RECORDED = (
    "withdrawal.recorded",
    "withdrawals",
    "Withdrawal recorded",
    WithdrawalAsked,
)
WITHDRAWAL_REQUESTED = (
    "withdrawal.requested",
    "withdrawals",
    "Withdrawal requested by the student",
    WithdrawalAsked,
)
