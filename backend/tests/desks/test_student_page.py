"""Everything about one student on one page."""

import re
from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import Duty
from app.db.models import (
    Lesson,
    User,
)
from app.desks.person_sections import Section
from tests.desks.conftest import MONDAY, SignedIn, a_program, enroll
from tests.factories.school import School, subject_of
from tests.queries import counted
from tests.student_page import whole_page


def test_the_students_page_holds_what_the_school_knows(
    session: Session, school: School, student: User, admin: TestClient, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school)
    enrollment = enroll(school, student, program_id)
    teacher = school.instructor()
    school.school_class(teacher=teacher, students=[enrollment])
    instructor = signed_in(teacher)
    enrollment.progress_pct = 16
    lesson = session.get_one(Lesson, lessons[0])
    school.scorm_data(
        enrollment,
        lesson,
        cmi_core_lesson_status="passed",
        cmi_core_score_raw=88,
        cmi_core_score_max=100,
        cmi_suspend_data="x" * 4_321,
        total_seconds=620,
        attempt_no=2,
    )
    school.attendance(enrollment, MONDAY, minutes=460)
    history.record(
        session,
        subject_of(student),
        Action.ENROLLMENT_CREATED,
        enrollment.id,
        student_id=student.id,
        enrollment_id=enrollment.id,
        program_id=program_id,
        enrolled_at=enrollment.enrolled_at,
    )
    for client in (admin, instructor):
        page = whole_page(client, student.id)
        for piece in (
            "Maria Lopez", "maria@example.org", "Dental Assistant Professional", "16%",
            "7\u00a0h\u00a040\u00a0min", "of 480\u00a0h",
            "Lesson 0.0", "Passed", "88 of 100", "10\u00a0min\u00a020\u00a0s",
            "reported by the content",
            "Enrolled",
        ):  # fmt: skip
            assert piece in page, piece
    assert "/people/" in admin.get("/people").text


def test_students_have_no_such_page_not_even_their_own(
    school: School, student: User, signed_in: SignedIn, admin: TestClient, instructor: TestClient
) -> None:
    client = signed_in(student)
    other = school.student()
    for number in (student.id, other.id, 2**31 - 1):
        assert client.get(f"/people/{number}").status_code == 404
    for bad in ("0", "abc", "99999999999999999999", "%00", "-1"):
        assert admin.get(f"/people/{bad}").status_code == 404, bad
    colleague = school.admin()
    assert instructor.get(f"/people/{colleague.id}").status_code == 404
    assert admin.get(f"/people/{colleague.id}").status_code == 404


def test_a_section_is_a_page_for_those_who_see_it(
    school: School, student: User, signed_in: SignedIn, admin: TestClient
) -> None:
    enroll(school, student, a_program(school)[0])
    base = f"/people/{student.id}/sections"
    for section in Section:
        page = admin.get(f"{base}/{section}")
        assert page.status_code == 200, section
        assert f'id="{section}"' in page.text, section
        assert f"<h1>{section.heading}" in re.sub(r"<h1[^>]*>", "<h1>", page.text), section
    bursar = signed_in(school.with_duty(Duty.BURSAR))
    shown = set(re.findall(r"/sections/(\w+)", bursar.get(f"/people/{student.id}").text))
    assert shown < set(Section)
    for section in Section:
        assert bursar.get(f"{base}/{section}").status_code == (200 if section in shown else 404), section
        assert signed_in(student).get(f"{base}/{section}").status_code == 404, section
    for bad in ("", "Timeline", "%00", "x" * 300):
        assert admin.get(f"{base}/{bad}").status_code == 404, bad


def test_a_deleted_student_stays_in_sight_of_administrators(
    school: School, student: User, admin: TestClient, instructor: TestClient
) -> None:
    school.attendance(school.enrollment(student), MONDAY)
    student.deleted_at = clock.now()
    school.session.flush()
    assert "This account is deleted" in admin.get(f"/people/{student.id}").text
    assert instructor.get(f"/people/{student.id}").status_code == 404


def test_enroll_on_the_students_page_opens_the_form_with_the_student_chosen(
    admin: TestClient, school: School, student: User
) -> None:
    school.program(name="Dental Assistant Professional")
    address = re.search(r'href="(/enrollments/new[^"]*)"', admin.get(f"/people/{student.id}").text)
    assert address is not None
    assert 'value="maria@example.org"' in admin.get(address[1]).text


def test_the_students_page_takes_as_many_queries_for_much_as_for_little(
    connection: Connection, school: School, student: User, admin: TestClient
) -> None:
    program_id, lessons = a_program(school)
    enrollment = enroll(school, student, program_id)
    whole_page(admin, student.id)
    with counted(connection) as few:
        whole_page(admin, student.id)
    for number, lesson_id in enumerate(lessons):
        lesson = school.session.get_one(Lesson, lesson_id)
        school.scorm_data(enrollment, lesson)
        school.attendance(enrollment, MONDAY + timedelta(days=number))
        history.record(school.session, None, Action.SESSION_REVOKED, number, student_id=student.id)
    with counted(connection) as many:
        whole_page(admin, student.id)
    assert len(many) == len(few), many


def test_the_timeline_has_what_the_student_did_and_what_was_done_for_them(
    session: Session, school: School, student: User, admin: TestClient
) -> None:
    enrollment = school.enrollment(student)
    entry = school.attendance(enrollment, MONDAY)
    registrar, other = subject_of(school.admin(full_name="Rita Registrar")), school.student()
    history.record(session, subject_of(student), Action.SESSION_OPENED, 7)
    history.record(session, registrar, Action.USER_UPDATED, student.id, student_id=student.id)
    history.record(
        session,
        registrar,
        Action.ATTENDANCE_CORRECTED,
        entry.id,
        student_id=student.id,
        reason="Left early",
        before={"clock_in": MONDAY, "clock_out": MONDAY, "total_minutes": 300},
        after={"clock_in": MONDAY, "clock_out": MONDAY, "total_minutes": 240},
    )
    history.record(
        session,
        registrar,
        Action.USER_DELETED,
        other.id,
        student_id=other.id,
        sessions_ended=0,
        tokens_revoked=0,
    )
    page = whole_page(admin, student.id)
    assert "Signed in" in page
    assert "Account changed" in page
    assert "by Rita Registrar (5\u00a0h to 4\u00a0h) – Left early" in page
    assert "User deleted" not in page
