"""The letters with the decisions: signed documents, written down in the same transaction as the decision."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import mails, policies_in_force, policy
from app.compliance.complaints.schemas import AppealDecisionForm, DecisionForm
from app.compliance.complaints.steps import at_work, note_step, record
from app.core.actions import Action
from app.core.errors import Forbidden
from app.core.files import FileStore
from app.core.permissions import Actor, Permission, Subject
from app.db.models import Complaint, IssuedDocument
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.rules import complaints as rules
from app.rules.complaints import GNPEC
from app.rules.days import long_date
from app.school import service as school

KIND = "complaint_decision"
_PROCEDURE_OVER = (
    f"If you are not satisfied, you can take your complaint to the {GNPEC.name} ({GNPEC.short}): {GNPEC.address}, "
    f"telephone {GNPEC.phone}, {GNPEC.url}. The Commission asks that the school’s own procedure is completed first."
)


def draft_decision(
    session: Session, subject: Subject, files: FileStore, complaint_id: int, values: DecisionForm, today: date
) -> Draft:
    """The letter with a decision. Issuing it decides the complaint. Raises Conflict, NotFound, Forbidden."""
    row = at_work(session, subject, complaint_id, "decide")
    terms = policies_in_force.of(session, today)
    appeal_by = rules.due(today, terms.appeal_days)
    student = accounts.people_by_id(session, [row.student_id])[row.student_id]
    where = (
        ": under Complaints on the school’s pages, or in a letter to the school"
        if policy.follows_on_pages(row, student)
        else ", in a letter to the school"
    )

    def written(session: Session, subject: Actor, document: IssuedDocument, issued_on: date) -> None:
        # Asked again: somebody may have decided while the letter was made.
        row = at_work(session, subject, complaint_id, "decide")
        terms = policies_in_force.of(session, issued_on, use=True)
        row.outcome, row.decision, row.decided_on = values.outcome, values.decision, issued_on
        row.decided_by, row.decision_document_id = subject.user_id, document.id
        row.appeal_by, row.state = rules.due(issued_on, terms.appeal_days), "decided"
        session.flush()
        note_step(session, subject, row, "decided", rules.OUTCOMES[values.outcome])
        record(
            session,
            subject,
            Action.COMPLAINT_DECIDED,
            row,
            outcome=values.outcome,
            document=document.number,
        )
        mails.send_step(session, subject, row, "decided")

    return _draft(
        session,
        files,
        row,
        "The school has decided your complaint.",
        rules.OUTCOMES[values.outcome],
        values.decision,
        f"You can appeal this decision until {long_date(appeal_by)}{where}. Somebody who did not make this decision "
        "decides the appeal.",
        written,
    )


def draft_appeal_decision(
    session: Session,
    subject: Subject,
    files: FileStore,
    complaint_id: int,
    values: AppealDecisionForm,
    _today: date,
) -> Draft:
    """The letter about an appeal. Issuing it closes the complaint. Raises Conflict, NotFound, Forbidden."""
    row = _to_hear(session, subject, complaint_id)

    def written(session: Session, subject: Actor, document: IssuedDocument, issued_on: date) -> None:
        row = _to_hear(session, subject, complaint_id)
        row.appeal_outcome, row.appeal_decision = values.outcome, values.decision
        row.appeal_decided_on, row.appeal_decided_by = issued_on, subject.user_id
        row.appeal_document_id, row.state, row.closed_on = document.id, "closed", issued_on
        session.flush()
        note_step(session, subject, row, "appeal_decided", rules.APPEAL_OUTCOMES[values.outcome])
        record(
            session,
            subject,
            Action.COMPLAINT_APPEAL_DECIDED,
            row,
            outcome=values.outcome,
            document=document.number,
        )
        mails.send_step(session, subject, row, "appeal_decided")

    return _draft(
        session,
        files,
        row,
        "The school has decided your appeal.",
        rules.APPEAL_OUTCOMES[values.outcome],
        values.decision,
        "This completes the school’s procedure.",
        written,
    )


def _to_hear(session: Session, subject: Actor, complaint_id: int) -> Complaint:
    row = at_work(session, subject, complaint_id, "decide_appeal")
    if row.decided_by is not None and row.decided_by == subject.user_id:
        raise Forbidden(
            "You made the first decision, so somebody else decides the appeal. Nothing was saved."
        )
    return row


def _draft(
    session: Session,
    files: FileStore,
    row: Complaint,
    opening: str,
    outcome: str,
    decision: str,
    next_step: str,
    written: Any,
) -> Draft:
    # A document knows paragraphs, and no line breaks within one.
    paragraphs = [" ".join(part.split()) for part in decision.splitlines() if part.strip()]
    return Draft(
        kind=KIND,
        student_id=row.student_id,
        enrollment_id=None,
        letterhead=school.letterhead(session, files),
        facts={
            "salutation": f"Dear {row.complainant}:",
            "opening": opening,
            "facts": [
                ["Complaint", row.number],
                ["About", rules.KINDS[row.kind]],
                ["Received", long_date(row.received_on)],
                ["Decision", outcome],
            ],
            "paragraphs": [
                *paragraphs,
                next_step,
                _PROCEDURE_OVER,
            ],
        },
        machine={
            "complaint": row.number,
            "complainant": row.complainant,
            "received_on": row.received_on.isoformat(),
            "outcome": outcome,
            "decision": paragraphs,
            "agency": {"name": GNPEC.name, "url": GNPEC.url},
        },
        written=written,
    )


def _offers(_session: Session, _subject: Subject, _student_id: int) -> Sequence[Offer]:
    return []


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="CD",
        title="Decision of a complaint",
        layout="complaint-letter.typ",
        sample={
            "salutation": "Dear Nguyễn Thị Bích:",
            "opening": "The school has decided your complaint.",
            "facts": [["Complaint", "CO-2026-0001"], ["Decision", "The complaint was justified"]],
            "paragraphs": ["The lab is open again.", _PROCEDURE_OVER],
        },
        offers=_offers,
        again=None,
        keepers=Permission.COMPLAINTS_MANAGE,
        hidden=policy.hidden_letters,
    )
)
