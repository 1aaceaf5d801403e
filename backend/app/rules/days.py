"""Days in words."""

from datetime import date


def long_date(day: date) -> str:
    """`November 22, 2026`, as letters and sentences have it."""
    return f"{day:%B} {day.day}, {day.year}"
