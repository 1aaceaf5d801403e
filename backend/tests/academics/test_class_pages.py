"""Classes as pages and as JSON, good and bad input alike."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import ClassSeat, SchoolClass, User
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]
NOW = datetime(2026, 10, 28, 16, tzinfo=UTC)
TERM = {"starts_on": "2026-10-05", "ends_on": "2026-12-18"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def registrar(school: School, signed_in: SignedIn) -> TestClient:
    return signed_in(school.admin())


def test_a_class_is_made_filled_and_emptied_by_the_forms(
    session: Session, school: School, registrar: TestClient
) -> None:
    program, teacher = school.program(name="Dental Assistant"), school.instructor(full_name="Tess Carter")
    enrollments = [
        school.enrollment(school.student(full_name=name), program) for name in ("Ana Alvarez", "Bea Brown")
    ]
    assert "There are no classes yet" in registrar.get("/classes").text
    typed = {
        "code": "DA-M",
        "name": "Mornings",
        "program_id": program.id,
        "room": "Room 2",
        "capacity": "",
        **TERM,
    }
    answer = registrar.post("/classes/new", data=typed)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"].removesuffix("/timetable")
    again = registrar.post("/classes/new", data=typed)
    assert (again.status_code, "already has this code" in again.text) == (409, True)
    hours = {"weekdays": ["0", "2"], "starts_at": "08:30", "ends_at": "13:30"}
    assert registrar.post(f"{place}/timetable", data=hours).status_code == 303
    assert "8:30 AM–1:30 PM" in registrar.get(f"{place}/timetable").text
    holiday = {"kind": "cancelled", "day": "2026-11-04", "reason": "Staff training"}
    assert registrar.post(f"{place}/changes", data=holiday).status_code == 303
    twice = registrar.post(f"{place}/changes", data=holiday)
    assert (twice.status_code, "This day already has a change." in twice.text) == (409, True)
    assert registrar.post(f"{place}/instructors", data={"user_id": teacher.id}).status_code == 303
    assert "Ana Alvarez" in registrar.get(f"{place}/students").text
    chosen = {"enrollment_ids": [str(one.id) for one in enrollments]}
    assert registrar.post(f"{place}/students", data=chosen).status_code == 303
    page = registrar.get(place).text
    for text in ("Ana Alvarez", "Bea Brown", "Tess Carter", "Room 2", "Nov 9, 2026"):
        assert text in page, text
    assert "Nov 4, 2026" not in page
    assert "Ana Alvarez" in registrar.get(f"{place}?format=csv").text
    assert "Nobody" not in registrar.get("/classes").text
    seats = session.scalars(select(ClassSeat.id)).all()
    removed = registrar.post(f"{place}/students/remove", data={"seat_ids": [str(seats[0])]})
    assert removed.status_code == 303
    assert "Ana Alvarez" not in registrar.get(place).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": ""}, "This field is required"),
        ({"starts_on": "2026-13-01"}, "Enter a date"),
        ({"ends_on": "2026-01-01"}, "before the first day"),
        ({"program_id": "x"}, "Enter a whole number"),
        ({"program_id": "2147483647"}, "program does not exist"),
        ({"capacity": "0"}, "Enter 1 or more"),
        ({"code": "a\x00b"}, "character that cannot be saved"),
    ],
)
def test_bad_input_ends_in_a_sentence(
    session: Session, school: School, registrar: TestClient, changes: dict[str, str], sentence: str
) -> None:
    typed = {"code": "DA-M", "name": "Mornings", "program_id": school.program().id, **TERM, **changes}
    answer = registrar.post("/classes/new", data=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalar(select(func.count()).select_from(SchoolClass)) == 0


def test_pages_and_json_of_others_classes_are_not_found_and_changes_are_forbidden(
    school: School, signed_in: SignedIn
) -> None:
    teacher = school.instructor()
    own, foreign = school.school_class(teacher=teacher), school.school_class(teacher=school.instructor())
    client = signed_in(teacher)
    for address in (
        "/classes/{}",
        "/api/v1/classes/{}",
        "/api/v1/classes/{}/meetings",
        "/api/v1/classes/{}/seats",
    ):
        assert client.get(address.format(own.id)).status_code == 200, address
        assert client.get(address.format(foreign.id)).status_code == 404, address
        assert client.get(address.format(2**31 - 1)).status_code == 404, address
        assert client.get(address.format("x")).status_code in (404, 422), address
    for address in (
        "new",
        f"{own.id}/edit",
        f"{own.id}/timetable",
        f"{own.id}/instructors",
        f"{own.id}/students",
    ):
        assert client.get(f"/classes/{address}").status_code == 403, address
        assert client.post(f"/classes/{address}", data={"pressed": "yes"}).status_code == 403, address
    assert client.patch(f"/api/v1/classes/{own.id}", json={"name": "Mine"}).status_code == 403
    student = signed_in(school.student())
    for address in ("/classes", f"/classes/{own.id}", "/api/v1/classes"):
        assert student.get(address).status_code == 403, address


def test_json_makes_reads_and_changes_a_class(school: School, registrar: TestClient) -> None:
    program = school.program()
    seated = school.enrollment(school.student(), program)
    body = {"code": "DA-M", "name": "Mornings", "program_id": program.id, "capacity": 1, **TERM}
    made = registrar.post("/api/v1/classes", json=body)
    assert made.status_code == 201, made.text
    place = f"/api/v1/classes/{made.json()['id']}"
    weekly = [{"weekday": 0, "starts_at": "08:30", "ends_at": "13:30"}]
    assert registrar.put(f"{place}/weekly", json=weekly).json()["weekly"][0]["weekday"] == 0
    meetings = registrar.get(f"{place}/meetings?from=2026-10-26&to=2026-11-02").json()
    assert [one["starts"] for one in meetings] == ["2026-10-26T08:30:00-04:00", "2026-11-02T08:30:00-05:00"]
    assert registrar.post(f"{place}/seats", json={"enrollment_ids": [seated.id]}).status_code == 201
    full = registrar.post(
        f"{place}/seats", json={"enrollment_ids": [school.enrollment(school.student(), program).id]}
    )
    assert (full.status_code, "no seat is free" in full.json()["detail"]) == (409, True)
    assert registrar.patch(place, json={"room": "Lab"}).json()["room"] == "Lab"
    assert registrar.delete(place).status_code == 409
    wrong = registrar.put(
        f"{place}/weekly", json=[{"weekday": 0, "starts_at": "08:30+02:00", "ends_at": "09:00Z"}]
    )
    assert wrong.status_code == 422


def test_todays_meetings_stand_on_the_first_pages(school: School, signed_in: SignedIn) -> None:
    program, teacher, student = school.program(), school.instructor(), school.student()
    enrollment = school.enrollment(student, program)
    school.school_class(
        program, name="Radiography lab", teacher=teacher, students=[enrollment],
        weekly=[(date(2026, 10, 28).weekday(), time(9), time(12))],
    )  # fmt: skip
    for person in (teacher, student, school.admin()):
        assert "Radiography lab" in signed_in(person).get("/").text
    assert "Radiography lab" not in signed_in(school.student()).get("/").text
    assert "Radiography lab" in signed_in(teacher).get("/search?q=radiography").text
