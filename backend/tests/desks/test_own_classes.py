"""An instructor knows of the students of their own classes and of nobody else, on every page, list, file and API."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import Role
from app.db.models import Attendance, ContentType, Enrollment, EnrollmentStatus, User, Withdrawal
from tests.factories.school import School
from tests.projecting import project

SignedIn = Callable[[User], TestClient]
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
OURS, THEIRS = "Ours Olsen", "Theirs Thorne"


@dataclass
class Scene:
    ours: User
    theirs: User
    our_enrollment: Enrollment
    their_enrollment: Enrollment
    our_record: Attendance
    their_record: Attendance
    lesson_id: int
    instructor: User


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(session: Session, school: School) -> Scene:
    program = school.program(name="Dental Assistant")
    lesson = school.lesson(school.module(program), title="Charting", content_type=ContentType.DOCUMENT)
    people, enrollments, records = [], [], []
    for name in (OURS, THEIRS):
        person = school.student(full_name=name, email=f"{name.split()[0].lower()}@example.org")
        enrollment = school.enrollment(person, program, progress_pct=100)
        records.append(school.attendance(enrollment, NOW - timedelta(hours=2), clock_out=None))
        school.attendance(enrollment, NOW - timedelta(days=3))
        school.scorm_data(enrollment, lesson)
        session.add(
            Withdrawal(
                user_id=person.id,
                enrollment_id=enrollment.id,
                requested_at=NOW - timedelta(days=1),
                reason=f"Surgery of {name}",
            )
        )
        began = NOW - timedelta(hours=2)
        history.record(
            session,
            None,
            Action.ATTENDANCE_CLOCKED_IN,
            records[-1].id,
            student_id=person.id,
            enrollment_id=enrollment.id,
            clock_in=began,
        )
        project(session)
        people.append(person)
        enrollments.append(enrollment)
    instructor = school.instructor(full_name="Tess Carter")
    school.school_class(program, teacher=instructor, students=[enrollments[0]])
    school.school_class(program, code="OTHER", teacher=school.instructor(), students=[enrollments[1]])
    session.commit()
    return Scene(*people, *enrollments, *records, lesson.id, instructor)


LISTS = [
    "/people",
    "/people?format=csv",
    "/api/v1/users",
    "/search?q=example.org",
    "/enrollments",
    "/enrollments?format=csv",
    "/api/v1/enrollments",
    "/enrollments/class-list",
    "/enrollments/class-list?format=csv",
    "/enrollments/graduation",
    "/enrollments/graduation?format=csv",
    "/api/v1/enrollments/eligible-for-graduation",
    "/attendance",
    "/attendance?format=csv",
    "/api/v1/attendance",
    "/attendance/here",
    "/attendance/new",
    "/attendance/students",
    "/attendance/students?format=csv",
    "/api/v1/attendance/hours-per-student",
    "/lrs/statements",
    "/lrs/statements/tail",
    "/lrs/statements.csv",
    "/lrs/statements.ndjson",
    "/lrs/charts?person=example.org",
    "/",
]


@pytest.mark.parametrize("address", LISTS)
def test_lists_and_files_hold_the_own_students_alone(
    scene: Scene, school: School, signed_in: SignedIn, address: str
) -> None:
    answer = signed_in(scene.instructor).get(address)
    assert answer.status_code == 200, answer.text[:300]
    assert OURS in answer.text
    assert THEIRS not in answer.text
    assert "Surgery" not in answer.text
    everything = signed_in(school.admin()).get(address).text
    assert OURS in everything
    assert THEIRS in everything


OTHERS = [
    ("GET", "/people/{theirs.id}", None),
    ("GET", "/api/v1/users/{theirs.id}", None),
    ("GET", "/enrollments/{their_enrollment.id}", None),
    ("GET", "/api/v1/enrollments/{their_enrollment.id}", None),
    ("GET", "/api/v1/enrollments/{their_enrollment.id}/progress", None),
    ("PUT", "/api/v1/enrollments/{their_enrollment.id}/lessons/{lesson_id}/completion", {}),
    ("GET", "/attendance?user_id={theirs.id}", None),
    ("GET", "/api/v1/attendance?user_id={theirs.id}", None),
    ("GET", "/api/v1/attendance/totals?user_id={theirs.id}", None),
    ("GET", "/attendance/new?user_id={theirs.id}", None),
    ("GET", "/attendance/{their_record.id}", None),
    ("GET", "/api/v1/attendance/{their_record.id}", None),
    ("PUT", "/api/v1/attendance/{their_record.id}", "hours"),
    ("POST", "/api/v1/attendance", "entry"),
]


def _asked(scene: Scene, kind: object, *, of: Enrollment) -> object:
    times = {
        "clock_in": "2026-05-04T12:00:00Z",
        "clock_out": "2026-05-04T15:00:00Z",
        "reason": "From the class list",
    }
    if kind == "hours":
        return times
    return times | {"enrollment_id": of.id} if kind == "entry" else kind


@pytest.mark.parametrize(("method", "address", "body"), OTHERS)
def test_others_students_are_not_found(
    scene: Scene, signed_in: SignedIn, method: str, address: str, body: object
) -> None:
    client = signed_in(scene.instructor)
    theirs = client.request(
        method, address.format(**vars(scene)), json=_asked(scene, body, of=scene.their_enrollment)
    )
    assert theirs.status_code == 404, theirs.text[:300]
    ours = address.replace("theirs.", "ours.").replace("their_", "our_").format(**vars(scene))
    answer = client.request(method, ours, json=_asked(scene, body, of=scene.our_enrollment))
    assert answer.status_code in (200, 201, 202), answer.text[:300]


def test_others_statements_are_not_found_and_not_counted(
    scene: Scene, school: School, signed_in: SignedIn
) -> None:
    lines = signed_in(school.admin()).get("/lrs/statements.ndjson").text.splitlines()
    numbers = {
        OURS if f'"name":"{OURS}"' in line.replace('": "', '":"') else THEIRS: json.loads(line)["id"]
        for line in lines
    }
    client = signed_in(scene.instructor)
    assert client.get(f"/lrs/statements/{numbers[OURS]}").status_code == 200
    assert client.get(f"/lrs/statements/{numbers[THEIRS]}").status_code == 404
    assert len(client.get("/lrs/statements.ndjson").text.splitlines()) == 1
    assert THEIRS not in client.get(f"/lrs/statements?person={scene.theirs.id}").text


def test_why_a_student_left_is_for_those_who_process_it(
    session: Session, scene: Scene, school: School, signed_in: SignedIn
) -> None:
    scene.our_enrollment.status = EnrollmentStatus.WITHDRAWN
    session.commit()
    page = f"/enrollments/{scene.our_enrollment.id}"
    assert "Surgery" not in signed_in(scene.instructor).get(page).text
    for address in ("/enrollments/withdrawals", "/api/v1/withdrawals/pending"):
        assert signed_in(scene.instructor).get(address).status_code == 403
        assert f"Surgery of {OURS}" in signed_in(school.admin()).get(address).text
    for reader in (school.admin(), scene.ours):
        assert f"Surgery of {OURS}" in signed_in(reader).get(page).text


def test_a_student_who_leaves_the_class_or_an_instructor_who_does_is_seen_no_more(
    session: Session, scene: Scene, school: School, signed_in: SignedIn
) -> None:
    client = signed_in(scene.instructor)
    assert client.get(f"/people/{scene.ours.id}").status_code == 200
    registrar = signed_in(school.admin())
    own = registrar.get("/api/v1/classes?q=Carter").json()["items"][0]["id"]
    seat = registrar.get(f"/api/v1/classes/{own}/seats").json()["items"][0]["id"]
    assert registrar.post(f"/api/v1/classes/{own}/seats/end", json={"seat_ids": [seat]}).status_code == 204
    assert client.get(f"/people/{scene.ours.id}").status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/people/{0.id}", 404),
        ("/api/v1/users/{0.id}", 404),
        ("/api/v1/attendance?user_id={0.id}", 404),
        ("/api/v1/enrollments/{1.id}", 404),
        ("/api/v1/attendance/{2.id}", 404),
    ],
)
def test_deleted_people_are_known_to_those_alone_who_may_restore_them(
    session: Session, scene: Scene, school: School, signed_in: SignedIn, address: str, status: int
) -> None:
    scene.ours.deleted_at = NOW
    session.commit()
    asked = address.format(scene.ours, scene.our_enrollment, scene.our_record)
    assert signed_in(scene.instructor).get(asked).status_code == status
    assert signed_in(school.admin()).get(asked).status_code == 200


@pytest.mark.parametrize("address", LISTS)
def test_deleted_people_stand_in_no_list(
    session: Session, scene: Scene, school: School, signed_in: SignedIn, address: str
) -> None:
    scene.ours.deleted_at = NOW
    session.commit()
    assert OURS not in signed_in(scene.instructor).get(address).text
    if not address.startswith("/lrs") and address != "/":
        assert OURS not in signed_in(school.admin()).get(address).text


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.ADMIN])
def test_nobody_marks_their_own_lessons_or_ends_their_own_enrollment(
    school: School, signed_in: SignedIn, role: Role
) -> None:
    program = school.program()
    lesson = school.lesson(school.module(program), content_type=ContentType.SCORM)
    person = school.user(role)
    own = school.enrollment(person, program, enrolled_at=date(2026, 1, 5))
    client = signed_in(person)
    marked = client.put(
        f"/api/v1/enrollments/{own.id}/lessons/{lesson.id}/completion", json={"score_pct": 100}
    )
    assert marked.status_code == 403
    assert "You cannot change your own lessons and grades" in marked.json()["detail"]
    if role is Role.ADMIN:
        for act in ("complete", "withdraw"):
            ended = client.post(f"/api/v1/enrollments/{own.id}/{act}")
            assert ended.status_code == 403, ended.text
            assert "You cannot change your own enrollments" in ended.json()["detail"]
