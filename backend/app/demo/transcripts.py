"""Transcripts of the demo school: a few that are really issued and signed, a request that waits, a hold.

Apart from the rest of the school, and after its commit: a signature is never the same twice, and each needs a file.
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.transcripts import service
from app.core import clock
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    IssuedDocument,
    Program,
    TranscriptHold,
    TranscriptRequest,
    User,
)
from app.db.session import Database
from app.demo import people
from app.settings import Settings

ISSUED = 4


def write_transcripts(database: Database, settings: Settings) -> int:
    """Issue the latest graduates' transcripts, one of them twice; how many there are."""
    files = open_store(settings)
    with database.begin() as session:
        graduates = _graduates(session)
    made: list[IssuedDocument] = []
    for number in graduates:
        made.append(service.issue(database, SYSTEM, files, settings, number, request=uuid4()))
    if made:
        # A correction: the first one's number says that it was replaced.
        made.append(
            service.issue(
                database, SYSTEM, files, settings, graduates[0], request=uuid4(), replaces=made[0].id
            )
        )
    with database.begin() as session:
        _write_request(session)
        _write_hold(session)
    return len(made)


def _graduates(session: Session) -> list[int]:
    """Enrollments of the latest graduates who are still there."""
    return list(
        session.scalars(
            select(Enrollment.id)
            .join(User, User.id == Enrollment.user_id)
            .where(Enrollment.status == EnrollmentStatus.COMPLETED, User.deleted_at.is_(None))
            .order_by(Enrollment.completed_at.desc(), Enrollment.id.desc())
            .limit(ISSUED)
        )
    )


def _write_request(session: Session) -> None:
    """The demo student would like a transcript for another school."""
    found = session.execute(
        select(Enrollment.id, Enrollment.user_id, Program.name)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(User.email == people.STUDENT.email)
        .order_by(Enrollment.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return
    recipient, purpose = "Chattahoochee Dental Hygiene College", "Transfer of credit"
    session.add(
        TranscriptRequest(
            user_id=found.user_id,
            enrollment_id=found.id,
            delivery="mail",
            recipient=recipient,
            recipient_email="registrar@chattahoochee.example",
            purpose=purpose,
            consent=service.consent_to(found.name, recipient, purpose),
            consented_at=clock.now(),
        )
    )


def _write_hold(session: Session) -> None:
    """A student who left owes the school something."""
    found = session.scalar(
        select(Enrollment.user_id)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.status == EnrollmentStatus.WITHDRAWN, User.deleted_at.is_(None))
        .order_by(Enrollment.id)
        .limit(1)
    )
    if found is not None:
        session.add(
            TranscriptHold(
                user_id=found,
                reason="Two library books are missing. Bring them to the office, or pay $85.00.",
            )
        )
