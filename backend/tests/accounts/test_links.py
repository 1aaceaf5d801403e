"""One-time links: invitations and forgotten passwords."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.accounts import jobs, passwords
from app.accounts.access import attempts, links
from app.accounts.factors.entry import service as entry
from app.core import clock
from app.core.errors import NotFound
from app.core.tokens import new_token
from app.db.models import AccountLink, User, UserSession
from app.db.session import Database
from app.projections.service import SUBSCRIBERS
from app.settings import Settings
from tests.accounts.conftest import Make, actions, mail_to, mailed_link, post_sign_in, reset_link
from tests.factories.accounts import ApiTokenFactory, UserFactory, UserSessionFactory
from tests.projecting import project

NEW = "mulberry lantern gravel"


@pytest.fixture
def invited(make_user: Make) -> User:
    return make_user(hashed_password=passwords.NO_PASSWORD, full_name="Nina Neu", email="nina@example.org")


@pytest.fixture
def invitation(session: Session, settings: Settings, invited: User) -> str:
    address = links.invite(session, settings, invited, None)
    session.commit()
    return address.removeprefix(settings.app_origin)


def run_reset_job(app: Any, settings: Settings, email: str) -> None:
    context = SimpleNamespace(additional_context={"database": app.state.database, "settings": settings})
    jobs.send_reset(context, email=email)


def waiting_jobs(session: Session) -> list[dict[str, str]]:
    return list(
        session.scalars(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'accounts.send_reset' ORDER BY id")
        )
    )


def test_an_invitation_is_mailed_and_lets_the_person_in(
    client: TestClient, session: Session, settings: Settings, invited: User, invitation: str
) -> None:
    message = mail_to(session, invited.email)[0]
    assert mailed_link(settings, message) == settings.app_origin + invitation
    assert "/set-password/" not in message.body_text
    page = client.get(invitation)
    assert page.status_code == 200
    assert "Nina Neu" in page.text
    done = client.post(invitation, data={"password": NEW})
    assert done.status_code == 303
    assert client.get("/account").status_code == 200
    assert actions(session)[-2:] == ["user.password_set", "session.opened"]
    client.cookies.clear()
    assert post_sign_in(client, invited.email, NEW).status_code == 303


def test_the_database_does_not_know_the_link(session: Session, invitation: str) -> None:
    row = session.scalars(select(AccountLink)).one()
    assert invitation.rsplit("/", 1)[1] != row.token_hash
    assert row.expires_at - row.created_at == timedelta(days=7)


def test_looking_at_a_link_uses_nothing_up(client: TestClient, invitation: str) -> None:
    for _ in range(3):
        assert client.get(invitation).status_code == 200
        assert client.head(invitation).status_code in (200, 405)
    assert client.post(invitation, data={"password": NEW}).status_code == 303


def test_a_refused_password_leaves_the_link_good_and_says_why(client: TestClient, invitation: str) -> None:
    for password, words in (
        ("short", "at least 15 characters"),
        ("ü" * 37, "74 bytes"),
        ("NinaNeuNinaNeu1!", "your name"),
        ("AADA-Academy-2026!", "school"),
        ("Password12345678", "common"),
    ):
        page = client.post(invitation, data={"password": password})
        assert page.status_code == 422
        assert words in page.text
        assert password not in page.text
    assert client.post(invitation, data={"password": ""}).status_code == 422
    assert client.post(invitation, data={"password": NEW}).status_code == 303


def gone(client: TestClient, path: str) -> bool:
    page, posted = client.get(path), client.post(path, data={"password": NEW})
    assert ("Request a new link" in page.text) == (page.status_code == 410)
    assert "set-cookie" not in posted.headers or posted.status_code == 303
    return page.status_code == posted.status_code == 410


def test_a_link_works_once(client: TestClient, invitation: str) -> None:
    client.post(invitation, data={"password": NEW})
    assert gone(client, invitation)


def test_a_link_ends(client: TestClient, session: Session, settings: Settings, student: User) -> None:
    path = reset_link(session, settings, student)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert gone(client, path)
    assert not gone(client, path)


def test_a_new_link_overtakes_the_one_before(
    client: TestClient, session: Session, settings: Settings, student: User
) -> None:
    first, second = reset_link(session, settings, student), reset_link(session, settings, student)
    assert gone(client, first)
    assert client.get(second).status_code == 200


def test_using_one_link_closes_all(
    client: TestClient, session: Session, settings: Settings, invited: User, invitation: str
) -> None:
    reset = reset_link(session, settings, invited)
    assert client.post(reset, data={"password": NEW}).status_code == 303
    assert gone(client, invitation)


@pytest.mark.parametrize("secret", ["nonsense", "x" * 5000, "%00", "%ff"])
def test_links_nobody_made(client: TestClient, secret: str) -> None:
    assert client.get(f"/set-password/{secret}").status_code in (404, 410)
    assert client.post(f"/set-password/{secret}", data={"password": NEW}).status_code in (404, 410)


def test_a_deleted_persons_link_is_gone(
    client: TestClient, session: Session, settings: Settings, student: User
) -> None:
    path = reset_link(session, settings, student)
    student.deleted_at = clock.now()
    session.commit()
    assert gone(client, path)


def test_of_two_who_use_one_link_at_once_one_wins(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session)
        secret = links.reset(session, live_settings, user, None).rsplit("/", 1)[1]

    def use(number: int) -> str:
        password = f"{NEW} {number}"
        try:
            with live_database.begin() as session:
                visitor = attempts.Visitor()

                def enter(own_session: Session, owner: User) -> entry.Entered:
                    return entry.enter(own_session, live_settings, owner, visitor)

                links.set_password(session, live_settings, secret, password, visitor, enter)
        except NotFound:
            return ""
        return password

    with ThreadPoolExecutor(4) as pool:
        winners = [password for password in pool.map(use, range(4)) if password]
    assert len(winners) == 1
    entered = entry.sign_in(live_database, live_settings, user.email, winners[0], attempts.Visitor())
    assert entered.subject.user_id == user.id
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 2


def test_a_new_password_ends_all_sessions_and_the_waits(
    client: TestClient, session: Session, settings: Settings, student: User
) -> None:
    UserSessionFactory(session=session, user_id=student.id, secret="an old browser")
    session.commit()
    for _ in range(5):
        post_sign_in(client, student.email, "wrong")
    assert post_sign_in(client, student.email).status_code == 429
    client.post(reset_link(session, settings, student), data={"password": NEW})
    assert client.get("/account").status_code == 200
    client.cookies.clear()
    assert post_sign_in(client, student.email, NEW).status_code == 303
    client.cookies.clear()
    client.cookies.set("aada_session", "an old browser")
    assert client.get("/account").status_code == 303
    assert "was changed" not in mail_to(session, student.email)[-1].subject
    project(session, SUBSCRIBERS["notices"])
    assert "was changed" in mail_to(session, student.email)[-1].subject


def test_a_new_password_ends_the_api_tokens(
    client: TestClient, session: Session, settings: Settings, student: User
) -> None:
    clear, _hashed = new_token()
    ApiTokenFactory(session=session, user_id=student.id, secret=clear)
    session.commit()
    bearer = {"Authorization": f"Bearer {clear}"}
    assert client.get("/api/v1/me", headers=bearer).status_code == 200
    client.post(reset_link(session, settings, student), data={"password": NEW})
    client.cookies.clear()
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    project(session, SUBSCRIBERS["notices"])
    assert "API tokens no longer work" in mail_to(session, student.email)[-1].body_text


def test_the_same_answer_for_every_address(
    client: TestClient, session: Session, student: User, make_user: Make
) -> None:
    deleted = make_user(deleted_at=clock.now())
    pages = []
    for email in (student.email, deleted.email, "nobody@example.org"):
        page = client.post("/forgot", data={"email": email})
        assert page.status_code == 200
        pages.append(
            "".join(line for line in page.text.replace(email, "X").splitlines() if "request" not in line)
        )
        answer = client.post("/api/v1/password-resets", json={"email": f"api-{email}"})
        assert answer.status_code == 202
    assert len(set(pages)) == 1
    # What a known address causes besides, a job causes: the request itself does one and the same for all.
    assert len(waiting_jobs(session)) == 6
    assert mail_to(session, student.email) == []


def test_the_job_mails_a_link_to_those_who_have_an_account_only(
    app: Any, client: TestClient, session: Session, settings: Settings, student: User, make_user: Make
) -> None:
    deleted = make_user(deleted_at=clock.now())
    for email in (student.email, deleted.email, "nobody@example.org"):
        run_reset_job(app, settings, email)
    assert mail_to(session, deleted.email) == mail_to(session, "nobody@example.org") == []
    (message,) = mail_to(session, student.email)
    path = mailed_link(settings, message)
    assert client.get(path.removeprefix(settings.app_origin)).status_code == 200


def test_nobodys_mailbox_is_flooded(app: Any, session: Session, settings: Settings, student: User) -> None:
    for _ in range(links.RESETS_AN_HOUR + 3):
        run_reset_job(app, settings, student.email)
    assert len(mail_to(session, student.email)) == links.RESETS_AN_HOUR


def test_asking_twice_makes_one_job(client: TestClient, session: Session) -> None:
    for _ in range(3):
        client.post("/forgot", data={"email": "nobody@example.org"})
    assert len(waiting_jobs(session)) == 1


@pytest.mark.parametrize("email", ["", "nonsense", "a@b", "ü@example.org", "a\0@example.org", "x" * 400])
def test_what_is_no_address_is_refused(client: TestClient, email: str) -> None:
    assert client.post("/forgot", data={"email": email}).status_code == 422


def test_changing_ones_own_password(client: TestClient, session: Session, student: User) -> None:
    UserSessionFactory(session=session, user_id=student.id, secret="another browser")
    session.commit()
    post_sign_in(client, student.email)
    change = {"current_password": "violet canyon teaspoon", "new_password": NEW}
    wrong = client.post("/account/password", data=change | {"current_password": "wrong"})
    assert wrong.status_code == 422
    assert "not your current password" in wrong.text
    same = client.post("/account/password", data=change | {"new_password": "violet canyon teaspoon"})
    assert same.status_code == 422
    weak = client.post("/account/password", data=change | {"new_password": "MariaLopez2026!!"})
    assert weak.status_code == 422
    assert client.post("/account/password", data=change).headers["location"] == "/account?changed=password"
    live = session.scalars(select(UserSession).where(UserSession.revoked_at.is_(None))).all()
    assert len(live) == 1
    assert client.get("/account?changed=password").status_code == 200
