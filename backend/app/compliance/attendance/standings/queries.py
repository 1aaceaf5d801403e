"""Every SQL statement about standings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import (
    Attendance,
    AttendanceDay,
    AttendanceStanding,
    ClassAttendance,
    Enrollment,
    EnrollmentStatus,
    Program,
    User,
)
from app.rules.hours import TimeEntry
from app.web.listing import Listing
from app.web.paging import Paging

SORTS = {
    "student": func.lower(User.full_name),
    "program": Program.name,
    "last": AttendanceStanding.last_attended_on,
    "pct": AttendanceStanding.attendance_pct,
    "row": AttendanceStanding.consecutive_absences,
    "absences": AttendanceStanding.absences,
    "tardies": AttendanceStanding.tardies,
}


def active(session: Session, after: int, limit: int) -> list[int]:
    """Numbers of active enrollments of present people above `after`, in order."""
    statement = (
        select(Enrollment.id)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.status == EnrollmentStatus.ACTIVE, User.deleted_at.is_(None), Enrollment.id > after)
    )
    return list(session.scalars(statement.order_by(Enrollment.id).limit(limit)))


def last_days(session: Session, enrollment_ids: Collection[int]) -> dict[int, date]:
    """The last day with minutes of each enrollment; those without are left out."""
    rows = session.execute(
        select(AttendanceDay.enrollment_id, func.max(AttendanceDay.day))
        .where(AttendanceDay.enrollment_id.in_(enrollment_ids), AttendanceDay.minutes > 0)
        .group_by(AttendanceDay.enrollment_id)
    )
    return {row[0]: row[1] for row in rows}


def marks_since(
    session: Session, enrollment_ids: Collection[int], since: datetime
) -> dict[tuple[int, datetime], Row[Any]]:
    """mark and arrived_at by enrollment and the start of the meeting."""
    rows = session.execute(
        select(
            ClassAttendance.enrollment_id,
            ClassAttendance.starts_at,
            ClassAttendance.mark,
            ClassAttendance.arrived_at,
        ).where(
            ClassAttendance.enrollment_id.in_(enrollment_ids),
            ClassAttendance.starts_at >= since,
            ClassAttendance.mark.is_not(None),
        )
    )
    return {(row.enrollment_id, row.starts_at): row for row in rows}


def excused_with_hours(session: Session, enrollment_ids: Collection[int]) -> set[tuple[int, datetime]]:
    """Excused meetings in which the student has hours all the same, by enrollment and start."""
    rows = session.execute(
        select(ClassAttendance.enrollment_id, ClassAttendance.starts_at)
        .join(Attendance, Attendance.enrollment_id == ClassAttendance.enrollment_id)
        .where(
            ClassAttendance.enrollment_id.in_(enrollment_ids),
            ClassAttendance.mark == "excused",
            Attendance.clock_in < ClassAttendance.ends_at,
            Attendance.clock_out > ClassAttendance.starts_at,
            Attendance.clock_out > Attendance.clock_in,
        )
    )
    return {(row.enrollment_id, row.starts_at) for row in rows}


def entries_since(
    session: Session, enrollment_ids: Collection[int], since: datetime
) -> dict[int, list[TimeEntry]]:
    """Closed time entries with a length, by enrollment, in order."""
    rows = session.execute(
        select(Attendance.enrollment_id, Attendance.clock_in, Attendance.clock_out)
        .where(
            Attendance.enrollment_id.in_(enrollment_ids),
            Attendance.clock_in >= since,
            Attendance.clock_out > Attendance.clock_in,
        )
        .order_by(Attendance.clock_in)
    )
    found: dict[int, list[TimeEntry]] = {}
    for number, clock_in, clock_out in rows:
        found.setdefault(number, []).append(TimeEntry(clock_in, clock_out))
    return found


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write these standings in place of those that the enrollments had."""
    statement = insert(AttendanceStanding)
    changed = {
        column.name: statement.excluded[column.name]
        for column in AttendanceStanding.__table__.columns
        if column.name != "enrollment_id"
    }
    session.execute(statement.on_conflict_do_update(index_elements=["enrollment_id"], set_=changed), rows)


def forget_others(session: Session, computed_at: datetime) -> None:
    """Take out what was not worked out again: those enrollments are over."""
    session.execute(delete(AttendanceStanding).where(AttendanceStanding.computed_at < computed_at))


def computed_at(session: Session) -> datetime | None:
    """When the standings were worked out."""
    return session.scalar(select(AttendanceStanding.computed_at).limit(1))


def listing(
    session: Session, visible: ColumnElement[bool], paging: Paging, *, at_risk: bool, program_id: int | None
) -> Listing[Any]:
    """AttendanceStanding with user_id, full_name and program; the lowest percentage first unless sorted otherwise."""
    statement = (
        select(AttendanceStanding, Enrollment.user_id, User.full_name, Program.name.label("program"))
        .join(Enrollment, Enrollment.id == AttendanceStanding.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(visible, User.deleted_at.is_(None), Enrollment.status == EnrollmentStatus.ACTIVE)
    )
    if at_risk:
        statement = statement.where(AttendanceStanding.reasons != [])
    if program_id is not None:
        statement = statement.where(Enrollment.program_id == program_id)
    statement = statement.where(*matches(paging.q, User.search_text, Program.name))
    return Listing(
        session, statement.order_by(paging.order(SORTS, "pct"), AttendanceStanding.enrollment_id), paging
    )


def count_at_risk(session: Session, visible: ColumnElement[bool]) -> int:
    """How many active enrollments are on the at-risk list."""
    statement = (
        select(func.count())
        .select_from(AttendanceStanding)
        .join(Enrollment, Enrollment.id == AttendanceStanding.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(
            visible,
            AttendanceStanding.reasons != [],
            User.deleted_at.is_(None),
            Enrollment.status == EnrollmentStatus.ACTIVE,
        )
    )
    return session.scalar(statement) or 0
