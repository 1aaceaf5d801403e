"""The ledger as JSON: what is posted, to whom it is shown, and what is refused."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Enrollment, LedgerTransaction, User
from tests.factories.school import School, subject_of

Browser = Callable[[Subject], TestClient]
API = "/api/v1/ledger"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def test_an_account_through_the_api(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    client, student = browser(bursar), enrolled.user_id
    account = f"{API}/accounts/{student}"
    charge = {"amount_cents": 105_000, "type": "tuition", "memo": "Tuition", "enrollment_id": enrolled.id}
    once = key()
    posted = [client.post(f"{account}/charges", json=charge, headers=once) for _ in range(2)]
    assert [one.status_code for one in posted] == [201, 201]
    assert posted[0].json() == posted[1].json()
    assert [one["amount_cents"] for one in posted[0].json()["lines"]] == [105_000, -105_000]
    other = client.post(f"{account}/charges", json=charge | {"amount_cents": 1}, headers=once)
    assert (other.status_code, "other figures" in other.json()["detail"]) == (409, True)
    payer = client.post(f"{API}/payers", json={"name": "WorkSource", "kind": "wioa"}).json()
    billing = {"amount_cents": 5_000, "payer_id": payer["id"], "memo": "Voucher"}
    for address, body in (
        ("payments", {"amount_cents": 20_000, "method": "check", "reference": "1041"}),
        ("credits", {"amount_cents": 1_000, "kind": "waiver", "type": "tuition", "memo": "Sibling"}),
        ("credits", {"amount_cents": 2_000, "kind": "scholarship", "memo": "Merit"}),
        ("billings", billing),
    ):
        answer = client.post(f"{account}/{address}", json=body, headers=key())
        assert answer.status_code == 201, answer.text
    for wrong in (
        {"kind": "waiver"},
        {"kind": "scholarship", "type": "kit"},
        {"kind": "waiver", "type": "car"},
    ):
        body = {"amount_cents": 1_000, "memo": "Sibling"} | wrong
        assert client.post(f"{account}/credits", json=body, headers=key()).status_code == 422, wrong
    came = client.post(
        f"{API}/payers/{payer['id']}/payments",
        json={"amount_cents": 4_000, "method": "transfer"},
        headers=key(),
    )
    assert came.status_code == 201
    assert client.get(f"{API}/payers/{payer['id']}").json()["balance_cents"] == 1_000
    paid = client.get(f"{API}/transactions", params={"kind": "payment"}).json()["items"][0]
    back = client.post(f"{API}/transactions/{paid['id']}/reversal", json={"memo": "Bounced"}, headers=key())
    assert (back.status_code, back.json()["reverses"]) == (201, paid["id"])
    again = client.post(f"{API}/transactions/{paid['id']}/reversal", json={"memo": "Bounced"}, headers=key())
    assert again.status_code == 409
    found = client.get(account).json()
    assert (found["balance_cents"], found["charged"], found["credited"]) == (
        97_000,
        {"Tuition": 105_000},
        {"Waived tuition and fees": 1_000, "Scholarships": 2_000},
    )
    plan = {
        "enrollment_id": enrolled.id,
        "total_cents": 97_000,
        "installments": [
            {"due_on": "2026-06-01", "amount_cents": 50_000},
            {"due_on": "2026-07-01", "amount_cents": 47_000},
        ],
    }
    made = client.post(f"{account}/plans", json=plan, headers=key())
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    number = made.json()["id"]
    own = browser(subject_of(session.get_one(User, student)))
    assert own.post(f"{API}/plans/{number}/agreement").json()["state"] == "on_time"
    assert client.get(f"{API}/plans", params={"state": "on_time"}).json()["items"][0]["past_due_cents"] == 0
    # A student sees their own, without the school's accounts, and nobody else's.
    assert own.get(account).json()["balance_cents"] == 97_000
    assert own.get(f"{account}/statement").json()["items"][0]["balance_cents"] == 97_000
    assert own.get(f"{API}/transactions/{paid['id']}").json()["lines"] == []
    assert own.post(f"{account}/payments", json={}, headers=key()).status_code == 403
    stranger = browser(subject_of(school.student()))
    for address in (
        account,
        f"{account}/statement",
        f"{account}/plans",
        f"{API}/transactions/{paid['id']}",
        f"{API}/plans/{number}",
    ):
        assert stranger.get(address).status_code == 404, address
    assert stranger.post(f"{API}/plans/{number}/agreement").status_code == 404
    closed = client.post(f"{API}/closings", json={"day": "2026-05-04", "counted_cents": 0})
    assert (closed.status_code, closed.json()["receipts_cents"]) == (201, 4_000)
    assert client.post(f"{API}/closings", json={"day": "2026-05-04", "counted_cents": 0}).status_code == 422


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("-1", "above zero"),
        ("0", "above zero"),
        ("1.5", "whole number of cents"),
        ("1e3", "whole number of cents"),
        ('"100"', "whole number of cents"),
        ("true", "whole number of cents"),
        ("null", "whole number of cents"),
        ("NaN", "whole number of cents"),
        ("Infinity", "whole number of cents"),
        ("1000000000000000000", "at most $1,000,000.00"),
        ("1" + "0" * 60, "at most $1,000,000.00"),
    ],
)
def test_cents_that_are_none_are_refused(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser, amount: str, sentence: str
) -> None:
    body = f'{{"amount_cents": {amount}, "type": "tuition", "memo": "Tuition"}}'
    answer = browser(bursar).post(
        f"{API}/accounts/{enrolled.user_id}/charges",
        content=body,
        headers=key() | {"content-type": "application/json"},
    )
    assert answer.status_code == 422, answer.text
    assert sentence in answer.text
    assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0


def test_an_act_has_a_name(bursar: Subject, enrolled: Enrollment, browser: Browser) -> None:
    client, address = browser(bursar), f"{API}/accounts/{enrolled.user_id}/charges"
    body: dict[str, Any] = {"amount_cents": 1, "type": "tuition", "memo": "Tuition"}
    for headers in ({}, {"Idempotency-Key": "again"}):
        answer = client.post(address, json=body, headers=headers)
        assert (answer.status_code, "Idempotency-Key" in answer.text) == (422, True)
    described = client.app.openapi()["paths"][f"{API}/accounts/{{student_id}}/charges"]["post"]
    named = [one for one in described["parameters"] if one["in"] == "header"]
    assert [(one["name"], one["required"]) for one in named] == [("Idempotency-Key", True)]
