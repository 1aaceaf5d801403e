"""SQL of the lists of who grades."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, case, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.content.assignments.schemas import State
from app.core.search import matches
from app.db.models import (
    Assignment,
    Enrollment,
    EnrollmentStatus,
    HandIn,
    HandInGrade,
    Lesson,
    Module,
    Program,
    User,
)
from app.web import queue
from app.web.listing import Listing
from app.web.paging import Paging

_state = case(
    (HandIn.id.is_(None), State.MISSING.value),
    (HandInGrade.id.is_(None), State.TO_GRADE.value),
    (HandInGrade.released_at.is_(None), State.DRAFT.value),
    else_=State.RELEASED.value,
)
"""`State.of`, for a whole list."""


def _students(assignment: Assignment, program_id: int, visible: ColumnElement[bool]) -> Select[Any]:
    """The students of the program whom somebody sees, each with the newest hand-in and its newest grade."""
    newest = (
        select(func.max(HandIn.id))
        .where(HandIn.assignment_id == assignment.id, HandIn.enrollment_id == Enrollment.id)
        .correlate(Enrollment)
        .scalar_subquery()
    )
    latest = (
        select(func.max(HandInGrade.id))
        .where(HandInGrade.hand_in_id == HandIn.id)
        .correlate(HandIn)
        .scalar_subquery()
    )
    return (
        select(
            Enrollment.id.label("enrollment_id"),
            User.id.label("user_id"),
            User.full_name,
            HandIn,
            HandInGrade,
        )
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(HandIn, HandIn.id == newest)
        .outerjoin(HandInGrade, HandInGrade.id == latest)
        .where(
            Enrollment.program_id == program_id,
            visible,
            User.deleted_at.is_(None),
            or_(Enrollment.status == EnrollmentStatus.ACTIVE, HandIn.id.is_not(None)),
        )
        .execution_options(populate_existing=True)
    )


def board(
    session: Session, assignment: Assignment, program_id: int, visible: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """All students, by name."""
    statement = _students(assignment, program_id, visible)
    return session.execute(statement.order_by(func.lower(User.full_name), Enrollment.id)).all()


def works(
    session: Session,
    assignment: Assignment,
    program_id: int,
    visible: ColumnElement[bool],
    paging: Paging,
    state: State | None,
) -> Listing[Any]:
    """The students, searched and sorted; those of one state, or all. Sorts: student, state, handed_in, score."""
    statement = _students(assignment, program_id, visible)
    if state is not None:
        statement = statement.where(_state == state.value)
    if paging.q:
        statement = statement.where(*matches(paging.q, User.full_name))
    sorts = {
        "student": func.lower(User.full_name),
        "state": case({one.value: place for place, one in enumerate(State)}, value=_state),
        "handed_in": HandIn.handed_in_at,
        "score": HandInGrade.score_pct,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "student"), Enrollment.id), paging)


def counted(
    session: Session, assignment: Assignment, program_id: int, visible: ColumnElement[bool]
) -> dict[State, int]:
    """How many students are in each state."""
    statement = _students(assignment, program_id, visible).with_only_columns(
        _state.label("state"), func.count()
    )
    rows = session.execute(statement.group_by("state"))
    return dict.fromkeys(State, 0) | {State(state): number for state, number in rows}


def waiting(visible: ColumnElement[bool], own: int) -> Select[Any]:
    """What waits to be graded, for the queue."""
    return (
        select(
            *queue.line(
                number=HandIn.id,
                student_id=Enrollment.user_id,
                about=User.full_name,
                what=Lesson.title,
                since=HandIn.handed_in_at,
                href=literal("/hand-ins/", String) + cast(HandIn.id, String),
            )
        )
        .join(Enrollment, Enrollment.id == HandIn.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(Assignment, Assignment.id == HandIn.assignment_id)
        .join(Lesson, Lesson.id == Assignment.lesson_id)
        .where(HandIn.waits, User.deleted_at.is_(None), User.id != own, visible)
    )


def overview(session: Session, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Every assignment with its program, and how many hand-ins of students whom somebody sees wait, are
    drafts, came."""
    newer = aliased(HandIn)
    drafts = exists().where(
        HandInGrade.hand_in_id == HandIn.id, HandInGrade.released_at.is_(None)
    ) & ~exists().where(HandInGrade.hand_in_id == HandIn.id, HandInGrade.released_at.is_not(None))
    counted = (
        select(
            HandIn.assignment_id,
            func.count().label("handed_in"),
            func.count().filter(HandIn.waits).label("to_grade"),
            func.count().filter(drafts).label("to_release"),
        )
        .join(Enrollment, Enrollment.id == HandIn.enrollment_id)
        .where(
            visible,
            ~exists().where(
                newer.assignment_id == HandIn.assignment_id,
                newer.enrollment_id == HandIn.enrollment_id,
                newer.number > HandIn.number,
            ),
        )
        .group_by(HandIn.assignment_id)
        .subquery()
    )
    return session.execute(
        select(
            Lesson.id,
            Lesson.title,
            Program.id.label("program_id"),
            Program.name.label("program"),
            func.coalesce(counted.c.handed_in, 0).label("handed_in"),
            func.coalesce(counted.c.to_grade, 0).label("to_grade"),
            func.coalesce(counted.c.to_release, 0).label("to_release"),
        )
        .join(Assignment, Assignment.lesson_id == Lesson.id)
        .join(Module, Module.id == Lesson.module_id)
        .join(Program, Program.id == Module.program_id)
        .outerjoin(counted, counted.c.assignment_id == Assignment.id)
        .order_by(func.coalesce(counted.c.to_grade, 0).desc(), func.lower(Program.name), Lesson.id)
    ).all()
