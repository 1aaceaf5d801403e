"""What the school teaches: programs, their modules, the modules' lessons.

The order of a list is changed with its parent locked, so that two people at once end with one order and no
place twice. Other rooms register what they do when the lessons of a program change (`on_lessons_changing`): progress
follows in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.academics import lesson_links, outline_changes, policy, queries
from app.academics.positions import Direction, next_place, number, reorder, shift
from app.academics.records import (
    NO_LESSON,
    NO_MODULE,
    NO_PROGRAM,
    apply_changes,
    check_content,
    find_lesson,
    find_module,
    find_outline,
    find_program,
    require_unchanged,
)
from app.academics.schemas import LessonFields as LessonFields  # noqa: PLC0414 - for the rooms that add lessons
from app.academics.schemas import ProgramFields
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, NotFound
from app.core.permissions import Subject, internal
from app.db.models import ContentType, Lesson, Module, Program
from app.web.listing import Listing
from app.web.paging import Page, Paging

on_lessons_changing = outline_changes.register
LessonLink = lesson_links.LessonLink
LessonPlace = queries.LessonPlace
register_lesson_link = lesson_links.register_lesson_link
on_lessons_removed = outline_changes.register_removal

# Reading


@internal("names a lesson to whoever may open or change it, which the caller's room decides")
def lesson_place(session: Session, lesson_id: int) -> queries.LessonPlace:
    """A lesson with its module and program. Raises NotFound."""
    place = queries.lesson_place(session, lesson_id)
    if place is None:
        raise NotFound(NO_LESSON)
    return place


@internal("names of what the history speaks of, for statements")
def lesson_places(session: Session, lesson_ids: Collection[int]) -> Sequence[queries.LessonPlace]:
    """Lessons with their modules and programs; those that are gone are left out."""
    return queries.lesson_places(session, lesson_ids)


@internal("the price stands in the catalog; asked for an enrollment that the caller's room has checked")
def tuition_cents(session: Session, program_id: int) -> int | None:
    """The tuition of a program in cents; None where the catalog has none."""
    return find_program(session, program_id).tuition_amount_cents


@internal("a fact of the catalog; what is computed with it was allowed before")
def duration_weeks(session: Session, program_id: int) -> int | None:
    """The length of a program in weeks; None where the catalog has none."""
    return find_program(session, program_id).duration_weeks


def list_programs(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Programs with the numbers of their modules, lessons and active enrollments."""
    policy.require_read(subject)
    return queries.programs(session, paging)


def list_modules(session: Session, subject: Subject, paging: Paging, program_id: int | None) -> Page[Any]:
    policy.require_read(subject)
    return queries.modules(session, paging, program_id)


def list_lessons(
    session: Session, subject: Subject, paging: Paging, program_id: int | None, module_id: int | None
) -> Page[Any]:
    policy.require_read(subject)
    return queries.lessons(session, paging, program_id, module_id)


def program_outline(session: Session, subject: Subject, program_id: int) -> Program:
    """A program with modules and lessons loaded, in order."""
    policy.require_read(subject)
    program = queries.outline(session, program_id)
    if program is None:
        raise NotFound(NO_PROGRAM)
    return program


def read_program(session: Session, subject: Subject, program_id: int) -> Program:
    policy.require_read(subject)
    return find_program(session, program_id)


def read_module(session: Session, subject: Subject, module_id: int) -> tuple[Module, Program]:
    policy.require_read(subject)
    module = find_module(session, module_id)
    return module, find_program(session, module.program_id)


def read_lesson(session: Session, subject: Subject, lesson_id: int) -> tuple[Lesson, Module, Program]:
    policy.require_read(subject)
    found = queries.place(session, lesson_id)
    if found is None:
        raise NotFound(NO_LESSON)
    return found


def lessons_of(session: Session, subject: Subject, module_id: int) -> Sequence[Lesson]:
    """The lessons of one module in order."""
    policy.require_read(subject)
    return queries.lessons_in_order(session, module_id)


def lessons_with_package(session: Session, subject: Subject, program_id: int) -> set[int]:
    """Which of the program's lessons have something to play."""
    policy.require_read(subject)
    return queries.lessons_with_package(session, program_id)


def completion_count(session: Session, subject: Subject, lesson_id: int) -> int:
    """How many enrollments have completed the lesson."""
    policy.require_read(subject)
    return queries.completion_count(session, lesson_id)


# Programs


def create_program(session: Session, subject: Subject, values: ProgramFields) -> Program:
    policy.require_change(subject)
    program = Program(**values.model_dump(exclude={"version"}))
    session.add(program)
    session.flush()
    history.record(session, subject, Action.PROGRAM_CREATED, program.id, name=program.name)
    return program


def update_program(
    session: Session, subject: Subject, program_id: int, changes: Mapping[str, Any], seen: str | None = None
) -> Program:
    """Change a program. With `seen`, the version that was being edited, a change by somebody else is a Conflict."""
    policy.require_change(subject)
    program = find_program(session, program_id, lock=True)
    require_unchanged(program, seen)
    apply_changes(session, subject, program, changes, Action.PROGRAM_UPDATED)
    return program


def delete_program(session: Session, subject: Subject, program_id: int) -> None:
    """Delete a program with its modules and lessons. Conflict while it has enrollments in any state."""
    policy.require_change(subject)
    program = find_program(session, program_id, lock=True)
    reason = why_program_stays(session, subject, program_id)
    if reason:
        raise Conflict(reason)
    name = program.name
    lessons = [lesson.id for module in find_outline(session, program_id).modules for lesson in module.lessons]
    outline_changes.lessons_removed(session, lessons)
    queries.remove(session, Program, program_id)
    history.record(session, subject, Action.PROGRAM_DELETED, program_id, name=name, lessons=len(lessons))


def why_program_stays(session: Session, subject: Subject, program_id: int) -> str | None:
    """The sentence that refuses the deletion, None when nothing speaks against it."""
    policy.require_read(subject)
    count = queries.enrollment_count(session, program_id)
    if not count:
        return None
    have = "There is 1 enrollment" if count == 1 else f"There are {count:,} enrollments"
    return (
        f"{have} in this program, so it cannot be deleted: the records of its current and former "
        "students refer to it."
    )


# Modules


def create_module(
    session: Session, subject: Subject, program_id: int, name: str, description: str | None
) -> Module:
    """Add a module behind the program's others."""
    policy.require_change(subject)
    find_program(session, program_id, lock=True)
    place = next_place(queries.modules_in_order(session, program_id))
    module = Module(program_id=program_id, name=name, description=description or None, order_num=place)
    session.add(module)
    session.flush()
    history.record(session, subject, Action.MODULE_CREATED, module.id, name=name, program_id=program_id)
    return module


def update_module(
    session: Session, subject: Subject, module_id: int, changes: Mapping[str, Any], seen: str | None = None
) -> Module:
    policy.require_change(subject)
    module = find_module(session, module_id, lock=True)
    require_unchanged(module, seen)
    apply_changes(session, subject, module, changes, Action.MODULE_UPDATED)
    return module


def delete_module(session: Session, subject: Subject, module_id: int) -> int:
    """Delete a module with its lessons; answers the program's number. Conflict when students have worked in it."""
    policy.require_change(subject)
    program_id = find_module(session, module_id).program_id
    find_program(session, program_id, lock=True)
    with outline_changes.lessons_of_program(session, subject, program_id):
        module = find_module(session, module_id, lock=True)
        name = module.name
        reason = why_module_stays(session, subject, module_id)
        if reason:
            raise Conflict(reason)
        lessons = [lesson.id for lesson in queries.lessons_in_order(session, module_id)]
        outline_changes.lessons_removed(session, lessons)
        queries.remove(session, Module, module_id)
        number(queries.modules_in_order(session, program_id))
        session.flush()
    history.record(
        session,
        subject,
        Action.MODULE_DELETED,
        module_id,
        name=name,
        program_id=program_id,
        lessons=len(lessons),
    )
    return program_id


def why_module_stays(session: Session, subject: Subject, module_id: int) -> str | None:
    """The sentence that refuses the deletion, None when nothing speaks against it."""
    policy.require_read(subject)
    lessons = queries.lessons_in_order(session, module_id)
    worked = queries.lessons_with_work(session, [lesson.id for lesson in lessons])
    titles = ", ".join(f"“{lesson.title}”" for lesson in lessons if lesson.id in worked)
    if not titles:
        return None
    return f"Students have worked in {titles}, so this module cannot be deleted; their work is kept."


# Lessons


def create_lesson(session: Session, subject: Subject, module_id: int, values: LessonFields) -> Lesson:
    """Add a lesson behind the module's others."""
    policy.require_change(subject)
    program_id = find_module(session, module_id).program_id
    check_content(values.content_type, values.content_url)
    with outline_changes.lessons_of_program(session, subject, program_id):
        find_module(session, module_id, lock=True)
        place = next_place(queries.lessons_in_order(session, module_id))
        columns = values.model_dump(exclude={"version", "module_id"})
        lesson = Lesson(module_id=module_id, order_num=place, **columns)
        session.add(lesson)
        session.flush()
    history.record(
        session,
        subject,
        Action.LESSON_CREATED,
        lesson.id,
        title=lesson.title,
        module_id=module_id,
        content_type=lesson.content_type.value,
    )
    return lesson


def update_lesson(
    session: Session, subject: Subject, lesson_id: int, changes: Mapping[str, Any], seen: str | None = None
) -> Lesson:
    """Change a lesson. Its kind is fixed once students have worked in it."""
    policy.require_change(subject)
    lesson = find_lesson(session, lesson_id, lock=True)
    require_unchanged(lesson, seen)
    kind = ContentType(changes.get("content_type", lesson.content_type))
    if kind is not lesson.content_type and queries.lessons_with_work(session, [lesson_id]):
        sentence = (
            "Students have worked in this lesson, so its type cannot change. Add another lesson instead."
        )
        raise Conflict(sentence, errors=[FieldError("content_type", sentence)])
    check_content(kind, changes.get("content_url", lesson.content_url))
    apply_changes(session, subject, lesson, changes, Action.LESSON_UPDATED)
    return lesson


@internal("the content room asks who may change what a lesson plays")
def set_required_percent(session: Session, subject: Subject, lesson_id: int, percent: int | None) -> Lesson:
    """How much of an uploaded video or document completes the lesson; None for what its kind asks for by itself."""
    lesson = find_lesson(session, lesson_id, lock=True)
    apply_changes(session, subject, lesson, {"required_percent": percent}, Action.LESSON_UPDATED)
    return lesson


def delete_lesson(session: Session, subject: Subject, lesson_id: int) -> int:
    """Delete a lesson; answers the program's number. Conflict when students have worked in it."""
    policy.require_change(subject)
    _found, module, program = read_lesson(session, subject, lesson_id)
    module_id, program_id = module.id, program.id
    with outline_changes.lessons_of_program(session, subject, program_id):
        find_module(session, module_id, lock=True)
        title = find_lesson(session, lesson_id, lock=True).title
        reason = why_lesson_stays(session, subject, lesson_id)
        if reason:
            raise Conflict(reason)
        outline_changes.lessons_removed(session, [lesson_id])
        queries.remove(session, Lesson, lesson_id)
        number(queries.lessons_in_order(session, module_id))
        session.flush()
    history.record(session, subject, Action.LESSON_DELETED, lesson_id, title=title, module_id=module_id)
    return program_id


def why_lesson_stays(session: Session, subject: Subject, lesson_id: int) -> str | None:
    """The sentence that refuses the deletion, None when nothing speaks against it."""
    policy.require_read(subject)
    if queries.lessons_with_work(session, [lesson_id]):
        return "Students have worked in this lesson, so it cannot be deleted; their work is kept."
    return None


# Order


def move_module(session: Session, subject: Subject, module_id: int, direction: Direction) -> Module:
    """Let a module change places with its neighbour. At the end of the list nothing changes."""
    policy.require_change(subject)
    program_id = find_module(session, module_id).program_id
    find_program(session, program_id, lock=True)
    modules = list(queries.modules_in_order(session, program_id))
    module = next((module for module in modules if module.id == module_id), None)
    if module is None:
        raise NotFound(NO_MODULE)
    if shift(modules, module, direction):
        session.flush()
        history.record(
            session, subject, Action.MODULE_MOVED, module_id, program_id=program_id, to=module.order_num
        )
    return module


def move_lesson(session: Session, subject: Subject, lesson_id: int, direction: Direction) -> Lesson:
    """Let a lesson change places with its neighbour in the module. At the end nothing changes."""
    policy.require_change(subject)
    module_id = find_lesson(session, lesson_id).module_id
    find_module(session, module_id, lock=True)
    lessons = list(queries.lessons_in_order(session, module_id))
    lesson = next((lesson for lesson in lessons if lesson.id == lesson_id), None)
    if lesson is None:
        raise NotFound(NO_LESSON)
    if shift(lessons, lesson, direction):
        session.flush()
        history.record(
            session, subject, Action.LESSON_MOVED, lesson_id, module_id=module_id, to=lesson.order_num
        )
    return lesson


def order_modules(session: Session, subject: Subject, program_id: int, ids: Sequence[int]) -> None:
    """Put all modules of a program in this order. Conflict when the list is not the program's modules."""
    policy.require_change(subject)
    find_program(session, program_id, lock=True)
    reorder(queries.modules_in_order(session, program_id), ids, "modules of this program")
    session.flush()
    history.record(session, subject, Action.MODULES_REORDERED, program_id, order=list(ids))


def order_lessons(session: Session, subject: Subject, module_id: int, ids: Sequence[int]) -> None:
    """Put all lessons of a module in this order. Conflict when the list is not the module's lessons."""
    policy.require_change(subject)
    find_module(session, module_id, lock=True)
    reorder(queries.lessons_in_order(session, module_id), ids, "lessons of this module")
    session.flush()
    history.record(session, subject, Action.LESSONS_REORDERED, module_id, order=list(ids))
