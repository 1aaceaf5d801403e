"""Authenticator apps and recovery codes: set up, used, refused, used up; and the same by the API."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.access.attempts import Visitor
from app.accounts.access.service import subject_for
from app.accounts.factors import codes
from app.accounts.factors import service as factors
from app.accounts.factors.entry import service as entry
from app.accounts.factors.entry.service import Waiting
from app.core import clock
from app.core.errors import Problem
from app.db.models import Authenticator, RecoveryCode, User
from app.db.session import Database
from app.settings import Settings
from tests.accounts.conftest import actions, post_sign_in, reset_link
from tests.accounts.factors.steps import (
    CODE,
    Open,
    add_app,
    add_passkey,
    at_once,
    by_passkey,
    key_on,
    now_code,
)
from tests.accounts.soft_key import SoftKey
from tests.factories.accounts import PASSWORD, UserFactory

# Authenticator apps


def test_an_app_is_set_up_and_asked_for_after_the_password(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key, recovery = add_app(signed_in(student))
    assert len(set(recovery)) == 10
    kept = session.scalars(select(Authenticator)).one()
    assert key not in kept.sealed_key
    assert not set(recovery) & set(session.scalars(select(RecoveryCode.code_hash)))

    answer = post_sign_in(client, student.email, next="/account")
    assert answer.headers["location"] == "/sign-in/second-step?next=%2Faccount"
    assert client.get("/account").headers["location"].startswith("/sign-in"), (
        "the password alone opens nothing"
    )
    assert "One more step" in client.get("/sign-in/second-step?next=/account").text
    answer = client.post("/sign-in/second-step", data={"code": now_code(key), "next": "/account"})
    assert answer.headers["location"] == "/account"
    assert client.get("/account").status_code == 200
    assert actions(session) == ["factor.added", "recovery_codes.made", "session.opened"]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (-1, None),
        (0, None),
        (1, None),
        (2, "This code is not right"),
        (-2, "This code has expired"),
        (-15, "This code has expired"),
        (-30, "This code is not right"),
    ],
)
def test_a_code_is_good_for_its_step_and_one_beside_it(
    client: TestClient, signed_in: Open, session: Session, student: User, steps: int, sentence: str | None
) -> None:
    key, _ = add_app(signed_in(student))
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        post_sign_in(client, student.email)
        answer = client.post("/sign-in/second-step", data={"code": now_code(key, steps)})
        if sentence is None:
            assert answer.status_code == 303
        else:
            assert answer.status_code == 422
            assert sentence in answer.text
            assert actions(session)[-1] == "factor.refused"
            assert client.get("/account").status_code == 303


def test_a_code_works_once(client: TestClient, signed_in: Open, session: Session, student: User) -> None:
    key, _ = add_app(signed_in(student))
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        for status, words in ((303, ""), (422, "used already")):
            post_sign_in(client, student.email)
            answer = client.post("/sign-in/second-step", data={"code": now_code(key)})
            assert answer.status_code == status
            assert words in answer.text
            client.post("/sign-out")
        post_sign_in(client, student.email)
        older = client.post("/sign-in/second-step", data={"code": now_code(key, -1)})
        assert "used already" in older.text, "nor does the one before it, after a later one was used"


def test_the_code_of_the_setup_is_used_up(client: TestClient, signed_in: Open, student: User) -> None:
    with time_machine.travel(clock.now(), tick=False):
        key, _ = add_app(signed_in(student))
        post_sign_in(client, student.email)
        answer = client.post("/sign-in/second-step", data={"code": now_code(key, -1)})
        assert "used already" in answer.text


def test_a_setup_with_a_wrong_code_keeps_its_key(signed_in: Open, session: Session, student: User) -> None:
    client = signed_in(student)
    page = client.get("/account/factors/authenticators/new").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = client.post(
        "/account/factors/authenticators", data={"name": "Phone", "sealed": sealed, "code": "000000"}
    )
    assert answer.status_code == 422
    assert key_on(answer.text) == key_on(page)
    stranger = client.post(
        "/account/factors/authenticators", data={"name": "Phone", "sealed": "forged", "code": "000000"}
    )
    assert "more than 15 minutes ago" in stranger.text
    assert session.scalars(select(Authenticator)).all() == []


@pytest.mark.parametrize("code", ["é", "１２３４５６", "٣٤٥٦٧٨", "²²²²²²", "12345é"])
def test_a_setup_with_other_signs_for_a_code_is_a_sentence(
    signed_in: Open, session: Session, student: User, code: str
) -> None:
    client = signed_in(student)
    page = client.get("/account/factors/authenticators/new").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = client.post(
        "/account/factors/authenticators", data={"name": "Phone", "sealed": sealed, "code": code}
    )
    assert answer.status_code == 422
    assert "does not fit the key" in answer.text
    assert session.scalars(select(Authenticator)).all() == []


def test_one_app_is_added_once_so_that_no_code_works_twice(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    browser = signed_in(student)
    page = browser.get("/account/factors/authenticators/new").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)[1]  # type: ignore[index]
    key = key_on(page)
    with time_machine.travel(clock.now(), tick=False):
        form = {"name": "Phone", "sealed": sealed, "code": now_code(key, -1)}
        assert browser.post("/account/factors/authenticators", data=form).status_code == 200
        again = browser.post("/account/factors/authenticators", data=form | {"code": now_code(key)})
        assert again.status_code == 409
        assert "was added already" in again.text
        assert len(session.scalars(select(Authenticator)).all()) == 1
        for status in (303, 422):
            post_sign_in(client, student.email)
            assert client.post("/sign-in/second-step", data={"code": now_code(key)}).status_code == status
            client.post("/sign-out")


def test_wrong_codes_slow_down_and_lock_nobody_out_by_passkey(
    client: TestClient, signed_in: Open, student: User
) -> None:
    browser = signed_in(student)
    add_app(browser)
    key = SoftKey()
    add_passkey(browser, key)
    post_sign_in(client, student.email)
    answers = [client.post("/sign-in/second-step", data={"code": "000000"}) for _ in range(7)]
    assert answers[0].status_code == 422
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    assert "Too many wrong codes" in answers[-1].text
    assert by_passkey(client, key).status_code == 303


# Recovery codes


def test_a_recovery_code_works_once_and_is_counted(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    browser = signed_in(student)
    _, recovery = add_app(browser)
    typed = recovery[3].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for status in (303, 422):
        post_sign_in(client, student.email)
        answer = client.post("/sign-in/second-step", data={"code": typed})
        assert answer.status_code == status
        client.post("/sign-out")
    assert "each works once" in answer.text
    assert "9 of 10 left" in browser.get("/account/factors").text
    renewed = CODE.findall(browser.post("/account/factors/recovery-codes").text)
    assert len(renewed) == 10
    assert "10 of 10 left" in browser.get("/account/factors").text
    post_sign_in(client, student.email)
    assert client.post("/sign-in/second-step", data={"code": recovery[4]}).status_code == 422
    assert client.post("/sign-in/second-step", data={"code": renewed[0]}).status_code == 303


@pytest.mark.parametrize("what", ["code of an app", "recovery code"])
def test_of_two_who_use_one_code_at_once_one_is_let_in(
    live_database: Database, live_settings: Settings, what: str
) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session)
        subject = subject_for(session, live_settings, user)
        setup = factors.begin_authenticator(session, subject, live_settings)
        key = setup.key.replace(" ", "")
        recovery = factors.add_authenticator(
            session, subject, live_settings, "Phone", setup.sealed, now_code(key, -1)
        )
    code = now_code(key) if what == "code of an app" else recovery[0]

    def use(session: Session) -> Problem | None:
        return entry.check_code(session, live_settings, session.get_one(User, user.id), code)

    answers = at_once(live_database, 2, use)
    assert sorted(answer is None for answer in answers) == [False, True]


def test_of_two_who_finish_one_sign_in_one_is_let_in(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session)
        subject = subject_for(session, live_settings, user)
        setup = factors.begin_authenticator(session, subject, live_settings)
        key = setup.key.replace(" ", "")
        recovery = factors.add_authenticator(
            session, subject, live_settings, "Phone", setup.sealed, now_code(key, -1)
        )
    waiting = entry.sign_in(live_database, live_settings, user.email, PASSWORD, Visitor())
    assert isinstance(waiting, Waiting)
    unused = iter(recovery)

    def finish(session: Session) -> Any:
        return entry.finish(session, live_settings, waiting.secret, next(unused), Visitor())

    answers = at_once(live_database, 2, finish)
    assert sorted(isinstance(answer, Problem) for answer in answers) == [False, True]


# The API


def test_a_program_sends_the_code_beside_the_password(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key, recovery = add_app(signed_in(student))
    login = {"email": student.email, "password": PASSWORD}
    refused = client.post("/api/v1/session", json=login | {"token": {"name": "export"}})
    assert refused.status_code == 401
    assert refused.json()["type"] == "/problems/second-factor-required"
    assert client.post("/api/v1/session", json=login | {"code": "000000"}).status_code == 401
    made = client.post("/api/v1/session", json=login | {"code": recovery[0], "token": {"name": "export"}})
    assert made.status_code == 201
    assert made.json()["token"]["secret"].startswith("aada_")
    assert client.post("/api/v1/session", json=login | {"code": now_code(key)}).status_code == 201
    assert "factor.refused" in actions(session), "the attempt stays on record"


def test_a_new_password_does_not_go_around_the_second_factor(
    client: TestClient, signed_in: Open, session: Session, settings: Settings, student: User
) -> None:
    _, recovery = add_app(signed_in(student))
    link = reset_link(session, settings, student)
    answer = client.post(link, data={"password": "mulberry lantern gravel"})
    assert answer.headers["location"] == "/sign-in/second-step"
    assert client.get("/account").status_code == 303
    assert client.post("/sign-in/second-step", data={"code": recovery[0]}).status_code == 303
    link = reset_link(session, settings, student)
    client.cookies.clear()
    made = client.post(
        "/api/v1/passwords", json={"secret": link.rpartition("/")[2], "password": "walnut harbor cotton"}
    )
    assert made.json()["second_factor_required"] is True
    assert "aada_session" not in client.cookies


@pytest.mark.parametrize("how", ["a link", "the account page", "an administrator"])
def test_a_sign_in_that_waits_ends_with_what_ends_the_sessions(
    client: TestClient, signed_in: Open, session: Session, settings: Settings, admin: User, student: User,
    how: str,
) -> None:  # fmt: skip
    browser = signed_in(student)
    _, recovery = add_app(browser)
    post_sign_in(client, student.email)
    assert "One more step" in client.get("/sign-in/second-step").text
    if how == "a link":
        link = reset_link(session, settings, student)
        assert browser.post(link, data={"password": "mulberry lantern gravel"}).status_code == 303
    elif how == "the account page":
        changed = {"current_password": PASSWORD, "new_password": "mulberry lantern gravel"}
        assert browser.post("/account/password", data=changed).status_code == 303
    else:
        assert signed_in(admin).post(f"/people/{student.id}/sessions/end").status_code == 303
    answer = client.post("/sign-in/second-step", data={"code": recovery[0]})
    assert answer.status_code == 410
    assert client.get("/account").status_code == 303


def test_codes_are_tidied() -> None:
    assert codes.tidy(" 123 456 ") == "123456"
    assert codes.looks_like_app_code("123456")
    assert not codes.looks_like_app_code("٣٤٥٦٧٨")
