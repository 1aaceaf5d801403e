"""The provider without a school: signatures, bodies and settings that do not hold."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.finance.providers import service
from app.finance.providers.protocol import ProviderFailed, Wanted
from app.finance.providers.stripe import Stripe
from app.ops.doctor.findings import Installation, Level
from app.ops.doctor.payments import configured
from app.settings import Settings
from tests.finance.conftest import NOW
from tests.finance.test_online_payments import SECRET, signed


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
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"id": 1, "type": "t", "data": {"object": {}}}',
        b'{"id": "evt_\\u0000", "type": "t", "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "t", "data": {"object": []}}',
    ],
)
def test_what_is_signed_and_no_event(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a Stripe event"):
        Stripe("http://127.0.0.1:9", "sk", SECRET).event(body, signed(body), NOW.timestamp())


def test_what_does_not_answer_and_what_is_not_encrypted() -> None:
    wanted = Wanted(uuid4(), 100, "Payment", "student@example.org", "https://school.example")
    for url, words in (("http://127.0.0.1:9", "No answer"), ("http://stripe.example", "not encrypted")):
        with pytest.raises(ProviderFailed, match=words):
            Stripe(url, "sk", SECRET).open(wanted)


def test_half_a_setting_is_off_and_the_doctor_names_it(settings: Settings) -> None:
    key, secret = {"stripe_secret_key": SecretStr("sk_test_1")}, {"stripe_webhook_secret": SecretStr(SECRET)}
    stripe, production = {"payment_provider": "stripe"}, {"environment": "production"}
    cases: list[tuple[dict[str, Any], bool, Level | None, str]] = [
        ({}, False, None, ""),
        (key, False, Level.PROBLEM, "are off"),
        (stripe, False, Level.PROBLEM, "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET missing"),
        (stripe | key, False, Level.PROBLEM, "STRIPE_WEBHOOK_SECRET missing"),
        (stripe | secret, False, Level.PROBLEM, "STRIPE_SECRET_KEY missing"),
        (stripe | key | secret, True, Level.OK, "offered through Stripe"),
        (stripe | key | secret | production, True, Level.WARNING, "test key"),
        (stripe | key | secret | {"stripe_url": "http://stripe.example"}, True, Level.PROBLEM, "https://"),
    ]
    for given, is_on, level, words in cases:
        known = settings.model_copy(update=given)
        assert (service.provider_of(known) is not None) == is_on
        found = [(one.level, words in one.says) for one in configured(Installation(known))]
        assert found == ([] if level is None else [(level, True)]), given
