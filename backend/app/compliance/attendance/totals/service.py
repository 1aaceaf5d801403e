"""Whether the totals agree with the records: looked at every night, and put right by command.

The pages read the totals, so that what they do does not grow with everybody's history; the documented query adds up
the records themselves. The two are equal, or this says where they are not.
"""

from sqlalchemy.orm import Session

from app.compliance.attendance.totals import queries
from app.core.actions import Action
from app.core.kept_sums import NAMED, Comparison, KeptSums
from app.core.permissions import internal

_SENTENCES = {
    "enrollment": "Enrollment {number} on {day}: {kept:,} minutes kept, {counted:,} recorded",
    "school": "All students on {day}, part {number}: {kept:,} minutes kept, {counted:,} recorded",
    "student": "Student {number}: {kept:,} minutes kept, {counted:,} recorded",
    "records": "Student {number}: {kept:,} records kept, {counted:,} recorded",
}


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


_SUMS = KeptSums(compare, Action.ATTENDANCE_TOTALS_CHECKED, Action.ATTENDANCE_TOTALS_REBUILT)


@internal("the nightly job")
def check(session: Session) -> Comparison:
    """Compare, and record in the history what was found."""
    return _SUMS.check(session)


@internal("the operator's command")
def rebuild(session: Session) -> int:
    """Put the totals right from the records. Gives how many were wrong; the clock waits meanwhile."""
    mended = queries.rebuild(session)
    _SUMS.record_rebuilt(session, mended)
    return mended


@internal("holds sums, and the numbers of records; the page that shows it asks")
def last_check(session: Session) -> Comparison | None:
    """The newest comparison of the history; None when the totals were rebuilt since, or never compared."""
    return _SUMS.last_check(session)
