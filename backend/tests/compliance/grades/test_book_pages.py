"""The grade book's pages, files and API."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Role
from app.db.models import User
from tests.compliance.grades.conftest import Taught
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def teacher(session: Session, taught: Taught, signed_in: SignedIn) -> TestClient:
    return signed_in(session.get_one(User, taught.teacher.user_id))


def put(client: TestClient, taught: Taught, *cells: Any) -> Any:
    body = {"cells": [cell.model_dump() for cell in cells]}
    return client.put(f"/api/v1/classes/{taught.id}/grades", json=body)


def test_the_grid_shows_scores_and_grades(teacher: TestClient, taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9.5"), taught.cell(0, 2, "80 late"))
    page = teacher.get(f"/classes/{taught.id}/grades").text
    assert "Ana Alvarez" in page
    assert ">9.5</td>" in page
    assert "80 L" in page
    assert "data-grade-book" in page
    assert teacher.get(f"/classes/{taught.id}").text.count(f"/classes/{taught.id}/grades") == 1


def test_the_script_saves_by_the_api(teacher: TestClient, taught: Taught) -> None:
    answer = put(teacher, taught, taught.cell(0, 0, "9"), taught.cell(1, 0, "8"))
    assert answer.status_code == 200
    assert answer.json()["cells"][0] == {
        "item_id": taught.items[0].id,
        "enrollment_id": taught.enrollments[0].id,
        "text": "9",
        "revision": 1,
    }
    book = teacher.get(f"/api/v1/classes/{taught.id}/grades").json()
    assert book["students"][0]["grade"]["percent"] == "90.00"
    wrong = put(teacher, taught, taught.cell(0, 1, "1000000000"), taught.cell(1, 1, "8"))
    assert wrong.status_code == 422
    assert wrong.json()["faults"][0]["sentence"].startswith("“1000000000” is not a score")
    stale = put(teacher, taught, taught.cell(0, 0, "7"))
    assert stale.status_code == 409
    assert stale.json()["faults"][0]["text"] == "9"


def test_ten_thousand_cells_come_to_a_sentence(teacher: TestClient, taught: Taught) -> None:
    answer = put(teacher, taught, *[taught.cell(0, 0, "5")] * 10_000)
    assert answer.status_code == 422
    assert "10,000 cells" in answer.json()["detail"]


def test_a_class_of_somebody_else_is_not_there(
    taught: Taught, school: School, signed_in: SignedIn, session: Session
) -> None:
    for user in (school.instructor(), session.get_one(User, taught.students[0].id)):
        client = signed_in(user)
        assert client.get(f"/classes/{taught.id}/grades").status_code == 404
        assert client.get(f"/api/v1/classes/{taught.id}/grades").status_code == 404
        assert put(client, taught, taught.cell(0, 0, "9")).status_code == 404
        assert user.role in (Role.STUDENT, Role.INSTRUCTOR)


def test_one_student_at_a_time_without_a_script(teacher: TestClient, taught: Taught) -> None:
    address = f"/classes/{taught.id}/grades/students/{taught.enrollments[0].id}"
    first, second = taught.items[0].id, taught.items[1].id
    form = {f"score-{first}": "9", f"seen-{first}": "0", f"score-{second}": "99", f"seen-{second}": "0"}
    refused = teacher.post(address, data=form)
    assert refused.status_code == 422
    assert "has 20 points, so 99 is too many" in refused.text
    assert 'value="9"' in refused.text
    assert taught.text(0, 0) == ""
    saved = teacher.post(address, data=form | {f"score-{second}": "19", "next": "yes"})
    assert saved.headers["location"] == f"/classes/{taught.id}/grades/students/{taught.enrollments[1].id}"
    assert (taught.text(0, 0), taught.text(0, 1)) == ("9", "19")
    taught.enter(taught.cell(0, 0, "8", 1), by=taught.colleague)
    stale = teacher.post(
        address, data=form | {f"score-{second}": "19", f"seen-{second}": "1", f"seen-{first}": "1"}
    )
    assert stale.status_code == 409
    assert "Joanne Fields changed this cell" in stale.text


def test_the_book_goes_out_as_a_file_and_comes_back(teacher: TestClient, taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9"))
    file = teacher.get(f"/classes/{taught.id}/grades?format=csv").content.decode("utf-8-sig")
    header, first, *others = file.splitlines()
    assert header == "Enrollment,Student,Quiz 1,Quiz 2,Final,Percent (%),Letter"
    number = taught.enrollments[0].id
    assert first == f"{number},Ana Alvarez,9,,,90.00,A"
    filled = "\r\n".join([header, f"{number},Ana Alvarez,8,17 L,,90.00,A", *others])
    address = f"/classes/{taught.id}/grades/file"
    done = teacher.post(address, files={"file": ("grades.csv", filled.encode("utf-8-sig"))})
    assert done.headers["location"] == f"/classes/{taught.id}/grades"
    assert (taught.text(0, 0), taught.text(0, 1)) == ("8", "17 L")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "not a CSV file"),
        (b"Student,Quiz 1\r\nAna,9", "needs the column"),
        (b"Enrollment,Quiz 9\r\n1,9", "no item of that name"),
        (b"Enrollment,Quiz 1\r\n999999,9", "Line 2: there is no enrollment"),
        (b"Enrollment,Quiz 1\r\n%d,eleven", "Line 2, Quiz 1: “eleven” is not a score"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(
    teacher: TestClient, taught: Taught, content: bytes, sentence: str
) -> None:
    if b"%d" in content:
        content = content % taught.enrollments[0].id
    answer = teacher.post(f"/classes/{taught.id}/grades/file", files={"file": ("grades.csv", content)})
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert taught.text(0, 0) == ""


def test_categories_and_items_are_set_up_on_pages(teacher: TestClient, taught: Taught) -> None:
    address = f"/classes/{taught.id}/grades/setup"
    page = teacher.get(address)
    assert "Quiz 1" in page.text
    form = {"gpa_weight": "120", "name_1": "Everything", "weight_1": "90"}
    wrong = teacher.post(address, data=form)
    assert wrong.status_code == 422
    assert "add up to 90%" in wrong.text
    form |= {"weight_1": "NaN"}
    assert teacher.post(address, data=form).status_code == 422
    new = f"/classes/{taught.id}/grades/items/new"
    category = taught.items[0].category_id
    item = {"name": "Quiz 3", "category_id": category, "points_possible": "25", "published": "yes"}
    assert teacher.post(new, data=item).headers["location"] == address
    assert "Quiz 3" in teacher.get(address).text
    for points in ("-5", "1000000000", "NaN", "0"):
        assert teacher.post(new, data=item | {"points_possible": points}).status_code == 422


def test_the_registrar_reads_and_does_not_write(
    taught: Taught, signed_in: SignedIn, session: Session
) -> None:
    client = signed_in(session.get_one(User, taught.registrar.user_id))
    page = client.get(f"/classes/{taught.id}/grades")
    assert page.status_code == 200
    assert "data-grade-book" not in page.text
    assert put(client, taught, taught.cell(0, 0, "9")).status_code == 403
    assert client.get(f"/classes/{taught.id}/grades/items/new").status_code == 403
