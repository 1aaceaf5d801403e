"""Enrollments as JSON: what works, who may, and what bad input ends in."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Enrollment, LessonCompletion, Withdrawal
from tests.factories.school import School, subject_of

Browser = Callable[[Subject], TestClient]


@pytest.fixture
def client(browser: Browser, admin: Subject) -> TestClient:
    return browser(admin)


def test_from_enrollment_to_graduation(client: TestClient, school: School, browser: Browser) -> None:
    student = school.student(full_name="Maria Lopez")
    program = school.program(name="Dental Assistant")
    module = school.module(program)
    video = school.lesson(module, content_type="video", content_url="https://example.org/film")
    scorm = school.lesson(module)
    answer = client.post(
        "/api/v1/enrollments",
        json={"user_id": student.id, "program_id": program.id, "enrolled_at": "2026-01-05"},
    )
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert {name: record[name] for name in ("full_name", "status", "enrolled_at", "progress_pct")} == {
        "full_name": "Maria Lopez",
        "status": "active",
        "enrolled_at": "2026-01-05",
        "progress_pct": 0,
    }
    again = client.post("/api/v1/enrollments", json={"user_id": student.id, "program_id": program.id})
    assert again.status_code == 409
    assert again.json()["detail"] == "Maria Lopez already has an active enrollment in this program."

    path = f"/api/v1/enrollments/{record['id']}"
    student_browser = browser(subject_of(student))
    marked = student_browser.put(f"{path}/lessons/{video.id}/completion")
    assert marked.json() == {"counted": True, "new": True, "progress_pct": 50}
    assert student_browser.put(f"{path}/lessons/{video.id}/completion").json()["new"] is False
    assert student_browser.put(f"{path}/lessons/{scorm.id}/completion").status_code == 409
    assert client.post(f"{path}/complete").status_code == 409
    staff = client.put(f"{path}/lessons/{scorm.id}/completion", json={"score_pct": "87.5"})
    assert staff.json()["progress_pct"] == 100
    progress = student_browser.get(f"{path}/progress").json()
    assert (progress["percent"], progress["completed"], progress["required"]) == (100, 2, 2)
    assert [lesson["score_pct"] for lesson in progress["lessons"]] == [None, "87.50"]
    ready = client.get("/api/v1/enrollments/eligible-for-graduation").json()["items"]
    assert [(row["full_name"], row["program"]) for row in ready] == [("Maria Lopez", "Dental Assistant")]
    refused = client.post(f"{path}/complete")
    assert (refused.status_code, "Missing: Hours" in refused.json()["detail"]) == (409, True)
    exception = {"exception": "Hours made up at another campus"}
    assert client.post(f"{path}/complete", json=exception).json()["status"] == "completed"
    assert client.post(f"{path}/withdraw").status_code == 409


def test_a_withdrawal_joins_the_pending_ones(client: TestClient, school: School) -> None:
    enrollment = school.enrollment(school.student(full_name="John Smith"))
    answer = client.post(
        f"/api/v1/enrollments/{enrollment.id}/withdraw",
        json={"reason": "Moving\naway", "requested_at": "2026-02-01T09:00:00-05:00"},
    )
    assert (answer.status_code, answer.json()["frozen"]) == (200, False), answer.text
    (row,) = client.get("/api/v1/withdrawals/pending").json()["items"]
    assert (row["full_name"], row["reason"], row["requested_at"]) == (
        "John Smith",
        "Moving\naway",
        "2026-02-01T14:00:00Z",
    )
    path = f"/api/v1/enrollments/{enrollment.id}"
    assert client.get(path).json()["status"] == "active"
    answer = client.post(f"{path}/withdrawal/process", json={"note": "Interviewed"})
    assert (answer.status_code, answer.json()["frozen"], answer.json()["total_minutes"]) == (
        200,
        True,
        28_800,
    )
    assert client.get(path).json()["status"] == "withdrawn"
    assert client.get(f"{path}/withdrawal").json() == answer.json()
    assert client.post(f"{path}/withdrawal/process", json={"note": "Again"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "user_id"),
        ({"user_id": "x"}, "user_id"),
        ({"user_id": 0}, "user_id"),
        ({"user_id": 10**12}, "user_id"),
        ({"user_id": 2_000_000_000}, "user_id"),
        ({"program_id": 2_000_000_000}, "program_id"),
        ({"program_id": None}, "program_id"),
        ({"program_id": [1]}, "program_id"),
        ({"enrolled_at": "tomorrow"}, "enrolled_at"),
        ({"enrolled_at": "2199-01-01"}, "enrolled_at"),
        ({"enrolled_at": "0001-01-01"}, "enrolled_at"),
        ({"enrolled_at": "a\x00b"}, "enrolled_at"),
        ({"status": "completed"}, "status"),
        ({"progress_pct": 100}, "progress_pct"),
    ],
)
def test_a_wrong_enrollment_names_the_field_and_makes_nothing(
    client: TestClient, school: School, session: Session, body: dict[str, Any], field: str
) -> None:
    good = {"user_id": school.student().id, "program_id": school.program().id}
    sent = (good | body) if body else {"program_id": good["program_id"]}
    answer = client.post("/api/v1/enrollments", json=sent)
    assert answer.status_code == 422, answer.text
    assert [item["field"] for item in answer.json()["errors"]] == [field]
    assert session.scalar(select(func.count()).select_from(Enrollment)) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "a\x00b"}, 422),
        ({"reason": "x" * 20_001}, 422),
        ({"reason": 5}, 422),
        ({"requested_at": "2026-02-01T09:00:00"}, 422),
        ({"requested_at": "2199-02-01T09:00:00Z"}, 422),
        ({"requested_at": "1999-02-01T09:00:00Z"}, 422),
        ({"requested_at": 10**30}, 422),
        ({"refund": True}, 422),
    ],
)
def test_a_wrong_withdrawal_changes_nothing(
    client: TestClient, school: School, session: Session, body: dict[str, Any], status: int
) -> None:
    enrollment = school.enrollment(school.student())
    answer = client.post(f"/api/v1/enrollments/{enrollment.id}/withdraw", json=body)
    assert answer.status_code == status, answer.text
    assert session.scalar(select(func.count()).select_from(Withdrawal)) == 0
    session.refresh(enrollment)
    assert enrollment.status == "active"


@pytest.mark.parametrize("score", [-1, 100.01, "NaN", "Infinity", 1e300, "x", "99.999", [1]])
def test_a_score_that_cannot_be_is_422(
    client: TestClient, school: School, session: Session, score: Any
) -> None:
    program = school.program()
    lesson = school.lesson(school.module(program))
    enrollment = school.enrollment(school.student(), program)
    answer = client.put(
        f"/api/v1/enrollments/{enrollment.id}/lessons/{lesson.id}/completion", json={"score_pct": score}
    )
    assert answer.status_code == 422, answer.text
    assert session.scalar(select(func.count()).select_from(LessonCompletion)) == 0


def test_students_see_their_own_and_nothing_else(
    browser: Browser, school: School, client: TestClient
) -> None:
    program = school.program()
    lesson = school.lesson(
        school.module(program), content_type="document", content_url="https://example.org/d"
    )
    me, other = school.student(), school.student()
    mine, theirs = school.enrollment(me, program), school.enrollment(other, program)
    student_browser = browser(subject_of(me))
    assert [row["id"] for row in student_browser.get("/api/v1/enrollments").json()["items"]] == [mine.id]
    assert student_browser.get(f"/api/v1/enrollments?user_id={other.id}").json()["total"] == 0
    for path in (f"{theirs.id}", f"{theirs.id}/progress", "2000000000", "0", "x", "9" * 30):
        assert student_browser.get(f"/api/v1/enrollments/{path}").status_code == 404, path
    assert (
        student_browser.put(f"/api/v1/enrollments/{theirs.id}/lessons/{lesson.id}/completion").status_code
        == 404
    )
    for act in ("complete", "withdraw"):
        assert student_browser.post(f"/api/v1/enrollments/{mine.id}/{act}").status_code == 403
        assert student_browser.post(f"/api/v1/enrollments/{theirs.id}/{act}").status_code in (403, 404)
    for path in ("enrollments/eligible-for-graduation", "withdrawals/pending"):
        assert student_browser.get(f"/api/v1/{path}").status_code == 403
    body = {"user_id": me.id, "program_id": school.program().id}
    assert student_browser.post("/api/v1/enrollments", json=body).status_code == 403
    assert client.get("/api/v1/enrollments").json()["total"] == 2


def test_lists_filter_and_refuse_what_makes_no_sense(client: TestClient, school: School) -> None:
    program = school.program()
    for status in ("active", "active", "withdrawn"):
        school.enrollment(school.student(), program, status=status)
    school.enrollment(school.student())
    get = lambda query: client.get(f"/api/v1/enrollments?{query}")  # noqa: E731
    assert get(f"program_id={program.id}").json()["total"] == 3
    assert get(f"program_id={program.id}&status=active").json()["total"] == 2
    assert get("sort=-progress&per_page=1&page=4").json()["pages"] == 4
    for query in ("status=paused", "program_id=x", "user_id=99999999999", "sort=hashed_password", "q=%00"):
        assert get(query).status_code == 422, query
