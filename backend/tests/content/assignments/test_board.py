"""The board of an assignment in pages, and the mail that a released grade makes."""

import csv
import io
from collections.abc import Callable

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.content.assignments.grading import service as grading
from app.content.assignments.schemas import State
from app.db.models import OutboxMessage, User
from app.projections.service import SUBSCRIBERS
from app.web.paging import Paging
from tests.content.assignments.conftest import ZONE, Set
from tests.factories.school import subject_of
from tests.projecting import project


def names(given: Set, paging: Paging, state: State | None = None) -> list[str]:
    subject = subject_of(given.teacher)
    listing = grading.works(given.session, subject, given.lesson.id, ZONE, paging, state=state)
    return [line.full_name for line in listing.page().items]


def mixed(given: Set) -> None:
    """One released, one to grade, one missing."""
    given.grade(given.hand_in(), 2, 0, release=True)
    given.hand_in(student=1)


def test_students_are_searched_sorted_and_turned_in_pages(given: Set) -> None:
    mixed(given)
    assert names(given, Paging()) == ["Ana Alvarez", "Bea Brown", "Cem Castillo"]
    assert names(given, Paging(q="brown")) == ["Bea Brown"]
    assert names(given, Paging(sort="state")) == ["Cem Castillo", "Bea Brown", "Ana Alvarez"]
    assert names(given, Paging(per_page=2, page=2)) == ["Cem Castillo"]
    assert names(given, Paging(), State.TO_GRADE) == ["Bea Brown"]
    counts = grading.counted(given.session, subject_of(given.teacher), given.lesson.id)
    assert counts == {"missing": 1, "to grade": 1, "draft": 0, "released": 1}
    lines = grading.works(given.session, subject_of(given.stranger), given.lesson.id, ZONE, Paging())
    assert lines.total() == 0


def test_the_board_is_a_page_and_a_file(given: Set, signed_in: Callable[[User], TestClient]) -> None:
    mixed(given)
    client = signed_in(given.teacher)
    address = f"/lessons/{given.lesson.id}/hand-ins"
    page = client.get(address)
    assert page.status_code == 200
    assert "1 to grade, 0 to release, 1 released, 1 not handed in" in page.text
    assert client.get(f"{address}?state=nonsense&page=9").status_code == 200
    rows = list(csv.reader(io.StringIO(client.get(f"{address}?format=csv").text.lstrip("\ufeff"))))
    assert [row[:2] for row in rows[1:]] == [
        ["Ana Alvarez", "Released"],
        ["Bea Brown", "To grade"],
        ["Cem Castillo", "Not handed in"],
    ]


def test_a_release_is_mailed_to_the_student_without_its_result(given: Set) -> None:
    made = given.hand_in()
    given.grade(made)
    project(given.session, SUBSCRIBERS["notices"])
    assert given.session.scalars(select(OutboxMessage)).all() == []
    grading.release(given.session, subject_of(given.teacher), made.id)
    project(given.session, SUBSCRIBERS["notices"])
    (message,) = given.session.scalars(select(OutboxMessage)).all()
    assert message.to_address == given.student().email
    assert "Tray setup" in message.subject
    assert f"/learn/assignments/{given.lesson.id}" in message.body_text
    assert "%" not in message.body_text
