"""The attendance record of a student: hours by day, the total, and how they were counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import enrolled, policy, queries
from app.compliance.attendance.schemas import PUNCHED, EnrollmentChoice
from app.core import clock, views
from app.core.errors import FieldError, Invalid, NotFound
from app.core.files import FileStore
from app.core.permissions import Subject
from app.core.views import Part
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.rules import hours
from app.rules.attendance_record import Day, days_of
from app.rules.days import long_date
from app.school import service as school
from app.web import formats

KIND = "attendance_record"
LONGEST_PERIOD = timedelta(days=3 * 366)
"""A longer record takes seconds to make and nobody asks for one; it is made in parts."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a record covers: days at the school, both included; one enrollment, or all with None."""

    first: date
    last: date
    enrollment_id: int | None = None


@views.opens(Part.ATTENDANCE, student="student_id")
def choices(session: Session, subject: Subject, student_id: int) -> list[EnrollmentChoice]:
    """The student's enrollments, for whoever may have the record made. Raises NotFound, Forbidden."""
    if not documents.may_read(subject, student_id):
        raise NotFound(policy.NO_PERSON)
    # Deleted students are known to those alone who may restore them.
    policy.require_read(session, subject, student_id)
    documents.require_issue(subject, student_id)
    found = enrolled.enrollments_of(session, student_id)
    if not found:
        raise NotFound("This person has no enrollment, so there are no hours.")
    return found


def draft(session: Session, subject: Subject, files: FileStore, student_id: int, period: Period) -> Draft:
    """The record from the hours as they are now. Raises Invalid for a period that is none or too long."""
    enrollments = choices(session, subject, student_id)
    chosen = next((item for item in enrollments if item.id == period.enrollment_id), None)
    if period.enrollment_id is not None and chosen is None:
        raise _wrong("enrollment_id", "Choose one of the student’s enrollments.")
    letterhead = school.letterhead(session, files)
    zone = letterhead.zone
    _require_period(period, clock.today(zone))
    start, end = hours.day_bounds(period.first, period.last, zone)
    rows = queries.entries_between(session, student_id, period.enrollment_id, start, end)
    closed = [
        (hours.TimeEntry(row.clock_in, row.clock_out), row.source not in PUNCHED)
        for row in rows
        if row.clock_out is not None and not row.missing_clock_out
    ]
    days = days_of(closed, period.first, period.last, zone)
    total = sum(day.minutes for day in days)
    programs = [chosen.program_name] if chosen else sorted({item.program_name for item in enrollments})
    student = enrollments[0].full_name
    span = f"{long_date(period.first)} to {long_date(period.last)}"
    return Draft(
        kind=KIND,
        student_id=student_id,
        enrollment_id=chosen.id if chosen else None,
        letterhead=letterhead,
        facts={
            "facts": [
                ["Student", student],
                ["Program", ", ".join(programs)],
                ["Period", span],
                ["Total", formats.duration_minutes(total)],
            ],
            "days": [_line(day) for day in days],
            "day_count": f"{len(days)} {'day' if len(days) == 1 else 'days'}",
            "total": formats.duration_minutes(total),
            "method": _method(zone),
            "notes": _notes(rows),
        },
        machine={
            "student": student,
            "programs": programs,
            "first_day": period.first.isoformat(),
            "last_day": period.last.isoformat(),
            "time_zone": zone.key,
            "total_minutes": total,
            "days": [
                {
                    "day": day.day.isoformat(),
                    "minutes": day.minutes,
                    "entries": [[one.start.isoformat(), one.end.isoformat()] for one in day.stretches],
                }
                for day in days
            ],
        },
    )


def _require_period(period: Period, today: date) -> None:
    if period.first > period.last:
        raise _wrong("last", "The last day is before the first day.")
    if period.first > today:
        raise _wrong("first", "This period is in the future, so there are no hours yet.")
    if period.last - period.first > LONGEST_PERIOD:
        raise _wrong(
            "first", "Choose a period of at most three years. For a longer one, issue several records."
        )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])


def _line(day: Day) -> dict[str, str]:
    recorded = [word for word, is_so in (("clock", day.by_clock), ("staff", day.by_staff)) if is_so]
    return {
        "date": f"{day.day:%a}, {formats.day(day.day, ZoneInfo('UTC'))}",
        "times": ", ".join(
            _times(one.start, one.end, until_midnight=one.until_midnight) for one in day.stretches
        ),
        "recorded": ", ".join(recorded),
        "time": formats.duration_minutes(day.minutes),
    }


def _times(start: Any, end: Any, *, until_midnight: bool) -> str:
    """`8:00 AM – 12:00 PM EST`; both zones where the clocks changed in between."""
    zone = start.tzinfo
    begins = formats.clock_time(start, zone)
    ends = "midnight" if until_midnight else formats.clock_time(end, zone)
    if start.tzname() == end.tzname():
        return f"{begins} – {ends} {end.tzname()}"
    return f"{begins} {start.tzname()} – {ends} {end.tzname()}"


def _method(zone: ZoneInfo) -> str:
    return (
        "Students clock in and out in the school’s system, or their instructor marks them on the roster of a "
        "class, which counts the scheduled time. Hours are the whole minutes from clock-in to "
        "clock-out; partial minutes do not count, and nothing is rounded up. Time across midnight "
        "counts for each of the two days. Days and times are those of the school’s time zone, "
        f"{zone.key}; on the days when clocks change, the time that really passed counts. “Staff” marks "
        "days on which the school’s staff marked, entered or corrected a time entry; the reason and the people "
        "are in the school’s records."
    )


def _notes(rows: Sequence[Any]) -> list[str]:
    missing = sum(row.missing_clock_out for row in rows)
    running = sum(row.clock_out is None for row in rows)
    notes = []
    if missing:
        entries = "time entry has" if missing == 1 else "time entries have"
        notes.append(f"{missing} {entries} no clock-out and counts no hours until the staff correct it.")
    if running:
        notes.append("The student was clocked in when this record was made; that time is not in it yet.")
    return notes


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    found = enrolled.enrollments_of(session, student_id)
    return [Offer("Attendance record", f"/people/{student_id}/attendance-record")] if found else []


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="AR",
        title="Attendance record",
        layout="attendance-record.typ",
        sample={
            "facts": [["Student", "Nguyễn Thị Bích"], ["Total", "3 h"]],
            "days": [
                {
                    "date": "Sun, Mar 8, 2026",
                    "times": "12:30 AM EST – 4:30 AM EDT",
                    "recorded": "clock",
                    "time": "3 h",
                }
            ],
            "day_count": "1 day",
            "total": "3 h",
            "method": "Whole minutes from clock-in to clock-out.",
            "notes": ["A remark."],
        },
        offers=_offers,
        again=lambda document: f"/people/{document.student_id}/attendance-record",
    )
)
