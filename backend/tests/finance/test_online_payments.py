"""Payments at a provider's page, against a stand-in on loopback that speaks Stripe's shape."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import Duty, Subject
from app.db.models import Enrollment, LedgerTransaction, PaymentCheckout, PaymentEvent
from app.db.session import Database
from app.finance.ledger import service as ledger
from app.finance.providers import service
from app.finance.providers.protocol import Event, Wanted
from app.finance.providers.stripe import Stripe
from app.settings import Settings
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of
from tests.finance.forms import charge

Browser = Callable[[Subject], TestClient]
SECRET = "whsec_of_the_test"
HOOK = "/api/v1/payments/webhook"


class StandIn(ThreadingHTTPServer):
    """Creates checkout sessions; a second one for the same act is the first."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, str]] = {}
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        fields = {name: values[0] for name, values in sent.items()}
        act = self.headers["idempotency-key"]
        right = self.headers["authorization"] == "Bearer sk_test" and self.path == "/v1/checkout/sessions"
        self.server.made.setdefault(act, fields)
        answer = {"id": f"cs_{act}", "url": f"https://checkout.example/pay/{act}"}
        self.send_response(self.server.status if right else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def paid(session_id: str, cents: int, **more: Any) -> dict[str, Any]:
    thing = {
        "id": session_id,
        "payment_status": "paid",
        "amount_total": cents,
        "currency": "usd",
        "payment_intent": "pi_1",
    }
    return {"id": f"evt_{uuid4()}", "type": "checkout.session.completed", "data": {"object": thing | more}}


def signed(body: bytes, at: float = NOW.timestamp(), secret: str = SECRET) -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={int(at)},v1={'0' * 64},v1={mac}"}


def test_while_it_is_off_there_is_nothing(bursar: Subject, enrolled: Enrollment, browser: Browser) -> None:
    own = browser(subject_of(enrolled.user))
    assert "Pay online" not in own.get("/account/money").text
    form = {"request": str(uuid4()), "amount_cents": "1"}
    assert own.post("/account/money/pay", data=form).status_code == 404
    assert own.post(HOOK, content=b"{}").status_code == 404
    assert browser(bursar).get("/ledger/online-payments").status_code == 404


@pytest.fixture
def on(stand_in: StandIn, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = Stripe(stand_in.url, "sk_test", SECRET)
    monkeypatch.setattr(service, "provider_of", lambda _settings: found)
    return stand_in


def test_a_student_pays_and_each_message_counts_once(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser, on: StandIn
) -> None:
    student, own, office = enrolled.user_id, browser(subject_of(enrolled.user)), browser(bursar)
    ledger.post_for_student(session, bursar, student, charge(50_000))
    assert "Pay online" in own.get("/account/money").text
    form = {"request": str(uuid4()), "amount_cents": "600"}
    refused = own.post("/account/money/pay", data=form)
    assert (refused.status_code, "at most what you owe" in refused.text) == (422, True)
    form["amount_cents"] = "350.00"
    on.status = 500
    assert "Nothing was charged" in own.post("/account/money/pay", data=form).text
    on.status, form["request"] = 200, str(uuid4())
    for _ in range(2):
        shown = own.post("/account/money/pay", data=form)
        assert f"https://checkout.example/pay/{form['request']}" in shown.text
    sent = on.made[form["request"]]
    assert (sent["line_items[0][price_data][unit_amount]"], sent["mode"]) == ("35000", "payment")
    number = f"cs_{form['request']}"

    def hook(event: dict[str, Any], **more: Any) -> tuple[int, str]:
        body = json.dumps(event).encode()
        answer = own.post(HOOK, content=body, headers=signed(body, **more))
        return answer.status_code, answer.json().get("outcome") or answer.json()["detail"]

    event = paid(number, 35_000)
    assert hook(event, secret="whsec_wrong") == (
        400,
        "The signature of the message is wrong. Nothing was posted.",
    )
    assert hook(event, at=NOW.timestamp() - 301)[0] == 400
    assert own.post(HOOK, content=b"{}").status_code == 400
    # Before it is paid, with another amount, in another currency, of nobody's: noted, and never posted.
    unpaid = hook(paid(number, 35_000, payment_status="unpaid"))
    assert unpaid == (200, "nothing")
    assert hook(paid(number, 35_001)) == (200, "differs")
    assert hook(paid(number, 35_000, currency="eur")) == (200, "differs")
    assert hook(paid("cs_unknown", 100)) == (200, "unknown")
    assert ledger.balances_of(session, [student]) == {student: 50_000}
    failed = paid(number, 35_000) | {"type": "checkout.session.expired"}
    assert hook(failed) == (200, "failed")
    # Out of order and twice: one payment.
    assert hook(event) == (200, "posted")
    assert hook(event) == (200, "nothing")
    assert hook(paid(number, 35_000) | {"type": "checkout.session.async_payment_succeeded"}) == (
        200,
        "nothing",
    )
    assert ledger.balances_of(session, [student]) == {student: 15_000}
    back = {
        "id": "evt_back",
        "type": "charge.refunded",
        "data": {"object": {"payment_intent": "pi_1", "amount_refunded": 35_000}},
    }
    assert hook(back) == (200, "taken_back")
    assert ledger.balances_of(session, [student]) == {student: 15_000}
    waiting = office.get("/ledger/online-payments?state=waiting").text
    assert "Refund or dispute at the provider" in waiting
    assert waiting.count(">Done<") == 4
    done = {"provider": "stripe", "event_id": "evt_back"}
    assert office.post("/ledger/online-payments/handled", data=done).status_code == 303
    assert office.post("/ledger/online-payments/handled", data=done).status_code == 404
    assert "Paid online" in own.get("/account/money").text


def test_messages_that_race_post_one_payment(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        enrolled = school.enrollment(school.student(), school.program())
        ledger.post_for_student(session, bursar, enrolled.user_id, charge(50_000))
        form = service.PayForm(request=uuid4(), amount_cents=50_000)
        service.begin(session, subject_of(enrolled.user), "stripe", form)

    def take(number: int) -> str:
        # The provider may be faster than this system keeps its name for the session: ours is in the message.
        event = Event(f"evt_{number % 4}", "t", "paid", "cs_1", str(form.request), 50_000, "usd", "pi_1")
        with live_database.begin() as session:
            return service.take(session, "stripe", event)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(take, range(16)))
    assert outcomes.count("posted") == 1
    with live_database.begin() as session:
        paid_in = select(func.count()).where(LedgerTransaction.kind == "payment")
        assert session.scalar(paid_in) == 1
        assert session.scalar(select(func.count()).select_from(PaymentEvent)) == 4
        assert session.scalars(select(PaymentCheckout.session_id)).all() == ["cs_1"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "can be read"),
        ("t=1", "can be read"),
        ("v1=00", "can be read"),
        ("t=x,v1=00", "can be read"),
        ("t=9999999999999,v1=00", "can be read"),
        ("t=1,t=2,v1=00", "can be read"),
        ("t=1,v1=ü", "is wrong"),
    ],
)
def test_signatures_that_are_none(header: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Stripe("http://127.0.0.1:9", "sk", SECRET).event(b"{}", {"stripe-signature": header}, 0)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"id": 1, "type": "t", "data": {"object": {}}}', b"\xff"]
)
def test_what_is_signed_and_no_event(body: bytes) -> None:
    with pytest.raises(ValueError, match="no event"):
        Stripe("http://127.0.0.1:9", "sk", SECRET).event(body, signed(body), NOW.timestamp())


def test_half_a_setting_is_off(settings: Settings) -> None:
    half = settings.model_copy(update={"payment_provider": "stripe", "stripe_secret_key": SecretStr("sk")})
    assert service.provider_of(half) is None
    whole = half.model_copy(update={"stripe_webhook_secret": SecretStr(SECRET)})
    assert service.provider_of(whole) is not None


def test_a_provider_that_is_not_there(settings: Settings) -> None:
    from app.finance.providers.protocol import ProviderFailed

    wanted = Wanted(uuid4(), 100, "Payment", "student@example.org", "https://school.example")
    with pytest.raises(ProviderFailed, match="No answer"):
        Stripe("http://127.0.0.1:9", "sk", SECRET).open(wanted)
