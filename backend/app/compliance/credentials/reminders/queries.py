"""Every SQL statement about reminders of credentials that expire."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app.db.models import Credential, CredentialEnding, CredentialIssue, CredentialReminder, User
from app.rules.admission_documents import REMINDERS


def to_remind(session: Session, today: date, most: int) -> Sequence[Row[Any]]:
    """Credentials that end within the first reminder's days, with the last reminder that was sent."""
    reminded = (
        select(func.min(CredentialReminder.days))
        .where(CredentialReminder.credential_id == Credential.id)
        .correlate(Credential)
        .scalar_subquery()
    )
    due = case(
        *(
            (CredentialIssue.expires_on <= today + timedelta(days=days), literal(days))
            for days in sorted(REMINDERS)
        )
    )
    return session.execute(
        select(
            Credential.id,
            Credential.user_id,
            Credential.credential_type.label("name"),
            Credential.cert_serial.label("serial"),
            CredentialIssue.expires_on,
            User.email,
            User.full_name,
            reminded.label("reminded"),
        )
        .join(CredentialIssue, CredentialIssue.credential_id == Credential.id)
        .join(User, User.id == Credential.user_id)
        .outerjoin(CredentialEnding, CredentialEnding.credential_id == Credential.id)
        .where(
            CredentialEnding.credential_id.is_(None),
            User.deleted_at.is_(None),
            CredentialIssue.expires_on >= today,
            CredentialIssue.expires_on <= today + timedelta(days=max(REMINDERS)),
            or_(reminded.is_(None), reminded > due),
        )
        .order_by(CredentialIssue.expires_on, Credential.id)
        .limit(most)
    ).all()


def add(session: Session, row: CredentialReminder) -> None:
    session.add(row)
    session.flush()
