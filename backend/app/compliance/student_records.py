"""What of hours, grades, transcripts, credentials and externships is in a student's whole file."""

from sqlalchemy import Select, select

from app.compliance.complaints import policy as complaints
from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    AbsenceRequest,
    Attendance,
    AttendanceCorrection,
    ClassAttendance,
    Complaint,
    ComplaintFile,
    ComplaintStep,
    Credential,
    CredentialEnding,
    CredentialIssue,
    CredentialReminder,
    CredentialShare,
    EmploymentOutcome,
    Enrollment,
    Externship,
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipPlacement,
    FinalGrade,
    GradeChange,
    GradeScore,
    IssuedDocument,
    KioskCard,
    KioskPunch,
    ProgressAppeal,
    ProgressReview,
    SkillAttempt,
    SkillVoid,
    Transcript,
    TranscriptContent,
    TranscriptDelivery,
    TranscriptHold,
    TranscriptRequest,
)


def _enrollments(student: int) -> Select[tuple[int]]:
    return select(Enrollment.id).where(Enrollment.user_id == student)


def _finals(student: int) -> Select[tuple[int]]:
    return select(FinalGrade.id).where(FinalGrade.enrollment_id.in_(_enrollments(student)))


def _reviews(student: int) -> Select[tuple[int]]:
    return select(ProgressReview.id).where(ProgressReview.enrollment_id.in_(_enrollments(student)))


def _attempts(student: int) -> Select[tuple[int]]:
    return select(SkillAttempt.id).where(SkillAttempt.enrollment_id.in_(_enrollments(student)))


def _credentials(student: int) -> Select[tuple[int]]:
    return select(Credential.id).where(Credential.user_id == student)


def _externships(student: int) -> Select[tuple[int]]:
    return select(Externship.id).where(Externship.user_id == student)


def _transcripts(student: int) -> Select[tuple[int]]:
    return select(Transcript.id).where(Transcript.user_id == student)


def _complaints(student: int) -> Select[tuple[int]]:
    return select(Complaint.id).where(Complaint.student_id == student)


def _documents(student: int) -> Select[tuple[int]]:
    return select(IssuedDocument.id).where(IssuedDocument.student_id == student)


export, owned, within = records.export, records.owned, records.within
export(Attendance, "attendance", "Attendance records", owned(Attendance.user_id))
export(
    AbsenceRequest,
    "attendance",
    "Reported absences",
    owned(AbsenceRequest.user_id),
    papers=(StoredPaper("evidence_sha256", "evidence_type"),),
)
export(
    AttendanceCorrection,
    "attendance",
    "Requests to correct hours",
    owned(AttendanceCorrection.user_id),
    papers=(StoredPaper("evidence_sha256", "evidence_type"),),
)
export(
    ClassAttendance, "attendance", "Marks on the roster", within(ClassAttendance.enrollment_id, _enrollments)
)
export(
    CredentialIssue,
    "credentials",
    "What belongs to each credential",
    within(CredentialIssue.credential_id, _credentials),
    withheld={"code_hash": "A secret: whoever has the code sees the public page."},
)
for column, title in (
    (CredentialEnding.credential_id, "Credentials that ended"),
    (CredentialShare.credential_id, "Pages that the student shared"),
    (CredentialReminder.credential_id, "Reminders of credentials that expire"),
):
    export(column.class_, "credentials", title, within(column, _credentials))
export(Credential, "credentials", "Credentials", owned(Credential.user_id))
export(Externship, "externships", "Externships", owned(Externship.user_id))
export(ExternshipHours, "externships", "Hours of externships", owned(ExternshipHours.user_id))
export(
    ExternshipPlacement,
    "externships",
    "Placements",
    within(ExternshipPlacement.externship_id, _externships),
    papers=(StoredPaper("document_sha256", "document_type"),),
)
export(
    ExternshipEvaluation,
    "externships",
    "Evaluations by supervisors",
    within(ExternshipEvaluation.externship_id, _externships),
)
records.leave_out(
    "Links to supervisors: secrets, and nothing about the student that is not in the hours.",
    "externship_links",
)
records.leave_out(
    "Sites, their agreements and rubrics; they are about no student.",
    "externship_agreements",
    "externship_rubrics",
)
export(Transcript, "transcripts", "Transcripts", owned(Transcript.user_id))
export(
    TranscriptContent,
    "transcripts",
    "What each transcript says",
    within(TranscriptContent.transcript_id, _transcripts),
    withheld={"code_hash": "A secret: whoever has the code sees the public page."},
)
export(TranscriptHold, "transcripts", "Holds", owned(TranscriptHold.user_id))
export(TranscriptRequest, "transcripts", "Requests for transcripts", owned(TranscriptRequest.user_id))
export(
    TranscriptDelivery,
    "transcripts",
    "Deliveries of transcripts",
    within(TranscriptDelivery.document_id, _documents),
    withheld={"token_hash": "A secret: whoever has the link opens the transcript."},
)
records.leave_out(
    "Steps of a bulk issue; the transcripts are in.", "transcript_batches", "transcript_batch_items"
)
export(FinalGrade, "grades", "Final grades", within(FinalGrade.enrollment_id, _enrollments))
export(GradeScore, "grades", "Scores", within(GradeScore.enrollment_id, _enrollments))
export(GradeChange, "grades", "Grade changes", within(GradeChange.final_grade_id, _finals))
export(
    ProgressReview,
    "grades",
    "Reviews of academic progress",
    within(ProgressReview.enrollment_id, _enrollments),
)
export(ProgressAppeal, "grades", "Appeals", within(ProgressAppeal.review_id, _reviews))
export(
    SkillAttempt,
    "grades",
    "Skills check-offs",
    within(SkillAttempt.enrollment_id, _enrollments),
    papers=(StoredPaper("photo_sha256", "photo_type"),),
)
export(SkillVoid, "grades", "Check-offs that were voided", within(SkillVoid.attempt_id, _attempts))
records.leave_out("What each version of a skill asked of everybody.", "skill_versions")
records.leave_out(
    "Sums of the attendance records, which are in; kept so that pages are quick.",
    "attendance_days",
    "attendance_standings",
    "attendance_students",
)
records.leave_out("Days up to which hours are final, for everybody.", "attendance_closings")
export(
    KioskPunch,
    "attendance",
    "Punches at kiosks",
    owned(KioskPunch.user_id),
    withheld={"signature": "The tablet’s, over what was typed at it."},
)
export(KioskCard, "attendance", "Cards for kiosks", owned(KioskCard.user_id))
records.leave_out("Only a sealed hash of the PIN is kept, and when it was chosen.", "kiosk_pins")
records.leave_out("Tablets of the school, and which of the staff added them.", "kiosks")
records.leave_out("Steps of a bulk issue; the credentials are in.", "credential_orders")
_NOT_ABOUT_ONESELF = "Nobody finds complaints about themselves."
export(
    Complaint,
    "complaints",
    "Complaints",
    owned(Complaint.student_id),
    readable=complaints.readable,
    limited=_NOT_ABOUT_ONESELF,
)
for model, title, papers in (
    (ComplaintStep, "Steps of complaints", ()),
    (ComplaintFile, "Papers of complaints", (StoredPaper("sha256", "media_type"),)),
):
    export(
        model,
        "complaints",
        title,
        within(model.complaint_id, _complaints),
        papers=papers,
        readable=lambda reader, model=model: model.complaint_id.in_(  # type: ignore[misc]
            select(Complaint.id).where(complaints.readable(reader))
        ),
        limited=_NOT_ABOUT_ONESELF,
    )
records.leave_out("Of the whole school, and of no student.", "closure_archives")
records.export(
    EmploymentOutcome,
    "outcomes",
    "Employment after graduation",
    records.within(EmploymentOutcome.enrollment_id, _enrollments),
)
