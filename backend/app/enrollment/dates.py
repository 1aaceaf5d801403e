"""Dates at the school as moments."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins at the school."""
    return datetime.combine(day, time.min, zone)


def moment_on(day: date, now: datetime, zone: ZoneInfo) -> datetime:
    """A moment on a day that was entered without a time: now for today, else noon."""
    return now if day == now.astimezone(zone).date() else datetime.combine(day, time(12), zone)
