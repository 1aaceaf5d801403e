"""Every SQL statement about rosters."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_invalid
from app.db.models import Attendance, ClassAttendance, Enrollment, SchoolClass, User

register_invalid("check_class_attendance_within", "This time is outside the meeting.", "at")


def add(session: Session, row: ClassAttendance | Attendance) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()
    session.refresh(row)


def marks(session: Session, class_id: int, starts_at: datetime) -> Sequence[Row[Any]]:
    """ClassAttendance, the name of who marked it, and the minutes of its time entry."""
    marker = aliased(User)
    return session.execute(
        select(ClassAttendance, marker.full_name, Attendance.total_minutes)
        .outerjoin(marker, marker.id == ClassAttendance.marked_by)
        .outerjoin(Attendance, Attendance.id == ClassAttendance.attendance_id)
        .where(ClassAttendance.class_id == class_id, ClassAttendance.starts_at == starts_at)
    ).all()


def locked_marks(
    session: Session, class_id: int, starts_at: datetime, enrollment_ids: Collection[int]
) -> dict[int, ClassAttendance]:
    """The marks of these enrollments at a meeting, by enrollment; the enrollments must be locked already."""
    rows = session.scalars(
        select(ClassAttendance)
        .where(
            ClassAttendance.class_id == class_id,
            ClassAttendance.starts_at == starts_at,
            ClassAttendance.enrollment_id.in_(enrollment_ids),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.enrollment_id: row for row in rows}


def mark_by_number(session: Session, number: int) -> Row[Any] | None:
    """A mark, its class's code, its student and who marked it; the mark is locked."""
    marker = aliased(User)
    return session.execute(
        select(ClassAttendance, SchoolClass.code, Enrollment.user_id, marker.full_name)
        .join(SchoolClass, SchoolClass.id == ClassAttendance.class_id)
        .join(Enrollment, Enrollment.id == ClassAttendance.enrollment_id)
        .outerjoin(marker, marker.id == ClassAttendance.marked_by)
        .where(ClassAttendance.id == number)
        .with_for_update(of=ClassAttendance)
        .execution_options(populate_existing=True)
    ).one_or_none()


def meeting_end(session: Session, class_id: int, starts_at: datetime) -> datetime | None:
    """When a meeting that has marks was to end, also one that is no longer on the timetable."""
    return session.scalars(
        select(ClassAttendance.ends_at)
        .where(ClassAttendance.class_id == class_id, ClassAttendance.starts_at == starts_at)
        .limit(1)
    ).first()


def due(session: Session, now: datetime, since: datetime, limit: int) -> Sequence[tuple[int, int]]:
    """Number and enrollment of marks whose meeting is over and whose hours are not worked out yet, oldest first."""
    rows = session.execute(
        select(ClassAttendance.id, ClassAttendance.enrollment_id)
        .where(
            ClassAttendance.settled_at.is_(None),
            ClassAttendance.ends_at <= now,
            ClassAttendance.ends_at > since,
        )
        .order_by(ClassAttendance.ends_at, ClassAttendance.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def during(
    session: Session, user_ids: Collection[int], starts: datetime, ends: datetime
) -> dict[int, list[Attendance]]:
    """The students' time entries that take some of the time from `starts` to `ends`, or run since before its end."""
    rows = session.scalars(
        select(Attendance)
        .where(
            Attendance.user_id.in_(user_ids),
            Attendance.clock_in < ends,
            or_(
                Attendance.clock_out.is_(None),
                and_(Attendance.clock_out > starts, Attendance.clock_out > Attendance.clock_in),
            ),
        )
        .order_by(Attendance.clock_in)
    )
    found: dict[int, list[Attendance]] = {}
    for row in rows:
        found.setdefault(row.user_id, []).append(row)
    return found
