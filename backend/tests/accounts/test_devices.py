"""Your devices: where a person is signed in, and who may end it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.access import attempts
from app.accounts.duties import service as duties
from app.core import clock
from app.core.permissions import SYSTEM, Duty, Role
from app.db.models import AuditEntry, SignInAttempt, User, UserSession
from app.settings import Settings
from tests.accounts.conftest import Make, actions
from tests.factories.accounts import ApiTokenFactory, UserSessionFactory

SignedIn = Callable[[User], TestClient]
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"


def test_the_page_names_each_device_its_place_and_its_times_in_the_schools_zone(
    session: Session, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    now = clock.now().replace(microsecond=0)
    seen = datetime(now.year, now.month, now.day, 12, 30, tzinfo=UTC)
    UserSessionFactory(
        session=session, user_id=student.id, user_agent=PHONE, ip="203.0.113.7",
        created_at=datetime(2026, 1, 15, 17, 5, tzinfo=UTC), last_seen_at=max(seen, now - timedelta(hours=1)),
    )  # fmt: skip
    session.commit()
    page = browser.get("/account/devices").text
    assert "Safari on iPhone" in page
    assert "203.0.113.7" in page
    assert "12:05 PM" in page  # 17:05 UTC in New York, in winter
    assert "This device" in page
    assert "Sign out everywhere else" in page
    assert "You are signed in on 2 devices." in browser.get("/account").text


def test_one_or_all_others_are_ended_and_the_page_comes_back(
    session: Session, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    rows = [UserSessionFactory(session=session, user_id=student.id) for _ in range(3)]
    session.commit()
    answer = browser.post(f"/account/sessions/{rows[0].id}/revoke")
    assert answer.headers["location"] == "/account/devices"
    assert browser.post("/account/sessions/others/revoke").headers["location"] == "/account/devices"
    session.expire_all()
    assert all(row.revoked_at is not None for row in rows)
    assert browser.get("/account/devices").text.count("Sign out everywhere else") == 0


def test_wrong_passwords_are_shown_to_the_owner(
    session: Session, settings: Settings, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    assert "No wrong passwords in the last 30 days." in browser.get("/account/devices").text
    key = attempts.attempt_key(settings, student.email)
    for ip, days, succeeded in (
        ("203.0.113.8", 1, False),
        ("203.0.113.9", 40, False),
        ("203.0.113.10", 1, True),
    ):
        moment = clock.now() - timedelta(days=days)
        session.add(SignInAttempt(email_key=key, ip=ip, succeeded=succeeded, attempted_at=moment))
    session.commit()
    page = browser.get("/account/devices").text
    assert "203.0.113.8<" in page
    assert "203.0.113.9<" not in page
    assert "203.0.113.10<" not in page


def test_an_administrator_sees_and_ends_anothers_sessions_and_tokens(
    session: Session, admin: User, student: User, signed_in: SignedIn
) -> None:
    theirs = signed_in(student)
    other = UserSessionFactory(session=session, user_id=student.id, user_agent=PHONE)
    token = ApiTokenFactory(session=session, user_id=student.id, name="Homework helper")
    session.commit()
    browser = signed_in(admin)
    assert f"/people/{student.id}/devices" in browser.get(f"/people/{student.id}/edit").text
    page = browser.get(f"/people/{student.id}/devices").text
    assert "Safari on iPhone" in page
    assert "Homework helper" in page
    assert browser.post(f"/people/{student.id}/sessions/{other.id}/end").status_code == 303
    session.expire_all()
    assert other.revoked_at is not None
    assert theirs.get("/account").status_code == 200
    assert browser.post(f"/people/{student.id}/sessions/end").status_code == 303
    assert theirs.get("/account").status_code == 303
    assert browser.post(f"/people/{student.id}/tokens/{token.id}/revoke").status_code == 303
    session.refresh(token)
    assert token.revoked_at is not None
    page = browser.get(f"/people/{student.id}/devices").text
    assert "is not signed in anywhere" in page
    assert "has no API tokens" in page
    assert actions(session)[-3:] == ["sessions.ended_for", "sessions.ended_for", "api_token.revoked"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions.ended_for")).first()
    assert entry is not None
    assert (entry.actor_id, entry.target_id, entry.student_id) == (admin.id, str(student.id), student.id)


def test_nobody_else_sees_or_ends_them(
    session: Session,
    settings: Settings,
    make_user: Make,
    student: User,
    instructor: User,
    signed_in: SignedIn,
) -> None:
    row = UserSessionFactory(session=session, user_id=student.id)
    token = ApiTokenFactory(session=session, user_id=student.id)
    auditor = make_user(role=Role.INSTRUCTOR)
    today = clock.today(settings.zone)
    duties.give_duty(session, SYSTEM, settings, auditor.id, Duty.AUDITOR, starts_on=today, reason="Audit")
    session.commit()
    ends = [
        f"/people/{student.id}/sessions/{row.id}/end",
        f"/people/{student.id}/sessions/end",
        f"/people/{student.id}/tokens/{token.id}/revoke",
    ]
    for person, sees in ((make_user(), 403), (instructor, 403), (auditor, 200)):
        browser = signed_in(person)
        assert browser.get(f"/people/{student.id}/devices").status_code == sees
        assert [browser.post(path).status_code for path in ends] == [403] * 3
    session.expire_all()
    assert row.revoked_at is None
    assert token.revoked_at is None


def test_what_is_not_there_is_not_found(
    session: Session, admin: User, student: User, instructor: User, signed_in: SignedIn
) -> None:
    browser = signed_in(admin)
    foreign = UserSessionFactory(session=session, user_id=instructor.id)
    session.commit()
    assert browser.get("/people/999999/devices").status_code == 404
    for path in (
        f"/people/{student.id}/sessions/{foreign.id}/end",
        f"/people/{student.id}/sessions/99999999999999/end",
        f"/people/{student.id}/tokens/999999/revoke",
        "/people/999999/sessions/end",
    ):
        assert browser.post(path).status_code == 404
    session.expire_all()
    assert session.get_one(UserSession, foreign.id).revoked_at is None
