"""The enrollment verification letter: that a student is or was enrolled, in what, and since when."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, views
from app.core.errors import NotFound
from app.core.files import FileStore
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import EnrollmentStatus
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Letterhead, Offer
from app.enrollment import policy
from app.enrollment import service as enrollment
from app.enrollment.letters import queries
from app.rules.days import long_date
from app.school import service as school
from app.web.paging import Paging

KIND = "enrollment_letter"
_STATUS = {
    EnrollmentStatus.ACTIVE: "Enrolled",
    EnrollmentStatus.COMPLETED: "Completed",
    EnrollmentStatus.WITHDRAWN: "Withdrawn",
}


@views.opens(Part.ENROLLMENT, student=lambda row, _given: row.user_id)
def read(session: Session, subject: Subject, enrollment_id: int) -> Row[Any]:
    """The enrollment that a letter is about, for whoever may have it made. Raises NotFound, Forbidden."""
    row = queries.facts_of(session, enrollment_id)
    if row is None or not documents.may_read(subject, row.user_id):
        raise NotFound(policy.NO_ENROLLMENT)
    # Deleted students are known to those alone who may restore them.
    policy.require_read(session, subject, row.user_id)
    documents.require_issue(subject, row.user_id)
    return row


def draft(
    session: Session, subject: Subject, files: FileStore, enrollment_id: int, recipient: str | None
) -> Draft:
    """The letter from the records as they are now. `recipient` are the lines of an address, if there is one."""
    row = read(session, subject, enrollment_id)
    letterhead = school.letterhead(session, files)
    withdrawn_on = clock.local(row.withdrawn_at, letterhead.zone).date() if row.withdrawn_at else None
    return Draft(
        kind=KIND,
        student_id=row.user_id,
        enrollment_id=row.id,
        letterhead=letterhead,
        facts=_words(row, letterhead, recipient, withdrawn_on, clock.today(letterhead.zone)),
        machine={
            "student": row.full_name,
            "program": row.program_name,
            "status": row.status.value,
            "enrolled_on": row.enrolled_at.isoformat(),
            "completed_on": row.completed_at.isoformat() if row.completed_at else None,
            "withdrawn_on": withdrawn_on.isoformat() if withdrawn_on else None,
            "clock_hours": row.clock_hours,
        },
    )


def _words(
    row: Row[Any], letterhead: Letterhead, recipient: str | None, withdrawn_on: date | None, today: date
) -> dict[str, Any]:
    name, program, where = row.full_name, row.program_name, letterhead.legal_name
    since = long_date(row.enrolled_at)
    facts = [["Student", name], ["Program", program], ["Status", _STATUS[row.status]], ["Enrolled on", since]]
    match row.status:
        case EnrollmentStatus.ACTIVE:
            opening = f"This letter confirms that {name} is enrolled in the program {program} at {where}."
        case EnrollmentStatus.COMPLETED:
            ended = long_date(row.completed_at) if row.completed_at else ""
            opening = f"This letter confirms that {name} completed the program {program} at {where}."
            facts.append(["Completed on", ended])
        case _:
            opening = f"This letter confirms that {name} was enrolled in the program {program} at {where} and withdrew."
            facts.append(["Withdrew on", long_date(withdrawn_on) if withdrawn_on else "not recorded"])
    length = [f"{row.clock_hours:,} clock hours"] if row.clock_hours else []
    length += [f"{row.duration_weeks} weeks"] if row.duration_weeks else []
    if length:
        facts.append(["Program length", ", ".join(length)])
    lines = [line for line in (recipient or "").splitlines() if line.strip()]
    return {
        "recipient": lines,
        "salutation": "To whom it may concern:",
        "opening": opening,
        "facts": facts,
        "paragraphs": [f"This letter reflects the school’s records as of {long_date(today)}."],
    }


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    listed = enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=student_id).page()
    several = len(listed.items) > 1
    return [
        Offer(
            f"Enrollment letter: {row.program_name}" if several else "Enrollment letter",
            f"/enrollments/{row.id}/letter",
        )
        for row in listed.items
    ]


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="EV",
        title="Enrollment verification letter",
        layout="enrollment-letter.typ",
        sample={
            "recipient": ["A bank", "1 Peachtree Street"],
            "salutation": "To whom it may concern:",
            "opening": "This letter confirms that Nguyễn Thị Bích is enrolled.",
            "facts": [["Student", "Nguyễn Thị Bích"], ["Status", "Enrolled"]],
            "paragraphs": ["This is what the school’s records say."],
        },
        offers=_offers,
        again=lambda document: f"/enrollments/{document.enrollment_id}/letter",
    )
)
