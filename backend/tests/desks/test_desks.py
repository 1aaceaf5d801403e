"""First pages, the student's page, search, audit trail, outbox and the answers to a supervisor."""

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from app.core import clock, history, mail
from app.core.actions import Action
from app.db.models import (
    AuditEntry,
    ContentType,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    Module,
    OutboxMessage,
    Program,
    User,
)
from app.desks import audit
from app.main import create_app
from app.settings import Settings
from tests.factories.school import School, subject_of
from tests.queries import counted

SignedIn = Callable[[User], TestClient]
MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def student(school: School) -> User:
    return school.student(full_name="Maria Lopez", email="maria@example.org")


@pytest.fixture
def admin(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.admin(full_name="Ada Admin"))


@pytest.fixture
def instructor(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.instructor(full_name="Ina Instructor"))


def a_program(school: School, modules: int = 2, lessons: int = 3) -> tuple[int, list[int]]:
    program = school.program(name="Dental Assistant Professional", clock_hours=480)
    made = []
    for number in range(modules):
        module = school.module(program, name=f"Module {number}", order_num=number)
        made += [school.lesson(module, title=f"Lesson {number}.{k}", order_num=k) for k in range(lessons)]
    return program.id, [lesson.id for lesson in made]


def enroll(school: School, student: User, program_id: int) -> Enrollment:
    return school.enrollment(student, school.session.get_one(Program, program_id))


# Today


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


# One student


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
        page = client.get(f"/people/{student.id}")
        assert page.status_code == 200
        for piece in (
            "Maria Lopez", "maria@example.org", "Dental Assistant Professional", "16%",
            "7\u00a0h\u00a040\u00a0min", "of 480\u00a0h",
            "Lesson 0.0", "Passed", "88 of 100", "10\u00a0min\u00a020\u00a0s",
            "reported by the content",
            "Enrolled",
        ):  # fmt: skip
            assert piece in page.text, piece
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
    admin.get(f"/people/{student.id}")
    with counted(connection) as few:
        admin.get(f"/people/{student.id}")
    for number, lesson_id in enumerate(lessons):
        lesson = school.session.get_one(Lesson, lesson_id)
        school.scorm_data(enrollment, lesson)
        school.attendance(enrollment, MONDAY + timedelta(days=number))
        history.record(school.session, None, Action.SESSION_REVOKED, number, student_id=student.id)
    with counted(connection) as many:
        admin.get(f"/people/{student.id}")
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
    page = admin.get(f"/people/{student.id}").text
    assert "Signed in" in page
    assert "Account changed" in page
    assert "by Rita Registrar (5\u00a0h to 4\u00a0h) – Left early" in page
    assert "User deleted" not in page


# Search


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


# Audit


def test_the_audit_trail_by_who_what_and_when(session: Session, school: School, admin: TestClient) -> None:
    rita = subject_of(school.admin(full_name="Rita Registrar"))
    times = {"clock_in": MONDAY, "clock_out": MONDAY, "total_minutes": 0}
    history.record(session, rita, Action.ATTENDANCE_CORRECTED, 5, reason="=1+1", before=times, after=times)
    history.record(session, None, Action.MAIL_PURGED, None, messages=2, before=MONDAY)
    everything = admin.get("/audit").text
    assert "Rita Registrar" in everything
    assert "The system" in everything
    assert "=1+1" in everything
    only_theirs = admin.get(f"/audit?who={rita.user_id}").text
    assert "The system</th>" not in only_theirs
    assert "Hours corrected" in admin.get("/audit?target=attendance&target_id=5").text
    assert "Nothing matches these filters." in admin.get("/audit?to=2000-01-01").text
    assert "Clear the filters" in admin.get("/audit?to=2000-01-01").text
    assert "No entries found" in admin.get("/audit?action=nothing.done").text
    file = admin.get(f"/audit?format=csv&who={rita.user_id}")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attendance.corrected" in file.text
    grouped = admin.get("/audit?group=what")
    assert ">Hours corrected<" in grouped.text.replace("\n", "")
    assert ">attendance.corrected<" not in grouped.text.replace("\n", "")
    assert "attendance.corrected" in admin.get("/audit?group=what&format=csv").text


def test_the_history_names_records_and_students(session: Session, school: School, admin: TestClient) -> None:
    maria = school.student(full_name="Maria Núñez")
    history.record(session, None, Action.SESSION_OPENED, 6, student_id=maria.id)
    page = admin.get("/audit").text
    assert "Sign-in session 6" in page
    assert ">Maria Núñez</a>" in page
    assert {action.target for action in Action} <= set(audit._RECORDS), "every kind of record has a name"


@pytest.mark.parametrize(
    "query",
    ["who=x", "who=0", "who=99999999999", "action=%00", "target_id=%00", "from=x", "to=9999-12-31",
     "from=2026-02-02&to=2026-01-01", "sort=details", "target=" + "x" * 101],
)  # fmt: skip
def test_wrong_filters_of_the_audit_trail_are_422(admin: TestClient, query: str) -> None:
    assert admin.get(f"/audit?{query}").status_code == 422


# Outbox


def _message(session: Session, to: str = "maria@example.org") -> OutboxMessage:
    mail.send(
        session,
        to,
        "invitation",
        link="http://localhost:8000/set-password/SECRET",
        link_expires_at=clock.now() + timedelta(days=7),
        school="AADA",
        name="Maria",
        by=None,
        expires="tomorrow",
    )
    return session.scalars(select(OutboxMessage).where(OutboxMessage.to_address == to)).one()


def test_the_outbox_shows_what_would_have_been_sent(session: Session, admin: TestClient) -> None:
    message = _message(session)
    listed = admin.get("/outbox").text
    assert "maria@example.org" in listed
    assert "No mail server is set" in listed
    assert "Not sent" in listed
    assert "SECRET" not in admin.get(f"/outbox/{message.id}").text, "not even without a mail server"
    refused = admin.post(f"/outbox/{message.id}/retry")
    assert (refused.status_code, "SMTP_URL" in refused.text) == (409, True)
    assert "maria@example.org" in admin.get("/outbox?format=csv").text


def test_a_failed_message_is_put_into_the_queue_again(
    session: Session, settings: Settings, admin: TestClient
) -> None:
    admin.app.state.settings = settings.model_copy(update={"smtp_url": "smtp://mail.example.org"})  # type: ignore[attr-defined]
    message = _message(session)
    message.attempts, message.last_error = 3, "connection refused"
    session.flush()
    session.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
    page = admin.get(f"/outbox/{message.id}").text
    assert "connection refused" in page
    assert "SECRET" not in page, "a one-time link is not for the administrator's eyes"
    for _ in range(2):
        assert admin.post(f"/outbox/{message.id}/retry").status_code == 303
    waiting = text(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.deliver' AND status = 'todo'"
    )
    assert session.scalar(waiting) == 1
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.target == "outbox_messages")).all() == [
        "mail.read",
        "mail.retried",
        "mail.retried",
    ]
    message.link_expires_at = clock.now()
    session.flush()
    expired = admin.post(f"/outbox/{message.id}/retry")
    assert (expired.status_code, "has expired" in expired.text) == (409, True)
    message.sent_at = clock.now()
    session.flush()
    assert admin.post(f"/outbox/{message.id}/retry").status_code == 409


def test_unknown_messages_are_404(admin: TestClient) -> None:
    for number in ("0", "9223372036854775807", "99999999999999999999", "x"):
        assert admin.get(f"/outbox/{number}").status_code == 404, number
        assert admin.post(f"/outbox/{number}/retry").status_code == 404, number


@pytest.mark.parametrize("path", ["/audit", "/outbox", "/outbox/1"])
def test_the_office_pages_are_for_administrators(
    student: User, signed_in: SignedIn, instructor: TestClient, client: TestClient, path: str
) -> None:
    assert instructor.get(path).status_code == 403
    assert signed_in(student).get(path).status_code == 403
    assert client.get(path).headers["location"].startswith("/sign-in")


# Supervisors


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_database_behind_the_program_is_not_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ops.health._head", lambda: "9999")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "aada db migrate" in answer.json()["detail"]
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_away_is_not_ready_and_says_so(settings: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = settings.model_copy(
            update={"database_url": f"postgresql+psycopg://x:y@127.0.0.1:{nobody.getsockname()[1]}/z"}
        )
        with TestClient(create_app(away), base_url=away.app_origin) as client:
            assert client.get("/healthz").status_code == 200
            for path in ("/readyz", "/", "/hours"):
                client.cookies.set("aada_session", "anything")
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert "database does not answer" in answer.text, path


# Numbers shown are right on the days clocks change


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
