"""An instant as a person writes it: a local time with its zone, or one with an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.ops.errors import OperatorError

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*(\S.*)?")
_EXAMPLE = "such as '2026-03-08 01:59:59 America/New_York' or 2026-03-08T06:59:59+00:00"


def parse(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC; without a zone it is the school's. Raises OperatorError for what is no instant, for a time
    that the clocks skipped, and for one that they showed twice.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise OperatorError(f"“{text}” is not a date and time: write one {_EXAMPLE}.")
    day, time, place = found.groups()
    try:
        local = datetime.fromisoformat(f"{day} {time}")
        if place is not None and re.fullmatch(r"Z|[+-]\d{2}:?\d{2}", place):
            return datetime.fromisoformat(f"{day} {time}{place}").astimezone(UTC)
    except ValueError as error:
        raise OperatorError(f"“{text}” is not a date and time ({error}): write one {_EXAMPLE}.") from error
    if place is not None:
        try:
            zone = ZoneInfo(place)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise OperatorError(
                f"“{place}” is not a time zone: write its full name, such as America/New_York, or an offset such "
                "as -05:00."
            ) from error
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise OperatorError(
            f"There was no {day} {time} in {zone.key}: the clocks were set forward over it. Write an instant before or "
            f"after the gap, or one in UTC, such as {first.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00."
        )
    if first.utcoffset() != second.utcoffset():
        raise OperatorError(
            f"{day} {time} came twice in {zone.key}, because the clocks were set back. Write "
            f"'{first.isoformat(sep=' ')}' for the first time or '{second.isoformat(sep=' ')}' for the second."
        )
    return first.astimezone(UTC)
