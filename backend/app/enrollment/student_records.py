"""What of admissions and enrollments is in a student's whole file."""

from sqlalchemy import Select, select

from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    AdmissionDocument,
    Application,
    Enrollment,
    GraduationDecision,
    LeaveOfAbsence,
    LessonCompletion,
    Withdrawal,
    WithdrawalFigures,
    WithdrawalForm,
)


def _enrollments(student: int) -> Select[tuple[int]]:
    return select(Enrollment.id).where(Enrollment.user_id == student)


records.export(
    AdmissionDocument,
    "admission",
    "Admission documents",
    records.owned(AdmissionDocument.user_id),
    papers=(StoredPaper("sha256", "media_type"),),
)
records.export(Application, "admission", "Applications", records.owned(Application.user_id))
records.export(Enrollment, "enrollment", "Enrollments", records.owned(Enrollment.user_id))
records.export(Withdrawal, "enrollment", "Withdrawals", records.owned(Withdrawal.user_id))
records.export(LeaveOfAbsence, "enrollment", "Leaves of absence", records.owned(LeaveOfAbsence.user_id))
records.export(WithdrawalForm, "enrollment", "Requests to withdraw", records.owned(WithdrawalForm.user_id))
records.export(
    WithdrawalFigures,
    "enrollment",
    "What the progress at a withdrawal was computed from",
    lambda student: WithdrawalFigures.withdrawal_id.in_(
        select(Withdrawal.id).where(Withdrawal.user_id == student)
    ),
)
for column, title in (
    (LessonCompletion.enrollment_id, "Lessons completed"),
    (GraduationDecision.enrollment_id, "Why an enrollment was completed"),
):
    records.export(column.class_, "enrollment", title, records.within(column, _enrollments))
