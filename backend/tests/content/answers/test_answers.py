"""What courses report of questions: by question, by answer, as a file, to those who teach the student."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.content.answers import service
from app.content.answers.service import Answer
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Role, Subject
from app.db.models import EnrollmentStatus, User
from app.rules.interactions import Interaction
from app.web.paging import Paging
from tests.content.conftest import Play, School, subject_of


def asked(number: int, answer: str, result: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"q{number}",
        "type": "choice",
        "student_response": answer,
        "correct_responses": {"0": {"pattern": "a"}},
        "result": result,
        "latency": "0000:00:09",
        **more,
    }


def answered(play: Play, *interactions: dict[str, Any], finish: bool = False) -> None:
    played = play()
    objectives = {"0": {"id": "hygiene", "status": "failed", "score": {"raw": "40"}}}
    body = {
        "core": {"lesson_status": "incomplete"},
        "interactions": {str(at): one for at, one in enumerate(interactions)},
        "objectives": objectives,
    }
    assert played.send({"seq": 1, "finish": finish, "cmi": body}).status_code == 200


@pytest.fixture
def admin(school: School) -> Subject:
    person = User(email="ada@school.example", full_name="Ada Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(person)
    school.session.flush()
    return subject_of(person)


def test_every_answer_and_the_last_of_each_student_by_question(
    school: School, play: Play, admin: Subject
) -> None:
    answered(play, asked(1, "b", "wrong"), asked(1, "a", "correct"), asked(2, "c", "wrong"))
    rows = service.answers(school.session, admin, school.lesson.id)
    assert [(row.full_name, row.said.id, row.said.answer, row.said.result) for row in rows] == [
        ("Maria Lopez", "q1", "b", "wrong"),
        ("Maria Lopez", "q1", "a", "right"),
        ("Maria Lopez", "q2", "c", "wrong"),
    ]
    listed = service.listing(school.session, rows, Paging(q="q2"))
    assert [row.said.id for row in listed.items] == ["q2"]
    hard, easy = service.questions(rows)
    assert (hard.id, hard.right_percent, hard.figures.wrong_answers) == ("q2", 0, (("c", 1),))
    assert (easy.id, easy.right_percent, easy.figures.answers, easy.right_answers) == ("q1", 100, 1, ("a",))
    (goal,) = service.goals(school.session, admin, Paging(), school.lesson.id).items
    assert (goal.said.id, goal.said.status, goal.said.score) == ("hygiene", "failed", "40")


def test_a_later_attempt_counts_by_question_and_the_earlier_stays_in_the_list(
    school: School, play: Play, admin: Subject
) -> None:
    answered(play, asked(1, "b", "wrong"), finish=True)
    answered(play, asked(1, "a", "correct"))
    rows = service.answers(school.session, admin, school.lesson.id)
    assert [(row.attempt_no, row.said.answer) for row in rows] == [(1, "b"), (2, "a")]
    (question,) = service.questions(rows)
    assert question.right_percent == 100


def test_the_right_answer_is_that_of_the_newest_report_and_versions_stand_apart() -> None:
    def given(name: str, day: int, right: str, *, version: int = 1, result: str = "right") -> Answer:
        one = Interaction("q1", "choice", "q1", right, (right,), result, None, "")
        return Answer(ord(name[0]), name, "Part", version, 1, datetime(2026, 11, day, tzinfo=UTC), one)

    # By name, as they are read.
    rows = [given("Amy", 9, "b"), given("Zoe", 2, "a"), given("Zoe", 12, "c", version=2, result="wrong")]
    second, first = service.questions(rows)
    assert (first.version, first.right_answers, first.figures.answers) == (1, ("b",), 2)
    assert (second.version, second.right_answers, second.figures.answers) == (2, ("c",), 1)


def test_former_students_are_read_on_request(
    school: School, play: Play, admin: Subject, signed_in: Callable[[User], TestClient]
) -> None:
    answered(play, asked(1, "b", "wrong"))
    school.enrollment.status = EnrollmentStatus.WITHDRAWN
    school.session.flush()
    assert service.answers(school.session, admin, school.lesson.id) == []
    assert service.goals(school.session, admin, Paging(), school.lesson.id).items == []
    client = signed_in(school.session.get_one(User, admin.user_id))
    for path in ("answers", "objectives"):
        address = f"/lessons/{school.lesson.id}/{path}"
        assert "Maria Lopez" not in client.get(address).text
        assert "Maria Lopez" in client.get(f"{address}?students=all").text


def test_objectives_are_found_and_sorted_by_what_is_shown(school: School, play: Play, admin: Subject) -> None:
    described = {
        "0": {"id": "a", "description": "Zeal", "status": "passed"},
        "1": {"id": "b", "description": "Air", "status": "passed"},
    }
    body = {"core": {"lesson_status": "incomplete"}, "objectives": described}
    assert play().send({"seq": 1, "cmi": body}).status_code == 200

    def ids(**wanted: str) -> list[str]:
        found = service.goals(school.session, admin, Paging(**wanted), school.lesson.id)
        return [one.said.id for one in found.items]

    assert ids(sort="objective") == ["b", "a"]
    assert ids(q="zeal") == ["a"]


def test_an_instructor_sees_only_their_own_students_and_students_see_none(school: School, play: Play) -> None:
    answered(play, asked(1, "b", "wrong"))
    instructor = subject_of(school.instructor)
    assert service.answers(school.session, instructor, school.lesson.id) == []
    assert service.questions([]) == []
    student = subject_of(school.student)
    with pytest.raises(Forbidden):
        service.answers(school.session, student, school.lesson.id)
    with pytest.raises(Forbidden):
        service.goals(school.session, student, Paging(), school.lesson.id)
    with pytest.raises(NotFound):
        service.answers(school.session, instructor, 999_999)
    with pytest.raises(NotFound):
        service.goals(school.session, instructor, Paging(), 999_999)


def test_what_no_page_could_carry_is_readable(school: School, play: Play, admin: Subject) -> None:
    answered(play, asked(1, "\ud800\u0000<b>", "wrong", description="=1+1"))
    (row,) = service.answers(school.session, admin, school.lesson.id)
    row.said.answer.encode()
    assert "<b>" in row.said.answer


def test_page_and_file_say_that_the_content_reports_it(
    school: School, play: Play, admin: Subject, signed_in: Callable[[User], TestClient]
) -> None:
    answered(play, asked(1, "b", "wrong"))
    client = signed_in(school.session.get_one(User, admin.user_id))
    page = client.get(f"/lessons/{school.lesson.id}/answers")
    assert page.status_code == 200
    assert "Reported by content" in page.text
    assert "Maria Lopez" in page.text
    assert "By question" in page.text
    assert "By question" not in client.get(f"/lessons/{school.lesson.id}/answers?page=2").text
    objectives = client.get(f"/lessons/{school.lesson.id}/objectives")
    assert "hygiene" in objectives.text
    file = client.get(f"/lessons/{school.lesson.id}/answers?format=csv")
    text = file.content.decode("utf-8-sig")
    assert "reported by content" in text
    (row,) = [line for line in csv.reader(io.StringIO(text)) if "q1" in line]
    assert row[0] == "Maria Lopez"
    assert {"b", "a", "wrong", "9"} <= set(row)
