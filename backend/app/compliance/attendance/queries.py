"""Every SQL statement about attendance."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import Role
from app.db.models import Attendance, User
from app.db.ready import Page, Ready
from app.rules.hours import TimeEntry
from app.web.queue import line

register_conflict("uq_attendance_one_open", "You are already clocked in. Clock out first.")
register_conflict(
    "ex_attendance_overlap", "These hours overlap another attendance record of the same student."
)
register_invalid("check_attendance_clock_out", "The clock-out is before the clock-in.", "clock_out")


_UNFINISHED = Ready(
    select(*Attendance.__table__.c)
    .where(
        Attendance.user_id == bindparam("user_id"),
        or_(Attendance.clock_out.is_(None), Attendance.missing_clock_out),
    )
    .order_by(Attendance.clock_in.desc(), Attendance.id.desc()),
    page=Page.STUDENTS_FIRST,
)


def unfinished(session: Session, user_id: int) -> Sequence[Any]:
    """The student's time entry that is open, and those whose end nobody knows, newest first: to look at."""
    return _UNFINISHED.rows(session, user_id=user_id)


def open_record(session: Session, user_id: int, *, lock: bool = False) -> Attendance | None:
    """The student's open time entry; the database allows one. `lock` makes others wait who want to close it."""
    statement = select(Attendance).where(Attendance.user_id == user_id, Attendance.clock_out.is_(None))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def open_in(session: Session, enrollment_id: int, *, lock: bool = False) -> int | None:
    """The number of the open time entry that counts for an enrollment.

    With `lock` a clock-out that is under way is waited for: what it closed is not open.
    """
    statement = select(Attendance.id).where(
        Attendance.enrollment_id == enrollment_id, Attendance.clock_out.is_(None)
    )
    return session.scalar(statement.with_for_update(read=True) if lock else statement)


def open_since(session: Session, enrollment_id: int) -> datetime | None:
    """When the open time entry of an enrollment began."""
    return session.scalar(
        select(Attendance.clock_in).where(
            Attendance.enrollment_id == enrollment_id, Attendance.clock_out.is_(None)
        )
    )


def with_open(session: Session, enrollment_ids: Collection[int]) -> list[int]:
    """Which of these enrollments have an open time entry."""
    statement = select(Attendance.enrollment_id).where(
        Attendance.enrollment_id.in_(enrollment_ids), Attendance.clock_out.is_(None)
    )
    return list(session.scalars(statement))


def insert_open(
    session: Session, user_id: int, enrollment_id: int, at: datetime, source: str
) -> Attendance | None:
    """Begin a time entry. None when the database refuses: another is open, or one recorded already covers `at`."""
    statement = (
        insert(Attendance)
        .values(user_id=user_id, enrollment_id=enrollment_id, clock_in=at, source=source)
        .on_conflict_do_nothing()
        .returning(Attendance)
    )
    return session.scalars(statement).one_or_none()


def find(session: Session, record_id: int, *, lock: bool = False) -> Attendance | None:
    """One record by its number."""
    statement = select(Attendance).where(Attendance.id == record_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def any_record(session: Session) -> bool:
    """Whether there is any attendance record at all."""
    return session.scalar(select(Attendance.id).limit(1)) is not None


def covering(session: Session, user_id: int, at: datetime) -> Attendance | None:
    """The record that covers the instant `at`, if any."""
    return session.scalars(
        select(Attendance).where(
            Attendance.user_id == user_id, Attendance.clock_in <= at, Attendance.clock_out > at
        )
    ).first()


_CLOSED_ENTRIES = Ready(
    select(Attendance.enrollment_id, Attendance.clock_in, Attendance.clock_out)
    .where(
        Attendance.user_id == bindparam("user_id"),
        Attendance.clock_out.is_not(None),
        Attendance.clock_out > bindparam("start"),
        Attendance.clock_in < bindparam("end"),
    )
    .order_by(Attendance.clock_in)
)


def closed_entries(
    session: Session, user_id: int, start: datetime, end: datetime
) -> list[tuple[int, TimeEntry]]:
    """Pairs of enrollment and closed time entry that touch the time from `start` to `end`, in order."""
    rows = _CLOSED_ENTRIES.rows(session, user_id=user_id, start=start, end=end)
    return [(row[0], TimeEntry(row[1], row[2])) for row in rows]


def entries_between(
    session: Session, user_id: int, enrollment_id: int | None, start: datetime, end: datetime
) -> Sequence[Any]:
    """A student's records that touch the time from `start` to `end`, open ones and those without an end too."""
    statement = select(
        Attendance.clock_in, Attendance.clock_out, Attendance.missing_clock_out, Attendance.source
    ).where(
        Attendance.user_id == user_id,
        Attendance.clock_in < end,
        or_(Attendance.clock_out.is_(None), Attendance.clock_out >= start),
    )
    if enrollment_id is not None:
        statement = statement.where(Attendance.enrollment_id == enrollment_id)
    return session.execute(statement.order_by(Attendance.clock_in)).all()


def entries_of(session: Session, enrollment_ids: Collection[int]) -> Sequence[Any]:
    """Closed time entries of these enrollments that count, in order: enrollment, clock-in, clock-out."""
    return session.execute(
        select(Attendance.enrollment_id, Attendance.clock_in, Attendance.clock_out)
        .where(
            Attendance.enrollment_id.in_(enrollment_ids),
            Attendance.clock_out.is_not(None),
            Attendance.missing_clock_out.is_(False),
        )
        .order_by(Attendance.enrollment_id, Attendance.clock_in)
    ).all()


def counted_until(session: Session, enrollment_id: int, until: datetime) -> Sequence[Any]:
    """Closed time entries of an enrollment that count and began before a moment, in order: number, times, minutes."""
    return session.execute(
        select(Attendance.id, Attendance.clock_in, Attendance.clock_out, Attendance.total_minutes)
        .where(
            Attendance.enrollment_id == enrollment_id,
            Attendance.clock_in < until,
            Attendance.clock_out.is_not(None),
            Attendance.missing_clock_out.is_(False),
        )
        .order_by(Attendance.clock_in, Attendance.id)
    ).all()


def attendance_hours_per_student(*, current_only: bool = False) -> Select[Any]:
    """Documented query "Calculate total attendance hours per student": name, total hours, and behind them
    the account's number, email and whole minutes.

    A student whose only time entry is open has no total yet (NULL). `current_only` leaves deleted accounts out.
    """
    minutes = func.sum(Attendance.total_minutes)
    statement = (
        select(
            User.full_name,
            (minutes / Decimal("60.0")).label("total_hours"),
            User.id,
            User.email,
            func.coalesce(minutes, 0).label("total_minutes"),
        )
        .join(User, User.id == Attendance.user_id)
        .group_by(User.id, User.full_name)
    )
    if current_only:
        statement = statement.where(User.deleted_at.is_(None), User.role == Role.STUDENT)
    return statement


def to_correct(
    visible: ColumnElement[bool], forgotten_before: datetime | ColumnElement[datetime]
) -> Select[Any]:
    """Time entries without a clock-out, for the queue."""
    still_open = and_(Attendance.clock_out.is_(None), Attendance.clock_in < forgotten_before)
    return (
        select(
            *line(
                number=Attendance.id,
                student_id=Attendance.user_id,
                about=User.full_name,
                what="No clock-out",
                since=Attendance.clock_in,
                href=func.concat("/attendance/", Attendance.id),
            )
        )
        .select_from(Attendance)
        .join(User, User.id == Attendance.user_id)
        .where(or_(Attendance.missing_clock_out, still_open), User.deleted_at.is_(None), visible)
    )
