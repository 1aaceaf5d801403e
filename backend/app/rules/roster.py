"""What a mark on the roster of a class meeting counts, and what of a clocked time lies in meetings.

An instructor attests with a mark that a student was in class: the scheduled time counts, from when a late student came
and until when one left. What nobody attests counts nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from app.rules.hours import TimeEntry


class Mark(StrEnum):
    """What the roster says of a student at a meeting."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    EXCUSED = "excused"

    @property
    def attends(self) -> bool:
        """Whether the student was there, if only for a part."""
        return self in (Mark.PRESENT, Mark.LATE, Mark.LEFT_EARLY)

    @property
    def label(self) -> str:
        """The mark as a page names it."""
        return self.value.replace("_", " ").capitalize()


def counted(
    mark: Mark | None,
    starts: datetime,
    ends: datetime,
    arrived: datetime | None = None,
    left: datetime | None = None,
) -> TimeEntry | None:
    """The time that a mark attests, within the meeting; None for one that attests none."""
    if mark is None or not mark.attends:
        return None
    begins = min(max(arrived or starts, starts), ends)
    stops = max(min(left or ends, ends), begins)
    return TimeEntry(begins, stops)


def within_meetings(entry: TimeEntry, meetings: Iterable[tuple[datetime, datetime]]) -> list[TimeEntry]:
    """The parts of a clocked time that lie in scheduled meetings, in order and without overlap."""
    parts: list[TimeEntry] = []
    for starts, ends in sorted(meetings):
        begins, stops = max(entry.clock_in, starts), min(entry.clock_out, ends)
        if parts and begins <= parts[-1].clock_out:
            begins = parts[-1].clock_in
            stops = max(stops, parts[-1].clock_out)
            parts.pop()
        if stops > begins:
            parts.append(TimeEntry(begins, stops))
    return parts


def is_tardy(begins: datetime, starts: datetime, after_minutes: int) -> bool:
    """Whether somebody who began to attend a meeting at `begins` came late to it by the policy."""
    return begins - starts > timedelta(minutes=after_minutes)
