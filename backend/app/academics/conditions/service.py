"""The conditions of a lesson: optional, from a day on, after another one, checked in person."""

from sqlalchemy.orm import Session

from app.academics import outline_changes, policy, queries
from app.academics.records import apply_changes, find_lesson, find_module, find_program, require_unchanged
from app.academics.schemas import ConditionsForm
from app.core.actions import Action
from app.core.errors import FieldError, Invalid
from app.core.permissions import Subject
from app.db.models import Lesson

_CIRCLE = "That lesson already requires this one, so students could open neither. Choose another."
_ELSEWHERE = "Choose a lesson of the same program."


def choices(session: Session, subject: Subject, lesson_id: int) -> list[tuple[int, str]]:
    """The other lessons of the program, as number and name."""
    policy.require_change(subject)
    lesson = find_lesson(session, lesson_id)
    program_id = find_module(session, lesson.module_id).program_id
    outline = queries.outline(session, program_id)
    modules = [] if outline is None else outline.modules
    return [
        (one.id, f"{module.name} – {one.title}")
        for module in modules
        for one in module.lessons
        if one.id != lesson_id
    ]


def change(session: Session, subject: Subject, lesson_id: int, values: ConditionsForm) -> Lesson:
    """Set the conditions of a lesson. Progress of the program’s students follows at once.

    Raises Forbidden, NotFound, Conflict where somebody else has changed the lesson, Invalid for a lesson of another
    program and for one that waits for this one.
    """
    policy.require_change(subject)
    program_id = find_module(session, find_lesson(session, lesson_id).module_id).program_id
    # One planner after the other: two lessons could come to wait for each other.
    find_program(session, program_id, lock=True)
    with outline_changes.lessons_of_program(session, subject, program_id):
        lesson = find_lesson(session, lesson_id, lock=True)
        require_unchanged(lesson, values.version)
        _check(session, subject, lesson_id, values.after_lesson_id)
        apply_changes(session, subject, lesson, values.model_dump(exclude={"version"}), Action.LESSON_UPDATED)
    return lesson


def _check(session: Session, subject: Subject, lesson_id: int, first: int | None) -> None:
    if first is None:
        return
    if first not in {number for number, _ in choices(session, subject, lesson_id)}:
        raise Invalid(_ELSEWHERE, errors=[FieldError("after_lesson_id", _ELSEWHERE)])
    seen = {lesson_id}
    while first is not None:
        if first in seen:
            raise Invalid(_CIRCLE, errors=[FieldError("after_lesson_id", _CIRCLE)])
        seen.add(first)
        first = find_lesson(session, first).after_lesson_id
