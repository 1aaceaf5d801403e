"""SQL of the totals. Triggers keep them (migration 0060); nothing here writes them but the rebuild."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.permissions import Role
from app.core.search import about_people, matches
from app.db.models import (
    AttendanceCorrection,
    AttendanceDay,
    AttendanceSchoolDay,
    AttendanceStudent,
    Enrollment,
    User,
)
from app.db.ready import Page, Ready
from app.web.listing import Listing
from app.web.paging import Paging

_DIFFERENCES = text(
    """
    SELECT kind, number, day, kept, counted, count(*) OVER () AS total
    FROM attendance_differences() ORDER BY kind, number, day LIMIT :most
    """
)
_REBUILD = text("SELECT attendance_rebuild_totals()")


_NUMBERS = func.any(bindparam("numbers", type_=ARRAY(Integer)))
_OF_ENROLLMENTS = Ready(
    union_all(
        select(
            literal("all").label("what"),
            AttendanceDay.enrollment_id,
            cast(null(), Date).label("day"),
            func.sum(AttendanceDay.minutes),
        )
        .where(AttendanceDay.enrollment_id == _NUMBERS)
        .group_by(AttendanceDay.enrollment_id),
        select(
            literal("transferred"),
            AttendanceCorrection.enrollment_id,
            cast(null(), Date),
            func.sum(AttendanceCorrection.minutes),
        )
        .where(
            AttendanceCorrection.enrollment_id == _NUMBERS,
            AttendanceCorrection.kind == "transfer",
            AttendanceCorrection.outcome == "approved",
        )
        .group_by(AttendanceCorrection.enrollment_id),
        select(literal("day"), AttendanceDay.enrollment_id, AttendanceDay.day, AttendanceDay.minutes).where(
            AttendanceDay.enrollment_id == _NUMBERS,
            AttendanceDay.day >= bindparam("first"),
            AttendanceDay.minutes > 0,
        ),
    ),
    page=Page.STUDENTS_STUDIES,
)
_OF_STUDENT = Ready(
    select(AttendanceDay.day, func.sum(AttendanceDay.minutes))
    .join(Enrollment, Enrollment.id == AttendanceDay.enrollment_id)
    .where(
        Enrollment.user_id == bindparam("user_id"),
        AttendanceDay.day.between(bindparam("first"), bindparam("last")),
    )
    .group_by(AttendanceDay.day)
    .having(func.sum(AttendanceDay.minutes) > 0)
    .order_by(AttendanceDay.day)
)


@dataclass(frozen=True, slots=True)
class Sums:
    """Minutes by enrollment: all that were attended, those of each day asked for, those from another school."""

    attended: dict[int, int]
    by_day: dict[int, dict[date, int]]
    transferred: dict[int, int]


def of_enrollments(session: Session, enrollment_ids: Collection[int], first: date) -> Sums:
    """The minutes of these enrollments, by day from `first` on; those without are left out: one statement."""
    found = Sums({}, {}, {})
    rows = _OF_ENROLLMENTS.rows(session, numbers=list(enrollment_ids), first=first)
    for what, enrollment_id, day, minutes in rows:
        if what == "all":
            found.attended[enrollment_id] = minutes
        elif what == "transferred":
            found.transferred[enrollment_id] = minutes
        else:
            found.by_day.setdefault(enrollment_id, {})[day] = minutes
    return found


def minutes_through(day: date) -> Select[tuple[int, int, int]]:
    """enrollment_id, attended and transferred minutes of each enrollment by the end of a day at the school."""
    attended = select(
        AttendanceDay.enrollment_id, AttendanceDay.minutes.label("attended"), literal(0).label("transferred")
    ).where(AttendanceDay.day <= day)
    transferred = select(AttendanceCorrection.enrollment_id, literal(0), AttendanceCorrection.minutes).where(
        AttendanceCorrection.kind == "transfer", AttendanceCorrection.outcome == "approved"
    )
    parts = union_all(attended, transferred).subquery()
    return select(
        parts.c.enrollment_id,
        func.sum(parts.c.attended).label("attended"),
        func.sum(parts.c.transferred).label("transferred"),
    ).group_by(parts.c.enrollment_id)


def of_student(session: Session, user_id: int, first: date, last: date) -> dict[date, int]:
    """A student's minutes by day, of all enrollments; days without are left out."""
    rows = _OF_STUDENT.rows(session, user_id=user_id, first=first, last=last)
    return {row[0]: row[1] for row in rows}


def _of_school() -> Select[tuple[date, int]]:
    days = bindparam("first", type_=Date), bindparam("last", type_=Date)
    of_all = select(AttendanceSchoolDay.day, AttendanceSchoolDay.minutes).where(
        AttendanceSchoolDay.day.between(*days)
    )
    of_deleted = (
        select(AttendanceDay.day, -AttendanceDay.minutes)
        .join(Enrollment, Enrollment.id == AttendanceDay.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(User.deleted_at.is_not(None), AttendanceDay.day.between(*days))
    )
    parts = of_all.union_all(of_deleted).subquery()
    return select(parts.c.day, func.sum(parts.c.minutes)).group_by(parts.c.day)


_OF_SCHOOL = Ready(_of_school())


def of_school(session: Session, first: date, last: date) -> dict[date, int]:
    """Everybody's minutes by day. Deleted people stand in no list, and are few: theirs are taken off the sums."""
    return {row[0]: row[1] for row in _OF_SCHOOL.rows(session, first=first, last=last)}


def of_students(session: Session, visible: ColumnElement[bool], first: date, last: date) -> dict[date, int]:
    """Minutes by day of the enrollments that `visible` lets through."""
    rows = session.execute(
        select(AttendanceDay.day, func.sum(AttendanceDay.minutes))
        .join(Enrollment, Enrollment.id == AttendanceDay.enrollment_id)
        .where(visible, AttendanceDay.day.between(first, last))
        .group_by(AttendanceDay.day)
    )
    return {row[0]: row[1] for row in rows}


def students_listing(session: Session, visible: ColumnElement[bool], paging: Paging) -> Listing[Any]:
    """What the documented query adds up (`attendance_hours_per_student`), most hours first: number, name, email and
    minutes of each student with a record."""
    sorts = {
        "student": func.lower(User.full_name),
        "email": User.email,
        "hours": AttendanceStudent.minutes,
    }
    # Who is left out is few, and found by the indexes of deleted accounts and of roles.
    deleted = select(User.id).where(User.deleted_at.is_not(None))
    staff = select(User.id).where(User.role.in_([role for role in Role if role is not Role.STUDENT]))
    conditions = [
        AttendanceStudent.records > 0,
        AttendanceStudent.user_id.not_in(deleted),
        AttendanceStudent.user_id.not_in(staff),
        visible,
        *about_people(session, paging.q, AttendanceStudent.user_id, {}),
    ]
    statement = (
        select(User.id, User.full_name, User.email, AttendanceStudent.minutes.label("total_minutes"))
        .join(User, User.id == AttendanceStudent.user_id)
        # Said once more for the index of names, which leaves out deleted people.
        .where(*conditions, User.deleted_at.is_(None))
        # The total's own column, so that its index gives the order.
        .order_by(paging.order(sorts, "-hours"), AttendanceStudent.user_id)
    )
    counting = select(literal(1)).select_from(AttendanceStudent).where(*conditions)
    return Listing(session, statement, paging, counting=counting, key=AttendanceStudent.user_id)


def period_listing(
    session: Session, visible: ColumnElement[bool], paging: Paging, first: date, last: date
) -> Listing[Any]:
    """The same of the days from `first` to `last` at the school, from the sums by day."""
    minutes = func.sum(AttendanceDay.minutes)
    order = paging.order(
        {"student": func.lower(User.full_name), "email": User.email, "hours": minutes}, "-hours"
    )
    statement = (
        select(User.id, User.full_name, User.email, minutes.label("total_minutes"))
        .select_from(AttendanceDay)
        .join(Enrollment, Enrollment.id == AttendanceDay.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(
            visible,
            AttendanceDay.day.between(first, last),
            User.deleted_at.is_(None),
            User.role == Role.STUDENT,
            *matches(paging.q, User.search_text),
        )
        .group_by(User.id)
        .having(minutes > 0)
        .order_by(order, User.id)
    )
    return Listing(session, statement, paging)


def differences(session: Session, most: int) -> tuple[int, Sequence[Row[Any]]]:
    """How many totals differ from the records, and the first `most` of them: kind, number, day, kept, counted."""
    rows = session.execute(_DIFFERENCES, {"most": most}).all()
    return (rows[0].total if rows else 0), rows


def rebuild(session: Session) -> int:
    """Put the totals right, and give how many were wrong. Writers of attendance wait meanwhile."""
    return session.scalar(_REBUILD) or 0
