"""Security: failed sign-ins and new devices are on record, the page draws them, and alerts go out once an hour."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import history, refusals
from app.core.actions import Action
from app.core.permissions import Duty
from app.core.refusals import Refusal
from app.db.models import AuditEntry, OutboxMessage, User
from app.desks import audit
from app.projections import alerts
from tests.factories.accounts import HASHED, PASSWORD
from tests.factories.school import School, subject_of
from tests.projecting import project

SignedIn = Callable[[User], TestClient]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def rows(session: Session, action: Action) -> list[AuditEntry]:
    return list(
        session.scalars(select(AuditEntry).where(AuditEntry.action == action.value).order_by(AuditEntry.id))
    )


def mails(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


@pytest.fixture
def staff(school: School, session: Session) -> User:
    user = school.instructor(full_name="Ida Instructor", hashed_password=HASHED)
    session.commit()
    return user


def sign_in(client: TestClient, user: User, password: str = PASSWORD) -> int:
    data = {"email": user.email, "password": password}
    return client.post("/sign-in", data=data, headers={"User-Agent": FIREFOX}).status_code


# Failed sign-ins


def test_a_wrong_password_is_on_record_with_the_account(
    session: Session, client: TestClient, staff: User
) -> None:
    assert sign_in(client, staff, "wrong") == 422
    [row] = rows(session, Action.SIGN_IN_FAILED)
    assert (row.actor_id, row.target, row.target_id) == (None, "users", str(staff.id))
    assert row.details == {"why": "password", "times": 1}


def test_an_unknown_address_is_on_record_without_what_was_typed(session: Session, client: TestClient) -> None:
    client.post("/sign-in", data={"email": "my-password@example.org", "password": "x"})
    [row] = rows(session, Action.SIGN_IN_FAILED)
    assert row.target_id is None
    assert "my-password" not in str(row.details)


def test_the_api_too_and_too_many_as_well(session: Session, client: TestClient, staff: User) -> None:
    answers = [
        client.post("/api/v1/session", json={"email": staff.email, "password": "wrong"}).status_code
        for _ in range(7)
    ]
    assert set(answers) == {401, 429}
    assert [row.details["why"] for row in rows(session, Action.SIGN_IN_FAILED)] == [
        *["password"] * 3,
        *["too_many"] * 2,
    ]


def test_who_gets_in_leaves_no_failure(session: Session, client: TestClient, staff: User) -> None:
    assert sign_in(client, staff) == 303
    assert rows(session, Action.SIGN_IN_FAILED) == []


# New devices


def test_the_first_browser_is_none_and_the_second_is_new(
    session: Session, app: object, client: TestClient, staff: User
) -> None:
    sign_in(client, staff)
    sign_in(client, staff)
    assert [row.details for row in rows(session, Action.SESSION_OPENED)] == [{}, {}]
    client.cookies.clear()
    sign_in(client, staff)
    assert rows(session, Action.SESSION_OPENED)[-1].details == {
        "new_device": True,
        "browser": "Firefox on Windows",
    }


def test_the_person_is_mailed(session: Session, client: TestClient, staff: User) -> None:
    sign_in(client, staff)
    client.cookies.clear()
    sign_in(client, staff)
    project(session, alerts.SUBSCRIBER)
    [mail] = mails(session)
    assert mail.to_address == staff.email
    assert "Firefox on Windows" in mail.body_text
    assert "/forgot" in mail.body_text


def test_a_student_is_not(session: Session, client: TestClient, school: School) -> None:
    student = school.student(hashed_password=HASHED)
    session.commit()
    for _ in range(2):
        client.cookies.clear()
        assert sign_in(client, student) == 303
    project(session, alerts.SUBSCRIBER)
    assert mails(session) == []


# Alerts


@pytest.fixture
def admin(school: School, session: Session) -> User:
    user = school.admin(full_name="Ada Admin", hashed_password=HASHED)
    session.commit()
    return user


def fail(session: Session, times: int) -> None:
    for number in range(times):
        refusals._note(
            session, Refusal(Action.SIGN_IN_FAILED, None, str(number), "192.0.2.1", {"why": "password"})
        )


def test_few_failures_alarm_nobody(session: Session, admin: User) -> None:
    fail(session, alerts.MANY_FAILURES - 1)
    project(session, alerts.SUBSCRIBER)
    assert mails(session) == []


def test_many_failures_are_mailed_to_administrators_once(session: Session, admin: User) -> None:
    fail(session, alerts.MANY_FAILURES)
    project(session, alerts.SUBSCRIBER)
    project(session, alerts.SUBSCRIBER)
    [mail] = mails(session)
    assert mail.to_address == admin.email
    assert f"{alerts.MANY_FAILURES} failed sign-ins" in mail.body_text
    assert "/security" in mail.body_text
    [row] = rows(session, Action.SECURITY_ALERTED)
    assert row.details == {"failures": alerts.MANY_FAILURES, "refusals": 0}


def test_a_new_key_is_mailed_to_administrators(session: Session, admin: User) -> None:
    history.record(
        session, subject_of(admin), Action.XAPI_CREDENTIAL_CREATED, 1, label="Simulator", scopes=["all"]
    )
    project(session, alerts.SUBSCRIBER)
    [mail] = mails(session)
    assert "LRS API key “Simulator”" in mail.body_text
    assert "Ada Admin" in mail.body_text


# The page


def test_the_page_is_for_administrators_and_auditors(school: School, signed_in: SignedIn) -> None:
    for duty, status in (
        (Duty.ADMINISTRATOR, 200),
        (Duty.AUDITOR, 200),
        (Duty.REGISTRAR, 403),
        (Duty.INSTRUCTOR, 403),
    ):
        assert signed_in(school.with_duty(duty)).get("/security").status_code == status, duty


def test_it_says_what_happened_in_sentences(
    session: Session, client: TestClient, school: School, staff: User, signed_in: SignedIn
) -> None:
    sign_in(client, staff, "wrong")
    hidden = school.student()
    signed_in(staff).get(f"/people/{hidden.id}")
    signed_in(staff).get("/outbox")
    admin = signed_in(school.admin())
    page = admin.get("/security").text
    assert "The email address and password do not match." in page
    assert "Ida Instructor" in page
    assert (
        f"GET /people/{{user_id}}: this person may not see it ({audit.record_name('users', str(hidden.id))})."
        in page
    )
    assert "GET /outbox is not allowed for this person." in page
    failures = admin.get("/security?kind=failures").text
    assert "do not match" in failures
    assert "/outbox is not" not in failures
    assert "do not match" in admin.get("/security?q=ida&kind=failures").text
    assert "do not match" not in admin.get("/security?q=somebody&kind=failures").text
    csv = admin.get("/security?format=csv").text
    assert "Sign-in failed" in csv
    assert rows(session, Action.REPORT_EXPORTED)


def test_nothing_yet(school: School, signed_in: SignedIn) -> None:
    page = signed_in(school.admin()).get("/security").text
    assert "No events found." in page
    assert "Sign-ins by day" in page or "by day" in page


@pytest.mark.parametrize(
    "query", ["kind=everything", "from=2026-13-01", "from=2026-02-02&to=2026-02-01", "sort=details", "page=0"]
)
def test_what_makes_no_sense_is_refused(school: School, signed_in: SignedIn, query: str) -> None:
    assert signed_in(school.admin()).get(f"/security?{query}").status_code == 422


def test_the_chart_counts_what_was_folded(session: Session, school: School) -> None:
    from app.desks import security

    for _ in range(8):
        refusals._note(session, Refusal(Action.SIGN_IN_FAILED, None, "x", "192.0.2.1", {"why": "password"}))
    figures = security.overview(session, subject_of(school.admin()), session.info["settings"].zone)
    assert figures.failures == 8
    assert figures.series[1]["values"][-1] == 8


def test_it_walks_indexes(session: Session, school: School) -> None:
    session.execute(
        text(
            "INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, student_id)"
            " SELECT n % 30, 'Somebody', 'attendance.clocked_in', 'attendance', n::text, n % 300"
            " FROM generate_series(1, 30000) n"
        )
    )
    session.execute(text("ANALYZE audit_log"))
    since = "now() - interval '30 days'"
    for condition in ("action = 'sign_in.failed'", "action IN ('session.opened', 'access.refused')"):
        plan = "\n".join(
            row[0]
            for row in session.execute(
                text(f"EXPLAIN SELECT count(*) FROM audit_log WHERE {condition} AND at >= {since}")
            )
        )
        assert "idx_audit_log_action" in plan, plan


def test_what_failed_is_not_in_a_students_timeline(
    session: Session, client: TestClient, school: School, signed_in: SignedIn
) -> None:
    student = school.student()
    signed_in(student).get("/outbox")
    assert "Request refused" not in signed_in(school.admin()).get(f"/people/{student.id}").text
