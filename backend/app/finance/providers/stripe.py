"""Stripe: Checkout Sessions, and webhooks signed by `Stripe-Signature`.

One call of a dated API: the standard library makes it, and no library has to be kept up with.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.finance.providers.protocol import Event, Opened, ProviderFailed, Wanted

VERSION = "2024-06-20"
"""The version of Stripe's API that requests ask for."""
TOLERANCE = 300
"""Seconds that a message may be old, or ahead of this machine's clock: a recorded one is worthless later."""
SECONDS = 10.0
LARGEST = 256 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_FAILED = ("checkout.session.async_payment_failed", "checkout.session.expired")
_NO_EVENT = "The message is signed, but it is not a Stripe event. Nothing was posted."
_REFUND_UPDATED = "charge.refund.updated"
"""Says by its status that the refund of a charge failed; `refund.failed` comes for those since version 2024-10-28."""
_DISPUTE_CLOSED = "charge.dispute.closed"
"""Says by its status who won. Lost, it waits in the place of what was said while the dispute was open."""
_TAKEN_BACK = (
    ("charge.refunded",),
    ("charge.dispute.created", "charge.dispute.funds_withdrawn", _DISPUTE_CLOSED),
    ("refund.failed", _REFUND_UPDATED),
)
"""The messages that a person looks at, together those of one thing. A refund begins and moves on in others, which say
nothing new."""
_ONLY_WITH_STATUS = {_REFUND_UPDATED: "failed", _DISPUTE_CLOSED: "lost"}
"""Messages that a person looks at only if the thing has this status."""


class Stripe:
    """Stripe's API at an address, with the keys of the school's account."""

    name = "stripe"
    smallest_cents = 50
    largest_cents = 99_999_999

    def __init__(self, url: str, secret_key: str, webhook_secret: str) -> None:
        self._url, self._key, self._webhook_secret = url, secret_key, webhook_secret

    def open(self, wanted: Wanted) -> Opened:
        """Create a Checkout Session. Raises ProviderFailed."""
        fields = {
            "mode": "payment",
            # What is confirmed at once. Debits of a bank account can come back for weeks.
            "payment_method_types[0]": "card",
            "client_reference_id": str(wanted.request),
            "customer_email": wanted.email,
            "success_url": wanted.back,
            "cancel_url": wanted.back,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": str(wanted.amount_cents),
            "line_items[0][price_data][product_data][name]": wanted.description,
        }
        found = self._post("/v1/checkout/sessions", fields, str(wanted.request))
        number, url = found.get("id"), found.get("url")
        if not isinstance(number, str) or not isinstance(url, str) or urlsplit(url).scheme != "https":
            raise ProviderFailed("The answer has no payment page.")
        return Opened(number[:255], url)

    def _post(self, path: str, fields: Mapping[str, str], act: str) -> dict[str, Any]:
        parts = urlsplit(self._url)
        if not keeps_secrets(self._url):
            raise ProviderFailed("The address of the provider is not encrypted.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": act,
            "Stripe-Version": VERSION,
        }
        try:
            connection.request("POST", path, urlencode(fields).encode(), headers)
            with connection.getresponse() as answer:
                status, found = answer.status, json.loads(answer.read(LARGEST))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ProviderFailed(f"No answer ({type(error).__name__}).") from error
        finally:
            connection.close()
        if status != http.client.OK or not isinstance(found, dict):
            raise ProviderFailed(f"Refused with status {status}.")
        return found

    def event(self, body: bytes, headers: Mapping[str, str], now: float) -> Event:
        """Verify and read a webhook. Raises ValueError with a sentence."""
        self._verify(body, headers.get("stripe-signature", ""), now)
        try:
            sent = json.loads(body)
            number, kind, thing = sent["id"], sent["type"], sent["data"]["object"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(_NO_EVENT) from error
        number, kind = _text(number), _text(kind)
        if number is None or kind is None or not isinstance(thing, dict):
            raise ValueError(_NO_EVENT)
        if kind in _PAID or kind in _FAILED:
            paid = kind in _PAID and thing.get("payment_status") == "paid"
            return Event(
                number,
                kind,
                "paid" if paid else "failed" if kind in _FAILED else "other",
                _text(thing.get("id")),
                _text(thing.get("client_reference_id")),
                _cents(thing.get("amount_total")),
                _text(thing.get("currency")),
                _text(thing.get("payment_intent")),
            )
        same = next((kinds for kinds in _TAKEN_BACK if kind in kinds), None)
        if same is not None and _ONLY_WITH_STATUS.get(kind) in (None, thing.get("status")):
            cents = thing.get("amount_refunded", thing.get("amount"))
            reference = _text(thing.get("payment_intent"))
            return Event(
                number,
                kind,
                "taken_back",
                amount_cents=_cents(cents),
                reference=reference,
                thing=_text(thing.get("id")),
                same=same,
                last_word=_DISPUTE_CLOSED if _DISPUTE_CLOSED in same else None,
            )
        return Event(number, kind, "other")

    def _verify(self, body: bytes, header: str, now: float) -> None:
        pairs = [part.strip().partition("=") for part in header.split(",")]
        stamps = [value for name, _sign, value in pairs if name == "t"]
        given = [value for name, _sign, value in pairs if name == "v1"]
        if (
            len(stamps) != 1
            or not (stamps[0].isascii() and stamps[0].isdigit())
            or len(stamps[0]) > 12
            or not given
        ):
            raise ValueError("The message has no Stripe-Signature that can be read. Nothing was posted.")
        signed = stamps[0].encode() + b"." + body
        right = hmac.new(self._webhook_secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        if not any(hmac.compare_digest(right, one.encode()) for one in given):
            raise ValueError("The signature of the message is wrong. Nothing was posted.")
        if abs(now - int(stamps[0])) > TOLERANCE:
            raise ValueError("The message was signed too long ago, or the clocks differ. Nothing was posted.")


def keeps_secrets(url: str) -> bool:
    """Whether a key may be sent there: over TLS, or without leaving this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def _text(value: object) -> str | None:
    """A name of Stripe’s, which is short ASCII."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return None
    return value if 0 < len(value) <= 255 else None


def _cents(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62 else None
