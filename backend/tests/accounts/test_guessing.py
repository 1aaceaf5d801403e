"""Guessing is slowed, and nobody is kept out by somebody else's guesses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.access import attempts, known_browsers
from app.accounts.access.attempts import ADDRESS, KNOWN_BROWSER, ONE_STRANGER, SIGNED_IN, STRANGERS
from app.accounts.factors.entry import service as entry
from app.core import clock, limits
from app.core.errors import TooManyRequests, Unauthorized
from app.db.models import SignInAttempt, User
from app.db.session import Database
from app.main import create_app
from app.settings import Settings
from tests.accounts.conftest import Make, post_sign_in, reset_link
from tests.factories.accounts import PASSWORD, UserFactory

COOKIE = "aada_browser"
GUESS = "a wrong guess at it"


def browser_at(app: FastAPI, settings: Settings, ip: str) -> TestClient:
    return TestClient(app, base_url=settings.app_origin, follow_redirects=False, client=(ip, 40000))


@pytest.fixture
def stranger(app: FastAPI, settings: Settings) -> Iterator[TestClient]:
    """Another browser somewhere else, which has never signed in."""
    with browser_at(app, settings, "203.0.113.7") as client:
        yield client


@pytest.fixture
def attacked(session: Session, settings: Settings, admin: User) -> User:
    """An administrator at whose account strangers guess as fast as they may, from everywhere."""
    key = attempts.attempt_key(settings, admin.email)
    while limits.take(session, [(STRANGERS, key)]) is None:
        pass
    session.commit()
    return admin


def test_one_attempt_an_hour_keeps_no_administrator_out(
    client: TestClient, stranger: TestClient, admin: User
) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(110):
            post_sign_in(stranger, admin.email, GUESS)
            travel.shift(timedelta(hours=1))
        post_sign_in(stranger, admin.email, GUESS)
        travel.shift(timedelta(minutes=30))
        # A new browser: nothing speaks for it but the right password.
        assert post_sign_in(client, admin.email).status_code == 303


def test_one_machine_that_guesses_without_a_pause_keeps_nobody_out(
    client: TestClient, stranger: TestClient, admin: User
) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(2 * 60):
            post_sign_in(stranger, admin.email, GUESS)
            travel.shift(timedelta(minutes=1))
        post_sign_in(stranger, admin.email, GUESS)
        assert post_sign_in(stranger, admin.email).status_code == 429
        assert post_sign_in(client, admin.email).status_code == 303


def test_strangers_are_slowed_and_the_page_says_for_how_long(
    client: TestClient, session: Session, student: User
) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(ONE_STRANGER.most):
            assert post_sign_in(client, student.email, GUESS).status_code == 422
        for _ in range(3):
            refused = post_sign_in(client, student.email)
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "360"
        assert "Wait 6 minutes" in refused.text
        assert "reset your password by email" in refused.text
        problem = client.post("/api/v1/session", json={"email": student.email, "password": PASSWORD})
        assert problem.status_code == 429
        assert problem.headers["retry-after"] == "360"
        assert problem.headers["content-type"] == "application/problem+json"
        # What was refused is not on record, and makes no wait longer.
        assert session.scalar(select(func.count()).select_from(SignInAttempt)) == ONE_STRANGER.most
        travel.shift(360)
        assert post_sign_in(client, student.email).status_code == 303


def test_an_unknown_address_is_slowed_just_the_same(client: TestClient, student: User) -> None:
    def answers(email: str) -> list[tuple[int, str | None, bool]]:
        found = [post_sign_in(client, email, GUESS) for _ in range(ONE_STRANGER.most + 2)]
        return [
            (answer.status_code, answer.headers.get("retry-after"), "Too many" in answer.text)
            for answer in found
        ]

    with time_machine.travel(clock.now(), tick=False):
        assert answers("nobody@example.org") == answers(student.email)


def test_a_browser_that_has_signed_in_is_let_in_while_strangers_guess(
    client: TestClient, stranger: TestClient, session: Session, settings: Settings, admin: User
) -> None:
    assert post_sign_in(client, admin.email).status_code == 303
    client.post("/sign-out")
    key = attempts.attempt_key(settings, admin.email)
    while limits.take(session, [(STRANGERS, key)]) is None:
        pass
    while limits.take(session, [(ADDRESS, "testclient")]) is None:
        pass
    session.commit()
    refused = post_sign_in(stranger, admin.email)
    assert refused.status_code == 429
    assert "browsers it does not know" in refused.text
    assert "passkey" in refused.text
    assert post_sign_in(client, admin.email).status_code == 303


def test_a_known_browser_has_a_count_of_its_own(
    client: TestClient, stranger: TestClient, admin: User
) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        post_sign_in(client, admin.email)
        client.post("/sign-out")
        for _ in range(KNOWN_BROWSER.most):
            assert post_sign_in(client, admin.email, GUESS).status_code == 422
        refused = post_sign_in(client, admin.email)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "90"
        # Whoever holds that cookie slows down nobody else.
        assert post_sign_in(stranger, admin.email).status_code == 303
        travel.shift(90)
        assert post_sign_in(client, admin.email).status_code == 303


def test_a_mailed_link_opens_an_account_at_which_everybody_guesses(
    client: TestClient, session: Session, settings: Settings, attacked: User
) -> None:
    assert post_sign_in(client, attacked.email).status_code == 429
    new = "mulberry lantern gravel"
    opened = client.post(reset_link(session, settings, attacked), data={"password": new})
    assert opened.status_code == 303
    client.post("/sign-out")
    assert post_sign_in(client, attacked.email, new).status_code == 303


def test_somebody_signed_in_changes_the_password_while_strangers_guess(
    client: TestClient, signed_in: Any, session: Session, settings: Settings, attacked: User
) -> None:
    form = {"current_password": PASSWORD, "new_password": "mulberry lantern gravel"}
    browser = signed_in(attacked)
    assert browser.post("/account/password", data=form).status_code == 303


def test_a_stolen_session_does_not_guess_the_password_for_long(signed_in: Any, student: User) -> None:
    form = {"current_password": GUESS, "new_password": "mulberry lantern gravel"}
    first, second = signed_in(student), signed_in(student)
    for _ in range(SIGNED_IN.most):
        assert first.post("/account/password", data=form).status_code == 422
    refused = first.post("/account/password", data=form)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    right = form | {"current_password": PASSWORD}
    assert first.post("/account/password", data=right).status_code == 429
    assert second.post("/account/password", data=right).status_code == 303


# The cookie


def test_the_cookie_is_out_of_reach_outlives_the_session_and_opens_nothing(
    client: TestClient, student: User, settings: Settings, app: FastAPI
) -> None:
    headers = post_sign_in(client, student.email).headers.get_list("set-cookie")
    header = next(one for one in headers if one.startswith(COOKIE))
    flags = {flag.strip().lower() for flag in header.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert student.email not in header
    client.post("/sign-out")
    assert COOKIE in client.cookies
    assert client.get("/account").status_code == 303
    secure = settings.model_copy(update={"app_origin": "https://lms.example.edu"})
    with TestClient(
        create_app(secure, app.state.database), base_url=secure.app_origin, follow_redirects=False
    ) as https:
        headers = post_sign_in(https, student.email).headers.get_list("set-cookie")
        assert any(one.startswith("__Host-aada_browser=") and "Secure" in one for one in headers)


def _refused_as_stranger(
    client: TestClient, settings: Settings, app: FastAPI, user: User, cookie: str
) -> bool:
    with browser_at(app, settings, "198.51.100.9") as other:
        other.cookies.set(COOKIE, cookie)
        return post_sign_in(other, user.email).status_code == 429


@pytest.mark.parametrize(
    "change",
    [
        lambda cookie: "",
        lambda cookie: cookie[:-1] + ("0" if cookie[-1] != "0" else "1"),
        lambda cookie: (
            ".".join(["1", *cookie.split(".")[1:]]) if not cookie.startswith("1.") else "x" + cookie
        ),
        lambda cookie: ".".join([*cookie.split(".")[:2], "another", cookie.split(".")[3]]),
        lambda cookie: "~" * 5000,
        lambda cookie: "a.b.c.d~...~1.²3.x.y",
        lambda cookie: cookie + "é",
    ],
)
def test_a_forged_cookie_is_a_strangers(
    client: TestClient, session: Session, settings: Settings, app: FastAPI, attacked: User, change: Any
) -> None:
    cookie = known_browsers.remember(settings, None, attacked)
    assert known_browsers.recognize(settings, cookie, attacked)
    assert known_browsers.recognize(settings, change(cookie), attacked) is None
    ascii_cookie = change(cookie).encode("ascii", "ignore").decode()
    if ascii_cookie != cookie:
        assert _refused_as_stranger(client, settings, app, attacked, ascii_cookie)


def test_anothers_cookie_an_old_one_and_one_from_before_a_new_password_count_for_nothing(
    session: Session, settings: Settings, admin: User, student: User
) -> None:
    cookie = known_browsers.remember(settings, None, admin)
    assert known_browsers.recognize(settings, cookie, student) is None
    with time_machine.travel(clock.now() + known_browsers.KEPT_FOR + timedelta(days=2)):
        assert known_browsers.recognize(settings, cookie, admin) is None
    other_key = settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)})
    assert known_browsers.recognize(other_key, cookie, admin) is None
    admin.hashed_password = "$2b$04$" + "a" * 53
    assert known_browsers.recognize(settings, cookie, admin) is None


def test_a_shared_computer_knows_several_people(settings: Settings, make_user: Make) -> None:
    people = [make_user() for _ in range(known_browsers.MOST + 1)]
    cookie = None
    for person in [*people, people[-1]]:
        cookie = known_browsers.remember(settings, cookie, person)
    assert cookie is not None
    assert len(cookie) < 600
    known = [known_browsers.recognize(settings, cookie, person) is not None for person in people]
    assert known == [False] + [True] * known_browsers.MOST


# Network addresses


def test_one_network_address_cannot_try_many_accounts(
    client: TestClient, stranger: TestClient, session: Session, student: User, make_user: Make
) -> None:
    known = make_user()
    post_sign_in(client, known.email)
    while limits.take(session, [(ADDRESS, "testclient")]) is None:
        pass
    session.commit()
    refused = post_sign_in(client, student.email)
    assert refused.status_code == 429
    assert "from your network" in refused.text
    assert post_sign_in(stranger, student.email).status_code == 303
    assert post_sign_in(client, known.email).status_code == 303


def test_a_burst_does_not_slip_under_the_limit(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        email = UserFactory(session=session).email

    def attempt(_number: int) -> type[Exception]:
        try:
            entry.sign_in(live_database, live_settings, email, GUESS, attempts.Visitor("203.0.113.7"))
        except (Unauthorized, TooManyRequests) as error:
            return type(error)
        raise AssertionError("a wrong password opened a session")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(24)))
    assert answers.count(Unauthorized) == ONE_STRANGER.most
    assert answers.count(TooManyRequests) == 24 - ONE_STRANGER.most


def test_another_process_counts_on(app: Any, settings: Settings, student: User) -> None:
    for _ in range(ONE_STRANGER.most):
        with TestClient(create_app(settings, app.state.database), base_url=settings.app_origin) as client:
            post_sign_in(client, student.email, GUESS)
    with TestClient(create_app(settings, app.state.database), base_url=settings.app_origin) as client:
        assert post_sign_in(client, student.email).status_code == 429
