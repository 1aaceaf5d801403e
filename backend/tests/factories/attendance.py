"""Rows of attendance that somebody asked to have corrected, and of absences."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from app.core.files import StoredFile
from app.db.models import AbsenceRequest, Attendance, AttendanceCorrection, Enrollment


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


def absent(session: Session, enrollment: Enrollment, document: StoredFile) -> dict[str, int]:
    """An absence with a document that waits for a decision, by what addresses call its number."""
    row = AbsenceRequest(
        request=uuid4(),
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        starts_on=date(2026, 5, 4),
        ends_on=date(2026, 5, 11),
        reason="I have the flu",
        evidence_sha256=document.sha256,
        evidence_type="application/pdf",
        evidence_bytes=document.size,
        requested_at=datetime(2026, 5, 3, 12, tzinfo=UTC),
    )
    session.add(row)
    session.flush()
    return {"absence_id": row.id}
