"""Second factors: set up, used, refused, lost."""

import copy
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pyotp
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
from app.core.permissions import SYSTEM, Role
from app.db.models import AuditEntry, Authenticator, Passkey, RecoveryCode, User, UserSession
from app.db.session import Database
from app.school.service import PolicyKind, policies
from app.settings import Settings
from tests.accounts.conftest import Make, actions, post_sign_in, reset_link
from tests.accounts.soft_key import SoftKey
from tests.factories.accounts import PASSWORD, ApiTokenFactory, UserFactory

Open = Callable[[User], TestClient]
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


def key_on(page: str) -> str:
    """The key that the page shows to be typed."""
    found = re.search(r"text-break\">([A-Z2-7 ]{39})</code>", page)
    assert found
    return found[1].replace(" ", "")


def add_app(client: TestClient, name: str = "My phone") -> tuple[str, list[str]]:
    """Set up an authenticator app; its key, and the recovery codes that were shown."""
    page = client.get("/account/factors/authenticators/new").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    key = key_on(page)
    form = {"name": name, "sealed": sealed[1], "code": now_code(key, -1)}
    answer = client.post("/account/factors/authenticators", data=form)
    assert answer.status_code in (200, 303), answer.text
    return key, CODE.findall(answer.text)


def add_passkey(client: TestClient, key: SoftKey, name: str = "My key") -> Any:
    options = client.post("/account/factors/passkeys/options").json()
    return client.post("/account/factors/passkeys", data={"name": name, "answer": key.create(options)})


def by_passkey(client: TestClient, key: SoftKey, **more: str) -> Any:
    options = client.post("/sign-in/passkey/options").json()
    return client.post("/sign-in/passkey", data={"answer": key.get(options), **more})


def now_code(key: str, steps: int = 0) -> str:
    return pyotp.TOTP(key).at(clock.now() + timedelta(seconds=30 * steps))


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


def at_once(database: Database, count: int, act: Callable[[Session], Any]) -> list[Any]:
    """The same act in transactions that begin together."""
    barrier = Barrier(count)

    def one(_number: int) -> Any:
        with database.begin() as session:
            barrier.wait(10)
            return act(session)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


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


# Passkeys


def test_a_passkey_alone_signs_in(client: TestClient, signed_in: Open, session: Session, admin: User) -> None:
    key = SoftKey()
    answer = add_passkey(signed_in(admin), key, "Blue key")
    assert len(CODE.findall(answer.text)) == 10
    assert by_passkey(client, key, next="/account").headers["location"] == "/account"
    assert client.get("/people").status_code == 200
    row = session.scalars(select(Passkey)).one()
    assert (row.name, row.transports, row.sign_count) == ("Blue key", ["internal"], 2)
    assert "Blue key" in client.get("/account/factors").text
    assert client.get("/api/v1/me/factors").json()["factors"][0]["name"] == "Blue key"


def test_a_second_passkey_brings_no_new_codes_and_may_be_removed(
    signed_in: Open, session: Session, student: User
) -> None:
    browser = signed_in(student)
    add_passkey(browser, SoftKey(), "First")
    second = add_passkey(browser, SoftKey(counts=False), "Second")
    assert second.headers["location"] == "/account/factors?saved=passkey"
    first, other = session.scalars(select(Passkey).order_by(Passkey.id)).all()
    for row in (first, other):
        assert browser.post(f"/account/factors/passkeys/{row.id}/remove").status_code == 303
    assert browser.post(f"/account/factors/passkeys/{first.id}/remove").status_code == 404
    assert session.scalars(select(RecoveryCode)).all() == [], "codes that stand in for nothing go too"


def test_a_copied_passkey_is_refused_for_good(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key = SoftKey()
    add_passkey(signed_in(student), key)
    clone = copy.copy(key)
    assert by_passkey(client, key).status_code == 303
    client.post("/sign-out")
    answer = by_passkey(client, clone)
    assert answer.status_code == 422
    assert "its counter went back" in answer.text
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "passkey.copied")).all()
    assert [row.details["counter"] for row in entries] == [[2, 2]]
    assert by_passkey(client, key).status_code == 422, "nobody knows which of the two is the copy"


def test_a_passkey_that_does_not_count_is_good_each_time(
    client: TestClient, signed_in: Open, student: User
) -> None:
    key = SoftKey(counts=False)
    add_passkey(signed_in(student), key)
    assert [by_passkey(client, key).status_code for _ in range(3)] == [303, 303, 303]


def test_an_answer_is_good_once_and_not_for_long(client: TestClient, signed_in: Open, student: User) -> None:
    key = SoftKey(counts=False)
    add_passkey(signed_in(student), key)
    options = client.post("/sign-in/passkey/options").json()
    answer = key.get(options)
    assert client.post("/sign-in/passkey", data={"answer": answer}).status_code == 303
    again = client.post("/sign-in/passkey", data={"answer": answer})
    assert again.status_code == 422
    assert "the same answer was sent twice" in again.text
    late = client.post("/sign-in/passkey/options").json()
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        assert client.post("/sign-in/passkey", data={"answer": key.get(late)}).status_code == 422


def test_a_passkey_of_another_origin_is_refused(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key = SoftKey()
    browser = signed_in(student)
    add_passkey(browser, key)
    key.origin = "https://aada.example.net"
    answer = by_passkey(client, key)
    assert answer.status_code == 422
    assert "used at https://aada.example.net, and not at http://localhost:8000" in answer.text
    assert add_passkey(browser, SoftKey(origin="https://aada.example.net")).status_code == 422
    assert len(session.scalars(select(Passkey)).all()) == 1


def test_a_passkey_must_check_its_user(client: TestClient, signed_in: Open, student: User) -> None:
    key = SoftKey()
    browser = signed_in(student)
    add_passkey(browser, key)
    key.verifies = False
    assert "did not check who used it" in by_passkey(client, key).text
    assert "did not check who used it" in add_passkey(browser, SoftKey(verifies=False)).text


def test_a_challenge_is_for_its_purpose_and_person(
    client: TestClient, signed_in: Open, student: User, make_user: Make
) -> None:
    key, other_key = SoftKey(), SoftKey()
    mine, other = signed_in(student), signed_in(make_user())
    add_passkey(mine, key)
    add_passkey(other, other_key)
    to_sign_in = client.post("/sign-in/passkey/options").json()
    proving = mine.post("/prove/passkey/options").json()
    assert mine.post("/prove", data={"proof_answer": key.get(to_sign_in)}).status_code == 422
    assert client.post("/sign-in/passkey", data={"answer": key.get(proving)}).status_code == 422
    proving = mine.post("/prove/passkey/options").json()
    assert other.post("/prove", data={"proof_answer": other_key.get(proving)}).status_code == 422
    proving = mine.post("/prove/passkey/options").json()
    assert mine.post("/prove", data={"proof_answer": other_key.get(proving)}).status_code == 422
    proving = mine.post("/prove/passkey/options").json()
    assert mine.post("/prove", data={"proof_answer": key.get(proving)}).status_code == 303


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "{}",
        "[" * 9000,
        '{"response": {}}',
        '{"response": {"clientDataJSON": "e30"}}',
        "x" * 30_000,
    ],
)
def test_nonsense_for_an_answer_is_a_sentence(
    client: TestClient, signed_in: Open, student: User, answer: str
) -> None:
    assert client.post("/sign-in/passkey", data={"answer": answer}).status_code == 422
    browser = signed_in(student)
    assert browser.post("/account/factors/passkeys", data={"name": "x", "answer": answer}).status_code == 422


def test_a_deleted_person_does_not_come_in_by_passkey(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key = SoftKey()
    add_passkey(signed_in(student), key)
    student.deleted_at = clock.now()
    session.commit()
    assert by_passkey(client, key).status_code == 422


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


# The policy


def require(session: Session, **values: object) -> None:
    today = clock.today(policies_zone(session))
    policies.add(
        session, SYSTEM, PolicyKind.SECOND_FACTOR, effective_from=today + timedelta(days=1), values=values,
        approved_by="Board", today=today,
    )  # fmt: skip


def policies_zone(session: Session) -> Any:
    settings: Settings = session.info["settings"]
    return settings.zone


def test_after_the_grace_days_signing_in_leads_to_a_factor(
    client: TestClient, session: Session, instructor: User
) -> None:
    assert post_sign_in(client, instructor.email).headers["location"] == "/"
    assert "Set up a second factor by" in client.get("/account").text
    client.post("/sign-out")
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert post_sign_in(client, instructor.email).headers["location"] == "/"
        for path in ("/", "/people", "/account", "/documents/verify"):
            assert client.get(path).headers["location"] == "/account/factors", path
        closed = client.get("/api/v1/me")
        assert closed.status_code == 403
        assert closed.json()["type"] == "/problems/factor-required"
        assert client.post("/api/v1/tokens", json={"name": "a way around"}).status_code == 403
        assert "Set up a second factor to go on" in client.get("/account/factors").text
        add_passkey(client, SoftKey())
        assert client.get("/people").status_code == 200
        assert "Set up a second factor" not in client.get("/account").text


def test_a_session_that_was_opened_in_time_closes_on_the_day(
    client: TestClient, session: Session, instructor: User
) -> None:
    with time_machine.travel(clock.now() + timedelta(days=13)):
        post_sign_in(client, instructor.email)
        assert client.get("/people").status_code == 200
    session.scalars(select(UserSession)).one().last_seen_at = clock.now() + timedelta(days=15)
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert client.get("/people").headers["location"] == "/account/factors"


def test_students_need_none(client: TestClient, student: User) -> None:
    with time_machine.travel(clock.now() + timedelta(days=100)):
        post_sign_in(client, student.email)
        assert client.get("/account").status_code == 200


def test_a_policy_that_asks_nobody(client: TestClient, session: Session, instructor: User) -> None:
    require(session, required_of="nobody")
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=100)):
        post_sign_in(client, instructor.email)
        assert client.get("/people").status_code == 200


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INSTRUCTOR])
def test_the_last_factor_of_who_needs_one_stays(
    signed_in: Open, session: Session, make_user: Make, role: Role
) -> None:
    browser = signed_in(make_user(role=role))
    add_passkey(browser, SoftKey())
    add_app(browser)
    passkey, app = session.scalars(select(Passkey)).one(), session.scalars(select(Authenticator)).one()
    assert browser.post(f"/account/factors/authenticators/{app.id}/remove").status_code == 303
    answer = browser.post(f"/account/factors/passkeys/{passkey.id}/remove")
    assert answer.status_code == 409
    assert "your last second factor" in answer.text
    require(session, required_of="nobody")
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        session.scalars(select(UserSession)).one().last_seen_at = clock.now()
        session.scalars(select(UserSession)).one().expires_at = clock.now() + timedelta(days=1)
        session.scalars(select(UserSession)).one().proved_at = clock.now()
        session.commit()
        assert browser.post(f"/account/factors/passkeys/{passkey.id}/remove").status_code == 303


def test_of_two_factors_removed_at_once_one_stays(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session, role=Role.ADMIN)
        for number in range(2):
            session.add(
                Passkey(
                    user_id=user.id, name="x", credential_id=bytes([number]), public_key=b"x", sign_count=0,
                    transports=[],
                )
            )  # fmt: skip
        session.flush()
        numbers = iter(session.scalars(select(Passkey.id)).all())

    def remove(session: Session) -> bool:
        subject = subject_for(session, live_settings, session.get_one(User, user.id))
        try:
            with session.begin_nested():
                factors.remove_passkey(session, subject, next(numbers))
        except Problem:
            return False
        return True

    assert sorted(at_once(live_database, 2, remove)) == [False, True]


def test_the_first_version_of_the_policy_is_what_was_before(session: Session) -> None:
    first = policies.at(session, PolicyKind.SECOND_FACTOR, date(2026, 1, 1))
    assert (first.version, first.values.required_of) == (1, "nobody")
    now = policies.at(session, PolicyKind.SECOND_FACTOR, clock.today(policies_zone(session)))
    assert (now.values.required_of, now.values.grace_days) == ("staff", 14)


def test_a_token_changes_no_factor(client: TestClient, session: Session, student: User) -> None:
    ApiTokenFactory(session=session, user_id=student.id, secret="aada_x")
    session.commit()
    headers = {"authorization": "Bearer aada_x"}
    options = client.post("/account/factors/passkeys/options", headers=headers).json()
    answer = client.post(
        "/account/factors/passkeys", data={"name": "x", "answer": SoftKey().create(options)}, headers=headers
    )
    assert answer.status_code == 403
    assert (
        client.post("/api/v1/session/proof", json={"password": PASSWORD}, headers=headers).status_code == 403
    )


def test_codes_are_tidied() -> None:
    assert codes.tidy(" 123 456 ") == "123456"
    assert codes.looks_like_app_code("123456")
    assert not codes.looks_like_app_code("٣٤٥٦٧٨")
