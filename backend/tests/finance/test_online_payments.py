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
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.permissions import Duty, Subject
from app.db.models import AuditEntry, Enrollment, LedgerTransaction, PaymentCheckout, PaymentEvent
from app.db.session import Database
from app.finance.ledger import service as ledger
from app.finance.providers import queries, service
from app.finance.providers.protocol import Event
from app.finance.providers.stripe import Stripe
from tests.factories.ledger import planned, taken_back
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


def test_while_it_is_off_there_is_nothing(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    own, office = browser(subject_of(enrolled.user)), browser(bursar)
    ledger.post_for_student(session, bursar, enrolled.user_id, charge(50_000))
    money = own.get("/account/money").text
    assert ("Pay online" in money, "Pay at the school’s office" in money) == (False, True)
    assert "Online payments" not in office.get("/ledger").text
    form = {"request": str(uuid4()), "choice": "balance"}
    assert own.get("/account/money/pay").status_code == 404
    assert own.post("/account/money/pay", data=form).status_code == 404
    assert own.post(HOOK, content=b"{}").status_code == 404
    assert office.get("/ledger/online-payments").status_code == 404
    # What was reported before it was switched off stays to be dealt with.
    waits = taken_back(session, enrolled)
    assert "Refund or dispute at the provider" in office.get("/ledger/online-payments").text
    assert office.get(f"/ledger/online-payments/{waits.id}").status_code == 200
    assert 'href="/ledger/online-payments"' in office.get("/ledger").text


@pytest.fixture
def on(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = Stripe(stand_in.url, "sk_test", SECRET)
    monkeypatch.setattr(service, "provider_of", lambda _settings: found)
    return stand_in


def test_a_student_pays_and_each_message_counts_once(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser, on: StandIn
) -> None:
    student, own, office = enrolled.user_id, browser(subject_of(enrolled.user)), browser(bursar)
    ledger.post_for_student(session, bursar, student, charge(50_000))
    money = own.get("/account/money").text
    assert ('href="/account/money/pay"' in money, "Pay at the school’s office" in money) == (True, False)
    assert "Everything you owe: $500.00" in own.get("/account/money/pay").text
    form = {"request": str(uuid4()), "choice": "own", "amount_cents": "600"}

    def refused(words: str, **more: str) -> None:
        answer = own.post("/account/money/pay", data=form | more)
        assert (answer.status_code, words in answer.text) == (422, True), answer.text

    refused("at most what you owe, $500.00")
    refused("Enter the amount", amount_cents="")
    refused("$0.50 to $999,999.99", amount_cents="0.49")
    refused("Choose one of the amounts", choice="next-1")
    assert office.post("/account/money/pay", data=form).status_code == 403
    assert on.made == {}
    form["amount_cents"] = "350.00"
    on.status = 500
    refused("Nothing was charged")
    on.status, form["request"] = 200, str(uuid4())
    for _ in range(2):
        shown = own.post("/account/money/pay", data=form)
        assert f"https://checkout.example/pay/{form['request']}" in shown.text
        assert "$350.00" in shown.text
    assert own.post("/account/money/pay", data=form | {"amount_cents": "1"}).status_code == 409
    sent = on.made[form["request"]]
    assert (sent["line_items[0][price_data][unit_amount]"], sent["mode"]) == ("35000", "payment")
    assert "Do not pay it twice" in own.get("/account/money").text
    number = f"cs_{form['request']}"

    def hook(event: dict[str, Any], **more: Any) -> tuple[int, str]:
        body = json.dumps(event).encode()
        answer = own.post(HOOK, content=body, headers=signed(body, **more))
        return answer.status_code, answer.json().get("outcome") or answer.json()["detail"]

    event = paid(number, 35_000)
    wrong = "The signature of the message is wrong. Nothing was posted."
    assert hook(event, secret="whsec_wrong") == (400, wrong)
    for late in (-301, 301):
        assert hook(event, at=NOW.timestamp() + late)[0] == 400
    assert own.post(HOOK, content=b"{}").status_code == 400
    assert session.scalar(select(func.count()).select_from(PaymentEvent)) == 0
    # A refund may be reported before the payment it is of.
    back = {
        "id": "evt_back",
        "type": "charge.refunded",
        "data": {"object": {"payment_intent": "pi_1", "amount_refunded": 35_000}},
    }
    assert hook(back) == (200, "taken_back")
    # Before it is paid, with another amount, in another currency, of nobody's: kept, and never posted.
    assert hook(paid(number, 35_000, payment_status="unpaid")) == (200, "nothing")
    assert hook(paid(number, 35_001)) == (200, "differs")
    assert hook(paid(number, 35_000, currency="eur")) == (200, "differs")
    assert hook(paid("cs_unknown", 100)) == (200, "unknown")
    assert hook(paid(number, 35_000) | {"type": "checkout.session.expired"}) == (200, "failed")
    assert ledger.balances_of(session, [student]) == {student: 50_000}
    # Out of order and twice: one payment.
    late = paid(number, 35_000) | {"type": "checkout.session.async_payment_succeeded"}
    assert [hook(one) for one in (event, event, late)] == [
        (200, "posted"),
        (200, "nothing"),
        (200, "nothing"),
    ]
    assert hook(paid(number, 35_000, payment_intent="pi_2")) == (200, "differs")
    assert ledger.balances_of(session, [student]) == {student: 15_000}
    money = own.get("/account/money").text
    assert "Paid online" in money
    assert "Do not pay it twice" not in money
    # The bursar deals with what was not posted.
    assert "Online payments" in office.get("/ledger").text
    assert "Online payments to look at" in office.get("/queue?kind=online_payments").text
    number_of = select(PaymentEvent.id).where(PaymentEvent.event_id == "evt_back")
    address = f"/ledger/online-payments/{session.scalar(number_of)}"
    shown = office.get(address)
    assert ("Maria Lopez" in shown.text, "Payment in the ledger" in shown.text) == (True, True)
    assert office.post(address, data={"memo": ""}).status_code == 422
    assert office.post(address, data={"memo": "Refund recorded"}).status_code == 303
    assert office.post(address, data={"memo": "Refund recorded"}).status_code == 409
    assert "evt_back" not in office.get("/ledger/online-payments?state=waiting&format=csv").text
    waiting = session.scalars(select(PaymentEvent.outcome).where(queries.WAITING)).all()
    assert sorted(waiting) == ["differs", "differs", "differs", "unknown"]
    done = session.scalars(
        select(AuditEntry.reason).where(AuditEntry.action == "online_payment.handled")
    ).all()
    assert list(done) == ["Refund recorded"]


def test_installments_are_offered_and_pay_their_own_program(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    student = subject_of(enrolled.user)
    ledger.post_for_student(session, bursar, student.user_id, charge(90_000))
    other = school.enrollment(enrolled.user, school.program(name="Expanded Functions"))
    planned(session, other, 70_000)  # which nobody has agreed to
    plan = planned(session, enrolled, 40_000)
    plan.agreed_at = NOW
    session.flush()
    owed = service.owed(session, student)
    assert [(one.key, one.amount_cents) for one in owed.offers] == [
        (f"next-{plan.id}", 40_000),
        ("balance", 90_000),
    ]
    known = Stripe("http://127.0.0.1:9", "sk_test", SECRET)

    def begin(choice: str, **more: Any) -> int | None:
        form = service.PayForm(request=uuid4(), choice=choice, **more)
        return service.begin(session, student, known, form).enrollment_id

    assert begin(f"next-{plan.id}", enrollment_id=other.id) == enrolled.id
    assert begin("balance", enrollment_id=other.id) == other.id
    for wrong in (None, 999_999):
        with pytest.raises(Invalid, match="Choose the program"):
            begin("balance", enrollment_id=wrong)
    # What the ledger does not take is kept for the bursar.
    row = session.scalars(select(PaymentCheckout).where(PaymentCheckout.enrollment_id == other.id)).one()
    row.enrollment_id = None
    session.flush()
    event = Event("evt_1", "t", "paid", "cs_1", str(row.request), 90_000, "usd", "pi_1")
    assert service.take(session, "stripe", event) == "refused"
    assert ledger.balances_of(session, [student.user_id]) == {student.user_id: 90_000}


def test_a_refund_or_dispute_waits_once(
    session: Session, school: School, bursar: Subject, browser: Browser, on: StandIn
) -> None:
    known = Stripe(on.url, "sk_test", SECRET)

    def take(kind: str, reference: str, **thing: Any) -> str:
        sent = {
            "id": f"evt_{uuid4()}",
            "type": kind,
            "data": {"object": {"payment_intent": reference} | thing},
        }
        body = json.dumps(sent).encode()
        return service.take(session, "stripe", known.event(body, signed(body), NOW.timestamp()))

    refund = {"id": "re_1", "amount": 25_000, "status": "succeeded"}
    dispute = {"id": "du_1", "amount": 9_000, "status": "needs_response"}
    for kind, reference, thing, outcome in (
        ("refund.created", "pi_1", refund, "nothing"),
        ("charge.refunded", "pi_1", {"amount": 50_000, "amount_refunded": 10_000}, "taken_back"),
        ("refund.updated", "pi_1", refund, "nothing"),
        ("charge.refund.updated", "pi_1", refund, "nothing"),
        ("charge.refunded", "pi_1", {"amount": 50_000, "amount_refunded": 25_000}, "taken_back"),
        ("charge.refunded", "pi_1", {"amount": 50_000, "amount_refunded": 10_000}, "nothing"),
        ("charge.dispute.created", "pi_2", dispute, "taken_back"),
        ("charge.dispute.funds_withdrawn", "pi_2", dispute, "nothing"),
        ("charge.dispute.updated", "pi_2", dispute, "nothing"),
        ("charge.dispute.closed", "pi_2", dispute | {"status": "won"}, "nothing"),
        ("charge.dispute.funds_reinstated", "pi_2", dispute, "nothing"),
        ("refund.failed", "pi_1", refund | {"status": "failed"}, "taken_back"),
        ("charge.refund.updated", "pi_1", refund | {"status": "failed"}, "nothing"),
        # Another refund or dispute of the same payment is another matter, though its amount is the same.
        ("refund.failed", "pi_1", refund | {"id": "re_2", "status": "failed"}, "taken_back"),
        ("charge.dispute.created", "pi_2", dispute | {"id": "du_2"}, "taken_back"),
        ("charge.dispute.closed", "pi_2", dispute | {"id": "du_2", "status": "lost"}, "taken_back"),
        ("charge.dispute.funds_withdrawn", "pi_2", dispute | {"id": "du_2"}, "nothing"),
    ):
        assert take(kind, reference, **thing) == outcome, kind
    waiting = session.scalars(select(PaymentEvent).where(queries.WAITING).order_by(PaymentEvent.id)).all()
    assert [(one.type, one.amount_cents) for one in waiting] == [
        ("charge.refunded", 25_000),
        ("charge.dispute.created", 9_000),
        ("refund.failed", 25_000),
        ("refund.failed", 25_000),
        ("charge.dispute.closed", 9_000),
    ]
    assert waiting[1].reference == "pi_2 du_1"
    waiting = waiting[:3]
    office = browser(bursar)
    words = ("Money went back, or may", "only if the dispute is lost", "did not reach the student")
    for one, own in zip(waiting, words, strict=True):
        text = office.get(f"/ledger/online-payments/{one.id}").text
        assert [word in text for word in words] == [word == own for word in words]
    # What comes after it was dealt with waits again.
    service.handle(session, bursar, waiting[0].id, service.HandledForm(memo="Reversed transaction 3"))
    assert take("charge.refunded", "pi_1", amount=50_000, amount_refunded=30_000) == "taken_back"
    service.handle(session, bursar, waiting[1].id, service.HandledForm(memo="Answered at the provider"))
    assert take("charge.dispute.closed", "pi_2", **dispute | {"status": "won"}) == "nothing"
    assert take("charge.dispute.closed", "pi_2", **dispute | {"status": "lost"}) == "taken_back"
    taken_back(session, school.enrollment(school.student(full_name="Ana Núñez")))
    rows = office.get("/ledger/online-payments?format=json&q=nunez").json()["rows"]
    assert [row["student"] for row in rows] == ["Ana Núñez"]


def test_messages_that_race_post_one_payment(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        enrolled = school.enrollment(school.student(), school.program())
        ledger.post_for_student(session, bursar, enrolled.user_id, charge(50_000))
        student = subject_of(enrolled.user)
    form = service.PayForm(request=uuid4(), choice="balance")
    known = Stripe("http://127.0.0.1:9", "sk_test", SECRET)

    def begin(_number: int) -> int:
        with live_database.begin() as session:
            return service.begin(session, student, known, form).id

    def take(number: int) -> str:
        # The provider may be faster than this system keeps its name for the session: ours is in the message.
        event = Event(f"evt_{number % 4}", "t", "paid", "cs_1", str(form.request), 50_000, "usd", "pi_1")
        with live_database.begin() as session:
            return service.take(session, "stripe", event)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(begin, range(8)))) == 1
        # Four messages, each of them four times, eight at once.
        outcomes = list(pool.map(take, range(16)))
    assert sorted(outcomes) == ["nothing"] * 15 + ["posted"]
    with live_database.begin() as session:
        paid_in = select(func.count()).where(LedgerTransaction.kind == "payment")
        assert session.scalar(paid_in) == 1
        assert session.scalar(select(func.count()).select_from(PaymentEvent)) == 4
        assert session.scalars(select(PaymentCheckout.session_id)).all() == ["cs_1"]
