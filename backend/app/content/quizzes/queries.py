"""Every SQL statement about quizzes that are taken."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    QuizAccommodation,
    QuizAnswer,
    QuizAttempt,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_quiz_attempts_open", "This quiz is already open. Load the lesson again to go on with it."
)
register_conflict(
    "uq_quiz_attempts_number", "This quiz is already open. Load the lesson again to go on with it."
)
register_conflict(
    "uq_quiz_accommodations_in_force",
    "This student has an accommodation here. End it before you grant another.",
)


def attempts(session: Session, enrollment_id: int, package_id: int) -> Sequence[QuizAttempt]:
    """A student's attempts at a version's quiz, in order."""
    return session.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.enrollment_id == enrollment_id, QuizAttempt.package_id == package_id)
        .order_by(QuizAttempt.number)
    ).all()


def find(session: Session, attempt_id: int, *, lock: bool = False) -> QuizAttempt | None:
    statement = select(QuizAttempt).where(QuizAttempt.id == attempt_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def open_attempt(session: Session, enrollment_id: int, package_id: int) -> Row[Any] | None:
    """Deadline and questions of the attempt that goes on, read without keeping the row."""
    return session.execute(
        select(QuizAttempt.deadline_at, QuizAttempt.drawn).where(
            QuizAttempt.enrollment_id == enrollment_id,
            QuizAttempt.package_id == package_id,
            QuizAttempt.submitted_at.is_(None),
        )
    ).one_or_none()


def answers(session: Session, attempt_ids: Collection[int]) -> dict[int, dict[int, QuizAnswer]]:
    """Attempt -> position -> answer."""
    found: dict[int, dict[int, QuizAnswer]] = {one: {} for one in attempt_ids}
    for row in session.scalars(select(QuizAnswer).where(QuizAnswer.attempt_id.in_(attempt_ids))):
        found[row.attempt_id][row.position] = row
    return found


def keep_answer(
    session: Session,
    *,
    attempt_id: int,
    position: int,
    version_id: int,
    answer: dict[str, Any],
    seq: int,
    checked: bool,
    at: datetime,
) -> bool:
    """Write an answer, unless a newer one or a checked one is there; whether it was written."""
    statement = insert(QuizAnswer).values(
        attempt_id=attempt_id,
        position=position,
        question_version_id=version_id,
        answer=answer,
        seq=seq,
        checked=checked,
        answered_at=at,
    )
    new = statement.excluded
    written = session.execute(
        statement.on_conflict_do_update(
            constraint="uq_quiz_answers_position",
            set_={
                "answer": new.answer,
                "seq": new.seq,
                "checked": new.checked,
                "answered_at": new.answered_at,
            },
            where=(QuizAnswer.seq < new.seq) & ~QuizAnswer.checked,
        ).returning(QuizAnswer.id)
    )
    return written.first() is not None


def overdue(session: Session, before: datetime) -> Sequence[int]:
    """Attempts that go on although their time is over."""
    return session.scalars(
        select(QuizAttempt.id)
        .where(QuizAttempt.submitted_at.is_(None), QuizAttempt.deadline_at < before)
        .order_by(QuizAttempt.deadline_at)
        .limit(500)
    ).all()


def asked_with(session: Session, version_ids: Collection[int]) -> Sequence[int]:
    """Submitted attempts that were asked one of these versions of a question."""
    asked = or_(*(QuizAttempt.drawn.contains([{"version": one}]) for one in version_ids))
    return session.scalars(
        select(QuizAttempt.id)
        .where(QuizAttempt.submitted_at.is_not(None), asked)
        .order_by(QuizAttempt.enrollment_id, QuizAttempt.id)
    ).all()


def asked_of(
    session: Session, version_ids: Collection[int], visible: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """The attempts of `asked_with` with student and lesson, and whether the condition on `User` holds."""
    return session.execute(
        select(
            QuizAttempt,
            User.id.label("user_id"),
            User.full_name,
            Lesson.title.label("lesson_title"),
            visible.label("visible"),
        )
        .join(User, User.id == QuizAttempt.user_id)
        .join(Lesson, Lesson.id == QuizAttempt.lesson_id)
        .where(QuizAttempt.id.in_(asked_with(session, version_ids)))
        .order_by(User.full_name, QuizAttempt.id)
    ).all()


# Accommodations


def accommodations(session: Session, enrollment_id: int, lesson_id: int) -> Sequence[QuizAccommodation]:
    """What holds now for a student in a lesson: that of the lesson, and that of every quiz."""
    return session.scalars(
        select(QuizAccommodation).where(
            QuizAccommodation.enrollment_id == enrollment_id,
            QuizAccommodation.ended_at.is_(None),
            (QuizAccommodation.lesson_id == lesson_id) | QuizAccommodation.lesson_id.is_(None),
        )
    ).all()


def accommodations_of_lesson(
    session: Session, lesson_id: int, program_id: int, visible: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """What holds now in a lesson, with the student; `visible` is a condition on `User`."""
    return session.execute(
        select(QuizAccommodation, User.id.label("user_id"), User.full_name)
        .join(Enrollment, Enrollment.id == QuizAccommodation.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(
            QuizAccommodation.ended_at.is_(None),
            visible,
            (QuizAccommodation.lesson_id == lesson_id)
            | (QuizAccommodation.lesson_id.is_(None) & (Enrollment.program_id == program_id)),
        )
        .order_by(User.full_name, QuizAccommodation.id)
    ).all()


def end_accommodation(session: Session, number: int, by: int, at: datetime) -> bool:
    """Whether it had not ended before."""
    ended = session.scalar(
        update(QuizAccommodation)
        .where(QuizAccommodation.id == number, QuizAccommodation.ended_at.is_(None))
        .values(ended_at=at, ended_by=by)
        .returning(QuizAccommodation.id)
    )
    return ended is not None


def active_students(session: Session, program_id: int, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Enrollment, account and name of each student who studies the program now; `visible` is a condition on `User`."""
    return session.execute(
        select(Enrollment.id, User.id.label("user_id"), User.full_name)
        .join(User, User.id == Enrollment.user_id)
        .where(
            Enrollment.program_id == program_id,
            Enrollment.status == EnrollmentStatus.ACTIVE,
            User.deleted_at.is_(None),
            visible,
        )
        .order_by(User.full_name, Enrollment.id)
    ).all()


# Results


_submitted = QuizAttempt.submitted_at.is_not(None)
_percent = case(
    (QuizAttempt.points_possible > 0, QuizAttempt.points * 100 / QuizAttempt.points_possible), else_=0
)


def results(session: Session, lesson_id: int, visible: ColumnElement[bool], paging: Paging) -> Listing[Any]:
    """Each student with what their attempts at a lesson's quiz come to, counted by the database; `visible` is a
    condition on `User`. Sorts: student, attempts, best, last, submitted."""
    statement = (
        select(
            User.id.label("user_id"),
            User.full_name,
            func.count().label("attempts"),
            func.max(_percent).filter(_submitted).label("best"),
            func.array_agg(aggregate_order_by(_percent, QuizAttempt.id.desc()))
            .filter(_submitted)[1]
            .label("last"),
            func.max(QuizAttempt.submitted_at).label("submitted_at"),
            func.bool_or(~_submitted).label("is_open"),
        )
        .join(QuizAttempt, QuizAttempt.user_id == User.id)
        .where(QuizAttempt.lesson_id == lesson_id, visible)
        .group_by(User.id, User.full_name)
    )
    if paging.q:
        statement = statement.where(*matches(paging.q, User.full_name))
    found = statement.subquery()
    sorts = {
        "student": func.lower(found.c.full_name),
        "attempts": found.c.attempts,
        "best": found.c.best,
        "last": found.c.last,
        "submitted": found.c.submitted_at,
    }
    return Listing(session, select(found).order_by(paging.order(sorts, "student"), found.c.user_id), paging)


def last_attempts(session: Session, lesson_id: int, visible: ColumnElement[bool]) -> Sequence[QuizAttempt]:
    """The last submitted attempt of each enrollment at a lesson's quiz; `visible` is a condition on `User`."""
    return session.scalars(
        select(QuizAttempt)
        .distinct(QuizAttempt.enrollment_id)
        .join(User, User.id == QuizAttempt.user_id)
        .where(QuizAttempt.lesson_id == lesson_id, _submitted, visible)
        .order_by(QuizAttempt.enrollment_id, QuizAttempt.id.desc())
    ).all()


def attempts_of_lesson(session: Session, lesson_id: int, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The attempts at a lesson's quiz with the student and the version of the lesson; `visible` is a condition on
    `User`."""
    return session.execute(
        select(
            QuizAttempt,
            User.id.label("user_id"),
            User.full_name,
            ContentPackage.version.label("package_version"),
        )
        .join(User, User.id == QuizAttempt.user_id)
        .join(ContentPackage, ContentPackage.id == QuizAttempt.package_id)
        .where(QuizAttempt.lesson_id == lesson_id, visible)
        .order_by(User.full_name, QuizAttempt.id)
    ).all()
