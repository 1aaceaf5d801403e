"""Scores of lessons that flow into the items linked to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.grades.book import queries
from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import ItemFields
from app.core import history
from app.core.actions import Action
from app.db.models import GradeBook, Lesson
from app.projections.service import SUBSCRIBERS
from tests.compliance.grades.conftest import ZONE, Taught
from tests.compliance.grades.test_book import entered
from tests.factories.school import School
from tests.projecting import project
from tests.queries import counted


def linked(taught: Taught, school: School) -> int:
    """Link the first item to a new lesson; the lesson's number."""
    module = taught.enrollments[0].program
    lesson = school.lesson(school.module(module))
    item = taught.items[0]
    values = ItemFields(
        name=item.name,
        category_id=item.category_id,
        points_possible=item.points_possible,
        lesson_id=lesson.id,
    )
    school.completion(taught.enrollments[0], lesson, score_pct=85)
    books.save_item(taught.session, taught.teacher, taught.id, values, ZONE, item.id)
    return lesson.id


def test_scores_that_are_there_come_with_the_link(taught: Taught, school: School) -> None:
    linked(taught, school)
    assert (taught.text(0, 0), taught.text(1, 0)) == ("8.5", "")


def test_a_lessons_score_never_overwrites_what_was_typed(
    session: Session, taught: Taught, school: School
) -> None:
    lesson_id = linked(taught, school)
    taught.enter(taught.cell(0, 0, "9", 1))
    session.execute(
        text("UPDATE lesson_completions SET score_pct = 100 WHERE lesson_id = :l"), {"l": lesson_id}
    )
    books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    assert taught.text(0, 0) == "9"
    # Emptied, it follows the lesson again.
    taught.enter(taught.cell(0, 0, "", 2))
    assert taught.text(0, 0) == "10"
    assert [one["source"] for one in entered(session)][-1] == "lesson"


def test_a_better_score_follows_and_the_same_leaves_no_row(
    session: Session, taught: Taught, school: School
) -> None:
    lesson_id = linked(taught, school)
    books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    count = len(entered(session))
    session.execute(
        text("UPDATE lesson_completions SET score_pct = 95 WHERE lesson_id = :l"), {"l": lesson_id}
    )
    books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    assert taught.text(0, 0) == "9.5"
    assert len(entered(session)) == count + 1
    session.execute(text("DELETE FROM lesson_completions WHERE lesson_id = :l"), {"l": lesson_id})
    books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    assert taught.text(0, 0) == ""


@pytest.mark.parametrize(("change", "points"), [("points_possible = 20", "19"), ("lesson_id = NULL", "8.5")])
def test_an_item_that_was_changed_meanwhile_is_read_again(
    session: Session,
    taught: Taught,
    school: School,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    points: str,
) -> None:
    lesson_id = linked(taught, school)
    session.execute(
        text("UPDATE lesson_completions SET score_pct = 95 WHERE lesson_id = :l"), {"l": lesson_id}
    )
    book_of = queries.book_of

    def after_another(session: Session, class_id: int, *, lock: bool = False) -> GradeBook | None:
        """The book, when whoever held it has changed the item."""
        session.execute(text(f"UPDATE grade_items SET {change} WHERE id = :i"), {"i": taught.items[0].id})
        return book_of(session, class_id, lock=lock)

    with monkeypatch.context() as patched:
        patched.setattr(queries, "book_of", after_another)
        books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    assert taught.text(0, 0) == points


def test_a_column_is_emptied_by_as_many_statements_as_a_cell(
    session: Session, taught: Taught, school: School
) -> None:
    lesson_id = linked(taught, school)
    lesson = session.get_one(Lesson, lesson_id)
    for enrollment in taught.enrollments[1:]:
        school.completion(enrollment, lesson, score_pct=70)
        books.follow_lesson(session, lesson_id, enrollment.id, ZONE)

    def emptied(*students: int) -> int:
        session.expire_all()
        cells = [taught.cell(student, 0, "", 1) for student in students]
        with counted(session.connection()) as statements:
            taught.enter(*cells)
        return len(statements)

    assert emptied(0) == emptied(1, 2)
    assert [taught.text(student, 0) for student in range(3)] == ["8.5", "7", "7"]


def test_after_its_book_closed_a_class_follows_no_lesson(
    session: Session, taught: Taught, school: School
) -> None:
    lesson_id = linked(taught, school)
    session.execute(
        text("UPDATE lesson_completions SET score_pct = 95 WHERE lesson_id = :l"), {"l": lesson_id}
    )
    with time_machine.travel(datetime(2026, 7, 5, tzinfo=UTC) + timedelta(days=1), tick=False):
        books.follow_lesson(session, lesson_id, taught.enrollments[0].id, ZONE)
    assert taught.text(0, 0) == "8.5"


def test_the_history_brings_the_scores(session: Session, taught: Taught, school: School) -> None:
    lesson_id = linked(taught, school)
    enrollment = taught.enrollments[1]
    school.completion(enrollment, session.get_one(Lesson, lesson_id), score_pct=70)
    history.record(
        session,
        None,
        Action.LESSON_COMPLETED,
        1,
        student_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        lesson_id=lesson_id,
        source="content",
        score_pct=Decimal(70),
        progress_pct=[0, 100],
    )
    project(session, SUBSCRIBERS["lesson_grades"])
    assert taught.text(1, 0) == "7"
    count = len(entered(session))
    project(session, SUBSCRIBERS["lesson_grades"])
    assert len(entered(session)) == count, "followed once more, it changes nothing"
