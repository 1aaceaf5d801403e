"""API tokens: what they allow, how long, and what their refusals say."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.duties import service as duties
from app.accounts.people import service as people
from app.accounts.tokens import service as tokens
from app.core import clock, history
from app.core.permissions import SYSTEM, Duty, Permission, Role
from app.db.models import ApiToken, AuditEntry, User
from app.projections.service import SUBSCRIBERS
from app.settings import Settings
from tests.accounts.conftest import Make, mail_to
from tests.factories.accounts import PASSWORD, ApiTokenFactory
from tests.projecting import project

SignedIn = Callable[[User], TestClient]


def ask(client: TestClient, secret: str, method: str = "GET", path: str = "/api/v1/me", **more: Any) -> Any:
    return client.request(method, path, headers={"Authorization": f"Bearer {secret}"}, **more)


def make(browser: TestClient, **wanted: Any) -> Any:
    return browser.post("/api/v1/tokens", json={"name": "a program", **wanted})


# Ends


def test_ninety_days_are_offered_a_year_is_the_most_and_no_token_goes_on_without_an_end(
    session: Session, admin: User, signed_in: SignedIn
) -> None:
    browser = signed_in(admin)
    with time_machine.travel(clock.now(), tick=False):
        for days in (90, 365):
            row = session.get_one(ApiToken, make(browser, lifetime_days=days).json()["id"])
            assert row.expires_at == clock.now() + timedelta(days=days)
        default = session.get_one(ApiToken, make(browser).json()["id"])
        assert default.expires_at == clock.now() + timedelta(days=90)
    for wrong in (366, 0, None, 3650, "x"):
        assert make(browser, lifetime_days=wrong).status_code == 422
    page = browser.get("/account/tokens").text
    assert '<option value="90" selected' in page
    for days in ("366", "0", "", "x"):
        form = {"name": "x", "lifetime_days": days, "access": "read"}
        assert browser.post("/account/tokens", data=form).status_code == 422


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"expires_at": clock.now() - timedelta(days=1)}, "This API token expired on "),
        ({"revoked_at": clock.now()}, "This API token was revoked on "),
        (None, "This API token is not valid"),
    ],
)
def test_each_token_that_does_not_work_has_its_sentence(
    client: TestClient, session: Session, admin: User, fields: dict[str, Any] | None, sentence: str
) -> None:
    if fields is not None:
        ApiTokenFactory(session=session, user_id=admin.id, secret="aada_over", **fields)
        session.commit()
    answer = ask(client, "aada_over")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith(sentence)
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    # A page asks for a sign-in as it does of anybody, and the form can be had.
    assert ask(client, "aada_over", path="/account").headers["location"] == "/sign-in?next=%2Faccount"
    assert ask(client, "aada_over", path="/sign-in").status_code == 200


# Scopes


def test_a_token_does_what_it_was_given_and_no_more(
    client: TestClient, session: Session, admin: User, student: User, signed_in: SignedIn
) -> None:
    secret = make(signed_in(admin), scopes=["accounts.read"]).json()["secret"]
    assert ask(client, secret).status_code == 200
    assert ask(client, secret, path="/api/v1/users").status_code == 200
    body = {"email": "new@example.org", "full_name": "New Person", "role": "student"}
    refused = ask(client, secret, "POST", "/api/v1/users", json=body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/out-of-scope"
    assert "was not given what this needs: accounts.manage" in refused.json()["detail"]
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    # Hidden from the token, and not from its owner: it is the scope, and nothing is said to be missing.
    nothing = make(signed_in(admin), scopes=[]).json()["secret"]
    hidden = ask(client, nothing, path=f"/api/v1/users/{student.id}")
    assert hidden.status_code == 403
    assert hidden.json()["type"] == "/problems/out-of-scope"


def test_a_refusal_that_the_owner_would_get_too_keeps_its_own_sentence(
    client: TestClient, session: Session, instructor: User
) -> None:
    ApiTokenFactory(session=session, user_id=instructor.id, secret="aada_all")
    session.commit()
    body = {"email": "new@example.org", "full_name": "New Person", "role": "student"}
    refused = ask(client, "aada_all", "POST", "/api/v1/users", json=body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/forbidden"


def test_a_token_that_may_only_read_changes_nothing(
    client: TestClient, session: Session, admin: User, signed_in: SignedIn
) -> None:
    secret = make(signed_in(admin), read_only=True).json()["secret"]
    assert ask(client, secret, path="/api/v1/users").status_code == 200
    body = {"email": "new@example.org", "full_name": "New Person", "role": "student"}
    refused = ask(client, secret, "POST", "/api/v1/users", json=body)
    assert refused.status_code == 403
    assert "may only read. Nothing was changed" in refused.json()["detail"]
    assert session.scalar(select(User).where(User.email == "new@example.org")) is None


def test_nobody_gives_a_token_what_they_do_not_have(
    session: Session, instructor: User, student: User, signed_in: SignedIn
) -> None:
    refused = make(signed_in(instructor), scopes=["accounts.manage", "academics.read"])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "scopes"
    assert "You do not have these permissions yourself: accounts.manage" in refused.json()["detail"]
    assert make(signed_in(student), scopes=["no.such"]).status_code == 422
    assert make(signed_in(student)).json()["scopes"] == []
    form = {"name": "x", "lifetime_days": "90", "access": "change", "scopes": "accounts.manage"}
    assert signed_in(instructor).post("/account/tokens", data=form).status_code == 422


def test_a_token_may_no_more_than_its_owner_may_now(
    client: TestClient, session: Session, settings: Settings, instructor: User
) -> None:
    given = duties.give_duty(
        session, SYSTEM, settings, instructor.id, Duty.REGISTRAR,
        starts_on=clock.today(settings.zone), ends_on=clock.today(settings.zone), reason="Stands in",
    )  # fmt: skip
    ApiTokenFactory(session=session, user_id=instructor.id, secret="aada_duty", scopes=["students.read_all"])
    session.commit()
    assert ask(client, "aada_duty", path="/api/v1/users").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=2)):
        # The last day has passed by itself; the token is there, and allows nothing.
        assert ask(client, "aada_duty", path="/api/v1/users").status_code == 403
    assert given.ended_at is None


def test_a_duty_that_is_ended_ends_tokens_that_lived_by_it_for_good(
    client: TestClient, session: Session, settings: Settings, instructor: User
) -> None:
    today: date = clock.today(settings.zone)
    wide = {"session": session, "user_id": instructor.id}
    ApiTokenFactory(**wide, secret="aada_registrar", scopes=["students.read_all", "academics.read"])
    ApiTokenFactory(**wide, secret="aada_teacher", scopes=["academics.read"])
    given = duties.give_duty(
        session, SYSTEM, settings, instructor.id, Duty.REGISTRAR, starts_on=today, reason="Stands in"
    )
    session.commit()
    assert [ask(client, one).status_code for one in ("aada_registrar", "aada_teacher")] == [200, 200]
    duties.end_duty(session, SYSTEM, settings, given.id, reason="Is back")
    session.commit()
    assert [ask(client, one).status_code for one in ("aada_registrar", "aada_teacher")] == [401, 200]
    duties.give_duty(
        session, SYSTEM, settings, instructor.id, Duty.REGISTRAR,
        starts_on=today + timedelta(days=1), reason="Again",
    )  # fmt: skip
    session.commit()
    assert ask(client, "aada_registrar").status_code == 401
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "api_token.revoked")).one()
    assert entry.reason == "Its owner no longer has a permission that it was given"


def test_a_lost_role_ends_the_tokens_that_lived_by_it(
    client: TestClient,
    session: Session,
    settings: Settings,
    admin: User,
    make_user: Make,
    signed_in: SignedIn,
) -> None:
    other = make_user(role=Role.ADMIN)
    ApiTokenFactory(session=session, user_id=other.id, secret="aada_admin")
    session.commit()
    data = {"full_name": other.full_name, "email": other.email, "role": "instructor"}
    assert signed_in(admin).post(f"/people/{other.id}/edit", data=data).status_code == 303
    assert ask(client, "aada_admin").status_code == 401


def test_a_deleted_account_keeps_no_token(
    client: TestClient, session: Session, admin: User, make_user: Make
) -> None:
    other = make_user()
    ApiTokenFactory(session=session, user_id=other.id, secret="aada_gone")
    session.commit()
    people.delete_person(session, SYSTEM, other.id)
    people.restore_person(session, SYSTEM, other.id)
    session.commit()
    assert ask(client, "aada_gone").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/tokens", {"name": "another"}),
        (
            "PUT",
            "/api/v1/me/password",
            {"current_password": PASSWORD, "new_password": "mulberry lantern gravel"},
        ),
        ("DELETE", "/api/v1/me/sessions/1", None),
    ],
)
def test_a_token_does_not_change_how_its_owner_gets_in(
    client: TestClient, session: Session, admin: User, method: str, path: str, body: Any
) -> None:
    ApiTokenFactory(session=session, user_id=admin.id, secret="aada_all")
    session.commit()
    refused = ask(client, "aada_all", method, path, json=body)
    assert refused.status_code == 403
    assert "Nothing was changed" in refused.json()["detail"]


# The owner hears of it


def test_the_owner_is_notified_by_mail(
    session: Session, settings: Settings, admin: User, signed_in: SignedIn
) -> None:
    form = {"name": "nightly export", "lifetime_days": "90", "access": "read", "scopes": "students.read_all"}
    page = signed_in(admin).post("/account/tokens", data=form)
    assert page.status_code == 200
    project(session, SUBSCRIBERS["notices"])
    (message,) = mail_to(session, admin.email)
    assert message.subject.startswith("An API token of yours was created")
    assert "“nightly export”" in message.body_text
    assert "can read: your own records, Students: read all." in message.body_text
    assert f"{settings.app_origin}/account/tokens" in message.body_text
    assert "aada_" not in message.body_text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "api_token.created")).one()
    assert entry.details["scopes"] == ["students.read_all"]
    assert entry.details["read_only"] is True
    assert "aada_" not in str(entry.details)


def test_the_page_says_what_each_token_may(session: Session, admin: User, signed_in: SignedIn) -> None:
    browser = signed_in(admin)
    assert "You have no tokens." in browser.get("/account/tokens").text
    ApiTokenFactory(
        session=session,
        user_id=admin.id,
        name="Night",
        scopes=["students.read_all", "gone.away"],
        read_only=True,
    )
    session.commit()
    page = browser.get("/account/tokens").text
    assert "Read only" in page
    assert "Students: read all" in page
    assert "Never" in page
    assert "You have 1 token." in browser.get("/account").text


def test_every_permission_has_a_label() -> None:
    labels = [permission.label for permission in Permission]
    assert len(set(labels)) == len(labels)
    assert Permission.LRS_READ_ALL.label == "LRS: read all"


def test_tokens_of_a_withdrawn_student_end_with_their_reason(session: Session, student: User) -> None:
    ApiTokenFactory(session=session, user_id=student.id)
    history.act_as(session, None)
    assert tokens.revoke_for(session, student.id, "Why not") == 1
    assert tokens.revoke_for(session, student.id, "Why not") == 0
