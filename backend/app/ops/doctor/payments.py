"""Whether payments online are set up whole: half a setting offers nothing, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

from app.ops.doctor.findings import Finding, Installation, ok, problem


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
    else:
        yield ok("Payments online", "Payments online are offered through Stripe.")
