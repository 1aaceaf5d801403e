"""The audit pages and the outbox."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import clock, history, mail
from app.core.actions import Action
from app.db.models import (
    AuditEntry,
    OutboxMessage,
    User,
)
from app.desks import audit
from app.settings import Settings
from tests.desks.conftest import MONDAY, SignedIn
from tests.factories.school import School, subject_of


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
