"""A student's complaint, by what addresses call its numbers."""

from datetime import date
from uuid import uuid4

from sqlalchemy.orm import Session

from app.db.models import Complaint, ComplaintFile


def complained(session: Session, user_id: int) -> dict[str, int]:
    """One that has just come, and a paper of an earlier one, which is in no store."""
    complaint, earlier = (_complaint(session, user_id, year) for year in (2026, 2025))
    paper = ComplaintFile(complaint_id=earlier.id, sha256="e" * 64, media_type="image/png")
    session.add(paper)
    session.flush()
    return {"complaint_id": complaint.id, "complaint_file_id": paper.id}


def _complaint(session: Session, user_id: int, year: int) -> Complaint:
    complaint = Complaint(
        number=f"CO-{year}-{user_id:04}",
        request=uuid4(),
        student_id=user_id,
        complainant="Zeb",
        relation="student",
        received_how="portal",
        received_on=date(2026, 5, 1),
        filed_by=user_id,
        kind="safety",
        what="The lab was locked.",
        wanted="Open it.",
        acknowledge_by=date(2026, 5, 6),
        decide_by=date(2026, 5, 31),
    )
    session.add(complaint)
    session.flush()
    return complaint
