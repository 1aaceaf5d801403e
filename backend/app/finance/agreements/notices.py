"""Mail to those who no longer have to sign an agreement."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import mail
from app.finance.agreements.cosigners import queries as links
from app.school import service as school
from app.settings import Settings, get_settings


def send_ended(session: Session, found: Row[Any], reason: str | None) -> None:
    """Mail the student that an agreement is void (with the reason) or expired, and the cosigner whose link was out."""
    row = found.EnrollmentAgreement
    settings: Settings = session.info.get("settings") or get_settings()
    people = [(found.email, found.student, True)]
    if row.cosigner_email and links.is_out(session, row.id):
        people.append((row.cosigner_email, row.cosigner_name, False))
    for email, name, own in people:
        mail.send(
            session,
            email,
            "agreement_ended",
            school=school.facts(session).legal_name,
            name=name,
            own=own,
            student=found.student,
            number=found.number,
            program=found.program,
            expired=row.status == "expired",
            reason=reason,
            page=f"{settings.app_origin}/agreements/{row.id}",
        )
