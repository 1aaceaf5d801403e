"""Every SQL statement about grade books and their scores."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Row, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import clock
from app.core.constraints import register_conflict, register_invalid
from app.db.models import (
    ClassSeat,
    Enrollment,
    FinalGrade,
    GradeBook,
    GradeCategory,
    GradeItem,
    GradeScore,
    Lesson,
    Module,
    SchoolClass,
    User,
)

register_conflict("uq_grade_books_class_id", "This class has a grade book already. Open it again.")
register_conflict("uq_grade_categories_book_id_name", "Each category needs a name of its own.")
register_invalid("check_grade_items_points_possible", "Enter points from 0.01 to 10,000.", "points_possible")
register_conflict("fk_grade_items_category_id", "This category has items. Move or delete them first.")
register_conflict(
    "fk_final_grades_class_id", "This class has final grades, so it cannot be deleted; they are kept."
)

Row_ = TypeVar("Row_", GradeBook, GradeCategory, GradeItem)


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody who sits, or has sat, in the class. `left_on` is their last day when that is over."""

    enrollment_id: int
    user_id: int
    full_name: str
    left_on: date | None
    final_status: str | None


def book_of(session: Session, class_id: int, *, lock: bool = False) -> GradeBook | None:
    """The grade book of a class; locked, nobody else changes anything in it until the transaction ends."""
    statement = select(GradeBook).where(GradeBook.class_id == class_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def remove(session: Session, row: Any) -> None:
    """Delete a row, and what the database deletes with it."""
    session.delete(row)
    session.flush()


def categories(session: Session, book_id: int) -> Sequence[GradeCategory]:
    """The categories in order."""
    return session.scalars(
        select(GradeCategory)
        .where(GradeCategory.book_id == book_id)
        .order_by(GradeCategory.order_num, GradeCategory.id)
    ).all()


def items(session: Session, book_id: int) -> Sequence[GradeItem]:
    """The items, by category and in order."""
    return session.scalars(
        select(GradeItem)
        .join(GradeCategory, GradeCategory.id == GradeItem.category_id)
        .where(GradeItem.book_id == book_id)
        .order_by(GradeCategory.order_num, GradeCategory.id, GradeItem.order_num, GradeItem.id)
    ).all()


def read_again(session: Session, item: GradeItem) -> bool:
    """Read an item again; False when it has been deleted."""
    found = select(GradeItem).where(GradeItem.id == item.id).execution_options(populate_existing=True)
    return session.scalars(found).one_or_none() is not None


def has_scores(session: Session, item_id: int) -> bool:
    """Whether anybody was ever graded for an item."""
    return bool(session.scalar(select(exists().where(GradeScore.item_id == item_id))))


def lesson_choices(session: Session, program_id: int) -> Sequence[Row[Any]]:
    """Number and title of the program's lessons, with their modules, in order."""
    return session.execute(
        select(Lesson.id, Lesson.title, Module.name.label("module"))
        .join(Module, Module.id == Lesson.module_id)
        .where(Module.program_id == program_id)
        .order_by(Module.order_num, Module.id, Lesson.order_num, Lesson.id)
    ).all()


def students(session: Session, class_id: int, today: date) -> list[Student]:
    """Everybody who has sat in the class by today, by name; deleted people are left out."""
    last_day = func.max(func.coalesce(ClassSeat.ends_on, SchoolClass.ends_on))
    rows = session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            last_day.label("last_day"),
            SchoolClass.ends_on,
            FinalGrade.status,
        )
        .select_from(ClassSeat)
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(
            FinalGrade, (FinalGrade.class_id == class_id) & (FinalGrade.enrollment_id == Enrollment.id)
        )
        .where(ClassSeat.class_id == class_id, User.deleted_at.is_(None))
        .group_by(Enrollment.id, User.id, SchoolClass.id, FinalGrade.id)
        .order_by(func.lower(User.full_name), Enrollment.id)
    ).all()
    return [
        Student(
            row.id,
            row.user_id,
            row.full_name,
            row.last_day if row.last_day < min(today, row.ends_on) else None,
            row.status,
        )
        for row in rows
    ]


def classes_of(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """enrollment_id and SchoolClass of the classes that these enrollments have a seat in and that have a grade book."""
    return session.execute(
        select(ClassSeat.enrollment_id, SchoolClass)
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .join(GradeBook, GradeBook.class_id == SchoolClass.id)
        .where(ClassSeat.enrollment_id.in_(enrollment_ids))
        .distinct()
        .order_by(SchoolClass.starts_on.desc(), SchoolClass.id.desc())
    ).all()


# Scores


def scores(
    session: Session, book_id: int, enrollment_ids: Collection[int] | None = None
) -> Sequence[Row[Any]]:
    """GradeScore and the name of who wrote it, of all students of the book or of some."""
    statement = (
        select(GradeScore, User.full_name)
        .join(GradeItem, GradeItem.id == GradeScore.item_id)
        .outerjoin(User, User.id == GradeScore.changed_by)
        .where(GradeItem.book_id == book_id)
        .execution_options(populate_existing=True)
    )
    if enrollment_ids is not None:
        statement = statement.where(GradeScore.enrollment_id.in_(enrollment_ids))
    return session.execute(statement).all()


def write_scores(
    session: Session, rows: Iterable[Mapping[str, Any]], *, changed_by: int | None
) -> dict[tuple[int, int], tuple[int, int]]:
    """Write scores, each raising the revision of its own; number and revision by item and enrollment."""
    now = clock.now()
    values = [{**row, "changed_by": changed_by, "changed_at": now, "revision": 1} for row in rows]
    if not values:
        return {}
    inserted = insert(GradeScore)
    statement = inserted.on_conflict_do_update(
        index_elements=["item_id", "enrollment_id"],
        set_={
            name: inserted.excluded[name]
            for name in ("points", "state", "complete_by", "source", "changed_by", "changed_at")
        }
        | {"revision": GradeScore.revision + 1},
    ).returning(GradeScore.id, GradeScore.item_id, GradeScore.enrollment_id, GradeScore.revision)
    found = session.execute(statement, values)
    return {(row.item_id, row.enrollment_id): (row.id, row.revision) for row in found}


# Lessons


def items_of_lesson(session: Session, lesson_id: int, enrollment_id: int) -> Sequence[Row[Any]]:
    """GradeItem and SchoolClass of the items that take over a lesson's scores, where the enrollment sits."""
    sits = exists().where(ClassSeat.class_id == GradeBook.class_id, ClassSeat.enrollment_id == enrollment_id)
    return session.execute(
        select(GradeItem, SchoolClass)
        .join(GradeBook, GradeBook.id == GradeItem.book_id)
        .join(SchoolClass, SchoolClass.id == GradeBook.class_id)
        .where(GradeItem.lesson_id == lesson_id, sits)
        .order_by(GradeItem.id)
    ).all()
