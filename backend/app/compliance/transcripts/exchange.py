"""The XML of an issued transcript by itself, as it is in its PDF, for the systems of other schools (PESC)."""

from datetime import date

from sqlalchemy.orm import Session

from app.compliance.transcripts import content, layout, pesc, policy, queries
from app.compliance.transcripts.signed_record import valid_document
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.permissions import Subject


def exchange_record(session: Session, subject: Subject, transcript_document_id: int) -> tuple[str, str]:
    """The number of a transcript that is valid, and its XML, for the student and the registrar. The history says so.

    Raises NotFound for other people's, Conflict for one that is void or replaced, or that was issued without XML.
    """
    row = queries.by_document(session, transcript_document_id)
    kept = queries.content_of(session, transcript_document_id)
    if row is None or kept is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    document = valid_document(session, transcript_document_id)
    found = content.read(kept.content)
    if found["format"] < layout.PESC_SINCE:
        raise Conflict(
            "This transcript was issued before transcripts had an XML file, so there is nothing to download. To have "
            "one, issue a new transcript that replaces it."
        )
    history.record(
        session,
        subject,
        Action.DOCUMENT_DOWNLOADED,
        document.id,
        student_id=document.student_id,
        enrollment_id=document.enrollment_id,
        number=document.number,
    )
    return document.number, pesc.record(found, document.number, date.fromisoformat(found["issued_on"]))
