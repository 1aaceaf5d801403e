"""Reminding students of credentials that expire: 60, 30 and 7 days before."""

from datetime import date

from sqlalchemy.orm import Session

from app.compliance.credentials.reminders import queries
from app.core import history, mail
from app.core.actions import Action
from app.core.permissions import SYSTEM, internal
from app.db.models import CredentialReminder
from app.rules import admission_documents as rule
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings


@internal("the system's own work of every day")
def remind(session: Session, settings: Settings, today: date, most: int = 500) -> int:
    """Mail the holders of credentials that end soon, once for each reminder; how many emails.

    Of several reminders that were missed, the last alone is sent.
    """
    known, sent = school.facts(session), 0
    for row in queries.to_remind(session, today, most):
        due = rule.reminder_due(row.expires_on, today, row.reminded)
        if due is None:
            continue
        queries.add(session, CredentialReminder(credential_id=row.id, days=due))
        mail.send(
            session,
            row.email,
            "credential_expires",
            school=known.legal_name,
            name=row.full_name,
            credential=row.name,
            serial=row.serial,
            expires=long_date(row.expires_on),
            page=f"{settings.app_origin}/credentials/{row.id}",
        )
        history.record(
            session,
            SYSTEM,
            Action.CREDENTIAL_REMINDED,
            row.id,
            student_id=row.user_id,
            name=row.name,
            serial=row.serial,
            days=due,
        )
        sent += 1
    return sent
