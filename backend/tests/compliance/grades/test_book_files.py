"""A grade book as a file that comes back: what it changes, and what it leaves as it is."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.compliance.grades.book import files
from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import ItemFields
from app.compliance.grades.finals import service as finals
from app.core.errors import Invalid
from tests.compliance.grades.conftest import ZONE, Taught
from tests.factories.school import School


def book_as_file(taught: Taught, **others: str) -> bytes:
    """The file as it is downloaded, with other scores of Cem's by item."""
    view = books.read_book(taught.session, taught.teacher, taught.id, ZONE)
    lines = [",".join(["Enrollment", *(item.name for item in view.items)])]
    for student in view.students:
        scores = [
            others.get(item.name.replace(" ", "_"), "")
            if student.full_name == "Cem Castillo"
            else student.cells[item.id].text
            for item in view.items
        ]
        lines.append(",".join([str(student.enrollment_id), *scores]))
    return "\r\n".join(lines).encode()


def taken_in(taught: Taught, content: bytes) -> None:
    files.import_scores(taught.session, taught.teacher, taught.id, content, ZONE)


def test_a_file_comes_back_after_a_grade_was_approved(taught: Taught) -> None:
    taught.enter(*(taught.cell(0, item, "87%") for item in range(3)))
    number = taught.enrollments[0].id
    (row,) = finals.submit(taught.session, taught.teacher, taught.id, {number: "B"}, ZONE)
    finals.approve(taught.session, taught.registrar, taught.id, [row.id], ZONE)
    taken_in(taught, book_as_file(taught, Final="70"))
    assert (taught.text(0, 2), taught.text(2, 2)) == ("87", "70")


def test_a_score_that_follows_its_lesson_still_does(session: Session, school: School, taught: Taught) -> None:
    lesson = school.lesson(school.module(taught.enrollments[0].program))
    school.completion(taught.enrollments[0], lesson, score_pct=85)
    values = ItemFields(
        name="Quiz 1",
        category_id=taught.items[0].category_id,
        points_possible=Decimal(10),
        lesson_id=lesson.id,
    )
    books.save_item(session, taught.teacher, taught.id, values, ZONE, taught.items[0].id)
    taken_in(taught, book_as_file(taught, Final="70"))
    cells = books.read_book(session, taught.teacher, taught.id, ZONE).students[0].cells
    assert (cells[taught.items[0].id].text, cells[taught.items[0].id].source) == ("8.5", "lesson")


@pytest.mark.parametrize("name", ["quiz 2", "Student"])
def test_two_columns_of_one_name_are_refused(taught: Taught, name: str) -> None:
    values = ItemFields(name=name, category_id=taught.items[0].category_id, points_possible=Decimal(20))
    books.save_item(taught.session, taught.teacher, taught.id, values, ZONE, taught.items[0].id)
    taught.enter(taught.cell(0, 0, "8"), taught.cell(0, 1, "9"))
    content = (
        book_as_file(taught, Final="70").replace(b"Enrollment", b"Student,Enrollment").replace(b"\n", b"\nA,")
    )
    with pytest.raises(Invalid, match="Two items or two columns are named"):
        taken_in(taught, content)
    assert (taught.text(0, 0), taught.text(0, 1)) == ("8", "9")
