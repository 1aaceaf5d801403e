"""A record as people and programs see it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.compliance.attendance.schemas import AttendanceOut, AttendanceState
from app.core import clock
from app.db.models import Attendance

Entry = Attendance | Any


def present_row(row: Any, zone: ZoneInfo, forgotten_before: datetime) -> AttendanceOut:
    return present(row, row.student, row.program, zone, forgotten_before)


def present(
    entry: Entry, full_name: str, program: str, zone: ZoneInfo, forgotten_before: datetime
) -> AttendanceOut:
    """A record, or a row of its columns, as it is shown.

    One open since before `forgotten_before` waits for a correction.
    """
    if entry.missing_clock_out or (entry.clock_out is None and entry.clock_in < forgotten_before):
        state = AttendanceState.NEEDS_CORRECTION
    else:
        state = AttendanceState.OPEN if entry.clock_out is None else AttendanceState.COMPLETE
    # A clock-out that was never made is not shown as one.
    ended = None if entry.missing_clock_out or entry.clock_out is None else clock.local(entry.clock_out, zone)
    return AttendanceOut(
        id=entry.id,
        user_id=entry.user_id,
        student=full_name,
        enrollment_id=entry.enrollment_id,
        program=program,
        clock_in=clock.local(entry.clock_in, zone),
        clock_out=ended,
        total_minutes=None if ended is None else entry.total_minutes,
        state=state,
        notes=entry.notes,
        source=entry.source,
        punched_in=None if entry.punched_in is None else clock.local(entry.punched_in, zone),
        punched_out=None if entry.punched_out is None else clock.local(entry.punched_out, zone),
    )
