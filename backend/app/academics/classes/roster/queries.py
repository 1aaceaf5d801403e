"""Every SQL statement about the seats of a class."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.academics.classes.queries import in_class, lasting
from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import ClassSeat, Enrollment, EnrollmentStatus, SchoolClass, User
from app.web.listing import Listing
from app.web.paging import Page, Paging, fetch_page

register_conflict("ex_class_seats_once", "This student is already in the class.", "enrollment_ids")
register_invalid("check_class_seats_days", "The last day is before the first day.", "last_day")


def _roster() -> Select[Any]:
    return (
        select(
            ClassSeat.id,
            ClassSeat.class_id,
            ClassSeat.enrollment_id,
            Enrollment.user_id,
            User.full_name,
            User.email,
            Enrollment.progress_pct,
            Enrollment.status,
            ClassSeat.starts_on,
            ClassSeat.ends_on,
        )
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(User.deleted_at.is_(None))
    )


def roster(
    session: Session, class_id: int, paging: Paging, today: date, *, removable: bool = False
) -> Listing[Any]:
    """The students of a class, by name unless sorted otherwise; deleted people and those who left are left out.

    `removable` gives those alone whose seats are not over.
    """
    seats = lasting(ClassSeat, today) if removable else in_class(today)
    statement = _roster().where(ClassSeat.class_id == class_id, seats)
    statement = statement.where(*matches(paging.q, User.search_text))
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "email": User.email,
            "progress": func.coalesce(Enrollment.progress_pct, 0),
            "from": ClassSeat.starts_on,
        },
        "student",
    )
    return Listing(session, statement.order_by(order, ClassSeat.id), paging)


def seated_on(session: Session, class_id: int, day: date) -> Sequence[Row[Any]]:
    """enrollment_id, user_id and full_name of those whose seat held this day, by name."""
    return session.execute(
        select(ClassSeat.enrollment_id, Enrollment.user_id, User.full_name)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(
            ClassSeat.class_id == class_id,
            ClassSeat.starts_on <= day,
            lasting(ClassSeat, day),
            User.deleted_at.is_(None),
        )
        .order_by(func.lower(User.full_name), ClassSeat.enrollment_id)
    ).all()


def seats(session: Session, class_id: int, seat_ids: Collection[int]) -> Sequence[ClassSeat]:
    """Seats of a class by their numbers, locked."""
    return session.scalars(
        select(ClassSeat)
        .where(ClassSeat.class_id == class_id, ClassSeat.id.in_(seat_ids))
        .order_by(ClassSeat.id)
        .with_for_update()
    ).all()


def seat_count(session: Session, class_id: int, day: date) -> int:
    """How many seats are taken on a day or later."""
    statement = select(func.count()).where(ClassSeat.class_id == class_id, lasting(ClassSeat, day))
    return session.scalar(statement) or 0


def sits_already(session: Session, class_id: int, enrollment_ids: Collection[int], day: date) -> list[str]:
    """Names of those who have a seat in the class on a day or later."""
    return list(
        session.scalars(
            select(User.full_name)
            .join(Enrollment, Enrollment.user_id == User.id)
            .join(ClassSeat, ClassSeat.enrollment_id == Enrollment.id)
            .where(
                ClassSeat.class_id == class_id,
                ClassSeat.enrollment_id.in_(enrollment_ids),
                lasting(ClassSeat, day),
            )
            .order_by(User.full_name)
        )
    )


def enrollments(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """id, program_id, status, enrolled_at, user_id, full_name of present students' enrollments; both are locked."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.program_id,
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.user_id,
            User.full_name,
        )
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.id.in_(enrollment_ids), User.deleted_at.is_(None))
        .order_by(Enrollment.id)
        .with_for_update(read=True, of=[Enrollment, User])
    ).all()


def candidates_page(session: Session, record: SchoolClass, paging: Paging, today: date) -> Page[Any]:
    """Active enrollments of the class's program without a seat in it, by name."""
    sits = exists().where(
        ClassSeat.class_id == record.id, ClassSeat.enrollment_id == Enrollment.id, lasting(ClassSeat, today)
    )
    elsewhere = (
        select(func.string_agg(SchoolClass.code, func.concat(", ")))
        .join(ClassSeat, ClassSeat.class_id == SchoolClass.id)
        .where(ClassSeat.enrollment_id == Enrollment.id, lasting(ClassSeat, today))
        .correlate(Enrollment)
        .scalar_subquery()
    )
    statement = (
        select(
            Enrollment.id,
            User.full_name,
            User.email,
            Enrollment.enrolled_at,
            Enrollment.progress_pct,
            elsewhere.label("elsewhere"),
        )
        .join(User, User.id == Enrollment.user_id)
        .where(
            Enrollment.program_id == record.program_id,
            Enrollment.status == EnrollmentStatus.ACTIVE,
            User.deleted_at.is_(None),
            ~sits,
        )
    )
    statement = statement.where(*matches(paging.q, User.search_text))
    order = paging.order(
        {"student": func.lower(User.full_name), "enrolled": Enrollment.enrolled_at}, "student"
    )
    return fetch_page(session, statement.order_by(order, Enrollment.id), paging)


def other_classes_of(
    session: Session, class_id: int, user_ids: Collection[int], day: date
) -> Sequence[Row[Any]]:
    """user_id and the other class that a student sits in on a day or later."""
    return session.execute(
        select(Enrollment.user_id, SchoolClass)
        .join(ClassSeat, ClassSeat.enrollment_id == Enrollment.id)
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .where(
            Enrollment.user_id.in_(user_ids),
            SchoolClass.id != class_id,
            SchoolClass.ends_on >= day,
            lasting(ClassSeat, day),
        )
        .order_by(SchoolClass.code)
    ).all()


def end_seats(session: Session, enrollment_id: int, last_day: date) -> list[int]:
    """End an enrollment's seats on a day; one that had not begun is taken away. Answers the classes' numbers."""
    unbegun = session.scalars(
        delete(ClassSeat)
        .where(ClassSeat.enrollment_id == enrollment_id, ClassSeat.starts_on > last_day)
        .returning(ClassSeat.class_id)
    ).all()
    ended = session.scalars(
        update(ClassSeat)
        .where(
            ClassSeat.enrollment_id == enrollment_id,
            or_(ClassSeat.ends_on.is_(None), ClassSeat.ends_on > last_day),
        )
        .values(ends_on=last_day)
        .returning(ClassSeat.class_id)
        .execution_options(synchronize_session="fetch")
    ).all()
    return sorted({*unbegun, *ended})
