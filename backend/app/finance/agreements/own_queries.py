"""SQL of a student's own agreements, for their first page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.db.models import Enrollment, EnrollmentAgreement, Program
from app.db.ready import Page, Ready

_TO_SIGN = Ready(
    select(EnrollmentAgreement.id, EnrollmentAgreement.expires_at, Program.name.label("program"))
    .join(Enrollment, Enrollment.id == EnrollmentAgreement.enrollment_id)
    .join(Program, Program.id == Enrollment.program_id)
    .where(
        EnrollmentAgreement.student_id == bindparam("user_id"),
        EnrollmentAgreement.status == "awaiting_student",
    )
    .order_by(EnrollmentAgreement.id.desc()),
    page=Page.STUDENTS_FIRST,
)


def to_sign(session: Session, student_id: int, now: datetime) -> Sequence[Any]:
    """Number and program of the agreements that wait for this student's signature, the newest first."""
    return [row for row in _TO_SIGN.rows(session, user_id=student_id) if row.expires_at > now]
