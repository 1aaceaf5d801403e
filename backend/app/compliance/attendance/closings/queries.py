"""Every SQL statement about closed periods."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, text
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import Attendance, AttendanceClosing, ClassAttendance, Enrollment, SchoolClass, User

register_conflict("uq_attendance_closings_through", "The hours up to this day are closed already.", "through")


def closed_before(session: Session) -> datetime | None:
    """Records that began before this instant are closed; None while nothing is."""
    return session.scalars(
        select(AttendanceClosing.ends_at).order_by(AttendanceClosing.ends_at.desc()).limit(1)
    ).one_or_none()


def closings(session: Session) -> Sequence[Row[Any]]:
    """AttendanceClosing and the name of who closed it, the newest first."""
    return session.execute(
        select(AttendanceClosing, User.full_name)
        .outerjoin(User, User.id == AttendanceClosing.closed_by)
        .order_by(AttendanceClosing.through.desc())
    ).all()


def lock_attendance(session: Session) -> None:
    """Nobody writes attendance until the transaction ends: what is looked at is what is closed."""
    session.execute(text("LOCK TABLE attendance IN SHARE ROW EXCLUSIVE MODE"))


def hold_open(session: Session) -> None:
    """Nobody closes a period until the transaction ends, and whoever does so now is waited for."""
    session.execute(text("LOCK TABLE attendance IN ROW EXCLUSIVE MODE"))


def unfinished_before(session: Session, ends: datetime) -> int:
    """Records before an instant that have no end, or none that anybody knows; deleted people's are in no list."""
    statement = (
        select(func.count())
        .select_from(Attendance)
        .join(User, User.id == Attendance.user_id)
        .where(
            Attendance.clock_in < ends,
            or_(Attendance.clock_out.is_(None), Attendance.missing_clock_out),
            User.deleted_at.is_(None),
        )
    )
    return session.scalar(statement) or 0


def unsettled_before(session: Session, ends: datetime, since: datetime) -> Sequence[Row[Any]]:
    """Roster marks of meetings before an instant whose hours are not worked out, the oldest first: student, code of the
    class, starts_at. Deleted people's never are."""
    statement = (
        select(User.full_name.label("student"), SchoolClass.code, ClassAttendance.starts_at)
        .join(Enrollment, Enrollment.id == ClassAttendance.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(SchoolClass, SchoolClass.id == ClassAttendance.class_id)
        .where(
            ClassAttendance.settled_at.is_(None),
            ClassAttendance.starts_at < ends,
            ClassAttendance.ends_at > since,
            User.deleted_at.is_(None),
        )
        .order_by(ClassAttendance.starts_at, User.full_name)
    )
    return session.execute(statement).all()
