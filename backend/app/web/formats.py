"""How values read on a page: the school's time zone, durations in hours and minutes, dollars, percent.

Every function takes None and answers an en dash, so that a page need not ask first.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from app.core.clock import local
from app.core.money import format_cents

NOTHING = "–"
_GAP = "\u00a0"
"""Between a number and its unit: a line must not break inside `373 h 45 min`."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = {
    "America/New_York": "Eastern Time",
    "America/Chicago": "Central Time",
    "America/Denver": "Mountain Time",
    "America/Phoenix": "Mountain Standard Time",
    "America/Los_Angeles": "Pacific Time",
    "America/Anchorage": "Alaska Time",
    "Pacific/Honolulu": "Hawaii Time",
    "America/Puerto_Rico": "Atlantic Standard Time",
}
"""The time zones of the United States by the names that people use."""
_STEPS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def zone_name(key: str) -> str:
    """`America/New_York` as `Eastern Time`; a zone elsewhere by its own name, `Europe/Paris time`."""
    return ZONES.get(key) or f"{key.replace('_', ' ')} time"


def day(value: date | datetime | None, zone: ZoneInfo) -> str:
    """`Nov 22, 2026`; of a moment, the date at the school."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = local(value, zone).date()
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def month(key: str) -> str:
    """`2026-11` as `Nov 2026`."""
    year, _, number = key.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def greeting_name(full_name: str) -> str:
    """The name that a greeting uses: `Maria` of `Maria Lopez`, and `Dr. Okoro` of `Dr. Samuel Okoro`."""
    words = full_name.split()
    return f"{words[0]} {words[-1]}" if words[0].endswith(".") and len(words) > 1 else words[0]


def clock_time(value: datetime | None, zone: ZoneInfo) -> str:
    """`2:05 PM`, without date and zone: only where both stand beside it."""
    if value is None:
        return NOTHING
    moment = local(value, zone)
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def local_time(value: datetime | None, zone: ZoneInfo) -> str:
    """`Nov 22, 2026, 2:05 PM EST`. The zone's name tells the two hours apart that a DST change repeats."""
    if value is None:
        return NOTHING
    return f"{day(value, zone)}, {clock_time(value, zone)} {local(value, zone).tzname()}"


def deadline(value: datetime | None, zone: ZoneInfo) -> str:
    """`Nov 22, 2026, 2:05 PM EST`, and `the end of Nov 22, 2026` for the midnight after it, which people misread."""
    if value is not None and local(value, zone).time() == time(0):
        return f"the end of {day(value - timedelta(seconds=1), zone)}"
    return local_time(value, zone)


def duration_minutes(value: int | None) -> str:
    """`7 h 40 min` with no-break spaces; whole hours without the minutes, less than an hour without the hours."""
    if value is None:
        return NOTHING
    sign = "−" if value < 0 else ""
    hours, minutes = divmod(abs(value), 60)
    if not hours:
        return f"{sign}{minutes}{_GAP}min"
    return f"{sign}{hours:,}{_GAP}h" + (f"{_GAP}{minutes}{_GAP}min" if minutes else "")


def duration_seconds(value: int | None) -> str:
    """`1 h 5 min`, `3 min 20 s`, `45 s`: seconds only while they matter."""
    if value is None:
        return NOTHING
    sign = "−" if value < 0 else ""
    minutes, seconds = divmod(abs(value), 60)
    if minutes >= 60:
        return sign + duration_minutes(minutes)
    if not minutes:
        return f"{sign}{seconds}{_GAP}s"
    return f"{sign}{minutes}{_GAP}min" + (f"{_GAP}{seconds}{_GAP}s" if seconds else "")


def elapsed(since: datetime, now: datetime) -> str:
    """`2:05:09`, hours, minutes and seconds since a moment: a clock that runs on in the browser."""
    seconds = max(0, int((now - since).total_seconds()))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def dollars(cents: int | None) -> str:
    """`$1,234.00`."""
    return NOTHING if cents is None else format_cents(cents)


def percent(value: Decimal | int | float | None) -> str:
    """`45.5%`: one decimal at most, cut and not rounded, so that nobody reads 100% before it is reached."""
    if value is None:
        return NOTHING
    cut = Decimal(str(value)).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    text = f"{cut:f}".removesuffix(".0")
    return f"{'0' if text == '-0' else text.replace('-', '−')}%"


def relative(value: datetime | None, now: datetime) -> str:
    """`3 hours ago`, `in 2 days`, `just now`."""
    if value is None:
        return NOTHING
    distance = now - value.astimezone(UTC)
    ahead = distance < timedelta(0)
    for step, word in _STEPS:
        count = abs(distance) // step
        if count:
            text = f"{count} {word}{'' if count == 1 else 's'}"
            return f"in {text}" if ahead else f"{text} ago"
    return "just now"
