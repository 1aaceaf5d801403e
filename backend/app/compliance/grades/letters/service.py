"""The academic progress letter: what a review found, and what follows, as a document for the student's file."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades import policy
from app.compliance.grades.reviews import queries
from app.compliance.grades.reviews import service as reviews
from app.compliance.grades.reviews.service import ReviewView
from app.core import views
from app.core.errors import NotFound
from app.core.files import FileStore
from app.core.permissions import Subject
from app.core.views import Part
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.enrollment import service as enrollment
from app.rules.days import long_date
from app.school import service as school
from app.web import formats
from app.web.paging import Paging

KIND = "academic_progress_letter"
_OPENINGS = {
    "good": "Your academic progress meets the school’s standard.",
    "warning": "Your academic progress does not meet the school’s standard. This is a warning: you can continue, and "
    "your progress will be reviewed again at the next checkpoint.",
    "not_met": "Your academic progress is not satisfactory.",
    "probation": "Your appeal was granted. You are on academic probation until your next review.",
}


@views.opens(Part.GRADES, student=lambda found, _given: found.row.user_id, record=lambda found: found.row.id)
def read(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> ReviewView:
    """The latest review of an enrollment, for whoever may have its letter made. Raises NotFound, Forbidden."""
    row = next(iter(queries.of_enrollments(session, [enrollment_id])), None)
    if row is None or not documents.may_read(subject, row.user_id):
        raise NotFound(reviews.NO_REVIEW)
    documents.require_issue(subject, row.user_id)
    return reviews.read_review(session, subject, row.id, zone)


def draft(session: Session, subject: Subject, files: FileStore, enrollment_id: int, zone: ZoneInfo) -> Draft:
    """The letter about the latest review as it stands now."""
    found = read(session, subject, enrollment_id, zone)
    row = found.row
    paragraphs = [f"What the review found: {row.explanation}"]
    if row.outcome == "denied":
        paragraphs.append("Your appeal was denied. Please talk to the school office.")
    if row.outcome is not None and row.note:
        paragraphs.append(row.note)
    if found.appeal_until:
        paragraphs.append(
            "If circumstances beyond your control affected your progress, you can appeal until "
            f"{long_date(found.appeal_until)}. Explain what happened and what has changed under Grades."
        )
    pace = formats.percent(row.pace_pct) if row.pace_pct is not None else formats.NOTHING
    return Draft(
        kind=KIND,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        letterhead=school.letterhead(session, files),
        facts={
            "salutation": f"Dear {row.full_name}:",
            "opening": _OPENINGS[row.state],
            "facts": [
                ["Program", row.program],
                ["Checkpoint", f"{row.checkpoint_pct}% of the program"],
                ["Reviewed on", long_date(row.reviewed_on)],
                ["Pace", pace],
                ["GPA", str(row.gpa) if row.gpa is not None else formats.NOTHING],
            ],
            "paragraphs": paragraphs,
        },
        machine={
            "student": row.full_name,
            "program": row.program,
            "checkpoint_pct": row.checkpoint_pct,
            "reviewed_on": row.reviewed_on.isoformat(),
            "state": row.state,
            "explanation": row.explanation,
        },
    )


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    if not policy.may_read(session, subject, student_id):
        return []
    listed = (
        enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=student_id).page().items
    )
    latest: dict[int, Any] = {}
    for row in queries.of_enrollments(session, [one.id for one in listed]):
        latest.setdefault(row.enrollment_id, row)
    several = len(latest) > 1
    return [
        Offer(
            f"Academic progress letter: {row.program}" if several else "Academic progress letter",
            f"/enrollments/{row.enrollment_id}/progress-letter",
        )
        for row in latest.values()
    ]


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="AP",
        title="Academic progress letter",
        layout="progress-letter.typ",
        sample={
            "salutation": "Dear Nguyễn Thị Bích:",
            "opening": "Your academic progress is not satisfactory.",
            "facts": [["Program", "Dental Assistant"], ["Checkpoint", "50% of the program"]],
            "paragraphs": ["What the review found: Pace: 60%."],
        },
        offers=_offers,
        again=lambda document: f"/enrollments/{document.enrollment_id}/progress-letter",
    )
)
