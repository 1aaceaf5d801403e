"""What came of a quiz: each sees their own students, and nothing is granted to strangers."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from app.content.quizzes import accommodations, results
from app.content.quizzes.accommodations import AccommodationForm
from app.core.errors import Forbidden, Invalid, NotFound
from app.db.models import QuizAttempt
from app.web.paging import Paging
from tests.content.conftest import School, subject_of
from tests.content.quizzes.conftest import Take, planner, question

QuizOf = Callable[..., School]


def taken(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "choice"), question(school, "numeric", value="5"))
    taker = take()
    state = taker.start()
    at = next(one["position"] for one in state["open"]["questions"] if one["kind"] == "numeric")
    taker.answer(state, at, {"value": "5"})
    taker.submit(state)


def test_results_by_student_and_by_question(school: School, quiz_of: QuizOf, take: Take) -> None:
    taken(school, quiz_of, take)
    (one,) = results.by_student(school.session, planner(school), Paging(), school.lesson.id).page().items
    assert (one.full_name, one.attempts, one.best, one.last, one.is_open) == ("Maria Lopez", 1, 50, 50, False)
    hard, easy = results.by_question(school.session, planner(school), school.lesson.id)
    assert (hard.prompt, hard.figures.correct, hard.figures.choices) == ("Which first?", 0, {})
    assert (easy.prompt, easy.figures.correct, easy.figures.choices) == ("How many?", 1, {"5": 1})
    assert easy.figures.discrimination is None
    name, (attempt,) = results.of_student(
        school.session, planner(school), school.lesson.id, school.student.id
    )
    assert (name, attempt.percent) == ("Maria Lopez", 50)
    assert {(tuple(answer.given), answer.points) for answer in attempt.answers} == {((), 0), (("5",), 1)}


def test_results_are_counted_sorted_and_turned_in_pages(school: School, quiz_of: QuizOf, take: Take) -> None:
    """The best and the last attempt of each student, by the database; an attempt that goes on counts as one."""
    taken(school, quiz_of, take)
    taker = take()
    state = taker.start()
    taker.submit(state)
    taker.start()
    first = school.session.scalars(select(QuizAttempt)).first()
    assert first is not None
    values = {column.name: getattr(first, column.name) for column in QuizAttempt.__table__.columns}
    del values["id"]
    school.session.execute(
        insert(QuizAttempt), [values | {"user_id": school.stranger.id, "number": 9, "points": 2}]
    )

    def listed(**paging: Any) -> list[tuple[str, int, Any, Any, bool]]:
        rows = (
            results.by_student(school.session, planner(school), Paging(**paging), school.lesson.id)
            .page()
            .items
        )
        return [(one.full_name, one.attempts, one.best, one.last, one.is_open) for one in rows]

    maria, sara = ("Maria Lopez", 3, 50, 0, True), ("Sara Other", 1, 100, 100, False)
    assert listed() == [maria, sara]
    assert listed(sort="-best") == [sara, maria]
    assert listed(sort="last") == [maria, sara]
    assert listed(q="sara") == [sara]
    assert listed(per_page=1, page=2) == [sara]


def test_an_instructor_sees_only_their_own_students(school: School, quiz_of: QuizOf, take: Take) -> None:
    taken(school, quiz_of, take)
    instructor = subject_of(school.instructor)
    assert results.by_student(school.session, instructor, Paging(), school.lesson.id).page().items == []
    assert results.by_question(school.session, instructor, school.lesson.id) == []
    with pytest.raises(NotFound):
        results.of_student(school.session, instructor, school.lesson.id, school.student.id)
    with pytest.raises(Forbidden):
        results.by_student(school.session, subject_of(school.student), Paging(), school.lesson.id)


def test_more_time_is_granted_once_for_a_reason_and_ended(school: School, quiz_of: QuizOf) -> None:
    quiz_of(question(school, "choice"))
    session, lesson_id, admin = school.session, school.lesson.id, planner(school)
    form = AccommodationForm(enrollment_id=school.enrollment.id, extra_time_percent=50, reason="Approved")
    made = accommodations.grant(session, admin, lesson_id, form)
    with pytest.raises(DBAPIError, match="uq_quiz_accommodations_in_force"), session.begin_nested():
        accommodations.grant(session, admin, lesson_id, form)
    nothing = form.model_copy(update={"extra_time_percent": 0})
    with pytest.raises(Invalid, match="Grant more time"):
        accommodations.grant(session, admin, lesson_id, nothing)
    with pytest.raises(NotFound):
        accommodations.grant(session, subject_of(school.instructor), lesson_id, form)
    with pytest.raises(NotFound):
        accommodations.grant(session, admin, lesson_id, form.model_copy(update={"enrollment_id": 999_999}))
    accommodations.end(session, admin, lesson_id, made.id)
    session.expire_all()
    assert accommodations.of_lesson(session, admin, lesson_id) == []
    with pytest.raises(NotFound):
        accommodations.end(session, admin, lesson_id, made.id)
