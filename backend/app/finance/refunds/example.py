"""A case that everybody can start from: in the documentation, and in the form."""

from typing import Any

CASE: dict[str, Any] = {
    "policy": "gnpec-current",
    "program": {
        "total_minutes": 28800,
        "segments": [
            {"name": "Module 1", "total_minutes": 9600, "charge_cents": 168000},
            {"name": "Module 2", "total_minutes": 9600, "charge_cents": 168000},
            {"name": "Module 3", "total_minutes": 9600, "charge_cents": 168000},
        ],
    },
    "agreement": {
        "signed_at": "2026-01-05T09:00:00-05:00",
        "application_fee_cents": 15000,
        "application_fee_disclosed": True,
    },
    "items": [
        {"name": "Kit", "amount_cents": 32500, "refundable": False, "disclosed": True, "kept": True},
    ],
    "payments": [
        {"amount_cents": 15000, "paid_on": "2026-01-05", "for": "application_fee"},
        {"amount_cents": 32500, "paid_on": "2026-01-05", "for": "item:Kit"},
        {"amount_cents": 168000, "paid_on": "2026-01-05", "for": "segment:Module 1"},
    ],
    "attended_minutes": 2400,
    "withdrawn_at": "2026-02-02T12:00:00-05:00",
    "kind": "student",
    "settings": {},
}
"""Module 1 of three is paid, and the student leaves after 40 hours."""
