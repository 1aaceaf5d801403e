"""Passkeys: made, used, refused, copied."""

import copy
import json
from datetime import timedelta
from typing import Any

import cbor2
import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.factors import service as factors
from app.core import clock
from app.db.models import AuditEntry, Passkey, RecoveryCode, User
from tests.accounts.conftest import Make
from tests.accounts.factors.steps import CODE, Open, add_passkey, by_passkey
from tests.accounts.soft_key import SoftKey, plain, raw
from tests.factories.accounts import PASSWORD, ApiTokenFactory

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


def test_no_more_factors_are_kept_than_are_shown(signed_in: Open, session: Session, student: User) -> None:
    browser = signed_in(student)
    options = browser.post("/account/factors/passkeys/options").json()
    for number in range(factors.MOST):
        session.add(
            Passkey(
                user_id=student.id, name="x", credential_id=bytes([number]), public_key=b"x", sign_count=0,
                transports=[],
            )
        )  # fmt: skip
    session.commit()
    answer = browser.post(
        "/account/factors/passkeys", data={"name": "x", "answer": SoftKey().create(options)}
    )
    assert answer.status_code == 409
    assert f"You have {factors.MOST} passkeys" in answer.text


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


def _with_attestation(answer: str, **changed: Any) -> str:
    given = json.loads(answer)
    attestation = cbor2.loads(raw(given["response"]["attestationObject"]))
    if "key" in changed:
        # Flags, counter and what stands before the key: 37 bytes, 16, 2, and the credential's own 16.
        attestation["authData"] = attestation["authData"][:71] + cbor2.dumps(changed.pop("key"))
    given["response"]["attestationObject"] = plain(cbor2.dumps(attestation | changed))
    return json.dumps(given)


@pytest.mark.parametrize(
    "changed",
    [
        {"fmt": "android-safetynet", "attStmt": {"ver": "1", "response": 5}},
        {"fmt": "packed", "attStmt": {"sig": 5, "alg": -7, "x5c": 5}},
        {
            "fmt": "tpm",
            "attStmt": {"ver": "2.0", "certInfo": b"x", "pubArea": b"x", "sig": b"x", "x5c": [b"x"]},
        },
        {"fmt": 5},
        {"attStmt": 5},
        {"key": []},
        {"key": ""},
        {"key": 5},
    ],
)
def test_a_passkey_made_of_nonsense_is_a_sentence(
    signed_in: Open, session: Session, student: User, changed: dict[str, Any]
) -> None:
    browser = signed_in(student)
    options = browser.post("/account/factors/passkeys/options").json()
    answer = _with_attestation(SoftKey().create(options), **changed)
    refused = browser.post("/account/factors/passkeys", data={"name": "x", "answer": answer})
    assert refused.status_code == 422
    assert "answer is not valid for this site" in refused.text
    assert session.scalars(select(Passkey)).all() == []


def test_a_passkey_with_a_key_that_is_none_lets_nobody_in(
    client: TestClient, signed_in: Open, student: User
) -> None:
    key = SoftKey()
    browser = signed_in(student)
    options = browser.post("/account/factors/passkeys/options").json()
    answer = _with_attestation(key.create(options), key={1: 2, 3: -7, -1: 99, -2: "a", -3: 5})
    browser.post("/account/factors/passkeys", data={"name": "x", "answer": answer})
    assert by_passkey(client, key).status_code == 422


def test_a_deleted_person_does_not_come_in_by_passkey(
    client: TestClient, signed_in: Open, session: Session, student: User
) -> None:
    key = SoftKey()
    add_passkey(signed_in(student), key)
    student.deleted_at = clock.now()
    session.commit()
    assert by_passkey(client, key).status_code == 422


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
