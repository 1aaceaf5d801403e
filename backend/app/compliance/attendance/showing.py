"""A record as people and programs see it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.compliance.attendance.schemas import AttendanceOut, StayState
from app.core import clock
from app.db.models import Attendance
from app.rules import hours


def row_shown(row: Any, zone: ZoneInfo, now: datetime) -> AttendanceOut:
    stay, full_name, program = row
    return shown(stay, full_name, program, zone, now)


def shown(stay: Attendance, full_name: str, program: str, zone: ZoneInfo, now: datetime) -> AttendanceOut:
    if stay.missing_clock_out or (stay.clock_out is None and hours.was_forgotten(stay.clock_in, now)):
        state = StayState.NEEDS_CORRECTION
    else:
        state = StayState.OPEN if stay.clock_out is None else StayState.COMPLETE
    # A clock-out that was never made is not shown as one.
    ended = None if stay.missing_clock_out or stay.clock_out is None else clock.local(stay.clock_out, zone)
    return AttendanceOut(
        id=stay.id,
        user_id=stay.user_id,
        student=full_name,
        enrollment_id=stay.enrollment_id,
        program=program,
        clock_in=clock.local(stay.clock_in, zone),
        clock_out=ended,
        total_minutes=None if ended is None else stay.total_minutes,
        state=state,
        notes=stay.notes,
    )
