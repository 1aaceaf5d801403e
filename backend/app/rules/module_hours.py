"""Which course a recorded minute belongs to: that of the class meeting during which the student was there.

A transcript of a clock-hour school gives hours by module (GNPEC Standard 5 asks for courses and grades; the hours are
what such a school counts in). A time entry is cut where meetings begin and end. Its parts add up to its minutes
exactly, a minute counts once, and what lies outside every meeting belongs to no module.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.rules.hours import TimeEntry, minutes_between
from app.rules.meetings import Meeting


@dataclass(frozen=True, slots=True)
class CourseMeeting:
    """A meeting of a class that teaches `course`."""

    course: Hashable
    meeting: Meeting


def minutes_by_course(
    entries: Iterable[TimeEntry], meetings: Iterable[CourseMeeting]
) -> dict[Hashable | None, int]:
    """Minutes by course over all entries; under None what no meeting covers. Courses without a minute are left out.

    Where two classes meet at once, the one that began first has the minute.
    """
    in_order = sorted(meetings, key=lambda one: (one.meeting.starts, one.meeting.ends, str(one.course)))
    begins = [one.meeting.starts for one in in_order]
    longest = max((one.meeting.ends - one.meeting.starts for one in in_order), default=timedelta(0))
    totals: dict[Hashable | None, int] = {}
    for entry in entries:
        # Of a year's meetings, those that may touch this day.
        first = bisect_left(begins, entry.clock_in - longest)
        last = bisect_left(begins, entry.clock_out)
        for course, minutes in _parts(entry, in_order[first:last]):
            if minutes:
                totals[course] = totals.get(course, 0) + minutes
    return totals


def _parts(entry: TimeEntry, in_order: Sequence[CourseMeeting]) -> Iterable[tuple[Hashable | None, int]]:
    """The entry cut at the meetings, with whole minutes counted from the clock-in, so that no cut loses one."""
    cursor, counted = entry.clock_in, 0
    for one in in_order:
        starts, ends = max(one.meeting.starts, cursor), min(one.meeting.ends, entry.clock_out)
        if ends <= starts:
            continue
        for course, until in ((None, starts), (one.course, ends)):
            upto = minutes_between(entry.clock_in, until)
            yield course, upto - counted
            counted = upto
        cursor = ends
    yield None, minutes_between(entry.clock_in, entry.clock_out) - counted
