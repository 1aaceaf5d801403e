"""Attendance by class and by period against attendance worked by hand."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from app.compliance.attendance.summaries import service
from app.compliance.attendance.summaries.reports import BY_PERIOD
from app.core.permissions import SYSTEM
from app.db.models import ClassAttendance, ClassSeat, Enrollment
from app.web.paging import Paging
from app.web.reports.groups import grouped
from tests.factories.school import School, subject_of


def attended(school: School, enrollment: Enrollment, day: date, hours: int) -> None:
    begin = datetime(day.year, day.month, day.day, 14, tzinfo=UTC)
    school.attendance(enrollment, clock_in=begin, clock_out=begin + timedelta(hours=hours))


def test_by_class_and_by_period(session: Session, school: School, settings: object) -> None:
    program = school.program(name="Dental Assistant")
    ana, leo, una = (
        school.enrollment(school.student(full_name=name), program) for name in ("Ana", "Leo", "Una")
    )
    first = date(2026, 3, 2)
    kind = {"starts_on": first, "ends_on": date(2030, 12, 31)}
    record = school.school_class(program, code="DA-1", students=[ana, leo], **kind)
    other = school.school_class(program, code="DA-2", students=[una], **kind)
    teacher = school.instructor()
    school.teach(record, teacher)
    # Who came back to the class is one student, with the hours of both times.
    session.add(ClassSeat(class_id=other.id, enrollment_id=ana.id, starts_on=first, ends_on=first))
    session.add(
        ClassSeat(
            class_id=other.id, enrollment_id=ana.id, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 5)
        )
    )
    for enrollment, day, hours in (
        (ana, first, 4), (ana, date(2026, 3, 29), 2), (ana, date(2026, 4, 1), 3), (leo, first, 5), (una, first, 1),
        # Before the class: it counts for the period, and not for the class.
        (ana, date(2026, 2, 27), 8),
    ):  # fmt: skip
        attended(school, enrollment, day, hours)
    starts = datetime(2026, 3, 2, 14, tzinfo=UTC)
    for enrollment, mark in ((ana, "present"), (leo, "absent")):
        session.add(
            ClassAttendance(
                class_id=record.id, enrollment_id=enrollment.id, starts_at=starts,
                ends_at=starts + timedelta(hours=4), mark=mark,
            )
        )  # fmt: skip
    session.flush()
    zone = session.info["settings"].zone

    def classes(subject: object, **days: date) -> dict[str, tuple[int, int, int, object]]:
        rows = service.by_class(session, subject, Paging(), zone, **days).page().items  # type: ignore[arg-type]
        return {row.code: (row.students, row.minutes, row.absent, row.pct) for row in rows}

    assert classes(SYSTEM) == {"DA-1": (2, 14 * 60, 1, 50), "DA-2": (2, (1 + 4 + 3) * 60, 0, None)}
    assert classes(SYSTEM, last=first)["DA-1"] == (2, 9 * 60, 1, 50)
    # An instructor sees the students of their own classes, wherever they sat.
    assert classes(subject_of(teacher)) == {"DA-1": (2, 14 * 60, 1, 50), "DA-2": (1, 7 * 60, 0, None)}

    def periods(unit: str, **more: object) -> list[tuple[date, int, int, int]]:
        found = service.by_period(session, SYSTEM, Paging(sort="period"), unit=unit, **more)  # type: ignore[arg-type]
        return [(row.period, row.students, row.days, row.minutes) for row in found.page().items]

    assert periods("month") == [
        (date(2026, 2, 1), 1, 1, 480), (date(2026, 3, 1), 3, 4, 720), (date(2026, 4, 1), 1, 1, 180),
    ]  # fmt: skip
    # Weeks begin on Sunday, as March 29, and end with their month: so that of Wednesday, April 1 begins then.
    assert periods("week") == [
        (date(2026, 2, 22), 1, 1, 480), (date(2026, 3, 1), 3, 3, 600), (date(2026, 3, 29), 1, 1, 120),
        (date(2026, 4, 1), 1, 1, 180),
    ]  # fmt: skip
    # No period begins before the first day that was asked for, a Wednesday.
    for unit in ("week", "month"):
        assert periods(unit, first=date(2026, 2, 25), last=date(2026, 2, 28)) == [
            (date(2026, 2, 25), 1, 1, 480)
        ]
    month = BY_PERIOD.groupings[0]
    by_month = []
    for unit in ("day", "week", "month"):
        found = service.by_period(session, SYSTEM, Paging(), unit=unit, first=date(2026, 2, 25))
        groups = grouped(found, month, zone.key).rows()
        by_month.append([(group, minutes) for group, _periods, minutes in groups])
    assert by_month == 3 * [[("2026-02", 480), ("2026-03", 720), ("2026-04", 180)]]
    assert periods("day", first=first, last=first) == [(first, 3, 3, 600)]
    assert periods("month", program_id=other.program_id + 1) == []
    listing = service.by_period(session, SYSTEM, Paging())
    assert sum(row.minutes for row in listing.rows()) == sum(row[3] for row in periods("day"))
