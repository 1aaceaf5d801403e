"""An enrollment does not end while its student is clocked in."""

from sqlalchemy.orm import Session

from app.compliance.attendance import policy
from app.compliance.attendance.records import open_in
from app.core.permissions import Subject
from app.enrollment.service import Ending, Objection
from app.web import formats


def clocked_in(session: Session, subject: Subject, ending: Ending) -> Objection | None:
    """The open attendance record, if there is one.

    It is not closed here: hours count towards refunds and the state's report, and only people know when the student
    left.
    """
    if not ending.lock and not policy.may_read(session, subject, ending.user_id):
        return None  # a preview by someone who sees no hours, and who ends no enrollment
    record = open_in(session, subject, ending.enrollment_id, ending.zone, lock=ending.lock)
    if record is None:
        return None
    return Objection(
        title="Still clocked in",
        sentence=f"{record.student} has been clocked in for this enrollment since "
        f"{formats.local_time(record.clock_in, ending.zone)}. "
        "First enter the clock-out in the attendance record, then end the enrollment.",
        href=f"/attendance/{record.id}",
        action="Enter the clock-out",
        extra={"attendance_id": record.id, "attendance_url": f"/attendance/{record.id}"},
    )
