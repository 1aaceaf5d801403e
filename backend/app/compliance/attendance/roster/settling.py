"""The hours that follow from a mark: worked out when the meeting is over, and again whenever the mark changes.

A student who clocked in themself has their own time entry, and the roster adds nothing to it. Otherwise the mark makes
one time entry of the scheduled time. Nothing is deleted: a mark that attests nothing leaves its entry without length.
A corrected entry keeps the hours that were approved.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import checks, policies_in_force
from app.compliance.attendance import queries as records
from app.compliance.attendance.roster import queries
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import history
from app.core.actions import Action
from app.core.permissions import Actor
from app.db.models import Attendance, ClassAttendance
from app.rules import hours
from app.rules.roster import Mark, counted

ROSTER = "roster"
CORRECTED = ("staff", "make_up")
"""Sources of time entries that an approved request has written."""


def settle(
    session: Session,
    subject: Actor,
    row: ClassAttendance,
    chosen: EnrollmentChoice,
    label: str,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Make the hours agree with the mark, if the meeting is over or the mark attests no more of it.

    `chosen` is the mark's enrollment, locked; `label` says whose mark it is, for the notes of the time entry. Raises
    Invalid and Conflict for hours that cannot count.
    """
    mark = None if row.mark is None else Mark(row.mark)
    wanted = counted(mark, row.starts_at, row.ends_at, row.arrived_at, row.left_at)
    if (
        wanted is not None
        and wanted.clock_out <= now
        and checks.leave_during(session, chosen.id, wanted.clock_in, wanted.clock_out, zone)
    ):
        # A mark of before the leave: no hours count on these days, so there is nothing to wait for.
        wanted = None
    made = records.find(session, row.attendance_id, lock=True) if row.attendance_id else None
    if made is not None and made.source in CORRECTED:
        # What somebody asked for and a second person approved holds against every later mark, no hours at all included.
        row.settled_at = now
        session.flush()
        return
    if made is not None and made.source != ROSTER:
        # Their own clock: that is nobody's to change from here.
        made = None
        row.attendance_id = None
    others = [
        one
        for one in queries.during(session, [chosen.user_id], row.starts_at, row.ends_at).get(
            chosen.user_id, []
        )
        if made is None or one.id != made.id
    ]
    row.settled_at = None
    if wanted is not None and others:
        # What the roster has counted already stays the mark's, so that another mark can take it back.
        counts = made is not None and made.clock_out != made.clock_in
        row.attendance_id = made.id if made is not None and counts else others[0].id
        if any(one.clock_out is None for one in others):
            return
    elif wanted is not None and wanted.clock_out > now:
        if made is not None:
            _write(session, subject, made, hours.TimeEntry(wanted.clock_in, wanted.clock_in), label)
        return
    elif wanted is not None and wanted.clock_out > wanted.clock_in:
        _require_countable(session, chosen, wanted, made, zone)
        if made is None:
            made = _insert(session, subject, chosen, wanted, label)
            row.attendance_id = made.id
        else:
            _write(session, subject, made, wanted, label)
    elif made is not None:
        _write(session, subject, made, hours.TimeEntry(made.clock_in, made.clock_in), label)
    row.settled_at = now
    session.flush()


def _require_countable(
    session: Session,
    chosen: EnrollmentChoice,
    wanted: hours.TimeEntry,
    made: Attendance | None,
    zone: ZoneInfo,
) -> None:
    policies_in_force.of(session, wanted.clock_in, zone, use=True)
    was = None if made is None or made.clock_out is None else hours.TimeEntry(made.clock_in, made.clock_out)
    checks.require_within_day(
        session, chosen.user_id, wanted.clock_in, wanted.clock_out, zone, instead_of=was
    )
    checks.require_countable(session, chosen, wanted.clock_in, wanted.clock_out, zone)


def _insert(
    session: Session, subject: Actor, chosen: EnrollmentChoice, wanted: hours.TimeEntry, label: str
) -> Attendance:
    entry = Attendance(
        user_id=chosen.user_id,
        enrollment_id=chosen.id,
        clock_in=wanted.clock_in,
        clock_out=wanted.clock_out,
        source=ROSTER,
        notes=label,
    )
    queries.add(session, entry)
    history.record(
        session,
        subject,
        Action.ATTENDANCE_ENTERED,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        reason=label,
        after=checks.times(entry),
    )
    return entry


def _write(session: Session, subject: Actor, entry: Attendance, wanted: hours.TimeEntry, label: str) -> None:
    if (entry.clock_in, entry.clock_out) == (wanted.clock_in, wanted.clock_out):
        return
    before = checks.times(entry)
    entry.clock_in, entry.clock_out, entry.notes = wanted.clock_in, wanted.clock_out, label
    session.flush()
    session.refresh(entry)
    history.record(
        session,
        subject,
        Action.ATTENDANCE_CORRECTED,
        entry.id,
        student_id=entry.user_id,
        enrollment_id=entry.enrollment_id,
        reason=label,
        before=before,
        after=checks.times(entry),
    )
