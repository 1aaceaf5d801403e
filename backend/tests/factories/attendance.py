"""Rows of attendance that somebody asked to have corrected."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.db.models import Attendance, AttendanceCorrection


def requested(session: Session, record: Attendance, asked_by: int) -> AttendanceCorrection:
    """A request for an hour more of a closed record that waits for a decision."""
    assert record.clock_out is not None
    row = AttendanceCorrection(
        user_id=record.user_id,
        enrollment_id=record.enrollment_id,
        attendance_id=record.id,
        kind="change",
        old_clock_in=record.clock_in,
        old_clock_out=record.clock_out,
        clock_in=record.clock_in,
        clock_out=record.clock_out + timedelta(hours=1),
        reason="Stayed longer",
        asked_by=asked_by,
    )
    session.add(row)
    session.flush()
    return row
