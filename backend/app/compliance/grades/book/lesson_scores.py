"""Scores of lessons that flow into the items linked to them; what somebody typed is never overwritten."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades.book import queries, reading
from app.compliance.grades.book.queries import Student
from app.content import service as content
from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import internal
from app.db.models import GradeItem, SchoolClass
from app.rules import grades_entry
from app.rules.grades_book import State

_CENT = Decimal("0.01")


@internal("follows from an entry of the history, which says that a lesson was scored")
def follow_lesson(session: Session, lesson_id: int, enrollment_id: int, zone: ZoneInfo) -> None:
    """Take a lesson's score over into every item that is linked to it, where the student sits.

    Books that are closed, locked grades and scores that somebody typed stay as they are. Again, it changes nothing.
    """
    today = clock.today(zone)
    for item, record in queries.items_of_lesson(session, lesson_id, enrollment_id):
        if reading.why_closed(record, today, zone) is not None:
            continue
        queries.book_of(session, record.id, lock=True)
        # Somebody may have changed or deleted the item while this waited for the book.
        if queries.read_again(session, item) and item.lesson_id == lesson_id:
            found = [
                one
                for one in queries.students(session, record.id, today)
                if one.enrollment_id == enrollment_id
            ]
            take_over(session, item, record, found)


def take_over(session: Session, item: GradeItem, record: SchoolClass, students: Sequence[Student]) -> int:
    """Write the scores of the item's lesson for these students; how many changed. The book is locked."""
    if item.lesson_id is None:
        return 0
    numbers = [one.enrollment_id for one in students]
    known = reading.cells_of(session, item.book_id, numbers)
    scores = content.lesson_scores(session, item.lesson_id, numbers)
    rows = []
    events: dict[tuple[int, int], tuple[Student, str, str]] = {}
    for student in students:
        key = (item.id, student.enrollment_id)
        former = known.get(key)
        if student.final_status == "approved" or (former and former.score and former.source != "lesson"):
            continue
        score = scores.get(student.enrollment_id)
        points = (
            None if score is None else (score * item.points_possible / 100).quantize(_CENT, ROUND_HALF_UP)
        )
        text, was = grades_entry.plain(points), former.text if former else ""
        if text == was:
            continue
        rows.append(
            {
                "item_id": item.id,
                "enrollment_id": student.enrollment_id,
                "points": points,
                "state": "cleared" if points is None else State.GRADED.value,
                "complete_by": None,
                "source": "lesson",
            }
        )
        events[key] = (student, was, text)
    written = queries.write_scores(session, rows, changed_by=None)
    history.record_all(
        session,
        None,
        Action.GRADE_ENTERED,
        [
            {
                "target_id": number,
                "student_id": student.user_id,
                "enrollment_id": student.enrollment_id,
                "class_id": record.id,
                "item_id": item.id,
                "item": item.name,
                "score": [was, text],
                "source": "lesson",
            }
            for (student, was, text), number in (
                (events[key], number) for key, (number, _) in written.items()
            )
        ],
    )
    return len(written)
