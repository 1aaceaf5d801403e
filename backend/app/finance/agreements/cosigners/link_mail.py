"""The email with a cosigner's link."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock, history, mail
from app.core.actions import Action
from app.core.tokens import new_token
from app.db.models import AgreementLink, EnrollmentAgreement
from app.finance.agreements.cosigners import queries
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings


def send_link(session: Session, settings: Settings, row: EnrollmentAgreement, number: str) -> None:
    """Mail a link; it works as long as the agreement can be signed."""
    if row.cosigner_email is None:
        return
    queries.revoke(session, row.id, clock.now())
    clear, hashed = new_token()
    link = AgreementLink(
        agreement_id=row.id, token_hash=hashed, email=row.cosigner_email, expires_at=row.expires_at
    )
    queries.add(session, link)
    history.record(
        session,
        None,
        Action.AGREEMENT_LINK_SENT,
        link.id,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        number=number,
        email=row.cosigner_email,
        expires_at=row.expires_at,
    )
    known = school.facts(session)
    last = (row.expires_at - timedelta(seconds=1)).astimezone(known.zone)
    mail.send(
        session,
        row.cosigner_email,
        "agreement_cosigner",
        link=f"{settings.app_origin}/agreement/{clear}",
        link_expires_at=row.expires_at,
        name=row.cosigner_name,
        school=known.legal_name,
        student=row.terms["student"],
        program=row.terms["program"],
        until=long_date(last),
    )
