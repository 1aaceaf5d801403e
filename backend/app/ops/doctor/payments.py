"""Whether payments online are set up whole: half a setting offers nothing, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

from app.finance.providers.stripe import keeps_secrets
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning


def configured(known: Installation) -> Iterator[Finding]:
    """Are the provider and both of its secrets set, or none of them?"""
    settings = known.settings
    secrets = {
        "STRIPE_SECRET_KEY": settings.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret,
    }
    missing = [name for name, value in secrets.items() if value is None]
    if settings.payment_provider == "off":
        if len(missing) < len(secrets):
            yield problem(
                "Payments online",
                "A secret of Stripe’s is set, and payments online are off.",
                "Set PAYMENT_PROVIDER=stripe, or remove the secret.",
            )
        return
    if missing:
        yield problem(
            "Payments online",
            f"Payments online are not offered: {' and '.join(missing)} missing.",
            "Set both secrets, or PAYMENT_PROVIDER=off.",
        )
        return
    if not keeps_secrets(settings.stripe_url):
        yield problem(
            "Payments online",
            "STRIPE_URL does not begin with https://, so no payment can begin.",
            "Remove STRIPE_URL: unset, it is the address of Stripe’s API.",
        )
        return
    key = settings.stripe_secret_key.get_secret_value() if settings.stripe_secret_key else ""
    if known.production and "_test_" in key:
        yield warning(
            "Payments online",
            "STRIPE_SECRET_KEY is a test key: payments are posted, and no money comes.",
            "Set the live key, and the secret of the live webhook endpoint.",
        )
    else:
        yield ok("Payments online", "Payments online are offered through Stripe.")
