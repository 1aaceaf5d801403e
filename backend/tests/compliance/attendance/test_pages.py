"""The clock, the lists and the corrections as pages and as JSON, good and bad input alike."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import Attendance, User
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]
MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NUL = "\x00"
PRESSED = {"pressed": "yes"}


@pytest.fixture
def student(school: School) -> User:
    return school.student(full_name="Maria Lopez")


@pytest.fixture
def admin(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.admin(full_name="Ada Admin"))


def test_in_and_out_by_the_buttons(
    session: Session, school: School, student: User, signed_in: SignedIn
) -> None:
    school.enrollment(student, school.program(name="Dental Assistant Professional"))
    client = signed_in(student)
    assert "Clock in" in client.get("/hours").text
    assert client.post("/hours/clock-in", data=PRESSED).headers["location"] == "/"
    again = client.post("/hours/clock-in", data=PRESSED)
    assert again.status_code == 409
    assert "You have been clocked in since" in again.text
    assert "Clock out" in again.text
    assert client.post("/hours/clock-out", data=PRESSED).status_code == 303
    without = client.post("/hours/clock-out", data=PRESSED)
    assert (without.status_code, "You are not clocked in" in without.text) == (409, True)
    entry = session.scalars(select(Attendance).where(Attendance.user_id == student.id)).one()
    assert entry.clock_out is not None


def test_without_an_enrollment_the_page_says_whom_to_ask(student: User, signed_in: SignedIn) -> None:
    client = signed_in(student)
    assert "no active enrollment" in client.get("/hours").text
    assert client.post("/hours/clock-in", data=PRESSED).status_code == 409


@pytest.mark.parametrize("value", ["x", "0", "99999999999999999999", "1" + NUL])
def test_a_wrong_enrollment_in_the_form_is_a_sentence(
    school: School, student: User, signed_in: SignedIn, value: str
) -> None:
    school.enrollment(student)
    answer = signed_in(student).post("/hours/clock-in", data={"enrollment_id": value})
    assert answer.status_code == 422
    assert "Choose the program" in answer.text


def test_json_clock(school: School, student: User, signed_in: SignedIn) -> None:
    enrollment = school.enrollment(student)
    client = signed_in(student)
    began = client.post("/api/v1/attendance/clock-in")
    assert began.status_code == 201, began.text
    assert began.json()["state"] == "open"
    again = client.post("/api/v1/attendance/clock-in", json={"enrollment_id": enrollment.id})
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert client.post("/api/v1/attendance/clock-out").json()["state"] == "complete"
    assert client.post("/api/v1/attendance/clock-out").status_code == 409
    listed = client.get("/api/v1/attendance").json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, began.json()["id"])
    totals = client.get("/api/v1/attendance/totals").json()
    assert totals["time_zone"] == "America/New_York"
    assert totals["enrollments"][0]["required_minutes"] == 480 * 60


@pytest.mark.parametrize(
    "body",
    [
        {"enrollment_id": "one"},
        {"enrollment_id": 0},
        {"enrollment_id": 2**40},
        {"enrollment_id": None, "other": 1},
        [],
        "text",
        7,
    ],
)
def test_json_clock_refuses_wrong_types(
    school: School, student: User, signed_in: SignedIn, body: Any
) -> None:
    school.enrollment(student)
    assert signed_in(student).post("/api/v1/attendance/clock-in", json=body).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=9999-12-31",
        "from=0001-01-01",
        "from=2026-05-02&to=2026-05-01",
        "state=asleep",
        "user_id=abc",
        "user_id=99999999999999",
        "enrollment_id=-1",
        "sort=password",
        "page=0",
        "q=%00",
        "from=%00",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/attendance", "/attendance"])
def test_wrong_filters_are_422(admin: TestClient, path: str, query: str) -> None:
    assert admin.get(f"{path}?{query}").status_code == 422


@pytest.mark.parametrize(
    "month", ["2026", "2026-13", "1999-12", "2101-01", "0000-01", "x", "２０２６-05", "2026-5", NUL]
)
def test_a_month_that_is_none_is_422(student: User, signed_in: SignedIn, month: str) -> None:
    client = signed_in(student)
    assert client.get("/hours", params={"month": month}).status_code == 422
    assert client.get("/hours", params={"month": "2000-01"}).status_code == 200
    assert client.get("/hours", params={"month": "2100-12"}).status_code == 200


def test_other_peoples_records_do_not_exist(school: School, student: User, signed_in: SignedIn) -> None:
    theirs = school.attendance(school.enrollment(school.student()))
    client = signed_in(student)
    for path in (
        f"/api/v1/attendance/{theirs.id}",
        "/api/v1/attendance/2147483647",
        "/api/v1/attendance/99999999999999999999",
        "/api/v1/attendance/abc",
        f"/api/v1/attendance?user_id={theirs.user_id}",
        f"/api/v1/attendance/totals?user_id={theirs.user_id}",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/attendance", "/attendance/here", "/attendance/students", f"/attendance/{theirs.id}"):
        assert client.get(path).status_code == 403, path
    correction = {
        "clock_in": "2026-05-04T08:00-04:00",
        "clock_out": "2026-05-04T09:00-04:00",
        "reason": "mine",
    }
    assert client.put(f"/api/v1/attendance/{theirs.id}", json=correction).status_code == 403


def test_nobody_is_sent_to_sign_in(client: TestClient) -> None:
    assert client.get("/hours").headers["location"].startswith("/sign-in")
    assert client.post("/hours/clock-in", data=PRESSED).status_code == 303
    assert client.get("/api/v1/attendance").status_code == 401
    assert client.post("/api/v1/attendance/clock-in").status_code == 401


def test_the_month_shows_hours_by_day_and_in_all(school: School, student: User, signed_in: SignedIn) -> None:
    enrollment = school.enrollment(student)
    school.attendance(enrollment, datetime(2026, 3, 8, 5, 30, tzinfo=UTC), minutes=180)
    school.attendance(enrollment, datetime(2026, 4, 1, 3, 30, tzinfo=UTC), minutes=60)
    page = signed_in(student).get("/hours?month=2026-03").text
    assert "3\u00a0h\u00a030\u00a0min" in page  # three hours, and the half hour before April began
    assert "12:30 AM</time> EST" in page
    assert "4:30 AM</time> EDT" in page
    assert "Eastern Time" in page


def test_lists_as_files(school: School, student: User, signed_in: SignedIn, admin: TestClient) -> None:
    student.full_name = "=cmd()"
    school.attendance(school.enrollment(student), MONDAY, minutes=60, notes="first line\nsecond")
    own = signed_in(student).get("/hours?month=all&format=csv")
    assert own.headers["content-type"] == "text/csv; charset=utf-8"
    assert "2026-05-04 08:00:00-04:00" in own.text
    everyone = admin.get("/attendance?format=csv&from=2026-05-04&to=2026-05-04").text
    assert "'=cmd()" in everyone
    assert "2026-05-04" not in admin.get("/attendance?format=csv&from=2026-05-05").text
    assert "'=cmd(),person" in admin.get("/attendance/students?format=csv").text.replace('"', "")


def approve(client: TestClient, asked: Any) -> str:
    """Approve what the answer to a request leads to, and give the address of the record."""
    path = asked.headers["location"]
    assert client.post(path, data={"decision": "approve"}).status_code == 303
    return re.search(r'href="(/attendance/\d+)"', client.get(path).text).group(1)  # type: ignore[union-attr]


@pytest.fixture
def registrar(school: School, signed_in: SignedIn) -> TestClient:
    return signed_in(school.admin(full_name="Rita Registrar"))


def test_one_of_the_staff_enters_and_corrects_by_the_forms_and_another_approves(
    session: Session, school: School, student: User, admin: TestClient, registrar: TestClient
) -> None:
    enrollment = school.enrollment(student)
    values = {
        "enrollment_id": str(enrollment.id),
        "clock_in": "2026-05-04T08:00",
        "clock_out": "2026-05-04T12:00",
        "reason": "Tablet was broken",
    }
    assert "Maria Lopez" in admin.get("/attendance/new").text
    entered = admin.post("/attendance/new", data=values)
    assert entered.status_code == 303, entered.text
    path = approve(registrar, entered)
    overlapping = admin.post("/attendance/new", data=values | {"clock_in": "2026-05-04T11:59"})
    assert overlapping.status_code == 409
    assert "overlap" in overlapping.text
    assert 'value="2026-05-04T08:00:00"' in admin.get(path).text
    corrected = admin.post(path, data={**values, "clock_out": "2026-05-04T13:30", "reason": "Stayed longer"})
    assert corrected.status_code == 303
    waits = corrected.headers["location"]
    assert "You asked for this correction, so someone else decides it" in admin.get(waits).text
    refused = admin.post(waits, data={"decision": "approve"})
    assert (refused.status_code, "someone else decides it. Nothing was saved" in refused.text) == (403, True)
    assert "4\u00a0h" in admin.get(path).text
    decline = registrar.post(waits, data={"decision": "decline"})
    assert (decline.status_code, "why it is declined" in decline.text) == (422, True)
    approve(registrar, corrected)
    shown = admin.get(path).text
    assert "5\u00a0h\u00a030\u00a0min" in shown
    assert "by Rita Registrar: Stayed longer" in shown
    again = registrar.post(waits, data={"decision": "approve"})
    assert (again.status_code, "approved already" in again.text) == (409, True)
    assert session.scalar(select(func.count()).select_from(Attendance)) == 1


def test_a_correction_keeps_the_seconds_nobody_touched(
    session: Session, school: School, student: User, admin: TestClient, registrar: TestClient
) -> None:
    entry = school.attendance(school.enrollment(student), MONDAY + timedelta(seconds=37), minutes=60)
    typed = {"clock_in": "2026-05-04T08:00", "clock_out": "2026-05-04T10:30", "reason": "Left later"}
    approve(registrar, admin.post(f"/attendance/{entry.id}", data=typed))
    session.refresh(entry)
    assert (entry.clock_in, entry.total_minutes) == (MONDAY + timedelta(seconds=37), 149)
    assert entry.clock_out == MONDAY + timedelta(hours=2, minutes=30)
    nothing = typed | {"clock_out": "2026-05-04T08:00", "reason": "Was not there"}
    approve(registrar, admin.post(f"/attendance/{entry.id}", data=nothing))
    session.refresh(entry)
    assert (entry.clock_out, entry.total_minutes) == (entry.clock_in, 0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clock_out": "2026-05-04T07:00"}, "before the clock-in"),
        ({"clock_out": "2026-05-06T07:00"}, "16 hours"),
        ({"clock_in": "9999-12-31T23:59", "clock_out": "9999-12-31T23:59"}, "between 2000"),
        ({"clock_in": "0001-01-01T00:00"}, "between 2000"),
        ({"clock_in": "2026-03-08T02:30", "clock_out": "2026-03-08T04:30"}, "does not exist"),
        ({"clock_in": "soon"}, "Clock-in"),
        ({"clock_in": "2026-05-04T08:00Z"}, "Clock-in"),
        ({"reason": "  "}, "Reason"),
        ({"reason": "a" + NUL + "bc"}, "cannot be saved"),
        ({"reason": "x" * 501}, "Reason"),
        ({"enrollment_id": "0"}, "Student and program"),
    ],
)
def test_a_form_with_mistakes_comes_back_with_sentences(
    session: Session, school: School, student: User, admin: TestClient, changes: dict[str, str], sentence: str
) -> None:
    enrollment = school.enrollment(student)
    values = {
        "enrollment_id": str(enrollment.id),
        "clock_in": "2026-05-04T08:00",
        "clock_out": "2026-05-04T12:00",
        "reason": "Tablet was broken",
    }
    answer = admin.post("/attendance/new", data=values | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalar(select(func.count()).select_from(Attendance)) == 0


def test_of_a_time_that_came_twice_the_staff_say_which(
    session: Session, school: School, student: User, admin: TestClient, registrar: TestClient
) -> None:
    enrollment = school.enrollment(student, enrolled_at=date(2025, 9, 2))
    values = {
        "enrollment_id": str(enrollment.id),
        "clock_in": "2025-11-02T01:15",
        "clock_out": "2025-11-02T01:15",
        "clock_out_second": "yes",
        "reason": "Night class",
    }
    asked = admin.post("/attendance/new", data=values | {"reason": ""})
    assert asked.text.count("this time occurred twice that day") == 2
    path = approve(registrar, admin.post("/attendance/new", data=values))
    assert session.scalars(select(Attendance.total_minutes)).one() == 60
    shown = admin.get(path).text
    assert shown.count("checked") == 1


def test_bad_numbers_and_bodies_are_never_500(school: School, student: User, admin: TestClient) -> None:
    entry = school.attendance(school.enrollment(student), MONDAY)
    for path in ("/attendance/0", "/attendance/abc", "/attendance/2147483648", "/attendance/2147483647"):
        assert admin.get(path).status_code == 404, path
        assert admin.post(path, data=PRESSED).status_code == 404, path
    assert admin.get("/attendance/new?user_id=2147483647").status_code == 404
    assert admin.get("/attendance/new?user_id=x").status_code == 422
    assert admin.post(f"/attendance/{entry.id}", json={}).status_code == 415
    good = {"clock_in": "2026-05-04T08:00-04:00", "clock_out": "2026-05-04T09:00-04:00", "reason": "because"}
    for changes in (
        {"clock_in": "2026-05-04T08:00"},
        {"clock_in": "+275760-09-13T00:00:00Z"},
        {"clock_in": "0001-01-01T00:00:00+14:00"},
        {"clock_out": "9999-12-31T23:59:59-14:00"},
        {"clock_in": 1e308},
        {"reason": NUL * 5},
        {"reason": "\ud800\ud800\ud800"},
        {"id": 7},
    ):
        # The client's own encoder would refuse half a character.
        body = json.dumps(good | changes)
        answer = admin.put(
            f"/api/v1/attendance/{entry.id}", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 422), (changes, answer.text)
    assert admin.put(f"/api/v1/attendance/{entry.id}", json=good).json()["minutes"] == 60


def test_who_is_here_and_who_forgot(school: School, admin: TestClient) -> None:
    here, forgot = school.student(full_name="Here Now"), school.student(full_name="Long Gone")
    school.attendance(school.enrollment(here), clock.now() - timedelta(hours=1), clock_out=None)
    school.attendance(school.enrollment(forgot), clock.now() - timedelta(hours=17), clock_out=None)
    page = admin.get("/attendance/here").text
    assert "1 student is clocked in" in page
    before, after = page.split("Missing clock-outs")
    assert ("Here Now" in before, "Long Gone" in before, "Long Gone" in after) == (True, False, True)
    assert "Long Gone" in admin.get("/attendance?state=needs_correction").text
    assert "Long Gone" not in admin.get("/attendance?state=open").text


def test_the_search_takes_wildcards_literally(school: School, admin: TestClient) -> None:
    school.attendance(school.enrollment(school.student(full_name="Ann 100% Sure")))
    assert "Ann 100% Sure" in admin.get("/attendance", params={"q": "100%"}).text
    assert "Ann 100% Sure" not in admin.get("/attendance", params={"q": "_nn"}).text
    assert "Ann 100% Sure" in admin.get("/attendance/students", params={"q": "ann sure"}).text


def test_projection_stands_on_the_page_with_its_derivation(
    school: School, student: User, signed_in: SignedIn
) -> None:
    enrollment = school.enrollment(student, school.program(clock_hours=100), enrolled_at=date(2026, 1, 5))
    for day in range(20):
        school.attendance(enrollment, MONDAY + timedelta(days=day), minutes=180)
    client = signed_in(student)
    with time_machine.travel(MONDAY + timedelta(days=20), tick=False):
        page = client.get("/hours").text
    assert "Jun 12, 2026" in page
    assert "How this is calculated" in page
    assert "40\u00a0h of 100\u00a0h remain" in page
