"""Whether the totals agree with the records: looked at every night, and put right by command.

The pages read the totals, so that what they do does not grow with everybody's history; the documented query adds up
the records themselves. The two are equal, or this says where they are not.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.compliance.attendance.totals import queries
from app.core import history
from app.core.actions import Action
from app.core.permissions import SYSTEM, internal

NAMED = 20
"""Differences that are named one by one."""
_SENTENCES = {
    "enrollment": "Enrollment {number} on {day}: {kept:,} minutes kept, {counted:,} recorded",
    "school": "All students on {day}, part {number}: {kept:,} minutes kept, {counted:,} recorded",
    "student": "Student {number}: {kept:,} minutes kept, {counted:,} recorded",
    "records": "Student {number}: {kept:,} records kept, {counted:,} recorded",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found: how many totals differ, and the first of them in words."""

    differences: int
    named: list[str]
    at: datetime | None = None
    """When it was recorded; None for one that is not in the history."""


@internal("compares two of the school's own sums; for jobs and the operator's command")
def compare(session: Session) -> Comparison:
    """Add up every attendance record and compare. Nothing waits for it; it takes seconds for millions of records."""
    total, rows = queries.differences(session, NAMED)
    return Comparison(
        total,
        [
            _SENTENCES[row.kind].format(number=row.number, day=row.day, kept=row.kept, counted=row.counted)
            for row in rows
        ],
    )


@internal("the nightly job")
def check(session: Session) -> Comparison:
    """Compare, and record in the history what was found."""
    found = compare(session)
    history.record(
        session,
        SYSTEM,
        Action.ATTENDANCE_TOTALS_CHECKED,
        None,
        differences=found.differences,
        named=found.named,
    )
    return found


@internal("the operator's command")
def rebuild(session: Session) -> int:
    """Put the totals right from the records. Gives how many were wrong; the clock waits meanwhile."""
    mended = queries.rebuild(session)
    history.record(session, SYSTEM, Action.ATTENDANCE_TOTALS_REBUILT, None, count=mended)
    return mended


@internal("holds sums, and the numbers of records; the page that shows it asks")
def last_check(session: Session) -> Comparison | None:
    """The newest comparison of the history; None when the totals were rebuilt since, or never compared."""
    found = history.latest(session, Action.ATTENDANCE_TOTALS_CHECKED, Action.ATTENDANCE_TOTALS_REBUILT)
    if found is None or found.action is Action.ATTENDANCE_TOTALS_REBUILT:
        return None
    return Comparison(found.details["differences"], found.details["named"], found.at)
