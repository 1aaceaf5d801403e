"""SQL of attendance by class and by period, from the sums by day and the marks of rosters."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Date, DateTime, Integer, Numeric, cast, func, select
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import (
    AttendanceDay,
    ClassAttendance,
    ClassSeat,
    Enrollment,
    Program,
    SchoolClass,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

_CAME = ("present", "late", "left_early")


def by_class(
    session: Session, visible: ColumnElement[bool], paging: Paging, first: date, last: date, zone: ZoneInfo
) -> Listing[Any]:
    """Each class with students, and what they attended while they sat in it, from `first` to `last`.

    `visible` is a condition on enrollments. Sorts: class, program, students, minutes, meetings, pct.
    """
    seats = (
        select(
            ClassSeat.class_id,
            ClassSeat.enrollment_id,
            ClassSeat.id.label("seat"),
            func.greatest(ClassSeat.starts_on, first).label("first"),
            func.least(func.coalesce(ClassSeat.ends_on, SchoolClass.ends_on), last).label("last"),
        )
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(visible, User.deleted_at.is_(None))
        .cte("seats")
    )
    # Added up by seat first: to count distinct enrollments of every day, all days would have to be sorted.
    of_seat = (
        select(
            seats.c.class_id,
            seats.c.enrollment_id,
            func.coalesce(func.sum(AttendanceDay.minutes), 0).label("minutes"),
        )
        .outerjoin(
            AttendanceDay,
            (AttendanceDay.enrollment_id == seats.c.enrollment_id)
            & AttendanceDay.day.between(seats.c.first, seats.c.last),
        )
        .where(seats.c.first <= seats.c.last)
        .group_by(seats.c.seat, seats.c.class_id, seats.c.enrollment_id)
        .subquery()
    )
    hours = (
        select(
            of_seat.c.class_id,
            func.count(of_seat.c.enrollment_id.distinct()).label("students"),
            cast(func.sum(of_seat.c.minutes), BigInteger).label("minutes"),
        )
        .group_by(of_seat.c.class_id)
        .cte("hours")
    )

    def marked(*marks: str) -> ColumnElement[Any]:
        return func.count().filter(ClassAttendance.mark.in_(marks))

    day = cast(func.timezone(zone.key, ClassAttendance.starts_at), Date)
    marks = (
        select(
            ClassAttendance.class_id,
            func.count(ClassAttendance.starts_at.distinct()).label("meetings"),
            *(marked(one).label(one) for one in (*_CAME, "absent", "excused")),
            (cast(marked(*_CAME) * 100, Numeric) / func.nullif(marked(*_CAME, "absent"), 0)).label("pct"),
        )
        .where(
            ClassAttendance.mark.is_not(None),
            ClassAttendance.enrollment_id.in_(select(seats.c.enrollment_id)),
            day.between(first, last),
        )
        .group_by(ClassAttendance.class_id)
        .cte("marks")
    )
    rows = (
        select(
            SchoolClass.id,
            SchoolClass.code,
            SchoolClass.name,
            Program.name.label("program"),
            SchoolClass.starts_on,
            SchoolClass.ends_on,
            hours.c.students,
            hours.c.minutes,
            *(func.coalesce(marks.c[one], 0).label(one) for one in ("meetings", *_CAME, "absent", "excused")),
            func.round(marks.c.pct, 2).label("pct"),
        )
        .join(hours, hours.c.class_id == SchoolClass.id)
        .join(Program, Program.id == SchoolClass.program_id)
        .outerjoin(marks, marks.c.class_id == SchoolClass.id)
        .subquery()
    )
    sorts = {
        "class": func.lower(rows.c.code),
        "program": func.lower(rows.c.program),
        "students": rows.c.students,
        "minutes": rows.c.minutes,
        "meetings": rows.c.meetings,
        "pct": rows.c.pct,
        "starts": rows.c.starts_on,
    }
    statement = select(rows).where(*matches(paging.q, rows.c.code, rows.c.name, rows.c.program))
    return Listing(session, statement.order_by(paging.order(sorts, "-starts"), rows.c.id.desc()), paging)


def by_period(
    session: Session,
    visible: ColumnElement[bool] | None,
    paging: Paging,
    first: date,
    last: date,
    unit: str,
    program_id: int | None,
) -> Listing[Any]:
    """Each day, week (from Sunday) or month with attendance: period, students, days and minutes.

    A week ends with its month, and no period begins before `first`: so weeks add up to months, and a file of some days
    has no other days in it. A period is called by its first day.

    `visible` is a condition on enrollments, none for everybody's. Sorts: period, students, days, minutes.
    """
    day = AttendanceDay.day
    # Not of a date: it would become an instant, which costs a look at the time zone for each row.
    month = cast(func.date_trunc("month", cast(day, DateTime)), Date)
    start = {
        "day": day,
        "week": func.greatest(day - cast(func.extract("dow", day), Integer), month, first),
        "month": func.greatest(month, first),
    }[unit]
    # Once an enrollment and period, so that what is counted are students and not their days.
    of_each = (
        select(
            start.label("period"),
            AttendanceDay.enrollment_id,
            func.count().label("days"),
            func.sum(AttendanceDay.minutes).label("minutes"),
        )
        .where(AttendanceDay.minutes > 0, day.between(first, last))
        .group_by("period", AttendanceDay.enrollment_id)
        .subquery()
    )
    grouped = (
        select(
            of_each.c.period,
            func.count(Enrollment.user_id.distinct()).label("students"),
            cast(func.sum(of_each.c.days), Integer).label("days"),
            cast(func.sum(of_each.c.minutes), BigInteger).label("minutes"),
        )
        .join(Enrollment, Enrollment.id == of_each.c.enrollment_id)
        .where(Enrollment.user_id.not_in(select(User.id).where(User.deleted_at.is_not(None))))
        .group_by(of_each.c.period)
    )
    if visible is not None:
        grouped = grouped.where(visible)
    if program_id is not None:
        grouped = grouped.where(Enrollment.program_id == program_id)
    rows = grouped.subquery()
    sorts = {
        "period": rows.c.period,
        "students": rows.c.students,
        "days": rows.c.days,
        "minutes": rows.c.minutes,
    }
    statement = select(rows).where(*matches(paging.q, func.to_char(rows.c.period, "YYYY-MM-DD")))
    return Listing(session, statement.order_by(paging.order(sorts, "-period"), rows.c.period.desc()), paging)
