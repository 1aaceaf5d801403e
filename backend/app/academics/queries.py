"""Every SQL statement about programs, modules and lessons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, delete, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db import ready
from app.db.models import (
    Assignment,
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    HandIn,
    Launch,
    Lesson,
    LessonCompletion,
    Module,
    Program,
    ScormData,
)
from app.web.listing import Listing
from app.web.paging import Page, Paging, fetch_page

register_conflict("fk_enrollments_program_id", "This program has enrollments and cannot be deleted.")
register_conflict("fk_scorm_data_lesson_id", "Students have worked in this lesson; it cannot be deleted.")
register_conflict(
    "fk_lesson_completions_lesson_id", "Students have completed this lesson; it cannot be deleted."
)
register_conflict("fk_launches_lesson_id", "Students have opened this lesson; it cannot be deleted.")


T = TypeVar("T", Program, Module, Lesson)


def get(session: Session, model: type[T], record_id: int, *, lock: bool = False) -> T | None:
    """A row by its number. `lock` holds it against other changes, not against being referred to."""
    statement: Select[tuple[T]] = select(model).where(model.id == record_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


# Lists


def programs(session: Session, paging: Paging) -> Listing[Any]:
    """Rows of Program, modules, lessons and active (enrollments), counted in the database."""
    modules = select(func.count()).where(Module.program_id == Program.id).scalar_subquery()
    lessons = (
        select(func.count())
        .select_from(Lesson)
        .join(Module, Lesson.module_id == Module.id)
        .where(Module.program_id == Program.id)
        .scalar_subquery()
    )
    active = (
        select(func.count())
        .where(Enrollment.program_id == Program.id, Enrollment.status == EnrollmentStatus.ACTIVE)
        .scalar_subquery()
    )
    statement = (
        select(Program, modules.label("modules"), lessons.label("lessons"), active.label("active"))
        .where(*matches(paging.q, Program.name, Program.description))
        .order_by(
            paging.order(
                {
                    "name": func.lower(Program.name),
                    "credits": Program.total_credits,
                    "weeks": Program.duration_weeks,
                    "tuition": Program.tuition_amount_cents,
                    "lessons": lessons,
                    "students": active,
                },
                "name",
            ),
            Program.id,
        )
    )
    return Listing(session, statement, paging)


def modules(session: Session, paging: Paging, program_id: int | None) -> Page[Any]:
    """Modules, of one program or of all."""
    statement = (
        select(Module)
        .where(*matches(paging.q, Module.name, Module.description))
        .order_by(
            paging.order(
                {"order": Module.order_num, "name": func.lower(Module.name), "id": Module.id},
                "order" if program_id else "id",
            ),
            Module.id,
        )
    )
    if program_id is not None:
        statement = statement.where(Module.program_id == program_id)
    return fetch_page(session, statement, paging)


def lessons(session: Session, paging: Paging, program_id: int | None, module_id: int | None) -> Page[Any]:
    """Lessons, of one module, of one program or of all."""
    statement = (
        select(Lesson)
        .join(Module, Lesson.module_id == Module.id)
        .where(*matches(paging.q, Lesson.title))
        .order_by(
            paging.order(
                {"order": Lesson.order_num, "title": func.lower(Lesson.title), "id": Lesson.id},
                "order" if module_id else "id",
            ),
            Lesson.id,
        )
    )
    if program_id is not None:
        statement = statement.where(Module.program_id == program_id)
    if module_id is not None:
        statement = statement.where(Lesson.module_id == module_id)
    return fetch_page(session, statement, paging)


# The outline of one program


def outline(session: Session, program_id: int) -> Program | None:
    """A program with its modules and lessons in order: three queries whatever their number."""
    return session.scalars(
        select(Program)
        .where(Program.id == program_id)
        .options(selectinload(Program.modules).selectinload(Module.lessons))
        .execution_options(populate_existing=True)
    ).one_or_none()


def lessons_with_package(session: Session, program_id: int) -> set[int]:
    """Numbers of the program's lessons that have an uploaded package."""
    return set(
        session.scalars(
            select(ContentPackage.lesson_id)
            .join(Lesson, ContentPackage.lesson_id == Lesson.id)
            .join(Module, Lesson.module_id == Module.id)
            .where(Module.program_id == program_id, ContentPackage.replaced_at.is_(None))
        )
    )


def place(session: Session, lesson_id: int) -> tuple[Lesson, Module, Program] | None:
    """A lesson with the module and the program it stands in."""
    row = session.execute(
        select(Lesson, Module, Program)
        .join(Module, Lesson.module_id == Module.id)
        .join(Program, Module.program_id == Program.id)
        .where(Lesson.id == lesson_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def modules_in_order(session: Session, program_id: int) -> Sequence[Module]:
    return session.scalars(
        select(Module)
        .where(Module.program_id == program_id)
        .order_by(Module.order_num, Module.id)
        .execution_options(populate_existing=True)
    ).all()


def lessons_in_order(session: Session, module_id: int) -> Sequence[Lesson]:
    return session.scalars(
        select(Lesson)
        .where(Lesson.module_id == module_id)
        .order_by(Lesson.order_num, Lesson.id)
        .execution_options(populate_existing=True)
    ).all()


# What stands in the way of a deletion


def enrollment_count(session: Session, program_id: int) -> int:
    """Enrollments of a program in any state."""
    return session.scalar(select(func.count()).where(Enrollment.program_id == program_id)) or 0


def lessons_with_work(session: Session, lesson_ids: Sequence[int]) -> set[int]:
    """Which of these lessons students have opened, worked in or completed."""
    if not lesson_ids:
        return set()
    traces = (
        exists().where(LessonCompletion.lesson_id == Lesson.id),
        exists().where(ScormData.lesson_id == Lesson.id),
        exists().where(Launch.lesson_id == Lesson.id, ~Launch.preview),
        exists().where(Assignment.lesson_id == Lesson.id, HandIn.assignment_id == Assignment.id),
    )
    return set(session.scalars(select(Lesson.id).where(Lesson.id.in_(lesson_ids), or_(*traces))))


def completion_count(session: Session, lesson_id: int) -> int:
    """How many enrollments have completed a lesson."""
    return session.scalar(select(func.count()).where(LessonCompletion.lesson_id == lesson_id)) or 0


def remove(session: Session, model: type[T], record_id: int) -> None:
    """Delete a row and what the database deletes with it; its constraints have the last word."""
    session.execute(delete(model).where(model.id == record_id))
    session.expire_all()


@dataclass(frozen=True, slots=True)
class LessonPlace:
    """A lesson with its module and program."""

    id: int
    title: str
    content_type: str
    passing_score_pct: int | None
    required_percent: int | None
    needs_check: bool
    module_id: int
    module_name: str
    program_id: int
    program_name: str


_PLACES = (
    select(
        Lesson.id,
        Lesson.title,
        Lesson.content_type,
        Lesson.passing_score_pct,
        Lesson.required_percent,
        Lesson.needs_check,
        Module.id,
        Module.name,
        Program.id,
        Program.name,
    )
    .join(Module, Lesson.module_id == Module.id)
    .join(Program, Module.program_id == Program.id)
)
_PLACE = ready.Ready(_PLACES.where(Lesson.id == bindparam("lesson_id")), page=ready.Page.COMMIT)


def lesson_place(session: Session, lesson_id: int) -> LessonPlace | None:
    """A lesson and where it stands."""
    row = _PLACE.first(session, lesson_id=lesson_id)
    return None if row is None else LessonPlace(*row)


def lesson_places(session: Session, lesson_ids: Collection[int]) -> Sequence[LessonPlace]:
    """Lessons and where they stand."""
    rows = session.execute(_PLACES.where(Lesson.id.in_(lesson_ids))).all()
    return [LessonPlace(*row) for row in rows]
