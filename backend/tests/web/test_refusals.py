"""What was refused is in the history, although its transaction was undone; and nobody fills the disk with it."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import clock, refusals
from app.core.actions import Action
from app.core.refusals import Refusal
from app.db.models import AuditEntry, User
from app.db.session import Database
from app.web import refusals as web_refusals
from tests.conftest import LiveServer
from tests.factories.accounts import UserFactory, UserSessionFactory
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


def refused(session: Session) -> list[AuditEntry]:
    return list(
        session.scalars(
            select(AuditEntry).where(AuditEntry.action == "access.refused").order_by(AuditEntry.id)
        )
    )


def test_what_is_not_allowed(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student()
    assert (
        signed_in(student).get("/outbox?q=secret", headers={"X-Request-ID": "request-0001"}).status_code
        == 403
    )
    [row] = refused(session)
    assert (row.actor_id, row.target_id, row.request_id) == (student.id, "/outbox", "request-0001")
    assert row.details == {"kind": "forbidden", "route": "/outbox", "method": "GET", "times": 1}


def test_a_record_of_somebody_else(session: Session, school: School, signed_in: SignedIn) -> None:
    owner, student = school.student(), school.student()
    enrollment = school.enrollment(owner)
    assert signed_in(student).get(f"/api/v1/enrollments/{enrollment.id}").status_code == 404
    [row] = refused(session)
    assert row.details == {
        "kind": "hidden",
        "route": "/api/v1/enrollments/{enrollment_id}",
        "method": "GET",
        "table": "enrollments",
        "record": str(enrollment.id),
        "times": 1,
    }


def test_a_record_that_does_not_exist_was_never_hidden(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    client = signed_in(school.student())
    for path in (
        "/api/v1/enrollments/999999",
        "/api/v1/enrollments/0",
        "/nothing/here",
        "/api/v1/enrollments/x",
    ):
        assert client.get(path).status_code == 404
    assert refused(session) == []


@pytest.mark.parametrize("value", ["5", "11111111-1111-4111-8111-111111111111", "1" * 32])
def test_a_number_where_a_uuid_must_be_is_looked_up_without_an_error(
    school: School,
    signed_in: SignedIn,
    value: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = signed_in(school.admin())
    for address in (f"/lrs/statements/{value}", f"/enrollments/{value}"):
        assert client.get(address).status_code in (404, 422)
    said = capsys.readouterr()
    assert "refusal.not_looked_up" not in said.out + said.err + caplog.text


def test_of_two_records_in_an_address_both_have_to_exist(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    student = school.student()
    path = f"/api/v1/enrollments/{school.enrollment(student).id}/lessons/999999/completion"
    assert signed_in(school.admin()).put(path, json={}).status_code in (404, 422)
    assert refused(session) == []


def test_a_page_that_only_staff_of_the_student_has(
    session: Session, school: School, signed_in: SignedIn
) -> None:
    student = school.student()
    assert signed_in(school.instructor()).get(f"/people/{student.id}").status_code == 404
    # Nobody keeps the student from themselves: there is no such page of one's own.
    assert signed_in(student).get(f"/people/{student.id}").status_code == 404
    assert [row.details["table"] for row in refused(session)] == ["users"]


def test_the_session_of_somebody_else(session: Session, school: School, signed_in: SignedIn) -> None:
    theirs = UserSessionFactory(session=session, user_id=school.student().id)
    client = signed_in(school.student())
    assert client.delete(f"/api/v1/me/sessions/{theirs.id}").status_code == 404
    assert [row.details["table"] for row in refused(session)] == ["user_sessions"]


def test_what_another_site_sends(session: Session, client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example/path?q=1"}
    assert client.post("/sign-in?secret=1", headers=headers, data={"email": "a"}).status_code == 403
    [row] = refused(session)
    assert row.actor_id is None
    assert row.details == {"kind": "cross_site", "method": "POST", "origin": "evil.example", "times": 1}


@pytest.mark.parametrize("origin", ["null", "https://[broken", "https://" + "x" * 5000, "\u00e9"])
def test_a_site_with_a_strange_name(session: Session, client: TestClient, origin: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": origin.encode()}
    assert client.post("/sign-in", headers=headers).status_code == 403  # type: ignore[arg-type]
    [row] = refused(session)
    assert len(str(row.details)) < 400


def test_the_same_refusal_is_folded(session: Session, school: School, signed_in: SignedIn) -> None:
    client = signed_in(school.student())
    for _ in range(101):
        client.get("/outbox")
    assert [row.details["times"] for row in refused(session)] == [1, 1, 2, 4, 8, 16, 32]
    client.get("/audit")
    assert len(refused(session)) == 8


def test_after_an_hour_it_is_another_one(session: Session, school: School, signed_in: SignedIn) -> None:
    client = signed_in(school.student())
    start = clock.now()
    for minutes in (0, 58, 59, 61):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            client.get("/outbox")
    # Without the hour, the fourth would stand for two.
    assert [row.details["times"] for row in refused(session)] == [1, 1, 1]


def _one(number: int, network: str | None) -> Refusal:
    details = {"kind": "forbidden", "route": f"/{number}"}
    return Refusal(Action.ACCESS_REFUSED, f"/{number}", str(number), network, details, None, {"kind": "many"})


def test_one_address_cannot_fill_the_history(
    session: Session, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST_OF_ONE", 5)
    for number in range(200):
        refusals._note(session, _one(number, "192.0.2.1"))
    rows = refused(session)
    assert [row.details["times"] for row in rows] == [1] * 5 + [1, 1, 2, 4, 8, 16, 32, 64]
    assert [row.details["kind"] for row in rows[5:]] == ["many"] * 8
    refusals._note(session, _one(1, "192.0.2.2"))
    assert len(refused(session)) == 14


def test_many_addresses_cannot_fill_it_either(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_OF_ALL", 20)
    for number in range(300):
        refusals._note(session, _one(number, f"192.0.2.{number}"))
    assert len(refused(session)) == 20 + 9
    assert session.scalar(text("SELECT count(*) FROM history_folds")) == 20 * 2 + 2


def test_a_refusal_that_cannot_be_recorded_stands(
    school: School, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> None:
        raise OperationalError("INSERT", None, Exception("the disk is full"))

    monkeypatch.setattr(refusals, "_note", fail)
    assert signed_in(school.student()).get("/outbox").status_code == 403


def test_it_needs_no_second_connection(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request's own connection is back in the pool by then."""
    at_work: list[int] = []
    note = refusals._note

    def watched(session: Session, refusal: Refusal) -> None:
        at_work.append(live_server.database.engine.pool.checkedout())  # type: ignore[attr-defined]
        note(session, refusal)

    monkeypatch.setattr(refusals, "_note", watched)
    with live_server.database.begin() as session:
        student = UserFactory(session=session)
        UserSessionFactory(session=session, user_id=student.id, secret="a secret of good length")
    asked = urllib.request.Request(f"{live_server.url}/outbox")  # noqa: S310 - our own server
    asked.add_header("Cookie", "aada_session=a secret of good length")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked)  # noqa: S310 - likewise
    assert at_work == [0]
    with live_server.database.begin() as session:
        assert len(refused(session)) == 1


NO_RECORDS = {
    "assignment_id": "found through its class",
    "change_id": "found through its class",
    "contact_id": "found through its student",
    "field_id": "refused as a whole (403)",
    "kind_id": "refused as a whole (403)",
    "meeting_id": "found through its class",
    "data_import_id": "whoever may import sees all imports",
    "duty_id": "found through its person",
    "forwarder_id": "refused as a whole (403)",
    "holiday_id": "refused as a whole (403)",
    "import_id": "refused as a whole (403)",
    "key_id": "refused as a whole (403)",
    "message_id": "refused as a whole (403)",
    "question_id": "refused as a whole (403)",
    "signatory_id": "refused as a whole (403)",
    "term_id": "refused as a whole (403)",
}


def test_every_parameter_that_names_a_record_is_registered(app: object) -> None:
    routes = (web_refusals.registered(), NO_RECORDS)
    from tests.permissions import table

    named = {name for route in table.read("routes.txt") for name in re.findall(r"\{(\w+_id)\}", route)}
    assert named - set(routes[0]) == set(NO_RECORDS)


def test_registered_tables_are_there(session: Session, live_database: Database) -> None:
    with live_database.begin() as fresh:
        for record in web_refusals.registered().values():
            fresh.execute(
                text(f"SELECT {record.key}, {record.owner or record.key} FROM {record.table} LIMIT 1")
            )


def test_one_name_is_one_kind_of_record_in_every_room() -> None:
    known, record = next(iter(web_refusals.registered().items()))
    with pytest.raises(ValueError, match="already"):
        web_refusals.register_record(known, f"{record.table}_of_another_kind")
    assert web_refusals.registered()[known] == record
