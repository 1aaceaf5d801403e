"""The one place that knows what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` as a clock on the school's wall shows it."""
    return moment.astimezone(zone)


def today(zone: ZoneInfo) -> date:
    """The date at the school."""
    return now().astimezone(zone).date()
