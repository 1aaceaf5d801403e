"""A payment plan in a real Chromium: the bursar proposes it, the student agrees, and pays an installment online."""

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import httpx2
import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.core.permissions import Duty
from app.db.models import User
from app.finance.ledger import service as ledger
from app.finance.providers import service as providers
from app.finance.providers.stripe import Stripe
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School
from tests.finance.conftest import bursar_of
from tests.finance.forms import charge
from tests.finance.test_online_payments import HOOK, SECRET, StandIn, paid, signed

pytestmark = pytest.mark.browser


def test_a_plan_is_proposed_agreed_to_and_paid_online(
    page: Page,
    seen: Seen,
    signed_in_as: Callable[[User], None],
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = StandIn()
    Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    known = Stripe(provider.url, "sk_test", SECRET)
    monkeypatch.setattr(providers, "provider_of", lambda _settings: known)
    with live_server.database.begin() as session:
        school = School(session)
        bursar = school.with_duty(Duty.BURSAR, full_name="Bea Bursar")
        student = school.student(full_name="Maria Lopez")
        school.enrollment(student, school.program(name="Dental Assistant"))
        ledger.post_for_student(session, bursar_of(bursar), student.id, charge(105_000))

    signed_in_as(bursar)
    page.goto(f"/ledger/students/{student.id}")
    page.get_by_role("link", name="Payment plan", exact=True).click()
    seen("plan-new")
    page.get_by_label("Installments").fill("3")
    page.get_by_label("First due date").fill((clock.now() + timedelta(days=7)).date().isoformat())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("These installments add up to $1,050.00.")).to_be_visible()
    seen("plan-check")
    page.get_by_role("button", name="Propose the plan").click()
    expect(page.get_by_role("heading", name="Payment plan of Maria Lopez")).to_be_visible()
    seen("plan-proposed")

    signed_in_as(student)
    page.goto("/account/money")
    seen("money-plan-proposed")
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_text("Next: $350.00")).to_be_visible()
    page.get_by_role("link", name="Pay online").click()
    page.get_by_label("$350.00").check()
    seen("pay-online")
    page.get_by_role("button", name="Continue").click()
    seen("pay-online-leaves")
    (act,) = provider.made
    link = page.get_by_role("link", name="Continue to payment")
    expect(link).to_have_attribute("href", f"https://checkout.example/pay/{act}")
    assert int(provider.made[act]["line_items[0][price_data][unit_amount]"]) == 35_000

    # What the provider reports, on its own connection, posts the payment; the way back posts nothing.
    body = json.dumps(paid(f"cs_{act}", 35_000, client_reference_id=act)).encode()
    answer = httpx2.post(f"{live_server.url}{HOOK}", content=body, headers=signed(body, time.time()))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "posted"})
    page.goto("/account/money")
    expect(page.get_by_text("$700.00").first).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("Paid$"))).to_be_visible()
    seen("money-plan-paid")
    provider.shutdown()
    provider.server_close()
