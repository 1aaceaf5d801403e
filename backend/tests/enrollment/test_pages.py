"""The staff's pages of enrollments and the student's Learn pages."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import SYSTEM, Subject
from app.db.models import (
    ContentPackage,
    Enrollment,
    Lesson,
    LessonCompletion,
    Program,
    User,
    Withdrawal,
)
from app.school import service as academy
from tests.factories.school import School, subject_of
from tests.queries import counted

Browser = Callable[[Subject], TestClient]
# A browser sends the type of a form also when the form has no fields; the test client only with one.
BUTTON = {"button": ""}


@pytest.fixture
def client(browser: Browser, admin: Subject) -> TestClient:
    return browser(admin)


def package(session: Session, lesson: Lesson) -> None:
    session.add(
        ContentPackage(
            lesson_id=lesson.id,
            version=1,
            standard="scorm12",
            title="Course",
            file_name="course.zip",
            sha256="0" * 64,
            size_bytes=1,
            manifest={},
        )
    )
    session.flush()


# Staff


def test_enrolling_by_the_form(client: TestClient, school: School, session: Session) -> None:
    assert "There are no programs to enroll in yet" in client.get("/enrollments/new").text
    student = school.student(full_name="Maria Lopez", email="maria@example.org")
    program = school.program(name="Dental Assistant")
    form = client.get(f"/enrollments/new?program_id={program.id}&student_id={student.id}").text
    assert 'value="maria@example.org"' in form
    assert f'<option value="{program.id}" selected>' in form
    data = {"email": "Maria@Example.org", "program_id": str(program.id), "enrolled_at": "2026-01-05"}
    answer = client.post("/enrollments/new", data=data)
    record = session.scalars(select(Enrollment)).one()
    assert answer.headers["location"] == f"/enrollments/{record.id}"
    page = client.get(f"/enrollments/{record.id}").text
    assert "Maria Lopez" in page
    assert "The program has no lessons yet" in page
    twice = client.post("/enrollments/new", data=data)
    assert twice.status_code == 409
    assert "Maria Lopez already has an active enrollment" in twice.text
    school.student(email="second@example.org")
    data["email"] = "second@example.org"
    for wrong, sentence in (
        ({"email": "nobody@example.org"}, "Nobody has an account"),
        ({"email": "nonsense"}, "Enter an email address"),
        ({"program_id": ""}, "This field is required"),
        ({"program_id": "999999999999"}, "Enter"),
        ({"enrolled_at": "2199-01-01"}, "is in the future"),
        ({"enrolled_at": "soon"}, "Enter a date"),
        ({"email": "a\x00@example.org"}, "cannot be saved"),
    ):
        answer = client.post("/enrollments/new", data=data | wrong)
        assert answer.status_code == 422, wrong
        assert sentence in answer.text


def test_the_lists(client: TestClient, school: School, session: Session) -> None:
    assert "Nobody is enrolled yet" in client.get("/enrollments").text
    program = school.program(name="Dental <Assistant>")
    lesson = school.lesson(school.module(program))
    ready = school.enrollment(school.student(full_name="Rita Ready"), program, progress_pct=100)
    school.completion(ready, lesson)
    gone = school.enrollment(school.student(full_name="Wanda Gone"), program, status="withdrawn")
    session.add(
        Withdrawal(
            user_id=gone.user_id,
            enrollment_id=gone.id,
            requested_at=datetime(2026, 3, 1, 15, tzinfo=UTC),
            progress_pct_at_withdrawal=10,
            reason="=HYPERLINK()",
        )
    )
    session.flush()
    listed = client.get("/enrollments").text
    assert "Rita Ready" in listed
    assert "Dental &lt;Assistant&gt;" in listed
    filtered = client.get(f"/enrollments?status=withdrawn&program_id={program.id}").text
    assert "Wanda Gone" in filtered
    assert "Rita Ready" not in filtered
    assert client.get("/enrollments?status=&program_id=&q=rita").status_code == 200
    assert "Nothing matches these filters" in client.get("/enrollments?status=completed").text
    assert "Rita Ready" in client.get("/enrollments/class-list").text
    assert "Wanda Gone" not in client.get("/enrollments/class-list").text
    assert "Rita Ready" in client.get("/enrollments/graduation").text
    pending = client.get("/enrollments/withdrawals").text
    assert "Mar 1, 2026, 10:00 AM EST" in pending
    for path, words in (
        ("/enrollments", "Wanda Gone"),
        ("/enrollments/class-list", "Rita Ready"),
        ("/enrollments/graduation", "Rita Ready"),
        ("/enrollments/withdrawals", "'=HYPERLINK"),
    ):
        answer = client.get(f"{path}?format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert words in answer.text
    for query in ("status=paused", "program_id=x", "sort=x", "page=-1"):
        assert client.get(f"/enrollments?{query}").status_code == 422


def test_completion_is_offered_from_the_threshold_of_the_policy(
    client: TestClient, school: School, session: Session
) -> None:
    program = school.program()
    module = school.module(program)
    lessons = [school.lesson(module) for _ in range(2)]
    record = school.enrollment(school.student(), program)
    offered = f'<a class="btn btn-primary" href="/enrollments/{record.id}/complete">'
    client.post(f"/enrollments/{record.id}/lessons", data={"lesson_id": str(lessons[0].id)})
    assert offered not in client.get(f"/enrollments/{record.id}").text
    assert "No students are ready" in client.get("/enrollments/graduation").text
    today = clock.today(academy.facts(session).zone)
    half = {"completion_threshold_pct": 50}
    add = partial(academy.policies.add, session, SYSTEM, academy.PolicyKind.PROGRESS, effective_from=today)
    add(values=half, approved_by="Board of Directors", note="", today=today)
    assert offered in client.get(f"/enrollments/{record.id}").text
    assert f'href="/enrollments/{record.id}"' in client.get("/enrollments/graduation").text
    asked = client.get(f"/enrollments/{record.id}/complete").text
    assert "1 of 2 lessons completed" in asked
    assert "every lesson" not in asked


def test_students_are_not_sent_to_a_page_they_cannot_open(school: School, browser: Browser) -> None:
    record = school.enrollment(student := school.student())
    page = browser(subject_of(student)).get(f"/enrollments/{record.id}").text
    assert "How progress is calculated" in page
    assert "Student page" not in page


def test_completing_and_withdrawing_ask_first(client: TestClient, school: School, session: Session) -> None:
    program = school.program()
    lesson = school.lesson(school.module(program), title="Only one")
    first, second = (school.enrollment(school.student(), program) for _ in range(2))
    assert "0 of 1 lesson completed" in client.get(f"/enrollments/{first.id}/complete").text
    refused = client.post(f"/enrollments/{first.id}/complete", data=BUTTON)
    assert (refused.status_code, "0 of 1 lesson completed" in refused.text) == (409, True)
    client.post(f"/enrollments/{first.id}/lessons", data={"lesson_id": str(lesson.id)})
    page = client.get(f"/enrollments/{first.id}").text
    assert "Marked by staff" in page
    assert "1 of 1 lesson completed" in page
    answer = client.post(f"/enrollments/{first.id}/complete", data={"exception": "As agreed"})
    assert answer.status_code == 303
    assert "Mark as done" not in client.get(f"/enrollments/{first.id}").text

    asked = client.get(f"/enrollments/{second.id}/withdraw").text
    assert "All records are kept" in asked
    asks = {"kind": "student", "requested_on": "2025-12-31"}
    early = client.post(f"/enrollments/{second.id}/withdraw", data=asks)
    assert early.status_code == 422
    assert "before the enrollment began" in early.text
    asks |= {"requested_on": "2026-01-05", "reason": "Moved"}
    assert client.post(f"/enrollments/{second.id}/withdraw", data=asks).status_code == 303
    row = session.scalars(select(Withdrawal)).one()
    assert row.requested_at == datetime(2026, 1, 5, 17, tzinfo=UTC), "noon at the school"
    page = client.get(f"/enrollments/{second.id}").text
    assert "Moved" in page
    assert f'href="/enrollments/{second.id}/withdrawal"' in page
    assert f"/enrollments/{second.id}#withdrawal" in client.get("/queue?kind=withdrawals").text
    finish = f"/enrollments/{second.id}/withdrawal"
    assert "cannot be undone" in client.get(finish).text
    assert client.post(finish, data={"note": " "}).status_code == 422
    assert client.post(finish, data={"note": "Refund letter sent"}).status_code == 303
    assert client.post(f"/enrollments/{second.id}/withdraw", data=asks).status_code == 409
    again = client.post(finish, data={"note": "Refund letter sent"})
    assert (again.status_code, "Nothing was changed" in again.text) == (409, True)
    page = client.get(f"/enrollments/{second.id}").text
    assert "Refund letter sent" in page
    assert f'href="{finish}"' not in page


def test_who_may_open_what(browser: Browser, school: School, instructor: Subject) -> None:
    student, other = school.student(), school.student()
    mine, theirs = school.enrollment(student), school.enrollment(other)
    student_browser, reader = browser(subject_of(student)), browser(instructor)
    assert student_browser.get(f"/enrollments/{mine.id}").status_code == 200
    assert student_browser.get(f"/enrollments/{theirs.id}").status_code == 404
    for path in ("", "/class-list", "/graduation"):
        assert student_browser.get(f"/enrollments{path}").status_code == 403
        assert reader.get(f"/enrollments{path}").status_code == 200
    # Reasons may be medical: they are for those who process withdrawals.
    assert {person.get("/enrollments/withdrawals").status_code for person in (student_browser, reader)} == {
        403
    }
    for path in ("new", f"{mine.id}/complete", f"{mine.id}/withdraw", f"{mine.id}/withdrawal"):
        for person in (student_browser, reader):
            assert person.get(f"/enrollments/{path}").status_code == 403
            assert person.post(f"/enrollments/{path}", data=BUTTON).status_code == 403
    assert student_browser.post(f"/enrollments/{mine.id}/lessons", data={"lesson_id": "1"}).status_code == 403
    for number in ("0", "x", "99999999999999", "2000000000"):
        assert reader.get(f"/enrollments/{number}").status_code == 404


# The student


def course(school: School) -> tuple[Program, list[Lesson]]:
    program = school.program(name="Dental Assistant")
    first, second = school.module(program, name="Basics"), school.module(program, name="Chairside")
    return program, [
        school.lesson(first, title="Hygiene", estimated_minutes=20),
        school.lesson(first, title="Not ready"),
        school.lesson(
            second,
            title="Film",
            content_type="video",
            content_url="https://media.example.org/film",
            estimated_minutes=25,
        ),
        school.lesson(second, title="Practice", content_type="h5p"),
    ]


def test_learn_shows_the_way(browser: Browser, school: School, session: Session) -> None:
    student: User = school.student()
    student_browser = browser(subject_of(student))
    assert "You are not enrolled in a program" in student_browser.get("/learn").text
    program, (hygiene, _not_ready, film, _practice) = course(school)
    package(session, hygiene)
    enrollment = school.enrollment(student, program)
    school.enrollment(student, school.program(name="Left behind"), status="withdrawn")
    session.commit()
    page = student_browser.get("/learn").text
    assert "Left behind" not in page
    assert "Start: Hygiene (20 min)" in " ".join(page.split())
    assert f'href="/learn/lessons/{hygiene.id}"' in page
    assert "the school is preparing it" in page
    school.scorm_data(enrollment, film)
    session.commit()
    assert "Continue: Film" in " ".join(student_browser.get("/learn").text.split())


def test_a_video_is_opened_and_marked_as_done(browser: Browser, school: School, session: Session) -> None:
    student = school.student()
    program, (hygiene, not_ready, film, practice) = course(school)
    package(session, hygiene)
    enrollment = school.enrollment(student, program)
    student_browser = browser(subject_of(student))
    page = student_browser.get(f"/learn/materials/{film.id}").text
    assert 'href="https://media.example.org/film"' in page
    assert 'rel="noopener noreferrer"' in page
    answer = student_browser.post(f"/learn/materials/{film.id}", data=BUTTON)
    assert answer.headers["location"] == f"/learn/materials/{film.id}"
    assert student_browser.post(f"/learn/materials/{film.id}", data=BUTTON).status_code == 303
    page = student_browser.get(f"/learn/materials/{film.id}").text
    assert "You completed this lesson on" in page
    assert "Next: Hygiene" in page
    row = session.scalars(select(LessonCompletion)).one()
    assert (row.source, row.score_pct) == ("student", None)
    session.refresh(enrollment)
    assert enrollment.progress_pct == 25
    moved = student_browser.get(f"/learn/materials/{hygiene.id}")
    assert moved.headers["location"] == f"/learn/lessons/{hygiene.id}"
    assert student_browser.post(f"/learn/materials/{not_ready.id}", data=BUTTON).status_code in (303, 409)
    assert student_browser.get(f"/learn/materials/{practice.id}").status_code == 200
    assert student_browser.post(f"/learn/materials/{practice.id}", data=BUTTON).status_code == 409
    assert len(session.scalars(select(LessonCompletion)).all()) == 1


def test_lessons_of_others_are_not_there(browser: Browser, school: School, session: Session) -> None:
    program, (hygiene, _not_ready, film, _practice) = course(school)
    package(session, hygiene)
    withdrawn, completed, stranger = school.student(), school.student(), school.student()
    school.enrollment(withdrawn, program, status="withdrawn")
    school.enrollment(completed, program, status="completed", progress_pct=100)
    for person in (withdrawn, stranger):
        student_browser = browser(subject_of(person))
        assert student_browser.get(f"/learn/materials/{film.id}").status_code == 404
        assert student_browser.post(f"/learn/materials/{film.id}", data=BUTTON).status_code == 404
    student_browser = browser(subject_of(completed))
    learn = student_browser.get("/learn").text
    assert "You have completed this program. You can review its lessons; nothing more is recorded." in learn
    assert f'href="/learn/lessons/{hygiene.id}"' in learn
    assert "Mark as done" not in student_browser.get(f"/learn/materials/{film.id}").text
    assert student_browser.post(f"/learn/materials/{film.id}", data=BUTTON).status_code == 409
    assert session.scalars(select(LessonCompletion)).all() == []
    for number in ("0", "x", "9" * 25, "2000000000"):
        assert student_browser.get(f"/learn/materials/{number}").status_code == 404


def test_learn_takes_the_same_statements_whatever_the_number_of_lessons(
    browser: Browser, school: School, session: Session
) -> None:
    def statements(programs: int, modules: int, lessons: int) -> int:
        student = school.student()
        for _ in range(programs):
            program = school.program()
            enrollment = school.enrollment(student, program)
            for _ in range(modules):
                module = school.module(program)
                for _ in range(lessons):
                    lesson = school.lesson(module)
                    package(session, lesson)
                    school.completion(enrollment, lesson)
        student_browser = browser(subject_of(student))
        session.commit()
        with counted(session.get_bind()) as seen:
            page = student_browser.get("/learn")
        assert page.text.count('class="outline-title') == programs * modules * lessons
        return len(seen)

    few, many = statements(1, 1, 1), statements(3, 4, 5)
    assert few == many
    assert few <= 8
