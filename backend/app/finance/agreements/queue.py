"""What of agreements waits for the office, for the queue."""

from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.db.models import EnrollmentAgreement
from app.finance.agreements import policy, queries
from app.school import service as school
from app.web import queue
from app.web.queue import QueueKind


def _waiting(session: Session, subject: Subject, *states: str) -> Select[Any]:
    visible = policy.visible(session, subject, EnrollmentAgreement.student_id)
    return queries.to_sign(visible, school.facts(session).zone, *states)


def _for_school(session: Session, subject: Subject, _today: date) -> Select[Any]:
    return _waiting(session, subject, "awaiting_school")


def _for_others(session: Session, subject: Subject, _today: date) -> Select[Any]:
    return _waiting(session, subject, "awaiting_student", "awaiting_cosigner")


queue.register(
    QueueKind(
        "agreements_to_sign",
        "Agreements to sign for the school",
        Permission.AGREEMENTS_SIGN,
        _for_school,
        order=21,
    ),
    QueueKind(
        "agreements_unsigned",
        "Agreements waiting for a student or cosigner",
        Permission.AGREEMENTS_PREPARE,
        _for_others,
        "The last day on which the agreement can be signed.",
        order=22,
    ),
)
