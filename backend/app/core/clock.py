"""The one place that knows what time it is."""

from datetime import MINYEAR, UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` as a clock on the school's wall shows it.

    A statement may name the year 1 or 9999. Where the zone's offset leads beyond the calendar, it is the first
    or the last moment of the calendar.
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        early = moment.year == MINYEAR
        return datetime.min.replace(tzinfo=zone) if early else datetime.max.replace(tzinfo=zone)


def today(zone: ZoneInfo) -> date:
    """The date at the school."""
    return now().astimezone(zone).date()
