"""Installations to be checked, sound and otherwise."""

from __future__ import annotations

from typing import Any

from app.ops.doctor.findings import Check, Finding, Installation, Level
from app.settings import inspect_settings

GOOD = {
    "environment": "production",
    "secret_key": "0f3c9a17b2d84e56a1c07f92be43d8656d1f0a2b3c4d5e6f",
    "app_origin": "https://lms.example.edu",
    "content_origin": "https://content.example.edu",
}
PRODUCTION = {name.upper(): value for name, value in GOOD.items()}


def installation(**values: Any) -> Installation:
    """An installation that need not be sound, without a database."""
    settings, wrong = inspect_settings(_env_file=None, **(GOOD | values))
    return Installation(settings, wrong, network=False)


def found(check: Check, known: Installation, level: Level | None = None) -> list[Finding]:
    return [one for one in check(known) if level in (None, one.level)]
