"""Every SQL statement of assignments."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    and_,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import (
    Assignment,
    AssignmentAllowance,
    AssignmentDue,
    AssignmentVersion,
    ClassSeat,
    Enrollment,
    HandIn,
    HandInFile,
    HandInGrade,
    Lesson,
    SchoolClass,
    User,
)


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


# What is asked


def find(session: Session, lesson_id: int) -> Assignment | None:
    return session.scalars(select(Assignment).where(Assignment.lesson_id == lesson_id)).one_or_none()


def pages_of(session: Session, lesson_ids: Collection[int]) -> dict[int, str]:
    """Where students open those of these lessons that are assignments."""
    found = session.scalars(select(Assignment.lesson_id).where(Assignment.lesson_id.in_(lesson_ids)))
    return {lesson_id: f"/learn/assignments/{lesson_id}" for lesson_id in found}


def versions(session: Session, assignment_id: int) -> Sequence[AssignmentVersion]:
    """All versions, the one in use first."""
    return session.scalars(
        select(AssignmentVersion)
        .where(AssignmentVersion.assignment_id == assignment_id)
        .order_by(AssignmentVersion.version.desc())
    ).all()


def version_in_use(session: Session, assignment_id: int) -> AssignmentVersion:
    return session.scalars(
        select(AssignmentVersion)
        .where(AssignmentVersion.assignment_id == assignment_id)
        .order_by(AssignmentVersion.version.desc())
        .limit(1)
    ).one()


# Dates


def dues(session: Session, assignment_id: int) -> dict[int, datetime]:
    """When it is due, by class."""
    rows = session.execute(
        select(AssignmentDue.class_id, AssignmentDue.due_at).where(
            AssignmentDue.assignment_id == assignment_id
        )
    )
    return {row[0]: row[1] for row in rows}


def write_due(
    session: Session, assignment_id: int, class_id: int, due_at: datetime | None, set_by: int | None
) -> None:
    """Set the date of a class, or take it away."""
    if due_at is None:
        session.execute(
            delete(AssignmentDue).where(
                AssignmentDue.assignment_id == assignment_id, AssignmentDue.class_id == class_id
            )
        )
        return
    values = {"due_at": due_at, "set_by": set_by}
    session.execute(
        insert(AssignmentDue)
        .values(assignment_id=assignment_id, class_id=class_id, **values)
        .on_conflict_do_update(index_elements=["assignment_id", "class_id"], set_=values)
    )


def dues_of(
    session: Session, assignment_id: int, enrollment_ids: Collection[int], today: date
) -> dict[int, list[datetime]]:
    """When it is due for these students by the classes in which they sit."""
    rows = session.execute(
        select(ClassSeat.enrollment_id, AssignmentDue.due_at)
        .join(AssignmentDue, AssignmentDue.class_id == ClassSeat.class_id)
        .where(
            AssignmentDue.assignment_id == assignment_id,
            ClassSeat.enrollment_id.in_(enrollment_ids),
            or_(ClassSeat.ends_on.is_(None), ClassSeat.ends_on >= today),
        )
    )
    found: dict[int, list[datetime]] = {}
    for enrollment_id, due_at in rows:
        found.setdefault(enrollment_id, []).append(due_at)
    return found


def allowances(
    session: Session, assignment_id: int, enrollment_ids: Collection[int]
) -> dict[int, AssignmentAllowance]:
    rows = session.scalars(
        select(AssignmentAllowance)
        .where(
            AssignmentAllowance.assignment_id == assignment_id,
            AssignmentAllowance.enrollment_id.in_(enrollment_ids),
        )
        .execution_options(populate_existing=True)
    )
    return {row.enrollment_id: row for row in rows}


def write_allowance(session: Session, assignment_id: int, enrollment_id: int, **values: Any) -> None:
    session.execute(
        insert(AssignmentAllowance)
        .values(assignment_id=assignment_id, enrollment_id=enrollment_id, **values)
        .on_conflict_do_update(index_elements=["assignment_id", "enrollment_id"], set_=values)
    )


def student(session: Session, enrollment_id: int) -> Row[Any] | None:
    """An enrollment with the student's number and name."""
    return session.execute(
        select(Enrollment.id, Enrollment.user_id, Enrollment.program_id, User.full_name)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.id == enrollment_id)
    ).one_or_none()


# What was handed in


def hand_ins_of(session: Session, assignment_id: int, enrollment_id: int) -> Sequence[HandIn]:
    """A student's hand-ins, the newest first."""
    return session.scalars(
        select(HandIn)
        .where(HandIn.assignment_id == assignment_id, HandIn.enrollment_id == enrollment_id)
        .order_by(HandIn.number.desc())
        .execution_options(populate_existing=True)
    ).all()


def by_request(session: Session, request: UUID) -> HandIn | None:
    return session.scalars(select(HandIn).where(HandIn.request == request)).one_or_none()


def files_of(session: Session, hand_in_ids: Collection[int]) -> dict[int, list[HandInFile]]:
    rows = session.scalars(
        select(HandInFile)
        .where(HandInFile.hand_in_id.in_(hand_in_ids))
        .order_by(HandInFile.hand_in_id, HandInFile.place)
    )
    found: dict[int, list[HandInFile]] = {}
    for row in rows:
        found.setdefault(row.hand_in_id, []).append(row)
    return found


def file(session: Session, file_id: int) -> Row[Any] | None:
    """A file with the number of its student."""
    return session.execute(
        select(HandInFile, Enrollment.user_id)
        .join(HandIn, HandIn.id == HandInFile.hand_in_id)
        .join(Enrollment, Enrollment.id == HandIn.enrollment_id)
        .where(HandInFile.id == file_id)
    ).one_or_none()


def stop_waiting(session: Session, hand_in_ids: Collection[int]) -> None:
    """These are graded, or replaced by a newer one."""
    session.execute(
        update(HandIn)
        .where(HandIn.id.in_(hand_in_ids), HandIn.waits)
        .values(waits=False)
        .execution_options(synchronize_session=False)
    )


def work(session: Session, hand_in_id: int) -> Row[Any] | None:
    """A hand-in with its version, lesson and student."""
    return session.execute(
        select(
            HandIn,
            AssignmentVersion,
            Assignment.lesson_id,
            Lesson.title,
            Enrollment.user_id,
            User.full_name,
        )
        .join(AssignmentVersion, AssignmentVersion.id == HandIn.version_id)
        .join(Assignment, Assignment.id == HandIn.assignment_id)
        .join(Lesson, Lesson.id == Assignment.lesson_id)
        .join(Enrollment, Enrollment.id == HandIn.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(HandIn.id == hand_in_id)
    ).one_or_none()


# Grades


def grades_of(session: Session, hand_in_ids: Collection[int]) -> dict[int, list[HandInGrade]]:
    """The grades of hand-ins, the newest first."""
    rows = session.scalars(
        select(HandInGrade)
        .where(HandInGrade.hand_in_id.in_(hand_in_ids))
        .order_by(HandInGrade.hand_in_id, HandInGrade.id.desc())
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[HandInGrade]] = {}
    for row in rows:
        found.setdefault(row.hand_in_id, []).append(row)
    return found


def grade_by_request(session: Session, request: UUID) -> HandInGrade | None:
    return session.scalars(select(HandInGrade).where(HandInGrade.request == request)).one_or_none()


def grade(session: Session, grade_id: int) -> Row[Any] | None:
    """A grade with the number of its student."""
    return session.execute(
        select(HandInGrade, Enrollment.user_id)
        .join(HandIn, HandIn.id == HandInGrade.hand_in_id)
        .join(Enrollment, Enrollment.id == HandIn.enrollment_id)
        .where(HandInGrade.id == grade_id)
    ).one_or_none()


def mark_released(session: Session, grade_id: int, at: datetime) -> bool:
    """Release a grade; whether it was not yet."""
    found = session.scalars(
        update(HandInGrade)
        .where(HandInGrade.id == grade_id, HandInGrade.released_at.is_(None))
        .values(released_at=at)
        .returning(HandInGrade.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(found)


def scores(session: Session, lesson_id: int, enrollment_ids: Collection[int]) -> dict[int, Decimal]:
    """Released scores in percent by enrollment: of the newest hand-in that has one, its newest."""
    rows = session.execute(
        select(HandIn.enrollment_id, HandInGrade.score_pct)
        .distinct(HandIn.enrollment_id)
        .join(HandInGrade, HandInGrade.hand_in_id == HandIn.id)
        .join(Assignment, Assignment.id == HandIn.assignment_id)
        .where(
            Assignment.lesson_id == lesson_id,
            HandIn.enrollment_id.in_(enrollment_ids),
            HandInGrade.released_at.is_not(None),
        )
        .order_by(HandIn.enrollment_id, HandIn.number.desc(), HandInGrade.id.desc())
    )
    return {row[0]: row[1] for row in rows}


def class_of_program(session: Session, class_id: int, program_id: int) -> SchoolClass | None:
    return session.scalars(
        select(SchoolClass).where(and_(SchoolClass.id == class_id, SchoolClass.program_id == program_id))
    ).one_or_none()
