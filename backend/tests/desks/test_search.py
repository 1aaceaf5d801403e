"""The search box: students, programs, one's own lessons."""

import pytest
from fastapi.testclient import TestClient

from app.db.models import (
    User,
)
from tests.desks.conftest import SignedIn, a_program, enroll
from tests.factories.school import School


def test_search_finds_students_and_programs(school: School, student: User, admin: TestClient) -> None:
    a_program(school)
    by_name = admin.get("/search?q=lopez").text
    assert f'href="/people/{student.id}"' in by_name
    assert f'href="/people/{student.id}"' in admin.get("/search?q=MARIA@example").text
    assert 'href="/programs/' in admin.get("/search?q=dental assist").text
    ana = school.student(full_name="Ana Núñez O’Hara")
    for words in ("nunez", "nunez o'hara", "OHara"):
        assert f'href="/people/{ana.id}"' in admin.get(f"/search?q={words}").text
    assert "Nothing matches" in admin.get("/search?q=zzzz").text
    assert "Nothing matches" in admin.get("/search?q=%25").text
    assert admin.get("/search?q=").headers["location"] == "/search"
    assert admin.get("/search").status_code == 200


def test_a_student_searches_their_own_lessons_alone(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school)
    enroll(school, student, program_id)
    school.lesson(school.module(school.program()), title="Lesson 0.0 of others")
    school.student(full_name="Lesson Person")
    page = signed_in(student).get("/search?q=lesson 0.0").text
    assert f'href="/learn/lessons/{lessons[0]}"' in page
    assert "of others" not in page
    assert "Lesson Person" not in signed_in(student).get("/search?q=lesson").text


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 201, "page=0", "page=x"])
def test_search_words_that_cannot_be_are_422(admin: TestClient, query: str) -> None:
    assert admin.get(f"/search?{query}").status_code == 422


def test_search_shows_markup_as_text(admin: TestClient) -> None:
    page = admin.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert(1)" not in page
