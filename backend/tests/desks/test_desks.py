"""First pages: what students and staff find first."""

from datetime import UTC, datetime, timedelta

import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from app.core import clock
from app.db.models import (
    ContentType,
    EnrollmentStatus,
    Lesson,
    Module,
    User,
)
from tests.desks.conftest import MONDAY, SignedIn, a_program, enroll
from tests.factories.school import School
from tests.queries import counted


def test_the_students_first_page_has_the_clock_the_lesson_and_the_hours(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school)
    enrollment = enroll(school, student, program_id)
    school.attendance(enrollment, MONDAY, minutes=24 * 60 - 1)
    page = signed_in(student).get("/")
    assert page.status_code == 200
    assert "Clock in" in page.text
    assert "Lesson 0.0" in page.text
    assert "About 30\u00a0min left" in page.text
    assert f'href="/learn/lessons/{lessons[0]}"' in page.text
    assert "23\u00a0h\u00a059\u00a0min" in page.text
    assert "of 480\u00a0h" in page.text
    assert "0 of 6 lessons completed" in page.text


def test_the_lesson_left_last_comes_first(school: School, student: User, signed_in: SignedIn) -> None:
    program_id, lessons = a_program(school)
    enrollment = enroll(school, student, program_id)
    lesson = school.session.get_one(Lesson, lessons[4])
    school.scorm_data(enrollment, lesson, total_seconds=20 * 60)
    page = signed_in(student).get("/").text
    assert "Continue lesson" in page
    assert f'href="/learn/lessons/{lessons[4]}"' in page
    assert "About 10\u00a0min left" in page


def test_a_lesson_that_takes_longer_than_usual_is_still_not_done(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school)
    lesson = school.session.get_one(Lesson, lessons[0])
    school.scorm_data(enroll(school, student, program_id), lesson, total_seconds=9_999)
    assert "About 1\u00a0min left" in signed_in(student).get("/").text


def test_without_an_enrollment_and_with_everything_done(
    school: School, student: User, signed_in: SignedIn
) -> None:
    client = signed_in(student)
    assert "not enrolled in a program" in client.get("/").text
    program_id, lessons = a_program(school, 1, 1)
    enrollment = enroll(school, student, program_id)
    school.completion(enrollment, school.session.get_one(Lesson, lessons[0]))
    assert "All lessons are done" in client.get("/").text


def test_a_forgotten_clock_out_is_what_needs_attention(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, _ = a_program(school)
    school.attendance(enroll(school, student, program_id), clock.now() - timedelta(hours=20), clock_out=None)
    page = signed_in(student).get("/").text
    assert "You did not clock out on" in page
    assert "Clock in" in page


def test_the_number_of_queries_does_not_grow_with_the_lessons(
    connection: Connection, school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school, 1, 2)
    enrollment = enroll(school, student, program_id)
    client = signed_in(student)
    client.get("/")  # notes that the session was used
    with counted(connection) as few:
        assert client.get("/").status_code == 200
    module = school.session.get_one(Module, school.session.get_one(Lesson, lessons[0]).module_id)
    for number in range(60):
        lesson = school.lesson(module, title=f"More {number}", order_num=10 + number)
        if number % 3 == 0:
            school.completion(enrollment, lesson)
            school.scorm_data(enrollment, lesson)
        school.attendance(enrollment, MONDAY + timedelta(days=number), minutes=200)
    with counted(connection) as many:
        assert client.get("/").status_code == 200
    assert len(many) == len(few), many
    assert len(many) <= 12, many  # two of them are the policies in force today


def test_the_staffs_first_page_shows_who_is_here_and_what_waits(
    connection: Connection, school: School, signed_in: SignedIn, admin: TestClient
) -> None:
    program_id, _ = a_program(school)
    teacher, seated = school.instructor(), []
    instructor = signed_in(teacher)
    for name in ("Here Now", "Also Here"):
        seated.append(enroll(school, school.student(full_name=name), program_id))
        school.attendance(seated[-1], clock.now() - timedelta(hours=1), clock_out=None)
    forgot = enroll(school, school.student(full_name="Long Gone"), program_id)
    school.attendance(forgot, clock.now() - timedelta(days=2), clock_out=None)
    assert "Here Now" not in instructor.get("/").text
    school.school_class(teacher=teacher, students=[*seated, forgot])
    page = instructor.get("/").text
    assert "Here Now" in page
    assert "Long Gone" in page.partition("Missing clock-outs")[2]
    assert "Add a person" not in page
    assert "Add a person" in admin.get("/").text
    with counted(connection) as few:
        admin.get("/")
    for number in range(20):
        other = enroll(school, school.student(), program_id)
        school.attendance(other, clock.now() - timedelta(minutes=number), clock_out=None)
    with counted(connection) as many:
        assert "22" in admin.get("/").text
    assert len(many) == len(few), many


def test_first_page_over_a_clock_change(school: School, student: User, signed_in: SignedIn) -> None:
    enrollment = school.enrollment(student, status=EnrollmentStatus.ACTIVE)
    school.attendance(enrollment, datetime(2026, 11, 1, 4, 30, tzinfo=UTC), minutes=300)
    client = signed_in(student)
    with time_machine.travel(datetime(2026, 11, 1, 10, 0, tzinfo=UTC), tick=False):
        assert "<strong>5\u00a0h</strong>" in client.get("/").text


def test_lessons_without_a_length_say_nothing_about_minutes(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program = school.program()
    school.lesson(school.module(program), estimated_minutes=None, content_type=ContentType.DOCUMENT)
    school.enrollment(student, program)
    page = signed_in(student).get("/").text
    assert "Not started" in page
    assert "\u00a0min left" not in page
